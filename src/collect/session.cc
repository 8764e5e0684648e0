#include "collect/session.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <climits>
#include <memory>
#include <unordered_map>

#include "collect/forward.h"
#include "collect/injection.h"
#include "collect/interrupts.h"
#include "collect/names.h"
#include "collect/pacemaker.h"
#include "collect/proc.h"
#include "collect/process_record.h"
#include "collect/region_owner.h"
#include "collect/spawn.h"
#include "record/writer.h"

namespace hasten::collect {
namespace {

using record::ProbeState;

constexpr int kTickMs = 10;
constexpr uint64_t kFlushGapNs = 250'000'000;
/// A process younger than this is taken to be growing still.
constexpr uint64_t kStartingNs = 1'000'000'000;
/// A report of a child's end that stays unfinished for so many ticks was never finished.
constexpr uint32_t kStuckTicksMax = 100;

/// While this lives the calling thread takes no CPU from a thread that runs, as the program's may: it waits for a free one or
/// for its turn, some milliseconds, which the rings outlast.
class WithoutPreempting {
 public:
  WithoutPreempting() : policy_(::sched_getscheduler(0)) {
    if (policy_ == SCHED_OTHER) {
      set(SCHED_BATCH);
    }
  }
  ~WithoutPreempting() {
    if (policy_ == SCHED_OTHER) {
      set(SCHED_OTHER);
    }
  }
  WithoutPreempting(const WithoutPreempting&) = delete;
  WithoutPreempting& operator=(const WithoutPreempting&) = delete;

 private:
  static void set(int policy) {
    const sched_param none{};
    ::sched_setscheduler(0, policy, &none);
  }
  int policy_;
};

uint64_t timeval_ns(const timeval& time) {
  return static_cast<uint64_t>(time.tv_sec) * 1'000'000'000u + static_cast<uint64_t>(time.tv_usec) * 1'000u;
}

record::StdinKind stdin_kind() {
  struct stat status;
  if (::fstat(0, &status) != 0) {
    return record::StdinKind::Closed;
  }
  if (::isatty(0) == 1) {
    return record::StdinKind::Terminal;
  }
  if (S_ISFIFO(status.st_mode)) {
    return record::StdinKind::Pipe;
  }
  if (S_ISSOCK(status.st_mode)) {
    return record::StdinKind::Socket;
  }
  if (S_ISREG(status.st_mode)) {
    return record::StdinKind::File;
  }
  struct stat null;
  if (S_ISCHR(status.st_mode) && ::stat("/dev/null", &null) == 0 && null.st_rdev == status.st_rdev) {
    return record::StdinKind::DevNull;
  }
  return record::StdinKind::Unknown;
}

std::string current_directory() {
  char path[PATH_MAX];
  return ::getcwd(path, sizeof path) == nullptr ? std::string() : std::string(path);
}

/// The state of one run; `run()` below is its table of contents.
class Session {
 public:
  Session(const Plan& plan, RegionOwner owner, record::CaptureWriter writer)
      : plan_(plan), owner_(std::move(owner)), writer_(std::move(writer)), names_(writer_) {}

  Result<void> start() {
    Command command;
    command.words = plan_.command;
    command.environment = plan_.environment.empty() ? own_environment() : plan_.environment;
    command.probe_path = plan_.probe_path;
    command.region_fd = owner_.fd();
    root_.command = plan_.command;
    root_.cwd = current_directory();
    root_.environment = telling_variables(command.environment);
    root_.stdin_kind = stdin_kind();
    root_.parent_pid = static_cast<uint32_t>(::getpid());
    root_.start_mono_ns = mono_now_ns();
    root_.start_wall_ns = wall_ns(root_.start_mono_ns);
    own_peak_bytes_ = status_bytes(proc_path(root_.parent_pid, "status"), "VmHWM:");
    Result<pid_t> pid = spawn(command);
    if (!pid) {
      return pid.error();
    }
    pid_ = pid.value();
    root_.pid = static_cast<uint32_t>(pid_);
    return {};
  }

