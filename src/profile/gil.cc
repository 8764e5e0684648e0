#include "profile/gil.h"

#include <algorithm>
#include <map>
#include <utility>

namespace hasten::profile {
namespace {

/// The innermost place that a reader knows: its function and line. False for native code without Python.
bool line_of(const Recording& recording, uint32_t stack_idx, LineKey* key) {
  const std::vector<Frame>& stack = recording.stacks[stack_idx];
  if (stack.empty()) {
    return false;
  }
  const Frame& frame = stack.front();
  const int32_t first_line = recording.functions[frame.function_idx].first_line;
  *key = {frame.function_idx, frame.position.line >= 0 ? frame.position.line : first_line};
  return true;
}

uint32_t process_of(const Recording& recording, uint32_t thread_idx) {
  return thread_idx < recording.process_of_thread.size() ? recording.process_of_thread[thread_idx] : 0;
}

}  // namespace

std::vector<GilPair> gil_pairs(const Recording& recording) {
  // Both in order of time, by process; a wait is short, so few are under way at one instant.
  std::map<uint32_t, std::pair<std::vector<const Sample*>, std::vector<const Wait*>>> processes;
  for (const Wait& wait : recording.waits) {
    if (wait.kind == Sleep::Gil) {
      processes[process_of(recording, wait.thread_idx)].second.push_back(&wait);
    }
  }
  for (const Sample& sample : recording.samples) {
    const auto at = processes.find(process_of(recording, sample.thread_idx));
    if (sample.has_gil && at != processes.end()) {
      at->second.first.push_back(&sample);
    }
  }
  std::map<std::pair<LineKey, LineKey>, double> seconds;
  for (auto& [process, lists] : processes) {
    auto& [samples, waits] = lists;
    std::sort(samples.begin(), samples.end(), [](const Sample* a, const Sample* b) { return a->end_ns < b->end_ns; });
    std::sort(waits.begin(), waits.end(), [](const Wait* a, const Wait* b) { return a->begin_ns < b->begin_ns; });
    std::vector<const Wait*> open;
    size_t next = 0;
    for (const Sample* sample : samples) {
      for (; next < waits.size() && waits[next]->begin_ns <= sample->end_ns; ++next) {
        open.push_back(waits[next]);
      }
      std::erase_if(open, [&](const Wait* wait) { return wait->begin_ns + wait->duration_ns < sample->end_ns; });
      LineKey holder, waiter;
      if (!line_of(recording, sample->stack_idx, &holder)) {
        continue;
      }
      for (const Wait* wait : open) {
        if (wait->thread_idx != sample->thread_idx && line_of(recording, wait->stack_idx, &waiter)) {
          seconds[{holder, waiter}] += static_cast<double>(sample->cpu_ns()) * 1e-9;
        }
      }
    }
  }
  std::vector<GilPair> pairs;
  for (const auto& [lines, waited_s] : seconds) {
    pairs.push_back({lines.first, lines.second, waited_s});
  }
  std::stable_sort(pairs.begin(), pairs.end(),
                   [](const GilPair& a, const GilPair& b) { return a.seconds > b.seconds; });
  return pairs;
}

}  // namespace hasten::profile
