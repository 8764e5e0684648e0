#include "compile/jit/unchecked_rounds.h"

#include <cstdint>
#include <cstdlib>
#include <optional>

#include <llvm/ADT/SmallPtrSet.h>
#include <llvm/Analysis/LoopInfo.h>
#include <llvm/IR/Dominators.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/IntrinsicInst.h>
#include <llvm/IR/MDBuilder.h>
#include <llvm/IR/ProfDataUtils.h>
#include <llvm/Transforms/Utils/BasicBlockUtils.h>
#include <llvm/Transforms/Utils/Cloning.h>
#include <llvm/Transforms/Utils/Local.h>
#include <llvm/Transforms/Utils/LoopUtils.h>
#include <llvm/Transforms/Utils/ValueMapper.h>

namespace hasten::compile {

namespace {

using llvm::BasicBlock;
using llvm::BranchInst;
using llvm::CmpInst;
using llvm::Instruction;
using llvm::PHINode;
using llvm::Value;

constexpr unsigned kInstructionsMost = 80;  // of a loop: in what is larger the comparisons are a small part
constexpr unsigned kUsualMost = 50;         // without what is rare in it, if with that it is larger
constexpr unsigned kOneCheckMost = 20;      // and where only the end is one of them
constexpr uint64_t kRoundsLeast = 8;        // fewer are not worth the change of the loop
constexpr int64_t kStepMost = 1 << 16;

/// A branch that goes on in the loop as long as `moving`, which changes by `step` each round, compares so with `bound`.
struct Check {
  BranchInst* branch;
  unsigned stays;  // index of the successor
  CmpInst::Predicate holds;
  Value* moving;
  Value* bound;
  int64_t step;  // 0: it holds always or never
};

class Rounds {
 public:
  Rounds(llvm::Loop& loop, llvm::DominatorTree& dominators, llvm::LoopInfo& loops)
      : loop_(loop), dominators_(dominators), loops_(loops) {}

  bool run() {
    if (!find_frame() || !find_poll())
      return false;
    find_steps();
    find_checks();
    if (searches() || loses_by_size())
      return false;
    llvm::formLCSSA(loop_, dominators_, &loops_, nullptr);
    enclose();
    count_rounds();
    copy();
    return true;
  }

 private:
  bool find_frame() {
    header_ = loop_.getHeader();
    latch_ = loop_.getLoopLatch();
    before_ = loop_.getLoopPreheader();
    if (!loop_.isInnermost() || !latch_ || !before_)
      return false;
    return llvm::all_of(loop_.blocks(), [](BasicBlock* block) {
      auto* branch = llvm::dyn_cast<BranchInst>(block->getTerminator());
      return branch && (!branch->isConditional() || branch->getSuccessor(0) != branch->getSuccessor(1));
    });
  }

  /// The look at signals: `left` counts down to it.
  bool find_poll() {
    poll_ = llvm::dyn_cast<BranchInst>(header_->getTerminator());
    auto* due = poll_ && poll_->isConditional() ? llvm::dyn_cast<llvm::ICmpInst>(poll_->getCondition()) : nullptr;
    if (!due || due->getPredicate() != CmpInst::ICMP_EQ || !is_zero(due->getOperand(1)) ||
        !polls(*poll_->getSuccessor(0)) || !loop_.contains(poll_->getSuccessor(1)))
      return false;
    less_ = llvm::dyn_cast<llvm::BinaryOperator>(due->getOperand(0));
    left_ = less_ && less_->getOpcode() == Instruction::Add ? llvm::dyn_cast<PHINode>(less_->getOperand(0)) : nullptr;
    auto* by = left_ ? llvm::dyn_cast<llvm::ConstantInt>(less_->getOperand(1)) : nullptr;
    if (!by || !by->isMinusOne() || left_->getParent() != header_)
      return false;
    next_left_ = llvm::dyn_cast<PHINode>(left_->getIncomingValueForBlock(latch_));
    if (!next_left_ || next_left_->getParent() == header_)
      return false;
    for (Value* one : next_left_->incoming_values()) {
      if (one == less_)
        continue;
      if (period_ || !llvm::isa<llvm::ConstantInt>(one))
        return false;
      period_ = llvm::cast<llvm::ConstantInt>(one);
    }
    return period_ != nullptr;
  }
  static bool is_zero(const Value* value) {
    const auto* number = llvm::dyn_cast<llvm::ConstantInt>(value);
    return number && number->isZero();
  }
  static bool polls(BasicBlock& block) {
    return llvm::any_of(block, [](Instruction& instr) {
      auto* call = llvm::dyn_cast<llvm::CallInst>(&instr);
      return call && call->getCalledFunction() && call->getCalledFunction()->getName() == "hj_poll";
    });
  }

