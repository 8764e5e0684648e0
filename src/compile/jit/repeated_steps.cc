#include "compile/jit/recursion_level.h"

#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/IntrinsicInst.h>
#include <llvm/IR/MDBuilder.h>
#include <llvm/IR/PatternMatch.h>
#include <llvm/IR/ProfDataUtils.h>

namespace hasten::compile {

namespace {

using llvm::Value;
using llvm::WithOverflowInst;
namespace match = llvm::PatternMatch;

constexpr unsigned kBitsMost = 32;  // of a step
// Steps after the first. The check for all costs an instruction more than one for the first, and the number stays in its register; but
// where levels are loops, each of them is made anew in each round.
constexpr size_t kLaterLeast = 2, kLaterLeastInRounds = 1;
constexpr unsigned kZero = 12, kOther = 20;  // how likely LLVM takes a number to be

/// What is added, if it is a constant; 0: it is something else.
int64_t step_of(WithOverflowInst& sum) {
  const llvm::APInt* by = nullptr;
  if (sum.getIntrinsicID() != llvm::Intrinsic::sadd_with_overflow || !sum.getLHS()->getType()->isIntegerTy(64) ||
      !match::match(sum.getRHS(), match::m_APInt(by)) || !by->isSignedIntN(kBitsMost))
    return 0;
  return by->getSExtValue();
}

/// The checked sum that `value` is; null: it is something else.
WithOverflowInst* made_by(Value* value) {
  auto* part = llvm::dyn_cast<llvm::ExtractValueInst>(value);
  return part && part->getIndices()[0] == 0 ? llvm::dyn_cast<WithOverflowInst>(part->getAggregateOperand()) : nullptr;
}

/// Steps from one number on, in one direction, of which each level that was taken in makes one more: the first fits where the number
/// is as far from the end as all of them together go.
class Steps {
 public:
  explicit Steps(WithOverflowInst& first) : first_(first), whole_(step_of(first)) { follow(first, whole_); }

  size_t later() const { return later_.size(); }

  void check_at_once() {
    llvm::IRBuilder<> b(&first_);
    Value* all = b.CreateBinaryIntrinsic(llvm::Intrinsic::sadd_with_overflow, first_.getLHS(),
                                         llvm::ConstantInt::getSigned(first_.getLHS()->getType(), whole_));
    replace(first_, b.CreateExtractValue(all, 1));
    for (WithOverflowInst* step : later_) replace(*step, llvm::ConstantInt::getFalse(step->getContext()));
  }

 private:
  void follow(WithOverflowInst& step, int64_t so_far) {
    for (llvm::User* part : step.users()) {
      for (llvm::User* user : part->users()) {
        auto* next = llvm::dyn_cast<WithOverflowInst>(user);
        if (!next || made_by(next->getLHS()) != &step)
          continue;
        const int64_t by = step_of(*next);
        if (by == 0 || (by < 0) != (whole_ < 0))
          continue;
        whole_ = by < 0 ? std::min(whole_, so_far + by) : std::max(whole_, so_far + by);
        later_.push_back(next);
        follow(*next, so_far + by);
      }
    }
  }
  static void replace(WithOverflowInst& step, Value* overflow) {
    llvm::IRBuilder<> b(&step);
    Value* sum = b.CreateNSWAdd(step.getLHS(), step.getRHS());
    for (llvm::User* part : step.users()) keep_odds(*part);
    for (llvm::User* user : llvm::make_early_inc_range(step.users())) {
      auto* part = llvm::cast<llvm::ExtractValueInst>(user);
      part->replaceAllUsesWith(part->getIndices()[0] == 0 ? sum : overflow);
      part->eraseFromParent();
    }
    step.eraseFromParent();
  }

  /// That a number is 0 is the less likely case to the code generator, which will see another number compared.
  static void keep_odds(llvm::User& part) {
    for (llvm::User* user : part.users()) {
      llvm::CmpInst::Predicate predicate{};
      if (!match::match(user, match::m_ICmp(predicate, match::m_Specific(&part), match::m_Zero())) ||
          !llvm::CmpInst::isEquality(predicate))
        continue;
      for (llvm::User* asks : user->users()) {
        auto* branch = llvm::dyn_cast<llvm::BranchInst>(asks);
        if (branch && !llvm::hasBranchWeightMD(*branch))
          branch->setMetadata(llvm::LLVMContext::MD_prof,
                              llvm::MDBuilder(branch->getContext())
                                  .createBranchWeights(predicate == llvm::CmpInst::ICMP_EQ ? kZero : kOther,
                                                       predicate == llvm::CmpInst::ICMP_EQ ? kOther : kZero));
      }
    }
  }

  WithOverflowInst& first_;
  int64_t whole_;  ///< the farthest
  llvm::SmallVector<WithOverflowInst*, 8> later_;
};

/// Whether the twin ends at once where it overflows, before anything is done with it.
bool gives_up(WithOverflowInst& sum) {
  auto* branch = llvm::dyn_cast<llvm::BranchInst>(sum.getParent()->getTerminator());
  if (!branch || !branch->isConditional())
    return false;
  auto* end = llvm::dyn_cast<llvm::UnreachableInst>(branch->getSuccessor(0)->getTerminator());
  if (!end || !llvm::isa_and_nonnull<llvm::CallInst>(end->getPrevNode()))  // end_twin_with() has made it
    return false;
  auto* asked = llvm::dyn_cast<llvm::ExtractValueInst>(branch->getCondition());
  return asked && asked->getAggregateOperand() == &sum && asked->hasOneUse() &&
         llvm::count_if(sum.users(), [](llvm::User* user) {
           auto* part = llvm::dyn_cast<llvm::ExtractValueInst>(user);
           return !part || part->getIndices()[0] == 1;
         }) == 1;
}

}  // namespace

void check_steps_at_once(const RecursionLevel& level, llvm::Function& twin) {
  llvm::SmallVector<WithOverflowInst*, 16> firsts;
  for (llvm::Instruction& instr : llvm::instructions(twin)) {
    auto* sum = llvm::dyn_cast<WithOverflowInst>(&instr);
    if (!sum || step_of(*sum) == 0 || !gives_up(*sum))
      continue;
    WithOverflowInst* before = made_by(sum->getLHS());
    if (!before || step_of(*before) == 0)
      firsts.push_back(sum);
  }
  for (WithOverflowInst* first : firsts) {
    if (Steps steps(*first); steps.later() >= (level.has_rounds ? kLaterLeastInRounds : kLaterLeast))
      steps.check_at_once();
  }
}

}  // namespace hasten::compile
