#include "compile/jit/sum_chains.h"

#include <optional>

#include <llvm/Analysis/LoopInfo.h>
#include <llvm/IR/Dominators.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/IntrinsicInst.h>
#include <llvm/IR/ValueHandle.h>
#include <llvm/Transforms/Utils/BasicBlockUtils.h>
#include <llvm/Transforms/Utils/Local.h>

namespace hasten::compile {

namespace {

using llvm::BasicBlock;
using llvm::BranchInst;
using llvm::ExtractValueInst;
using llvm::Instruction;
using llvm::PHINode;
using llvm::Value;

constexpr int kDepthMost = 8;  // of what is added, as far as it is looked at

/// A checked addition or subtraction at the end of its block, which leaves where it overflows.
struct Sum {
  llvm::WithOverflowInst* with = nullptr;
  ExtractValueInst* value = nullptr;
  BranchInst* branch = nullptr;

  bool subtracts() const { return with->getBinaryOp() == Instruction::Sub; }
  BasicBlock* leaves() const { return branch->getSuccessor(0); }
  BasicBlock* next() const { return branch->getSuccessor(1); }
};

std::optional<Sum> sum_at_end(BasicBlock& block) {
  Sum sum;
  sum.branch = llvm::dyn_cast<BranchInst>(block.getTerminator());
  auto* overflow = sum.branch && sum.branch->isConditional()
                       ? llvm::dyn_cast<ExtractValueInst>(sum.branch->getCondition())
                       : nullptr;
  if (!overflow || overflow->getIndices()[0] != 1 || !overflow->hasOneUse())
    return {};
  sum.with = llvm::dyn_cast<llvm::WithOverflowInst>(overflow->getAggregateOperand());
  if (!sum.with || !sum.with->isSigned() || sum.with->getBinaryOp() == Instruction::Mul ||
      sum.with->getParent() != &block || !sum.with->getLHS()->getType()->isIntegerTy(64))
    return {};
  for (llvm::User* user : sum.with->users()) {
    auto* part = llvm::dyn_cast<ExtractValueInst>(user);
    if (!part || (part != overflow && (sum.value || part->getIndices()[0] != 0)))
      return {};
    if (part != overflow)
      sum.value = part;
  }
  return sum.value ? std::optional(sum) : std::nullopt;
}

class Sums {
 public:
  Sums(llvm::Loop& loop, llvm::DominatorTree& dominators) : loop_(loop), dominators_(dominators) {}

  bool run() {
    for (BasicBlock* block : loop_.blocks()) {
      const auto one = sum_at_end(*block);
      const auto other = one && one->next()->getSinglePredecessor() ? sum_at_end(*one->next()) : std::nullopt;
      if (!other || !loop_.contains(one->next()) || loop_.contains(one->leaves()) || loop_.contains(other->leaves()))
        continue;
      PHINode* carried = carried_by(*one);
      if (!carried || other->with->getLHS() != one->value || !is_only_summed(*one, *other))
        continue;
      Value* first = one->with->getLHS() == carried ? one->with->getRHS() : one->with->getLHS();
      Value* second = other->with->getRHS();
      if (waits_for(first, carried, kDepthMost) || waits_for(second, carried, kDepthMost) ||
          !dominators_.dominates(second, one->with))
        continue;
      sum_up(*one, *other, carried, first, second);
      return true;
    }
    return false;
  }

 private:
  PHINode* carried_by(const Sum& sum) const {
    for (Value* operand : {sum.with->getLHS(), sum.with->getRHS()}) {
      auto* phi = llvm::dyn_cast<PHINode>(operand);
      if (phi && phi->getParent() == loop_.getHeader() && (!sum.subtracts() || operand == sum.with->getLHS()))
        return phi;
    }
    return nullptr;
  }
  /// Whether the first sum is wanted for nothing else, but where the second one leaves.
  static bool is_only_summed(const Sum& one, const Sum& other) {
    BasicBlock* leaves = other.leaves();
    return leaves->getSinglePredecessor() && llvm::all_of(one.value->uses(), [&](const llvm::Use& use) {
             auto* user = llvm::cast<Instruction>(use.getUser());
             auto* phi = llvm::dyn_cast<PHINode>(user);
             return user == other.with || (phi ? phi->getIncomingBlock(use) : user->getParent()) == leaves;
           });
  }
  bool waits_for(Value* value, PHINode* carried, int depth) const {
    auto* instr = llvm::dyn_cast<Instruction>(value);
    if (!instr || !loop_.contains(instr))
      return false;
    if (llvm::isa<PHINode>(instr))
      return instr == carried || instr->getParent() != loop_.getHeader();
    return depth == 0 ||
           llvm::any_of(instr->operands(), [&](Value* operand) { return waits_for(operand, carried, depth - 1); });
  }

  static void sum_up(const Sum& one, const Sum& other, Value* carried, Value* first, Value* second) {
    BasicBlock *block = one.with->getParent(), *next = one.next();
    const bool adds_second = one.subtracts() == other.subtracts();
    Value *one_overflow = one.branch->getCondition(), *other_overflow = other.branch->getCondition();
    llvm::IRBuilder<> b(one.branch);
    Value* by = b.CreateBinaryIntrinsic(
        adds_second ? llvm::Intrinsic::sadd_with_overflow : llvm::Intrinsic::ssub_with_overflow, first, second);
    Value* lost = b.CreateExtractValue(by, 1);
    Value* added = b.CreateExtractValue(by, 0);
    BasicBlock* rest = block->splitBasicBlock(one.branch->getIterator());
    block->getTerminator()->eraseFromParent();
    b.SetInsertPoint(block);
    b.CreateCondBr(lost, one.leaves(), rest, one.branch->getMetadata(llvm::LLVMContext::MD_prof));
    for (PHINode& phi : one.leaves()->phis()) phi.addIncoming(phi.getIncomingValueForBlock(rest), block);
    b.SetInsertPoint(one.branch);
    Value* all = b.CreateBinaryIntrinsic(
        one.subtracts() ? llvm::Intrinsic::ssub_with_overflow : llvm::Intrinsic::sadd_with_overflow, carried, added);
    one.branch->setCondition(b.CreateExtractValue(all, 1));
    other.value->replaceAllUsesWith(b.CreateExtractValue(all, 0));
    BasicBlock* unused = other.leaves();
    unused->removePredecessor(next, true);
    BranchInst::Create(other.next(), other.branch->getIterator());
    other.branch->eraseFromParent();
    llvm::DeleteDeadBlock(unused);
    llvm::SmallVector<llvm::WeakTrackingVH, 4> dead{other.value, other_overflow, one.value, one_overflow};
    llvm::RecursivelyDeleteTriviallyDeadInstructionsPermissive(dead);
  }

  llvm::Loop& loop_;
  llvm::DominatorTree& dominators_;
};

}  // namespace

llvm::PreservedAnalyses ShortenSums::run(llvm::Function& function, llvm::FunctionAnalysisManager& functions) {
  bool changed = false;
  for (bool found = true; found;) {
    found = false;
    auto& dominators = functions.getResult<llvm::DominatorTreeAnalysis>(function);
    for (llvm::Loop* loop : functions.getResult<llvm::LoopAnalysis>(function).getLoopsInPreorder())
      found = found || (loop->isInnermost() && Sums(*loop, dominators).run());
    if (found)
      functions.invalidate(function, llvm::PreservedAnalyses::none());
    changed |= found;
  }
  return changed ? llvm::PreservedAnalyses::none() : llvm::PreservedAnalyses::all();
}

}  // namespace hasten::compile
