// A sample stands for the CPU time that its thread spent up to it, so it occupies the stretch of wall
// time of that length that ends at it; on a crowded machine a longer one, for while the thread waited for a
// CPU it would have run the same code, and without that code it would not have waited. One sweep over the ends of all stretches finds when exactly
// one function was running. What the sweep yields is each function's *fraction* of solo time; it is
// applied to the function's CPU time, because the stretches are cut where the clock's jitter would
// make two of one thread overlap, and a cut must not lose time.
#include "profile/ceilings.h"

#include <algorithm>
#include <cstdint>

namespace hasten::profile {
namespace {

struct Edge {
  int64_t at_ns;
  uint32_t runner;  ///< function index; functions.size() is native code without Python
  int32_t step;     ///< +1 starts, -1 ends
};

}  // namespace

std::vector<double> solo_wall_s(const Recording& recording) {
  const auto native_runner = static_cast<uint32_t>(recording.functions.size());
  std::vector<Edge> edges;
  edges.reserve(recording.samples.size() * 2);
  std::vector<int64_t> occupied_ns(native_runner + 1, 0);
  std::vector<int64_t> ready_ns(native_runner + 1, 0);
  for (size_t i = 0; i < recording.samples.size(); ++i) {
    const Sample& sample = recording.samples[i];
    const auto& stack = recording.stacks[sample.stack_idx];
    const uint32_t runner = stack.empty() ? native_runner : stack.front().function_idx;
    const double crowding = sample.thread_idx < recording.crowding.size() ? recording.crowding[sample.thread_idx] : 1.0;
    const auto length_ns = static_cast<int64_t>(static_cast<double>(sample.cpu_ns()) * crowding);
    int64_t start_ns = sample.end_ns - length_ns;
    if (i > 0 && recording.samples[i - 1].thread_idx == sample.thread_idx) {
      start_ns = std::max(start_ns, recording.samples[i - 1].end_ns);
    }
    ready_ns[runner] += length_ns;
    if (start_ns < sample.end_ns) {
      occupied_ns[runner] += sample.end_ns - start_ns;
      edges.push_back({start_ns, runner, +1});
      edges.push_back({sample.end_ns, runner, -1});
    }
  }
  std::sort(edges.begin(), edges.end(), [](const Edge& a, const Edge& b) { return a.at_ns < b.at_ns; });

  std::vector<int32_t> active(native_runner + 1, 0);
  std::vector<int64_t> solo_ns(native_runner + 1, 0);
  uint32_t running_count = 0;   // distinct runners now
  uint64_t running_id_sum = 0;  // their ids added up: the id itself when there is one
  int64_t from_ns = 0;
  for (const Edge& edge : edges) {
    if (running_count == 1) {
      solo_ns[running_id_sum] += edge.at_ns - from_ns;
    }
    from_ns = edge.at_ns;
    const int32_t before = active[edge.runner];
    const int32_t after = before + edge.step;
    active[edge.runner] = after;
    // Ends and starts at one instant come in any order, so a count may pass through -1.
    if (before == 0 || after == 0) {
      const bool now_running = after != 0;
      running_count = now_running ? running_count + 1 : running_count - 1;
      running_id_sum += now_running ? edge.runner : -static_cast<uint64_t>(edge.runner);
    }
  }

  std::vector<double> solo_s(native_runner, 0);
  for (uint32_t f = 0; f < native_runner; ++f) {
    if (occupied_ns[f] > 0) {
      solo_s[f] = static_cast<double>(ready_ns[f]) * 1e-9 * static_cast<double>(solo_ns[f]) /
                  static_cast<double>(occupied_ns[f]);
    }
  }
  return solo_s;
}

std::optional<double> ceiling_of(double wall_s, double solo_s) {
  const double rest_s = wall_s - solo_s;
  if (wall_s <= 0 || rest_s <= wall_s * 1e-6) {
    return std::nullopt;
  }
  return wall_s / rest_s;
}

}  // namespace hasten::profile
