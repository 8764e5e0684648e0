// An LLVM module in, machine code out, which link.h has made fit to be mapped anywhere.
#pragma once

#include <string>

#include "base/result.h"
#include "compile/jit/link.h"

namespace llvm {
class Module;
}  // namespace llvm

namespace hasten::compile {

/// CPU time of this thread in ms.
struct ThreadClock {
  static double now();
};

/// CPU time that the steps of one compilation took.
struct CompileTimes {
  double types_ms = 0;
  double verify_ms = 0;
  double optimize_ms = 0;
  double emit_ms = 0;
  double all_ms = 0;
};

/// The compiler found a defect in its own work; it says "compile.internal", and the function stays Python.
Error internal_error(const std::string& defect);

struct CodeWanted {
  bool is_quick =
      false;  ///< without optimization, and with the fast selection of instructions, in an eighth of the time
  bool has_lines = false;
  /// One thread may ask for such code while another, of those that take turns, asks for other code.
  bool is_in_background = false;
};

/// Verifies and optimizes the module, and links its code. Touches nothing of Python. HASTEN_JIT_VERIFY=1 verifies it after the
/// optimization too; HASTEN_JIT_DUMP=1 prints it to standard error.
Result<LinkedCode> compile_module(llvm::Module& module, const CodeWanted& wanted, CompileTimes* times);

}  // namespace hasten::compile
