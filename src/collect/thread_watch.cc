#include "collect/thread_watch.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <bit>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace hasten::collect {
namespace {

using record::WaitKind;

/// Shorter than this is the time it takes to be woken, not a wait worth a look.
constexpr uint64_t kLookedAtNs = 200'000;
/// A call that tells of itself is looked at only when it lasts so long: if the process dies in a shorter one, that is lost.
constexpr uint64_t kWitnessedNs = 100'000'000;
/// So many ticks the name of a new thread is looked for, after the first ones ever more rarely: before it runs Python it may
/// wait for the GIL.
constexpr uint32_t kPromptTicks = 4;
constexpr uint32_t kNamelessTicksMax = 4096;

std::string task_path(uint32_t pid, uint32_t tid, const char* name) {
  return fmt::format("/proc/{}/task/{}/{}", pid, tid, name);
}

bool read_account(int fd, uint64_t* cpu_ns, uint64_t* runnable_ns) {
  char text[96];
  const ssize_t length = ::pread(fd, text, sizeof text - 1, 0);
  if (length <= 0) {
    return false;
  }
  text[length] = '\0';
  char* rest = nullptr;
  *cpu_ns = std::strtoull(text, &rest, 10);
  *runnable_ns = std::strtoull(rest, nullptr, 10);
  return true;
}

WaitKind kind_of_call(long number) {
  switch (number) {
    case SYS_nanosleep:
    case SYS_clock_nanosleep:
    case SYS_pause:
    case SYS_rt_sigsuspend:
    case SYS_rt_sigtimedwait:
      return WaitKind::Sleep;
    case SYS_futex:
      return WaitKind::Lock;
    case SYS_wait4:
    case SYS_waitid:
      return WaitKind::Child;
    case SYS_read:
    case SYS_write:
    case SYS_readv:
    case SYS_writev:
    case SYS_pread64:
    case SYS_pwrite64:
    case SYS_recvfrom:
    case SYS_recvmsg:
    case SYS_sendto:
    case SYS_sendmsg:
    case SYS_accept:
    case SYS_accept4:
    case SYS_connect:
    case SYS_poll:
    case SYS_ppoll:
    case SYS_select:
    case SYS_pselect6:
    case SYS_epoll_wait:
    case SYS_epoll_pwait:
    case SYS_fsync:
    case SYS_fdatasync:
    case SYS_open:
    case SYS_openat:
    case SYS_flock:
    case SYS_sendfile:
    case SYS_copy_file_range:
      return WaitKind::Io;
    default:
      return WaitKind::Unknown;
  }
}

}  // namespace

ThreadWatch::ThreadWatch(record::Region* region, const record::PythonPlace& python, uint32_t pid, Recorder& recorder)
    : region_(region), python_(python), pid_(pid), recorder_(recorder), walk_(python, pid, recorder) {}

ThreadWatch::~ThreadWatch() {
  for (auto& [slot, seen] : slots_) {
    forget(seen);
  }
}

void ThreadWatch::forget(Seen& seen) {
  if (seen.schedstat_fd >= 0) {
    ::close(seen.schedstat_fd);
  }
  seen = Seen{};
}

void ThreadWatch::tick(uint64_t now_ns) {
  const uint32_t used = std::min(region_->slots_used.load(std::memory_order_acquire), record::kSlotCount);
  for (uint32_t i = 0; i < used; ++i) {
    const record::ThreadSlot& slot = region_->slots[i];
    const std::optional<uint32_t> thread = recorder_.thread_of_slot(i);
    Seen& seen = slots_[i];
    if (seen.tid != 0 && (!thread || seen.thread != *thread)) {
      close(seen, true);
      forget(seen);
    }
    if (!thread || record::slot_state(slot.word.load(std::memory_order_acquire)) != record::SlotState::Live) {
      continue;
    }
    if (seen.tid == 0) {
      seen.tid = slot.tid;
      seen.thread = *thread;
      find_name(seen);
      seen.slot_idx = i;
      seen.schedstat_fd = ::open(task_path(pid_, slot.tid, "schedstat").c_str(), O_RDONLY | O_CLOEXEC);
      seen.settled_ns = now_ns;
      seen.settled_told_ns = slot.told_wait_ns.load(std::memory_order_relaxed);
      if (seen.schedstat_fd < 0 || !read_account(seen.schedstat_fd, &seen.first.cpu_ns, &seen.first.runnable_ns)) {
        continue;
      }
      seen.settled = seen.first;
      continue;
    }
    find_name(seen);
    look_at(seen, now_ns);
  }
}

