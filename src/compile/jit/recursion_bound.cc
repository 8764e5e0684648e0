#include "compile/jit/recursion_level.h"

#include <llvm/IR/CFG.h>
#include <llvm/IR/ConstantRange.h>
#include <llvm/IR/Dominators.h>
#include <llvm/IR/IntrinsicInst.h>
#include <llvm/IR/PatternMatch.h>

namespace hasten::compile {

namespace {

using llvm::BasicBlock;
using llvm::Value;
namespace match = llvm::PatternMatch;

constexpr unsigned kBitsMost = 32;  // of a bound and of a step, so that sums with a recursion limit fit

/// By how much `value` is less than the argument; 0: it is something else.
int64_t decrease(Value* value, const llvm::Argument* arg) {
  const llvm::APInt* by = nullptr;
  Value *left = nullptr, *right = nullptr;
  bool subtracts = false;
  if (auto* extract = llvm::dyn_cast<llvm::ExtractValueInst>(value)) {
    auto* with = llvm::dyn_cast<llvm::WithOverflowInst>(extract->getAggregateOperand());
    if (!with || extract->getIndices()[0] != 0 || !with->isSigned() || with->getBinaryOp() == llvm::Instruction::Mul)
      return 0;
    left = with->getLHS();
    right = with->getRHS();
    subtracts = with->getBinaryOp() == llvm::Instruction::Sub;
  } else if (!match::match(value, match::m_Add(match::m_Value(left), match::m_Value(right)))) {
    return 0;
  }
  if (left != arg || !match::match(right, match::m_APInt(by)) || !by->isSignedIntN(kBitsMost))
    return 0;
  const int64_t less = subtracts ? by->getSExtValue() : -by->getSExtValue();
  return less > 0 ? less : 0;
}

/// What is left of `range`, the argument's, where the condition holds, or does not.
void narrow(llvm::ConstantRange& range, Value* condition, bool holds, const llvm::Argument* arg) {
  Value *left = nullptr, *right = nullptr;
  const llvm::APInt* with = nullptr;
  if (holds ? match::match(condition, match::m_LogicalAnd(match::m_Value(left), match::m_Value(right)))
            : match::match(condition, match::m_LogicalOr(match::m_Value(left), match::m_Value(right)))) {
    narrow(range, left, holds, arg);
    narrow(range, right, holds, arg);
    return;
  }
  auto* compare = llvm::dyn_cast<llvm::ICmpInst>(condition);
  if (!compare || compare->getOperand(0) != arg || !match::match(compare->getOperand(1), match::m_APInt(with)))
    return;
  const auto predicate = holds ? compare->getPredicate() : compare->getInversePredicate();
  range = range.intersectWith(llvm::ConstantRange::makeExactICmpRegion(predicate, *with), llvm::ConstantRange::Signed);
}

/// The least that the argument is in the block, by the branches that lead there.
int64_t least_in(BasicBlock* block, llvm::Argument* arg, const llvm::DominatorTree& dominators) {
  llvm::ConstantRange range = llvm::ConstantRange::getFull(64);
  for (auto* node = dominators.getNode(block)->getIDom(); node; node = node->getIDom()) {
    auto* branch = llvm::dyn_cast<llvm::BranchInst>(node->getBlock()->getTerminator());
    for (unsigned k = 0; branch && branch->isConditional() && k < 2; ++k) {
      if (dominators.dominates(llvm::BasicBlockEdge(node->getBlock(), branch->getSuccessor(k)), block))
        narrow(range, branch->getCondition(), k == 0, arg);
    }
  }
  return range.isEmptySet() ? INT64_MAX : range.getSignedMin().getSExtValue();
}

}  // namespace

void bound_depth(RecursionLevel& level) {
  const llvm::DominatorTree dominators(*level.function);
  for (llvm::Argument& arg : llvm::drop_begin(level.function->args(), 2)) {
    if (!arg.getType()->isIntegerTy(64))
      continue;
    int64_t least = INT64_MAX;
    for (llvm::CallInst* call : level.own_calls(*level.function)) {
      const bool decreases = decrease(call->getArgOperand(arg.getArgNo()), &arg) > 0;
      least = std::min(least, decreases ? least_in(call->getParent(), &arg, dominators) : INT64_MIN);
    }
    if (!llvm::isInt<kBitsMost>(least))
      continue;
    level.decreasing = arg.getArgNo();
    level.least = least;
    for (llvm::CallInst* call : level.own_calls(*level.function))
      call->setArgOperand(0, llvm::PoisonValue::get(call->getArgOperand(0)->getType()));
    return;
  }
}

}  // namespace hasten::compile
