// Waiting, measured where it happens: the calls in which a thread may block are ours. Each notes since when it waits (so
// that the collector can tell of a wait that never ends); one that took long enough to have waited writes a
// record with the thread's stack.
//
// A wait of a millisecond or more is always written, a shorter one with a chance in proportion to its length and then
// counts for a millisecond: sums stay right, and however often a program blocks, a thread writes at most a
// thousand records for each second that it waits. Below 5 us nothing blocks.
//
// What the call itself computed (bytes copied out of the page cache, a late wake-up on a busy machine) is CPU time
// and must not be counted twice. The thread's CPU clock is a system call away: it is read around calls that
// are expected to last, because they sleep, move many bytes, or because the last of that kind did last.
//
// A thread that wants the GIL waits for 5 ms again and again: one wait, noted once, when it has it. What it computes meanwhile is
// a thousandth of that, and is not looked at.
//
// Left alone: raw system calls and the waits inside of libc (getaddrinfo); their time shows in the scheduler's account.
#include <dlfcn.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "probe/behind.h"
#include "probe/clock.h"
#include "probe/invitation.h"
#include "probe/kernel_time.h"
#include "probe/own_stack.h"
#include "probe/signals.h"
#include "probe/sys.h"
#include "probe/tasks.h"
#include "probe/waits.h"
#include "probe/watch.h"

