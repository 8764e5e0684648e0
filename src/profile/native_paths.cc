#include "profile/native_paths.h"

#include <algorithm>

namespace hasten::profile {
namespace {

struct Place {
  uint32_t function_idx;
  int32_t line;
  std::vector<uint32_t> natives;  ///< function indices, outermost first
};

/// The innermost Python line of a shown stack, and what stands below it.
bool find_place(const Recording& recording, uint32_t stack_idx, Place* place) {
  for (const Frame& frame : recording.stacks[stack_idx]) {
    const Function& function = recording.functions[frame.function_idx];
    if (!function.native) {
      place->function_idx = frame.function_idx;
      place->line = frame.position.line >= 0 ? frame.position.line : function.first_line;
      std::reverse(place->natives.begin(), place->natives.end());
      return true;
    }
    place->natives.push_back(frame.function_idx);
  }
  return false;
}

}  // namespace

std::map<std::pair<uint32_t, int32_t>, std::vector<NativePath>> native_paths(const Recording& recording,
                                                                             size_t paths_max) {
  using Key = std::pair<uint32_t, int32_t>;
  std::map<Key, std::map<std::vector<uint32_t>, double>> tallies;
  const auto add = [&](uint32_t stack_idx, int64_t ns) {
    Place place{};
    if (ns > 0 && find_place(recording, stack_idx, &place) && !place.natives.empty()) {
      tallies[{place.function_idx, place.line}][place.natives] += static_cast<double>(ns) * 1e-9;
    }
  };
  for (const Sample& sample : recording.samples) {
    if (sample.mixed != 0) {
      add(sample.shown_stack_idx, sample.user_ns);
      add(sample.kernel_stack_idx, sample.kernel_ns);
    }
  }
  std::map<Key, std::vector<NativePath>> paths;
  for (const auto& [key, of_line] : tallies) {
    std::vector<NativePath>& out = paths[key];
    for (const auto& [natives, cpu_s] : of_line) {
      NativePath path;
      for (const uint32_t idx : natives) {
        path.names.push_back(recording.functions[idx].name);
      }
      path.module = recording.functions[natives.back()].file;
      path.cpu_s = cpu_s;
      out.push_back(std::move(path));
    }
    std::stable_sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.cpu_s > b.cpu_s; });
    out.resize(std::min(out.size(), paths_max));
  }
  return paths;
}

}  // namespace hasten::profile
