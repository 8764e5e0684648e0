// Arithmetic on unboxed numbers, exactly as CPython's objects do it.
#include <llvm/IR/Intrinsics.h>

#include <bit>
#include <set>

#include "compile/jit/constant_division.h"
#include "compile/lower/body.h"
#include "compile/types/interval.h"
#include "compile/types/transfer.h"

namespace hasten::compile {

using mir::BinaryOp;
using mir::UnaryOp;
using mir::ValueId;
using runtime::DeoptReason;

namespace {

constexpr Kinds kIntegral = kBool | kInt;
constexpr Kinds kReal = kIntegral | kFloat;

Interval interval_of(const Type& t) { return t.only(kBool) ? Interval{0, 1} : t.interval; }

}  // namespace

llvm::Value* BodyLowering::checked(ValueId v, llvm::Intrinsic::ID id, llvm::Value* a, llvm::Value* c) {
  llvm::Value* both = b.CreateBinaryIntrinsic(id, a, c);
  go_if(b.CreateExtractValue(both, 1), leave_before(v, DeoptReason::Overflow));
  return b.CreateExtractValue(both, 0);
}

/// A product with a number for which there is something quicker than a multiplication; null: there is not. That tells no
/// overflow, but which numbers overflow is known before, and can be asked beside it.
llvm::Value* BodyLowering::little_multiple(ValueId v, llvm::Value* number, Interval times) {
  const bool is_quick = times.low == 3 || times.low == 5 || times.low == 9 ||
                        (times.low > 2 && std::has_single_bit(static_cast<uint64_t>(times.low)));
  if (!times.is_constant() || !is_quick || planted_bug(Plant::MulUnchecked))
    return nullptr;
  const int64_t most = Interval{}.high / times.low, least = Interval{}.low / times.low;
  llvm::Value* above = b.CreateSub(number, b.getInt64(static_cast<uint64_t>(least)));
  const uint64_t span = static_cast<uint64_t>(most) - static_cast<uint64_t>(least);
  go_if(b.CreateICmpUGT(above, b.getInt64(span)), leave_before(v, DeoptReason::Overflow));
  return b.CreateNSWMul(number, b.getInt64(static_cast<uint64_t>(times.low)));
}

Value BodyLowering::lower_unary(ValueId v) {
  const auto op = static_cast<UnaryOp>(instr(v).sub);
  const Type& result = s_.types[v];
  if (op == UnaryOp::Not) {
    const Value operand = use(v, 0);
    if (llvm::Value* size = size_of(operand))
      return from_parts(Type::of(kBool), {b.CreateICmpEQ(size, b.getInt64(0))});
    if (operand.type.object && !operand.type.may_be_unbound())
      return object_truth(v, operand, true);
    if (!operand.type.within(kScalar | kWide | kTuple | kList | kChar))
      return boxed_instr(v);
    return each_alternative(operand, result, [&](const Value& one) {
      if (one.type.only(kUnbound))
        return leaves(v, DeoptReason::Generic);
      return from_parts(Type::of(kBool), {b.CreateNot(truth(one))});
    });
  }
  return each_alternative(use(v, 0), result, [&](const Value& a) -> Value {
    const Type t = unary_type(op, a.type);
    if (t.never())
      return leaves(v, DeoptReason::Generic);
    if (a.type.only(kWide) || (a.type.is_whole() && op == UnaryOp::Neg && (result.kinds & kWide)) ||
        s_.deferred.contains(v))
      return wide_unary(v, op, a);
    if (t.only(kInt)) {
      if (op == UnaryOp::Pos)
        return from_parts(t, {as_int(a)});
      // ~True warns from CPython 3.12 on: left to the interpreter.
      if (op == UnaryOp::Invert && a.type.only(kBool))
        return leaves(v, DeoptReason::Generic);
      if (op == UnaryOp::Invert)
        return from_parts(t, {b.CreateNot(as_int(a))});
      if (exact_interval(BinaryOp::Sub, {0, 0}, interval_of(a.type)).fits())
        return from_parts(t, {b.CreateNSWSub(b.getInt64(0), as_int(a))});
      if (planted_bug(Plant::NegUnchecked))
        return from_parts(t, {b.CreateSub(b.getInt64(0), as_int(a))});
      return from_parts(t, {checked(v, llvm::Intrinsic::ssub_with_overflow, b.getInt64(0), as_int(a))});
    }
    if (op == UnaryOp::Pos)
      return a;
    Value r;
    r.type = t;
    for (llvm::Value* part : a.parts) {
      r.parts.push_back(planted_bug(Plant::NegativeZero) ? b.CreateFSub(llvm::ConstantFP::get(m_.f64, 0.0), part)
                                                         : b.CreateFNeg(part));
    }
    return r;
  });
}

Value BodyLowering::lower_binary(ValueId v, BinaryOp op, const Value& a, const Value& c) {
  const Type& result = s_.types[v];
  const Type& t = result;
  if (!a.type.within(kScalar | kWide) || !c.type.within(kScalar | kWide)) {
    if (op == BinaryOp::Add && a.type.only(kTuple) && c.type.only(kTuple) && t.only(kTuple)) {
      Value both = a;
      both.constant = nullptr;
      both.twin = nullptr;
      both.parts.append(c.parts.begin(), c.parts.end());
      std::vector<Type> items = *a.type.items;
      items.insert(items.end(), c.type.items->begin(), c.type.items->end());
      both.type = Type::with_items(kTuple, std::move(items));
      return own_as(both, t);
    }
    return boxed_instr(v);
  }
  return each_alternative(a, result, [&](const Value& x) {
    return each_alternative(c, result, [&](const Value& y) { return binary_one(v, op, x, y); });
  });
}

Value BodyLowering::binary_one(ValueId v, BinaryOp op, const Value& a, const Value& c) {
  if (!a.type.within(kNumber | kWide) || !c.type.within(kNumber | kWide))
    return leaves(v, DeoptReason::Generic);
  if (a.type.is_whole() && c.type.is_whole() &&
      (a.type.only(kWide) || c.type.only(kWide) || s_.deferred.contains(v) ||
       ((s_.types[v].kinds & kWide) &&
        (op == BinaryOp::Add || op == BinaryOp::Sub || op == BinaryOp::Mul || op == BinaryOp::LShift))))
    return wide_binary(v, op, a, c);
  if (a.type.within(kIntegral) && c.type.within(kIntegral)) {
    Value r = int_binary(v, op, a, c);
    // Beside another alternative's wide result: whether it has a sign decides on its form there.
    if (const Type t = binary_type(op, a.type, c.type, m_.unit.sites, kNoSite); r.type.only(kInt) && t.only(kInt))
      r.type.interval = t.interval;
    return r;
  }
  if (a.type.within(kReal | kWide) && c.type.within(kReal | kWide))
    return float_binary(v, op, as_double(a), as_double(c));
  return complex_binary(v, op, a, c);
}

Value BodyLowering::int_binary(ValueId v, BinaryOp op, const Value& a, const Value& c) {
  const Interval x = interval_of(a.type), y = interval_of(c.type);
  llvm::Value *l = as_int(a), *r = as_int(c);
  const Type int_type = Type::of(kInt);
  const auto integer = [&](llvm::Value* value) { return from_parts(int_type, {value}); };
  switch (op) {
    case BinaryOp::Add:
      if (exact_interval(op, x, y).fits())
        return integer(b.CreateNSWAdd(l, r));
      return integer(checked(v, llvm::Intrinsic::sadd_with_overflow, l, r));
    case BinaryOp::Sub:
      if (exact_interval(op, x, y).fits())
        return integer(b.CreateNSWSub(l, r));
      if (planted_bug(Plant::SubUnchecked))
        return integer(b.CreateSub(l, r));
      return integer(checked(v, llvm::Intrinsic::ssub_with_overflow, l, r));
    case BinaryOp::Mul:
      if (planted_bug(Plant::MulUnchecked))
        return integer(b.CreateMul(l, r));
      if (exact_interval(op, x, y).fits())
        return integer(b.CreateNSWMul(l, r));
      if (llvm::Value* product = little_multiple(v, x.is_constant() ? r : l, x.is_constant() ? x : y))
        return integer(product);
      return integer(checked(v, llvm::Intrinsic::smul_with_overflow, l, r));
    case BinaryOp::TrueDiv: {
      if (y.contains(0))
        go_if(b.CreateICmpEQ(r, b.getInt64(0)), fails_at(v));
      // Both exact as doubles: one correctly rounded division. Beyond 2**53 CPython divides the integers.
      constexpr int64_t kExact = int64_t{1} << 53;
      const auto fast = [&] {
        return from_parts(Type::of(kFloat), {b.CreateFDiv(b.CreateSIToFP(l, m_.f64), b.CreateSIToFP(r, m_.f64))});
      };
      if ((x.low >= -kExact && x.high <= kExact && y.low >= -kExact && y.high <= kExact) ||
          planted_bug(Plant::TrueDivRounds))
        return fast();
      const auto within = [&](llvm::Value* value) {
        return b.CreateICmpULE(b.CreateAdd(value, b.getInt64(kExact)), b.getInt64(2 * kExact));
      };
      return choose(
          b.CreateAnd(within(l), within(r)), Type::of(kFloat), fast,
          [&] {
            return from_parts(
                Type::of(kFloat),
                {b.CreateCall(m_.helper("hj_int_true_divide", m_.f64, {m_.i64, m_.i64}, ModuleContext::Effects::Pure),
                              {l, r})});
          },
          true);
    }
    case BinaryOp::FloorDiv:
    case BinaryOp::Mod: {
      if (y.contains(0))
        go_if(b.CreateICmpEQ(r, b.getInt64(0)), fails_at(v));
      const bool floor = op == BinaryOp::FloorDiv;
      if (x.low >= 0 && y.low >= 0)
        return integer(unsigned_division(v, floor, l, r));
      if (y.is_constant() && y.low > 0 && std::has_single_bit(static_cast<uint64_t>(y.low)) &&
          !planted_bug(floor ? Plant::FloorDivTruncates : Plant::ModSign))
        return integer(
            floor ? b.CreateAShr(l, b.getInt64(static_cast<uint64_t>(std::countr_zero(static_cast<uint64_t>(y.low)))))
                  : b.CreateAnd(l, b.getInt64(static_cast<uint64_t>(y.low - 1))));
      if (!y.is_constant()) {  // most often there is no sign, and then nothing to mend behind the division
        return choose(
            b.CreateICmpSGE(b.CreateOr(l, r), b.getInt64(0)), int_type,
            [&] { return integer(unsigned_division(v, floor, l, r)); },
            [&] { return integer(signed_division(v, floor, l, r, x, y)); }, true);
      }
      return integer(signed_division(v, floor, l, r, x, y));
    }
    case BinaryOp::Pow: {
      if (y.high < 0) {
        if (planted_bug(Plant::PowNegative))
          return from_parts(Type::of(kFloat), {llvm::ConstantFP::get(m_.f64, 0.0)});
        return boxed_instr(v, {a, c});
      }
      if (y.is_constant() && y.low == 2) {
        if (exact_interval(BinaryOp::Mul, x, x).fits())
          return integer(b.CreateNSWMul(l, l));
        return integer(checked(v, llvm::Intrinsic::smul_with_overflow, l, l));
      }
      const auto power = [&] {
        llvm::Value* both = b.CreateCall(m_.helper("hj_int_pow", llvm::StructType::get(m_.i64, m_.i64),
                                                   {m_.i64, m_.i64}, ModuleContext::Effects::Pure),
                                         {l, r});
        go_if(b.CreateICmpEQ(b.CreateExtractValue(both, 1), b.getInt64(0)), leave_before(v, DeoptReason::Overflow));
        return integer(b.CreateExtractValue(both, 0));
      };
      if (y.low >= 0)
        return power();
      const Type& result = s_.types[v];
      const auto negative = [&] {
        return planted_bug(Plant::PowNegative) ? integer(b.getInt64(0)) : boxed_instr(v, {a, c});
      };
      return choose(b.CreateICmpSGE(r, b.getInt64(0)), result, power, negative, true);
    }
    case BinaryOp::LShift: {
      if (y.low < 0)
        go_if(b.CreateICmpSLT(r, b.getInt64(0)), fails_at(v));
      if (y.low >= 0 && y.high <= 62 && exact_interval(op, x, y).fits())
        return integer(b.CreateShl(l, r, "", false, true));
      // 0 << anything is 0; other values beyond 63 places overflow.
      llvm::Value* wide = y.high > 63 || y.low < 0 ? b.CreateICmpUGT(r, b.getInt64(63)) : b.getFalse();
      llvm::Value* places = b.CreateSelect(wide, b.getInt64(63), r);
      llvm::Value* shifted = b.CreateShl(l, places);
      llvm::Value* back =
          planted_bug(Plant::ShiftSignBit) ? b.CreateLShr(shifted, places) : b.CreateAShr(shifted, places);
      llvm::Value* lost = b.CreateOr(b.CreateICmpNE(back, l), b.CreateAnd(wide, b.CreateICmpNE(l, b.getInt64(0))));
      go_if(lost, leave_before(v, DeoptReason::Overflow));
      return integer(shifted);
    }
    case BinaryOp::RShift: {
      if (y.low < 0)
        go_if(b.CreateICmpSLT(r, b.getInt64(0)), fails_at(v));
      if (y.low >= 0 && y.high <= 63)
        return integer(x.low >= 0 ? b.CreateLShr(l, r) : b.CreateAShr(l, r));
      if (planted_bug(Plant::ShiftWide))
        return integer(b.CreateAShr(l, b.CreateAnd(r, b.getInt64(63))));
      return integer(b.CreateAShr(l, b.CreateSelect(b.CreateICmpUGT(r, b.getInt64(63)), b.getInt64(63), r)));
    }
    case BinaryOp::And:
    case BinaryOp::Or:
    case BinaryOp::Xor: {
      const auto combine = [&](llvm::Value* p, llvm::Value* q) {
        return op == BinaryOp::And ? b.CreateAnd(p, q) : op == BinaryOp::Or ? b.CreateOr(p, q) : b.CreateXor(p, q);
      };
      if (a.type.only(kBool) && c.type.only(kBool) && !planted_bug(Plant::BoolIsInt))
        return from_parts(Type::of(kBool), {combine(a.parts[0], c.parts[0])});
      return integer(combine(l, r));
    }
    default:
      return leaves(v, DeoptReason::Generic);
  }
}

/// As Python divides: the quotient rounded down, a remainder with the sign of the divisor, which is not 0.
/// Of numbers without a sign. Most are short, and then so is the division; of a product that is anybody's guess, and to guess
/// wrong costs more than the longer division.
llvm::Value* BodyLowering::unsigned_division(ValueId v, bool floor, llvm::Value* l, llvm::Value* r) {
  const auto divide = [&](llvm::Value* x, llvm::Value* y) {
    llvm::Value* made = floor ? b.CreateUDiv(x, y) : b.CreateURem(x, y);
    mark_without_sign(made);
    return made;
  };
  const auto is = [&](ValueId value, BinaryOp op) {
    const mir::Instr& i = instr(value);
    return (i.op == mir::Op::Binary || i.op == mir::Op::Inplace) && static_cast<BinaryOp>(i.sub) == op;
  };
  const ValueId dividend = s_.view.args(v)[0];
  bool of_product = is(dividend, BinaryOp::Mul);
  if (is(dividend, BinaryOp::Add) || is(dividend, BinaryOp::Sub)) {
    for (ValueId part : s_.view.args(dividend)) of_product |= is(part, BinaryOp::Mul);
  }
  if (llvm::isa<llvm::Constant>(r) || of_product)
    return divide(l, r);
  // An argument that is reduced before all else is often small enough.
  if (!floor && is_rare_ && instr(dividend).op == mir::Op::Param) {
    return choose(
               b.CreateICmpULT(l, r), Type::of(kInt), [&] { return from_parts(Type::of(kInt), {l}); },
               [&] { return from_parts(Type::of(kInt), {divide(l, r)}); }, true)
        .parts[0];
  }
  llvm::Value* high = b.CreateLShr(b.CreateOr(l, r), b.getInt64(32));
  return choose(
             b.CreateICmpEQ(high, b.getInt64(0)), Type::of(kInt),
             [&] {
               llvm::Value* shorter = divide(b.CreateTrunc(l, m_.i32), b.CreateTrunc(r, m_.i32));
               return from_parts(Type::of(kInt), {b.CreateZExt(shorter, m_.i64)});
             },
             [&] { return from_parts(Type::of(kInt), {divide(l, r)}); }, false)
      .parts[0];
}

llvm::Value* BodyLowering::signed_division(ValueId v, bool floor, llvm::Value* l, llvm::Value* r, Interval x,
                                           Interval y) {
  llvm::Value* divisor = r;
  if (y.contains(-1)) {
    llvm::Value* minus_one = b.CreateICmpEQ(r, b.getInt64(static_cast<uint64_t>(-1)));
    if (floor) {
      if (x.contains(Interval{}.low)) {
        llvm::Value* lowest = b.CreateICmpEQ(l, b.getInt64(static_cast<uint64_t>(Interval{}.low)));
        go_if(b.CreateAnd(minus_one, lowest), leave_before(v, DeoptReason::Overflow));
      }
    } else {
      divisor = b.CreateSelect(minus_one, b.getInt64(1), r);  // the lowest int % -1 would trap; the result is 0
    }
  }
  llvm::Value* remainder = b.CreateSRem(l, divisor);
  llvm::Value* quotient = floor ? b.CreateSDiv(l, divisor) : nullptr;
  llvm::Value* other_sign = b.CreateICmpSLT(b.CreateXor(remainder, divisor), b.getInt64(0));
  llvm::Value* adjust = b.CreateAnd(b.CreateICmpNE(remainder, b.getInt64(0)), other_sign);
  if (planted_bug(floor ? Plant::FloorDivTruncates : Plant::ModSign))
    adjust = b.getFalse();
  if (floor)
    return (b.CreateSub(quotient, b.CreateZExt(adjust, m_.i64)));
  return (b.CreateAdd(remainder, b.CreateSelect(adjust, divisor, b.getInt64(0))));
}

Value BodyLowering::float_binary(ValueId v, BinaryOp op, llvm::Value* a, llvm::Value* c) {
  using Effects = ModuleContext::Effects;
  const auto number = [&](llvm::Value* value) { return from_parts(Type::of(kFloat), {value}); };
  const auto check_zero = [&] { go_if(b.CreateFCmpOEQ(c, llvm::ConstantFP::get(m_.f64, 0.0)), fails_at(v)); };
  switch (op) {
    case BinaryOp::Add:
      return number(b.CreateFAdd(a, c));
    case BinaryOp::Sub:
      return number(b.CreateFSub(a, c));
    case BinaryOp::Mul:
      return number(b.CreateFMul(a, c));
    case BinaryOp::TrueDiv:
      if (!planted_bug(Plant::FloatDivZero))
        check_zero();
      return number(b.CreateFDiv(a, c));
    case BinaryOp::Mod:
      check_zero();
      return number(b.CreateCall(m_.helper("hj_float_mod", m_.f64, {m_.f64, m_.f64}, Effects::Pure), {a, c}));
    case BinaryOp::FloorDiv:
      check_zero();
      if (planted_bug(Plant::FloatFloorDiv))
        return number(b.CreateUnaryIntrinsic(llvm::Intrinsic::floor, b.CreateFDiv(a, c)));
      return number(b.CreateCall(m_.helper("hj_float_floor_divide", m_.f64, {m_.f64, m_.f64}, Effects::Pure), {a, c}));
    case BinaryOp::Pow:
      return float_pow(v, a, c);
    default:
      return leaves(v, DeoptReason::Generic);
  }
}

/// Only a root of less than zero is wrong, which the program has often asked for itself. That a NaN is not rooted keeps LLVM from
/// taking roots that nobody needs, where a branch could go round them.
llvm::Value* BodyLowering::root(ValueId v, llvm::Value* x) {
  llvm::Value* zero = llvm::ConstantFP::get(m_.f64, 0.0);
  llvm::BasicBlock *odd = new_block("odd"), *usual = new_block(""), *done = new_block("");
  b.CreateCondBr(b.CreateFCmpULT(x, zero), odd, usual, m_.unlikely());
  b.SetInsertPoint(odd);
  if (!planted_bug(Plant::DomainUnchecked))
    go_if(b.CreateFCmpOLT(x, zero), fails_at(v));
  llvm::Value* nan = b.CreateFAdd(x, x);
  odd = b.GetInsertBlock();
  b.CreateBr(done);
  b.SetInsertPoint(usual);
  llvm::Value* result = b.CreateUnaryIntrinsic(llvm::Intrinsic::sqrt, x);
  b.CreateBr(done);
  b.SetInsertPoint(done);
  auto* either = b.CreatePHI(m_.f64, 2);
  either->addIncoming(result, usual);
  either->addIncoming(nan, odd);
  return either;
}

/// Whether `v` is computed from what it was in another round of a loop.
bool BodyLowering::comes_from_itself(ValueId v) const {
  constexpr size_t kLookedAt = 64;
  std::set<ValueId> seen;
  std::vector<ValueId> next{v};
  while (!next.empty() && seen.size() < kLookedAt) {
    const ValueId one = next.back();
    next.pop_back();
    for (ValueId operand : s_.view.args(one)) {
      if (operand == v)
        return true;
      if (s_.types[operand].within(kNumber) && seen.insert(operand).second)
        next.push_back(operand);
    }
  }
  return false;
}

/// As _Py_c_quot: by the ratio of the divisor's smaller part to its larger one. What comes out as a NaN is computed once more by
/// CPython's own function, which from some version on recovers infinities.
Value BodyLowering::complex_quotient(ValueId v, llvm::Value* ar, llvm::Value* ai, llvm::Value* cr, llvm::Value* ci) {
  const Type t = Type::of(kComplex);
  const auto magnitude = [&](llvm::Value* x) { return b.CreateUnaryIntrinsic(llvm::Intrinsic::fabs, x); };
  const auto pair = [&](llvm::Value* re, llvm::Value* im) { return from_parts(t, {re, im}); };
  const auto both_over = [&](llvm::Value* first, llvm::Value* second, llvm::Value* by) {
    llvm::Value* both = llvm::PoisonValue::get(llvm::FixedVectorType::get(m_.f64, 2));
    both = b.CreateInsertElement(b.CreateInsertElement(both, first, uint64_t{0}), second, uint64_t{1});
    both = b.CreateFDiv(both, b.CreateVectorSplat(2, by));
    return pair(b.CreateExtractElement(both, uint64_t{0}), b.CreateExtractElement(both, uint64_t{1}));
  };
  llvm::Value* zero = llvm::ConstantFP::get(m_.f64, 0.0);
  const auto fail_if = [&](llvm::Value* is_zero) {
    if (!planted_bug(Plant::ComplexDivZero))
      go_if(is_zero, fails_at(v));
  };
  llvm::Value* by_real = b.CreateFCmpOGE(magnitude(cr), magnitude(ci));
  // Where the next quotient waits for this one, a guess makes it wait less, and a wrong one is found out meanwhile.
  const auto guessed = [&](bool real) {
    if (real)
      fail_if(b.CreateFCmpOEQ(cr, zero));
    llvm::Value *larger = real ? cr : ci, *smaller = real ? ci : cr;
    llvm::Value* ratio = b.CreateFDiv(smaller, larger);
    llvm::Value* divisor = b.CreateFAdd(larger, b.CreateFMul(smaller, ratio));
    llvm::Value* re = b.CreateFAdd(real ? ar : ai, b.CreateFMul(real ? ai : ar, ratio));
    llvm::Value* im = real ? b.CreateFSub(ai, b.CreateFMul(ar, ratio)) : b.CreateFSub(b.CreateFMul(ai, ratio), ar);
    llvm::Value* second = b.CreateFDiv(im, divisor);
    return pair(b.CreateFDiv(re, divisor), second);
  };
  // Elsewhere no guess can be wrong: one of the ratios is 1, by which products are exact, and one division gives both.
  const auto selected = [&] {
    fail_if(b.CreateAnd(b.CreateFCmpOEQ(cr, zero), b.CreateFCmpOEQ(ci, zero)));
    const Value ratios = both_over(cr, ci, b.CreateSelect(by_real, cr, ci));
    llvm::Value *x = ratios.parts[0], *y = ratios.parts[1];
    llvm::Value* divisor = b.CreateFAdd(b.CreateFMul(cr, x), b.CreateFMul(ci, y));
    return both_over(b.CreateFAdd(b.CreateFMul(ar, x), b.CreateFMul(ai, y)),
                     b.CreateFSub(b.CreateFMul(ai, x), b.CreateFMul(ar, y)), divisor);
  };
  const Value quotient = comes_from_itself(v)
                             ? choose(
                                   by_real, t, [&] { return guessed(true); }, [&] { return guessed(false); }, false)
                             : selected();
  return choose(
      b.CreateFCmpORD(quotient.parts[0], quotient.parts[1]), t, [&] { return quotient; },
      [&] {
        llvm::Value* both = b.CreateCall(m_.helper("hj_complex_divide", llvm::StructType::get(m_.f64, m_.f64),
                                                   {m_.f64, m_.f64, m_.f64, m_.f64}, ModuleContext::Effects::Pure),
                                         {ar, ai, cr, ci});
        return from_parts(t, {b.CreateExtractValue(both, 0), b.CreateExtractValue(both, 1)});
      },
      true);
}

Value BodyLowering::complex_binary(ValueId v, BinaryOp op, const Value& a, const Value& c) {
  llvm::Value* zero = llvm::ConstantFP::get(m_.f64, 0.0);
  const auto parts = [&](const Value& one) {
    return one.type.only(kComplex) ? std::pair{one.parts[0], one.parts[1]} : std::pair{as_double(one), zero};
  };
  const auto [ar, ai] = parts(a);
  const auto [cr, ci] = parts(c);
  const auto number = [&](llvm::Value* re, llvm::Value* im) { return from_parts(Type::of(kComplex), {re, im}); };
  // _Py_c_prod: no shortcuts for real operands, signs of zero and infinities depend on it.
  const auto product = [&](llvm::Value* pr, llvm::Value* pi, llvm::Value* qr, llvm::Value* qi) {
    return std::pair{b.CreateFSub(b.CreateFMul(pr, qr), b.CreateFMul(pi, qi)),
                     b.CreateFAdd(b.CreateFMul(pr, qi), b.CreateFMul(pi, qr))};
  };
  switch (op) {
    case BinaryOp::Add:
      return number(b.CreateFAdd(ar, cr), b.CreateFAdd(ai, ci));
    case BinaryOp::Sub:
      return number(b.CreateFSub(ar, cr), b.CreateFSub(ai, ci));
    case BinaryOp::Mul: {
      if (planted_bug(Plant::ComplexShortcut) && !c.type.only(kComplex))
        return number(b.CreateFMul(ar, cr), b.CreateFMul(ai, cr));
      const auto [re, im] = product(ar, ai, cr, ci);
      return number(re, im);
    }
    case BinaryOp::TrueDiv: {
      return complex_quotient(v, ar, ai, cr, ci);
    }
    case BinaryOp::Pow: {
      if (!c.type.is_constant() || c.type.interval.low != 2)
        return boxed_instr(v, {a, c});
      // c_powu(z, 2) multiplies (1, 0) by z * z.
      const auto [sr, si] = product(ar, ai, ar, ai);
      const auto [re, im] = product(llvm::ConstantFP::get(m_.f64, 1.0), zero, sr, si);
      llvm::Value* infinity = llvm::ConstantFP::getInfinity(m_.f64);
      const auto infinite = [&](llvm::Value* x) {
        return b.CreateFCmpOEQ(b.CreateUnaryIntrinsic(llvm::Intrinsic::fabs, x), infinity);
      };
      go_if(b.CreateOr(infinite(re), infinite(im)), fails_at(v));  // OverflowError
      return number(re, im);
    }
    default:
      return leaves(v, DeoptReason::Generic);
  }
}

}  // namespace hasten::compile
