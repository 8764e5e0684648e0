// Powers of floats: what libm's pow() gives, to the last digit, without it where that is sure.
#include <llvm/IR/Intrinsics.h>

#include <bit>
#include <cmath>

#include "compile/lower/body.h"

namespace hasten::compile {

namespace {

// In units of the last place: how near the true power may be to a number for pow() to give that. glibc's is off by no more than 0.0142
// before it rounds, by its own account: 0.011 of its exponential (0.009 with fused multiply-adds), and its logarithm's 1.5 * 2**-68
// of at most 70. 0.0077 is the most that was seen of 20 million squares, of which one in 1200 was rounded otherwise than the product.
#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 29)
constexpr double kPowIsCloseTo = 0.484;
#else
constexpr double kPowIsCloseTo = 0.4;
#endif

bool is_whole(double x) { return std::fabs(x) < 0x1p31 && x == std::floor(x); }

}  // namespace

Value BodyLowering::float_pow(ValueId v, llvm::Value* a, llvm::Value* c) {
  const auto sure = power_by_products(a, c);
  if (!sure)
    return called_pow(v, a, c);
  const auto number = [&](llvm::Value* x) { return from_parts(Type::of(kFloat), {x}); };
  const auto rest = [&] {
    llvm::Value* is_zero = b.CreateFCmpOEQ(a, llvm::ConstantFP::get(m_.f64, 0.0));
    return choose(
        is_zero, s_.types[v], [&] { return number(sure->of_zero); }, [&] { return called_pow(v, a, c); }, false);
  };
  return choose(sure->is_same, s_.types[v], [&] { return number(sure->value); }, rest, true);
}

/// libm's pow where CPython's float_pow just calls it, of a magnitude where the exponent is known to be whole; the special cases (errors,
/// complex results) as an object.
Value BodyLowering::called_pow(ValueId v, llvm::Value* a, llvm::Value* c) {
  const auto number = [&](double x) { return llvm::ConstantFP::get(m_.f64, x); };
  const auto value = [&](llvm::Value* x) { return from_parts(Type::of(kFloat), {x}); };
  const auto* exponent = llvm::dyn_cast<llvm::ConstantFP>(c);
  const double known = exponent ? exponent->getValueAPF().convertToDouble() : 0.5;
  llvm::Value* base = is_whole(known) ? b.CreateUnaryIntrinsic(llvm::Intrinsic::fabs, a) : a;
  llvm::Value* power =
      b.CreateCall(m_.helper("hj_pow", m_.f64, {m_.f64, m_.f64}, ModuleContext::Effects::Pure), {base, c});
  // Neither an error nor a special case has a usual number for its result, but of what is not above zero.
  llvm::Value* is_usual = b.CreateFCmpOGT(base, number(0.0));
  is_usual = b.CreateAnd(is_usual, b.CreateFCmpOGT(power, number(0x1p-1000)));
  is_usual = b.CreateAnd(is_usual, b.CreateFCmpOLT(power, llvm::ConstantFP::getInfinity(m_.f64)));
  const auto usual = [&] {
    const bool is_odd = is_whole(known) && std::fmod(known, 2) != 0;
    return value(is_odd ? b.CreateBinaryIntrinsic(llvm::Intrinsic::copysign, power, a) : power);
  };
  const auto unusual = [&]() -> Value {
    // pow(a, c) with the status: 0 when CPython would not simply return it.
    llvm::Value* both = b.CreateCall(m_.helper("hj_float_pow", llvm::StructType::get(m_.f64, m_.i64), {m_.f64, m_.f64},
                                               ModuleContext::Effects::Pure),
                                     {a, c});
    llvm::Value* plain = b.CreateICmpNE(b.CreateExtractValue(both, 1), b.getInt64(0));
    return choose(
        plain, s_.types[v], [&] { return value(b.CreateExtractValue(both, 0)); },
        [&] { return boxed_instr(v, {value(a), value(c)}); }, true);
  };
  return choose(is_usual, s_.types[v], usual, unusual, true);
}

/// a ** 2, 3, 4 and 0.5 by products or the square root: pow() gives the same where the true power is farther from the middle between two
/// numbers than pow() may be off. How far it is from the rounded one is computed by fused multiply-adds; elsewhere, and where
/// numbers are large or small, pow() has to be called.
std::optional<BodyLowering::SurePower> BodyLowering::power_by_products(llvm::Value* a, llvm::Value* c) {
  const auto number = [&](double x) { return llvm::ConstantFP::get(m_.f64, x); };
  const auto fma = [&](llvm::Value* x, llvm::Value* y, llvm::Value* z) {
    return b.CreateIntrinsic(llvm::Intrinsic::fma, {m_.f64}, {x, y, z});
  };
  auto* exponent = llvm::dyn_cast<llvm::ConstantFP>(c);
  const auto is = [&](double x) { return exponent && exponent->isExactlyValue(x); };
  if (!is(2) && !is(3) && !is(4) && !is(0.5))
    return {};
  llvm::Value *value = nullptr, *rest = nullptr;
  if (is(0.5)) {
    value = b.CreateUnaryIntrinsic(llvm::Intrinsic::sqrt, a);
    rest = fma(b.CreateFNeg(value), value, a);  // the power is value + rest / (2 * value)
  } else {
    value = b.CreateFMul(a, a);
    rest = fma(a, a, b.CreateFNeg(value));  // the power is value + rest
  }
  if (is(3) || is(4)) {
    llvm::Value* by = is(3) ? a : value;
    llvm::Value* high = b.CreateFMul(value, by);
    llvm::Value* low = fma(value, by, b.CreateFNeg(high));
    low = fma(rest, is(3) ? a : b.CreateFAdd(value, value), low);
    value = b.CreateFAdd(high, low);
    rest = b.CreateFSub(low, b.CreateFSub(value, high));
  }
  llvm::Value* bits = b.CreateBitCast(value, m_.i64);
  llvm::Value* is_same = nullptr;
  if (is(0.5)) {
    // By the unit below the value: that below a power of two is half of the one above.
    llvm::Value* below = b.CreateAnd(b.CreateSub(bits, b.getInt64(1)), b.getInt64(std::bit_cast<uint64_t>(HUGE_VAL)));
    llvm::Value* limit = b.CreateFMul(b.CreateBitCast(below, m_.f64), number(kPowIsCloseTo * 0x1p-51));
    is_same = b.CreateFCmpOLT(b.CreateUnaryIntrinsic(llvm::Intrinsic::fabs, rest), b.CreateFMul(limit, value));
  } else {  // the rest, made so much larger that the limit becomes half a unit, is rounded away (no NaN comes in the range asked for below)
    is_same = b.CreateFCmpUEQ(fma(rest, number(0.5 / kPowIsCloseTo), value), value);
  }
  constexpr auto kLeast = std::bit_cast<uint64_t>(0x1p-100), kMost = std::bit_cast<uint64_t>(0x1p+100);
  if (is(3))
    bits = b.CreateAnd(bits, b.getInt64(~(1ull << 63)));
  is_same = b.CreateAnd(is_same, b.CreateICmpULT(b.CreateSub(bits, b.getInt64(kLeast)), b.getInt64(kMost - kLeast)));
  return SurePower{value, planted_bug(Plant::FloatSquare) && is(2) ? b.getTrue() : is_same, is(3) ? a : number(0.0)};
}

}  // namespace hasten::compile
