#include "profile/facts.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <numeric>
#include <tuple>

namespace hasten::profile {
namespace {

constexpr double kSecondsPerNs = 1e-9;
/// CPU time outside the watched threads that is no other process's work: start-up and exit, about.
constexpr double kElsewhereShare = 0.2;
constexpr double kElsewhereLeastS = 0.05;

/// A command line without the numbers in it: workers are told their number, a descriptor, a port.
std::string command_shape(const std::vector<std::string>& command) {
  std::string shape;
  for (const std::string& word : command) {
    for (const char c : word) {
      if (c < '0' || c > '9') {
        shape += c;
      }
    }
    shape += '\0';
  }
  return shape;
}

/// A process that used less than this share of what the busiest did serves the workers (multiprocessing's manager, its resource
/// tracker): it is none.
constexpr double kWorkerShare = 0.1;

/// Leaves those that did a comparable share of the work.
Workers working(const Workers& alike, const std::vector<double>& cpu_s) {
  Workers found{alike.parent_pid, {}, 0, 0};
  found.most_cpu_s = *std::max_element(cpu_s.begin(), cpu_s.end());
  for (size_t i = 0; i < cpu_s.size(); ++i) {
    if (cpu_s[i] >= kWorkerShare * found.most_cpu_s) {
      found.pids.push_back(alike.pids[i]);
      found.mean_cpu_s += cpu_s[i];
    }
  }
  found.mean_cpu_s /= static_cast<double>(found.pids.size());
  return found;
}

/// Processes with one parent and one command that were all alive at one time: a pool, not one pool after another.
std::vector<Workers> workers_among(const std::vector<ProcessFacts>& processes) {
  struct Group {
    Workers workers;
    std::vector<double> cpu_s;
    double common_end_s = 0;  ///< the first of them to end
  };
  std::map<std::pair<uint32_t, std::string>, std::vector<Group>> groups;
  for (size_t p = 1; p < processes.size(); ++p) {  // in order of their start
    const ProcessFacts& process = processes[p];
    if (!process.cpu_s || !process.wall_s) {
      continue;
    }
    std::vector<Group>& alike = groups[{process.parent_pid, command_shape(process.command)}];
    const double end_s = process.start_s + *process.wall_s;
    if (alike.empty() || process.start_s >= alike.back().common_end_s) {
      alike.push_back({{process.parent_pid, {}, 0, 0}, {}, end_s});
    }
    Group& group = alike.back();
    group.common_end_s = std::min(group.common_end_s, end_s);
    group.workers.pids.push_back(process.pid);
    group.cpu_s.push_back(*process.cpu_s);
  }
  std::vector<Workers> found;
  for (auto& [key, alike] : groups) {
    for (const Group& group : alike) {
      Workers workers = working(group.workers, group.cpu_s);
      if (workers.pids.size() > 1) {
        found.push_back(std::move(workers));
      }
    }
  }
  return found;
}

std::string engine_text(record::Engine engine) {
  switch (engine) {
    case record::Engine::PerfClock:
      return "perf clock";
    case record::Engine::ThreadClocks:
      return "thread clocks";
    case record::Engine::Outside:
      return "from outside";
    case record::Engine::None:
      break;
  }
  return "none";
}

/// The record of the image that an exec replaced by this one.
std::optional<size_t> image_before_exec(const record::Capture& capture, size_t process_idx) {
  for (size_t p = process_idx; p-- > 0;) {
    if (capture.processes[p].pid == capture.processes[process_idx].pid) {
      return p;
    }
  }
  return std::nullopt;
}

/// The image before lasted until the exec; how the process ended is told of the image after.
void end_at_exec(ProcessFacts* before, ProcessFacts* after, uint64_t wall_ns) {
  before->wall_s = static_cast<double>(wall_ns) * kSecondsPerNs;
  if (!after->exit_code && !after->signal) {
    after->exit_code = before->exit_code;
    after->signal = before->signal;
  }
  before->exit_code.reset();
  before->signal.reset();
}

}  // namespace

bool is_root(const record::Capture& capture, size_t process_idx) {
  const record::Process& process = capture.processes[process_idx];
  // Every run's first process was started by Hasten itself, as which it is named.
  return process_idx == 0 || (!process.continues && process.parent_pid == capture.processes[0].parent_pid);
}

std::vector<LabelFacts> labels_of(const record::Capture& capture) {
  std::vector<LabelFacts> labels;
  for (const record::Label& label : capture.labels) {
    auto at = std::find_if(labels.begin(), labels.end(), [&](const LabelFacts& one) { return one.name == label.name; });
    if (at == labels.end()) {
      at = labels.insert(labels.end(), LabelFacts{label.name, 0, 0, 0});
    }
    at->count += label.count;
    at->wall_s += static_cast<double>(label.wall_ns) * kSecondsPerNs;
    at->cpu_s += static_cast<double>(label.cpu_ns) * kSecondsPerNs;
  }
  std::stable_sort(labels.begin(), labels.end(), [](const auto& a, const auto& b) { return a.wall_s > b.wall_s; });
  return labels;
}

std::vector<record::FunctionCount> counted_of(const record::Capture& capture) {
  std::map<std::tuple<std::string, std::string, uint32_t>, record::FunctionCount> all;
  for (const record::FunctionCount& count : capture.function_counts) {
    const auto [at, is_new] = all.try_emplace({count.file, count.function, count.first_line}, count);
    if (is_new) {
      continue;
    }
    record::FunctionCount& sum = at->second;
    std::map<uint32_t, record::LineCount> lines;
    for (const record::FunctionCount* part : {static_cast<const record::FunctionCount*>(&sum), &count}) {
      for (const record::LineCount& line : part->lines) {
        record::LineCount& all_of = lines[line.line];
        all_of.line = line.line;
        all_of.times += line.times;  // what it makes is known of each part, not of both together
      }
    }
    sum.lines.clear();
    for (auto& [number, line] : lines) {
      sum.lines.push_back(std::move(line));
    }
    sum.calls += count.calls;
    sum.process_count += count.process_count;
  }
  std::vector<record::FunctionCount> counted;
  for (auto& [key, count] : all) {
    counted.push_back(std::move(count));
  }
  return counted;
}

CaptureFacts facts_of(const record::Capture& capture) {
  CaptureFacts facts;
  double threads_cpu_s = 0;
  std::vector<const record::End*> end_of(capture.processes.size(), nullptr);
  for (const record::End& end : capture.ends) {
    if (end.process < end_of.size()) {
      end_of[end.process] = &end;
    }
  }
  std::vector<const record::Counts*> counts_of(capture.processes.size(), nullptr);
  for (const record::Counts& counts : capture.counts) {
    if (counts.process < counts_of.size()) {
      counts_of[counts.process] = &counts;  // cumulative: the last one counts
    }
  }

  // A root's account includes all children that were waited for, Python or not; the sum over processes also those that
  // nobody waited for.
  double waited_for_cpu_s = 0;
  double each_cpu_s = 0;
  bool each_known = true;
  bool cpu_known = true;
  const double first_start_ns =
      capture.processes.empty() ? 0 : static_cast<double>(capture.processes.front().start_mono_ns);
  for (size_t p = 0; p < capture.processes.size(); ++p) {
    const record::Process& process = capture.processes[p];
    ProcessFacts out;
    out.pid = process.pid;
    out.parent_pid = process.parent_pid;
    out.command = process.command;
    out.why_not_sampled = process.why_not_sampled;
    out.python = process.python_version;
    out.continues = process.continues;
    out.start_s = (static_cast<double>(process.start_mono_ns) - first_start_ns) * kSecondsPerNs;
    const bool root = is_root(capture, p);
    facts.run_count += root ? 1 : 0;
    const std::optional<size_t> image_before = process.continues ? image_before_exec(capture, p) : std::nullopt;
    if (const record::End* end = end_of[p]) {
      const uint64_t whole_ns = end->cpu_user_ns + end->cpu_system_ns;
      uint64_t own_ns = end->own_cpu_ns != 0 ? end->own_cpu_ns : whole_ns;
      if (image_before && end_of[*image_before] != nullptr) {  // a process's clock goes on over an exec
        own_ns -= std::min(own_ns, end_of[*image_before]->own_cpu_ns);
      }
      out.cpu_s = static_cast<double>(own_ns) * kSecondsPerNs;
      out.wall_s = static_cast<double>(end->wall_ns) * kSecondsPerNs;
      if (end->peak_rss_bytes != 0) {
        out.peak_rss_bytes = end->peak_rss_bytes;
        facts.peak_rss_bytes = std::max(facts.peak_rss_bytes.value_or(0), end->peak_rss_bytes);
      }
      if (end->signal != 0) {
        out.signal = end->signal;
      } else if (end->exit_code != record::kExitUnknown) {
        out.exit_code = end->exit_code;
      }
      each_cpu_s += *out.cpu_s;
      each_known = each_known && (end->own_cpu_ns != 0 || !end->children_in_cpu);
      if (root) {
        waited_for_cpu_s += static_cast<double>(whole_ns) * kSecondsPerNs;
      }
    } else if (root) {
      cpu_known = false;
    }
    if (const record::Counts* counts = counts_of[p]) {
      facts.lost += counts->lost;
      facts.broken_stacks += counts->broken_stacks;
      facts.throttled += counts->throttled;
      facts.unsampled_threads += counts->unsampled_threads;
      facts.tasks_unseen = facts.tasks_unseen || counts->tasks_unseen;
      facts.sampling_cost_ns += counts->samples * process.sample_cost_ns + counts->watch_ns;
      if (capture.mixed.size() > 1) {
        facts.sampling_cost_ns +=
            counts->handler_ns;  // what a sample was measured to cost has no copy of the C stack in it
      }
    }
    if (image_before) {
      end_at_exec(&facts.processes[*image_before], &out,
                  process.start_mono_ns - capture.processes[*image_before].start_mono_ns);
    }
    facts.processes.push_back(std::move(out));
  }
  if (!capture.processes.empty()) {
    const record::Process& first = capture.processes.front();
    facts.engine = engine_text(first.engine);
    facts.split_known = first.engine != record::Engine::Outside;
    facts.rate_hz = first.rate_hz;
    facts.python = first.python_version;
    if (cpu_known) {
      facts.cpu_s = each_known ? std::max(waited_for_cpu_s, each_cpu_s) : waited_for_cpu_s;
    }
  }
  for (const record::TreeMemory& memory : capture.memory) {
    if (memory.process_count > 1) {
      facts.tree_peak_bytes = std::max(facts.tree_peak_bytes.value_or(0), memory.bytes);
    }
  }
  if (facts.tree_peak_bytes) {
    // They were not looked at all the time; together they are never less than the largest alone.
    facts.tree_peak_bytes = std::max(*facts.tree_peak_bytes, facts.peak_rss_bytes.value_or(0));
  }
  facts.workers = workers_among(facts.processes);
  facts.labels = labels_of(capture);
  facts.counted = counted_of(capture);

  for (const record::Thread& thread : capture.threads) {
    const uint32_t pid = thread.process < capture.processes.size() ? capture.processes[thread.process].pid : 0;
    ThreadFacts out;
    out.pid = pid;
    out.tid = thread.tid;
    out.name = thread.name;
    out.cpu_s = static_cast<double>(thread.cpu_ns) * kSecondsPerNs;
    out.wall_s = static_cast<double>(thread.end_ns - std::min(thread.end_ns, thread.start_ns)) * kSecondsPerNs;
    out.runnable_s = static_cast<double>(thread.runnable_ns) * kSecondsPerNs;
    threads_cpu_s += out.cpu_s;
    facts.busy_s += out.cpu_s + out.runnable_s;
    facts.threads.push_back(std::move(out));
  }
  if (facts.busy_s > 0) {
    // The kernel's account also has what no watched thread used. A little is start-up and exit.
    const double elsewhere_s = facts.cpu_s.value_or(0) - threads_cpu_s;
    facts.busy_s = elsewhere_s > kElsewhereShare * facts.cpu_s.value_or(0) + kElsewhereLeastS
                       ? 0
                       : std::max(facts.busy_s, facts.cpu_s.value_or(0));
  }
  for (const record::Wait& wait : capture.waits) {
    if (wait.thread < facts.threads.size() && static_cast<size_t>(wait.kind) < kSleepCount) {
      facts.threads[wait.thread].wait_s[static_cast<size_t>(wait.kind)] +=
          static_cast<double>(wait.duration_ns) * kSecondsPerNs;
    }
  }
  for (ThreadFacts& thread : facts.threads) {
    // A wait lasts until the thread has a CPU again, so what is over the wall clock was counted twice: as part
    // of a wait, and as ready to run.
    // So may be what was only seen from outside, asleep in no known call, between two waits that told of themselves.
    const double waited_s = std::accumulate(std::begin(thread.wait_s), std::end(thread.wait_s), 0.0);
    double rest_s = thread.wall_s - thread.cpu_s - waited_s;
    double& unknown_s = thread.wait_s[static_cast<size_t>(record::WaitKind::Unknown)];
    const double twice_s = std::clamp(-rest_s, 0.0, unknown_s);
    unknown_s -= twice_s;
    rest_s += twice_s;
    thread.runnable_s = std::clamp(rest_s, 0.0, thread.runnable_s);
    thread.unexplained_s = std::max(0.0, rest_s - thread.runnable_s);
  }
  return facts;
}

}  // namespace hasten::profile