  void find_steps() {
    steps_[left_] = -1;
    for (PHINode& phi : header_->phis()) {
      auto* next = llvm::dyn_cast<llvm::BinaryOperator>(phi.getIncomingValueForBlock(latch_));
      auto* by = next && next->getOpcode() == Instruction::Add && next->getOperand(0) == &phi
                     ? llvm::dyn_cast<llvm::ConstantInt>(next->getOperand(1))
                     : nullptr;
      if (by && by->getBitWidth() == 64 && std::abs(by->getSExtValue()) <= kStepMost)
        steps_[&phi] = by->getSExtValue();
    }
  }

  /// What is added to the value in each round of the copy.
  std::optional<int64_t> step_of(Value* value, int depth = 0) const {
    if (loop_.isLoopInvariant(value))
      return 0;
    if (const auto known = steps_.find(value); known != steps_.end())
      return known->second;
    if (value == next_left_)
      return -1;
    Value *a = nullptr, *c = nullptr;
    const bool subtracts = is_sum(value, a, c) == Instruction::Sub;
    if (!a || depth > 4)
      return {};
    const auto one = step_of(a, depth + 1), other = step_of(c, depth + 1);
    if (!one || !other)
      return {};
    const int64_t step = subtracts ? *one - *other : *one + *other;
    return std::abs(step) <= kStepMost ? std::optional(step) : std::nullopt;
  }
  /// Sets the operands if it is a sum or difference (as which it comes out of its checked form too); else they stay null.
  static unsigned is_sum(Value* value, Value*& a, Value*& c) {
    if (auto* sum = llvm::dyn_cast<llvm::BinaryOperator>(value);
        sum && (sum->getOpcode() == Instruction::Add || sum->getOpcode() == Instruction::Sub)) {
      a = sum->getOperand(0), c = sum->getOperand(1);
      return sum->getOpcode();
    }
    auto* part = llvm::dyn_cast<llvm::ExtractValueInst>(value);
    auto* checked = part && part->getIndices()[0] == 0
                        ? llvm::dyn_cast<llvm::WithOverflowInst>(part->getAggregateOperand())
                        : nullptr;
    if (checked && (checked->getBinaryOp() == Instruction::Add || checked->getBinaryOp() == Instruction::Sub)) {
      a = checked->getLHS(), c = checked->getRHS();
      return checked->getBinaryOp();
    }
    return 0;
  }

  void find_checks() {
    for (BasicBlock* block : loop_.blocks()) {
      auto* branch = llvm::dyn_cast<BranchInst>(block->getTerminator());
      if (!branch || !branch->isConditional() || branch == poll_ || !dominators_.dominates(block, latch_))
        continue;
      const auto stays = staying(*branch);
      auto* compare = llvm::dyn_cast<llvm::ICmpInst>(branch->getCondition());
      if (!stays || !compare || !compare->getOperand(0)->getType()->isIntegerTy(64))
        continue;
      Check check{branch, *stays, compare->getPredicate(), compare->getOperand(0), compare->getOperand(1), 0};
      if (*stays == 1)
        check.holds = CmpInst::getInversePredicate(check.holds);
      auto step = step_of(check.moving), bound_step = step_of(check.bound);
      if (!step || !bound_step)
        continue;
      if (*step == 0) {
        std::swap(check.moving, check.bound);
        std::swap(step, bound_step);
        check.holds = CmpInst::getSwappedPredicate(check.holds);
      }
      check.step = *step;
      const bool is_ordered = !CmpInst::isEquality(check.holds);
      if (*bound_step != 0 ||
          (check.step != 0 && !is_ordered && (check.holds == CmpInst::ICMP_EQ || std::abs(check.step) != 1)))
        continue;
      checks_.push_back(check);
    }
  }
  /// The successor that goes on in the loop, where the other one leaves it or is rare.
  std::optional<unsigned> staying(const BranchInst& branch) const {
    for (unsigned k = 0; k < 2; ++k) {
      if (!loop_.contains(branch.getSuccessor(1 - k)))
        return loop_.contains(branch.getSuccessor(k)) ? std::optional(k) : std::nullopt;
    }
    return usual(branch);
  }
  /// The successor beside which the other one is rare.
  static std::optional<unsigned> usual(const BranchInst& branch) {
    uint64_t first = 0, second = 0;
    if (!branch.isConditional() || !llvm::extractBranchWeights(branch, first, second))
      return {};
    if (first < second / 100)
      return 1;
    return second < first / 100 ? std::optional(0u) : std::nullopt;
  }

