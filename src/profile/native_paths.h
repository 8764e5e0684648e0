// What C functions a Python line spends its time in, where native stacks were taken.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "profile/recording.h"

namespace hasten::profile {

/// One way down from a line into native code.
struct NativePath {
  std::vector<std::string> names;  ///< from the function that the line called to the one that ran
  std::string module;              ///< file of the last; empty for the kernel
  double cpu_s = 0;
};

/// By (function index, line), heaviest first, at most `paths_max` a line. Kernel time is a path of its own, "(kernel)":
/// it was found between samples. Bytecode, which has no native frame below it, is none.
std::map<std::pair<uint32_t, int32_t>, std::vector<NativePath>> native_paths(const Recording& recording,
                                                                             size_t paths_max);

}  // namespace hasten::profile
