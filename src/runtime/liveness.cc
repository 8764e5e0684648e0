#include "runtime/liveness.h"

#include <algorithm>

#include "runtime/mir_view.h"

namespace hasten::mir {
namespace {

void set_bit(uint64_t* row, ValueId v) { row[v / 64] |= uint64_t{1} << (v % 64); }
void clear_bit(uint64_t* row, ValueId v) { row[v / 64] &= ~(uint64_t{1} << (v % 64)); }

/// Turns live-after-`last` in `row` into live-before-`first`, walking backward; phis keep themselves.
void walk_back(const MirView& view, uint64_t* row, ValueId first, ValueId last) {
  for (ValueId v = last + 1; v-- > first;) {
    if (view.instr(v).op == Op::Phi)
      continue;  // used phis stay live at the start; operands belong to the edges
    clear_bit(row, v);
    for (ValueId arg : view.args(v)) set_bit(row, arg);
  }
}

}  // namespace

Liveness::Liveness(const MirFunction& function) : function_(&function), words_((function.instr_count + 63) / 64) {
  const MirView view(function);
  in_.assign(words_ * function.block_count, 0);
  out_.assign(words_ * function.block_count, 0);
  std::vector<uint64_t> row(words_), from_one(words_);
  bool changed = true;
  while (changed) {
    changed = false;
    for (BlockId b = function.block_count; b-- > 0;) {
      std::fill(row.begin(), row.end(), 0);
      for (BlockId s : view.succs(b)) {
        std::copy_n(in_.begin() + static_cast<ptrdiff_t>(s * words_), words_, from_one.begin());
        const auto preds = view.preds(s);
        for (ValueId v = view.first(s); view.instr(v).op == Op::Phi; ++v) clear_bit(from_one.data(), v);
        for (ValueId v = view.first(s); view.instr(v).op == Op::Phi; ++v) {
          for (size_t p = 0; p < preds.size(); ++p) {
            if (preds[p] == b)
              set_bit(from_one.data(), view.args(v)[p]);
          }
        }
        for (size_t w = 0; w < words_; ++w) row[w] |= from_one[w];
      }
      std::copy(row.begin(), row.end(), out_.begin() + static_cast<ptrdiff_t>(b * words_));
      walk_back(view, row.data(), view.first(b), view.terminator(b));
      if (!std::equal(row.begin(), row.end(), in_.begin() + static_cast<ptrdiff_t>(b * words_))) {
        std::copy(row.begin(), row.end(), in_.begin() + static_cast<ptrdiff_t>(b * words_));
        changed = true;
      }
    }
  }
}

std::vector<ValueId> Liveness::live_in_values(BlockId b) const { return list(in_.data() + b * words_); }

std::vector<ValueId> Liveness::live_before(ValueId at) const {
  const MirView view(*function_);
  const BlockId b = view.instr(at).block;
  std::vector<uint64_t> row(out_.begin() + static_cast<ptrdiff_t>(b * words_),
                            out_.begin() + static_cast<ptrdiff_t>((b + 1) * words_));
  walk_back(view, row.data(), at, view.terminator(b));
  return list(row.data());
}

std::vector<ValueId> Liveness::list(const uint64_t* row) const {
  std::vector<ValueId> values;
  for (ValueId v = 0; v < function_->instr_count; ++v) {
    const Op op = function_->instrs[v].op;
    if (((row[v / 64] >> (v % 64)) & 1) && op != Op::Const && op != Op::Unbound)
      values.push_back(v);
  }
  return values;
}

}  // namespace hasten::mir
