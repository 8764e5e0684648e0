#include "compile/types/deferred.h"

#include <algorithm>

#include "compile/types/interval.h"

namespace hasten::compile {

using mir::BinaryOp;
using mir::Instr;
using mir::Op;
using mir::UnaryOp;
using mir::ValueId;

namespace {

constexpr int kDepthMax = 16;  // operations in a row
constexpr Wide kModulusMax = Wide{1} << 64;

class Search {
 public:
  Search(const Specialization& s, bool overflowed) : s_(s), overflowed_(overflowed) {}

  Deferral of(ValueId v) const {
    if (!is_operation(v) || s_.liveness.live_out(instr(v).block, v) || !may_overflow(v))
      return Deferral::None;
    if (keeps_low_bits(v) && only_low_bits(v, 0))
      return Deferral::LowBits;
    return is_product(v) && only_remainder(v) ? Deferral::Product : Deferral::None;
  }

 private:
  const Instr& instr(ValueId v) const { return s_.view.instr(v); }
  Type operand(ValueId v, size_t k) const { return s_.type_at(s_.view.args(v)[k], instr(v).block); }
  bool is_binary(ValueId v) const { return instr(v).op == Op::Binary || instr(v).op == Op::Inplace; }
  BinaryOp binary(ValueId v) const { return static_cast<BinaryOp>(instr(v).sub); }

  bool is_operation(ValueId v) const {
    if (!is_binary(v) && instr(v).op != Op::Unary)
      return false;
    for (size_t k = 0; k < instr(v).arg_count; ++k) {
      if (!operand(v, k).is_whole())
        return false;
    }
    return true;
  }

  /// Whether the lower bits of the result depend on those of the operands alone.
  bool keeps_low_bits(ValueId v) const {
    if (!is_operation(v))
      return false;
    if (instr(v).op == Op::Unary) {
      const auto op = static_cast<UnaryOp>(instr(v).sub);
      return op == UnaryOp::Neg || (op == UnaryOp::Invert && !operand(v, 0).only(kBool));
    }
    switch (binary(v)) {
      case BinaryOp::Add:
      case BinaryOp::Sub:
      case BinaryOp::Mul:
      case BinaryOp::And:
      case BinaryOp::Or:
      case BinaryOp::Xor:
        return true;
      case BinaryOp::LShift: {
        const Type by = operand(v, 1);
        return by.is_constant() && by.interval.low >= 0 && by.interval.low < 64;
      }
      default:
        return false;
    }
  }

  bool may_overflow(ValueId v) const {
    if (has_deferred_operand(s_, v))
      return true;
    bool overflows = false;
    WideInterval r;
    if (instr(v).op == Op::Unary)
      r = wide_interval(BinaryOp::Sub, {0, 0}, operand(v, 0).whole_interval(), &overflows);
    else
      r = wide_interval(binary(v), operand(v, 0).whole_interval(), operand(v, 1).whole_interval(), &overflows);
    return overflows || !(r.fits() || r.is_unsigned());
  }

  /// f(user, which operand) for all uses in its block, until one is refused; false if there is none.
  template <class F>
  bool all_uses(ValueId v, const F& f) const {
    bool used = false;
    for (ValueId user = v + 1; user < s_.view.end(instr(v).block); ++user) {
      const auto args = s_.view.args(user);
      for (size_t k = 0; k < args.size(); ++k) {
        if (args[k] != v)
          continue;
        used = true;
        if (!f(user, k))
          return false;
      }
    }
    return used;
  }

  bool only_low_bits(ValueId v, int depth) const {
    return depth < kDepthMax &&
           all_uses(
               v,
               [&](ValueId user, size_t k) {
                 if (is_binary(user) && is_operation(user) && s_.view.args(user)[0] != s_.view.args(user)[1]) {
                   const WideInterval other = operand(user, 1 - k).whole_interval();
                   if (binary(user) == BinaryOp::And && other.is_unsigned())
                     return true;
                   if (binary(user) == BinaryOp::Mod && k == 0 && is_small_power_of_two(other))
                     return true;
                 }
                 return keeps_low_bits(user) && (k == 0 || !is_binary(user) || binary(user) != BinaryOp::LShift) &&
                        !s_.liveness.live_out(instr(user).block, user) && only_low_bits(user, depth + 1);
               });
  }

  static bool is_small_power_of_two(const WideInterval& t) {
    return t.is_constant() && t.low > 0 && t.low <= kModulusMax && (t.low & (t.low - 1)) == 0;
  }

  bool is_product(ValueId v) const {
    return is_binary(v) && binary(v) == BinaryOp::Mul && !has_deferred_operand(s_, v) &&
           (overflowed_ || operand(v, 0).only(kWide) || operand(v, 1).only(kWide));
  }

  /// Whether its one use is `v % divisor`.
  bool only_remainder(ValueId v) const {
    size_t uses = 0;
    return all_uses(v, [&](ValueId user, size_t k) {
      return ++uses == 1 && k == 0 && is_binary(user) && binary(user) == BinaryOp::Mod &&
             (operand(user, 1).only(kInt) || operand(user, 1).only(kWide)) && !s_.liveness.live_out(instr(v).block, v);
    });
  }

  const Specialization& s_;
  bool overflowed_;
};

}  // namespace

Deferral deferral_of(const Specialization& s, ValueId v, bool overflowed) { return Search(s, overflowed).of(v); }

bool has_deferred_operand(const Specialization& s, ValueId v) {
  const auto args = s.view.args(v);
  return std::any_of(args.begin(), args.end(), [&](ValueId arg) { return s.deferred.contains(arg); });
}

}  // namespace hasten::compile
