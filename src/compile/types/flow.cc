#include "compile/types/flow.h"

#include <algorithm>

namespace hasten::compile {

using mir::BlockId;
using mir::kNone;

Flow::Flow(const mir::MirView& view, BlockId start) {
  const uint32_t count = view.block_count();
  idom_.assign(count, kNone);
  position_.assign(count, kNone);
  std::vector<char> seen(count, 0);
  std::vector<std::pair<BlockId, size_t>> stack{{start, 0}};
  seen[start] = 1;
  while (!stack.empty()) {
    auto& [block, next] = stack.back();
    const auto succs = view.succs(block);
    if (next == succs.size()) {
      order_.push_back(block);
      stack.pop_back();
      continue;
    }
    const BlockId to = succs[next++];
    if (!seen[to]) {
      seen[to] = 1;
      stack.emplace_back(to, 0);
    }
  }
  std::reverse(order_.begin(), order_.end());
  for (uint32_t i = 0; i < order_.size(); ++i) position_[order_[i]] = i;

  // Cooper, Harvey and Kennedy, "A simple, fast dominance algorithm".
  idom_[start] = start;
  bool changed = true;
  while (changed) {
    changed = false;
    for (size_t i = 1; i < order_.size(); ++i) {
      const BlockId b = order_[i];
      BlockId best = kNone;
      for (BlockId p : view.preds(b)) {
        if (position_[p] == kNone || idom_[p] == kNone)
          continue;
        if (best == kNone) {
          best = p;
          continue;
        }
        BlockId x = best, y = p;
        while (x != y) {
          while (position_[x] > position_[y]) x = idom_[x];
          while (position_[y] > position_[x]) y = idom_[y];
        }
        best = x;
      }
      if (idom_[b] != best) {
        idom_[b] = best;
        changed = true;
      }
    }
  }
}

bool Flow::dominates(BlockId a, BlockId b) const {
  if (!reachable(b))
    return false;
  while (position_[b] > position_[a]) b = idom_[b];
  return a == b;
}

}  // namespace hasten::compile
