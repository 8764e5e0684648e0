#include "profile/tasks.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "profile/gil.h"
#include "profile/origin.h"

namespace hasten::profile {
namespace {

constexpr double kSecondsPerNs = 1e-9;
/// A line that covers so much of a stretch is what the stretch was spent on.
constexpr double kCoversShare = 0.8;
/// Drawn awaits at one place that are no further apart than so many of what they stand for were without a break.
constexpr int64_t kDrawnGaps = 5;
constexpr double kCauseShareMin = 0.1;  // of the loop's time
constexpr double kCauseLeastS = 0.1;

double seconds(int64_t ns) { return static_cast<double>(ns) * kSecondsPerNs; }

LineKey key_of(const Recording& recording, const Frame& frame) {
  const int32_t first_line = recording.functions[frame.function_idx].first_line;
  return {frame.function_idx, frame.position.line >= 0 ? frame.position.line : first_line};
}

bool is_own(const Recording& recording, uint32_t function_idx) {
  return origin_of(recording.functions[function_idx].file, recording.string_is_own).kind == OriginKind::Own;
}

/// Time in which at least one of these awaits was under way.
double covered_s(std::vector<const Await*> awaits) {
  struct Stretch {
    int64_t begin_ns, end_ns, slack_ns;
  };
  std::vector<Stretch> stretches;
  for (const Await* await : awaits) {
    const bool drawn = await->weight_ns > await->duration_ns;
    const int64_t middle_ns = await->begin_ns + await->duration_ns / 2;
    stretches.push_back(drawn ? Stretch{middle_ns - await->weight_ns / 2, middle_ns + await->weight_ns / 2,
                                        kDrawnGaps * await->weight_ns}
                              : Stretch{await->begin_ns, await->begin_ns + await->duration_ns, 0});
  }
  std::sort(stretches.begin(), stretches.end(),
            [](const Stretch& a, const Stretch& b) { return a.begin_ns < b.begin_ns; });
  int64_t covered_ns = 0;
  Stretch open{0, 0, 0};
  for (const Stretch& next : stretches) {
    if (next.begin_ns <= open.end_ns + std::min(open.slack_ns, next.slack_ns)) {
      open.end_ns = std::max(open.end_ns, next.end_ns);
      open.slack_ns = std::max(open.slack_ns, next.slack_ns);
    } else {
      covered_ns += open.end_ns - open.begin_ns;
      open = next;
    }
  }
  return seconds(covered_ns + open.end_ns - open.begin_ns);
}

std::vector<TaskRow> task_rows(const Recording& recording) {
  std::vector<TaskRow> rows;
  std::map<std::pair<std::string, std::optional<uint32_t>>, uint32_t> known;
  std::vector<uint32_t> row_of_task;
  for (const Task& task : recording.tasks) {
    const auto [at, is_new] = known.try_emplace({task.name, task.function_idx}, static_cast<uint32_t>(rows.size()));
    if (is_new) {
      TaskRow row;
      row.name = task.name;
      row.function_idx = task.function_idx;
      rows.push_back(std::move(row));
    }
    row_of_task.push_back(at->second);
  }
  std::map<std::pair<uint32_t, std::vector<LineKey>>, std::vector<const Await*>> chains;
  for (const Await& await : recording.awaits) {
    std::vector<LineKey> chain;
    const std::vector<Frame>& stack = recording.stacks[await.stack_idx];
    for (auto frame = stack.rbegin(); frame != stack.rend(); ++frame) {
      chain.push_back(key_of(recording, *frame));
    }
    chains[{row_of_task[await.task_idx], std::move(chain)}].push_back(&await);
  }
  for (const auto& [key, awaits] : chains) {
    AwaitRow row;
    for (const LineKey& place : key.second) {
      row.chain.push_back({place.function_idx, place.line});
    }
    for (const Await* await : awaits) {
      row.await_s += seconds(await->weight_ns);
      row.count +=
          static_cast<double>(await->weight_ns) / static_cast<double>(std::max<int64_t>(await->duration_ns, 1));
      row.longest_s = std::max(row.longest_s, seconds(await->duration_ns));
    }
    const double any_s = covered_s(awaits);
    row.concurrency = any_s > 0 ? row.await_s / any_s : 0;
    TaskRow& task = rows[key.first];
    task.await_s += row.await_s;
    task.awaits.push_back(std::move(row));
  }
  for (const Sample& sample : recording.samples) {
    if (sample.task_idx < row_of_task.size()) {
      rows[row_of_task[sample.task_idx]].cpu_s += seconds(sample.cpu_ns());
    }
  }
  for (TaskRow& row : rows) {
    std::stable_sort(row.awaits.begin(), row.awaits.end(),
                     [](const AwaitRow& a, const AwaitRow& b) { return a.await_s > b.await_s; });
  }
  std::stable_sort(rows.begin(), rows.end(), [](const TaskRow& a, const TaskRow& b) { return a.await_s > b.await_s; });
  return rows;
}

/// What a thread was seen doing in one stretch of time.
struct Seen {
  std::map<uint32_t, int64_t> ns_of_stack;
  int64_t cpu_ns = 0;
  int64_t wait_ns = 0;
  int64_t all_ns() const { return cpu_ns + wait_ns; }
};

Seen seen_in(const Recording& recording, const LoopBlock& block) {
  Seen seen;
  const int64_t end_ns = block.begin_ns + block.duration_ns;
  const auto by_time = [](const Sample& sample, const std::pair<uint32_t, int64_t>& key) {
    return std::pair(sample.thread_idx, sample.end_ns) < key;
  };
  auto sample = std::lower_bound(recording.samples.begin(), recording.samples.end(),
                                 std::pair(block.thread_idx, block.begin_ns), by_time);
  for (; sample != recording.samples.end() && sample->thread_idx == block.thread_idx && sample->end_ns <= end_ns;
       ++sample) {
    seen.ns_of_stack[sample->stack_idx] += sample->cpu_ns();
    seen.cpu_ns += sample->cpu_ns();
  }
  // Few: only waits within blocks are among them.
  for (const Wait& wait : recording.loop_waits) {
    const int64_t overlap_ns =
        std::min(wait.begin_ns + wait.duration_ns, end_ns) - std::max(wait.begin_ns, block.begin_ns);
    if (wait.thread_idx == block.thread_idx && overlap_ns > 0) {
      seen.ns_of_stack[wait.stack_idx] += overlap_ns;
      seen.wait_ns += overlap_ns;
    }
  }
  return seen;
}

/// The line that a stretch was spent on: the innermost of the program's own that was on the stack for most of it, or
/// the heaviest one of the innermost own function that was; else the same without regard to whose code it is.
std::optional<LineKey> blocking_line(const Recording& recording, const Seen& seen) {
  std::map<LineKey, int64_t> lines;
  std::map<uint32_t, int64_t> functions;
  const std::vector<Frame>* heaviest = nullptr;
  int64_t heaviest_ns = 0;
  for (const auto& [stack_idx, ns] : seen.ns_of_stack) {
    const std::vector<Frame>& stack = recording.stacks[stack_idx];
    std::map<LineKey, bool> lines_here;
    std::map<uint32_t, bool> functions_here;
    for (const Frame& frame : stack) {
      const LineKey key = key_of(recording, frame);
      lines[key] += lines_here.emplace(key, true).second ? ns : 0;
      functions[frame.function_idx] += functions_here.emplace(frame.function_idx, true).second ? ns : 0;
    }
    if (!stack.empty() && ns > heaviest_ns) {
      heaviest_ns = ns;
      heaviest = &stack;
    }
  }
  if (heaviest == nullptr) {
    return std::nullopt;
  }
  const double most_ns = kCoversShare * static_cast<double>(seen.all_ns());
  for (const bool own_only : {true, false}) {
    for (const Frame& frame : *heaviest) {
      const LineKey key = key_of(recording, frame);
      if (own_only && !is_own(recording, frame.function_idx)) {
        continue;
      }
      if (static_cast<double>(lines[key]) >= most_ns) {
        return key;
      }
      if (static_cast<double>(functions[frame.function_idx]) >= most_ns) {
        LineKey best = key;
        for (const auto& [line, ns] : lines) {
          best = line.function_idx == frame.function_idx && ns > lines[best] ? line : best;
        }
        return best;
      }
    }
  }
  return key_of(recording, heaviest->front());
}

std::vector<LoopRow> loop_rows(const Recording& recording) {
  std::vector<LoopRow> rows;
  for (const Loop& loop : recording.loops) {
    LoopRow row;
    row.thread_idx = loop.thread_idx;
    row.run_s = seconds(loop.run_ns);
    row.idle_s = seconds(loop.idle_ns);
    row.step_count = loop.step_count;
    // A stretch in which nothing was seen is one of the same task's usual ones, or the machine was busy elsewhere.
    std::map<LineKey, BlockRow> blocks;
    std::map<std::optional<uint32_t>, std::map<LineKey, double>> usual;
    std::vector<const LoopBlock*> unseen;
    const auto count = [&](const LineKey& key, const LoopBlock& block, double wait_share) {
      BlockRow& at = blocks[key];
      const double block_s = seconds(block.duration_ns);
      at.place = {key.function_idx, key.line};
      at.blocked_s += block_s;
      at.wait_s += wait_share * block_s;
      at.longest_s = std::max(at.longest_s, block_s);
      ++at.count;
      row.blocked_s += block_s;
    };
    for (const LoopBlock& block : recording.loop_blocks) {
      if (block.thread_idx != loop.thread_idx) {
        continue;
      }
      const Seen seen = seen_in(recording, block);
      const std::optional<LineKey> key = blocking_line(recording, seen);
      if (!key) {
        unseen.push_back(&block);
        continue;
      }
      count(*key, block, static_cast<double>(seen.wait_ns) / static_cast<double>(seen.all_ns()));
      usual[block.task_idx][*key] += seconds(block.duration_ns);
    }
    for (const LoopBlock* block : unseen) {
      const std::map<LineKey, double>& lines = usual[block->task_idx];
      const auto most = std::max_element(lines.begin(), lines.end(),
                                         [](const auto& a, const auto& b) { return a.second < b.second; });
      if (most != lines.end()) {
        count(most->first, *block, 0);
      }
    }
    for (auto& [key, block] : blocks) {
      row.blocks.push_back(block);
    }
    std::stable_sort(row.blocks.begin(), row.blocks.end(),
                     [](const BlockRow& a, const BlockRow& b) { return a.blocked_s > b.blocked_s; });
    rows.push_back(std::move(row));
  }
  std::stable_sort(rows.begin(), rows.end(), [](const LoopRow& a, const LoopRow& b) { return a.run_s > b.run_s; });
  return rows;
}

}  // namespace

Tasks tasks_of(const Recording& recording) { return {task_rows(recording), loop_rows(recording)}; }

std::vector<Cause> loop_causes(const Tasks& tasks, const Recording& recording) {
  std::vector<Cause> causes;
  const double wall_s = seconds(recording.wall_ns);
  for (const LoopRow& loop : tasks.loops) {
    for (const BlockRow& block : loop.blocks) {
      if (block.blocked_s < kCauseShareMin * loop.run_s || block.blocked_s < kCauseLeastS || wall_s <= 0) {
        continue;
      }
      const Function& function = recording.functions[block.place.function_idx];
      causes.push_back(
          {function.file, block.place.line, function.name, "loop-blocked",
           "a synchronous call blocks the event loop here: no other task runs meanwhile",
           fmt::format("the loop stood still {} time{} for {:.2f} s together, {:.0f} % of the time it ran, "
                       "at the longest {:.0f} ms; {:.2f} s of it waiting",
                       block.count, block.count == 1 ? "" : "s", block.blocked_s, 100 * block.blocked_s / loop.run_s,
                       1e3 * block.longest_s, block.wait_s),
           std::min(1.0, block.blocked_s / wall_s)});
    }
  }
  return causes;
}

}  // namespace hasten::profile
