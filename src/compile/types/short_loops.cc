#include "compile/types/short_loops.h"

#include <algorithm>

namespace hasten::compile {

using mir::BinaryOp;
using mir::BlockId;
using mir::Instr;
using mir::Op;
using mir::UnaryOp;
using mir::ValueId;

namespace {

constexpr int kJoinsMost = 4;  // phis within the loop between a number and what it becomes

/// A loop, and a number of it that each round makes much smaller.
class ShortLoop {
 public:
  ShortLoop(const Specialization& s, BlockId header) : s_(s), header_(header) {
    const auto preds = s_.view.preds(header);
    for (size_t k = 0; k < preds.size(); ++k) {
      if (s_.flow.reachable(preds[k]) && s_.flow.back_edge(preds[k], header))
        ends_.push_back(k);
    }
  }

  bool run() const {
    for (BlockId end : ends()) {
      if (!s_.flow.dominates(header_, end))
        return false;  // it has another way in
    }
    for (ValueId phi = s_.view.first(header_); s_.view.instr(phi).op == Op::Phi; ++phi) {
      if (s_.types[phi].only(kInt) && (shrinks(phi) || clears_bits(phi) || is_euclid_s(phi)))
        return true;
    }
    return false;
  }

 private:
  std::vector<BlockId> ends() const {
    std::vector<BlockId> blocks;
    for (size_t k : ends_) blocks.push_back(s_.view.preds(header_)[k]);
    return blocks;
  }
  ValueId next(ValueId phi, size_t end) const { return s_.view.args(phi)[end]; }
  const Instr* binary(ValueId v, BinaryOp op) const {
    const Instr& i = s_.view.instr(v);
    const bool is_one = (i.op == Op::Binary || i.op == Op::Inplace) && static_cast<BinaryOp>(i.sub) == op;
    return is_one && s_.types[v].only(kInt) ? &i : nullptr;
  }
  bool is_at_least(ValueId v, int64_t least) const {
    return s_.types[v].only(kInt) && s_.types[v].interval.low >= least;
  }

  /// At least one wherever the loop goes on, and halved at least by each round: 63 rounds.
  bool shrinks(ValueId phi) const {
    for (size_t k : ends_) {
      if (s_.type_at(phi, s_.view.preds(header_)[k]).interval.low < 1 || !is_half(next(phi, k), phi, kJoinsMost))
        return false;
    }
    return true;
  }
  bool is_half(ValueId v, ValueId of, int joins) const {
    const auto args = s_.view.args(v);
    if (s_.view.instr(v).op == Op::Phi) {
      const BlockId block = s_.view.instr(v).block;
      if (joins == 0 || block == header_ || !s_.flow.dominates(header_, block))
        return false;
      for (ValueId arg : args) {
        if (!is_half(arg, of, joins - 1))
          return false;
      }
      return true;
    }
    if (binary(v, BinaryOp::FloorDiv))
      return args[0] == of && is_at_least(args[1], 2);
    if (binary(v, BinaryOp::RShift))
      return args[0] == of && is_at_least(args[1], 1);
    return false;
  }

  /// `while n: n &= n - 1`, or `n ^= n & -n`: each round clears one of 64 bits, or leaves native code.
  bool clears_bits(ValueId phi) const {
    const bool left_at_zero = is_left_at_zero(phi);
    for (size_t k : ends_) {
      if (!left_at_zero && s_.type_at(phi, s_.view.preds(header_)[k]).interval.low < 1)
        return false;
      const ValueId v = next(phi, k);
      if (!(binary(v, BinaryOp::And) && is_one_less(other_operand(v, phi), phi)) &&
          !(binary(v, BinaryOp::Xor) && is_lowest_bit(other_operand(v, phi), phi)) &&
          !(binary(v, BinaryOp::Sub) && s_.view.args(v)[0] == phi && is_lowest_bit(s_.view.args(v)[1], phi)))
        return false;
    }
    return true;
  }
  /// kNone: neither of them is `one`.
  ValueId other_operand(ValueId v, ValueId one) const {
    const auto args = s_.view.args(v);
    return args[0] == one ? args[1] : args[1] == one ? args[0] : mir::kNone;
  }
  bool is_one_less(ValueId v, ValueId than) const {
    if (v == mir::kNone || !binary(v, BinaryOp::Sub))
      return false;
    const auto args = s_.view.args(v);
    return args[0] == than && s_.types[args[1]].is_constant() && s_.types[args[1]].interval.low == 1;
  }
  /// `n & -n`
  bool is_lowest_bit(ValueId v, ValueId of) const {
    const ValueId negated = v != mir::kNone && binary(v, BinaryOp::And) ? other_operand(v, of) : mir::kNone;
    if (negated == mir::kNone || !s_.types[negated].only(kInt))
      return false;
    const Instr& i = s_.view.instr(negated);
    return i.op == Op::Unary && static_cast<UnaryOp>(i.sub) == UnaryOp::Neg && s_.view.args(negated)[0] == of;
  }
  /// Whether the loop goes on only where the number is not 0, by the branch at the end of its header.
  bool is_left_at_zero(ValueId phi) const {
    const ValueId end = s_.view.terminator(header_);
    if (s_.view.instr(end).op != Op::Branch)
      return false;
    ValueId condition = s_.view.args(end)[0];
    if (s_.view.instr(condition).op == Op::Truth)
      condition = s_.view.args(condition)[0];
    const BlockId goes_on = s_.view.succs(header_)[0];
    const auto blocks = ends();
    return condition == phi && s_.view.succs(header_)[1] != goes_on && s_.view.preds(goes_on).size() == 1 &&
           std::all_of(blocks.begin(), blocks.end(), [&](BlockId b) { return s_.flow.dominates(goes_on, b); });
  }

  /// `a, b = b, a % b`: after two rounds b is less than half of what it was, on either side of 0; at 0 it raises.
  bool is_euclid_s(ValueId divisor) const {
    for (size_t k : ends_) {
      const ValueId rest = next(divisor, k);
      if (!binary(rest, BinaryOp::Mod) || s_.view.args(rest)[1] != divisor)
        return false;
      const ValueId divided = s_.view.args(rest)[0];
      if (s_.view.instr(divided).op != Op::Phi || s_.view.instr(divided).block != header_ ||
          next(divided, k) != divisor)
        return false;
    }
    return true;
  }

  const Specialization& s_;
  BlockId header_;
  std::vector<size_t> ends_;  ///< which of the header's predecessors are in the loop
};

}  // namespace

bool is_short_loop(const Specialization& s, BlockId header) { return ShortLoop(s, header).run(); }

}  // namespace hasten::compile
