// The gaps between samples are random, exponentially distributed: no loop of the program can keep step with
// the clock, and the number of samples in any part of the program is Poisson, which is what the report's
// intervals assume. Integer and float arithmetic only: used in the handler, where libm is not.
#pragma once

#include <bit>
#include <cstdint>

namespace hasten::probe {

/// xorshift64*: `state` must not be 0.
inline uint64_t next_random(uint64_t* state) {
  uint64_t x = *state;
  x ^= x >> 12;
  x ^= x << 25;
  x ^= x >> 27;
  *state = x;
  return x * 0x2545f4914f6cdd1dull;
}

/// -ln(u) for a uniform u in (0, 1], to 1e-4.
inline double exponential(uint64_t random) {
  const uint64_t u = random | 1;
  const int shift = std::countl_zero(u);
  // u = m * 2^(63 - shift) with m in [1, 2); ln m by the series of atanh, which ends quickly for z <= 1/3.
  const double m = static_cast<double>(u << shift) * 0x1p-63;
  const double z = (m - 1.0) / (m + 1.0);
  const double z2 = z * z;
  const double ln_m = 2.0 * z * (1.0 + z2 * (1.0 / 3 + z2 * (1.0 / 5 + z2 * (1.0 / 7))));
  constexpr double kLn2 = 0.6931471805599453;
  return (shift + 1) * kLn2 - ln_m;
}

/// The kernel's timer goes no lower than 10 us.
inline constexpr uint32_t kGapFloorNs = 20'000;

/// A gap with the given mean: a floor and an exponential rest, cut at eight means (3 in 10 000 gaps).
inline uint32_t draw_gap(uint32_t mean_ns, uint64_t* random_state) {
  double factor = exponential(next_random(random_state));
  factor = factor < 8.0 ? factor : 8.0;
  const uint32_t floor_ns = mean_ns / 2 < kGapFloorNs ? mean_ns / 2 : kGapFloorNs;
  return floor_ns + static_cast<uint32_t>(static_cast<double>(mean_ns - floor_ns) * factor);
}

}  // namespace hasten::probe
