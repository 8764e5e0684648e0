#include "compile/jit/small_numbers.h"

#include <cstdint>
#include <optional>

#include <llvm/ADT/DenseMap.h>
#include <llvm/Analysis/LoopInfo.h>
#include <llvm/IR/ConstantRange.h>
#include <llvm/IR/Dominators.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/IntrinsicInst.h>
#include <llvm/IR/MDBuilder.h>
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
using llvm::ConstantRange;
using llvm::Instruction;
using llvm::PHINode;
using llvm::Value;

constexpr size_t kInstructionsMost = 120;  // of the loop
constexpr size_t kAssumedMost = 16;        // numbers that are compared before it
constexpr uint64_t kSmall = uint64_t{1} << 31;

/// What is known of the numbers of a loop's round where some that it begins with are small.
class SmallRound {
 public:
  explicit SmallRound(llvm::Loop& loop) : loop_(loop) {}

  struct Known {
    ConstantRange range;
    uint32_t by = 0;  ///< bits: the assumed numbers that this relies on
  };
  struct Decided {
    bool outcome;
    uint32_t by;
  };

  /// The number that is assumed to be small; of a header's phi: in each round.
  Value* assumed(size_t k) const { return assumed_[k]; }
  PHINode* as_phi(size_t k) const {
    auto* phi = llvm::dyn_cast<PHINode>(assumed_[k]);
    return phi && phi->getParent() == loop_.getHeader() ? phi : nullptr;
  }
  size_t assumed_count() const { return assumed_.size(); }
  /// Nothing more is assumed of it. What was known is forgotten.
  void give_up(size_t k) {
    given_up_.insert(assumed_[k]);
    assumed_.clear();
    known_.clear();
  }
  bool stays_small(PHINode* phi, uint32_t* by) {
    const Known next = of(phi->getIncomingValueForBlock(loop_.getLoopLatch()));
    *by |= next.by;
    return small(next.range.getBitWidth()).contains(next.range);
  }

  /// The outcome of a branch's condition, if it is one that is looked at.
  std::optional<Decided> decide(Value* condition) {
    Value *a = nullptr, *c = nullptr;
    if (match::match(condition, match::m_LogicalAnd(match::m_Value(a), match::m_Value(c))))
      return decide_either(a, c, false);
    if (match::match(condition, match::m_LogicalOr(match::m_Value(a), match::m_Value(c))))
      return decide_either(a, c, true);
    if (auto* with = overflow_of(condition, 1)) {
      uint32_t by = 0;
      return may_overflow(*with, &by) ? std::nullopt : std::optional<Decided>({false, by});
    }
    auto* compare = llvm::dyn_cast<llvm::ICmpInst>(condition);
    if (!compare || !compare->getOperand(0)->getType()->isIntegerTy(64) ||
        !llvm::isa<llvm::ConstantInt>(compare->getOperand(1)))
      return {};
    const Known one = of(compare->getOperand(0)), other = of(compare->getOperand(1));
    for (bool outcome : {false, true}) {
      const auto predicate = outcome ? compare->getPredicate() : compare->getInversePredicate();
      if (one.range.icmp(predicate, other.range))
        return Decided{outcome, one.by};
    }
    return {};
  }
  static llvm::WithOverflowInst* overflow_of(Value* value, unsigned part) {
    auto* extract = llvm::dyn_cast<llvm::ExtractValueInst>(value);
    auto* with = extract && extract->getIndices()[0] == part
                     ? llvm::dyn_cast<llvm::WithOverflowInst>(extract->getAggregateOperand())
                     : nullptr;
    return with && with->isSigned() ? with : nullptr;
  }

 private:
  static ConstantRange small(unsigned bits) { return ConstantRange(llvm::APInt(bits, 0), llvm::APInt(bits, kSmall)); }

  std::optional<Decided> decide_either(Value* a, Value* c, bool outcome) {
    for (Value* one : {a, c}) {
      const auto decided = decide(one);
      if (decided && decided->outcome == outcome)
        return decided;
    }
    return {};
  }

  bool may_overflow(llvm::WithOverflowInst& with, uint32_t* by) {
    const Known a = of(with.getLHS()), c = of(with.getRHS());
    *by |= a.by | c.by;
    const unsigned bits = a.range.getBitWidth();
    const ConstantRange exact = a.range.signExtend(2 * bits).binaryOp(with.getBinaryOp(), c.range.signExtend(2 * bits));
    return !ConstantRange::getFull(bits).signExtend(2 * bits).contains(exact);
  }

