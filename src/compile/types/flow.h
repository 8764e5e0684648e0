// The shape of a function's control flow: order of visit, dominators, back edges.
#pragma once

#include <vector>

#include "runtime/mir_view.h"

namespace hasten::compile {

class Flow {
 public:
  /// Blocks that cannot be reached from `start` are left out of everything.
  Flow(const mir::MirView& view, mir::BlockId start);

  /// Reachable blocks, every block before its successors but for back edges (reverse post-order).
  const std::vector<mir::BlockId>& order() const { return order_; }
  bool reachable(mir::BlockId b) const { return position_[b] != mir::kNone; }
  /// The immediate dominator; `start` is its own.
  mir::BlockId idom(mir::BlockId b) const { return idom_[b]; }
  /// Whether every way to `b`, if there is one, leads through `a`.
  bool dominates(mir::BlockId a, mir::BlockId b) const;
  /// Whether from->to closes a loop.
  bool back_edge(mir::BlockId from, mir::BlockId to) const { return position_[to] <= position_[from]; }
  mir::BlockId start() const { return order_.front(); }

 private:
  std::vector<mir::BlockId> order_, idom_;
  std::vector<uint32_t> position_;  ///< in order_; kNone if unreachable
};

}  // namespace hasten::compile