  /// A process that runs already.
  Result<void> enter() {
    const uint32_t pid = plan_.inject_pid;
    pid_ = static_cast<pid_t>(pid);
    root_.pid = pid;
    root_.command = command_line(pid);
    root_.cwd = link_target(proc_path(pid, "cwd"));
    root_.executable = link_target(proc_path(pid, "exe"));
    Result<void> entered = inject(pid, owner_, plan_.probe_path);
    root_.start_mono_ns = mono_now_ns();
    root_.start_wall_ns = wall_ns(root_.start_mono_ns);
    cpu_before_ns_ = process_cpu_ns(pid).value_or(0);
    return entered;
  }

  Outcome follow_for_a_while() {
    const WithoutPreempting without_preempting;
    const Interrupts interrupts;
    const uint64_t end_ns =
        plan_.seconds > 0 ? root_.start_mono_ns + static_cast<uint64_t>(plan_.seconds * 1e9) : ~uint64_t{0};
    Outcome outcome;
    while (mono_now_ns() < end_ns && ::access(proc_path(root_.pid, "exe").c_str(), F_OK) == 0) {
      tick();
      if (interrupts.wait_until(std::min(mono_now_ns() + kTickMs * 1'000'000u, end_ns), -1)) {
        outcome.interrupts = 1;
        break;
      }
    }
    end_mono_ns_ = mono_now_ns();
    end_.exit_code = record::kExitUnknown;
    end_.wall_ns = end_mono_ns_ - root_.start_mono_ns;
    finish(outcome);
    outcome.exit_code = 0;
    return outcome;
  }

  Outcome follow() {
    const WithoutPreempting without_preempting;
    SignalForwarder signals;
    const int pidfd = static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0));
    pollfd waits[2] = {{signals.fd(), POLLIN, 0}, {pidfd, POLLIN, 0}};
    Outcome outcome;
    while (!take_status(signals)) {
      ::poll(waits, pidfd >= 0 ? 2 : 1, kTickMs);
      outcome.interrupts = signals.forward_to(pid_);
      tick();
    }
    if (pidfd >= 0) {
      ::close(pidfd);
    }
    outcome.interrupts = signals.forward_to(pid_);
    finish(outcome);
    return outcome;
  }

 private:
  record::Region& region() const { return *owner_.region(); }

  /// The instant on the wall clock, in nanoseconds since 1970.
  static int64_t wall_ns(uint64_t at_mono_ns) {
    timespec now;
    ::clock_gettime(CLOCK_REALTIME, &now);
    return static_cast<int64_t>(now.tv_sec) * 1'000'000'000 + now.tv_nsec -
           static_cast<int64_t>(mono_now_ns() - at_mono_ns);
  }

  void tick() {
    adopt();
    const uint64_t now_ns = mono_now_ns();
    region().heard_mono_ns.store(now_ns, std::memory_order_relaxed);
    for (const auto& record : live_) {
      if (record) {
        record->tick(now_ns);
      }
    }
    bury();
    read_child_ends();
    if (now_ns - last_flush_ns_ > kFlushGapNs) {
      last_flush_ns_ = now_ns;
      look_at_memory(now_ns);
      for (const auto& record : live_) {
        if (record) {
          record->flush();
        }
      }
      note_failure(writer_.flush());
    }
  }

  /// Begins a record for every process that has come up since the last look.
  void adopt() {
    const uint32_t used = std::min(region().processes_used.load(std::memory_order_acquire), record::kProcessCount);
    for (uint32_t i = 0; i < used; ++i) {
      const record::ProcessSlot& slot = region().processes[i];
      const auto state = static_cast<ProbeState>(slot.state.load(std::memory_order_acquire));
      if (live_[i] || slot.pid.load() == 0) {
        continue;
      }
      if (state != ProbeState::Waiting && state != ProbeState::Claimed) {
        adopt_one(i, slot);
      } else if (next_id_ != 0 && ::kill(static_cast<pid_t>(slot.pid.load()), 0) != 0 && errno == ESRCH) {
        free_process_slot(region(), i);  // died before it was ready
      }
    }
  }