void ThreadWatch::find_name(Seen& seen) {
  if (seen.nameless_ticks >= kNamelessTicksMax) {
    return;
  }
  ++seen.nameless_ticks;
  if (seen.nameless_ticks > kPromptTicks && !std::has_single_bit(seen.nameless_ticks)) {
    return;
  }
  if (std::optional<std::string> name = walk_.thread_name(seen.tid)) {
    seen.nameless_ticks = kNamelessTicksMax;
    recorder_.name_thread(seen.thread, std::move(*name));
  }
}

void ThreadWatch::look_at(Seen& seen, uint64_t now_ns) {
  // Read before the account, and before the look: a call that returns meanwhile has told of itself.
  const record::ThreadSlot& slot = region_->slots[seen.slot_idx];
  const bool told = slot.waiting_kind.load(std::memory_order_acquire) != 0;
  const uint64_t since_ns = slot.waiting_since_ns.load(std::memory_order_relaxed);
  const uint64_t told_ns = slot.told_wait_ns.load(std::memory_order_relaxed);
  Account now;
  if (seen.schedstat_fd < 0 || !read_account(seen.schedstat_fd, &now.cpu_ns, &now.runnable_ns)) {
    return;
  }
  const uint64_t busy_ns = now.cpu_ns - seen.settled.cpu_ns + now.runnable_ns - seen.settled.runnable_ns;
  const uint64_t passed_ns = now_ns - seen.settled_ns;
  const uint64_t slept_ns = passed_ns > busy_ns ? passed_ns - busy_ns : 0;
  recorder_.account_thread(seen.thread, now.cpu_ns - seen.first.cpu_ns, now.runnable_ns - seen.first.runnable_ns,
                           seen.waiting_ns);
  if (slept_ns < kLookedAtNs) {
    return;
  }
  uint32_t stack = 0;
  WaitKind kind = WaitKind::Unknown;
  const bool needs_no_witness = told && now_ns - std::min(since_ns, now_ns) < kWitnessedNs;
  if (!needs_no_witness && !find_place(seen, now, told ? since_ns : 0, &stack, &kind)) {
    return;  // it runs, or is about to: settled when next found asleep
  }
  seen.waiting_ns += slept_ns;
  // A thread that sleeps in step with our ticks may not have been found asleep for long: what it told meanwhile is told.
  const uint64_t told_meanwhile_ns = told_ns - seen.settled_told_ns;
  if (needs_no_witness) {
    close(seen, true);
  } else if (told) {
    extend(seen, slept_ns, stack, kind, since_ns);
  } else if (slept_ns > told_meanwhile_ns) {
    extend(seen, slept_ns - told_meanwhile_ns, stack, kind, 0);
  } else {
    close(seen, true);  // what is open is another wait's, and over
  }
  seen.settled = now;
  seen.settled_ns = now_ns;
  seen.settled_told_ns = told_ns;
  recorder_.account_thread(seen.thread, now.cpu_ns - seen.first.cpu_ns, now.runnable_ns - seen.first.runnable_ns,
                           seen.waiting_ns);
}

