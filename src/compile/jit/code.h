// An LLVM module in, machine code out, which link.h has made fit to be mapped anywhere.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "compile/jit/link.h"

namespace llvm {
class LLVMContext;
class Module;
}  // namespace llvm

namespace hasten::compile {

/// CPU time of this thread in ms.
struct ThreadClock {
  static double now();
};

/// Time that the steps of one compilation took.
struct CompileTimes {
  double verify_ms = 0;
  double optimize_ms = 0;
  double emit_ms = 0;
};

/// The compiler found a defect in its own work; it says "compile.internal", and the function stays Python.
Error internal_error(const std::string& defect);

/// Verifies and optimizes the module that `make` builds, and links its code. is_quick: without optimization, and with the fast
/// selection of instructions, in an eighth of the time. HASTEN_JIT_VERIFY=1 verifies it after the optimization too;
/// HASTEN_JIT_DUMP=1 prints it to standard error.
Result<LinkedCode> compile_module(const std::function<Result<std::unique_ptr<llvm::Module>>(llvm::LLVMContext&)>& make,
                                  bool is_quick, bool wants_lines, CompileTimes* times);

}  // namespace hasten::compile