  /// Whether it may end at any round by what it finds: then it often ends soon, and counting rounds before it costs more than it saves.
  bool searches() const {
    return llvm::any_of(loop_.blocks(), [&](BasicBlock* block) {
      auto* branch = llvm::cast<BranchInst>(block->getTerminator());
      uint64_t first = 0, second = 0;
      const bool leaves = branch->isConditional() &&
                          (!loop_.contains(branch->getSuccessor(0)) || !loop_.contains(branch->getSuccessor(1)));
      return leaves && !llvm::extractBranchWeights(*branch, first, second) &&
             llvm::none_of(checks_, [&](const Check& check) { return check.branch == branch; });
    });
  }

  bool loses_by_size() const {
    size_t instructions = 0, whole = 0;
    for (BasicBlock* block : loop_.blocks()) whole += block->size();
    for (BasicBlock* block : usual_blocks()) {
      instructions += block->size();
      // A call or a root takes so long that the comparisons do not count.
      const bool is_always = dominators_.dominates(block, latch_);
      for (Instruction& instr : *block) {
        const auto* intrinsic = llvm::dyn_cast<llvm::IntrinsicInst>(&instr);
        if (intrinsic ? intrinsic->getIntrinsicID() == llvm::Intrinsic::sqrt
                      : is_always && llvm::isa<llvm::CallBase>(instr))
          return true;
      }
    }
    if (whole > kInstructionsMost && instructions > kUsualMost)
      return true;
    return instructions > (checks_.size() > 1 ? kInstructionsMost : checks_.empty() ? 0 : kOneCheckMost);
  }
  /// The loop without what is rare in it.
  llvm::SmallVector<BasicBlock*, 16> usual_blocks() const {
    llvm::SmallVector<BasicBlock*, 16> blocks{header_};
    llvm::SmallPtrSet<BasicBlock*, 16> seen{header_};
    for (size_t k = 0; k < blocks.size(); ++k) {
      auto* branch = llvm::cast<BranchInst>(blocks[k]->getTerminator());
      const auto only = usual(*branch);
      for (unsigned to = 0; to < branch->getNumSuccessors(); ++to) {
        BasicBlock* next = branch->getSuccessor(to);
        if (only.value_or(to) == to && loop_.contains(next) && seen.insert(next).second)
          blocks.push_back(next);
      }
    }
    return blocks;
  }

