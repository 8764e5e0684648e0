#include "collect/attach.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <memory>
#include <random>
#include <vector>

#include "collect/interrupts.h"
#include "collect/modules.h"
#include "collect/names.h"
#include "collect/outside_walk.h"
#include "collect/proc.h"
#include "collect/process_record.h"
#include "collect/python_place.h"
#include "collect/recorder.h"
#include "collect/region_owner.h"
#include "collect/thread_watch.h"
#include "record/writer.h"

namespace hasten::collect {
namespace {

constexpr double kDefaultRateHz = 200;
constexpr uint64_t kTickNs = 10'000'000;
constexpr uint64_t kThreadListGapNs = 50'000'000;
/// Of so few threads the list is read at every look (10 us), so that those of a few milliseconds are seen.
constexpr size_t kFewThreads = 100;
constexpr uint64_t kFlushGapNs = 250'000'000;
constexpr long kMomentNs = 50'000;

/// One thread of the target, as it is looked at.
struct Looked {
  uint32_t tid = 0;
  uint32_t slot_idx = 0;
  int stat_fd = -1;
  int clock_fd = -1;  ///< perf's clock of the thread, which is never behind; -1: we may not have it
  int schedstat_fd = -1;
  uint64_t first_cpu_ns = 0;
  uint64_t cpu_ns = 0;                  ///< when last read
  uint64_t unplaced_ns = 0;             ///< CPU time for which no place has been seen yet
  std::optional<record::Sample> last;   ///< the last place that was seen
  std::vector<record::Sample> pending;  ///< places seen since the scheduler last moved the clock; in order
};

/// Places that wait for the clock: at most a tick's worth, and a tick is 10 ms at the most.
constexpr size_t kPendingMax = 256;

bool read_cpu_ns(int fd, uint64_t* cpu_ns) {
  char text[96];
  const ssize_t length = ::pread(fd, text, sizeof text - 1, 0);
  if (length <= 0) {
    return false;
  }
  text[length] = '\0';
  *cpu_ns = std::strtoull(text, nullptr, 10);
  return true;
}

/// Counts the CPU time of a thread, and nothing else: it interrupts nobody. -1: not allowed.
int open_thread_clock(uint32_t tid) {
  perf_event_attr wanted{};
  wanted.size = sizeof wanted;
  wanted.type = PERF_TYPE_SOFTWARE;
  wanted.config = PERF_COUNT_SW_TASK_CLOCK;
  wanted.exclude_kernel = 1;  // without it, root's; this clock runs in the kernel all the same
  return static_cast<int>(
      ::syscall(SYS_perf_event_open, &wanted, static_cast<pid_t>(tid), -1, -1, PERF_FLAG_FD_CLOEXEC));
}

/// The thread's CPU clock now: perf's, or what the scheduler last wrote down.
bool read_cpu_ns(const Looked& looked, uint64_t* cpu_ns) {
  if (looked.clock_fd < 0) {
    return read_cpu_ns(looked.schedstat_fd, cpu_ns);
  }
  uint64_t counted_ns = 0;
  const bool read = ::read(looked.clock_fd, &counted_ns, sizeof counted_ns) == sizeof counted_ns;
  *cpu_ns = looked.first_cpu_ns + counted_ns;
  return read;
}

bool is_running(int stat_fd) {
  char text[128];
  const ssize_t length = ::pread(stat_fd, text, sizeof text, 0);
  for (ssize_t i = length - 3; i > 0; --i) {
    if (text[i] == ')') {
      return text[i + 2] == 'R';
    }
  }
  return false;
}

class Attachment {
 public:
  Attachment(const AttachPlan& plan, record::PythonPlace python, RegionOwner owner, record::CaptureWriter writer)
      : plan_(plan),
        python_(python),
        owner_(std::move(owner)),
        writer_(std::move(writer)),
        names_(writer_, foreign_root(plan.pid)) {}

