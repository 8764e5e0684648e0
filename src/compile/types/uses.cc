#include "compile/types/uses.h"

#include <algorithm>

namespace hasten::compile {

using mir::CompareOp;
using mir::Instr;
using mir::Op;
using mir::ValueId;

namespace {

bool reads_number(const Specialization& s, ValueId user, size_t arg) {
  const Instr& i = s.view.instr(user);
  const bool is_operand = i.op == Op::Binary || i.op == Op::Inplace ||
                          (i.op == Op::Compare && static_cast<CompareOp>(i.sub) <= CompareOp::Ge);
  return is_operand && s.types[s.view.args(user)[1 - arg]].within(kInt | kFloat);
}

bool wants_object(const Specialization& s, ValueId user, size_t arg) {
  const Instr& i = s.view.instr(user);
  const auto is_object = [&](size_t k) { return s.types[s.view.args(user)[k]].object; };
  switch (i.op) {
    case Op::GetItem:
    case Op::SetItem:
    case Op::DelItem:
      return arg > 0 && is_object(0);
    case Op::SetAdd:
    case Op::DictInsert:
    case Op::BuildSet:
    case Op::BuildDict:
      return true;
    case Op::Compare: {
      const auto op = static_cast<CompareOp>(i.sub);
      return arg == 0 && (op == CompareOp::In || op == CompareOp::NotIn);
    }
    case Op::Call: {
      if (arg == 0)
        return false;
      const auto plan = s.calls.find(user);
      return s.types[s.view.args(user)[0]].is_loaded_method() ||
             (plan != s.calls.end() && plan->second.how == CallPlan::How::Boxed);
    }
    default:
      return false;
  }
}

/// Whether the way from one block to a later one enters no loop: what it passes may be an entry of its own.
bool has_no_loop_between(const Specialization& s, mir::BlockId from, mir::BlockId to) {
  if (from > to)
    return false;
  for (mir::BlockId block = from + 1; block <= to; ++block) {
    if (s.view.block(block).loop_header)
      return false;
  }
  return true;
}

}  // namespace

bool is_wanted_as_object(const Specialization& s, ValueId v) {
  bool wanted = false;
  for (ValueId user = 0; user < s.view.instr_count(); ++user) {
    const auto args = s.view.args(user);
    for (size_t k = 0; k < args.size(); ++k) {
      if (args[k] != v || s.view.instr(user).op == Op::BranchBound || s.view.instr(user).op == Op::Hold)
        continue;
      if (wants_object(s, user, k))
        wanted = true;
      else if (!reads_number(s, user, k))
        return false;
    }
  }
  return wanted;
}

bool is_only_called(const Specialization& s, ValueId v) {
  if (s.view.instr(v).op == Op::GetAttr && s.view.instr(v).sub == 0)
    return false;  // CPython binds it: what is said of a wrong call differs
  size_t uses = 0;
  for (ValueId user = v + 1; user < s.view.instr_count(); ++user) {
    const auto args = s.view.args(user);
    const auto count = static_cast<size_t>(std::count(args.begin(), args.end(), v));
    if (count == 0)
      continue;
    const Instr& i = s.view.instr(user);
    if ((uses += count) > 1 || i.op != Op::Call || args[0] != v ||
        !has_no_loop_between(s, s.view.instr(v).block, i.block))
      return false;
  }
  return uses == 1;
}

}  // namespace hasten::compile
