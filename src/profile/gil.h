// Who held the GIL while others waited for it: holder line -> waiter line.
//
// A thread that waits for the GIL says so itself, from when to when. Who holds it meanwhile is sampled: each sample of a
// thread that held the GIL stands for the CPU time up to it, and every wait of another thread of the same process
// that was under way then waited so long for that line. Each pair is therefore a sampled figure, while the
// sum over all holders is what the waits themselves say; a holder that was off the CPU (a busy machine) is in neither.
#pragma once

#include <vector>

#include "profile/recording.h"

namespace hasten::profile {

struct LineKey {
  uint32_t function_idx = 0;
  int32_t line = 0;
  friend auto operator<=>(const LineKey&, const LineKey&) = default;
};

struct GilPair {
  LineKey holder;
  LineKey waiter;
  double seconds = 0;
};

/// Heaviest first.
std::vector<GilPair> gil_pairs(const Recording& recording);

}  // namespace hasten::profile