  Outcome follow() {
    begin();
    const Interrupts interrupts;
    if (plan_.ready_fd >= 0) {
      constexpr char kReady[] = "ready\n";
      (void)!::write(plan_.ready_fd, kReady, sizeof kReady - 1);  // nobody left to hear it: stop_fd says so
    }
    const uint64_t end_ns =
        plan_.seconds > 0 ? facts_.start_mono_ns + static_cast<uint64_t>(plan_.seconds * 1e9) : ~uint64_t{0};
    uint64_t next_sample_ns = facts_.start_mono_ns;
    uint64_t next_tick_ns = facts_.start_mono_ns;
    Outcome outcome;
    while (!is_gone()) {
      const uint64_t now_ns = mono_now_ns();
      if (now_ns >= end_ns) {
        break;
      }
      if (now_ns >= next_sample_ns) {
        look_at_all(now_ns);
        std::exponential_distribution<double> gap(rate_hz() * 1e-9);
        next_sample_ns = now_ns + static_cast<uint64_t>(gap(random_));
      }
      if (now_ns >= next_tick_ns) {
        if (is_replaced()) {
          note_exec();
          break;
        }
        tick(now_ns);
        next_tick_ns = now_ns + kTickNs;
      }
      if (interrupts.wait_until(std::min({next_sample_ns, next_tick_ns, end_ns}), plan_.stop_fd)) {
        outcome.interrupts = 1;
        break;
      }
    }
    finish(outcome);
    return outcome;
  }

 private:
  double rate_hz() const { return plan_.rate_hz > 0 ? plan_.rate_hz : kDefaultRateHz; }
  record::Region& region() const { return *owner_.region(); }
  bool is_gone() const { return ::access(proc_path(plan_.pid, "exe").c_str(), F_OK) != 0; }

  /// An exec: what /proc opened as this process's memory is that of an image that is no more.
  bool is_replaced() const {
    char byte = 0;
    return memory_fd_ >= 0 && ::pread(memory_fd_, &byte, 1, static_cast<off_t>(python_.runtime_address)) == 0 &&
           !is_gone();
  }

  /// The program that stands in its place is another, with other threads: it is named, and read no further.
  void note_exec() {
    record::Process next;
    next.pid = plan_.pid;
    next.parent_pid = facts_.parent_pid;
    // While the exec goes on it has no command line yet.
    constexpr timespec kMillisecond{0, 1'000'000};
    for (int i = 0; next.command.empty() && !is_gone() && i < 100; ++i) {
      next.command = command_line(plan_.pid);
      ::nanosleep(&kMillisecond, nullptr);
    }
    next.executable = link_target(proc_path(plan_.pid, "exe"));
    next.start_mono_ns = mono_now_ns();
    next.start_wall_ns = facts_.start_wall_ns + static_cast<int64_t>(next.start_mono_ns - facts_.start_mono_ns);
    next.continues = true;
    next.why_not_sampled =
        "it replaced the program that was read (exec), at which the reading ended; measure it anew to go on";
    writer_.add_process(1, next);
  }

