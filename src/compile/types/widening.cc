#include "compile/types/widening.h"

#include <vector>

#include "compile/types/interval.h"
#include "compile/types/transfer.h"

namespace hasten::compile {

using mir::BinaryOp;
using mir::Instr;
using mir::Op;
using mir::UnaryOp;
using mir::ValueId;

namespace {

/// Whether the value comes of itself, a round ago, by operations alone that make more of it: then 128 bits will not do for long.
bool grows_without_end(const Specialization& s, ValueId v) {
  std::vector<ValueId> next{v};
  std::vector<char> seen(s.view.instr_count(), 0);
  size_t returns = 0;
  bool multiplies = false;
  while (!next.empty()) {
    const ValueId at = next.back();
    next.pop_back();
    const Instr& i = s.view.instr(at);
    const auto op = static_cast<BinaryOp>(i.sub);
    const bool is_binary = i.op == Op::Binary || i.op == Op::Inplace;
    const bool grows = is_binary && (op == BinaryOp::Add || op == BinaryOp::Mul || op == BinaryOp::LShift);
    if (is_binary && !grows && op != BinaryOp::Sub)
      return false;
    if (i.op != Op::Phi && i.op != Op::CheckBound && !is_binary)
      continue;
    multiplies |= is_binary && (op == BinaryOp::Mul || op == BinaryOp::LShift);
    for (ValueId arg : s.view.args(at)) {
      returns += arg == v;
      if (!seen[arg])
        next.push_back(arg), seen[arg] = 1;
    }
  }
  return returns > 0 && multiplies;
}

}  // namespace

bool may_widen(const Specialization& s, ValueId v) {
  const Instr& i = s.view.instr(v);
  switch (i.op) {
    case Op::Binary:
    case Op::Inplace:
      return static_cast<BinaryOp>(i.sub) != BinaryOp::Pow;
    case Op::Unary:
    case Op::Compare:
    case Op::GetItem:
    case Op::IterNext:
    case Op::LoadCell:
    case Op::GetFree:
    case Op::GetGlobal:
      return true;
    case Op::Call: {
      const auto plan = s.calls.find(v);
      return plan == s.calls.end() || plan->second.how != CallPlan::How::Native;
    }
    default:
      return false;
  }
}

Type widened(Unit& unit, Specialization& s, ValueId v, Type t) {
  const Instr& i = s.view.instr(v);
  const auto use = [&](size_t k) { return s.type_at(s.view.args(v)[k], i.block); };
  if (t.object || !(t.kinds & (kInt | kWide)) || i.op == Op::Compare)
    return t;
  if (i.op == Op::Unary || i.op == Op::Binary || i.op == Op::Inplace) {
    const auto op = i.op == Op::Unary ? BinaryOp::Sub : static_cast<BinaryOp>(i.sub);
    const bool grows = op == BinaryOp::Add || op == BinaryOp::Sub || op == BinaryOp::Mul || op == BinaryOp::LShift;
    const Type a = i.op == Op::Unary ? Type::constant(0) : use(0), b = use(i.op == Op::Unary ? 0 : 1);
    if (!grows || t.only(kWide) || (i.op == Op::Unary && static_cast<UnaryOp>(i.sub) != UnaryOp::Neg))
      return t;
    if (!a.is_whole() || !b.is_whole() || (op != BinaryOp::Sub && grows_without_end(s, v)))
      return Type::any();
    bool overflows = false;
    Type wide = Type::of(kWide);
    wide.wide = wide_interval(op, a.whole_interval(), b.whole_interval(), &overflows);
    return wide;
  }
  t = join(t, Type::of(kWide), unit.sites);
  if (i.op == Op::GetItem || i.op == Op::IterNext) {
    Type container = use(0);
    if (container.only(kReversed))
      container = container.items->front();
    if (container.site != kNoSite && (container.within(kList | kListIter)))
      unit.sites.widen(container.site, Type::of(kWide));
  }
  if (i.op == Op::LoadCell)
    unit.sites.widen(unit.cell_site(s, s.view.args(v)[0]), Type::of(kWide));
  return t;
}

}  // namespace hasten::compile
