// Ints of up to 128 bits (kWide), and results that are put off (types/deferred.h).
//
// Operands are brought to 128 bits, and the result to the form of its type: LLVM finds where 64 bits are enough.
#include <llvm/IR/Intrinsics.h>

#include "compile/lower/body.h"
#include "compile/types/interval.h"
#include "compile/types/transfer.h"

namespace hasten::compile {

using mir::BinaryOp;
using mir::Op;
using mir::UnaryOp;
using mir::ValueId;
using runtime::DeoptReason;
using Effects = ModuleContext::Effects;

namespace {

constexpr Wide kShiftMost = 126;  ///< 1 << 127 is beyond

bool is_power_of_two(const WideInterval& t) { return t.is_constant() && t.low > 0 && (t.low & (t.low - 1)) == 0; }

}  // namespace

llvm::ConstantInt* BodyLowering::wide_constant(Wide value) const {
  const auto raw = static_cast<unsigned __int128>(value);
  const uint64_t halves[] = {static_cast<uint64_t>(raw), static_cast<uint64_t>(raw >> 64)};
  return llvm::ConstantInt::get(m_.context, llvm::APInt(128, halves));
}

llvm::Value* BodyLowering::as_wide(const Value& v) {
  if (v.deferred != mir::kNone || !v.type.is_whole())
    return mistyped(v, Type::of(kWide)).parts[0];
  if (v.type.only(kInt))
    return b.CreateSExt(v.parts[0], m_.i128);
  return v.type.only(kWide) && !v.type.is_unsigned_wide() ? v.parts[0] : b.CreateZExt(v.parts[0], m_.i128);
}

llvm::Value* BodyLowering::lower_half(const Value& v) {
  if (v.type.only(kBool))
    return b.CreateZExt(v.parts[0], m_.i64);
  return v.parts[0]->getType() == m_.i64 ? v.parts[0] : b.CreateTrunc(v.parts[0], m_.i64);
}

Value BodyLowering::whole_value(const Type& t, llvm::Value* wide) {
  return from_parts(t, {t.only(kWide) && !t.is_unsigned_wide() ? wide : b.CreateTrunc(wide, m_.i64)});
}

Value BodyLowering::whole_as(const Value& v, const Type& to) {
  const WideInterval from = v.type.whole_interval();
  const bool same_form =
      v.type.kinds == to.kinds && (to.only(kInt) || v.type.is_unsigned_wide() == to.is_unsigned_wide());
  const bool fits = same_form || (to.only(kInt) ? from.fits() : !to.is_unsigned_wide() || from.is_unsigned());
  if (!fits)
    return mistyped(v, to);
  Value r;
  if (same_form || v.parts[0]->getType() == m_.parts_of(to)[0])
    r = from_parts(to, v.parts);
  else if (v.deferred == mir::kNone)
    r = whole_value(to, as_wide(v));
  else
    r = from_parts(to, {b.CreateZExt(v.parts[0], m_.i128)});
  r.constant = v.constant;
  r.deferred = v.deferred;
  return r;
}

llvm::Value* BodyLowering::box_wide(const Value& v) {
  const bool is_unsigned = v.type.is_unsigned_wide();
  return b.CreateCall(m_.helper(is_unsigned ? "hj_box_unsigned" : "hj_box_wide", m_.ptr,
                                {is_unsigned ? m_.i64 : m_.i128}, Effects::Allocates),
                      {v.parts[0]});
}

/// The number itself, a new reference.
llvm::Value* BodyLowering::box_deferred(ValueId v) {
  llvm::SmallVector<llvm::Value*, 2> operands, temporaries;
  for (size_t k = 0; k < instr(v).arg_count; ++k) operands.push_back(boxed_operand(use(v, k), temporaries));
  operands.resize(2, llvm::ConstantPointerNull::get(b.getPtrTy()));
  llvm::Value* object = b.CreateCall(m_.helper("hj_whole_object", m_.ptr, {m_.i32, m_.ptr, m_.ptr}, Effects::Allocates),
                                     {b.getInt32(instr(v).sub), operands[0], operands[1]});
  for (llvm::Value* temporary : temporaries) decref(temporary, true);
  return object;
}

Value BodyLowering::unbox_wide(llvm::Value* object, const Type& t, llvm::BasicBlock* fail) {
  if (t.is_unsigned_wide()) {
    llvm::Value* both = b.CreateCall(
        m_.helper("hj_unbox_unsigned", llvm::StructType::get(m_.i64, m_.i64), {m_.ptr}, Effects::Any), {object});
    go_if(b.CreateICmpEQ(b.CreateExtractValue(both, 1), b.getInt64(0)), fail);
    return from_parts(t, {b.CreateExtractValue(both, 0)});
  }
  // Of its own: the object may lie in scratch_, others behind it.
  llvm::IRBuilder<> at_entry(entry_block_, entry_block_->begin());
  llvm::Value* halves = at_entry.CreateAlloca(m_.i64, at_entry.getInt64(2), "halves");
  llvm::Value* fits =
      b.CreateCall(m_.helper("hj_unbox_wide", m_.i64, {m_.ptr, m_.ptr}, Effects::Any), {object, halves});
  go_if(b.CreateICmpEQ(fits, b.getInt64(0)), fail);
  llvm::Value* low = b.CreateZExt(b.CreateLoad(m_.i64, halves), m_.i128);
  llvm::Value* high = b.CreateZExt(b.CreateLoad(m_.i64, b.CreateConstInBoundsGEP1_64(m_.i64, halves, 1)), m_.i128);
  return from_parts(t, {b.CreateOr(low, b.CreateShl(high, wide_constant(64)))});
}

Value BodyLowering::wide_unary(ValueId v, UnaryOp op, const Value& a) {
  if (s_.deferred.contains(v)) {
    llvm::Value* half = lower_half(a);
    return from_parts(Type::unsigned_wide(), {op == UnaryOp::Neg ? b.CreateNeg(half) : b.CreateNot(half)});
  }
  if (a.deferred != mir::kNone)
    return mistyped(a, s_.types[v]);
  if (op == UnaryOp::Pos)
    return a;
  const WideInterval x = a.type.whole_interval();
  if (op == UnaryOp::Invert)
    return whole_value(Type::whole({~x.high, ~x.low}), b.CreateNot(as_wide(a)));
  bool overflows = false;
  const Type t = Type::whole(wide_interval(BinaryOp::Sub, {0, 0}, x, &overflows));
  llvm::Value* i = as_wide(a);
  if (overflows)
    go_if(b.CreateICmpEQ(i, wide_constant(WideInterval::kLowest)), leave_before(v, DeoptReason::WideOverflow));
  return whole_value(t, b.CreateNeg(i));
}

/// Of a result of which only these are wanted.
Value BodyLowering::lower_bits(ValueId v, BinaryOp op, llvm::Value* l, llvm::Value* r) {
  const auto bits = [&](llvm::Value* value) { return from_parts(Type::unsigned_wide(), {value}); };
  switch (op) {
    case BinaryOp::Add:
      return bits(b.CreateAdd(l, r));
    case BinaryOp::Sub:
      return bits(b.CreateSub(l, r));
    case BinaryOp::Mul:
      return bits(b.CreateMul(l, r));
    case BinaryOp::LShift:
      return bits(b.CreateShl(l, r));
    case BinaryOp::And:
      return bits(b.CreateAnd(l, r));
    case BinaryOp::Or:
      return bits(b.CreateOr(l, r));
    case BinaryOp::Xor:
      return bits(b.CreateXor(l, r));
    default:
      return mistyped(bits(l), s_.types[v]);
  }
}

Value BodyLowering::wide_binary(ValueId v, BinaryOp op, const Value& a, const Value& c) {
  const WideInterval x = a.type.whole_interval(), y = c.type.whole_interval();
  if (is_deferred(v, Deferral::LowBits))
    return lower_bits(v, op, lower_half(a), lower_half(c));
  if (a.deferred != mir::kNone && is_deferred(a.deferred, Deferral::Product) && op == BinaryOp::Mod)
    return product_modulo(v, a.deferred, c);
  if (a.deferred != mir::kNone || c.deferred != mir::kNone) {
    const Value& whole = a.deferred != mir::kNone ? c : a;
    const WideInterval other = whole.type.whole_interval();
    llvm::Value* half = lower_half(a.deferred != mir::kNone ? a : c);
    if (op == BinaryOp::And && other.is_unsigned() && whole.deferred == mir::kNone)
      return from_parts(Type::whole({0, other.high}), {b.CreateAnd(half, lower_half(whole))});
    if (op == BinaryOp::Mod && a.deferred != mir::kNone && is_power_of_two(other))
      return from_parts(Type::whole({0, other.low - 1}),
                        {b.CreateAnd(half, b.getInt64(static_cast<uint64_t>(other.low - 1)))});
    return mistyped(a, s_.types[v]);
  }
  bool overflows = false;
  const Type t = Type::whole(wide_interval(op, x, y, &overflows));
  const auto checked_wide = [&](llvm::Intrinsic::ID id) {
    llvm::Value* both = b.CreateBinaryIntrinsic(id, as_wide(a), as_wide(c));
    go_if(b.CreateExtractValue(both, 1), leave_before(v, DeoptReason::WideOverflow));
    return whole_value(t, b.CreateExtractValue(both, 0));
  };
  switch (op) {
    case BinaryOp::Add:
      return overflows ? checked_wide(llvm::Intrinsic::sadd_with_overflow)
                       : whole_value(t, b.CreateNSWAdd(as_wide(a), as_wide(c)));
    case BinaryOp::Sub:
      return overflows ? checked_wide(llvm::Intrinsic::ssub_with_overflow)
                       : whole_value(t, b.CreateNSWSub(as_wide(a), as_wide(c)));
    case BinaryOp::Mul: {
      llvm::Value *l = as_wide(a), *r = as_wide(c);
      if (overflows && x.is_unsigned() && y.is_unsigned()) {  // 128 bits hold it, but for the sign's
        llvm::Value* product = b.CreateNUWMul(l, r);
        go_if(b.CreateICmpSLT(product, wide_constant(0)), leave_before(v, DeoptReason::WideOverflow));
        return whole_value(t, product);
      }
      if (overflows) {
        llvm::Value* fits =
            b.CreateCall(m_.helper("hj_wide_product_fits", m_.i64, {m_.i128, m_.i128}, Effects::Pure), {l, r});
        go_if(b.CreateICmpEQ(fits, b.getInt64(0)), leave_before(v, DeoptReason::WideOverflow));
      }
      return whole_value(t, b.CreateNSWMul(l, r));
    }
    case BinaryOp::LShift:
      return wide_shift_left(v, a, c);
    case BinaryOp::RShift: {
      llvm::Value* places = as_wide(c);
      if (y.low < 0)
        go_if(b.CreateICmpSLT(places, wide_constant(0)), fails_at(v));
      if (y.high > 127)
        places = b.CreateSelect(b.CreateICmpUGT(places, wide_constant(127)), wide_constant(127), places);
      return whole_value(t, b.CreateAShr(as_wide(a), places));
    }
    case BinaryOp::And:
      return whole_value(t, b.CreateAnd(as_wide(a), as_wide(c)));
    case BinaryOp::Or:
      return whole_value(t, b.CreateOr(as_wide(a), as_wide(c)));
    case BinaryOp::Xor:
      return whole_value(t, b.CreateXor(as_wide(a), as_wide(c)));
    case BinaryOp::FloorDiv:
    case BinaryOp::Mod:
      return wide_division(v, op, a, c);
    case BinaryOp::TrueDiv: {
      if (y.contains(0))
        go_if(b.CreateICmpEQ(as_wide(c), wide_constant(0)), fails_at(v));
      llvm::Value* quotient = b.CreateCall(
          m_.helper("hj_wide_true_divide", m_.f64, {m_.i128, m_.i128}, Effects::Allocates), {as_wide(a), as_wide(c)});
      return from_parts(Type::of(kFloat), {quotient});
    }
    case BinaryOp::Pow:
      if (y == WideInterval{2, 2})
        return wide_binary(v, BinaryOp::Mul, a, a);
      return leaves(v, DeoptReason::Generic);
    default:
      return leaves(v, DeoptReason::Generic);
  }
}

Value BodyLowering::wide_shift_left(ValueId v, const Value& a, const Value& c) {
  const WideInterval y = c.type.whole_interval();
  bool overflows = false;
  const Type t = Type::whole(wide_interval(BinaryOp::LShift, a.type.whole_interval(), y, &overflows));
  llvm::Value *l = as_wide(a), *places = as_wide(c);
  if (y.low < 0)
    go_if(b.CreateICmpSLT(places, wide_constant(0)), fails_at(v));
  if (!overflows)
    return whole_value(t, b.CreateShl(l, places));
  // 0 << anything is 0.
  llvm::Value* too_far = b.CreateICmpUGT(places, wide_constant(kShiftMost));
  places = b.CreateSelect(too_far, wide_constant(kShiftMost), places);
  llvm::Value* shifted = b.CreateShl(l, places);
  llvm::Value* lost = b.CreateOr(b.CreateICmpNE(b.CreateAShr(shifted, places), l),
                                 b.CreateAnd(too_far, b.CreateICmpNE(l, wide_constant(0))));
  go_if(lost, leave_before(v, DeoptReason::WideOverflow));
  return whole_value(t, shifted);
}

Value BodyLowering::wide_division(ValueId v, BinaryOp op, const Value& a, const Value& c) {
  const WideInterval x = a.type.whole_interval(), y = c.type.whole_interval();
  const bool floor = op == BinaryOp::FloorDiv;
  bool overflows = false;
  const Type t = Type::whole(wide_interval(op, x, y, &overflows));
  llvm::Value *l = as_wide(a), *r = as_wide(c);
  if (y.contains(0))
    go_if(b.CreateICmpEQ(r, wide_constant(0)), fails_at(v));
  if (is_power_of_two(y)) {
    int places = 0;
    while ((Wide{1} << places) < y.low) ++places;
    return whole_value(t, floor ? b.CreateAShr(l, wide_constant(places)) : b.CreateAnd(l, wide_constant(y.low - 1)));
  }
  const auto halves = [&] {
    llvm::Value *n = b.CreateTrunc(l, m_.i64), *d = b.CreateTrunc(r, m_.i64);
    return whole_value(t, b.CreateZExt(floor ? b.CreateUDiv(n, d) : b.CreateURem(n, d), m_.i128));
  };
  if (x.is_unsigned() && y.is_unsigned())
    return halves();
  return choose(
      b.CreateICmpULE(b.CreateOr(l, r), wide_constant(WideInterval::kUnsignedHighest)), t, halves,
      [&] {
        if (floor && overflows)
          go_if(b.CreateAnd(b.CreateICmpEQ(l, wide_constant(WideInterval::kLowest)),
                            b.CreateICmpEQ(r, wide_constant(-1))),
                leave_before(v, DeoptReason::WideOverflow));
        return whole_value(t, b.CreateCall(m_.helper(floor ? "hj_wide_floor_divide" : "hj_wide_modulo", m_.i128,
                                                     {m_.i128, m_.i128}, Effects::Pure),
                                           {l, r}));
      },
      false);
}

/// x * y % divisor, whatever the product is.
Value BodyLowering::product_modulo(ValueId v, ValueId product, const Value& divisor) {
  const Value x = use(product, 0), y = use(product, 1);
  const WideInterval of_x = x.type.whole_interval(), of_y = y.type.whole_interval();
  const WideInterval of_divisor = divisor.type.whole_interval();
  bool overflows = false;
  const Type t = Type::whole(wide_interval(BinaryOp::Mod, {}, of_divisor, &overflows));
  if (of_divisor.contains(0))
    go_if(b.CreateICmpEQ(divisor.parts[0], llvm::Constant::getNullValue(divisor.parts[0]->getType())), fails_at(v));
  const auto with_product = [&](llvm::Intrinsic::ID id, const std::function<Value(llvm::Value*)>& fast,
                                const char* helper) {
    llvm::Value *l = lower_half(x), *r = lower_half(y);
    llvm::Value* both = b.CreateBinaryIntrinsic(id, l, r);
    return choose(
        b.CreateNot(b.CreateExtractValue(both, 1)), t, [&] { return fast(b.CreateExtractValue(both, 0)); },
        [&] {
          return from_parts(t, {b.CreateCall(m_.helper(helper, m_.i64, {m_.i64, m_.i64, m_.i64}, Effects::Pure),
                                             {l, r, divisor.parts[0]})});
        },
        true);
  };
  const auto is_narrow = [](const Value& one) { return one.type.only(kInt) || one.type.only(kBool); };
  if (is_narrow(x) && is_narrow(y) && is_narrow(divisor)) {
    const Type whole = Type::integer(of_x.low >= 0 && of_y.low >= 0 ? 0 : Interval{}.low, Interval{}.high);
    return with_product(
        llvm::Intrinsic::smul_with_overflow,
        [&](llvm::Value* fits) { return int_binary(v, BinaryOp::Mod, from_parts(whole, {fits}), divisor); },
        "hj_product_modulo");
  }
  if (of_x.is_unsigned() && of_y.is_unsigned() && of_divisor.is_unsigned())
    return with_product(
        llvm::Intrinsic::umul_with_overflow,
        [&](llvm::Value* fits) { return from_parts(t, {b.CreateURem(fits, lower_half(divisor))}); },
        "hj_unsigned_product_modulo");
  return whole_value(
      t, b.CreateCall(m_.helper("hj_wide_product_modulo", m_.i128, {m_.i128, m_.i128, m_.i128}, Effects::Pure),
                      {as_wide(x), as_wide(y), as_wide(divisor)}));
}

}  // namespace hasten::compile