  void adopt_one(uint32_t slot_idx, const record::ProcessSlot& slot) {
    const uint32_t pid = slot.pid.load();
    ProcessRecord* parent = slot.forked_from != 0 && slot.forked_from <= record::kProcessCount
                                ? live_[slot.forked_from - 1].get()
                                : nullptr;
    if (parent != nullptr && parent->pid() != slot.parent_pid) {
      parent = nullptr;  // it died, and its slot went to another
    }
    record::Process facts;
    const bool first = next_id_ == 0;
    if (first) {
      facts = root_;
    } else {
      facts.parent_pid = slot.parent_pid;
      facts.command = command_line(pid);
      if (facts.command.empty() && parent != nullptr) {
        facts.command = parent->facts().command;
      }
      facts.cwd = link_target(proc_path(pid, "cwd"));
      facts.start_mono_ns = slot.start_mono_ns;
      facts.start_wall_ns = wall_ns(slot.start_mono_ns);
    }
    for (uint32_t i = 0; i < record::kProcessCount; ++i) {
      if (live_[i] && i != slot_idx && live_[i]->pid() == pid) {
        facts.continues = true;  // an exec: the old image is gone
        end_record(i, slot.start_mono_ns);
      }
    }
    live_[slot_idx] = std::make_unique<ProcessRecord>(owner_, slot_idx, next_id_, facts, writer_, names_, parent);
    ids_[pid] = next_id_;
    if (slot.pid_namespace != 0) {
      const uint64_t own_number = number(slot.pid_namespace, slot.own_pid);
      ids_[own_number] = next_id_;
      own_numbers_[next_id_] = own_number;
    }
    ++next_id_;
    if (slot.engine == static_cast<uint32_t>(record::Engine::ThreadClocks) && !pacemaker_) {
      pacemaker_ = std::make_unique<Pacemaker>(owner_.region());
    }
  }

  /// Ends the records of processes that have died.
  void bury() {
    for (uint32_t i = 0; i < record::kProcessCount; ++i) {
      if (live_[i] && live_[i]->pid() != static_cast<uint32_t>(pid_) && live_[i]->is_over()) {
        end_record(i, mono_now_ns());
      }
    }
  }

  void end_record(uint32_t slot_idx, uint64_t end_mono_ns) {
    std::unique_ptr<ProcessRecord> record = std::move(live_[slot_idx]);
    record::End end = record->finish(end_mono_ns);
    end.wall_ns = end_mono_ns > record->start_mono_ns() ? end_mono_ns - record->start_mono_ns() : 0;
    end.cpu_user_ns = end.own_cpu_ns;
    samples_ += record->sample_count();
    if (record->id() == 0) {
      root_end_ = end;  // the rest is told by our own wait
      return;
    }
    ends_[record->id()] = end;
    auto told = told_.find(record->pid());
    const auto own = own_numbers_.find(record->id());
    if (told == told_.end() && own != own_numbers_.end()) {
      told = told_.find(own->second);
    }
    if (told != told_.end() && told->second.mono_ns >= record->start_mono_ns()) {
      complete_end(ends_[record->id()], told->second);
    } else {
      writer_.add_end(end);
    }
  }

  /// What the parents of processes that have died learned of their ends.
  void read_child_ends() {
    while (child_ends_read_ != region().child_ends_written.load(std::memory_order_acquire)) {
      record::ChildEnd& told = region().child_ends[child_ends_read_ % record::kChildEndCount];
      const uint32_t pid = told.pid.load(std::memory_order_acquire);
      if (pid == 0) {
        // Being written; or its writer was killed over it: then the next ones must not wait for ever.
        if (++child_ends_stuck_ < kStuckTicksMax) {
          return;
        }
      } else {
        take_child_end(number(told.pid_namespace, pid),
                       {told.status, told.mono_ns, told.cpu_user_ns, told.cpu_system_ns, told.peak_rss_bytes});
        told.pid.store(0);
      }
      child_ends_stuck_ = 0;
      ++child_ends_read_;
    }
  }

  /// A record::ChildEnd, taken out of the shared memory.
  struct Told {
    int32_t status;
    uint64_t mono_ns;
    uint64_t cpu_user_ns;
    uint64_t cpu_system_ns;
    uint64_t peak_rss_bytes;
  };

  /// What a process is called in a PID namespace (0: ours): two containers have the same numbers.
  static uint64_t number(uint32_t pid_namespace, uint32_t pid) {
    return static_cast<uint64_t>(pid_namespace) << 32 | pid;
  }

