// The processor's own clock: 10 ns to read, and of even pace, but of no known unit.
#pragma once

#include <x86intrin.h>

#include <cstdint>

namespace hasten::runtime {

inline uint64_t ticks() { return __rdtsc(); }

/// The same for what takes some nanoseconds: nothing around it is moved across.
inline uint64_t ticks_in_order() {
  _mm_lfence();
  const uint64_t now = __rdtsc();
  _mm_lfence();
  return now;
}

}  // namespace hasten::runtime
