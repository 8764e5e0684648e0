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

bool WideInterval::fits() const {
  return low >= Interval{}.low && high <= Wide{Interval{}.high} + (planted_bug(Plant::IntervalOffByOne) ? 1 : 0);
}

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

namespace {

/// How many bits, besides the sign, the values of the interval have at most.
int bits_of(const WideInterval& interval) {
  const auto bits = [](Wide v) {
    const auto magnitude = static_cast<unsigned __int128>(v < 0 ? ~v : v);
    const auto high = static_cast<uint64_t>(magnitude >> 64);
    return high ? 64 + std::bit_width(high) : std::bit_width(static_cast<uint64_t>(magnitude));
  };
  return static_cast<int>(std::max(bits(interval.low), bits(interval.high)));
}

WideInterval of_bits(int bits, bool negative) {
  const Wide high = bits >= 127 ? WideInterval::kHighest : (Wide{1} << bits) - 1;
  return {negative ? -high - 1 : 0, high};
}

Wide floor_div(Wide a, Wide b) {
  const Wide q = a / b;
  return (a % b != 0 && ((a < 0) != (b < 0))) ? q - 1 : q;
}

struct Bounds {
  WideInterval interval{WideInterval::kHighest, WideInterval::kLowest};
  bool overflows = false;

  /// `value`, or what lies beyond 128 bits on one side.
  void add(bool beyond, bool negative, Wide value) {
    overflows |= beyond;
    if (beyond)
      value = negative ? WideInterval::kLowest : WideInterval::kHighest;
    interval.low = std::min(interval.low, value);
    interval.high = std::max(interval.high, value);
  }
};

Bounds products(const WideInterval& a, const WideInterval& b) {
  Bounds all;
  for (Wide x : {a.low, a.high}) {
    for (Wide y : {b.low, b.high}) {
      Wide product = 0;
      const bool beyond = __builtin_mul_overflow(x, y, &product);
      all.add(beyond, (x < 0) != (y < 0), product);
    }
  }
  return all;
}

}  // namespace

WideInterval wide_interval(BinaryOp op, const WideInterval& a, const WideInterval& b, bool* overflows) {
  *overflows = false;
  const bool any_negative = a.low < 0 || b.low < 0;
  switch (op) {
    case BinaryOp::Add:
    case BinaryOp::Sub: {
      Bounds all;
      const bool adds = op == BinaryOp::Add;
      Wide low = 0, high = 0;
      const bool low_beyond =
          adds ? __builtin_add_overflow(a.low, b.low, &low) : __builtin_sub_overflow(a.low, b.high, &low);
      const bool high_beyond =
          adds ? __builtin_add_overflow(a.high, b.high, &high) : __builtin_sub_overflow(a.high, b.low, &high);
      all.add(low_beyond, a.low < 0, low);
      all.add(high_beyond, a.high < 0, high);
      *overflows = all.overflows;
      return all.interval;
    }
    case BinaryOp::Mul: {
      const Bounds all = products(a, b);
      *overflows = all.overflows;
      return all.interval;
    }
    case BinaryOp::LShift: {
      if (b.low < 0 || b.high > 126) {
        *overflows = true;
        return {a.low < 0 ? WideInterval::kLowest : 0, a.high > 0 ? WideInterval::kHighest : 0};
      }
      const Bounds all = products(a, {Wide{1} << static_cast<int>(b.low), Wide{1} << static_cast<int>(b.high)});
      *overflows = all.overflows;
      return all.interval;
    }
    case BinaryOp::RShift: {
      if (b.low < 0)
        return {std::min<Wide>(a.low, 0), std::max<Wide>(a.high, 0)};
      const int least = static_cast<int>(std::min<Wide>(b.low, 127)),
                most = static_cast<int>(std::min<Wide>(b.high, 127));
      return {std::min(a.low >> least, a.low >> most), std::max(a.high >> least, a.high >> most)};
    }
    case BinaryOp::FloorDiv: {
      *overflows = a.low == WideInterval::kLowest && b.contains(-1);
      if (b.low > 0)
        return {std::min(floor_div(a.low, b.low), floor_div(a.low, b.high)),
                std::max(floor_div(a.high, b.low), floor_div(a.high, b.high))};
      if (a.low == WideInterval::kLowest)
        return {};
      const Wide magnitude = std::max(a.low < 0 ? -a.low : a.low, a.high < 0 ? -a.high : a.high);
      return {-magnitude, magnitude};
    }
    case BinaryOp::Mod: {
      // The result has the sign of b and is smaller than it.
      WideInterval r{b.low < 0 ? b.low + 1 : 0, b.high > 0 ? b.high - 1 : 0};
      if (b.low > 0 && a.low >= 0)
        r.high = std::min(r.high, a.high);
      return r;
    }
    case BinaryOp::And:
      if (a.low >= 0 && b.low >= 0)
        return {0, std::min(a.high, b.high)};
      if (a.low >= 0)
        return {0, a.high};
      if (b.low >= 0)
        return {0, b.high};
      return of_bits(std::max(bits_of(a), bits_of(b)), true);
    case BinaryOp::Or:
    case BinaryOp::Xor:
      return of_bits(std::max(bits_of(a), bits_of(b)), any_negative);
    default:
      return {};
  }
}

}  // namespace hasten::compile
