#include "compile/jit/last_digit.h"

#include <llvm/Analysis/LoopInfo.h>
#include <llvm/IR/Dominators.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/IntrinsicInst.h>
#include <llvm/IR/PatternMatch.h>
#include <llvm/Transforms/Utils/BasicBlockUtils.h>
#include <llvm/Transforms/Utils/Cloning.h>
#include <llvm/Transforms/Utils/Local.h>
#include <llvm/Transforms/Utils/LoopUtils.h>
#include <llvm/Transforms/Utils/ValueMapper.h>

namespace hasten::compile {

namespace {

namespace match = llvm::PatternMatch;
using llvm::BasicBlock;
using llvm::BranchInst;
using llvm::CmpInst;
using llvm::Instruction;
using llvm::PHINode;
using llvm::Value;

constexpr size_t kInstructionsMost = 40;  // of the loop: so many come twice

/// An innermost loop that divides a number until the quotient is 0, which its end asks.
class DigitLoop {
 public:
  explicit DigitLoop(llvm::Loop& loop) : loop_(loop), header_(loop.getHeader()), latch_(loop.getLoopLatch()) {}

  bool run(llvm::DominatorTree& dominators, llvm::LoopInfo& loops) {
    if (!latch_ || !loop_.isInnermost() || !is_little() || !find_number() || !find_end() || !takes_digit())
      return false;
    llvm::formLCSSA(loop_, dominators, &loops, nullptr);
    copy_round();
    return true;
  }

 private:
  bool is_little() const {
    size_t count = 0;
    for (BasicBlock* block : loop_.blocks()) {
      count += block->size();
      for (Instruction& instr : *block) {
        if (llvm::isa<llvm::CallBase>(instr) && !llvm::isa<llvm::IntrinsicInst>(instr))
          return false;
      }
      if (!llvm::isa<BranchInst>(block->getTerminator()))
        return false;
    }
    return count <= kInstructionsMost;
  }

  bool find_number() {
    for (PHINode& phi : header_->phis()) {
      Value *next = phi.getIncomingValueForBlock(latch_), *by = nullptr;
      if (match::match(next, match::m_UDiv(match::m_Specific(&phi), match::m_Value(by))) && loop_.isLoopInvariant(by))
        number_ = &phi, quotient_ = next, base_ = by;
    }
    return number_;
  }
  /// The branch at the end, which leaves where the number is below the base.
  bool find_end() {
    end_ = llvm::dyn_cast<BranchInst>(latch_->getTerminator());
    auto* compare = end_ && end_->isConditional() ? llvm::dyn_cast<llvm::ICmpInst>(end_->getCondition()) : nullptr;
    if (!compare || end_->getSuccessor(0) == end_->getSuccessor(1))
      return false;
    leaves_ = end_->getSuccessor(0) == header_ ? 1 : 0;
    const auto leaves_if = leaves_ == 0 ? compare->getPredicate() : compare->getInversePredicate();
    Value *one = compare->getOperand(0), *other = compare->getOperand(1);
    if (one == quotient_)
      return leaves_if == CmpInst::ICMP_EQ && match::match(other, match::m_Zero());
    if (one != number_)
      return false;
    const llvm::APInt *base = nullptr, *bound = nullptr;
    if (leaves_if == CmpInst::ICMP_ULE && match::match(base_, match::m_APInt(base)) &&
        match::match(other, match::m_APInt(bound)))
      return *bound + 1 == *base;
    return leaves_if == CmpInst::ICMP_ULT && other == base_;
  }
  bool is_digit(Value* value) const {
    return match::match(value, match::m_URem(match::m_Specific(number_), match::m_Specific(base_)));
  }
  bool takes_digit() const {
    return llvm::any_of(number_->users(), [this](Value* user) { return is_digit(user); });
  }

  void copy_round() {
    llvm::Function* function = header_->getParent();
    BasicBlock* begin = header_->splitBasicBlock(header_->getFirstNonPHIIt());
    if (latch_ == header_)
      latch_ = begin;
    llvm::SmallVector<BasicBlock*, 8> round{begin}, copies;
    for (BasicBlock* block : loop_.blocks()) {
      if (block != header_)
        round.push_back(block);
    }
    llvm::ValueToValueMapTy map;
    for (BasicBlock* block : round) {
      BasicBlock* made = llvm::CloneBasicBlock(block, map, "", function);
      map[block] = made;
      copies.push_back(made);
    }
    llvm::remapInstructionsInBlocks(copies, map);
    add_ways_out(round, map);
    end_both(map);
    BasicBlock* last = copies.front();
    Instruction* goes_on = header_->getTerminator();
    llvm::IRBuilder<> b(goes_on);
    b.CreateCondBr(b.CreateICmpULT(number_, base_), last, begin);
    goes_on->eraseFromParent();
    for (BasicBlock* block : copies) {
      for (Instruction& instr : llvm::make_early_inc_range(*block)) {
        const bool is_quotient =
            match::match(&instr, match::m_UDiv(match::m_Specific(number_), match::m_Specific(base_)));
        if (is_quotient || is_digit(&instr)) {
          Value* zero = llvm::ConstantInt::get(instr.getType(), 0);
          instr.replaceAllUsesWith(is_quotient ? zero : number_);
          instr.eraseFromParent();
        }
      }
    }
  }
  static void add_ways_out(llvm::ArrayRef<BasicBlock*> round, llvm::ValueToValueMapTy& map) {
    for (BasicBlock* block : round) {
      for (BasicBlock* after : llvm::successors(block)) {
        if (map.count(after))
          continue;
        for (PHINode& phi : after->phis()) {
          Value* value = phi.getIncomingValueForBlock(block);
          const auto known = map.find(value);
          phi.addIncoming(known == map.end() ? value : static_cast<Value*>(known->second),
                          llvm::cast<BasicBlock>(map[block]));
        }
      }
    }
  }
  /// The loop goes on at its end, and the copy leaves.
  void end_both(llvm::ValueToValueMapTy& map) {
    auto* copied = llvm::cast<BranchInst>(map[end_]);
    BasicBlock* out = end_->getSuccessor(leaves_);
    header_->removePredecessor(copied->getParent(), true);
    out->removePredecessor(latch_, true);
    BranchInst::Create(out, copied->getIterator());
    BranchInst::Create(header_, end_->getIterator());
    copied->eraseFromParent();
    end_->eraseFromParent();
  }

  llvm::Loop& loop_;
  BasicBlock *header_, *latch_;
  BranchInst* end_ = nullptr;
  unsigned leaves_ = 0;  // index of the end's successor
  PHINode* number_ = nullptr;
  Value *quotient_ = nullptr, *base_ = nullptr;
};

}  // namespace

llvm::PreservedAnalyses SpareLastDigit::run(llvm::Function& function, llvm::FunctionAnalysisManager& functions) {
  auto& loops = functions.getResult<llvm::LoopAnalysis>(function);
  auto& dominators = functions.getResult<llvm::DominatorTreeAnalysis>(function);
  for (llvm::Loop* loop : loops.getLoopsInPreorder()) {
    if (!DigitLoop(*loop).run(dominators, loops))
      continue;
    functions.invalidate(function, llvm::PreservedAnalyses::none());
    run(function, functions);  // each loop once: its end asks no more
    return llvm::PreservedAnalyses::none();
  }
  return llvm::PreservedAnalyses::all();
}

}  // namespace hasten::compile
