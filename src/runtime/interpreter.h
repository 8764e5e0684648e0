// Runs MIR on boxed values. Native code lands here when a guard fails; with HASTEN_JIT_TIER=interpreter every call does.
//
// The interpreter is an ordinary loop over instructions: right by construction (operations.h), two to three times as
// slow as CPython. Loop headers are counted; a hot one is offered to `HotLoop`, which may finish the call natively.
#pragma once

#include <Python.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "runtime/mir.h"

namespace hasten::mir {
class Liveness;
}

namespace hasten::runtime {

class ShownFrame;

/// What the interpreter needs to know about a function besides its MIR; made once.
struct InterpreterPlan {
  explicit InterpreterPlan(const mir::MirFunction& function);

  std::vector<uint32_t> pred_index;  ///< for each entry of block_ids that is a successor: which predecessor it is
  std::vector<uint8_t> dies;         ///< for each operand: the value is not read again, release it
  std::vector<uint8_t> unread;       ///< for each instruction: nobody reads what it gives
  /// For each entry of block_ids that is a successor: the values that nobody reads any more when it is taken.
  std::vector<std::vector<mir::ValueId>> dead_on_edge;
  /// For each block that is a handler: the values that nobody reads any more when it is entered. Empty without handlers.
  std::vector<std::vector<mir::ValueId>> dead_in_handler;
  /// For each instruction: that it meets ints beyond 64 bits has been told to the compiler.
  mutable std::vector<uint8_t> is_wide;

 private:
  void find_last_reads(const mir::MirFunction& function, const mir::Liveness& liveness);
  void find_dead_on_edges(const mir::MirFunction& function, const mir::Liveness& liveness);
  void find_dead_in_handlers(const mir::MirFunction& function, const mir::Liveness& liveness);
};

/// Tells the compiler, once, of arithmetic that has met an int beyond 64 bits: native code that was made for smaller ones has
/// left, and all that such numbers reach must be known before it is made anew, or each operation makes it leave again.
void note_wide(const mir::MirFunction& function, const InterpreterPlan& plan, uint32_t index, PyObject* const* operands,
               PyObject* result);

/// The values of one activation: a strong reference each, or null (Unbound, or not computed). Behind them, under the numbers
/// from instr_count on, what its local variables hold.
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
  /// What the local variables hold (Op::Hold), by slot.
  PyObject** held() { return values_ + instr_count_; }
  /// The values, not what is held. Both are of one function.
  void swap(ValueTable& other) { std::swap_ranges(values_, values_ + instr_count_, other.values_); }
  void clear() {
    for (uint32_t i = 0; i < instr_count_; ++i) {
      set(i, nullptr);
    }
  }

 private:
  static constexpr uint32_t kInline = 48;
  uint32_t instr_count_, count_;
  PyObject** values_;
  PyObject* inline_[kInline];
  std::unique_ptr<PyObject*[]> heap_;
};

/// Drops what nobody reads after the instruction `index`, which has been executed.
void release_dead(const mir::MirFunction& function, const InterpreterPlan& plan, uint32_t index, ValueTable* values);

/// Where the interpreter begins or goes on.
struct Start {
  uint32_t instr;
  /// The instruction has raised: the exception is set and has its traceback entry.
  bool raised = false;
};

/// Offered each loop header that the interpreter comes to.
class HotLoop {
 public:
  enum class Outcome : uint8_t {
    Declined,  ///< nothing has happened
    Finished,  ///< *result is the call's result, or null with an exception set
    Left,      ///< native code ran and has left: the values are those at *start
  };
  virtual ~HotLoop() = default;
  /// Whether to try enter() now. after_exception: this activation has handled one.
  virtual bool wants(mir::BlockId block, bool after_exception) = 0;
  /// Tries to go on natively from the header `block`, whose phis have been evaluated.
  virtual Outcome enter(mir::BlockId block, ValueTable* values, PyObject** result, Start* start) = 0;
};

/// Runs from `start` on. Returns a new reference, or null with an exception set and the traceback entry of this
/// function added. `hot_loop` may be null. `shown`: the frame of this activation.
PyObject* interpret(const mir::MirFunction& function, const InterpreterPlan& plan, ValueTable& values, Start start,
                    HotLoop* hot_loop, ShownFrame& shown);

}  // namespace hasten::runtime
