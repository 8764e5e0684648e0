#include "collect/process_record.h"

#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "collect/proc.h"
#include "pyread/layout.h"

namespace hasten::collect {
namespace {

/// Looking at the memory of a large process takes milliseconds of CPU time: at most this share of a CPU goes into it.
constexpr double kMemoryLookShare = 0.01;
constexpr uint64_t kMemoryLookGapNs = 250'000'000;

std::string why_not_sampled(const record::ProcessSlot& slot) {
  if (slot.state.load() == static_cast<uint32_t>(record::ProbeState::NoClock)) {
    return fmt::format("no clock to sample with: {}", std::strerror(static_cast<int>(slot.setup_errno)));
  }
  return fmt::format("Python {} cannot be sampled: Hasten knows {}", version_text(slot.python.version_hex),
                     pyread::kKnownPythons);
}

/// Exit code and signal of a process that has died and was not waited for yet; they stand in /proc meanwhile.
std::optional<Ending> zombie_ending(uint32_t pid) {
  const std::string text = read_text(proc_path(pid, "stat"));
  const size_t name_end = text.rfind(')');
  const size_t last = text.find_last_of(' ');
  if (name_end == std::string::npos || last == std::string::npos || name_end + 2 >= text.size() ||
      text[name_end + 2] != 'Z') {
    return std::nullopt;
  }
  return ending_of(static_cast<int>(std::strtol(text.c_str() + last, nullptr, 10)));
}

/// CPU time of this thread.
uint64_t own_cpu_ns() {
  timespec now;
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000u + static_cast<uint64_t>(now.tv_nsec);
}

}  // namespace

Ending ending_of(int wait_status) {
  return WIFSIGNALED(wait_status) ? Ending{0, WTERMSIG(wait_status)} : Ending{WEXITSTATUS(wait_status), 0};
}

void free_process_slot(record::Region& region, uint32_t slot_idx) {
  record::ProcessSlot& slot = region.processes[slot_idx];
  slot.state.store(static_cast<uint32_t>(record::ProbeState::Waiting));
  for (std::atomic<uint64_t>* counter : {&slot.unsampled_threads, &slot.cpu_ns, &slot.peak_rss_bytes,
                                         &slot.compiled_ring.written, &slot.compiled_ring.consumed}) {
    counter->store(0);
  }
  slot.setup_errno = 0;
  slot.tasks_unseen.store(0);
  slot.pid.store(0, std::memory_order_release);
}

ProcessRecord::ProcessRecord(RegionOwner& owner, uint32_t slot_idx, uint32_t id, record::Process facts,
                             record::CaptureWriter& writer, NameTable& names, ProcessRecord* parent)
    : region_(owner.region()), slot_idx_(slot_idx), id_(id), facts_(std::move(facts)) {
  const record::ProcessSlot& from = slot();
  facts_.pid = from.pid.load();
  pidfd_ = static_cast<int>(::syscall(SYS_pidfd_open, facts_.pid, 0));
  if (facts_.executable.empty()) {
    facts_.executable = link_target(proc_path(facts_.pid, "exe"));
  }
  if (facts_.executable.empty() && parent != nullptr) {
    facts_.executable = parent->facts().executable;
  }
  facts_.python_version = version_text(from.python.version_hex);
  const bool sampling =
      from.state.load(std::memory_order_acquire) == static_cast<uint32_t>(record::ProbeState::Sampling);
  if (!sampling) {
    facts_.why_not_sampled = why_not_sampled(from);
    writer.add_process(id_, facts_);
    return;
  }
  facts_.engine = static_cast<record::Engine>(from.engine);
  facts_.rate_hz = from.mean_gap_ns == 0 ? 0 : 1e9 / from.mean_gap_ns;
  facts_.rate_fixed = region_->wanted_rate_hz != 0;
  facts_.sample_cost_ns = from.sample_cost_ns;
  writer.add_process(id_, facts_);
  if (parent != nullptr) {
    parent->drain(true);
    modules_ = parent->modules_;  // at the same places; should it be over already, /proc tells no more
    for (record::Module module : modules_.known()) {
      module.process = id_;
      writer.add_module(module);
    }
  }
  modules_.set_eval_loop(from.python);
  recorder_ = std::make_unique<Recorder>(owner, slot_idx_, writer, names, modules_, id_, facts_.pid, facts_.cwd,
                                         facts_.start_mono_ns);
  if (parent != nullptr && parent->recorder_) {
    recorder_->inherit(*parent->recorder_);
  }
  watch_ = std::make_unique<ThreadWatch>(region_, from.python, facts_.pid, *recorder_);
}

ProcessRecord::~ProcessRecord() {
  if (pidfd_ >= 0) {
    ::close(pidfd_);
  }
}

void ProcessRecord::drain(bool alive) {
  if (recorder_) {
    recorder_->drain(alive);
  }
}

void ProcessRecord::tick(uint64_t now_ns) {
  drain(true);
  if (watch_) {
    watch_->tick(now_ns);
  }
  cpu_ns_ = std::max(cpu_ns_, process_cpu_ns(facts_.pid).value_or(0));
}

void ProcessRecord::flush() {
  if (recorder_) {
    recorder_->flush_sums();
  }
}

bool ProcessRecord::is_over() const {
  if (pidfd_ < 0) {
    return ::kill(static_cast<pid_t>(facts_.pid), 0) != 0 && errno == ESRCH;
  }
  pollfd wait{pidfd_, POLLIN, 0};
  return ::poll(&wait, 1, 0) > 0;
}

uint64_t ProcessRecord::memory_bytes(uint64_t now_ns) {
  if (now_ns < next_memory_look_ns_) {
    return memory_bytes_;
  }
  const uint64_t begin_ns = own_cpu_ns();
  peak_rss_bytes_ = std::max(peak_rss_bytes_, status_bytes(proc_path(facts_.pid, "status"), "VmHWM:"));
  memory_bytes_ = status_bytes(proc_path(facts_.pid, "smaps_rollup"), "Pss:");
  const uint64_t taken_ns = own_cpu_ns() - begin_ns;
  next_memory_look_ns_ =
      now_ns + std::max(kMemoryLookGapNs, static_cast<uint64_t>(static_cast<double>(taken_ns) / kMemoryLookShare));
  return memory_bytes_;
}

record::End ProcessRecord::finish(uint64_t end_mono_ns) {
  record::End end;
  end.process = id_;
  const Ending ending = zombie_ending(facts_.pid).value_or(Ending{});
  end.exit_code = ending.exit_code;
  end.signal = ending.signal;
  if (recorder_) {
    watch_->finish();
    recorder_->finish(end_mono_ns);
  }
  const uint64_t told_ns = slot().cpu_ns.load();
  end.own_cpu_ns = told_ns != 0 ? told_ns : cpu_ns_;
  end.peak_rss_bytes = std::max(peak_rss_bytes_, slot().peak_rss_bytes.load());
  free_process_slot(*region_, slot_idx_);
  return end;
}

}  // namespace hasten::collect
