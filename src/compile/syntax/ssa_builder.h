// Builds SSA form while the tree is walked, after Braun, Buchwald, Hack, Leissa, Mallon and Zwinkau, "Simple and
// efficient construction of static single assignment form" (2013): a variable is looked up backwards through the
// blocks, and a block whose predecessors are not all known yet gets an operandless phi that is completed when it
// is sealed. finish() prunes what is unreachable, decides which reads can meet an unbound variable, removes
// trivial phis and lays everything out as one MirFunction.
#pragma once

#include <Python.h>

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "runtime/mir.h"

namespace hasten::compile::syntax {

using mir::BlockId;
using mir::kNone;
using mir::Op;
using mir::Position;
using mir::ValueId;
using VariableId = uint32_t;

class SsaBuilder {
 public:
  SsaBuilder();

  VariableId new_variable() { return variable_count_++; }
  BlockId new_block() { return new_block(handler_); }
  BlockId new_block(BlockId handler);
  /// No further predecessor will come. Every block must be sealed before finish().
  void seal(BlockId block);
  /// Instructions go to `block` from now on.
  void enter(BlockId block) { current_ = block; }
  BlockId current() const { return current_; }
  void set_loop_depth(uint16_t depth) { loop_depth_ = depth; }
  /// Exceptions of the instructions from now on, and of blocks made from now on, go to `handler` (kNone: out of the
  /// function). It must be sealed after the last such block has ended.
  void set_handler(BlockId handler);
  BlockId handler() const { return handler_; }
  /// Whether what is emitted now cannot be reached: after a return, say.
  bool is_dead_end() const { return blocks_[current_].terminated; }

  ValueId emit(Op op, std::vector<ValueId> args, Position position, uint32_t aux = kNone, uint8_t sub = 0,
               uint8_t scope = 0);
  /// A Const or Unbound, placed at the start of the entry block, one for each `aux`.
  ValueId constant(uint32_t const_index);
  ValueId unbound();
  /// The `aux` of a constant, or kNone for any other value.
  uint32_t const_index_of(ValueId value) const { return drafts_[value].op == Op::Const ? drafts_[value].aux : kNone; }
  void jump(BlockId target);
  void branch(Op op, ValueId condition, BlockId if_true, BlockId if_false, Position position);

  void write(VariableId variable, ValueId value);
  ValueId read(VariableId variable) { return read_in(variable, current_); }
  /// The variable holds `value` from here on, kNone: nothing. For variables of the program; the compiler's own hold nothing.
  void hold(VariableId variable, ValueId value);
  /// Whether nothing leads to where instructions go now.
  bool is_unreachable() const {
    const DraftBlock& here = blocks_[current_];
    return here.terminated || (current_ != 0 && here.sealed && here.preds.empty());
  }
  /// Whether `value` may be an Unbound as far as is known now (phis count as "may be").
  bool may_be_unbound(ValueId value) const {
    return drafts_[value].op == Op::Phi || drafts_[value].op == Op::Unbound || drafts_[value].op == Op::ReadCell;
  }
  /// Whether `value` is True or False whatever its operands are.
  bool is_exact_bool(ValueId value) const;

  /// Lays the function out. `consts`, `names` and `function` are taken over (strong references).
  mir::MirFunction* finish(std::vector<PyObject*> consts, std::vector<PyObject*> names, PyObject* function,
                           uint32_t param_count);

 private:
  struct Draft {
    Op op;
    uint8_t sub, scope;
    uint32_t aux;
    BlockId block;
    Position position;
    std::vector<ValueId> args;
  };
  struct DraftBlock {
    std::vector<ValueId> phis;
    std::vector<ValueId> body;
    std::vector<BlockId> preds, succs;
    std::unordered_map<VariableId, ValueId> definitions;
    std::vector<std::pair<VariableId, ValueId>> incomplete;
    uint16_t loop_depth = 0;
    BlockId handler = kNone;
    bool sealed = false, terminated = false;
  };

  void open_block();
  ValueId read_in(VariableId variable, BlockId block);
  void complete_phi(VariableId variable, ValueId phi);
  ValueId new_draft(Op op, BlockId block, Position position, uint32_t aux, uint8_t sub, std::vector<ValueId> args);
  void add_edge(BlockId from, BlockId to);
  void add_handler_edge();
  void continue_in_new_block();
  ValueId resolve(ValueId value);

  std::vector<BlockId> reverse_post_order(std::vector<uint8_t>* loop_header) const;
  void drop_unreachable(const std::vector<BlockId>& order);
  void drop_needless_checks(const std::vector<BlockId>& order);
  void drop_trivial_phis(const std::vector<BlockId>& order);
  std::vector<uint8_t> find_needed(const std::vector<BlockId>& order);

  std::vector<Draft> drafts_;
  std::vector<DraftBlock> blocks_;
  std::vector<ValueId> replacement_;  // kNone, or the value that stands for this one
  std::vector<ValueId> head_;         // Const and Unbound drafts, for the start of the entry block
  std::unordered_map<uint32_t, ValueId> constants_;
  ValueId unbound_ = kNone;
  VariableId variable_count_ = 0;
  std::unordered_map<VariableId, uint32_t> held_slots_;
  BlockId current_ = 0;
  BlockId handler_ = kNone;
  uint16_t loop_depth_ = 0;
};

/// Frees what finish() made. Needs the GIL.
void release_function(mir::MirFunction* function);

}  // namespace hasten::compile::syntax