namespace hasten::probe {
namespace {

using record::WaitKind;

constexpr uint64_t kShortestNs = 5'000;
constexpr uint64_t kAlwaysNs = 1'000'000;
constexpr uint64_t kLastingNs = 100'000;
constexpr size_t kManyBytes = 64 * 1024;

/// Whether a wait of this length is written, and for how much it counts: 0 if not.
uint64_t draw_weight(uint64_t duration_ns, uint64_t* random_state) {
  if (duration_ns >= kAlwaysNs) {
    return duration_ns;
  }
  uint64_t x = *random_state;
  x ^= x << 13;
  x ^= x >> 7;
  x ^= x << 17;
  *random_state = x;
  return (x >> 11) % kAlwaysNs < duration_ns ? kAlwaysNs : 0;
}

__attribute__((noinline)) void write_wait(Watch& watch, WaitKind kind, uint64_t begin_ns, uint64_t duration_ns,
                                          uint64_t weight_ns) {
  watch.writing.store(true, std::memory_order_relaxed);
  std::atomic_signal_fence(std::memory_order_seq_cst);
  const OwnStack stack =
      read_own_stack(watch, reinterpret_cast<uint64_t>(__builtin_frame_address(0)), kind != WaitKind::Gil);
  const uint32_t frame_bytes = stack.frame_count * static_cast<uint32_t>(sizeof(record::FrameRef));
  record::WaitRecord wait{};
  const uint32_t bytes = static_cast<uint32_t>(sizeof wait) + frame_bytes;
  wait.head = {bytes, static_cast<uint32_t>(record::RingRecord::Wait)};
  wait.mono_ns = begin_ns;
  wait.duration_ns = duration_ns;
  wait.weight_ns = weight_ns;
  wait.kind = static_cast<uint32_t>(kind) | (holds_up_loop(watch) ? record::kInLoop : 0u);
  wait.frame_count = stack.frame_count;
  record::RingWriter ring(&watch.slot->ring, watch.ring_memory, record::kThreadRingBytes);
  uint8_t* to = ring.reserve(bytes);
  if (to != nullptr) {
    memcpy(to, &wait, sizeof wait);
    memcpy(to + sizeof wait, watch.refs, frame_bytes);
    ring.commit(bytes);
  }
  std::atomic_signal_fence(std::memory_order_seq_cst);
  watch.writing.store(false, std::memory_order_relaxed);
}

/// What a record cost the thread counts as sampling does.
void note_cost(Watch& watch, uint64_t spent_ns) {
  constexpr uint64_t kMostNs = 100'000;  // more, and the thread has lost its CPU meanwhile
  const uint64_t cost_ns = spent_ns < kMostNs ? spent_ns : kMostNs;
  std::atomic<uint64_t>& told_ns = watch.slot->handler_ns;
  told_ns.store(told_ns.load(std::memory_order_relaxed) + cost_ns, std::memory_order_relaxed);
}

constexpr long kNotCounted = -1;

/// How often the calling thread has gone to sleep of its own accord.
long voluntary_switches() {
  rusage usage;
  return sys_call(__NR_getrusage, RUSAGE_THREAD, reinterpret_cast<long>(&usage)) == 0 ? usage.ru_nvcsw : kNotCounted;
}

/// `begin_cpu_ns`: the thread's CPU clock then, or 0 if it was not read. `begin_switches`: its switches then.
/// `idle`: an event loop had nothing to do.
void end_wait(WaitKind kind, uint32_t function, uint64_t begin_ns, uint64_t begin_cpu_ns,
              long begin_switches = kNotCounted, bool idle = false) {
  const uint64_t now_ns = mono_ns();
  Watch* watch = own_watch();
  if (watch == nullptr) {
    return;  // the child of a fork, or the thread is ending
  }
  unpark_clock(*watch);
  record::ThreadSlot& slot = *watch->slot;
  if (slot.waiting_kind.load(std::memory_order_relaxed) == 0 ||
      slot.waiting_since_ns.load(std::memory_order_relaxed) != begin_ns) {
    return;  // it began in an earlier visit: this one has looked at it from outside
  }
  slot.waiting_kind.store(0, std::memory_order_relaxed);
  const uint64_t duration_ns = now_ns > begin_ns ? now_ns - begin_ns : 0;
  remember_call(*watch, function, duration_ns);
  // A call that never slept took its time computing, or ready to run while others had the CPU.
  const bool slept = begin_switches == kNotCounted || voluntary_switches() != begin_switches;
  const bool is_long = duration_ns >= kLastingNs;
  const uint64_t computed_ns = begin_cpu_ns != 0                 ? thread_cpu_ns() - begin_cpu_ns
                               : is_long && kind == WaitKind::Io ? computed_at_least(*watch, duration_ns)
                                                                 : 0;
  if (slept && duration_ns >= kShortestNs && g_process.active.load(std::memory_order_relaxed)) {
    const uint64_t waited_ns = duration_ns > computed_ns ? duration_ns - computed_ns : 0;
    std::atomic<uint64_t>& told_ns = slot.told_wait_ns;
    told_ns.store(told_ns.load(std::memory_order_relaxed) + waited_ns, std::memory_order_relaxed);
    const uint64_t weight_ns = waited_ns >= kShortestNs ? draw_weight(waited_ns, &watch->wait_random_state) : 0;
    if (weight_ns != 0 && still_read(now_ns)) {
      const int saved_errno = errno;
      write_wait(*watch, kind, begin_ns, duration_ns, weight_ns);
      errno = saved_errno;
      note_cost(*watch, mono_ns() - now_ns);
    }
  }
  if (idle && watch->loop != nullptr) {
    end_idle(*watch, now_ns);
  }
  if (kind != WaitKind::Gil) {
    // Where the CPU clock was not read and the call was short, it hardly slept.
    note_call(*watch, begin_cpu_ns != 0 || is_long ? computed_ns : duration_ns);
  }
}

/// Whether a call may be a loop's wait for something to do.
enum class Selects : bool { No, Yes };

/// Whether a condition variable is the GIL's: it lies in the runtime.
WaitKind kind_of_condition(const void* condition) {
  const uint64_t place = reinterpret_cast<uint64_t>(condition);
  return place - g_process.python.runtime_address < g_process.python.runtime_bytes ? WaitKind::Gil : WaitKind::Lock;
}

/// `function`: a number of its own. `bytes`: how many the call may move, if it says so beforehand.
template <uint32_t function, class Call>
auto timed(WaitKind kind, const Call& call, size_t bytes = 0, Selects selects = Selects::No) {
  static_assert(function < kNoCall);
  Watch* watch = own_watch();
  if (watch == nullptr || is_within_another(*watch)) {
    return call();
  }
  if (watch->previous != nullptr) {
    drop_previous(*watch);
  }
  const uint64_t begin_ns = mono_ns();
  watch->slot->waiting_since_ns.store(begin_ns, std::memory_order_relaxed);
  watch->slot->waiting_kind.store(static_cast<uint32_t>(kind), std::memory_order_relaxed);
  const bool idle = selects == Selects::Yes && watch->loop != nullptr && begin_idle(*watch, begin_ns);
  const bool lasting = kind == WaitKind::Sleep || bytes >= kManyBytes ||
                       (kind != WaitKind::Gil && watch->last_call_ns[function] >= kLastingNs);
  const uint64_t begin_cpu_ns = lasting ? thread_cpu_ns() : 0;
  const long begin_switches = lasting && kind == WaitKind::Io ? voluntary_switches() : kNotCounted;
  const auto result = call();
  end_wait(kind, function, begin_ns, begin_cpu_ns, begin_switches, idle);
  return result;
}

/// Whether somebody has the GIL of this condition variable. REQUIRES: its mutex is the calling thread's.
bool gil_is_taken(const pthread_cond_t* condition) {
  int locked;
  memcpy(&locked, reinterpret_cast<const uint8_t*>(condition) - g_process.layout.gil_locked, sizeof locked);
  return locked != 0;
}

/// A call that gave up goes on in the next: then nothing is noted, which may take as long as the wait of somebody
/// else for the mutex.
template <class Call>
int timed_for_gil(const pthread_cond_t* condition, const Call& call) {
  Watch* watch = own_watch();
  if (watch == nullptr || is_within_another(*watch)) {
    return call();
  }
  if (watch->previous != nullptr) {
    drop_previous(*watch);
  }
  const bool goes_on = watch->gil_wait_ns != 0;
  if (!goes_on) {
    watch->gil_wait_ns = mono_ns();
  }
  if (!watch->is_parked && (goes_on || watch->gil_waits_long)) {
    park_clock(*watch);
  }
  watch->gil_waits_long = goes_on;
  const uint64_t begin_ns = watch->gil_wait_ns;
  watch->slot->waiting_since_ns.store(begin_ns, std::memory_order_relaxed);
  watch->slot->waiting_kind.store(static_cast<uint32_t>(WaitKind::Gil), std::memory_order_relaxed);
  const int result = call();
  if (own_watch() == watch) {
    if (result == ETIMEDOUT && gil_is_taken(condition)) {
      watch->slot->waiting_kind.store(0, std::memory_order_relaxed);
      return result;
    }
    watch->gil_wait_ns = 0;
  }
  end_wait(WaitKind::Gil, kNoCall, begin_ns, 0);
  return result;
}

}  // namespace

void set_up_waits() {
  timeval no_time{0, 0};
  (void)::read(-1, nullptr, 0);
  (void)::write(-1, nullptr, 0);
  ::poll(nullptr, 0, 0);
  ::select(0, nullptr, nullptr, nullptr, &no_time);
}

void begin_child_wait(uint64_t* begin_ns) {
  Watch* watch = own_watch();
  *begin_ns = watch != nullptr ? mono_ns() : 0;
  if (watch != nullptr) {
    watch->slot->waiting_since_ns.store(*begin_ns, std::memory_order_relaxed);
    watch->slot->waiting_kind.store(static_cast<uint32_t>(WaitKind::Child), std::memory_order_relaxed);
  }
}

void end_child_wait(uint64_t begin_ns) {
  if (begin_ns != 0) {
    end_wait(WaitKind::Child, kNoCall, begin_ns, 0);
  }
}

}  // namespace hasten::probe