  void begin() {
    facts_.pid = plan_.pid;
    facts_.command = command_line(plan_.pid);
    facts_.cwd = link_target(proc_path(plan_.pid, "cwd"));
    facts_.executable = link_target(proc_path(plan_.pid, "exe"));
    facts_.python_version = version_text(python_.version_hex);
    facts_.start_mono_ns = mono_now_ns();
    timespec now;
    ::clock_gettime(CLOCK_REALTIME, &now);
    facts_.start_wall_ns = static_cast<int64_t>(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
    facts_.engine = record::Engine::Outside;
    facts_.rate_hz = rate_hz();
    facts_.rate_fixed = plan_.rate_hz > 0;
    writer_.add_process(0, facts_);
    region().processes[0].pid.store(plan_.pid);
    recorder_ = std::make_unique<Recorder>(owner_, 0, writer_, names_, modules_, 0, plan_.pid, facts_.cwd,
                                           facts_.start_mono_ns);
    watch_ = std::make_unique<ThreadWatch>(owner_.region(), python_, plan_.pid, *recorder_);
    walk_ = std::make_unique<OutsideWalk>(python_, plan_.pid, *recorder_);
    task_folder_.reset(::opendir(proc_path(plan_.pid, "task").c_str()));
    list_threads(facts_.start_mono_ns);
    memory_fd_ = ::open(proc_path(plan_.pid, "mem").c_str(), O_RDONLY | O_CLOEXEC);
    first_cpu_ns_ = process_cpu_ns(plan_.pid).value_or(0);
    last_cpu_ns_ = first_cpu_ns_;
  }

  /// Threads come and go.
  void list_threads(uint64_t now_ns) {
    const bool is_first = last_list_ns_ == 0;
    last_list_ns_ = now_ns;
    std::vector<uint32_t> tids;
    if (task_folder_ != nullptr) {
      ::rewinddir(task_folder_.get());
      while (const dirent* entry = ::readdir(task_folder_.get())) {
        if (const unsigned long tid = std::strtoul(entry->d_name, nullptr, 10); tid != 0) {
          tids.push_back(static_cast<uint32_t>(tid));
        }
      }
    }
    bool changed = false;
    for (auto at = threads_.begin(); at != threads_.end();) {
      if (std::find(tids.begin(), tids.end(), at->first) == tids.end()) {
        end_thread(at->second, now_ns);
        at = threads_.erase(at);
        changed = true;
      } else {
        ++at;
      }
    }
    for (const uint32_t tid : tids) {
      if (!threads_.contains(tid)) {
        begin_thread(tid, now_ns, is_first);
        changed = true;
      }
    }
    if (changed) {
      recorder_->drain(true);
    }
  }

  /// `was_there`: it began before we came.
  void begin_thread(uint32_t tid, uint64_t now_ns, bool was_there) {
    const auto free = std::find_if(std::begin(region().slots), std::end(region().slots),
                                   [](const record::ThreadSlot& slot) { return slot.word.load() == 0; });
    if (free == std::end(region().slots)) {
      region().processes[0].unsampled_threads.fetch_add(1);
      return;
    }
    Looked looked;
    looked.tid = tid;
    looked.slot_idx = static_cast<uint32_t>(free - std::begin(region().slots));
    const std::string folder = fmt::format("/proc/{}/task/{}/", plan_.pid, tid);
    looked.stat_fd = ::open((folder + "stat").c_str(), O_RDONLY | O_CLOEXEC);
    looked.schedstat_fd = ::open((folder + "schedstat").c_str(), O_RDONLY | O_CLOEXEC);
    read_cpu_ns(looked.schedstat_fd, &looked.first_cpu_ns);
    looked.clock_fd = open_thread_clock(tid);
    looked.cpu_ns = was_there ? looked.first_cpu_ns : 0;
    free->tid = tid;
    free->start_mono_ns = now_ns;
    free->start_cpu_ns = looked.cpu_ns;
    region().slots_used.store(std::max(region().slots_used.load(), looked.slot_idx + 1));
    free->word.store(record::slot_word(record::SlotState::Live, 0));
    threads_.emplace(tid, looked);
  }

  void end_thread(Looked& looked, uint64_t now_ns) {
    move_clock(looked);  // perf's outlives the thread
    if (looked.pending.empty() && looked.last) {
      looked.pending.push_back(*looked.last);
    }
    if (looked.unplaced_ns > 0) {
      settle(looked);
    }
    record::ThreadSlot& slot = region().slots[looked.slot_idx];
    slot.end_mono_ns = now_ns;
    slot.end_cpu_ns = looked.cpu_ns;
    slot.word.store(record::slot_word(record::SlotState::Ended, 0));
    ::close(looked.stat_fd);
    ::close(looked.schedstat_fd);
    if (looked.clock_fd >= 0) {
      ::close(looked.clock_fd);
    }
  }

  void look_at_all(uint64_t now_ns) {
    bool exact = false;
    for (auto& [tid, looked] : threads_) {
      if (move_clock(looked)) {
        settle(looked);
      }
      exact |= looked.clock_fd >= 0;
    }
    if (threads_.size() < kFewThreads) {
      list_threads(now_ns);
    }
    if (exact) {
      // Waking up may have taken the CPU from one of these threads: whoever had one shall have it again.
      const timespec moment{0, kMomentNs};
      ::nanosleep(&moment, nullptr);
    }
    for (auto& [tid, looked] : threads_) {
      // A thread that is ready, but without a CPU, is not where it uses time: it may have lost its CPU in a call.
      const bool moved = move_clock(looked);
      if ((moved || looked.clock_fd < 0) && looked.pending.size() < kPendingMax && is_running(looked.stat_fd)) {
        see(looked, now_ns);
      }
    }
  }

  /// Reads the thread's clock again. Returns whether it went on.
  bool move_clock(Looked& looked) const {
    uint64_t cpu_ns = 0;
    if (!read_cpu_ns(looked, &cpu_ns) || cpu_ns <= looked.cpu_ns) {
      return false;
    }
    looked.unplaced_ns += cpu_ns - looked.cpu_ns;
    looked.cpu_ns = cpu_ns;
    return true;
  }

  /// The place where the thread is now. Whether the scheduler has just written down the thread's time must not matter: it
  /// does so at its ticks, and whenever the thread sleeps or asks for it, and the places of these would be seen too often.
  void see(Looked& looked, uint64_t now_ns) {
    const std::optional<uint32_t> thread = recorder_->thread_of_slot(looked.slot_idx);
    if (!thread) {
      return;
    }
    const std::optional<uint32_t> stack = walk_->moving_stack_of(looked.tid);
    record::Sample sample;
    sample.thread = *thread;
    sample.stack = stack.value_or(0);
    sample.time_ns = recorder_->relative_ns(now_ns);
    sample.broken = !stack;
    looked.pending.push_back(sample);
    looked.last = sample;
  }

  /// What the thread used since the last time goes to the places where it was seen running meanwhile, in equal parts; if
  /// there are none, to those where it is seen next.
  void settle(Looked& looked) {
    for (size_t left = looked.pending.size(); left > 0; --left) {
      record::Sample& sample = looked.pending[looked.pending.size() - left];
      sample.user_ns = static_cast<uint32_t>(std::min<uint64_t>(looked.unplaced_ns / left, 0x7fffffff));
      looked.unplaced_ns -= sample.user_ns;
      recorder_->add_outside_sample(sample);
    }
    looked.pending.clear();
  }

  void tick(uint64_t now_ns) {
    if (now_ns - last_list_ns_ > kThreadListGapNs) {
      list_threads(now_ns);
    }
    watch_->tick(now_ns);
    last_cpu_ns_ = process_cpu_ns(plan_.pid).value_or(last_cpu_ns_);
    if (now_ns - last_flush_ns_ > kFlushGapNs) {
      last_flush_ns_ = now_ns;
      peak_rss_bytes_ = std::max(peak_rss_bytes_, status_bytes(proc_path(plan_.pid, "status"), "VmRSS:"));
      note_failure(writer_.flush());
    }
  }

  void finish(Outcome& outcome) {
    if (memory_fd_ >= 0) {
      ::close(memory_fd_);
    }
    const uint64_t end_ns = mono_now_ns();
    watch_->finish();
    for (auto& [tid, looked] : threads_) {
      end_thread(looked, end_ns);
    }
    recorder_->finish(end_ns);
    record::End end;
    end.exit_code = record::kExitUnknown;
    end.wall_ns = end_ns - facts_.start_mono_ns;
    end.cpu_user_ns = end.own_cpu_ns = last_cpu_ns_ - first_cpu_ns_;
    end.peak_rss_bytes = peak_rss_bytes_;
    writer_.add_end(end);
    note_failure(writer_.finish());
    outcome.pid = plan_.pid;
    outcome.wall_s = static_cast<double>(end.wall_ns) * 1e-9;
    outcome.samples = recorder_->sample_count();
    outcome.capture_bytes = writer_.bytes_written();
    outcome.capture_failure = failure_;
  }

  void note_failure(const Result<void>& written) {
    if (!written && failure_.empty()) {
      failure_ = written.error().line();
    }
  }

  const AttachPlan& plan_;
  record::PythonPlace python_;
  RegionOwner owner_;  ///< no target writes to it: it holds the list of threads for what reads them from there
  record::CaptureWriter writer_;
  NameTable names_;
  ModuleMap modules_;
  record::Process facts_;
  std::unique_ptr<Recorder> recorder_;
  std::unique_ptr<ThreadWatch> watch_;
  std::unique_ptr<OutsideWalk> walk_;
  std::map<uint32_t, Looked> threads_;  ///< by tid
  std::mt19937_64 random_{std::random_device{}()};
  std::unique_ptr<DIR, decltype([](DIR* folder) { ::closedir(folder); })> task_folder_;
  int memory_fd_ = -1;  ///< its memory when the reading began, to notice an exec
  uint64_t first_cpu_ns_ = 0;
  uint64_t last_cpu_ns_ = 0;
  uint64_t peak_rss_bytes_ = 0;
  uint64_t last_list_ns_ = 0;
  uint64_t last_flush_ns_ = 0;
  std::string failure_;
};

}  // namespace

Result<Outcome> attach(const AttachPlan& plan) {
  Result<record::PythonPlace> python = find_python(plan.pid);
  if (!python) {
    return python.error();
  }
  Result<RegionOwner> owner = RegionOwner::create(0, record::Engine::Outside);
  if (!owner) {
    return owner.error();
  }
  Result<record::CaptureWriter> writer = record::CaptureWriter::create(plan.capture_path);
  if (!writer) {
    return writer.error();
  }
  return Attachment(plan, python.value(), std::move(owner).value(), std::move(writer).value()).follow();
}

}  // namespace hasten::collect