  void take_child_end(uint64_t pid, const Told& told) {
    const auto id = ids_.find(pid);
    const auto known = id == ids_.end() ? ends_.end() : ends_.find(id->second);
    if (known == ends_.end()) {
      told_[pid] = told;  // no Python, or not buried yet
      return;
    }
    complete_end(known->second, told);
  }

  void complete_end(record::End& end, const Told& told) {
    const Ending ending = ending_of(told.status);
    end.exit_code = ending.exit_code;
    end.signal = ending.signal;
    if (end.peak_rss_bytes == 0) {
      end.peak_rss_bytes = told.peak_rss_bytes;
    }
    end.cpu_user_ns = told.cpu_user_ns;
    end.cpu_system_ns = told.cpu_system_ns;
    end.children_in_cpu = true;
    writer_.add_end(end);
  }

  void look_at_memory(uint64_t now_ns) {
    record::TreeMemory memory;
    memory.mono_ns = now_ns;
    for (const auto& record : live_) {
      if (record) {
        const uint64_t bytes = record->memory_bytes(now_ns);
        memory.bytes += bytes;
        memory.process_count += bytes != 0 ? 1 : 0;
      }
    }
    if (memory.bytes > most_memory_bytes_) {
      most_memory_bytes_ = memory.bytes;
      writer_.add_memory(memory);
    }
  }

  /// True once the target has ended. Stops are followed where a shell watches for them.
  bool take_status(SignalForwarder&) {
    int status = 0;
    rusage usage{};
    const pid_t changed = ::wait4(pid_, &status, WNOHANG | WUNTRACED | WCONTINUED, &usage);
    if (changed != pid_) {
      return changed < 0 && errno == ECHILD;
    }
    if (WIFSTOPPED(status)) {
      follow_stop();
      return false;
    }
    if (!WIFEXITED(status) && !WIFSIGNALED(status)) {
      return false;
    }
    end_mono_ns_ = mono_now_ns();
    const Ending ending = ending_of(status);
    end_.exit_code = ending.exit_code;
    end_.signal = ending.signal;
    end_.wall_ns = end_mono_ns_ - root_.start_mono_ns;
    end_.cpu_user_ns = timeval_ns(usage.ru_utime);
    end_.cpu_system_ns = timeval_ns(usage.ru_stime);
    end_.children_in_cpu = true;
    kernel_peak_bytes_ = static_cast<uint64_t>(usage.ru_maxrss) * 1024;
    return true;
  }

  /// 0 if nobody knows. The kernel's figure begins with the memory of the process that started the target, ours,
  /// so it tells only of larger ones; and it is that of the largest process that was waited for. The probe tells at the
  /// end, unless the target was killed; then what was read while it ran serves, but not what was read while it was
  /// still growing.
  uint64_t peak_of_root(const record::End& told) const {
    if (next_id_ <= 1 && kernel_peak_bytes_ > own_peak_bytes_) {
      return kernel_peak_bytes_;
    }
    return end_.wall_ns < kStartingNs && end_.signal != 0 ? 0 : told.peak_rss_bytes;
  }

  /// The target was stopped. If we are the terminal's foreground job, the shell must see us stop too; being
  /// continued, we continue the target. Elsewhere nobody watches for it, and whoever continues the target
  /// would not think of us.
  void follow_stop() {
    if (::isatty(0) != 1 || ::tcgetpgrp(0) != ::getpgrp()) {
      return;
    }
    ::poll(nullptr, 0, 20);  // a continue may be under way to both of us
    siginfo_t info{};
    if (::waitid(P_PID, static_cast<id_t>(pid_), &info, WCONTINUED | WNOHANG | WNOWAIT) == 0 && info.si_pid == pid_) {
      return;
    }
    ::kill(::getpid(), SIGSTOP);
    ::kill(pid_, SIGCONT);
  }

