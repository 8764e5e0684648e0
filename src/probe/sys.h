// The system calls that the handler uses, made directly: libc's wrappers may be cancellation points or may
// be interposed, and set errno.
#pragma once

#include <asm/unistd.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <time.h>

#include <cstdint>

namespace hasten::probe {

/// The kernel's answer: negative errno on failure.
inline long sys_call(long number, long a = 0, long b = 0, long c = 0, long d = 0, long e = 0, long f = 0) {
  long result;
  register long r10 __asm__("r10") = d;
  register long r8 __asm__("r8") = e;
  register long r9 __asm__("r9") = f;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                   : "rcx", "r11", "memory");
  return result;
}

inline uint64_t read_clock(clockid_t clock) {
  timespec now{};
  ::clock_gettime(clock, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000u + static_cast<uint64_t>(now.tv_nsec);
}
inline uint64_t thread_cpu_ns() { return read_clock(CLOCK_THREAD_CPUTIME_ID); }
/// Of a thread of this process. 0 if there is none.
inline uint64_t thread_cpu_ns(uint32_t tid) {
  constexpr unsigned kOfOneThread = 4;
  constexpr unsigned kByScheduler = 2;
  return read_clock(static_cast<clockid_t>(~tid << 3 | kOfOneThread | kByScheduler));
}
inline uint64_t mono_ns() { return read_clock(CLOCK_MONOTONIC); }

/// Copies from our own address space; false where nothing is mapped.
bool sys_read_own_memory(uint64_t address, void* to, uint32_t bytes);

}  // namespace hasten::probe
