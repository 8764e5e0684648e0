#include "compile/types/counters.h"

#include <algorithm>
#include <optional>

#include "compile/types/short_loops.h"
#include "runtime/planted.h"

namespace hasten::compile {

using mir::BinaryOp;
using mir::Instr;
using mir::Op;
using mir::ValueId;

namespace {

// 2**61 is reached in 2**57 rounds at the earliest, even where a round does kStepsMost steps: most of a year of doing nothing
// else, at five rounds a nanosecond.
constexpr int64_t kStepMost = 4;
constexpr size_t kStepsMost = 4;
constexpr int64_t kFar = int64_t{1} << 61;

// A short loop's: halving takes 63, clearing bits 64, and Euclid's algorithm less than 2 * 64.
constexpr Wide kShortRounds = 128;

enum class Steps : uint8_t {
  Little,   // of constants, in whatever loops
  InShort,  // of whatever is bounded, in loops of few rounds
};

/// Finds the strongly connected components of the values that depend on each other by phis and steps alone (Tarjan).
class Search {
 public:
  Search(const Specialization& s, Steps steps) : s_(s), steps_(steps), nodes_(s.view.instr_count()) {}

  std::unordered_map<ValueId, Interval> run() {
    for (mir::BlockId block : s_.flow.order()) {
      for (ValueId v = s_.view.first(block); v < s_.view.end(block); ++v) {
        if (is_inner(v) && nodes_[v].order == 0)
          visit(v);
      }
    }
    return std::move(found_);
  }

 private:
  struct Node {
    uint32_t order = 0, lowest = 0;
    bool is_on_stack = false;
  };

  static std::optional<int64_t> constant(const Type& t) {
    return t.is_constant() ? std::optional(t.interval.low) : std::nullopt;
  }
  /// What the step `v` adds to its operand `*from`; nothing: it is no step.
  std::optional<int64_t> step(ValueId v, ValueId* from) const {
    const Instr& i = s_.view.instr(v);
    if (i.op != Op::Binary && i.op != Op::Inplace)
      return {};
    const auto op = static_cast<BinaryOp>(i.sub);
    const ValueId a = s_.view.args(v)[0], b = s_.view.args(v)[1];
    const auto by = constant(s_.types[b]), by_first = constant(s_.types[a]);
    if (by && std::abs(*by) <= kStepMost && (op == BinaryOp::Add || op == BinaryOp::Sub)) {
      *from = a;
      return op == BinaryOp::Add ? *by : -*by;
    }
    if (by_first && std::abs(*by_first) <= kStepMost && op == BinaryOp::Add) {
      *from = b;
      return *by_first;
    }
    return {};
  }
  bool is_sum(ValueId v) const {
    const Instr& i = s_.view.instr(v);
    const auto op = static_cast<BinaryOp>(i.sub);
    return (i.op == Op::Binary || i.op == Op::Inplace) && (op == BinaryOp::Add || op == BinaryOp::Sub) &&
           s_.types[v].only(kInt) && s_.types[s_.view.args(v)[0]].only(kInt) && s_.types[s_.view.args(v)[1]].only(kInt);
  }
  bool is_step(ValueId v) const {
    ValueId from = 0;
    return steps_ == Steps::InShort ? is_sum(v) : step(v, &from).has_value();
  }
  bool is_int(ValueId v) const { return s_.types[v].within(kInt | kUnbound) && (s_.types[v].kinds & kInt); }
  /// Whether it takes its value from others in one of the ways that are followed.
  bool is_inner(ValueId v) const {
    if (!is_int(v) || std::binary_search(s_.osr_values.begin(), s_.osr_values.end(), v))
      return false;
    const Op op = s_.view.instr(v).op;
    return op == Op::Phi || op == Op::CheckBound || is_step(v);
  }
  /// f(operand, as it arrives) for all that it takes its value from.
  template <class F>
  void each_source(ValueId v, const F& f) const {
    ValueId from = 0;
    const mir::BlockId block = s_.view.instr(v).block;
    if (s_.view.instr(v).op == Op::Phi) {
      const auto preds = s_.view.preds(block);
      for (size_t k = 0; k < preds.size(); ++k) {
        if (s_.flow.reachable(preds[k]))
          f(s_.view.args(v)[k], s_.type_at(s_.view.args(v)[k], preds[k]));
      }
    } else if (steps_ == Steps::InShort && is_sum(v)) {
      for (ValueId arg : s_.view.args(v)) f(arg, s_.type_at(arg, block));
    } else if (step(v, &from)) {
      f(from, s_.type_at(from, block));
    } else {
      f(s_.view.args(v)[0], s_.type_at(s_.view.args(v)[0], block));
    }
  }