  /// Puts the block that counts rounds before the loop, which comes back to it after a look at signals.
  void enclose() {
    llvm::Function* function = header_->getParent();
    llvm::LLVMContext& context = function->getContext();
    count_ = BasicBlock::Create(context, "rounds", function, header_);
    checked_ = BasicBlock::Create(context, "checked", function, header_);
    again_ = BasicBlock::Create(context, "again", function, header_);
    BranchInst::Create(header_, checked_);
    for (PHINode& phi : header_->phis()) {
      Value* next = phi.getIncomingValueForBlock(latch_);
      PHINode* start = PHINode::Create(phi.getType(), 2, "", count_);
      start->addIncoming(phi.getIncomingValueForBlock(before_), before_);
      start->addIncoming(next, again_);
      PHINode* begin = PHINode::Create(phi.getType(), 2, "", checked_->getTerminator()->getIterator());
      begin->addIncoming(start, count_);
      starts_[&phi] = start;
      begins_[&phi] = begin;
      phi.setIncomingValueForBlock(before_, begin);
      phi.replaceIncomingBlockWith(before_, checked_);
      phi.replaceIncomingBlockWith(latch_, again_);
    }
    before_->getTerminator()->replaceSuccessorWith(header_, count_);
    latch_->getTerminator()->replaceSuccessorWith(header_, again_);
    llvm::IRBuilder<> b(again_);
    b.CreateCondBr(b.CreateICmpEQ(next_left_, period_), count_, header_, weights(1, 2000));
  }
  llvm::MDNode* weights(uint32_t first, uint32_t second) const {
    return llvm::MDBuilder(header_->getContext()).createBranchWeights(first, second);
  }

  /// The value in the first round of the copy, computed before it.
  Value* start_of(Value* value) {
    if (loop_.isLoopInvariant(value))
      return value;
    if (Value* known = starts_.lookup(value))
      return known;
    if (value == next_left_)
      return start_of(less_);
    Value *a = nullptr, *c = nullptr;
    const bool subtracts = is_sum(value, a, c) == Instruction::Sub;
    Value *one = start_of(a), *other = start_of(c);
    llvm::IRBuilder<> b = at_end_of_count();
    Value* made = subtracts ? b.CreateSub(one, other) : b.CreateAdd(one, other);
    starts_[value] = made;
    return made;
  }
  llvm::IRBuilder<> at_end_of_count() {
    return count_->getTerminator() ? llvm::IRBuilder<>(count_->getTerminator()) : llvm::IRBuilder<>(count_);
  }

  /// For how many rounds the check holds. Values wrap, and no round is one in which they have.
  Value* rounds_of(const Check& check) {
    Value *start = start_of(check.moving), *bound = start_of(check.bound);
    llvm::IRBuilder<> b = at_end_of_count();
    if (!CmpInst::isEquality(check.holds) || check.step == 0) {
      Value* at_first = b.CreateICmp(check.holds, start, bound);
      Value* rounds =
          check.step == 0 ? b.getInt64(kEver) : b.CreateAdd(steps_until(check, start, bound, b), b.getInt64(1));
      return b.CreateSelect(at_first, rounds, b.getInt64(0));
    }
    return check.step > 0 ? b.CreateSub(bound, start) : b.CreateSub(start, bound);
  }
  /// How often `step` may be added to `start`, which fulfils the check, until it no longer does or wraps.
  static Value* steps_until(const Check& check, Value* start, Value* bound, llvm::IRBuilder<>& b) {
    const bool is_signed = CmpInst::isSigned(check.holds), grows = check.step > 0;
    const bool limits_growth = check.holds == CmpInst::ICMP_ULT || check.holds == CmpInst::ICMP_ULE ||
                               check.holds == CmpInst::ICMP_SLT || check.holds == CmpInst::ICMP_SLE;
    Value* last = bound;  // that fulfils it
    if (limits_growth == grows) {
      if (CmpInst::isStrictPredicate(check.holds))
        last = grows ? b.CreateSub(bound, b.getInt64(1)) : b.CreateAdd(bound, b.getInt64(1));
    } else if (is_signed) {
      last = b.getInt64(static_cast<uint64_t>(grows ? INT64_MAX : INT64_MIN));
    } else {
      last = b.getInt64(grows ? UINT64_MAX : 0);
    }
    Value* way = grows ? b.CreateSub(last, start) : b.CreateSub(start, last);
    const auto size = static_cast<uint64_t>(std::abs(check.step));
    return size == 1 ? way : b.CreateUDiv(way, b.getInt64(size));
  }

  void count_rounds() {
    llvm::IRBuilder<> b(count_);
    rounds_ = b.CreateZExt(start_of(less_), b.getInt64Ty());
    for (const Check& check : checks_) {
      Value* rounds = rounds_of(check);
      rounds_ = at_end_of_count().CreateBinaryIntrinsic(llvm::Intrinsic::umin, rounds_, rounds);
    }
  }