using hasten::probe::behind;
using hasten::probe::kind_of_condition;
using hasten::probe::Selects;
using hasten::probe::timed;
using hasten::probe::timed_for_gil;
using hasten::record::WaitKind;

// A function of libc that waits: its result, name, parameters and arguments, and what the wait is for.
#define HASTEN_WAITS_AS(result, name, parameters, arguments, kind, bytes, selects)                   \
  __attribute__((visibility("default"))) result name parameters {                                    \
    static std::atomic<void*> cache;                                                                 \
    return timed<__COUNTER__>(                                                                       \
        kind, [&] { return behind<result(*) parameters>(#name, cache) arguments; }, bytes, selects); \
  }
#define HASTEN_WAITS(result, name, parameters, arguments, kind) \
  HASTEN_WAITS_AS(result, name, parameters, arguments, kind, 0, Selects::No)
// One that moves up to so many bytes.
#define HASTEN_MOVES(result, name, parameters, arguments, kind, bytes) \
  HASTEN_WAITS_AS(result, name, parameters, arguments, kind, bytes, Selects::No)
// One in which an event loop waits for something to do.
#define HASTEN_SELECTS(result, name, parameters, arguments, kind) \
  HASTEN_WAITS_AS(result, name, parameters, arguments, kind, 0, Selects::Yes)

extern "C" {

HASTEN_WAITS(int, nanosleep, (const timespec* span, timespec* rest), (span, rest), WaitKind::Sleep)
HASTEN_WAITS(int, clock_nanosleep, (clockid_t clock, int flags, const timespec* span, timespec* rest),
             (clock, flags, span, rest), WaitKind::Sleep)

HASTEN_WAITS(int, sem_wait, (sem_t * semaphore), (semaphore), WaitKind::Lock)
HASTEN_WAITS(int, sem_timedwait, (sem_t * semaphore, const timespec* until), (semaphore, until), WaitKind::Lock)
HASTEN_WAITS(int, sem_clockwait, (sem_t * semaphore, clockid_t clock, const timespec* until), (semaphore, clock, until),
             WaitKind::Lock)
HASTEN_WAITS(int, pthread_join, (pthread_t thread, void** result), (thread, result), WaitKind::Lock)

HASTEN_SELECTS(int, poll, (pollfd * fds, nfds_t count, int timeout_ms), (fds, count, timeout_ms), WaitKind::Io)
HASTEN_SELECTS(int, ppoll, (pollfd * fds, nfds_t count, const timespec* span, const sigset_t* mask),
               (fds, count, span, mask), WaitKind::Io)
HASTEN_SELECTS(int, select, (int count, fd_set* read, fd_set* write, fd_set* except, timeval* span),
               (count, read, write, except, span), count == 0 ? WaitKind::Sleep : WaitKind::Io)
HASTEN_WAITS(int, pselect,
             (int count, fd_set* read, fd_set* write, fd_set* except, const timespec* span, const sigset_t* mask),
             (count, read, write, except, span, mask), count == 0 ? WaitKind::Sleep : WaitKind::Io)
HASTEN_SELECTS(int, epoll_wait, (int epoll, epoll_event* events, int count, int timeout_ms),
               (epoll, events, count, timeout_ms), WaitKind::Io)
HASTEN_SELECTS(int, epoll_pwait, (int epoll, epoll_event* events, int count, int timeout_ms, const sigset_t* mask),
               (epoll, events, count, timeout_ms, mask), WaitKind::Io)

HASTEN_MOVES(ssize_t, read, (int fd, void* to, size_t count), (fd, to, count), WaitKind::Io, count)
HASTEN_MOVES(ssize_t, write, (int fd, const void* from, size_t count), (fd, from, count), WaitKind::Io, count)
HASTEN_WAITS(ssize_t, readv, (int fd, const iovec* parts, int count), (fd, parts, count), WaitKind::Io)
HASTEN_WAITS(ssize_t, writev, (int fd, const iovec* parts, int count), (fd, parts, count), WaitKind::Io)
HASTEN_MOVES(ssize_t, pread, (int fd, void* to, size_t count, off_t at), (fd, to, count, at), WaitKind::Io, count)
HASTEN_MOVES(ssize_t, pwrite, (int fd, const void* from, size_t count, off_t at), (fd, from, count, at), WaitKind::Io,
             count)
HASTEN_MOVES(ssize_t, pread64, (int fd, void* to, size_t count, off64_t at), (fd, to, count, at), WaitKind::Io, count)
HASTEN_MOVES(ssize_t, pwrite64, (int fd, const void* from, size_t count, off64_t at), (fd, from, count, at),
             WaitKind::Io, count)
HASTEN_WAITS(int, fsync, (int fd), (fd), WaitKind::Io)
HASTEN_WAITS(int, fdatasync, (int fd), (fd), WaitKind::Io)
HASTEN_WAITS(int, flock, (int fd, int operation), (fd, operation), WaitKind::Lock)

HASTEN_MOVES(ssize_t, recv, (int fd, void* to, size_t count, int flags), (fd, to, count, flags), WaitKind::Io, count)
HASTEN_MOVES(ssize_t, recvfrom, (int fd, void* to, size_t count, int flags, sockaddr* from, socklen_t* from_bytes),
             (fd, to, count, flags, from, from_bytes), WaitKind::Io, count)
HASTEN_WAITS(ssize_t, recvmsg, (int fd, msghdr* message, int flags), (fd, message, flags), WaitKind::Io)
HASTEN_MOVES(ssize_t, send, (int fd, const void* from, size_t count, int flags), (fd, from, count, flags), WaitKind::Io,
             count)
HASTEN_MOVES(ssize_t, sendto,
             (int fd, const void* from, size_t count, int flags, const sockaddr* to, socklen_t to_bytes),
             (fd, from, count, flags, to, to_bytes), WaitKind::Io, count)
HASTEN_WAITS(ssize_t, sendmsg, (int fd, const msghdr* message, int flags), (fd, message, flags), WaitKind::Io)
HASTEN_WAITS(int, accept, (int fd, sockaddr* from, socklen_t* from_bytes), (fd, from, from_bytes), WaitKind::Io)
HASTEN_WAITS(int, accept4, (int fd, sockaddr* from, socklen_t* from_bytes, int flags), (fd, from, from_bytes, flags),
             WaitKind::Io)
HASTEN_WAITS(int, connect, (int fd, const sockaddr* to, socklen_t to_bytes), (fd, to, to_bytes), WaitKind::Io)

__attribute__((visibility("default"))) int pthread_cond_wait(pthread_cond_t* condition, pthread_mutex_t* mutex) {
  static std::atomic<void*> cache;
  using Function = int (*)(pthread_cond_t*, pthread_mutex_t*);
  return timed<__COUNTER__>(kind_of_condition(condition), [&] {
    return behind<Function>("pthread_cond_wait", cache, "GLIBC_2.3.2")(condition, mutex);
  });
}

__attribute__((visibility("default"))) int pthread_cond_timedwait(pthread_cond_t* condition, pthread_mutex_t* mutex,
                                                                  const timespec* until) {
  static std::atomic<void*> cache;
  using Function = int (*)(pthread_cond_t*, pthread_mutex_t*, const timespec*);
  const auto call = [&] {
    return behind<Function>("pthread_cond_timedwait", cache, "GLIBC_2.3.2")(condition, mutex, until);
  };
  return kind_of_condition(condition) == WaitKind::Gil ? timed_for_gil(condition, call)
                                                       : timed<__COUNTER__>(WaitKind::Lock, call);
}

__attribute__((visibility("default"))) int pthread_cond_clockwait(pthread_cond_t* condition, pthread_mutex_t* mutex,
                                                                  clockid_t clock, const timespec* until) {
  static std::atomic<void*> cache;
  using Function = int (*)(pthread_cond_t*, pthread_mutex_t*, clockid_t, const timespec*);
  return timed<__COUNTER__>(kind_of_condition(condition), [&] {
    return behind<Function>("pthread_cond_clockwait", cache)(condition, mutex, clock, until);
  });
}

}  // extern "C"
