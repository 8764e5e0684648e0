#include "compile/jit/recurrences.h"

#include <optional>

#include <llvm/Analysis/LoopInfo.h>
#include <llvm/Analysis/ValueTracking.h>
#include <llvm/IR/Dominators.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/IntrinsicInst.h>
#include <llvm/IR/MDBuilder.h>
#include <llvm/Transforms/Utils/BasicBlockUtils.h>

namespace hasten::compile {

namespace {

using llvm::BasicBlock;
using llvm::BranchInst;
using llvm::Instruction;
using llvm::Value;
using llvm::WithOverflowInst;

constexpr int kDepthMost = 12;  // of operands that are looked through

/// A checked operation and the branch on its overflow, which ends its block.
struct Checked {
  WithOverflowInst* sum;
  BranchInst* branch;
};

std::optional<Checked> checked_at_end(BasicBlock& block) {
  auto* branch = llvm::dyn_cast<BranchInst>(block.getTerminator());
  auto* overflow =
      branch && branch->isConditional() ? llvm::dyn_cast<llvm::ExtractValueInst>(branch->getCondition()) : nullptr;
  auto* sum = overflow && overflow->getIndices()[0] == 1
                  ? llvm::dyn_cast<WithOverflowInst>(overflow->getAggregateOperand())
                  : nullptr;
  const bool is_sum = sum && sum->getParent() == &block && sum->isSigned() &&
                      (sum->getBinaryOp() == Instruction::Add || sum->getBinaryOp() == Instruction::Sub);
  return is_sum && branch->getSuccessor(0) != branch->getSuccessor(1) ? std::optional(Checked{sum, branch})
                                                                      : std::nullopt;
}

bool is_result_of(const Value* value, const WithOverflowInst* sum) {
  const auto* part = llvm::dyn_cast<llvm::ExtractValueInst>(value);
  return part && part->getAggregateOperand() == sum && part->getIndices()[0] == 0;
}

class Recurrence {
 public:
  Recurrence(const llvm::Loop& loop, Checked inner, Checked outer) : loop_(loop), inner_(inner), outer_(outer) {}

  bool shorten(const llvm::DominatorTree& dominators) {
    if (!can_be_apart() || !find_operands() || !is_used_after(dominators))
      return false;
    rebuild();
    return true;
  }

 private:
  /// What else the second block computes may as well come before both sums, and what is between them is needed nowhere after it.
  bool can_be_apart() const {
    for (const Instruction& instr : *outer_.sum->getParent()) {
      if (!is_of_sums(instr) && !may_come_first(instr))
        return false;
    }
    if (!outer_.branch->getSuccessor(1)->getSinglePredecessor())
      return false;
    for (const llvm::User* part : inner_.sum->users()) {
      for (const llvm::User* user : part->users()) {
        const auto* instr = llvm::cast<Instruction>(user);
        if (loop_.contains(instr) && instr != outer_.sum && instr != inner_.branch)
          return false;
      }
    }
    return true;
  }
  bool is_used_after(const llvm::DominatorTree& dominators) const {
    BasicBlock* after = outer_.branch->getSuccessor(1);
    return llvm::all_of(outer_.sum->users(), [&](const llvm::User* part) {
      return part == outer_.branch->getCondition() || llvm::all_of(part->uses(), [&](const llvm::Use& use) {
               return dominators.dominates(llvm::BasicBlockEdge(outer_.sum->getParent(), after), use);
             });
    });
  }
  bool is_of_sums(const Instruction& instr) const {
    return &instr == outer_.sum || &instr == outer_.branch || is_part_of(instr);
  }
  /// Loads depend on other checks than that of a sum which they do not use.
  bool may_come_first(const Instruction& instr) const {
    const auto* load = llvm::dyn_cast<llvm::LoadInst>(&instr);
    return ((load && load->isSimple()) || (llvm::isSafeToSpeculativelyExecute(&instr) && !instr.mayReadFromMemory())) &&
           !llvm::isa<llvm::PHINode>(instr) && llvm::none_of(instr.operands(), [&](const llvm::Use& operand) {
             const auto* used = llvm::dyn_cast<Instruction>(operand);
             return used && is_part_of(*used);
           });
  }
  bool is_part_of(const Instruction& instr) const {
    const auto* part = llvm::dyn_cast<llvm::ExtractValueInst>(&instr);
    return part && (part->getAggregateOperand() == inner_.sum || part->getAggregateOperand() == outer_.sum);
  }

  /// late + or - early, which is the sum or difference of two; all others stay as they are.
  bool find_operands() {
    const bool inner_subtracts = inner_.sum->getBinaryOp() == Instruction::Sub;
    const bool outer_subtracts = outer_.sum->getBinaryOp() == Instruction::Sub;
    Value *a = inner_.sum->getLHS(), *b = inner_.sum->getRHS();
    Value* c = outer_.sum->getRHS();
    if (!is_result_of(outer_.sum->getLHS(), inner_.sum)) {
      if (outer_subtracts)
        return false;
      c = outer_.sum->getLHS();
    }
    if (!inner_subtracts && is_handed_on(b))
      std::swap(a, b);
    if (is_result_of(c, inner_.sum) || !is_handed_on(a) || is_handed_on(b) || is_handed_on(c))
      return false;
    late_ = a;
    subtracts_early_ = inner_subtracts && outer_subtracts;
    early_subtracts_ = inner_subtracts != outer_subtracts;
    first_ = early_subtracts_ && inner_subtracts ? c : b;
    second_ = early_subtracts_ && inner_subtracts ? b : c;
    return true;
  }

