#include "probe/helper.h"

#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>

#include "probe/gaps.h"
#include "probe/signals.h"
#include "probe/sys.h"
#include "probe/watch.h"

namespace hasten::probe {
namespace {

char g_token;

/// The CPU clock of another thread of this process (the kernel's encoding, as in glibc).
clockid_t cpu_clock_of(uint32_t tid) { return static_cast<clockid_t>((~tid << 3) | 6u); }

/// Writes "/proc/self/task/TID/stat".
void stat_path(uint32_t tid, char (&path)[40]) {
  memcpy(path, "/proc/self/task/", 16);
  char digits[12];
  int count = 0;
  do {
    digits[count++] = static_cast<char>('0' + tid % 10);
    tid /= 10;
  } while (tid != 0);
  char* to = path + 16;
  while (count > 0) {
    *to++ = digits[--count];
  }
  memcpy(to, "/stat", 6);
}

bool is_running(uint32_t tid) {
  char path[40];
  stat_path(tid, path);
  const long fd = sys_call(__NR_openat, AT_FDCWD, reinterpret_cast<long>(path), O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    return false;
  }
  char text[128];
  const long length = sys_call(__NR_read, fd, reinterpret_cast<long>(text), sizeof text);
  sys_call(__NR_close, fd);
  // "TID (NAME) STATE ...": the name may itself hold parentheses.
  for (long i = length - 3; i > 0; --i) {
    if (text[i] == ')') {
      return text[i + 2] == 'R';
    }
  }
  return false;
}

/// What the helper remembers of one slot.
struct Seen {
  uint32_t tid;
  uint64_t cpu_ns;
};
Seen g_seen[record::kSlotCount];

void look_at(uint32_t slot_idx, uint64_t tick_ns) {
  record::ThreadSlot& slot = g_process.region->slots[slot_idx];
  if (slot.state.load(std::memory_order_acquire) != static_cast<uint32_t>(record::SlotState::Live)) {
    return;
  }
  timespec now;
  Seen& seen = g_seen[slot_idx];
  if (::clock_gettime(cpu_clock_of(slot.tid), &now) != 0) {
    return;
  }
  const uint64_t cpu_ns = static_cast<uint64_t>(now.tv_sec) * 1'000'000'000u + static_cast<uint64_t>(now.tv_nsec);
  const uint64_t ran_ns = seen.tid == slot.tid ? cpu_ns - seen.cpu_ns : 0;
  seen = {slot.tid, cpu_ns};
  // A thread that ran only for moments is most likely asleep again: its CPU time counts at a later hit.
  if (ran_ns * 4 > tick_ns && is_running(slot.tid)) {
    signal_thread(slot.tid);
  }
}

void* run_helper(void*) {
  ::prctl(PR_SET_NAME, "hasten-clock");
  uint64_t random_state = mono_ns() | 1;
  uint64_t last_ns = mono_ns();
  while (g_process.active.load(std::memory_order_acquire)) {
    const uint32_t gap_ns = draw_gap(g_process.base_gap_ns, &random_state);
    const timespec gap{gap_ns / 1'000'000'000, gap_ns % 1'000'000'000};
    ::clock_nanosleep(CLOCK_MONOTONIC, 0, &gap, nullptr);
    const uint64_t now_ns = mono_ns();
    const uint32_t used = g_process.region->slots_used.load(std::memory_order_acquire);
    for (uint32_t i = 0; i < used && i < record::kSlotCount; ++i) {
      look_at(i, now_ns - last_ns);
    }
    last_ns = now_ns;
  }
  return nullptr;
}

}  // namespace

void* helper_token() { return &g_token; }

void signal_thread(uint32_t tid) {
  siginfo_t info;
  memset(&info, 0, sizeof info);
  info.si_signo = g_process.signal;
  info.si_code = SI_QUEUE;
  info.si_pid = static_cast<pid_t>(sys_call(__NR_getpid));
  info.si_value.sival_ptr = &g_token;
  sys_call(__NR_rt_tgsigqueueinfo, info.si_pid, static_cast<long>(tid), info.si_signo, reinterpret_cast<long>(&info));
}

void start_helper_thread() {
  using Create = int (*)(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*);
  const auto create = reinterpret_cast<Create>(next_symbol("pthread_create"));
  using Mask = int (*)(int, const sigset_t*, sigset_t*);
  const auto mask = reinterpret_cast<Mask>(next_symbol("pthread_sigmask"));
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_attr_setstacksize(&attributes, 64 * 1024);
  // The program's signals must never be delivered to the helper.
  sigset_t all, before;
  sigfillset(&all);
  mask(SIG_SETMASK, &all, &before);
  pthread_t thread;
  create(&thread, &attributes, run_helper, nullptr);
  mask(SIG_SETMASK, &before, nullptr);
  pthread_attr_destroy(&attributes);
}

}  // namespace hasten::probe
