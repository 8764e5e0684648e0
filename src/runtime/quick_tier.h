// The first code of a function may be made quickly, without optimization: some 2 ms instead of 15, at two to six times the
// run time. Optimized code takes its place once it has run for a while: at the next call (CompiledFunction::replace_version), and
// in the midst of one where a loop or a recursion looks at signals (hj_poll): there it leaves, as if a prediction had
// failed, and the interpreter enters optimized code at the next loop header or call.
#pragma once

#include <Python.h>

#include <cstdint>

#include "runtime/hasten_runtime.h"

namespace hasten::runtime {

/// Whether a call with these arguments is likely to be short. Ints may be numbers of rounds; of no arguments nothing is known.
bool is_little_work(PyObject* const* args, uint32_t count);

/// How much work an argument may mean; 0 if nothing is known.
uint64_t size_of_argument(PyObject* object);

/// Whether this version was made quickly, and has run for so long that optimized code pays.
bool has_been_quick_enough(const NativeVersion& version);

/// Around a call of it.
class QuickRun {
 public:
  explicit QuickRun(NativeVersion* version);
  ~QuickRun();
  QuickRun(const QuickRun&) = delete;
  QuickRun& operator=(const QuickRun&) = delete;

 private:
  NativeVersion* version_;  ///< null: not the outermost call, or optimized
};

}  // namespace hasten::runtime
