#include "collect/pacemaker.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "collect/proc.h"
#include "record/format.h"

namespace hasten::collect {
namespace {

using record::Engine;
using record::ProbeState;
using record::SlotState;

/// How long to sleep while nothing needs this clock.
constexpr uint64_t kIdleNs = 5'000'000;
/// A thread that sleeps is looked at less and less often, down to every so many ticks.
constexpr uint32_t kSkipCountMax = 8;

}  // namespace

Pacemaker::Pacemaker(record::Region* region) : region_(region), random_(std::random_device{}()) {
  // The signals that this process forwards must not be delivered here.
  sigset_t all, before;
  sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread([this] { run(); });
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

Pacemaker::~Pacemaker() {
  stopping_.store(true);
  thread_.join();
  for (auto& [slot, seen] : seen_) {
    if (seen.stat_fd >= 0) {
      ::close(seen.stat_fd);
    }
  }
}

void Pacemaker::run() {
  const sched_param none{};
  ::sched_setscheduler(0, SCHED_OTHER, &none);  // who made us may be one that stands back; a clock must be on time
  while (!stopping_.load()) {
    const uint64_t now_ns = mono_now_ns();
    uint64_t wake_ns = now_ns + kIdleNs;
    const uint32_t used = std::min(region_->processes_used.load(std::memory_order_acquire), record::kProcessCount);
    // A process that is about to exec changes its state, then waits until this is 0: a signal that came later would
    // find no handler and end it.
    region_->pacing.store(1);
    for (uint32_t i = 0; i < used; ++i) {
      const record::ProcessSlot& process = region_->processes[i];
      const uint32_t pid = process.pid.load();
      if (pid == 0 || process.state.load() != static_cast<uint32_t>(ProbeState::Sampling) ||
          process.engine != static_cast<uint32_t>(Engine::ThreadClocks)) {
        next_ns_.erase(i);
        continue;
      }
      // Exponential gaps: no loop of the program can keep in step with them.
      std::exponential_distribution<double> gap(1.0 / std::max(process.mean_gap_ns, 10'000u));
      const auto [next, is_new] = next_ns_.try_emplace(i, now_ns + static_cast<uint64_t>(gap(random_)));
      if (next->second <= now_ns) {
        tick(i, process, pid);
        next->second = now_ns + static_cast<uint64_t>(gap(random_));
      }
      wake_ns = std::min(wake_ns, next->second);
    }
    region_->pacing.store(0);
    const timespec until{static_cast<time_t>(wake_ns / 1'000'000'000), static_cast<long>(wake_ns % 1'000'000'000)};
    ::clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr);
  }
}

void Pacemaker::tick(uint32_t process_idx, const record::ProcessSlot& process, uint32_t pid) {
  const uint32_t used = std::min(region_->slots_used.load(std::memory_order_acquire), record::kSlotCount);
  for (uint32_t i = 0; i < used; ++i) {
    const record::ThreadSlot& slot = region_->slots[i];
    const uint32_t word = slot.word.load(std::memory_order_acquire);
    if (record::slot_process(word) != process_idx || record::slot_state(word) != SlotState::Live) {
      continue;
    }
    Seen& seen = seen_[i];
    if (seen.tid == slot.tid && seen.skip_count > 0) {
      --seen.skip_count;
      continue;
    }
    if (is_running(seen, pid, slot.tid)) {
      seen.asleep_count = 0;
      signal(pid, slot.tid, process.signal);
    } else {
      seen.asleep_count += 1;
      seen.skip_count = std::min(seen.asleep_count / 2, kSkipCountMax);
    }
  }
}

bool Pacemaker::is_running(Seen& seen, uint32_t pid, uint32_t tid) {
  char text[128];
  ssize_t length = -1;
  for (int attempt = 0; attempt < 2 && length <= 0; ++attempt) {
    if (seen.stat_fd < 0 || seen.tid != tid || attempt == 1) {
      if (seen.stat_fd >= 0) {
        ::close(seen.stat_fd);
      }
      seen = Seen{};
      seen.tid = tid;
      seen.stat_fd = ::open(fmt::format("/proc/{}/task/{}/stat", pid, tid).c_str(), O_RDONLY | O_CLOEXEC);
    }
    length = seen.stat_fd < 0 ? -1 : ::pread(seen.stat_fd, text, sizeof text, 0);
  }
  // "TID (NAME) STATE ...": the name may itself hold parentheses.
  for (ssize_t i = length - 3; i > 0; --i) {
    if (text[i] == ')') {
      return text[i + 2] == 'R';
    }
  }
  return false;
}

void Pacemaker::signal(uint32_t pid, uint32_t tid, uint32_t number) const {
  siginfo_t info;
  std::memset(&info, 0, sizeof info);
  info.si_signo = static_cast<int>(number);
  info.si_code = SI_QUEUE;
  info.si_pid = ::getpid();
  info.si_value.sival_ptr = reinterpret_cast<void*>(record::signal_value(region_->token, mono_now_ns()));
  ::syscall(SYS_rt_tgsigqueueinfo, pid, tid, number, &info);
}

}  // namespace hasten::collect