  /// Whether it comes by computation alone from what the round before has left, other than a counter.
  bool is_handed_on(Value* value, int depth = 0) const {
    auto* instr = llvm::dyn_cast<Instruction>(value);
    if (!instr || !loop_.contains(instr))
      return false;
    if (depth > kDepthMost)
      return true;
    if (auto* phi = llvm::dyn_cast<llvm::PHINode>(instr); phi && phi->getParent() == loop_.getHeader())
      return !counts(*phi);
    return llvm::any_of(instr->operands(), [&](llvm::Use& operand) { return is_handed_on(operand, depth + 1); });
  }
  bool counts(const llvm::PHINode& phi) const {
    const BasicBlock* latch = loop_.getLoopLatch();
    const auto* next = latch ? llvm::dyn_cast<llvm::BinaryOperator>(phi.getIncomingValueForBlock(latch)) : nullptr;
    return next && next->getOperand(0) == &phi && llvm::isa<llvm::ConstantInt>(next->getOperand(1));
  }

  /// In place of the two sums: what is early, then it and what is late. Where either overflows, the two sums as they were.
  void rebuild() {
    BasicBlock *start = inner_.sum->getParent(), *after = outer_.branch->getSuccessor(1);
    llvm::FoldSingleEntryPHINodes(after);
    for (Instruction& instr : llvm::make_early_inc_range(*outer_.sum->getParent())) {
      if (!is_of_sums(instr))
        instr.moveBefore(inner_.branch);
    }
    inner_.sum->moveBefore(inner_.branch);
    for (llvm::User* part : inner_.sum->users()) {
      if (auto* instr = llvm::cast<Instruction>(part); instr->getParent() == start)
        instr->moveBefore(inner_.branch);
    }
    BasicBlock* as_written = start->splitBasicBlock(inner_.sum->getIterator());
    BasicBlock* rest = BasicBlock::Create(start->getContext(), "early_first", start->getParent(), as_written);
    llvm::MDNode* rarely = llvm::MDBuilder(start->getContext()).createBranchWeights(1, 2000);
    llvm::IRBuilder<> b(start);
    const auto sum = [&](bool subtracts, Value* one, Value* other, BasicBlock* next) {
      Value* both = b.CreateBinaryIntrinsic(
          subtracts ? llvm::Intrinsic::ssub_with_overflow : llvm::Intrinsic::sadd_with_overflow, one, other);
      Value* result = b.CreateExtractValue(both, 0);
      b.CreateCondBr(b.CreateExtractValue(both, 1), as_written, next, rarely);
      return result;
    };
    start->getTerminator()->eraseFromParent();
    b.SetInsertPoint(start);
    Value* early = sum(early_subtracts_, first_, second_, rest);
    b.SetInsertPoint(rest);
    Value* result = sum(subtracts_early_, late_, early, after);

    b.SetInsertPoint(after, after->begin());
    llvm::PHINode* either = b.CreatePHI(result->getType(), 2);
    for (llvm::User* part : llvm::make_early_inc_range(outer_.sum->users())) {
      if (part == outer_.branch->getCondition())
        continue;
      part->replaceAllUsesWith(either);
      llvm::cast<Instruction>(part)->eraseFromParent();
    }
    b.SetInsertPoint(outer_.branch);
    either->addIncoming(b.CreateExtractValue(outer_.sum, 0), outer_.branch->getParent());
    either->addIncoming(result, rest);
  }

  const llvm::Loop& loop_;
  Checked inner_, outer_;
  Value *late_ = nullptr, *first_ = nullptr, *second_ = nullptr;
  bool subtracts_early_ = false, early_subtracts_ = false;
};

bool shorten_one(const llvm::Loop& loop, const llvm::DominatorTree& dominators) {
  for (BasicBlock* block : loop.blocks()) {
    const auto inner = checked_at_end(*block);
    BasicBlock* next = inner ? inner->branch->getSuccessor(1) : nullptr;
    const auto outer =
        next && loop.contains(next) && next->getSinglePredecessor() ? checked_at_end(*next) : std::nullopt;
    if (outer && (is_result_of(outer->sum->getLHS(), inner->sum) || is_result_of(outer->sum->getRHS(), inner->sum)) &&
        Recurrence(loop, *inner, *outer).shorten(dominators))
      return true;
  }
  return false;
}

}  // namespace

llvm::PreservedAnalyses ShortenRecurrences::run(llvm::Function& function, llvm::FunctionAnalysisManager& functions) {
  const auto one = [&] {
    auto& dominators = functions.getResult<llvm::DominatorTreeAnalysis>(function);
    for (const llvm::Loop* loop : functions.getResult<llvm::LoopAnalysis>(function).getLoopsInPreorder()) {
      if (loop->isInnermost() && shorten_one(*loop, dominators))
        return true;
    }
    return false;
  };
  bool changed = false;
  while (one()) {
    changed = true;
    functions.invalidate(function, llvm::PreservedAnalyses::none());
  }
  return changed ? llvm::PreservedAnalyses::none() : llvm::PreservedAnalyses::all();
}

}  // namespace hasten::compile
