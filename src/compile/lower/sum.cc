// sum() of a generator expression over numbers, as the function adds them: ints exactly, floats with an account of
// what each addition lost (from CPython 3.12 on), bit for bit.
#include <llvm/IR/Intrinsics.h>

#include "compile/lower/body.h"

namespace hasten::compile {

using mir::Op;
using mir::ValueId;

Value BodyLowering::lower_sum(ValueId v) {
  const Type number = Type::of(kFloat);
  const Value total = use(v, 0), carry = use(v, 1);
  llvm::Value* zero = llvm::ConstantFP::get(m_.f64, 0.0);
  const auto magnitude = [&](llvm::Value* x) { return b.CreateUnaryIntrinsic(llvm::Intrinsic::fabs, x); };
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
            return from_parts(number, {zero});  // the first float
          if (!m_.layout.sum_compensates)
            return carry;
          llvm::Value *x = a.parts[0], *y = c.parts[0], *sum = narrow_to(next, number).parts[0];
          llvm::Value* first = b.CreateFAdd(b.CreateFSub(x, sum), y);
          llvm::Value* second = b.CreateFAdd(b.CreateFSub(y, sum), x);
          llvm::Value* lost = b.CreateSelect(b.CreateFCmpOGE(magnitude(x), magnitude(y)), first, second);
          return from_parts(number, {b.CreateFAdd(carry.parts[0], lost)});
        });
      });
    }
    default:
      return each_alternative(total, s_.types[v], [&](const Value& a) -> Value {
        if (!a.type.only(kFloat))
          return a;
        llvm::Value *x = a.parts[0], *lost = carry.parts[0];
        llvm::Value* finite = b.CreateFCmpOLT(magnitude(lost), llvm::ConstantFP::getInfinity(m_.f64));
        llvm::Value* counts = b.CreateAnd(b.CreateFCmpUNE(lost, zero), finite);
        return from_parts(number, {b.CreateSelect(counts, b.CreateFAdd(x, lost), x)});
      });
  }
}

}  // namespace hasten::compile
