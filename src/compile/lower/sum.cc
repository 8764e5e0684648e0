// sum() of a generator expression over numbers, or of a tuple of them, as the function adds: ints exactly, floats with an account
// of what each addition lost (from CPython 3.12 on), bit for bit.
#include <llvm/IR/Intrinsics.h>

#include "compile/lower/body.h"

namespace hasten::compile {

using mir::Op;
using mir::ValueId;

/// The next carry where `sum` is x + y.
llvm::Value* BodyLowering::carried(llvm::Value* carry, llvm::Value* x, llvm::Value* y, llvm::Value* sum) {
  if (!m_.layout.sum_compensates)
    return carry;
  const auto magnitude = [&](llvm::Value* one) { return b.CreateUnaryIntrinsic(llvm::Intrinsic::fabs, one); };
  llvm::Value* first = b.CreateFAdd(b.CreateFSub(x, sum), y);
  llvm::Value* second = b.CreateFAdd(b.CreateFSub(y, sum), x);
  llvm::Value* lost = b.CreateSelect(b.CreateFCmpOGE(magnitude(x), magnitude(y)), first, second);
  return b.CreateFAdd(carry, lost);
}

/// The sum, at the end.
llvm::Value* BodyLowering::with_carry(llvm::Value* total, llvm::Value* carry) {
  llvm::Value* size = b.CreateUnaryIntrinsic(llvm::Intrinsic::fabs, carry);
  llvm::Value* finite = b.CreateFCmpOLT(size, llvm::ConstantFP::getInfinity(m_.f64));
  llvm::Value* counts = b.CreateAnd(b.CreateFCmpUNE(carry, llvm::ConstantFP::get(m_.f64, 0.0)), finite);
  return b.CreateSelect(counts, b.CreateFAdd(total, carry), total);
}

Value BodyLowering::lower_sum(ValueId v) {
  const Type number = Type::of(kFloat);
  const Value total = use(v, 0), carry = use(v, 1);
  switch (instr(v).op) {
    case Op::SumAdd:
      return lower_binary(v, mir::BinaryOp::Add, total, use(v, 2));
    case Op::SumCarry: {
      const Value item = use(v, 2), next = use(v, 3);
      return each_alternative(total, number, [&](const Value& a) {
        return each_alternative(item, number, [&](const Value& c) -> Value {
          if (!c.type.only(kFloat))
            return carry;
          if (!a.type.only(kFloat))
            return from_parts(number, {llvm::ConstantFP::get(m_.f64, 0.0)});  // the first float
          return from_parts(number,
                            {carried(carry.parts[0], a.parts[0], c.parts[0], narrow_to(next, number).parts[0])});
        });
      });
    }
    default:
      return each_alternative(total, s_.types[v], [&](const Value& a) -> Value {
        if (!a.type.only(kFloat))
          return a;
        return from_parts(number, {with_carry(a.parts[0], carry.parts[0])});
      });
  }
}

/// Of a tuple's items, each a number of one kind: ints up to the first float, then floats. An int beyond 64 bits is left to CPython.
Value BodyLowering::sum_of_items(ValueId v, llvm::ArrayRef<Value> items) {
  llvm::Value *whole = b.getInt64(0), *total = nullptr, *carry = llvm::ConstantFP::get(m_.f64, 0.0);
  for (const Value& item : items) {
    if (!total && !item.type.only(kFloat)) {
      llvm::Value* both = b.CreateBinaryIntrinsic(llvm::Intrinsic::sadd_with_overflow, whole, as_int(item));
      go_if(b.CreateExtractValue(both, 1), leave_before(v, runtime::DeoptReason::Generic));
      whole = b.CreateExtractValue(both, 0);
      continue;
    }
    llvm::Value *x = total ? total : b.CreateSIToFP(whole, m_.f64), *y = as_double(item);
    llvm::Value* sum = b.CreateFAdd(x, y);
    if (total && item.type.only(kFloat))
      carry = carried(carry, x, y, sum);
    total = sum;
  }
  if (!total)
    return from_parts(Type::of(kInt), {whole});
  return from_parts(Type::of(kFloat), {m_.layout.sum_compensates ? with_carry(total, carry) : total});
}

/// any() or all() of a tuple's items.
Value BodyLowering::truth_of_items(bool any, llvm::ArrayRef<Value> items) {
  llvm::Value* holds = b.getInt1(!any);
  for (const Value& item : items) holds = any ? b.CreateOr(holds, truth(item)) : b.CreateAnd(holds, truth(item));
  return from_parts(Type::of(kBool), {holds});
}

/// What a parameter `*args` gets.
Value BodyLowering::packed(llvm::ArrayRef<Value> items) {
  std::vector<Type> types;
  Value tuple;
  for (const Value& item : items) {
    types.push_back(item.type);
    tuple.parts.append(item.parts.begin(), item.parts.end());
  }
  tuple.type = Type::with_items(kTuple, std::move(types));
  return tuple;
}

}  // namespace hasten::compile
