#include "compile/jit/short_loops.h"

#include <optional>

#include <llvm/Analysis/LoopInfo.h>
#include <llvm/Analysis/ScalarEvolution.h>
#include <llvm/Analysis/ScalarEvolutionExpressions.h>
#include <llvm/Analysis/ValueTracking.h>
#include <llvm/IR/Dominators.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/IntrinsicInst.h>
#include <llvm/IR/MDBuilder.h>
#include <llvm/IR/PatternMatch.h>

namespace hasten::compile {

namespace {

using llvm::BasicBlock;
using llvm::BranchInst;
using llvm::Instruction;
using llvm::PHINode;
using llvm::Value;
namespace match = llvm::PatternMatch;

constexpr uint64_t kRoundsMost = 64;

/// A loop whose rounds each clear the lowest bit of a number and leave at its end, when none is left.
class BitLoop {
 public:
  explicit BitLoop(llvm::Loop& loop) : header_(*loop.getHeader()), loop_(loop) {}

  bool run() {
    latch_ = loop_.getLoopLatch();
    before_ = loop_.getLoopPreheader();
    if (!latch_ || !before_ || !loop_.isInnermost())
      return false;
    end_ = llvm::dyn_cast<BranchInst>(latch_->getTerminator());
    if (!end_ || !end_->isConditional() || !find_number() || !sort_phis() || !leaves_only_by_overflow())
      return false;
    out_ = end_->getSuccessor(end_->getSuccessor(0) == &header_ ? 1 : 0);
    if (!plan_results())
      return false;
    skip();
    return true;
  }

 private:
  struct Count {
    PHINode* phi;
    Value* next;
    int64_t step;
    llvm::WithOverflowInst* checked;  ///< null: it cannot overflow
  };
  struct Result {
    PHINode* phi;        ///< of the block after the loop
    const Count* count;  ///< null: `value` is what it gets
    Value* value;
  };

  Value* first(PHINode* phi) const { return phi->getIncomingValueForBlock(before_); }

  static llvm::WithOverflowInst* checked(Value* value) {
    auto* extract = llvm::dyn_cast<llvm::ExtractValueInst>(value);
    return extract && extract->getIndices()[0] == 0
               ? llvm::dyn_cast<llvm::WithOverflowInst>(extract->getAggregateOperand())
               : nullptr;
  }
  /// What `value` adds to `phi`, checked or not; 0: it is something else, or much.
  static int64_t step_from(PHINode* phi, Value* value) {
    const llvm::APInt* by = nullptr;
    Value *left = nullptr, *right = nullptr;
    bool subtracts = false;
    if (auto* with = checked(value)) {
      if (!with->isSigned() || with->getBinaryOp() == Instruction::Mul)
        return 0;
      left = with->getLHS();
      right = with->getRHS();
      subtracts = with->getBinaryOp() == Instruction::Sub;
    } else if (!match::match(value, match::m_Add(match::m_Value(left), match::m_Value(right)))) {
      subtracts = match::match(value, match::m_Sub(match::m_Value(left), match::m_Value(right)));
    }
    if (left != phi || !match::match(right, match::m_APInt(by)) || !by->isSignedIntN(32))
      return 0;
    return subtracts ? -by->getSExtValue() : by->getSExtValue();
  }