  void finish(Outcome& outcome) {
    pacemaker_.reset();
    region().closed.store(1);
    adopt();  // it may have been over before the first tick
    for (uint32_t i = 0; i < record::kProcessCount; ++i) {
      if (!live_[i]) {
        continue;
      }
      // Whoever outlives the root has no end yet.
      const bool is_root = live_[i]->pid() == static_cast<uint32_t>(pid_);
      if (!is_root && !live_[i]->is_over()) {
        const uint32_t id = live_[i]->id();
        end_record(i, end_mono_ns_);
        ends_.erase(id);
        continue;
      }
      end_record(i, end_mono_ns_);
    }
    read_child_ends();
    std::string why_not;
    if (next_id_ == 0) {
      why_not = claimed_only() ? "the program ended while Hasten was setting up"
                               : "the program ran no Python that could be measured";
      root_.why_not_sampled = why_not;
      writer_.add_process(0, root_);
      next_id_ = 1;
    }
    end_root();
    note_failure(writer_.finish());
    outcome.pid = static_cast<uint32_t>(pid_);
    outcome.exit_code = end_.exit_code;
    outcome.signal = end_.signal;
    outcome.wall_s = static_cast<double>(end_.wall_ns) * 1e-9;
    outcome.samples = samples_;
    outcome.capture_bytes = writer_.bytes_written();
    outcome.why_not_sampled = why_not;
    outcome.capture_failure = failure_;
  }

  /// The end of the whole run stands in the capture's first process; where that was replaced by an exec, its last
  /// image ended the same way.
  void end_root() {
    end_.process = 0;
    end_.own_cpu_ns = root_end_.own_cpu_ns - std::min(cpu_before_ns_, root_end_.own_cpu_ns);
    if (plan_.inject_pid != 0) {
      end_.cpu_user_ns = end_.own_cpu_ns;
    }
    end_.peak_rss_bytes = peak_of_root(root_end_);
    writer_.add_end(end_);
    const auto last_image = ids_.find(static_cast<uint32_t>(pid_));
    const auto known = last_image == ids_.end() ? ends_.end() : ends_.find(last_image->second);
    if (known != ends_.end()) {
      known->second.exit_code = end_.exit_code;
      known->second.signal = end_.signal;
      writer_.add_end(known->second);
    }
  }

  bool claimed_only() const { return region().processes_used.load() != 0; }

  void note_failure(const Result<void>& written) {
    if (!written && failure_.empty()) {
      failure_ = written.error().line();
    }
  }

  const Plan& plan_;
  RegionOwner owner_;
  record::CaptureWriter writer_;
  NameTable names_;
  std::array<std::unique_ptr<ProcessRecord>, record::kProcessCount> live_;  ///< by slot of the region
  std::unordered_map<uint64_t, uint32_t> ids_;          ///< number() to the capture's id of its latest image
  std::unordered_map<uint32_t, uint64_t> own_numbers_;  ///< number() by the capture's id, of processes with their own
  std::unordered_map<uint32_t, record::End> ends_;      ///< by the capture's id, without the first
  std::unordered_map<uint64_t, Told> told_;             ///< by number(): ends of children that are not in ends_
  std::unique_ptr<Pacemaker> pacemaker_;
  uint32_t next_id_ = 0;
  uint32_t child_ends_read_ = 0;
  uint32_t child_ends_stuck_ = 0;
  uint64_t samples_ = 0;
  uint64_t most_memory_bytes_ = 0;
  record::Process root_;
  record::End root_end_;  ///< of the first process by itself
  record::End end_;       ///< of the run
  pid_t pid_ = 0;
  uint64_t end_mono_ns_ = 0;
  uint64_t cpu_before_ns_ = 0;  ///< what the process had used before it was entered
  uint64_t last_flush_ns_ = 0;
  uint64_t own_peak_bytes_ = 0;
  uint64_t kernel_peak_bytes_ = 0;
  std::string failure_;
};

}  // namespace

Result<Outcome> run(const Plan& plan) {
  Result<RegionOwner> owner = RegionOwner::create(static_cast<uint32_t>(plan.rate_hz), plan.engine, plan.native);
  if (!owner) {
    return owner.error();
  }
  Result<record::CaptureWriter> writer = record::CaptureWriter::create(plan.capture_path);
  if (!writer) {
    return writer.error();
  }
  Session session(plan, std::move(owner).value(), std::move(writer).value());
  const bool runs_already = plan.inject_pid != 0;
  Result<void> started = runs_already ? session.enter() : session.start();
  if (!started) {
    ::unlink(plan.capture_path.c_str());  // it holds nothing
    return started.error();
  }
  return runs_already ? session.follow_for_a_while() : session.follow();
}

}  // namespace hasten::collect
