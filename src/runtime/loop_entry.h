// How native code is entered in mid-function, at a loop header that became hot in the interpreter, and how native code
// is left for the interpreter (CompiledFunction::land).
#pragma once

#include <Python.h>

#include <vector>

#include "runtime/compiled_function.h"

namespace hasten::runtime {

/// The native version that was entered last on this thread and has not returned. Landings are charged to it, also
/// those of functions that it calls natively: recompiling it is what helps.
struct NativeEntryScope {
  CompiledFunction* function;
  NativeVersion* native;
  NativeEntryScope* outer;
  // Of the interpreter that entered it at a loop header, which goes on itself when the code leaves; else null.
  ValueTable* values = nullptr;
  Start* start = nullptr;
};
inline constinit thread_local NativeEntryScope* innermost_entry = nullptr;

/// Enters native code at a loop header that became hot in the interpreter.
class OsrEntry final : public HotLoop {
 public:
  /// is_eager: at the first header, however often it was visited.
  OsrEntry(CompiledFunction* function, bool is_eager) : function_(function), is_eager_(is_eager) {}

  bool wants(mir::BlockId block, bool after_exception) override;
  Outcome enter(mir::BlockId block, ValueTable* values, PyObject** result, Start* start) override;

 private:
  Outcome run(NativeVersion* native, ValueTable* values, std::vector<PyObject*>* live, PyObject** result, Start* start);

  CompiledFunction* function_;
  bool is_eager_;
  std::vector<uint32_t> visits_;
};

}  // namespace hasten::runtime
