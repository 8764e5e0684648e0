#include "compile/jit/selections.h"

#include <algorithm>

#include <llvm/ADT/SmallPtrSet.h>
#include <llvm/Analysis/LoopInfo.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/Instructions.h>
#include <llvm/IR/IntrinsicInst.h>
#include <llvm/IR/PatternMatch.h>
#include <llvm/Transforms/Utils/Local.h>

namespace hasten::compile {

namespace {

namespace match = llvm::PatternMatch;

using llvm::Instruction;
using llvm::Value;

using Instructions = llvm::SmallPtrSet<const Instruction*, 16>;

/// All that `value` is computed from in this round, loads included; `crossed_load`: only what loads' addresses are computed from.
class Origins {
 public:
  explicit Origins(const llvm::Loop& loop) : loop_(loop) {}

  void add(const Value* value, bool crossed_load) {
    const auto* instr = llvm::dyn_cast<Instruction>(value);
    if (!instr || !loop_.contains(instr) || !(crossed_load ? of_addresses_ : direct_).insert(instr).second)
      return;
    if (llvm::isa<llvm::PHINode>(instr) && instr->getParent() == loop_.getHeader())
      return;
    for (const Value* operand : instr->operands()) add(operand, crossed_load || llvm::isa<llvm::LoadInst>(instr));
  }
  /// Whether a load's address comes from `instr`.
  bool by_address(const Instruction& instr) const { return of_addresses_.contains(&instr); }
  bool directly(const Instruction& instr) const { return direct_.contains(&instr); }

 private:
  const llvm::Loop& loop_;
  Instructions direct_, of_addresses_;
};

/// Whether the selection decides which address the next round's condition is loaded from.
bool decides_next(const llvm::SelectInst& select, const llvm::Loop& loop) {
  Origins condition(loop);
  condition.add(select.getCondition(), false);
  return llvm::any_of(loop.getHeader()->phis(), [&](const llvm::PHINode& phi) {
    if (!condition.by_address(phi))
      return false;
    Origins next(loop);
    next.add(phi.getIncomingValueForBlock(loop.getLoopLatch()), false);
    return next.directly(select);
  });
}

/// How many cycles go by from the header's phis that `starts` accepts to a value, by estimates. Negative: it needs none of them.
class Latency {
 public:
  Latency(const llvm::Loop& loop, llvm::function_ref<bool(const llvm::PHINode&)> starts)
      : loop_(loop), starts_(starts) {}

  int of(const Value* value) {
    const auto* instr = llvm::dyn_cast<Instruction>(value);
    if (!instr || !loop_.contains(instr))
      return kNever;
    if (const auto* phi = llvm::dyn_cast<llvm::PHINode>(instr); phi && phi->getParent() == loop_.getHeader())
      return starts_(*phi) ? 0 : kNever;
    if (const auto [known, is_new] = known_.try_emplace(instr, kNever); !is_new)
      return known->second;
    int longest = kNever;
    for (const Value* operand : instr->operands()) longest = std::max(longest, of(operand));
    return known_[instr] = longest < 0 ? kNever : longest + own(*instr);
  }

 private:
  static int own(const Instruction& instr) {
    switch (instr.getOpcode()) {
      case Instruction::FAdd:
      case Instruction::FSub:
      case Instruction::FMul:
        return 4;
      case Instruction::FDiv:
        return 13;
      case Instruction::Call:
        return llvm::isa<llvm::IntrinsicInst>(instr) ? 10 : 40;
      default:
        return 1;
    }
  }
  static constexpr int kNever = -1;