  /// The number, by the branch at the end: it leaves where nothing is left.
  bool find_number() {
    auto* compare = llvm::dyn_cast<llvm::ICmpInst>(end_->getCondition());
    if (!compare)
      return false;
    next_ = compare->getOperand(0);
    const bool leaves_if_true = end_->getSuccessor(0) != &header_;
    const auto predicate = leaves_if_true ? compare->getPredicate() : compare->getInversePredicate();
    const bool at_zero = match::match(compare->getOperand(1), match::m_Zero()) &&
                         (predicate == llvm::CmpInst::ICMP_EQ || predicate == llvm::CmpInst::ICMP_SLE);
    const bool below_one = match::match(compare->getOperand(1), match::m_One()) &&
                           (predicate == llvm::CmpInst::ICMP_SLT || predicate == llvm::CmpInst::ICMP_ULT);
    if (!next_->getType()->isIntegerTy(64) || (!at_zero && !below_one))
      return false;
    for (PHINode& phi : header_.phis()) {
      Value* less = nullptr;
      if (phi.getIncomingValueForBlock(latch_) == next_ &&
          match::match(next_, match::m_c_And(match::m_Specific(&phi), match::m_Value(less))) &&
          (step_from(&phi, less) == -1 ||
           match::match(less, match::m_Add(match::m_Specific(&phi), match::m_MaxSignedValue())))) {  // the sign is 0
        number_ = &phi;
        less_ = checked(less);
      }
    }
    return number_;
  }
  /// Every other phi must count the rounds.
  bool sort_phis() {
    for (PHINode& phi : header_.phis()) {
      if (&phi == number_)
        continue;
      Value* next = phi.getIncomingValueForBlock(latch_);
      const int64_t step = phi.getType()->isIntegerTy(64) ? step_from(&phi, next) : 0;
      if (step == 0)
        return false;
      counts_.push_back({&phi, next, step, checked(next)});
    }
    return true;
  }
  /// Whether its rounds only compute, one after the other, and leave on the way only where that overflows: what a number above 0
  /// does not when 1 is taken from it, nor a count that does not at the end.
  bool leaves_only_by_overflow() const {
    for (BasicBlock* block : loop_.blocks()) {
      for (Instruction& instr : *block) {
        if (instr.mayReadOrWriteMemory() || instr.mayThrow() || !instr.willReturn())
          return false;
      }
      if (block == latch_)
        continue;
      auto* branch = llvm::dyn_cast<BranchInst>(block->getTerminator());
      if (!branch)
        return false;
      if (!branch->isConditional())
        continue;
      auto* overflow = llvm::dyn_cast<llvm::ExtractValueInst>(branch->getCondition());
      if (!overflow || overflow->getIndices()[0] != 1 || loop_.contains(branch->getSuccessor(0)) ||
          !loop_.contains(branch->getSuccessor(1)))
        return false;
      Value* of = overflow->getAggregateOperand();
      const bool is_count = llvm::any_of(counts_, [&](const Count& count) { return count.checked == of; });
      if (!is_count && of != less_)
        return false;
    }
    return true;
  }
  /// What is used behind the loop must be known without it.
  bool plan_results() {
    for (BasicBlock* block : loop_.blocks()) {
      for (Instruction& instr : *block) {
        for (llvm::Use& use : instr.uses()) {
          auto* by = llvm::cast<Instruction>(use.getUser());
          auto* phi = llvm::dyn_cast<PHINode>(by);
          if (!loop_.contains(phi ? phi->getIncomingBlock(use) : by->getParent()))
            return false;
        }
      }
    }
    for (PHINode& phi : out_->phis()) {
      Value* value = phi.getIncomingValueForBlock(latch_);
      auto* instr = llvm::dyn_cast<Instruction>(value);
      if (!instr || !loop_.contains(instr)) {
        results_.push_back({&phi, nullptr, value});
      } else if (value == next_) {
        results_.push_back({&phi, nullptr, llvm::ConstantInt::get(value->getType(), 0)});
      } else {
        const auto* count = llvm::find_if(counts_, [&](const Count& one) { return one.next == value; });
        if (count == counts_.end())
          return false;
        results_.push_back({&phi, count, nullptr});
      }
    }
    return true;
  }
  /// Leads around the loop where the number is above 0, and all counts fit at the end.
  void skip() {
    Instruction* leads_in = before_->getTerminator();
    llvm::IRBuilder<> b(leads_in);
    Value* number = first(number_);
    Value* rounds = b.CreateUnaryIntrinsic(llvm::Intrinsic::ctpop, number);
    Value* skips = b.CreateICmpSGT(number, b.getInt64(0));
    llvm::SmallVector<Value*, 4> totals;
    for (const Count& count : counts_) {
      Value* more = b.CreateNSWMul(rounds, b.getInt64(static_cast<uint64_t>(count.step)));
      if (!count.checked) {
        totals.push_back(b.CreateAdd(first(count.phi), more));
        continue;
      }
      Value* both = b.CreateBinaryIntrinsic(llvm::Intrinsic::sadd_with_overflow, first(count.phi), more);
      totals.push_back(b.CreateExtractValue(both, 0));
      skips = b.CreateAnd(skips, b.CreateNot(b.CreateExtractValue(both, 1)));
    }
    b.CreateCondBr(skips, out_, &header_, llvm::MDBuilder(b.getContext()).createBranchWeights(2000, 1));
    leads_in->eraseFromParent();
    for (const Result& result : results_)
      result.phi->addIncoming(result.count ? totals[static_cast<size_t>(result.count - counts_.begin())] : result.value,
                              before_);
  }

