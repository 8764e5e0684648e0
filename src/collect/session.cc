#include "collect/session.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <climits>
#include <cstring>
#include <fstream>
#include <memory>

#include "collect/forward.h"
#include "collect/modules.h"
#include "collect/names.h"
#include "collect/recorder.h"
#include "collect/region_owner.h"
#include "collect/spawn.h"
#include "collect/thread_watch.h"
#include "record/writer.h"

namespace hasten::collect {
namespace {

using record::ProbeState;

constexpr int kTickMs = 10;
constexpr uint64_t kFlushGapNs = 250'000'000;
/// A process younger than this is taken to be growing still.
constexpr uint64_t kStartingNs = 1'000'000'000;

uint64_t clock_ns(clockid_t clock) {
  timespec now;
  ::clock_gettime(clock, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000u + static_cast<uint64_t>(now.tv_nsec);
}

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

std::string link_target(const std::string& link) {
  char path[PATH_MAX];
  const ssize_t length = ::readlink(link.c_str(), path, sizeof path);
  return length < 0 ? std::string() : std::string(path, static_cast<size_t>(length));
}

/// The high-water mark of a live process, or 0.
uint64_t peak_rss_bytes(uint32_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/status");
  std::string line;
  while (std::getline(file, line)) {
    if (line.starts_with("VmHWM:")) {
      return std::strtoull(line.c_str() + 6, nullptr, 10) * 1024;
    }
  }
  return 0;
}

std::string version_text(uint32_t hex) {
  return hex == 0 ? "an unknown version" : fmt::format("{}.{}.{}", hex >> 24, hex >> 16 & 0xff, hex >> 8 & 0xff);
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
    process_.command = plan_.command;
    process_.cwd = current_directory();
    process_.environment = telling_variables(command.environment);
    process_.stdin_kind = stdin_kind();
    process_.parent_pid = static_cast<uint32_t>(::getpid());
    process_.start_wall_ns = static_cast<int64_t>(clock_ns(CLOCK_REALTIME));
    process_.start_mono_ns = clock_ns(CLOCK_MONOTONIC);
    own_peak_bytes_ = peak_rss_bytes(process_.parent_pid);
    Result<pid_t> pid = spawn(command);
    if (!pid) {
      return pid.error();
    }
    pid_ = pid.value();
    process_.pid = static_cast<uint32_t>(pid_);
    return {};
  }

  Outcome follow() {
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
  ProbeState probe_state() const {
    return static_cast<ProbeState>(owner_.region()->state.load(std::memory_order_acquire));
  }

  void tick() {
    if (!recorder_ && probe_state() == ProbeState::Sampling) {
      begin_recording();
    }
    if (recorder_) {
      recorder_->drain(true);
    }
    const uint64_t now_ns = clock_ns(CLOCK_MONOTONIC);
    if (watch_) {
      watch_->tick(now_ns);
    }
    if (now_ns - last_flush_ns_ > kFlushGapNs) {
      last_flush_ns_ = now_ns;
      polled_peak_bytes_ = std::max(polled_peak_bytes_, peak_rss_bytes(measured_pid()));
      note_failure(writer_.flush());
    }
  }

  uint32_t measured_pid() const {
    const uint32_t owner = owner_.region()->owner_pid.load();
    return owner != 0 ? owner : static_cast<uint32_t>(pid_);
  }

  /// The probe is ready: what it found out goes into the capture, and samples can be taken over.
  void begin_recording() {
    const record::Region& region = *owner_.region();
    process_.pid = measured_pid();
    process_.executable = link_target("/proc/" + std::to_string(process_.pid) + "/exe");
    process_.python_version = version_text(region.python_hex);
    process_.engine = static_cast<record::Engine>(region.engine);
    process_.rate_hz = region.mean_gap_ns == 0 ? 0 : 1e9 / region.mean_gap_ns;
    process_.rate_fixed = region.wanted_rate_hz != 0;
    process_.sample_cost_ns = region.sample_cost_ns;
    writer_.add_process(0, process_);
    modules_.set_eval_loop(region.eval_begin, region.eval_end);
    recorder_ = std::make_unique<Recorder>(owner_.region(), writer_, names_, modules_, 0, process_.pid, process_.cwd,
                                           process_.start_mono_ns);
    watch_ = std::make_unique<ThreadWatch>(owner_.region(), process_.pid, *recorder_);
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
    end_mono_ns_ = clock_ns(CLOCK_MONOTONIC);
    end_.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
    end_.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    end_.wall_ns = end_mono_ns_ - process_.start_mono_ns;
    end_.cpu_user_ns = timeval_ns(usage.ru_utime);
    end_.cpu_system_ns = timeval_ns(usage.ru_stime);
    end_.children_in_cpu = true;
    end_.peak_rss_bytes = peak_of_target(static_cast<uint64_t>(usage.ru_maxrss) * 1024);
    return true;
  }

  /// 0 if nobody knows. The kernel's figure begins with the memory of the process that started the target, ours,
  /// so it tells only of larger ones. The probe tells at the end, unless the target ended at once (a signal,
  /// os._exit); then what was read while it ran serves, but not what was read while it was still growing.
  uint64_t peak_of_target(uint64_t kernel_bytes) const {
    if (kernel_bytes > own_peak_bytes_) {
      return kernel_bytes;
    }
    const uint64_t told_bytes = owner_.region()->peak_rss_bytes.load();
    if (told_bytes == 0 && end_.wall_ns < kStartingNs) {
      return 0;
    }
    return std::max(told_bytes, polled_peak_bytes_);
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
    if (!recorder_ && probe_state() == ProbeState::Sampling) {
      begin_recording();  // it was over before the first tick
    }
    process_.why_not_sampled = recorder_ ? std::string() : why_not_sampled();
    if (recorder_) {
      watch_->finish();
      recorder_->finish(end_mono_ns_);
    } else {
      process_.pid = measured_pid();
      writer_.add_process(0, process_);
    }
    writer_.add_end(end_);
    note_failure(writer_.finish());
    outcome.pid = static_cast<uint32_t>(pid_);
    outcome.exit_code = end_.exit_code;
    outcome.signal = end_.signal;
    outcome.wall_s = static_cast<double>(end_.wall_ns) * 1e-9;
    outcome.samples = recorder_ ? recorder_->sample_count() : 0;
    outcome.capture_bytes = writer_.bytes_written();
    outcome.why_not_sampled = process_.why_not_sampled;
    outcome.capture_failure = failure_;
  }

  std::string why_not_sampled() const {
    const record::Region& region = *owner_.region();
    switch (probe_state()) {
      case ProbeState::Unsupported:
        return fmt::format("Python {} cannot be sampled: Hasten knows CPython 3.11, 3.12 and 3.13 with the GIL",
                           version_text(region.python_hex));
      case ProbeState::NoClock:
        return fmt::format("no clock to sample with: {}", std::strerror(static_cast<int>(region.setup_errno)));
      case ProbeState::Claimed:
        return "the program ended while Hasten was setting up";
      default:
        return "the program ran no Python that could be measured";
    }
  }

  void note_failure(const Result<void>& written) {
    if (!written && failure_.empty()) {
      failure_ = written.error().line();
    }
  }

  const Plan& plan_;
  RegionOwner owner_;
  record::CaptureWriter writer_;
  NameTable names_;
  ModuleMap modules_;
  std::unique_ptr<Recorder> recorder_;
  std::unique_ptr<ThreadWatch> watch_;
  record::Process process_;
  record::End end_;
  pid_t pid_ = 0;
  uint64_t end_mono_ns_ = 0;
  uint64_t last_flush_ns_ = 0;
  uint64_t own_peak_bytes_ = 0;
  uint64_t polled_peak_bytes_ = 0;
  std::string failure_;
};

}  // namespace

Result<Outcome> run(const Plan& plan) {
  Result<RegionOwner> owner = RegionOwner::create(static_cast<uint32_t>(plan.rate_hz), plan.engine);
  if (!owner) {
    return owner.error();
  }
  Result<record::CaptureWriter> writer = record::CaptureWriter::create(plan.capture_path);
  if (!writer) {
    return writer.error();
  }
  Session session(plan, std::move(owner).value(), std::move(writer).value());
  Result<void> started = session.start();
  if (!started) {
    ::unlink(plan.capture_path.c_str());  // it holds nothing
    return started.error();
  }
  return session.follow();
}

}  // namespace hasten::collect