  void copy() {
    llvm::Function* function = header_->getParent();
    llvm::LLVMContext& context = function->getContext();
    auto* next_round = BasicBlock::Create(context, "round", function, header_);
    auto* done = BasicBlock::Create(context, "done", function, header_);
    llvm::ValueToValueMapTy map;
    llvm::SmallVector<BasicBlock*, 16> copies;
    for (BasicBlock* block : loop_.blocks()) {
      BasicBlock* made = llvm::CloneBasicBlock(block, map, "", function);
      made->moveBefore(next_round);
      map[block] = made;
      copies.push_back(made);
    }
    map[again_] = next_round;
    llvm::remapInstructionsInBlocks(copies, map);
    const auto copied = [&](Value* value) {
      const auto known = map.find(value);
      return known == map.end() ? value : static_cast<Value*>(known->second);
    };
    auto* head = llvm::cast<BasicBlock>(copied(header_));
    for (BasicBlock* block : loop_.blocks()) {
      for (BasicBlock* after : llvm::successors(block)) {
        if (loop_.contains(after) || after == again_)
          continue;
        for (PHINode& phi : after->phis()) {
          const auto* made = llvm::cast<BasicBlock>(copied(block));
          if (phi.getBasicBlockIndex(made) < 0)
            phi.addIncoming(copied(phi.getIncomingValueForBlock(block)), const_cast<BasicBlock*>(made));
        }
      }
    }
    llvm::IRBuilder<> b(head, head->begin());
    left_rounds_ = b.CreatePHI(b.getInt64Ty(), 2);
    left_rounds_->addIncoming(rounds_, count_);
    b.SetInsertPoint(next_round);
    Value* fewer = b.CreateAdd(left_rounds_, llvm::ConstantInt::getSigned(b.getInt64Ty(), -1), "", true, false);
    left_rounds_->addIncoming(fewer, next_round);
    b.CreateCondBr(b.CreateICmpEQ(fewer, b.getInt64(0)), done, head, weights(1, 500));
    b.SetInsertPoint(done);
    for (PHINode& phi : header_->phis()) {
      auto* mine = llvm::cast<PHINode>(copied(&phi));
      Value* next = copied(phi.getIncomingValueForBlock(again_));
      mine->setIncomingValueForBlock(checked_, starts_[&phi]);
      mine->replaceIncomingBlockWith(checked_, count_);
      const auto step = steps_.find(&phi);
      begins_[&phi]->addIncoming(step == steps_.end() ? next : after(starts_[&phi], step->second, rounds_, b), done);
    }
    b.CreateBr(checked_);
    leave_checks_out(map);
    compute_what_leaves(map);
    b.SetInsertPoint(count_);
    b.CreateCondBr(b.CreateICmpULT(rounds_, b.getInt64(kRoundsLeast)), checked_, head);
    clean(head, copies);
  }
  static Value* after(Value* start, int64_t step, Value* rounds, llvm::IRBuilder<>& b) {
    llvm::Type* type = start->getType();
    Value* way = b.CreateMul(b.CreateTrunc(rounds, type), llvm::ConstantInt::getSigned(type, step));
    return b.CreateAdd(start, way);
  }

  void leave_checks_out(llvm::ValueToValueMapTy& map) {
    const auto always = [&](BranchInst* branch, unsigned stays) {
      auto* mine = llvm::cast<BranchInst>(map[branch]);
      mine->getSuccessor(1 - stays)->removePredecessor(mine->getParent(), true);
      BranchInst::Create(mine->getSuccessor(stays), mine->getIterator());
      mine->eraseFromParent();
    };
    always(poll_, 1);
    for (const Check& check : checks_) always(check.branch, check.stays);
  }