  Known of(Value* value) {
    if (!value->getType()->isIntegerTy() || value->getType()->getIntegerBitWidth() > 64)
      return {ConstantRange::getFull(64)};
    if (auto* number = llvm::dyn_cast<llvm::ConstantInt>(value))
      return {ConstantRange(number->getValue())};
    if (const auto known = known_.find(value); known != known_.end())
      return known->second;
    Known made = find(value);
    if (made.range.isFullSet())
      made.by = 0;
    known_.insert({value, made});
    return made;
  }
  Known find(Value* value) {
    const unsigned bits = value->getType()->getIntegerBitWidth();
    auto* phi = llvm::dyn_cast<PHINode>(value);
    if (loop_.isLoopInvariant(value) || (phi && phi->getParent() == loop_.getHeader()))
      return assume(value);
    if (phi)
      return merged(*phi);
    auto* instr = llvm::cast<Instruction>(value);
    const auto joined = [&](const Known& a, const Known& c, const ConstantRange& range) {
      return Known{range, a.by | c.by};
    };
    if (auto* binary = llvm::dyn_cast<llvm::BinaryOperator>(instr)) {
      const Known a = of(binary->getOperand(0)), c = of(binary->getOperand(1));
      return joined(a, c, a.range.binaryOp(binary->getOpcode(), c.range));
    }
    if (auto* with = overflow_of(value, 0)) {
      const Known a = of(with->getLHS()), c = of(with->getRHS());
      return joined(a, c, a.range.binaryOp(with->getBinaryOp(), c.range));
    }
    if (llvm::isa<llvm::ZExtInst, llvm::SExtInst, llvm::TruncInst>(instr)) {
      if (instr->getOperand(0)->getType()->getIntegerBitWidth() > 64)
        return {ConstantRange::getFull(bits)};
      const Known a = of(instr->getOperand(0));
      return {a.range.castOp(llvm::cast<llvm::CastInst>(instr)->getOpcode(), bits), a.by};
    }
    if (auto* select = llvm::dyn_cast<llvm::SelectInst>(instr)) {
      const Known a = of(select->getTrueValue()), c = of(select->getFalseValue());
      return joined(a, c, a.range.unionWith(c.range));
    }
    return {ConstantRange::getFull(bits)};
  }
  Known assume(Value* value) {
    auto* phi = llvm::dyn_cast<PHINode>(value);
    const bool is_own = phi && phi->getParent() == loop_.getHeader();
    Value* start = is_own ? phi->getIncomingValueForBlock(loop_.getLoopPreheader()) : value;
    auto* constant = llvm::dyn_cast<llvm::ConstantInt>(start);
    if (!value->getType()->isIntegerTy(64) || given_up_.contains(value) || assumed_.size() == kAssumedMost ||
        (constant && !constant->getValue().ult(kSmall)) || llvm::isa<llvm::UndefValue>(start))
      return {ConstantRange::getFull(value->getType()->getIntegerBitWidth())};
    assumed_.push_back(value);
    return {small(64), uint32_t{1} << (assumed_.size() - 1)};
  }
  /// What comes by the ways that are taken.
  Known merged(PHINode& phi) {
    Known all{ConstantRange::getEmpty(phi.getType()->getIntegerBitWidth())};
    for (unsigned k = 0; k < phi.getNumIncomingValues(); ++k) {
      if (const auto never = never_taken(phi.getIncomingBlock(k), phi.getParent())) {
        all.by |= *never;
        continue;
      }
      const Known one = of(phi.getIncomingValue(k));
      all = {all.range.unionWith(one.range), all.by | one.by};
    }
    return all;
  }
  /// By what assumptions the way is never taken; nothing: it may be.
  std::optional<uint32_t> never_taken(BasicBlock* from, BasicBlock* to) {
    auto* branch = llvm::dyn_cast<BranchInst>(from->getTerminator());
    if (!branch)
      return {};
    if (branch->isConditional()) {
      const auto decided = decide(branch->getCondition());
      if (decided && branch->getSuccessor(decided->outcome ? 0 : 1) != to)
        return decided->by;
    }
    BasicBlock* before = from->getSinglePredecessor();
    return before && from != loop_.getHeader() ? never_taken(before, from) : std::nullopt;
  }

  llvm::Loop& loop_;
  llvm::SmallVector<Value*, kAssumedMost> assumed_;
  llvm::SmallPtrSet<Value*, 8> given_up_;
  llvm::DenseMap<Value*, Known> known_;
};

/// An innermost loop that becomes two.
class SmallNumbers {
 public:
  explicit SmallNumbers(llvm::Loop& loop) : loop_(loop), round_(loop) {}

  bool run(llvm::DominatorTree& dominators, llvm::LoopInfo& loops) {
    if (!loop_.isInnermost() || !loop_.getLoopLatch() || !loop_.getLoopPreheader() || !may_gain() || !decide())
      return false;
    llvm::formLCSSA(loop_, dominators, &loops, nullptr);
    copy();
    return true;
  }

 private:
  /// A look at what it has: a product that may overflow, or a remainder whose sign is not known.
  bool may_gain() const {
    size_t count = 0;
    bool has_remainder = false;
    for (BasicBlock* block : loop_.blocks()) {
      if (!llvm::isa<BranchInst>(block->getTerminator()))
        return false;
      count += block->size();
      for (Instruction& instr : *block)
        has_remainder |= instr.getOpcode() == Instruction::URem || instr.getOpcode() == Instruction::SRem;
    }
    return has_remainder && count <= kInstructionsMost;
  }