bool ThreadWatch::find_place(Seen& seen, const Account& now, uint64_t told_since_ns, uint32_t* stack, WaitKind* kind) {
  const bool same_call = told_since_ns != 0 && is_open(seen, told_since_ns);
  if (same_call || (seen.asleep_cpu_ns == now.cpu_ns && seen.open.duration_ns > 0)) {
    *stack = seen.open.stack;  // it has not moved since
    *kind = seen.open.kind;
    return true;
  }
  const std::optional<WaitKind> sleeping = sleeping_in(seen.tid);
  if (!sleeping) {
    return false;
  }
  const std::optional<uint32_t> found = walk_.stack_of(seen.tid);
  Account after;
  if (!read_account(seen.schedstat_fd, &after.cpu_ns, &after.runnable_ns) || after.cpu_ns != now.cpu_ns) {
    return false;  // it woke up meanwhile: what was read may be torn
  }
  *stack = found.value_or(0);
  *kind = *sleeping;
  seen.asleep_cpu_ns = now.cpu_ns;
  return true;
}

std::optional<WaitKind> ThreadWatch::sleeping_in(uint32_t tid) const {
  const int fd = ::open(task_path(pid_, tid, "syscall").c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    return std::nullopt;
  }
  char text[256];
  const ssize_t length = ::read(fd, text, sizeof text - 1);
  ::close(fd);
  if (length <= 0) {
    return std::nullopt;
  }
  text[length] = '\0';
  if (std::strncmp(text, "running", 7) == 0) {
    return std::nullopt;
  }
  char* rest = nullptr;
  const long number = std::strtol(text, &rest, 10);
  if (number < 0) {
    return std::nullopt;  // in no call: it is dying, or in a page fault
  }
  const WaitKind kind = kind_of_call(number);
  if (kind == WaitKind::Lock) {
    const uint64_t futex = std::strtoull(rest, nullptr, 16);
    const bool in_runtime = futex - python_.runtime_address < python_.runtime_bytes;
    return in_runtime ? WaitKind::Gil : WaitKind::Lock;
  }
  return kind;
}

bool ThreadWatch::is_open(const Seen& seen, uint64_t told_since_ns) const {
  return seen.open.duration_ns > 0 && seen.told && seen.open.time_ns == recorder_.relative_ns(told_since_ns);
}

void ThreadWatch::extend(Seen& seen, uint64_t slept_ns, uint32_t stack, WaitKind kind, uint64_t told_since_ns) {
  const bool told = told_since_ns != 0;
  if (seen.open.duration_ns > 0 && seen.open.stack == stack && seen.open.kind == kind && seen.told == told &&
      (!told || is_open(seen, told_since_ns))) {
    seen.open.duration_ns += slept_ns;
    return;
  }
  close(seen, true);
  if (told) {
    // One wait of one call: it lasts from the call's begin.
    seen.told = true;
    seen.open.thread = seen.thread;
    seen.open.stack = stack;
    seen.open.kind = kind;
    seen.open.time_ns = recorder_.relative_ns(told_since_ns);
    const uint64_t now_ns = recorder_.relative_ns(seen.settled_ns) + slept_ns;
    seen.open.duration_ns = now_ns > seen.open.time_ns ? now_ns - seen.open.time_ns : slept_ns;
    return;
  }
  seen.open.thread = seen.thread;
  seen.open.stack = stack;
  seen.open.kind = kind;
  seen.open.time_ns = recorder_.relative_ns(seen.settled_ns);
  seen.open.duration_ns = slept_ns;
}

void ThreadWatch::close(Seen& seen, bool alive) {
  // A call that tells of itself has done so when it returned; if the process died before, we are the only witness.
  const record::ThreadSlot& slot = region_->slots[seen.slot_idx];
  const bool unended = seen.told && !alive && slot.waiting_kind.load() != 0 &&
                       recorder_.relative_ns(slot.waiting_since_ns.load()) == seen.open.time_ns;
  if (seen.open.duration_ns > 0 && (!seen.told || unended)) {
    recorder_.add_wait(seen.open);
  }
  seen.open = record::Wait{};
  seen.told = false;
}

void ThreadWatch::finish() {
  for (auto& [slot, seen] : slots_) {
    close(seen, false);
    forget(seen);
  }
}

}  // namespace hasten::collect