  const llvm::Loop& loop_;
  llvm::function_ref<bool(const llvm::PHINode&)> starts_;
  llvm::DenseMap<const Instruction*, int> known_;
};

constexpr int kSlow = 30;  // twice what a wrong guess costs

/// Whether a float is selected by what takes long to compute from what was selected in the round before.
bool waits_long(const llvm::SelectInst& select, const llvm::Loop& loop) {
  if (!select.getType()->isDoubleTy() || !select.getCondition()->getType()->isIntegerTy(1))
    return false;
  const auto is_selected = [&](const llvm::PHINode& phi) {
    return phi.getIncomingValueForBlock(loop.getLoopLatch()) == &select;
  };
  return Latency(loop, is_selected).of(select.getCondition()) >= kSlow;
}

using Group = llvm::SmallVector<llvm::SelectInst*, 4>;

/// The selections in the block that depend on what `one` depends on, if all may be made where the first of them is; else none.
Group group_of(llvm::SelectInst& one) {
  Group group;
  for (Instruction& instr : *one.getParent()) {
    if (auto* select = llvm::dyn_cast<llvm::SelectInst>(&instr); select && select->getCondition() == one.getCondition())
      group.push_back(select);
  }
  const auto is_there = [&](const llvm::Use& operand) {
    const auto* made = llvm::dyn_cast<Instruction>(operand);
    return !made || made->getParent() != one.getParent() || made->comesBefore(group.front());
  };
  const bool all_are =
      llvm::all_of(group, [&](const llvm::SelectInst* select) { return llvm::all_of(select->operands(), is_there); });
  return all_are ? group : Group();
}

void make_branch(const Group& group) {
  llvm::SelectInst* first = group.front();
  llvm::BasicBlock* before = first->getParent();
  llvm::BasicBlock* after = before->splitBasicBlock(first->getIterator());
  llvm::BasicBlock* otherwise = llvm::BasicBlock::Create(before->getContext(), "guessed", before->getParent(), after);
  llvm::BranchInst::Create(after, otherwise);
  before->getTerminator()->eraseFromParent();
  llvm::BranchInst::Create(after, otherwise, first->getCondition(), before);
  for (llvm::SelectInst* select : group) {
    auto* phi = llvm::PHINode::Create(select->getType(), 2, "", after->begin());
    phi->addIncoming(select->getTrueValue(), before);
    phi->addIncoming(select->getFalseValue(), otherwise);
    select->replaceAllUsesWith(phi);
    select->eraseFromParent();
  }
}

bool branch_on_one(const llvm::Loop& loop) {
  for (llvm::BasicBlock* block : loop.blocks()) {
    for (Instruction& instr : *block) {
      auto* select = llvm::dyn_cast<llvm::SelectInst>(&instr);
      if (!select || !waits_long(*select, loop))
        continue;
      if (const Group group = group_of(*select); !group.empty()) {
        make_branch(group);
        return true;
      }
    }
  }
  return false;
}

using Conditions = llvm::SmallVector<Value*, 4>;

/// What must hold for `condition` to hold: all that an `and` joins.
void add_parts(Value* condition, Conditions& parts) {
  Value *one = nullptr, *other = nullptr;
  if (!match::match(condition, match::m_LogicalAnd(match::m_Value(one), match::m_Value(other)))) {
    parts.push_back(condition);
    return;
  }
  add_parts(one, parts);
  add_parts(other, parts);
}

/// One comparison for the whole condition of a selection between the last selected float and another: what it is compared with is
/// no number where something else of the condition does not hold. Then only that comparison waits for the last selection, and
/// is one operation with the selection itself where the lesser or the greater is selected. Null: not so.
Value* compared_once(llvm::SelectInst& select, const llvm::Loop& loop) {
  const auto is_selected = [&](const llvm::PHINode& phi) {
    return phi.getIncomingValueForBlock(loop.getLoopLatch()) == &select;
  };
  Conditions parts;
  add_parts(select.getCondition(), parts);
  Latency latency(loop, is_selected);
  const auto waits = [&](Value* one) { return latency.of(one) >= 0; };
  auto* last = parts.size() > 1 ? std::find_if(parts.begin(), parts.end(), waits) : parts.end();
  auto* compare = last == parts.end() ? nullptr : llvm::dyn_cast<llvm::FCmpInst>(*last);
  if (!compare || llvm::count_if(parts, waits) > 1 || !llvm::FCmpInst::isOrdered(compare->getPredicate()) ||
      !compare->getOperand(0)->getType()->isDoubleTy())
    return nullptr;
  const unsigned free = waits(compare->getOperand(0)) ? 1 : 0;
  if (waits(compare->getOperand(free)))
    return nullptr;
  llvm::IRBuilder<> b(&select);
  Value* others = nullptr;
  for (Value* one : parts) {
    if (one != compare)
      others = others ? b.CreateLogicalAnd(others, one) : one;
  }
  Value* number = compare->getOperand(free);
  Value* candidate = b.CreateSelect(others, number, llvm::ConstantFP::getNaN(number->getType()));
  Value* compared = free == 0 ? b.CreateFCmp(compare->getPredicate(), candidate, compare->getOperand(1))
                              : b.CreateFCmp(compare->getPredicate(), compare->getOperand(0), candidate);
  if (select.getTrueValue() == number)
    select.setTrueValue(candidate);
  return compared;
}

bool compare_once(llvm::BasicBlock& block, const llvm::Loop& loop) {
  bool changed = false;
  for (Instruction& instr : block) {
    auto* select = llvm::dyn_cast<llvm::SelectInst>(&instr);
    if (!select || !select->getType()->isDoubleTy() || !select->getCondition()->getType()->isIntegerTy(1))
      continue;
    Value* old = select->getCondition();
    Value* compared = compared_once(*select, loop);
    if (!compared)
      continue;
    changed = true;
    for (Instruction& later : llvm::make_range(select->getIterator(), block.end())) {
      if (auto* other = llvm::dyn_cast<llvm::SelectInst>(&later); other && other->getCondition() == old)
        other->setCondition(compared);
    }
    llvm::RecursivelyDeleteTriviallyDeadInstructions(old);
  }
  return changed;
}

}  // namespace

llvm::PreservedAnalyses CompareOnce::run(llvm::Function& function, llvm::FunctionAnalysisManager& functions) {
  for (const llvm::Loop* loop : functions.getResult<llvm::LoopAnalysis>(function).getLoopsInPreorder()) {
    if (!loop->isInnermost() || !loop->getLoopLatch())
      continue;
    for (llvm::BasicBlock* block : loop->blocks()) compare_once(*block, *loop);
  }
  return llvm::PreservedAnalyses::all();
}

llvm::PreservedAnalyses BranchOnSlow::run(llvm::Function& function, llvm::FunctionAnalysisManager& functions) {
  const auto one = [&] {
    const auto loops = functions.getResult<llvm::LoopAnalysis>(function).getLoopsInPreorder();
    return llvm::any_of(loops, [](const llvm::Loop* loop) {
      return loop->isInnermost() && loop->getLoopLatch() && branch_on_one(*loop);
    });
  };
  bool changed = false;
  while (one()) {
    changed = true;
    functions.invalidate(function, llvm::PreservedAnalyses::none());
  }
  return changed ? llvm::PreservedAnalyses::none() : llvm::PreservedAnalyses::all();
}

llvm::PreservedAnalyses KeepSelections::run(llvm::Function& function, llvm::FunctionAnalysisManager& functions) {
  for (const llvm::Loop* loop : functions.getResult<llvm::LoopAnalysis>(function).getLoopsInPreorder()) {
    if (!loop->isInnermost() || !loop->getLoopLatch())
      continue;
    for (llvm::BasicBlock* block : loop->blocks()) {
      for (Instruction& instr : *block) {
        if (auto* select = llvm::dyn_cast<llvm::SelectInst>(&instr); select && decides_next(*select, *loop))
          select->setMetadata(llvm::LLVMContext::MD_unpredictable, llvm::MDNode::get(function.getContext(), {}));
      }
    }
  }
  return llvm::PreservedAnalyses::all();
}

}  // namespace hasten::compile
