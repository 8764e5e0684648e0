// Comparisons of unboxed values: exact between ints and floats, bit for bit between |z| and a number.
#include <llvm/IR/Intrinsics.h>

#include "compile/lower/body.h"
#include "compile/types/transfer.h"

namespace hasten::compile {

using mir::CompareOp;
using mir::Op;
using mir::ValueId;
using runtime::DeoptReason;

namespace {

constexpr Kinds kIntegral = kBool | kInt;
constexpr Kinds kReal = kIntegral | kFloat;

llvm::CmpInst::Predicate int_predicate(CompareOp op) {
  switch (op) {
    case CompareOp::Lt:
      return llvm::CmpInst::ICMP_SLT;
    case CompareOp::Le:
      return llvm::CmpInst::ICMP_SLE;
    case CompareOp::Eq:
      return llvm::CmpInst::ICMP_EQ;
    case CompareOp::Ne:
      return llvm::CmpInst::ICMP_NE;
    case CompareOp::Gt:
      return llvm::CmpInst::ICMP_SGT;
    default:
      return llvm::CmpInst::ICMP_SGE;
  }
}

llvm::CmpInst::Predicate float_predicate(CompareOp op) {
  switch (op) {
    case CompareOp::Lt:
      return llvm::CmpInst::FCMP_OLT;
    case CompareOp::Le:
      return llvm::CmpInst::FCMP_OLE;
    case CompareOp::Eq:
      return llvm::CmpInst::FCMP_OEQ;
    case CompareOp::Ne:
      return planted_bug(Plant::NanCompare) ? llvm::CmpInst::FCMP_ONE : llvm::CmpInst::FCMP_UNE;
    case CompareOp::Gt:
      return llvm::CmpInst::FCMP_OGT;
    default:
      return llvm::CmpInst::FCMP_OGE;
  }
}

CompareOp swapped(CompareOp op) {
  switch (op) {
    case CompareOp::Lt:
      return CompareOp::Gt;
    case CompareOp::Le:
      return CompareOp::Ge;
    case CompareOp::Gt:
      return CompareOp::Lt;
    case CompareOp::Ge:
      return CompareOp::Le;
    default:
      return op;
  }
}

bool is_ordering(CompareOp op) {
  return op == CompareOp::Lt || op == CompareOp::Le || op == CompareOp::Gt || op == CompareOp::Ge;
}

}  // namespace

Value BodyLowering::lower_compare(ValueId v) {
  const auto op = static_cast<CompareOp>(instr(v).sub);
  Value fused;
  if (fuse_abs(v, fused))
    return fused;
  const Value a = number_operand(v, 0), c = number_operand(v, 1);
  const Type boolean = Type::of(kBool);
  if (op == CompareOp::Is || op == CompareOp::IsNot) {
    llvm::Value* same =
        each_alternative(a, boolean, [&](const Value& x) {
          return each_alternative(c, boolean, [&](const Value& y) { return from_parts(boolean, {same_object(x, y)}); });
        }).parts[0];
    return from_parts(boolean, {op == CompareOp::Is ? same : b.CreateNot(same)});
  }
  if (op == CompareOp::In || op == CompareOp::NotIn)
    return contains(v, op == CompareOp::In, a, c);
  if (a.type.only(kList) && is_native(a.type)) {
    llvm::Value* equal =
        b.CreateICmpNE(call_native("hj_native_equal", m_.i32, {a.parts[0], c.parts[0]}), b.getInt32(0));
    return from_parts(boolean, {op == CompareOp::Eq ? equal : b.CreateNot(equal)});
  }
  if (compares_as_text(a.type) && compares_as_text(c.type))
    return compare_with_texts(v, op, a, c);
  if (a.type.is_whole() && c.type.is_whole() && (a.type.only(kWide) || c.type.only(kWide)))
    return from_parts(boolean, {b.CreateICmp(int_predicate(op), as_wide(a), as_wide(c))});
  if (!a.type.within(kScalar) || !c.type.within(kScalar))
    return boxed_instr(v);
  return each_alternative(a, s_.types[v], [&](const Value& x) {
    return each_alternative(c, s_.types[v], [&](const Value& y) {
      if (x.type.only(kUnbound) || y.type.only(kUnbound) || compare_type(op, x.type, y.type).never()) {
        return leaves(v, DeoptReason::Generic);
      }
      return from_parts(boolean, {compare_one(v, op, x, y)});
    });
  });
}

Value BodyLowering::contains(ValueId v, bool wanted, const Value& item, const Value& container) {
  if (container.type.only(kList) && is_native(container.type)) {
    llvm::Value* at = call_native("hj_native_find", m_.i64, {container.parts[0], as_int(item)});
    return from_parts(Type::of(kBool),
                      {wanted ? b.CreateICmpSGE(at, b.getInt64(0)) : b.CreateICmpSLT(at, b.getInt64(0))});
  }
  llvm::Value* at_a_glance = char_in_text(item, container);
  if (!at_a_glance)
    at_a_glance = in_items(v, item, container);
  if (!at_a_glance)
    at_a_glance = in_table(v, item, container);
  if (at_a_glance)
    return from_parts(Type::of(kBool),
                      {wanted || planted_bug(Plant::NotInItems) ? at_a_glance : b.CreateNot(at_a_glance)});
  llvm::SmallVector<llvm::Value*, 4> temporaries;
  llvm::Value* x = boxed_operand(item, temporaries);
  llvm::Value* in = boxed_operand(container, temporaries);
  llvm::Value* found =
      b.CreateCall(m_.helper("hj_contains", m_.i32, {m_.ptr, m_.ptr}, ModuleContext::Effects::Any), {in, x});
  for (llvm::Value* temporary : temporaries) decref(temporary, true);
  go_if(b.CreateICmpSLT(found, b.getInt32(0)), traced_raise(v));
  llvm::Value* zero = b.getInt32(0);
  return from_parts(Type::of(kBool), {wanted ? b.CreateICmpNE(found, zero) : b.CreateICmpEQ(found, zero)});
}

llvm::Value* BodyLowering::compare_one(ValueId, CompareOp op, const Value& a, const Value& c) {
  if (a.type.within(kIntegral) && c.type.within(kIntegral))
    return b.CreateICmp(int_predicate(op), as_int(a), as_int(c));
  if (a.type.only(kFloat) && c.type.only(kFloat))
    return b.CreateFCmp(float_predicate(op), a.parts[0], c.parts[0]);
  if (a.type.within(kIntegral) && c.type.only(kFloat))
    return compare_int_float(op, as_int(a), a.type.only(kBool) ? Interval{0, 1} : a.type.interval, c.parts[0]);
  if (a.type.only(kFloat) && c.type.within(kIntegral))
    return compare_int_float(swapped(op), as_int(c), c.type.only(kBool) ? Interval{0, 1} : c.type.interval, a.parts[0]);
  // Eq and Ne from here on: a complex with a number, or None.
  llvm::Value* equal;
  if (a.type.within(kNumber) && c.type.within(kNumber)) {
    const auto real_is = [&](llvm::Value* real, const Value& other) {
      return other.type.only(kFloat)
                 ? b.CreateFCmpOEQ(real, other.parts[0])
                 : compare_int_float(CompareOp::Eq, as_int(other),
                                     other.type.only(kBool) ? Interval{0, 1} : other.type.interval, real);
    };
    llvm::Value* zero = llvm::ConstantFP::get(m_.f64, 0.0);
    if (a.type.only(kComplex) && c.type.only(kComplex))
      equal = b.CreateAnd(b.CreateFCmpOEQ(a.parts[0], c.parts[0]),
                          planted_bug(Plant::ComplexEqualReal) ? b.getTrue() : b.CreateFCmpOEQ(a.parts[1], c.parts[1]));
    else if (a.type.only(kComplex))
      equal = b.CreateAnd(real_is(a.parts[0], c), b.CreateFCmpOEQ(a.parts[1], zero));
    else
      equal = b.CreateAnd(real_is(c.parts[0], a), b.CreateFCmpOEQ(c.parts[1], zero));
  } else {
    equal = b.getInt1(a.type.only(kNoneType) && c.type.only(kNoneType));
  }
  return op == CompareOp::Eq ? equal : b.CreateNot(equal);
}

llvm::Value* BodyLowering::compare_int_float(CompareOp op, llvm::Value* i, Interval interval, llvm::Value* f) {
  constexpr int64_t kExact = int64_t{1} << 53;
  const auto as_floats = [&] { return b.CreateFCmp(float_predicate(op), b.CreateSIToFP(i, m_.f64), f); };
  if ((interval.low >= -kExact && interval.high <= kExact) || planted_bug(Plant::IntToFloatRounds))
    return as_floats();
  const Type boolean = Type::of(kBool);
  llvm::Value* exact = b.CreateICmpULE(b.CreateAdd(i, b.getInt64(kExact)), b.getInt64(2 * kExact));
  return choose(
             exact, boolean, [&] { return from_parts(boolean, {as_floats()}); },
             [&] {
               // -1, 0, 1, or 2 for NaN
               llvm::Value* order = b.CreateCall(
                   m_.helper("hj_compare_int_float", m_.i32, {m_.i64, m_.f64}, ModuleContext::Effects::Pure), {i, f});
               llvm::Value* holds = b.CreateICmp(int_predicate(op), order, b.getInt32(0));
               if (is_ordering(op))
                 holds = b.CreateAnd(holds, b.CreateICmpNE(order, b.getInt32(2)));
               return from_parts(boolean, {holds});
             },
             true)
      .parts[0];
}

/// `is`. What has lost its identity by being unboxed never meets its like here: why_not_exact refuses that.
llvm::Value* BodyLowering::same_object(const Value& a, const Value& c) {
  if (is_native(a.type) || is_native(c.type))
    return a.type.only(kList) && c.type.only(kList) ? b.CreateICmpEQ(a.parts[0], c.parts[0]) : b.getFalse();
  if (a.type.object || c.type.object || a.type.only(kList) || c.type.only(kList)) {
    const bool fixed =
        (a.type.object || a.type.only(kList) || a.type.within(kNoneType | kBool) || a.type.only(kKnown)) &&
        (c.type.object || c.type.only(kList) || c.type.within(kNoneType | kBool) || c.type.only(kKnown));
    if (!fixed && !(a.type.object || c.type.object))
      return b.getFalse();
    bool a_owned = false, c_owned = false;
    llvm::Value *x = box(a, &a_owned), *y = box(c, &c_owned);
    llvm::Value* same = b.CreateICmpEQ(x, y);
    if (a_owned)
      decref(x, true);
    if (c_owned)
      decref(y, true);
    return same;
  }
  if (a.type.kinds != c.type.kinds)
    return b.getFalse();
  if (a.type.only(kKnown))
    return b.getInt1(a.type.known == c.type.known);
  if (a.parts.size() != c.parts.size())
    return b.getFalse();
  llvm::Value* same = b.getTrue();
  for (size_t k = 0; k < a.parts.size(); ++k) {
    if (a.parts[k]->getType() != c.parts[k]->getType())
      return b.getFalse();
    llvm::Value *x = a.parts[k], *y = c.parts[k];
    if (x->getType()->isDoubleTy()) {
      x = b.CreateBitCast(x, m_.i64);
      y = b.CreateBitCast(y, m_.i64);
    }
    same = b.CreateAnd(same, b.CreateICmpEQ(x, y));
  }
  return same;
}

/// abs(z) that is compared with a number, next in its block: the call defines nothing, the comparison decides. Where the number
/// is needed after that, which is not on both ways, it is computed.
bool BodyLowering::abs_is_fused(ValueId call) {
  const auto plan = s_.calls.find(call);
  if (plan == s_.calls.end() || plan->second.how != CallPlan::How::Native || plan->second.known != Known::Abs)
    return false;
  if (!use(call, 1).type.only(kComplex) || (s_.liveness.live_out(instr(call).block, call) && !may_wait(call)))
    return false;
  for (ValueId at = call + 1; at < s_.view.end(instr(call).block); ++at) {
    const auto args = s_.view.args(at);
    if (instr(at).op == Op::Const || instr(at).op == Op::Hold)
      continue;
    if (instr(at).op != Op::Compare || args.size() != 2 || args[0] != call || args[1] == call)
      return false;
    if (!is_ordering(static_cast<CompareOp>(instr(at).sub)) || !use(at, 1).type.within(kReal) || use(at, 1).is_union())
      return false;
    if (!s_.types[at].only(kBool))  // it was an object elsewhere, and is made by CPython
      return false;
    const Type bound = use(at, 1).type;
    constexpr int64_t kExact = int64_t{1} << 53;
    if (bound.only(kInt) && (bound.interval.low < -kExact || bound.interval.high > kExact))
      return false;
    for (ValueId later = at + 1; later < s_.view.end(instr(call).block); ++later) {
      for (ValueId arg : s_.view.args(later)) {
        if (arg == call)
          return false;
      }
    }
    return true;
  }
  return false;
}

/// Whether one of the ways that part after its block needs no such value, and the others can make it.
bool BodyLowering::may_wait(ValueId call) {
  const ValueId z = s_.view.args(call)[1];
  if (!s_.types[call].only(kFloat) || homes_.contains(call) || homes_.contains(z) || twins_.contains(call))
    return false;
  const BlockId from = instr(call).block;
  const auto needs = [&](BlockId to) {
    if (s_.liveness.live_in(to, call))
      return true;
    const auto preds = s_.view.preds(to);
    for (ValueId phi = s_.view.first(to); instr(phi).op == Op::Phi; ++phi) {
      for (size_t k = 0; k < preds.size(); ++k) {
        if (preds[k] == from && s_.view.args(phi)[k] == call)
          return true;
      }
    }
    return false;
  };
  const auto succs = s_.view.succs(from);
  return succs.size() == 2 && !(needs(succs[0]) && needs(succs[1]));
}

Value BodyLowering::magnitude(ValueId call) {
  const Value z = use(call, 1);
  return from_parts(Type::of(kFloat), {hypot(z)});
}

llvm::Value* BodyLowering::hypot(const Value& z) {
  return b.CreateCall(m_.helper("hj_hypot", m_.f64, {m_.f64, m_.f64}, ModuleContext::Effects::Pure),
                      {z.parts[0], z.parts[1]});
}

/// Whether abs(z) is too large for a float: finite parts with an infinite magnitude.
llvm::Value* BodyLowering::overflows(const Value& z, llvm::Value* magnitude) {
  llvm::Value* infinity = llvm::ConstantFP::getInfinity(m_.f64);
  const auto finite = [&](llvm::Value* x) {
    return b.CreateFCmpOLT(b.CreateUnaryIntrinsic(llvm::Intrinsic::fabs, x), infinity);
  };
  llvm::BasicBlock *start = b.GetInsertBlock(), *infinite = new_block(""), *done = new_block("");
  b.CreateCondBr(b.CreateFCmpOEQ(magnitude, infinity), infinite, done, m_.unlikely());
  b.SetInsertPoint(infinite);
  llvm::Value* both = b.CreateAnd(finite(z.parts[0]), finite(z.parts[1]));
  b.CreateBr(done);
  b.SetInsertPoint(done);
  llvm::PHINode* result = b.CreatePHI(m_.i1, 2);
  result->addIncoming(b.getFalse(), start);
  result->addIncoming(both, infinite);
  return result;
}

bool BodyLowering::fuse_abs(ValueId compare, Value& result) {
  const auto args = s_.view.args(compare);
  const auto op = static_cast<CompareOp>(instr(compare).sub);
  if (args.empty() || instr(args[0]).op != Op::Call || instr(args[0]).block != instr(compare).block ||
      !abs_is_fused(args[0]))
    return false;
  const ValueId call = args[0];
  const Value z = use(call, 1);
  llvm::Value* bound = as_double(use(compare, 1));
  llvm::Value *re = z.parts[0], *im = z.parts[1];
  llvm::Value* square = b.CreateFAdd(b.CreateFMul(re, re), b.CreateFMul(im, im));
  llvm::Value* bound_square = b.CreateFMul(bound, bound);
  // Both squares carry relative errors below 2**-51, hypot() one of 2**-52: 2**-48 to either side is safe. Below and
  // above, the squares could leave the normal range.
  llvm::Value* low = b.CreateFMul(bound_square, llvm::ConstantFP::get(m_.f64, 1.0 - 0x1p-48));
  llvm::Value* high = b.CreateFMul(bound_square, llvm::ConstantFP::get(m_.f64, 1.0 + 0x1p-48));
  llvm::Value* ordinary = b.CreateAnd(b.CreateFCmpOGT(bound, llvm::ConstantFP::get(m_.f64, 0x1p-400)),
                                      b.CreateFCmpOLT(bound, llvm::ConstantFP::get(m_.f64, 0x1p+400)));
  const bool below_wanted = op == CompareOp::Lt || op == CompareOp::Le;
  llvm::BasicBlock *below = new_block(""), *not_below = new_block(""), *above = new_block(""), *border = new_block(""),
                   *done = new_block("");
  llvm::Value* is_below = b.CreateAnd(ordinary, b.CreateFCmpOLT(square, low));
  b.CreateCondBr(is_below, below, not_below);
  b.SetInsertPoint(below);
  b.CreateBr(done);
  b.SetInsertPoint(not_below);
  llvm::Value* is_above = b.CreateAnd(
      ordinary,
      b.CreateAnd(b.CreateFCmpOGT(square, high), b.CreateFCmpOLT(square, llvm::ConstantFP::get(m_.f64, 0x1p+1000))));
  if (planted_bug(Plant::AbsBoundary))
    is_above = b.CreateOr(is_above, ordinary);
  b.CreateCondBr(b.CreateNot(is_above), border, above, m_.unlikely());
  b.SetInsertPoint(above);
  b.CreateBr(done);
  b.SetInsertPoint(border);
  llvm::Value* magnitude = hypot(z);
  // OverflowError is raised by the interpreter at the call of abs.
  go_if(overflows(z, magnitude), leave_before(call, DeoptReason::Generic));
  llvm::Value* exact = b.CreateFCmp(float_predicate(op), magnitude, bound);
  llvm::BasicBlock* border_end = b.GetInsertBlock();
  b.CreateBr(done);
  b.SetInsertPoint(done);
  auto* phi = b.CreatePHI(m_.i1, 3);
  phi->addIncoming(b.getInt1(below_wanted), below);
  phi->addIncoming(b.getInt1(!below_wanted), above);
  phi->addIncoming(exact, border_end);
  result = from_parts(Type::of(kBool), {phi});
  return true;
}

}  // namespace hasten::compile