  /// What counters are when the copy is left in the midst is computed there, so that it need not count them.
  void compute_what_leaves(llvm::ValueToValueMapTy& map) {
    for (BasicBlock* block : loop_.blocks()) {
      auto* mine = llvm::cast<BasicBlock>(map[block]);
      auto* branch = llvm::cast<BranchInst>(mine->getTerminator());
      if (!branch->isConditional())
        continue;
      for (unsigned k = 0; k < 2; ++k) {
        BasicBlock* to = llvm::cast<BranchInst>(block->getTerminator())->getSuccessor(k);
        if (loop_.contains(to) || to == again_ || to->phis().empty())
          continue;
        auto* way = BasicBlock::Create(mine->getContext(), "", mine->getParent(), to);
        llvm::IRBuilder<> b(way);
        Value* past = b.CreateSub(rounds_, b.CreateFreeze(left_rounds_));  // not to be counted instead
        for (PHINode& phi : to->phis()) {
          Value* value = phi.getIncomingValueForBlock(block);
          const auto step = step_of(value);
          if (step && *step != 0)
            phi.setIncomingValueForBlock(mine, after(start_of(value), *step, past, b));
          phi.replaceIncomingBlockWith(mine, way);
        }
        b.CreateBr(to);
        branch->setSuccessor(k, way);
      }
    }
  }

  static void clean(BasicBlock* head, llvm::ArrayRef<BasicBlock*> copies) {
    llvm::SmallPtrSet<BasicBlock*, 16> reached;
    llvm::SmallVector<BasicBlock*, 16> next{head}, dead, alive;
    while (!next.empty()) {
      BasicBlock* block = next.pop_back_val();
      if (reached.insert(block).second)
        llvm::append_range(next, llvm::successors(block));
    }
    for (BasicBlock* block : copies) (reached.contains(block) ? alive : dead).push_back(block);
    llvm::DeleteDeadBlocks(dead);
    for (BasicBlock* block : alive) {
      if (block->getSinglePredecessor())
        llvm::FoldSingleEntryPHINodes(block);
    }
    for (BasicBlock* block : alive) {
      for (Instruction& instr : llvm::make_early_inc_range(llvm::reverse(*block))) {
        if (llvm::isInstructionTriviallyDead(&instr))
          instr.eraseFromParent();
      }
    }
    llvm::DeleteDeadPHIs(head);
    for (BasicBlock* block : alive) {
      if (block != head)
        llvm::MergeBlockIntoPredecessor(block);
    }
  }

  static constexpr uint64_t kEver = UINT64_MAX;

  llvm::Loop& loop_;
  llvm::DominatorTree& dominators_;
  llvm::LoopInfo& loops_;
  BasicBlock *header_ = nullptr, *latch_ = nullptr, *before_ = nullptr;
  BranchInst* poll_ = nullptr;
  llvm::BinaryOperator* less_ = nullptr;
  PHINode *left_ = nullptr, *next_left_ = nullptr;
  llvm::ConstantInt* period_ = nullptr;
  llvm::DenseMap<const Value*, int64_t> steps_;
  llvm::SmallVector<Check, 4> checks_;
  BasicBlock *count_ = nullptr, *checked_ = nullptr, *again_ = nullptr;
  llvm::DenseMap<const Value*, Value*> starts_;  // in the first round of the copy
  llvm::DenseMap<const PHINode*, PHINode*> begins_;
  Value* rounds_ = nullptr;
  PHINode* left_rounds_ = nullptr;
};

}  // namespace

llvm::PreservedAnalyses RunUncheckedRounds::run(llvm::Function& function, llvm::FunctionAnalysisManager& functions) {
  llvm::SmallVector<BasicBlock*, 8> headers;
  for (llvm::Loop* loop : functions.getResult<llvm::LoopAnalysis>(function).getLoopsInPreorder()) {
    if (loop->isInnermost())
      headers.push_back(loop->getHeader());
  }
  bool changed = false;
  for (BasicBlock* header : headers) {
    auto& loops = functions.getResult<llvm::LoopAnalysis>(function);
    auto& dominators = functions.getResult<llvm::DominatorTreeAnalysis>(function);
    llvm::Loop* loop = loops.getLoopFor(header);
    if (!loop || loop->getHeader() != header || !Rounds(*loop, dominators, loops).run())
      continue;
    changed = true;
    functions.invalidate(function, llvm::PreservedAnalyses::none());
  }
  return changed ? llvm::PreservedAnalyses::none() : llvm::PreservedAnalyses::all();
}

}  // namespace hasten::compile