  BasicBlock& header_;
  llvm::Loop& loop_;
  BasicBlock *latch_ = nullptr, *before_ = nullptr, *out_ = nullptr;
  BranchInst* end_ = nullptr;
  PHINode* number_ = nullptr;
  Value* next_ = nullptr;                   ///< the number after a round
  llvm::WithOverflowInst* less_ = nullptr;  ///< the number less 1, if that is checked
  llvm::SmallVector<Count, 4> counts_;
  llvm::SmallVector<Result, 4> results_;
};

bool is_poll(const Instruction& instr) {
  const auto* call = llvm::dyn_cast<llvm::CallInst>(&instr);
  return call && call->getCalledFunction() && call->getCalledFunction()->getName() == "hj_poll";
}

/// The block of the loop that looks at signals, null if there is none; nothing if besides it does more than compute.
std::optional<BasicBlock*> only_poll(const llvm::Loop& loop) {
  BasicBlock* poll = nullptr;
  for (BasicBlock* block : loop.blocks()) {
    for (Instruction& instr : *block) {
      if (is_poll(instr)) {
        if (poll)
          return {};
        poll = block;
      } else if (llvm::isa<llvm::CallBase>(instr) && !llvm::isa<llvm::IntrinsicInst>(instr)) {
        return {};
      }
    }
  }
  return poll;
}

/// The header's phi that each round shifts to the right, where the loop goes on only if it was not 0 and is not negative at first.
/// Its sign is then as good as a 0, which LLVM knows more about. Null: there is none.
PHINode* shifted_to_zero(const llvm::Loop& loop, llvm::ScalarEvolution& evolution,
                         const llvm::DominatorTree& dominators) {
  BasicBlock *latch = loop.getLoopLatch(), *before = loop.getLoopPredecessor();
  if (!latch || !before)
    return nullptr;
  llvm::SmallVector<BasicBlock*, 8> exiting;
  loop.getExitingBlocks(exiting);
  for (BasicBlock* block : exiting) {
    auto* branch = llvm::dyn_cast<BranchInst>(block->getTerminator());
    auto* compare = branch ? llvm::dyn_cast<llvm::ICmpInst>(branch->getCondition()) : nullptr;
    if (!compare || !compare->isEquality() || !match::match(compare->getOperand(1), match::m_Zero()) ||
        !dominators.dominates(block, latch))
      continue;
    const bool leaves_at_zero =
        !loop.contains(branch->getSuccessor(compare->getPredicate() == llvm::CmpInst::ICMP_EQ ? 0 : 1));
    auto* phi = llvm::dyn_cast<PHINode>(compare->getOperand(0));
    const llvm::APInt* by = nullptr;
    if (leaves_at_zero && phi && phi->getParent() == loop.getHeader() &&
        match::match(phi->getIncomingValueForBlock(latch), match::m_Shr(match::m_Specific(phi), match::m_APInt(by))) &&
        !by->isZero() && evolution.isKnownNonNegative(evolution.getSCEV(phi->getIncomingValueForBlock(before)))) {
      auto* shift = llvm::cast<llvm::BinaryOperator>(phi->getIncomingValueForBlock(latch));
      if (shift->getOpcode() == Instruction::AShr) {
        auto* logical = llvm::BinaryOperator::CreateLShr(phi, shift->getOperand(1), "", shift->getIterator());
        evolution.forgetValue(shift);
        shift->replaceAllUsesWith(logical);
        shift->eraseFromParent();
      }
      return phi;
    }
  }
  return nullptr;
}

/// `result = result << 1 | bit`, once for each bit of `number`: it does not become longer than that, and is not asked whether it
/// overflows.
void drop_checks_of_mirrors(const llvm::Loop& loop, PHINode* number, llvm::ScalarEvolution& evolution) {
  BasicBlock *latch = loop.getLoopLatch(), *before = loop.getLoopPredecessor();
  const unsigned rounds =
      evolution.getUnsignedRangeMax(evolution.getSCEV(number->getIncomingValueForBlock(before))).getActiveBits();
  const llvm::APInt checked_bit = llvm::APInt::getOneBitSet(64, 62);
  for (PHINode& phi : loop.getHeader()->phis()) {
    Value *next = phi.getIncomingValueForBlock(latch), *bit = nullptr;
    const auto doubled = match::m_Shl(match::m_Specific(&phi), match::m_One());
    if (!phi.getType()->isIntegerTy(64) || !match::match(phi.getIncomingValueForBlock(before), match::m_Zero()) ||
        !(match::match(next, match::m_c_Or(doubled, match::m_Value(bit))) ||
          match::match(next, match::m_c_Add(doubled, match::m_Value(bit)))) ||
        llvm::computeKnownBits(bit, loop.getHeader()->getDataLayout()).countMaxActiveBits() > 1 || rounds > 63)
      continue;
    // Before the last of 63 rounds it is below 2**62.
    for (llvm::User* user : phi.users()) {
      if (!match::match(user, match::m_Add(match::m_Specific(&phi), match::m_SpecificInt(checked_bit))))
        continue;
      for (llvm::User* compared : llvm::make_early_inc_range(user->users())) {
        auto* compare = llvm::dyn_cast<llvm::ICmpInst>(compared);
        if (!compare || !loop.contains(compare) || compare->getOperand(0) != user)
          continue;
        const bool fits = compare->getPredicate() == llvm::CmpInst::ICMP_SGT &&
                          match::match(compare->getOperand(1), match::m_AllOnes());
        const bool is_lost =
            compare->getPredicate() == llvm::CmpInst::ICMP_SLT && match::match(compare->getOperand(1), match::m_Zero());
        if (fits || is_lost)
          compare->replaceAllUsesWith(llvm::ConstantInt::getBool(compare->getType(), fits));
      }
    }
  }
}

/// Whether the branch that leads to the look at signals was found; it no longer does then.
bool drop(BasicBlock& poll) {
  BasicBlock* before = poll.getSinglePredecessor();
  auto* branch = before ? llvm::dyn_cast<BranchInst>(before->getTerminator()) : nullptr;
  if (!branch || !branch->isConditional())
    return false;
  branch->setCondition(llvm::ConstantInt::getBool(poll.getContext(), branch->getSuccessor(0) != &poll));
  return true;
}

}  // namespace

llvm::PreservedAnalyses CountBits::run(llvm::Function& function, llvm::FunctionAnalysisManager& functions) {
  for (llvm::Loop* loop : functions.getResult<llvm::LoopAnalysis>(function).getLoopsInPreorder()) {
    if (BitLoop(*loop).run())
      return llvm::PreservedAnalyses::none();
  }
  return llvm::PreservedAnalyses::all();
}

llvm::PreservedAnalyses DropPolls::run(llvm::Function& function, llvm::FunctionAnalysisManager& functions) {
  bool changed = false;
  for (llvm::Loop* loop : functions.getResult<llvm::LoopAnalysis>(function).getLoopsInPreorder()) {
    const auto poll = loop->isInnermost() ? only_poll(*loop) : std::nullopt;
    if (!poll)
      continue;
    auto& evolution = functions.getResult<llvm::ScalarEvolutionAnalysis>(function);
    const auto* rounds = llvm::dyn_cast<llvm::SCEVConstant>(evolution.getConstantMaxBackedgeTakenCount(loop));
    PHINode* shifted = shifted_to_zero(*loop, evolution, functions.getResult<llvm::DominatorTreeAnalysis>(function));
    if (shifted)
      drop_checks_of_mirrors(*loop, shifted, evolution);
    changed |= shifted != nullptr;
    if (*poll && (shifted || (rounds && rounds->getAPInt().ule(kRoundsMost))))
      changed |= drop(**poll);
  }
  return changed ? llvm::PreservedAnalyses::none() : llvm::PreservedAnalyses::all();
}

llvm::PreservedAnalyses CompareShifted::run(llvm::Function& function, llvm::FunctionAnalysisManager& /*functions*/) {
  for (BasicBlock& block : function) {
    auto* branch = llvm::dyn_cast<BranchInst>(block.getTerminator());
    auto* compare =
        branch && branch->isConditional() ? llvm::dyn_cast<llvm::ICmpInst>(branch->getCondition()) : nullptr;
    const llvm::APInt* bound = nullptr;
    if (!compare || !compare->hasOneUse() || !match::match(compare->getOperand(1), match::m_APInt(bound)))
      continue;
    const bool is_below = compare->getPredicate() == llvm::CmpInst::ICMP_ULT && bound->isPowerOf2();
    const bool is_above = compare->getPredicate() == llvm::CmpInst::ICMP_UGT && (*bound + 1).isPowerOf2();
    if (!is_below && !is_above)
      continue;
    const unsigned places = is_below ? bound->logBase2() : (*bound + 1).logBase2();
    for (llvm::User* user : compare->getOperand(0)->users()) {
      auto* shift = llvm::dyn_cast<Instruction>(user);
      if (!shift || shift->getParent() != &block ||
          !match::match(shift, match::m_LShr(match::m_Specific(compare->getOperand(0)), match::m_SpecificInt(places))))
        continue;
      llvm::IRBuilder<> b(branch);
      branch->setCondition(is_below ? b.CreateIsNull(shift) : b.CreateIsNotNull(shift));
      compare->eraseFromParent();
      break;
    }
  }
  llvm::PreservedAnalyses kept;
  kept.preserveSet<llvm::CFGAnalyses>();
  return kept;
}

}  // namespace hasten::compile
