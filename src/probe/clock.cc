#include "probe/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "probe/gaps.h"
#include "probe/handler.h"
#include "probe/sys.h"

namespace hasten::probe {

uint64_t perf_event_id(int fd) {
  uint64_t id = 0;
  return fd >= 0 && sys_call(__NR_ioctl, fd, PERF_EVENT_IOC_ID, reinterpret_cast<long>(&id)) == 0 ? id : 0;
}

namespace {

constexpr double kBudgetShare = 0.008;    ///< of CPU time, at the default rate
constexpr double kFixedRateShare = 0.25;  ///< at a rate the user asked for
constexpr uint32_t kShortestMeanNs = 1'000'000;
constexpr uint32_t kLongestMeanNs = 10'000'000;
/// Descriptors of ours stand here, out of the way of the program's own.
constexpr int kFdFloor = 700;
constexpr long kPageBytes = 4096;

/// Where fewer descriptors are allowed, the upper third is ours.
long allowed_fd_floor() {
  rlimit64 limit{};
  const bool known = sys_call(__NR_prlimit64, 0, RLIMIT_NOFILE, 0, reinterpret_cast<long>(&limit)) == 0;
  const uint64_t share = known ? limit.rlim_cur - limit.rlim_cur / 3 : kFdFloor;
  return share < kFdFloor ? static_cast<long>(share) : kFdFloor;
}

/// `kind`: PERF_COUNT_SW_*, user mode only. `tid`: a thread of this process, 0 for the calling one.
int open_perf_event(uint64_t kind, uint64_t period, uint32_t tid) {
  perf_event_attr attr;
  memset(&attr, 0, sizeof attr);
  attr.size = sizeof attr;
  attr.type = PERF_TYPE_SOFTWARE;
  attr.config = kind;
  attr.sample_period = period;
  attr.exclude_kernel = 1;
  attr.exclude_hv = 1;
  attr.disabled = 1;
  attr.wakeup_events = 1;
  const long fd = sys_call(__NR_perf_event_open, reinterpret_cast<long>(&attr), tid, -1, -1, PERF_FLAG_FD_CLOEXEC);
  if (fd < 0) {
    return static_cast<int>(fd);
  }
  // Where those numbers are used up, the thread has no clock: the others are the program's.
  static std::atomic<long> floor{kFdFloor};
  const long known_floor = floor.load(std::memory_order_relaxed);
  long high = sys_call(__NR_fcntl, fd, F_DUPFD_CLOEXEC, known_floor);
  if (high < 0 && allowed_fd_floor() != known_floor) {
    floor.store(allowed_fd_floor(), std::memory_order_relaxed);
    high = sys_call(__NR_fcntl, fd, F_DUPFD_CLOEXEC, floor.load(std::memory_order_relaxed));
  }
  sys_call(__NR_close, fd);
  return static_cast<int>(high);
}

/// Has the event's overflows delivered to this thread as our signal.
bool direct_to_thread(int fd, int signal, uint32_t tid) {
  const f_owner_ex owner{F_OWNER_TID, static_cast<pid_t>(tid)};
  return sys_call(__NR_fcntl, fd, F_SETOWN_EX, reinterpret_cast<long>(&owner)) == 0 &&
         sys_call(__NR_fcntl, fd, F_SETSIG, signal) == 0 && sys_call(__NR_fcntl, fd, F_SETFL, O_ASYNC) == 0;
}

/// One whose overflows come to the thread as our signal, or -1.
int open_directed(uint64_t kind, uint64_t period, uint32_t tid) {
  const int fd = open_perf_event(kind, period, tid);
  if (fd >= 0 && !direct_to_thread(fd, g_process.signal, tid)) {
    sys_call(__NR_close, fd);
    return -1;
  }
  return fd < 0 ? -1 : fd;
}

/// Sets the next period and starts the event for one overflow. False if the descriptor is not that of this event any more.
bool start_event(int fd, uint64_t id, uint64_t period) {
  return perf_event_id(fd) == id &&
         sys_call(__NR_ioctl, fd, PERF_EVENT_IOC_PERIOD, reinterpret_cast<long>(&period)) >= 0 &&
         sys_call(__NR_ioctl, fd, PERF_EVENT_IOC_REFRESH, 1) >= 0;
}

/// A clock with the gap drawn, not started.
bool open_perf_clock(Watch& watch) {
  const int fd = open_directed(PERF_COUNT_SW_CPU_CLOCK, watch.gap_ns, watch.tid);
  if (fd < 0) {
    return false;
  }
  watch.fd = fd;
  watch.event_id = perf_event_id(fd);
  if (watch.kernel.fault_fd == fd) {
    watch.kernel.fault_fd = -1;  // the program has closed it, and its number is free again
  }
  return true;
}

/// A mapping holds the event as the descriptor does: should the program close the descriptor, one more sample comes, and
/// with it the chance to open another.
void hold_event(Watch& watch) {
  const long page = sys_call(__NR_mmap, 0, kPageBytes, PROT_READ, MAP_SHARED, watch.fd, 0);
  watch.event_page = page > 0 ? reinterpret_cast<void*>(page) : nullptr;
}

/// Whether the descriptor was still the clock's.
bool release_event(Watch& watch) {
  if (watch.event_page != nullptr) {
    sys_call(__NR_munmap, reinterpret_cast<long>(watch.event_page), kPageBytes);
    watch.event_page = nullptr;
  }
  const bool is_ours = watch.fd >= 0 && perf_event_id(watch.fd) == watch.event_id;
  if (is_ours) {
    sys_call(__NR_close, watch.fd);
  }
  watch.fd = -1;
  return is_ours;
}

void close_fault_clock(Watch& watch) {
  if (watch.kernel.fault_fd >= 0 && perf_event_id(watch.kernel.fault_fd) == watch.kernel.fault_id) {
    sys_call(__NR_close, watch.kernel.fault_fd);
  }
  watch.kernel.fault_fd = -1;
}

/// A stretch of work whose length is known in turns, not in time.
uint64_t spin(uint32_t turns) {
  uint64_t x = turns;
  for (uint32_t i = 0; i < turns; ++i) {
    x = x * 6364136223846793005u + 1442695040888963407u;
    __asm__ volatile("" : "+r"(x));
  }
  return x;
}

struct Cost {
  uint32_t sample_ns;
  uint32_t latency_ns;
};

/// What a sample costs here, timer interrupt, signal, handler and return together: the same work with and
/// without samples, several times; the quickest of each is the least disturbed. About 3 ms.
Cost measure_cost(Watch& watch) {
  constexpr uint32_t kTurns = 200'000;  // some 0.2 ms
  constexpr int kRounds = 5;
  constexpr uint32_t kGapNs = 40'000;
  uint64_t plain_ns = ~0ull;
  uint64_t sampled_ns = ~0ull;
  uint32_t sample_count = 1;
  g_process.base_gap_ns = kGapNs;
  for (int round = 0; round < kRounds; ++round) {
    uint64_t begin = thread_cpu_ns();
    spin(kTurns);
    const uint64_t plain = thread_cpu_ns() - begin;
    plain_ns = plain < plain_ns ? plain : plain_ns;
    begin_calibration(watch, kGapNs);
    begin = thread_cpu_ns();
    spin(kTurns);
    const uint64_t sampled = thread_cpu_ns() - begin;
    const uint32_t count = end_calibration(watch);
    if (count > 0 && sampled < sampled_ns) {
      sampled_ns = sampled;
      sample_count = count;
    }
  }
  const uint64_t extra_ns = sampled_ns > plain_ns && sampled_ns != ~0ull ? sampled_ns - plain_ns : 0;
  const auto cost_ns = static_cast<uint32_t>(extra_ns / sample_count);
  return {cost_ns < 1'000 ? 1'000 : cost_ns, calibrated_latency_ns()};
}

/// Signals the calling thread as the collector does.
void signal_self() {
  siginfo_t info;
  memset(&info, 0, sizeof info);
  info.si_signo = g_process.signal;
  info.si_code = SI_QUEUE;
  info.si_pid = static_cast<pid_t>(sys_call(__NR_getpid));
  info.si_value.sival_ptr = reinterpret_cast<void*>(record::signal_value(g_process.region->token, mono_ns()));
  sys_call(__NR_rt_tgsigqueueinfo, info.si_pid, sys_call(__NR_gettid), info.si_signo, reinterpret_cast<long>(&info));
}

/// What one of the collector's signals costs the thread that gets it.
uint32_t measure_signal_cost(Watch& watch) {
  constexpr int kRounds = 50;
  uint64_t least_ns = ~0ull;
  begin_calibration(watch, kShortestMeanNs);
  for (int round = 0; round < kRounds; ++round) {
    const uint64_t begin = thread_cpu_ns();
    signal_self();
    const uint64_t taken = thread_cpu_ns() - begin;
    least_ns = taken < least_ns ? taken : least_ns;
  }
  end_calibration(watch);
  return static_cast<uint32_t>(least_ns);
}

void set_rate(uint32_t wanted_rate_hz) {
  if (wanted_rate_hz != 0) {
    g_process.budget = kFixedRateShare;
    g_process.base_gap_ns = 1'000'000'000u / wanted_rate_hz;
    return;
  }
  g_process.budget = kBudgetShare;
  const double mean_ns = g_process.cost_ns / kBudgetShare;
  g_process.base_gap_ns = mean_ns < kShortestMeanNs  ? kShortestMeanNs
                          : mean_ns > kLongestMeanNs ? kLongestMeanNs
                                                     : static_cast<uint32_t>(mean_ns);
}

}  // namespace

int set_up_clock(record::Engine only, uint32_t wanted_rate_hz) {
  const int signal = g_process.signal != 0 ? g_process.signal : take_signal();  // ours since an earlier visit
  if (signal == 0) {
    return EBUSY;
  }
  g_process.signal = signal;
  g_process.engine = record::Engine::None;
  int refusal = 0;
  if (only != record::Engine::ThreadClocks) {
    const int fd = open_perf_event(PERF_COUNT_SW_CPU_CLOCK, kShortestMeanNs, 0);
    if (fd >= 0) {
      sys_call(__NR_close, fd);
      g_process.engine = record::Engine::PerfClock;
    } else {
      refusal = -fd;
    }
  }
  if (g_process.engine == record::Engine::None && only != record::Engine::PerfClock) {
    g_process.engine = record::Engine::ThreadClocks;
  }
  if (g_process.engine == record::Engine::None) {
    return refusal;
  }
  // Until measured: what virtual machines have shown.
  g_process.cost_ns = 15'000;
  static Watch calibration;
  calibration.tid = static_cast<uint32_t>(sys_call(__NR_gettid));
  calibration.visit = g_visit.load();
  calibration.fd = -1;
  calibration.gap_ns = kShortestMeanNs;
  calibration.random_state = 88172645463325252ull;
  g_process.base_gap_ns = kShortestMeanNs;
  if (g_process.engine == record::Engine::PerfClock) {
    if (open_perf_clock(calibration)) {
      const Cost cost = measure_cost(calibration);
      g_process.cost_ns = cost.sample_ns;
      g_process.latency_ns = cost.latency_ns;
      release_event(calibration);
    }
  } else {
    g_process.cost_ns = measure_signal_cost(calibration);
  }
  set_rate(wanted_rate_hz);
  return 0;
}

namespace {

uint64_t cpu_ns_of(const Watch& watch) { return &watch == t_watch ? thread_cpu_ns() : thread_cpu_ns(watch.tid); }

bool start_perf_clock(Watch& watch) { return sys_call(__NR_ioctl, watch.fd, PERF_EVENT_IOC_REFRESH, 1) >= 0; }

}  // namespace

bool open_clock(Watch& watch, Hold hold) {
  watch.fd = -1;
  watch.is_parked = false;
  watch.event_page = nullptr;
  watch.kernel.fault_fd = -1;
  watch.mean_gap_ns = g_process.base_gap_ns;
  watch.gap_ns = draw_gap(watch.mean_gap_ns, &watch.random_state);
  watch.armed_cpu_ns = watch.slot->start_cpu_ns;  // until it runs
  if (g_process.engine == record::Engine::PerfClock) {
    if (!open_perf_clock(watch)) {
      return false;
    }
    if (hold == Hold::Now) {
      hold_event(watch);
    }
    start_perf_clock(watch);
  }
  watch.armed_cpu_ns = cpu_ns_of(watch);
  return true;
}

bool close_clock(Watch& watch) {
  const bool was_open = watch.fd >= 0;
  const bool is_held = watch.event_page != nullptr;
  close_fault_clock(watch);
  return release_event(watch) || is_held || !was_open;
}

void arm_clock(Watch& watch) {
  watch.gap_ns = draw_gap(watch.mean_gap_ns, &watch.random_state);
  watch.kernel.told_gaps = 0;
  watch.kernel.armed_taken_ns = 0;
  watch.armed_cpu_ns = cpu_ns_of(watch);
  if (g_process.engine != record::Engine::PerfClock) {
    return;
  }
  if (!start_event(watch.fd, watch.event_id, watch.gap_ns)) {
    release_event(watch);
    if (!open_perf_clock(watch) || !start_perf_clock(watch)) {
      return;
    }
  }
  if (watch.event_page == nullptr) {
    hold_event(watch);
  }
}

void open_fault_clock(Watch& watch) {
  watch.kernel.fault_fd = open_directed(PERF_COUNT_SW_PAGE_FAULTS, 1, watch.tid);
  watch.kernel.fault_id = perf_event_id(watch.kernel.fault_fd);
  arm_fault_clock(watch);
}

void arm_fault_clock(Watch& watch) {
  KernelTime& kernel = watch.kernel;
  if (kernel.fault_fd >= 0) {
    kernel.mean_faults = watch.mean_gap_ns / kernel.fault_ns + 1;
    const double drawn = exponential(next_random(&watch.random_state)) * kernel.mean_faults;
    if (!start_event(kernel.fault_fd, kernel.fault_id, 1 + static_cast<uint64_t>(drawn))) {
      kernel.fault_fd = -1;  // the program has closed it
    }
  }
}

void park_clock(Watch& watch) {
  if (watch.fd < 0) {
    return;
  }
  // With our signal blocked the clock may have fired already, which no call tells. Enabled then, it would fire for ever.
  uint64_t blocked = ~0ull;
  constexpr long kMaskBytes = sizeof blocked;
  if (sys_call(__NR_rt_sigprocmask, SIG_BLOCK, 0, reinterpret_cast<long>(&blocked), kMaskBytes) != 0 ||
      (blocked >> (g_process.signal - 1) & 1) != 0) {
    return;
  }
  watch.is_parked = sys_call(__NR_ioctl, watch.fd, PERF_EVENT_IOC_DISABLE, 0) == 0;
}

void unpark_clock(Watch& watch) {
  if (watch.is_parked) {
    watch.is_parked = false;
    sys_call(__NR_ioctl, watch.fd, PERF_EVENT_IOC_ENABLE, 0);
  }
}

bool is_own_process() {
  return g_process.active.load() && g_process.own_pid == static_cast<uint32_t>(sys_call(__NR_getpid));
}

namespace {

void set_state(record::ProbeState state) { g_process.self->state.store(static_cast<uint32_t>(state)); }

}  // namespace

void stop_clock_for_exec() {
  if (!is_own_process()) {
    return;
  }
  if (g_process.engine == record::Engine::PerfClock) {
    const Watch* watch = own_watch();
    if (watch != nullptr && watch->fd >= 0) {
      sys_call(__NR_ioctl, watch->fd, PERF_EVENT_IOC_DISABLE, 0);
    }
    if (watch != nullptr && watch->kernel.fault_fd >= 0) {
      sys_call(__NR_ioctl, watch->kernel.fault_fd, PERF_EVENT_IOC_DISABLE, 0);
    }
    return;
  }
  set_state(record::ProbeState::Claimed);
  // The collector is in there for microseconds; should it be killed there, this is as long as we wait for it.
  constexpr uint64_t kPatienceNs = 20'000'000;
  const uint64_t begin_ns = mono_ns();
  while (g_process.region->pacing.load() != 0 && mono_ns() - begin_ns < kPatienceNs) {
    sys_call(__NR_sched_yield);
  }
}

void start_clock_after_exec() {
  if (!is_own_process()) {
    return;
  }
  if (g_process.engine == record::Engine::PerfClock) {
    if (Watch* watch = own_watch()) {
      arm_clock(*watch);
    }
    return;
  }
  set_state(record::ProbeState::Sampling);
}

bool is_our_signal(const siginfo_t& info) {
  if (g_process.engine == record::Engine::PerfClock) {
    return info.si_code > 0 && info.si_code != SI_KERNEL;  // POLL_IN ... POLL_HUP: F_SETSIG's codes
  }
  return info.si_code == SI_QUEUE &&
         record::is_signal_value(g_process.region->token, reinterpret_cast<uint64_t>(info.si_value.sival_ptr));
}

uint64_t signal_age_ns(const siginfo_t& info) {
  return record::signal_age_ns(reinterpret_cast<uint64_t>(info.si_value.sival_ptr), mono_ns());
}

}  // namespace hasten::probe
