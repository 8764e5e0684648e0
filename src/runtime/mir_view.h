// Reading a MirFunction comfortably: spans instead of offsets. Owns nothing.
#pragma once

#include <span>

#include "runtime/mir.h"

namespace hasten::mir {

class MirView {
 public:
  explicit MirView(const MirFunction& function) : f_(&function) {}

  const MirFunction& function() const { return *f_; }
  uint32_t instr_count() const { return f_->instr_count; }
  uint32_t block_count() const { return f_->block_count; }
  const Instr& instr(ValueId v) const { return f_->instrs[v]; }
  const Block& block(BlockId b) const { return f_->blocks[b]; }
  std::span<const ValueId> args(ValueId v) const {
    const Instr& i = f_->instrs[v];
    return {f_->operands + i.args_begin, i.arg_count};
  }
  std::span<const BlockId> preds(BlockId b) const {
    return {f_->block_ids + f_->blocks[b].preds_begin, f_->blocks[b].pred_count};
  }
  std::span<const BlockId> succs(BlockId b) const {
    return {f_->block_ids + f_->blocks[b].succs_begin, f_->blocks[b].succ_count};
  }
  /// Those that are reached without an exception.
  std::span<const BlockId> normal_succs(BlockId b) const {
    const auto all = succs(b);
    return f_->blocks[b].handler == kNone ? all : all.first(all.size() - 1);
  }
  ValueId first(BlockId b) const { return f_->blocks[b].first; }
  ValueId end(BlockId b) const { return f_->blocks[b].first + f_->blocks[b].count; }
  ValueId terminator(BlockId b) const { return end(b) - 1; }
  /// The first instruction of `b` that is not a phi.
  ValueId first_after_phis(BlockId b) const {
    ValueId v = first(b);
    while (v < end(b) && f_->instrs[v].op == Op::Phi) ++v;
    return v;
  }

 private:
  const MirFunction* f_;
};

}  // namespace hasten::mir