  void visit(ValueId v) {
    Node& node = nodes_[v];
    node.order = node.lowest = ++count_;
    node.is_on_stack = true;
    stack_.push_back(v);
    each_source(v, [&](ValueId from, const Type&) {
      if (!is_inner(from))
        return;
      if (nodes_[from].order == 0) {
        visit(from);
        node.lowest = std::min(node.lowest, nodes_[from].lowest);
      } else if (nodes_[from].is_on_stack) {
        node.lowest = std::min(node.lowest, nodes_[from].order);
      }
    });
    if (node.lowest != node.order)
      return;
    std::vector<ValueId> members;
    do {
      members.push_back(stack_.back());
      nodes_[stack_.back()].is_on_stack = false;
      stack_.pop_back();
    } while (members.back() != v);
    if (members.size() > 1 && steps_ == Steps::Little)
      bound(members);
    else if (members.size() > 1)
      bound_in_short(members);
  }

  void bound(const std::vector<ValueId>& members) {
    std::optional<Interval> begin;
    size_t steps = 0;
    bool rises = false, falls = false;
    for (ValueId v : members) {
      ValueId source = 0;
      if (const auto by = step(v, &source)) {
        ++steps;
        rises |= *by > 0;
        falls |= *by < 0;
      }
      each_source(v, [&](ValueId from, const Type& t) {
        if (std::find(members.begin(), members.end(), from) != members.end() || !(t.kinds & kInt))
          return;
        begin =
            begin ? Interval{std::min(begin->low, t.interval.low), std::max(begin->high, t.interval.high)} : t.interval;
      });
    }
    if (begin && planted_bug(Plant::CounterFromAnywhere))
      begin = Interval{std::max(begin->low, -kFar), std::min(begin->high, kFar)};
    if (!begin || steps > kStepsMost || begin->low < -kFar || begin->high > kFar)
      return;
    falls = falls && !planted_bug(Plant::CounterFalls);
    for (ValueId v : members)
      found_[v] = {falls ? begin->low - kFar : begin->low, rises ? begin->high + kFar : begin->high};
  }

  /// Each way around takes each step once at the most, and is one round of the loop whose header all of them pass.
  void bound_in_short(const std::vector<ValueId>& members) {
    const auto is_member = [&](ValueId v) { return std::find(members.begin(), members.end(), v) != members.end(); };
    std::optional<Interval> begin;
    Wide falls = 0, rises = 0;
    for (ValueId v : members) {
      if (is_sum(v)) {
        const ValueId a = s_.view.args(v)[0], b = s_.view.args(v)[1];
        const bool subtracts = static_cast<BinaryOp>(s_.view.instr(v).sub) == BinaryOp::Sub;
        if (is_member(a) == is_member(b) || (subtracts && is_member(b)))
          return;
        const Interval by = s_.type_at(is_member(a) ? b : a, s_.view.instr(v).block).interval;
        falls += std::max<Wide>(0, subtracts ? Wide{by.high} : -Wide{by.low});
        rises += std::max<Wide>(0, subtracts ? -Wide{by.low} : Wide{by.high});
        continue;
      }
      each_source(v, [&](ValueId from, const Type& t) {
        if (!is_member(from) && (t.kinds & kInt))
          begin = begin ? Interval{std::min(begin->low, t.interval.low), std::max(begin->high, t.interval.high)}
                        : t.interval;
      });
    }
    if (!begin || !all_pass_short(members))
      return;
    const WideInterval all{begin->low - kShortRounds * falls, begin->high + kShortRounds * rises};
    if (!all.fits())
      return;
    for (ValueId v : members) found_[v] = all.clamped();
  }
  bool all_pass_short(const std::vector<ValueId>& members) const {
    mir::BlockId header = mir::kNone;
    for (ValueId v : members) {
      const mir::BlockId block = s_.view.instr(v).block;
      if (s_.view.instr(v).op != Op::Phi || !s_.view.block(block).loop_header)
        continue;
      if (header != mir::kNone && header != block)
        return false;
      header = block;
    }
    return header != mir::kNone && is_short_loop(s_, header);
  }

  const Specialization& s_;
  Steps steps_;
  std::vector<Node> nodes_;
  std::vector<ValueId> stack_;
  uint32_t count_ = 0;
  std::unordered_map<ValueId, Interval> found_;
};

}  // namespace

std::unordered_map<ValueId, Interval> counters_of(const Specialization& s) {
  auto found = Search(s, Steps::Little).run();
  const auto blocks = s.flow.order();
  if (std::any_of(blocks.begin(), blocks.end(),
                  [&](mir::BlockId b) { return s.view.block(b).loop_header && is_short_loop(s, b); })) {
    for (const auto& [v, bounds] : Search(s, Steps::InShort).run()) found.try_emplace(v, bounds);
  }
  return found;
}

}  // namespace hasten::compile
