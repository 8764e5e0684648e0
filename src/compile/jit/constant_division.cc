#include "compile/jit/constant_division.h"

#include <map>
#include <optional>

#include <llvm/ADT/STLExtras.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/Support/DivisionByConstantInfo.h>

namespace hasten::compile {

namespace {

using llvm::BinaryOperator;
using llvm::Value;
using Multiplier = llvm::UnsignedDivisionByConstantInfo;

constexpr const char* kMark = "hasten.without_sign";

/// How many operations follow the multiplication, or go before it.
int extra_operations(const Multiplier& by) {
  return (by.IsAdd ? 3 : 0) + (by.PreShift != 0 ? 1 : 0) + (by.PostShift != 0 ? 1 : 0);
}

/// The multiplier, if it is worth more to know that the dividend has no sign.
std::optional<Multiplier> multiplier_of(const BinaryOperator& division) {
  const auto* by = llvm::dyn_cast<llvm::ConstantInt>(division.getOperand(1));
  if (!by || by->getBitWidth() != 64 || by->getValue().ule(1) || by->getValue().isPowerOf2() || by->isNegative())
    return {};
  const Multiplier usual = Multiplier::get(by->getValue()), better = Multiplier::get(by->getValue(), 1);
  if (better.IsAdd || extra_operations(better) >= extra_operations(usual))
    return {};
  return better;
}

Value* quotient(Value* dividend, const Multiplier& by, llvm::IRBuilder<>& b) {
  llvm::Type* wide = b.getInt128Ty();
  Value* number = by.PreShift != 0 ? b.CreateLShr(dividend, by.PreShift) : dividend;
  Value* product = b.CreateNUWMul(b.CreateZExt(number, wide), llvm::ConstantInt::get(wide, by.Magic.zext(128)));
  Value* high = b.CreateTrunc(b.CreateLShr(product, 64), b.getInt64Ty());
  return by.PostShift != 0 ? b.CreateLShr(high, by.PostShift) : high;
}

}  // namespace

void mark_without_sign(llvm::Value* division) {
  if (auto* made = llvm::dyn_cast<BinaryOperator>(division))
    made->setMetadata(kMark, llvm::MDNode::get(made->getContext(), {}));
}

llvm::PreservedAnalyses DivideWithoutSign::run(llvm::Function& function, llvm::FunctionAnalysisManager& /*functions*/) {
  bool changed = false;
  for (llvm::BasicBlock& block : function) {
    std::map<std::pair<Value*, Value*>, Value*> quotients;  // of this block
    for (llvm::Instruction& instr : llvm::make_early_inc_range(block)) {
      auto* division = llvm::dyn_cast<BinaryOperator>(&instr);
      const bool is_quotient = division && division->getOpcode() == llvm::Instruction::UDiv;
      if (!division || (!is_quotient && division->getOpcode() != llvm::Instruction::URem) ||
          !division->getMetadata(kMark))
        continue;
      const auto by = multiplier_of(*division);
      if (!by)
        continue;
      Value *dividend = division->getOperand(0), *divisor = division->getOperand(1);
      llvm::IRBuilder<> b(division);
      Value*& known = quotients[{dividend, divisor}];
      if (!known)
        known = quotient(dividend, *by, b);
      division->replaceAllUsesWith(is_quotient ? known : b.CreateSub(dividend, b.CreateMul(known, divisor)));
      division->eraseFromParent();
      changed = true;
    }
  }
  llvm::PreservedAnalyses kept;
  kept.preserveSet<llvm::CFGAnalyses>();
  return changed ? kept : llvm::PreservedAnalyses::all();
}

}  // namespace hasten::compile
