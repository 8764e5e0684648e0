#include "compile/types/interval.h"

#include <algorithm>
#include <bit>

namespace hasten::compile {

using mir::BinaryOp;

namespace {

WideInterval hull(std::initializer_list<Wide> values) { return {std::min(values), std::max(values)}; }

int64_t floor_div(int64_t a, int64_t b) {
  const int64_t q = a / b;
  return (a % b != 0 && ((a < 0) != (b < 0))) ? q - 1 : q;
}

/// All bits that a value of [0, high] can have.
int64_t bits_up_to(int64_t high) {
  return static_cast<int64_t>((uint64_t{1} << std::bit_width(static_cast<uint64_t>(high))) - 1);
}

}  // namespace

Interval WideInterval::clamped() const {
  const Interval all;
  return {static_cast<int64_t>(std::clamp<Wide>(low, all.low, all.high)),
          static_cast<int64_t>(std::clamp<Wide>(high, all.low, all.high))};
}

WideInterval exact_interval(BinaryOp op, Interval a, Interval b) {
  switch (op) {
    case BinaryOp::Add:
      return {Wide{a.low} + b.low, Wide{a.high} + b.high};
    case BinaryOp::Sub:
      if (planted_bug(Plant::SubInterval))
        return hull({Wide{a.low} - b.low, Wide{a.high} - b.high});
      return {Wide{a.low} - b.high, Wide{a.high} - b.low};
    case BinaryOp::Mul:
      if (planted_bug(Plant::MulHull))
        return hull({Wide{a.low} * b.low, Wide{a.high} * b.high});
      return hull({Wide{a.low} * b.low, Wide{a.low} * b.high, Wide{a.high} * b.low, Wide{a.high} * b.high});
    default: {
      const Wide small = Wide{1} << b.low, large = Wide{1} << b.high;
      return hull({a.low * small, a.low * large, a.high * small, a.high * large});
    }
  }
}

Interval result_interval(BinaryOp op, Interval a, Interval b) {
  switch (op) {
    case BinaryOp::Add:
    case BinaryOp::Sub:
      return exact_interval(op, a, b).clamped();
    case BinaryOp::Mul: {
      Interval r = exact_interval(op, a, b).clamped();
      const int64_t times = a.is_constant() ? a.low : b.is_constant() ? b.low : 0;
      if (times > 1) {  // not every int64 is a multiple: 3 * n + 1 does not overflow where 3 * n has not
        r.low = std::max(r.low, Interval{}.low / times * times);
        r.high = std::min(r.high, Interval{}.high / times * times);
      }
      return r;
    }
    case BinaryOp::LShift:
      if (b.low < 0 || b.high > 63)
        return {};
      return exact_interval(op, a, b).clamped();
    case BinaryOp::RShift: {
      if (b.low < 0)
        return {};
      const int low_shift = static_cast<int>(std::min<int64_t>(b.low, 63));
      const int high_shift = static_cast<int>(std::min<int64_t>(b.high, 63));
      return {std::min(a.low >> low_shift, a.low >> high_shift), std::max(a.high >> low_shift, a.high >> high_shift)};
    }
    case BinaryOp::FloorDiv: {
      if (b.low <= 0 && b.high >= 0) {
        // |a // b| <= |a| but for INT_MIN // -1, which overflows.
        if (a.low == Interval{}.low)
          return {};
        const int64_t magnitude = std::max(a.low < 0 ? -a.low : a.low, a.high < 0 ? -a.high : a.high);
        return {-magnitude, magnitude};
      }
      if (b.high < 0)
        return a.low == Interval{}.low ? Interval{} : Interval{-std::max(-a.low, a.high), std::max(-a.low, a.high)};
      const auto corners = {floor_div(a.low, b.low), floor_div(a.low, b.high), floor_div(a.high, b.low),
                            floor_div(a.high, b.high)};
      return {std::min(corners), std::max(corners)};
    }
    case BinaryOp::Mod: {
      // The result has the sign of b and is smaller than it.
      Interval r{b.low < 0 && !planted_bug(Plant::ModIntervalSign) ? b.low + 1 : 0, b.high > 0 ? b.high - 1 : 0};
      if (b.low > 0 && a.low >= 0)
        r.high = std::min(r.high, a.high);
      return r;
    }
    case BinaryOp::And:
      if (a.low >= 0 && b.low >= 0)
        return {0, std::min(a.high, b.high)};
      if (planted_bug(Plant::AndIntervalSign) && b.is_constant())
        return {0, Interval{}.high};
      if (a.low >= 0)
        return {0, a.high};
      if (b.low >= 0)
        return {0, b.high};
      return {};
    case BinaryOp::Or:
    case BinaryOp::Xor:
      if (a.low >= 0 && b.low >= 0)
        return {0, bits_up_to(a.high) | bits_up_to(b.high)};
      return {};
    default:
      return {};
  }
}

}  // namespace hasten::compile
