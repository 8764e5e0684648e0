#include "compile/jit/if_conversion.h"

#include <optional>

#include <llvm/Analysis/ValueTracking.h>
#include <llvm/IR/ConstantRange.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/MDBuilder.h>
#include <llvm/IR/PatternMatch.h>
#include <llvm/IR/ProfDataUtils.h>
#include <llvm/Transforms/Utils/BasicBlockUtils.h>

namespace hasten::compile {

namespace {

namespace match = llvm::PatternMatch;

using llvm::BasicBlock;
using llvm::BranchInst;
using llvm::Instruction;
using llvm::Value;

constexpr unsigned kCostMost = 6;        // operations of both arms
constexpr uint64_t kSmall = 1 << 30;     // numbers above it are rare
constexpr unsigned kSelectionsMost = 2;  // values that depend on the branch

bool is_biased(const BranchInst& branch) {
  uint64_t taken = 0, not_taken = 0;
  return llvm::extractBranchWeights(branch, taken, not_taken);
}

/// A way from a branch to where both meet: blocks that only compute, and leave where that overflows.
struct Arm {
  llvm::SmallVector<BasicBlock*, 4> blocks;
  BasicBlock* meets = nullptr;
  unsigned cost = 0;
  bool is_checked = false;
};

/// Whether it hardly ever goes to its first successor: what checks do.
bool is_check(const BranchInst& branch) {
  uint64_t taken = 0, not_taken = 0;
  return llvm::extractBranchWeights(branch, taken, not_taken) && taken < not_taken / 100;
}

std::optional<Arm> arm_from(BasicBlock* from, BasicBlock* block) {
  Arm arm;
  while (block->getSinglePredecessor() == from) {
    for (Instruction& instr : *block) {
      if (&instr == block->getTerminator())
        break;
      if (llvm::isa<llvm::PHINode>(instr) || instr.getType()->isFPOrFPVectorTy() ||
          !llvm::isSafeToSpeculativelyExecute(&instr) || instr.mayReadFromMemory())
        return {};
      arm.cost += llvm::isa<llvm::ExtractValueInst>(instr) ? 0 : 1;
    }
    if (arm.cost > kCostMost)
      return {};
    auto* branch = llvm::dyn_cast<BranchInst>(block->getTerminator());
    if (!branch)
      return {};
    arm.blocks.push_back(block);
    from = block;
    if (!branch->isConditional()) {
      arm.meets = branch->getSuccessor(0);
      return arm;
    }
    if (!is_check(*branch) || branch->getSuccessor(0) == branch->getSuccessor(1))
      return {};
    arm.is_checked = true;
    block = branch->getSuccessor(1);
  }
  arm.meets = block;
  return arm;
}

/// The comparison of what does not overflow if it is not negative and not large: one, with a constant, where the exact one needs
/// the branch's condition too. Null: not so.
Value* may_overflow(Value* overflow, llvm::IRBuilder<>& b) {
  auto* compare = llvm::dyn_cast<llvm::ICmpInst>(overflow);
  const llvm::APInt *bound = nullptr, *offset = nullptr;
  Value* number = nullptr;
  if (!compare || !match::match(compare->getOperand(1), match::m_APInt(bound)) || bound->getBitWidth() != 64)
    return nullptr;
  auto fits = llvm::ConstantRange::makeExactICmpRegion(compare->getInversePredicate(), *bound);
  if (match::match(compare->getOperand(0), match::m_Add(match::m_Value(number), match::m_APInt(offset))))
    fits = fits.subtract(*offset);
  else if (match::match(compare->getOperand(0), match::m_Sub(match::m_Value(number), match::m_APInt(offset))))
    fits = fits.add(llvm::ConstantRange(*offset));
  else
    number = compare->getOperand(0);
  const llvm::APInt zero(64, 0), most = fits.isFullSet() || fits.isEmptySet() ? zero : fits.getUpper() - 1;
  if (!most.isIntN(63) || !most.ugt(kSmall) || !fits.contains(llvm::ConstantRange(zero, most + 1)))
    return nullptr;
  return b.CreateICmpUGT(number, b.getInt(most));
}

/// Moves the arm's work before `branch`; `holds`: the branch leads to it. Returns the block that the branch is in then.
void move_before(BranchInst* branch, const Arm& arm, bool when_true) {
  for (BasicBlock* block : arm.blocks) {
    auto* end = llvm::cast<BranchInst>(block->getTerminator());
    for (Instruction& instr : llvm::make_early_inc_range(*block)) {
      if (&instr == end)
        continue;
      instr.moveBefore(branch);
      instr.dropPoisonGeneratingFlags();  // what the branch would have kept from overflowing may, and is compared now
    }
    if (!end->isConditional())
      continue;
    BasicBlock* leaves = end->getSuccessor(0);
    BasicBlock* before = branch->getParent();
    llvm::IRBuilder<> b(branch);
    Value* overflow = end->getCondition();
    Value* here = branch->getCondition();
    Value* counts =
        when_true ? b.CreateSelect(here, overflow, b.getFalse()) : b.CreateSelect(here, b.getFalse(), overflow);
    Value* is_rare = may_overflow(overflow, b);
    BasicBlock* rest = before->splitBasicBlock(branch->getIterator());
    before->getTerminator()->eraseFromParent();
    b.SetInsertPoint(before);
    llvm::MDNode* rarely = end->getMetadata(llvm::LLVMContext::MD_prof);
    if (is_rare) {
      BasicBlock* asks = BasicBlock::Create(b.getContext(), "asks", before->getParent());
      b.CreateCondBr(is_rare, asks, rest, rarely);
      b.SetInsertPoint(asks);
    }
    b.CreateCondBr(counts, leaves, rest, rarely);
    leaves->replacePhiUsesWith(block, b.GetInsertBlock());
    BranchInst::Create(end->getSuccessor(1), end->getIterator());
    end->eraseFromParent();
  }
}

bool convert(BasicBlock& block) {
  auto* branch = llvm::dyn_cast<BranchInst>(block.getTerminator());
  if (!branch || !branch->isConditional() || is_biased(*branch) || branch->getSuccessor(0) == branch->getSuccessor(1))
    return false;
  const auto yes = arm_from(&block, branch->getSuccessor(0)), no = arm_from(&block, branch->getSuccessor(1));
  if (!yes || !no || yes->meets != no->meets || !(yes->is_checked || no->is_checked) ||
      yes->cost + no->cost > kCostMost)
    return false;
  unsigned selections = 0;
  for ([[maybe_unused]] llvm::PHINode& phi : yes->meets->phis()) ++selections;
  if (selections > kSelectionsMost || yes->meets == &block)
    return false;
  // The checked arm first: the other one is then computed where the selection is.
  if (!no->is_checked)
    move_before(branch, *yes, true);
  move_before(branch, *no, false);
  if (no->is_checked)
    move_before(branch, *yes, true);
  return true;
}

}  // namespace

llvm::PreservedAnalyses ConvertChecked::run(llvm::Function& function, llvm::FunctionAnalysisManager& /*functions*/) {
  bool changed = false;
  llvm::SmallVector<BasicBlock*, 32> blocks;
  for (BasicBlock& block : function) blocks.push_back(&block);
  for (BasicBlock* block : blocks) changed |= convert(*block);
  return changed ? llvm::PreservedAnalyses::none() : llvm::PreservedAnalyses::all();
}

}  // namespace hasten::compile
