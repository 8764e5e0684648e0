#include "runtime/interpreter.h"

#include <algorithm>
#include <cstring>

#include "runtime/compiled_function.h"
#include "runtime/experience.h"
#include "runtime/frames.h"
#include "runtime/liveness.h"
#include "runtime/object_ref.h"
#include "runtime/operations.h"
#include "runtime/poll.h"
#include "runtime/traceback.h"

namespace hasten::runtime {
namespace {

using mir::BlockId;
using mir::Instr;
using mir::kNone;
using mir::Op;
using mir::ValueId;

/// There from the start, for the whole of the activation.
bool stays(const mir::MirFunction& function, ValueId value) {
  const Op op = function.instrs[value].op;
  return op == Op::Const || op == Op::Unbound;
}

struct Activation {
  const mir::MirFunction& function;
  const InterpreterPlan& plan;
  ValueTable& values;

  /// Evaluates the phis of the successor all at once (one may read another's old value). Returns its first other
  /// instruction.
  uint32_t follow(BlockId from, uint32_t successor) {
    uint32_t edge = function.blocks[from].succs_begin + successor;
    const mir::Block& to = function.blocks[function.block_ids[edge]];
    uint32_t pred = plan.pred_index[edge];
    uint32_t phi_end = to.first;
    while (function.instrs[phi_end].op == Op::Phi) {
      ++phi_end;
    }
    uint32_t count = phi_end - to.first;
    if (count == 1) {
      values.set(to.first, Py_XNewRef(values.get(function.operands[function.instrs[to.first].args_begin + pred])));
    } else if (count > 1) {
      scratch_.resize(count);
      for (uint32_t i = 0; i < count; ++i) {
        scratch_[i] = Py_XNewRef(values.get(function.operands[function.instrs[to.first + i].args_begin + pred]));
      }
      for (uint32_t i = 0; i < count; ++i) {
        values.set(to.first + i, scratch_[i]);
      }
    }
    for (ValueId dead : plan.dead_on_edge[edge]) {
      values.set(dead, nullptr);
    }
    return phi_end;
  }

  /// Where an exception of instruction `index` goes on: in the block's handler. kNone: out of the function.
  uint32_t unwind(uint32_t index) {
    const mir::Block& block = function.blocks[function.instrs[index].block];
    if (block.handler == kNone) {
      return kNone;
    }
    uint32_t next = follow(function.instrs[index].block, block.succ_count - 1);
    // The temporaries of the statement go, as CPython's stack does. What that runs must not see the exception.
    const KeepError keep;
    for (ValueId dead : plan.dead_in_handler[block.handler]) {
      values.set(dead, nullptr);
    }
    return next;
  }

