#include "compile/jit/flag_checks.h"

#include <llvm/IR/Dominators.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/IntrinsicInst.h>
#include <llvm/IR/PatternMatch.h>

namespace hasten::compile {

namespace {

using llvm::Instruction;
using llvm::Value;
namespace match = llvm::PatternMatch;

/// `n ^ bit`, or `n - bit`, where that is its lowest bit: one instruction too, whose flags tell whether it was the last. `bit` is not
/// needed for it any more.
void clear_lowest_bit(Value* number, llvm::ArrayRef<Instruction*> bits, llvm::IRBuilder<>& b) {
  llvm::SmallVector<Instruction*, 4> cleared, lasts;
  for (Instruction* bit : bits) {
    for (llvm::User* user : bit->users()) {
      auto* instr = llvm::cast<Instruction>(user);
      llvm::CmpInst::Predicate predicate{};
      if (match::match(instr, match::m_c_Xor(match::m_Specific(number), match::m_Specific(bit))) ||
          match::match(instr, match::m_Sub(match::m_Specific(number), match::m_Specific(bit))))
        cleared.push_back(instr);
      else if (match::match(instr, match::m_c_ICmp(predicate, match::m_Specific(number), match::m_Specific(bit))) &&
               llvm::CmpInst::isEquality(predicate))
        lasts.push_back(instr);
    }
  }
  if (cleared.empty())
    return;
  Value* rest = b.CreateAnd(number, b.CreateAdd(number, llvm::ConstantInt::getAllOnesValue(number->getType())));
  for (Instruction* instr : cleared) {
    instr->replaceAllUsesWith(rest);
    instr->eraseFromParent();
  }
  for (Instruction* instr : lasts) {
    llvm::IRBuilder<> at(instr);
    instr->replaceAllUsesWith(at.CreateICmp(llvm::cast<llvm::ICmpInst>(instr)->getPredicate(), rest,
                                            llvm::ConstantInt::get(number->getType(), 0)));
    instr->eraseFromParent();
  }
}

/// The lowest bit of a number, if the checked negation is used for nothing else.
bool check_lowest_bit(llvm::WithOverflowInst& negation) {
  Value* number = negation.getRHS();
  llvm::SmallVector<Instruction*, 2> bits, overflows, parts;
  for (llvm::User* user : negation.users()) {
    auto* part = llvm::dyn_cast<llvm::ExtractValueInst>(user);
    if (!part)
      return false;
    parts.push_back(part);
    if (part->getIndices()[0] == 1) {
      overflows.push_back(part);
      continue;
    }
    for (llvm::User* by : part->users()) {
      if (!match::match(by, match::m_c_And(match::m_Specific(number), match::m_Specific(part))))
        return false;
      bits.push_back(llvm::cast<Instruction>(by));
    }
  }
  if (bits.empty() || overflows.empty())
    return false;
  llvm::IRBuilder<> b(&negation);
  Value* bit = b.CreateAnd(number, b.CreateNeg(number));
  clear_lowest_bit(number, bits, b);
  Value* overflow = b.CreateICmpSLT(bit, llvm::ConstantInt::get(number->getType(), 0));
  for (Instruction* one : bits) one->replaceAllUsesWith(bit);
  for (Instruction* one : overflows) one->replaceAllUsesWith(overflow);
  for (Instruction* one : llvm::concat<Instruction* const>(bits, parts)) one->eraseFromParent();
  negation.eraseFromParent();
  return true;
}

/// `number + 2**62 < 0`, asked before the number is doubled.
bool check_doubled(llvm::ICmpInst& compare, const llvm::DominatorTree& dominators) {
  Value* number = nullptr;
  const llvm::APInt checked_bit = llvm::APInt::getOneBitSet(64, 62);
  if (!compare.getOperand(0)->getType()->isIntegerTy(64) || !compare.getOperand(0)->hasOneUse() ||
      !match::match(compare.getOperand(0), match::m_Add(match::m_Value(number), match::m_SpecificInt(checked_bit))))
    return false;
  const bool is_lost =
      compare.getPredicate() == llvm::CmpInst::ICMP_SLT && match::match(compare.getOperand(1), match::m_Zero());
  const bool fits =
      compare.getPredicate() == llvm::CmpInst::ICMP_SGT && match::match(compare.getOperand(1), match::m_AllOnes());
  if (!is_lost && !fits)
    return false;
  llvm::SmallVector<Instruction*, 2> doubled;
  for (llvm::User* user : number->users()) {
    auto* shift = llvm::dyn_cast<Instruction>(user);
    if (shift && match::match(shift, match::m_Shl(match::m_Specific(number), match::m_One())) &&
        dominators.dominates(&compare, shift))
      doubled.push_back(shift);
  }
  if (doubled.empty())
    return false;
  llvm::IRBuilder<> b(&compare);
  Value* both = b.CreateBinaryIntrinsic(llvm::Intrinsic::sadd_with_overflow, number, number);
  Value* twice = b.CreateExtractValue(both, 0);
  Value* lost = b.CreateExtractValue(both, 1);
  for (Instruction* shift : doubled) {
    shift->replaceAllUsesWith(twice);
    shift->eraseFromParent();
  }
  auto* sum = llvm::cast<Instruction>(compare.getOperand(0));
  compare.replaceAllUsesWith(is_lost ? lost : b.CreateNot(lost));
  compare.eraseFromParent();
  sum->eraseFromParent();
  return true;
}

}  // namespace

llvm::PreservedAnalyses CheckByFlags::run(llvm::Function& function, llvm::FunctionAnalysisManager& functions) {
  llvm::SmallVector<llvm::WithOverflowInst*, 8> negations;
  llvm::SmallVector<llvm::ICmpInst*, 16> compares;
  bool changed = false;
  for (Instruction& instr : llvm::instructions(function)) {
    auto* with = llvm::dyn_cast<llvm::WithOverflowInst>(&instr);
    if (with && with->getIntrinsicID() == llvm::Intrinsic::ssub_with_overflow &&
        match::match(with->getLHS(), match::m_Zero()))
      negations.push_back(with);
  }
  for (llvm::WithOverflowInst* negation : negations) changed |= check_lowest_bit(*negation);
  const llvm::DominatorTree& dominators = functions.getResult<llvm::DominatorTreeAnalysis>(function);
  for (Instruction& instr : llvm::instructions(function)) {
    if (auto* compare = llvm::dyn_cast<llvm::ICmpInst>(&instr))
      compares.push_back(compare);
  }
  for (llvm::ICmpInst* compare : compares) changed |= check_doubled(*compare, dominators);
  if (!changed)
    return llvm::PreservedAnalyses::all();
  llvm::PreservedAnalyses kept;
  kept.preserveSet<llvm::CFGAnalyses>();
  return kept;
}

}  // namespace hasten::compile