  /// Finds the branches that are decided where the numbers are small, and which numbers these are.
  bool decide() {
    while (!decide_once()) {
    }
    return gain_ >= 2;
  }
  bool decide_once() {
    decided_.clear();
    relied_on_ = 0;
    gain_ = 0;
    for (BasicBlock* block : loop_.blocks()) {
      auto* branch = llvm::cast<BranchInst>(block->getTerminator());
      const auto decided =
          branch->isConditional() ? round_.decide(branch->getCondition()) : std::optional<SmallRound::Decided>();
      if (!decided || decided->by == 0)
        continue;
      const unsigned goes = decided->outcome ? 0 : 1, gained = gain(*branch, goes);
      if (gained == 0)
        continue;
      decided_.push_back({branch, goes});
      relied_on_ |= decided->by;
      gain_ += gained;
    }
    for (size_t k = 0, seen = 0; k < round_.assumed_count(); ++k) {
      PHINode* phi = relied_on_ >> k & 1 && !(seen >> k & 1) ? round_.as_phi(k) : nullptr;
      if (!phi)
        continue;
      seen |= size_t{1} << k;
      const uint32_t before = relied_on_;
      if (!round_.stays_small(phi, &relied_on_)) {
        round_.give_up(k);
        return false;
      }
      if (relied_on_ != before)
        k = static_cast<size_t>(-1);  // from the first again
    }
    return true;
  }

  /// Which of two lengths a division has is decided too, but gains nothing: that can be guessed.
  static unsigned gain(BranchInst& branch, unsigned goes) {
    if (const auto* with = SmallRound::overflow_of(branch.getCondition(), 1))
      return with->getBinaryOp() == Instruction::Mul ? 2 : 1;
    const bool asks_sign = llvm::any_of(*branch.getSuccessor(1 - goes), [](Instruction& instr) {
      return instr.getOpcode() == Instruction::SRem || instr.getOpcode() == Instruction::SDiv;
    });
    return asks_sign ? 2 : 0;
  }

  void copy() {
    BasicBlock *header = loop_.getHeader(), *before = loop_.getLoopPreheader();
    llvm::Function* function = header->getParent();
    llvm::ValueToValueMapTy map;
    llvm::SmallVector<BasicBlock*, 16> copies;
    for (BasicBlock* block : loop_.blocks()) {
      BasicBlock* made = llvm::CloneBasicBlock(block, map, "", function);
      made->moveBefore(header);
      map[block] = made;
      copies.push_back(made);
    }
    llvm::remapInstructionsInBlocks(copies, map);
    for (BasicBlock* block : loop_.blocks()) {
      for (BasicBlock* after : llvm::successors(block)) {
        if (loop_.contains(after))
          continue;
        for (PHINode& phi : after->phis()) {
          Value* value = phi.getIncomingValueForBlock(block);
          const auto known = map.find(value);
          phi.addIncoming(known == map.end() ? value : static_cast<Value*>(known->second),
                          llvm::cast<BasicBlock>(map[block]));
        }
      }
    }
    choose(before, llvm::cast<BasicBlock>(map[header]), header);
    for (const auto& [branch, goes] : decided_) {
      auto* mine = llvm::cast<BranchInst>(map[branch]);
      mine->getSuccessor(1 - goes)->removePredecessor(mine->getParent(), true);
      BranchInst::Create(mine->getSuccessor(goes), mine->getIterator());
      mine->eraseFromParent();
    }
    llvm::removeUnreachableBlocks(*function);
  }
  void choose(BasicBlock* before, BasicBlock* copy, BasicBlock* header) {
    Instruction* leads_in = before->getTerminator();
    llvm::IRBuilder<> b(leads_in);
    Value* all = b.getInt64(0);
    for (size_t k = 0; k < round_.assumed_count(); ++k) {
      if (relied_on_ >> k & 1) {
        PHINode* phi = round_.as_phi(k);
        all = b.CreateOr(all, phi ? phi->getIncomingValueForBlock(before) : round_.assumed(k));
      }
    }
    Value* is_small = b.CreateICmpULT(b.CreateFreeze(all), b.getInt64(kSmall));
    b.CreateCondBr(is_small, copy, header, llvm::MDBuilder(b.getContext()).createBranchWeights(100, 1));
    leads_in->eraseFromParent();
  }

  llvm::Loop& loop_;
  SmallRound round_;
  llvm::SmallVector<std::pair<BranchInst*, unsigned>, 8> decided_;  // and the successor that it goes to
  uint32_t relied_on_ = 0;
  unsigned gain_ = 0;
};

}  // namespace

llvm::PreservedAnalyses RunSmallNumbers::run(llvm::Function& function, llvm::FunctionAnalysisManager& functions) {
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
    if (!loop || loop->getHeader() != header || !SmallNumbers(*loop).run(dominators, loops))
      continue;
    changed = true;
    functions.invalidate(function, llvm::PreservedAnalyses::none());
  }
  return changed ? llvm::PreservedAnalyses::none() : llvm::PreservedAnalyses::all();
}

}  // namespace hasten::compile