  std::vector<PyObject*> scratch_ = {};
};

}  // namespace

ValueTable::ValueTable(const mir::MirFunction& function)
    : instr_count_(function.instr_count), count_(function.instr_count + function.held_count) {
  if (count_ > kInline) {
    heap_ = std::make_unique<PyObject*[]>(count_);
    values_ = heap_.get();
  } else {
    values_ = inline_;
    std::memset(inline_, 0, sizeof inline_);
  }
  // Constants may be read after a landing in the middle of the function, so they are there from the start.
  for (uint32_t i = 0; i < instr_count_; ++i) {
    if (function.instrs[i].op == Op::Const) {
      values_[i] = Py_NewRef(function.consts[function.instrs[i].aux]);
    }
  }
}

ValueTable::~ValueTable() {
  for (uint32_t i = 0; i < count_; ++i) {
    Py_XDECREF(values_[i]);
  }
}

InterpreterPlan::InterpreterPlan(const mir::MirFunction& function)
    : pred_index(function.block_id_count, 0),
      dies(function.operand_count, 0),
      unread(function.instr_count, 0),
      is_wide(function.instr_count, 0) {
  for (BlockId id = 0; id < function.block_count; ++id) {
    const mir::Block& block = function.blocks[id];
    for (uint32_t k = 0; k < block.succ_count; ++k) {
      BlockId to = function.block_ids[block.succs_begin + k];
      const mir::Block& target = function.blocks[to];
      // With both successors the same, the k-th edge is the k-th entry among the predecessors.
      uint32_t skip = k == 1 && function.block_ids[block.succs_begin] == to ? 1 : 0;
      for (uint32_t p = 0; p < target.pred_count; ++p) {
        if (function.block_ids[target.preds_begin + p] == id && skip-- == 0) {
          pred_index[block.succs_begin + k] = p;
          break;
        }
      }
    }
  }
  const mir::Liveness liveness(function);
  find_last_reads(function, liveness);
  find_dead_on_edges(function, liveness);
  find_dead_in_handlers(function, liveness);
}

/// Values die at their last read, as in native code. What is a variable's lives as long as CPython's does, because the
/// end of the function, `del` and the next assignment read it.
void InterpreterPlan::find_last_reads(const mir::MirFunction& function, const mir::Liveness& liveness) {
  std::vector<uint8_t> live(function.instr_count);
  for (BlockId id = 0; id < function.block_count; ++id) {
    const mir::Block& block = function.blocks[id];
    for (ValueId value = 0; value < function.instr_count; ++value) {
      live[value] = stays(function, value) || liveness.live_out(id, value);
    }
    for (uint32_t i = block.first + block.count; i-- > block.first && function.instrs[i].op != Op::Phi;) {
      const Instr& instr = function.instrs[i];
      unread[i] = !live[i] && !mir::defines_nothing(instr.op);
      live[i] = stays(function, i);
      for (uint32_t k = instr.arg_count; k-- > 0;) {
        uint8_t& is_live = live[function.operands[instr.args_begin + k]];
        dies[instr.args_begin + k] = !is_live;
        is_live = 1;
      }
    }
  }
}

void InterpreterPlan::find_dead_on_edges(const mir::MirFunction& function, const mir::Liveness& liveness) {
  dead_on_edge.resize(function.block_id_count);
  for (BlockId id = 0; id < function.block_count; ++id) {
    const mir::Block& block = function.blocks[id];
    for (uint32_t edge = block.succs_begin; edge < block.succs_begin + block.succ_count; ++edge) {
      const BlockId to = function.block_ids[edge];
      for (ValueId value = 0; value < function.instr_count; ++value) {
        const bool is_phi_there = function.instrs[value].op == Op::Phi && function.instrs[value].block == to;
        if (!stays(function, value) && (liveness.live_out(id, value) || is_phi_there) && !liveness.live_in(to, value)) {
          dead_on_edge[edge].push_back(value);
        }
      }
    }
  }
}

void InterpreterPlan::find_dead_in_handlers(const mir::MirFunction& function, const mir::Liveness& liveness) {
  for (BlockId id = 0; id < function.block_count; ++id) {
    const BlockId handler = function.blocks[id].handler;
    if (handler == kNone) {
      continue;
    }
    dead_in_handler.resize(function.block_count);
    std::vector<ValueId>& dead = dead_in_handler[handler];
    if (!dead.empty()) {
      continue;
    }
    for (ValueId value = 0; value < function.instr_count; ++value) {
      if (!stays(function, value) && !liveness.live_in(handler, value)) {
        dead.push_back(value);
      }
    }
  }
}

void note_wide(const mir::MirFunction& function, const InterpreterPlan& plan, uint32_t index, PyObject* const* operands,
               PyObject* result) {
  const Instr& instr = function.instrs[index];
  if ((instr.op != Op::Binary && instr.op != Op::Inplace && instr.op != Op::Compare && instr.op != Op::Unary) ||
      plan.is_wide[index] == 2) {
    return;
  }
  uint8_t wide = overflow_of(result);
  for (uint32_t k = 0; k < instr.arg_count; ++k) {
    wide = std::max(wide, overflow_of(operands[k]));
  }
  if (wide > plan.is_wide[index]) {
    plan.is_wide[index] = wide;
    learn(&function, {index, wide == 2 ? DeoptReason::WideOverflow : DeoptReason::Overflow, nullptr});
  }
}

void release_dead(const mir::MirFunction& function, const InterpreterPlan& plan, uint32_t index, ValueTable* values) {
  const Instr& instr = function.instrs[index];
  for (uint32_t k = 0; k < instr.arg_count; ++k) {
    if (plan.dies[instr.args_begin + k]) {
      values->set(function.operands[instr.args_begin + k], nullptr);
    }
  }
  if (plan.unread[index]) {
    values->set(index, nullptr);
  }
}

PyObject* interpret(const mir::MirFunction& function, const InterpreterPlan& plan, ValueTable& values, Start start,
                    HotLoop* hot_loop, ShownFrame& shown) {
  Activation self{function, plan, values};
  PyObject* operands_inline[16];
  std::vector<PyObject*> operands_heap;
  bool after_exception = false;
  for (uint32_t next = start.instr;;) {
    if (start.raised) {
      start.raised = false;
      next = self.unwind(next);
      if (next == kNone) {
        return nullptr;
      }
      after_exception = true;
    }
    const uint32_t index = next++;
    const auto raise_here = [&](uint32_t at) {
      add_traceback(function, at);
      next = at;
      start.raised = true;
    };
    const Instr& instr = function.instrs[index];
    const ValueId* args = function.operands + instr.args_begin;
    uint32_t successor = 0;
    switch (instr.op) {
      case Op::Const:
      case Op::Param:  // both are in the table already
      case Op::Unbound:
      case Op::Phi:
        continue;
      case Op::Jump:
        break;
      case Op::Branch:
        successor = values.get(args[0]) == Py_True ? 0 : 1;
        break;
      case Op::BranchBound:
        successor = values.get(args[0]) ? 0 : 1;
        break;
      case Op::Hold:
        shown.move(index);
        values.set(function.instr_count + instr.aux, instr.arg_count > 0 ? Py_XNewRef(values.get(args[0])) : nullptr);
        release_dead(function, plan, index, &values);
        continue;
      case Op::Return:
        return Py_NewRef(values.get(args[0]));
      case Op::Raise:
      case Op::Reraise:
        shown.move(index);
        if (raise(instr.op, instr.arg_count > 0 ? values.get(args[0]) : nullptr,
                  instr.arg_count > 1 ? values.get(args[1]) : nullptr)) {
          add_traceback(function, index);
        }
        next = index;
        start.raised = true;
        continue;
      default: {
        PyObject** operands = operands_inline;
        if (instr.arg_count > std::size(operands_inline)) {
          operands_heap.resize(instr.arg_count);
          operands = operands_heap.data();
        }
        for (uint32_t k = 0; k < instr.arg_count; ++k) {
          operands[k] = values.get(args[k]);
        }
        PyObject* result = nullptr;
        shown.move(index);
        if (!execute(function, index, operands, &result)) {
          raise_here(index);
          continue;
        }
        note_wide(function, plan, index, operands, result);
        values.set(index, result);
        release_dead(function, plan, index, &values);
        continue;
      }
    }
    release_dead(function, plan, index, &values);
    BlockId from = instr.block;
    BlockId to = function.block_ids[function.blocks[from].succs_begin + successor];
    next = self.follow(from, successor);
    if (!function.blocks[to].loop_header) {
      continue;
    }
    shown.move(next);
    if (!poll_if_due()) {
      raise_here(next);
      continue;
    }
    if (hot_loop && hot_loop->wants(to, after_exception)) {
      PyObject* result = nullptr;
      switch (hot_loop->enter(to, &values, &result, &start)) {
        case HotLoop::Outcome::Declined:
          break;
        case HotLoop::Outcome::Finished:
          return result;
        case HotLoop::Outcome::Left:
          next = start.instr;
          break;
      }
    }
  }
}

}  // namespace hasten::runtime
