// The processor's own clock: 10 ns to read, and of even pace, but of no known unit; and the CPU time of a thread.
#pragma once

#include <time.h>
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

/// In seconds.
inline double thread_cpu_s() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

}  // namespace hasten::runtime
