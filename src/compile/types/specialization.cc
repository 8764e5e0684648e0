// What is known of a value in a block: by the conditions that lead there, more than its type alone.
#include <algorithm>

#include "compile/types/infer.h"
#include "runtime/planted.h"

namespace hasten::compile {

using mir::BlockId;
using mir::CompareOp;
using mir::Instr;
using mir::Op;
using mir::UnaryOp;
using mir::ValueId;

namespace {

/// The same for a wide int, or a narrow one beside one: `t OP other` holds. It keeps its kind.
void refine_wide(Type& t, CompareOp op, const WideInterval& o) {
  WideInterval r = t.whole_interval();
  switch (op) {
    case CompareOp::Lt:
      r.high = std::min(r.high, o.high == WideInterval::kLowest ? o.high : o.high - 1);
      break;
    case CompareOp::Le:
      r.high = std::min(r.high, o.high);
      break;
    case CompareOp::Gt:
      r.low = std::max(r.low, o.low == WideInterval::kHighest ? o.low : o.low + 1);
      break;
    case CompareOp::Ge:
      r.low = std::max(r.low, o.low);
      break;
    case CompareOp::Eq:
      r = {std::max(r.low, o.low), std::min(r.high, o.high)};
      break;
    default:
      break;
  }
  if (r.low > r.high)
    return;
  if (t.only(kWide))
    t.wide = r;
  else
    t.interval = r.clamped();
}

void refine_by_compare(Type& t, CompareOp op, bool holds, bool left, const Type& other) {
  if (op == CompareOp::Is || op == CompareOp::IsNot) {
    if (t.only(kKnown) && other.only(kKnown) && ((op == CompareOp::Is) == holds) != (t.known == other.known))
      t = {};  // nobody gets there
    if (!other.only(kNoneType))
      return;
    const bool is_none = (op == CompareOp::Is) == holds;
    if (t.object)
      return;
    if (!is_none)
      t = t.without(kNoneType);
    else
      t = (t.kinds & kNoneType) ? Type::of(kNoneType) : Type{};
    return;
  }
  const bool is_wide = (t.only(kWide) && other.is_whole()) || (t.only(kInt) && other.only(kWide));
  if (!is_wide && (t.object || !(t.kinds & kInt) || !other.only(kInt)))
    return;
  // Bring it to the form `t OP other` that holds.
  if (!left) {
    constexpr CompareOp kSwapped[] = {CompareOp::Gt, CompareOp::Ge, CompareOp::Eq,
                                      CompareOp::Ne, CompareOp::Lt, CompareOp::Le};
    if (op > CompareOp::Ge)
      return;
    op = kSwapped[static_cast<int>(op)];
  }
  if (!holds) {
    constexpr CompareOp kNegated[] = {CompareOp::Ge, CompareOp::Gt, CompareOp::Ne,
                                      CompareOp::Eq, CompareOp::Le, CompareOp::Lt};
    if (op > CompareOp::Ge)
      return;
    op = kNegated[static_cast<int>(op)];
  }
  if (is_wide)
    return refine_wide(t, op, other.whole_interval());
  Interval r = t.interval;
  const Interval o = other.interval, all;
  switch (op) {
    case CompareOp::Lt:
      r.high = std::min(r.high, o.high == all.low ? all.low : o.high - (planted_bug(Plant::ConditionOffByOne) ? 2 : 1));
      break;
    case CompareOp::Le:
      r.high = std::min(r.high, o.high);
      break;
    case CompareOp::Gt:
      r.low = std::max(r.low, o.low == all.high ? all.high : o.low + 1);
      break;
    case CompareOp::Ge:
      r.low = std::max(r.low, o.low);
      break;
    case CompareOp::Eq:
      r = {std::max(r.low, o.low), std::min(r.high, o.high)};
      break;
    case CompareOp::Ne:
      if (o.is_constant() && r.low == o.low && !r.is_constant())
        ++r.low;
      else if (o.is_constant() && r.high == o.low && !r.is_constant())
        --r.high;
      break;
    default:
      break;
  }
  if (r.low <= r.high)
    t.interval = r;
}

}  // namespace

Specialization::Specialization(const mir::MirFunction& f, std::vector<Type> parameter_types, BlockId osr)
    : view(f),
      parameters(std::move(parameter_types)),
      osr_block(osr),
      osr_values(osr == mir::kNone ? std::vector<ValueId>{} : mir::live_into(f, osr)),
      flow(view, osr == mir::kNone ? 0 : osr),
      liveness(f),
      types(f.instr_count) {
  if (osr != mir::kNone)
    before.emplace(view, 0);
  for (ValueId v = 0; v < f.instr_count; ++v) {
    if (f.instrs[v].op == Op::StoreGlobal || f.instrs[v].op == Op::DelGlobal)
      written_globals.push_back(f.names[f.instrs[v].aux]);
  }
}

Type Specialization::type_at(ValueId v, BlockId block) const {
  Type t = types[v];
  if (t.never())
    return t;
  const Flow& shape = before ? *before : flow;
  for (BlockId d = block; d != shape.start(); d = shape.idom(d)) {
    const BlockId p = shape.idom(d);
    // Decided by the interpreter, perhaps, with values that are not known here any more.
    const bool is_past = before && !(flow.reachable(d) && flow.dominates(d, block));
    const auto knows = [&](ValueId other) {
      return !is_past || view.instr(other).op == Op::Const ||
             std::binary_search(osr_values.begin(), osr_values.end(), other);
    };
    const auto preds = view.preds(d);
    if (preds.size() != 1 || preds[0] != p)
      continue;
    const ValueId end = view.terminator(p);
    const auto succs = view.normal_succs(p);
    if (succs.size() != 2 || succs[0] == succs[1] || d == view.block(p).handler)
      continue;
    bool holds = succs[0] == d;
    ValueId condition = view.args(end)[0];
    if (view.instr(end).op == Op::BranchBound) {
      if (condition == v)
        t = holds ? t.without(kUnbound) : t.may_be_unbound() ? Type::of(kUnbound) : Type{};
      continue;
    }
    while (view.instr(condition).op == Op::Truth ||
           (view.instr(condition).op == Op::Unary && static_cast<UnaryOp>(view.instr(condition).sub) == UnaryOp::Not)) {
      if (view.instr(condition).op == Op::Unary)
        holds = !holds;
      condition = view.args(condition)[0];
    }
    if (condition == v)
      refine_by_compare(t, holds ? CompareOp::Ne : CompareOp::Eq, true, true, Type::constant(0));
    const Instr& c = view.instr(condition);
    if (c.op != Op::Compare)
      continue;
    const auto args = view.args(condition);
    if (args[0] == v && knows(args[1]))
      refine_by_compare(t, static_cast<CompareOp>(c.sub), holds, true, types[args[1]]);
    else if (args[1] == v && knows(args[0]))
      refine_by_compare(t, static_cast<CompareOp>(c.sub), holds, false, types[args[0]]);
  }
  return t;
}

}  // namespace hasten::compile
