// Machine code in this process: an LLVM module in, addresses out. The only part that knows LLVM's JIT.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"

namespace llvm {
class LLVMContext;
class Module;
}  // namespace llvm

namespace hasten::compile {

struct NamedAddress {
  const char* name;
  void* address;
};

/// One function of a loaded image.
struct CodeRange {
  std::string symbol;
  const char* begin;
  size_t bytes;
};

/// Loaded code; unloaded when destroyed. Nobody may be running it then.
class CodeImage {
 public:
  virtual ~CodeImage() = default;
  /// Null if there is no such symbol.
  virtual void* find(const std::string& symbol) const = 0;
  virtual const std::vector<CodeRange>& ranges() const = 0;
};

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

/// Verifies and optimizes the module that `make` builds and loads it. `entry` is looked up, so that errors show now.
/// `externals`: all that the module may name (the same list at each call). HASTEN_JIT_VERIFY=1 verifies it after the
/// optimization too; HASTEN_JIT_DUMP=1 prints it to standard error.
Result<std::unique_ptr<CodeImage>> load_module(
    const std::function<Result<std::unique_ptr<llvm::Module>>(llvm::LLVMContext&)>& make, const std::string& entry,
    const std::vector<NamedAddress>& externals, CompileTimes* times);

}  // namespace hasten::compile
