// Runs MIR on boxed values. Native code lands here when a guard fails; with HASTEN_JIT_TIER=interpreter every call does.
//
// The interpreter is an ordinary loop over instructions: right by construction (operations.h), two to three times as
// slow as CPython. Loop headers are counted; a hot one is offered to `HotLoop`, which may finish the call natively.
#pragma once

#include <Python.h>

#include <memory>
#include <vector>

#include "runtime/mir.h"

namespace hasten::runtime {

/// What the interpreter needs to know about a function besides its MIR; made once.
struct InterpreterPlan {
  explicit InterpreterPlan(const mir::MirFunction& function);

  std::vector<uint32_t> pred_index;  ///< for each entry of block_ids that is a successor: which predecessor it is
  std::vector<uint8_t> dies;         ///< for each operand: the value is not read again, release it
};

/// The values of one activation: a strong reference each, or null (Unbound, or not computed).
class ValueTable {
 public:
  explicit ValueTable(const mir::MirFunction& function);
  ~ValueTable();
  ValueTable(const ValueTable&) = delete;
  ValueTable& operator=(const ValueTable&) = delete;

  PyObject* get(mir::ValueId value) const { return values_[value]; }
  /// Takes over the reference.
  void set(mir::ValueId value, PyObject* object) {
    PyObject* old = values_[value];
    values_[value] = object;
    Py_XDECREF(old);
  }

 private:
  static constexpr uint32_t kInline = 48;
  uint32_t count_;
  PyObject** values_;
  PyObject* inline_[kInline];
  std::unique_ptr<PyObject*[]> heap_;
};

/// Offered each loop header that has become hot in the interpreter.
class HotLoop {
 public:
  virtual ~HotLoop() = default;
  /// Tries to finish the call natively from the header `block`, whose phis have been evaluated. True: *result is the
  /// call's result, or null with an exception set. False: go on interpreting.
  virtual bool enter(mir::BlockId block, const ValueTable& values, PyObject** result) = 0;
};

/// Runs from instruction `start` on. Returns a new reference, or null with an exception set and the traceback entry
/// of this function added. `hot_loop` may be null.
PyObject* interpret(const mir::MirFunction& function, const InterpreterPlan& plan, ValueTable& values, uint32_t start,
                    HotLoop* hot_loop);

}  // namespace hasten::runtime
