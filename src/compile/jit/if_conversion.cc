#include "compile/jit/if_conversion.h"

#include <optional>

#include <llvm/Analysis/ValueTracking.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/MDBuilder.h>
#include <llvm/IR/ProfDataUtils.h>
#include <llvm/Transforms/Utils/BasicBlockUtils.h>

namespace hasten::compile {

namespace {

using llvm::BasicBlock;
using llvm::BranchInst;
using llvm::Instruction;
using llvm::Value;

constexpr unsigned kCostMost = 6;        // operations of both arms
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

/// Moves the arm's work before `branch`; `holds`: the branch leads to it. Returns the block that the branch is in then.
void move_before(BranchInst* branch, const Arm& arm, bool when_true) {
  for (BasicBlock* block : arm.blocks) {
    auto* end = llvm::cast<BranchInst>(block->getTerminator());
    for (Instruction& instr : llvm::make_early_inc_range(*block)) {
      if (&instr != end)
        instr.moveBefore(branch);
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
    BasicBlock* rest = before->splitBasicBlock(branch->getIterator());
    before->getTerminator()->eraseFromParent();
    b.SetInsertPoint(before);
    b.CreateCondBr(counts, leaves, rest, end->getMetadata(llvm::LLVMContext::MD_prof));
    leaves->replacePhiUsesWith(block, before);
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
  move_before(branch, *yes, true);
  move_before(branch, *no, false);
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
