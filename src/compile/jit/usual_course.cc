#include "compile/jit/recursion_level.h"

#include <llvm/ADT/SmallPtrSet.h>
#include <llvm/IR/CFG.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/IntrinsicInst.h>
#include <llvm/IR/MDBuilder.h>
#include <llvm/IR/ProfDataUtils.h>
#include <llvm/Transforms/Utils/Local.h>

namespace hasten::compile {

namespace {

using llvm::BasicBlock;
using llvm::CallInst;
using llvm::Function;
using llvm::Instruction;
using llvm::Value;

constexpr unsigned kUsualMost = 100;  // instructions of a level

class UsualCourse {
 public:
  explicit UsualCourse(RecursionLevel& level) : l_(level) {}

  bool run() {
    for (BasicBlock& block : *l_.function) {
      const auto* branch = llvm::dyn_cast<llvm::BranchInst>(block.getTerminator());
      if (branch && branch->isConditional() && !l_.counter &&
          (call_of(*branch->getSuccessor(0), "hj_poll") || call_of(*branch->getSuccessor(1), "hj_poll")))
        l_.counter = counter_in(branch->getCondition());
    }
    if (!l_.counter || !all_calls_are_plain())
      return false;
    llvm::SmallPtrSet<BasicBlock*, 16> seen;
    llvm::SmallVector<BasicBlock*, 16> next{&l_.function->getEntryBlock()};
    if (!only_computes(*next.front()))
      return false;
    bool returns = false;
    while (!next.empty()) {
      BasicBlock* block = next.pop_back_val();
      if (!seen.insert(block).second)
        continue;
      returns |= llvm::isa<llvm::ReturnInst>(block->getTerminator());
      if (!straighten(*block))
        return false;
      for (BasicBlock* after : llvm::successors(block)) next.push_back(after);
    }
    if (!returns || !l_.poll)
      return false;
    llvm::removeUnreachableBlocks(*l_.function);
    for (llvm::User* user : llvm::make_early_inc_range(l_.counter->users())) {
      auto* store = llvm::dyn_cast<llvm::StoreInst>(user);
      if (store && store->getFunction() == l_.function)
        store->eraseFromParent();
    }
    for (BasicBlock& block : *l_.function) {
      for (Instruction& instr : llvm::make_early_inc_range(llvm::reverse(block)))
        if (llvm::isInstructionTriviallyDead(&instr))
          instr.eraseFromParent();
    }
    return !l_.own_calls(*l_.function).empty() && l_.function->getInstructionCount() <= kUsualMost;
  }

 private:
  static CallInst* call_of(BasicBlock& block, llvm::StringRef name) {
    for (Instruction& instr : block) {
      auto* call = llvm::dyn_cast<CallInst>(&instr);
      if (call && call->getCalledFunction() && call->getCalledFunction()->getName() == name)
        return call;
    }
    return nullptr;
  }
  static llvm::GlobalVariable* counter_read(const Value* value) {
    const auto* load = llvm::dyn_cast<llvm::LoadInst>(value);
    return load && load->getType()->isIntegerTy(32)
               ? llvm::dyn_cast<llvm::GlobalVariable>(const_cast<Value*>(load->getPointerOperand()))
               : nullptr;
  }
  /// The counter of calls that the condition looks at; null: it is about something else.
  static llvm::GlobalVariable* counter_in(Value* condition) {
    auto* compare = llvm::dyn_cast<llvm::ICmpInst>(condition);
    if (!compare)
      return nullptr;
    Value* counted = compare->getOperand(0);
    if (auto* step = llvm::dyn_cast<llvm::BinaryOperator>(counted))
      counted = step->getOperand(0);
    return counter_read(counted);
  }
  bool only_computes(BasicBlock& block) const {
    for (Instruction& instr : block) {
      if (l_.own_call(instr) || llvm::isa<llvm::AllocaInst>(instr))
        continue;
      if (auto* store = llvm::dyn_cast<llvm::StoreInst>(&instr)) {
        if (!l_.counter || store->getPointerOperand() != l_.counter)
          return false;
      } else if (instr.mayReadFromMemory() || instr.mayHaveSideEffects()) {
        if (!l_.counter || counter_read(&instr) != l_.counter)
          return false;
      }
    }
    return true;
  }

  /// Whether it only computes, and so do those that it must lead to.
  bool goes_on(BasicBlock& block) const {
    BasicBlock* at = &block;
    for (int blocks = 0; at && blocks < 8; ++blocks) {
      if (!only_computes(*at))
        return false;
      at = at->getSingleSuccessor();
    }
    return true;
  }
  static void branch_instead(Instruction* end, BasicBlock* to) {
    for (BasicBlock* before : llvm::successors(end->getParent())) {
      if (before != to)
        before->removePredecessor(end->getParent());
    }
    llvm::BranchInst::Create(to, end->getIterator());
    end->eraseFromParent();
  }

  /// Whether each counts one call, and its status is looked at by a branch of its own.
  bool all_calls_are_plain() {
    for (CallInst* call : l_.own_calls(*l_.function)) {
      auto* depth = llvm::dyn_cast<llvm::BinaryOperator>(call->getArgOperand(0));
      if (!depth || depth->getOpcode() != Instruction::Add || depth->getOperand(0) != l_.function->getArg(0))
        return false;
      auto* by = llvm::dyn_cast<llvm::ConstantInt>(depth->getOperand(1));
      if (!by || by->getSExtValue() != -1 || call->getArgOperand(1) != l_.function->getArg(1))
        return false;
      if (!status_of(call))
        return false;
    }
    return true;
  }
  static llvm::ExtractValueInst* status_of(CallInst* call) {
    for (llvm::User* user : call->users()) {
      auto* extract = llvm::dyn_cast<llvm::ExtractValueInst>(user);
      if (extract && extract->getIndices()[0] == 0)
        return extract;
    }
    return nullptr;
  }
  /// The call whose status `value` is.
  CallInst* whose_status(Value* value) const {
    if (auto* number = llvm::dyn_cast<llvm::PtrToIntInst>(value))
      value = number->getOperand(0);
    auto* extract = llvm::dyn_cast<llvm::ExtractValueInst>(value);
    auto* call = extract ? llvm::dyn_cast<CallInst>(extract->getAggregateOperand()) : nullptr;
    return call && l_.own_call(*call) && extract->getIndices()[0] == 0 ? call : nullptr;
  }

  /// Lets the end of the block lead to its usual successors alone.
  bool straighten(BasicBlock& block) {
    Instruction* end = block.getTerminator();
    if (auto* choice = llvm::dyn_cast<llvm::SwitchInst>(end); choice && whose_status(choice->getCondition())) {
      auto* zero = llvm::ConstantInt::get(llvm::cast<llvm::IntegerType>(choice->getCondition()->getType()), 0);
      return pass_status_on(block, whose_status(choice->getCondition()),
                            choice->findCaseValue(zero)->getCaseSuccessor());
    }
    auto* branch = llvm::dyn_cast<llvm::BranchInst>(end);
    if (!branch) {
      for (BasicBlock* after : llvm::successors(&block)) {
        if (!only_computes(*after))
          return false;
      }
      return llvm::isa<llvm::ReturnInst, llvm::SwitchInst, llvm::UnreachableInst>(end);
    }
    if (!branch->isConditional())
      return only_computes(*branch->getSuccessor(0));
    auto* compare = llvm::dyn_cast<llvm::ICmpInst>(branch->getCondition());
    if (compare && whose_status(compare->getOperand(0)) &&
        llvm::isa<llvm::ConstantPointerNull>(compare->getOperand(1))) {
      if (!compare->isEquality())
        return false;
      const unsigned usual = compare->getPredicate() == llvm::CmpInst::ICMP_EQ ? 0 : 1;
      return pass_status_on(block, whose_status(compare->getOperand(0)), branch->getSuccessor(usual));
    }
    for (unsigned k = 0; k < 2; ++k) {
      BasicBlock* rare = branch->getSuccessor(k);
      CallInst* polls = call_of(*rare, "hj_poll");
      if ((polls && counter_in(branch->getCondition())) || call_of(*rare, "hj_recursion_error")) {
        if (polls)
          remember(*polls);
        branch_instead(branch, branch->getSuccessor(1 - k));
        return true;
      }
      if (polls) {
        if (polls->getParent() != rare || !has_only_poll(*rare))
          return false;
        continue;
      }
      if (!goes_on(*rare)) {
        if (!is_unlikely(*branch, k))
          return false;
        BasicBlock* out =
            compare && is_poll(compare->getOperand(0)) ? polled(compare->getOperand(0)) : l_.ending(kGaveUp);
        rare->removePredecessor(&block);
        branch->setSuccessor(k, out);
      }
    }
    return true;
  }
  /// What a poll that is not 0 leads to: below, a handler of a signal has raised.
  BasicBlock* polled(Value* outcome) {
    BasicBlock* block = BasicBlock::Create(l_.function->getContext(), "polled", l_.function);
    llvm::IRBuilder<> b(block);
    Value* status = b.CreateSelect(b.CreateICmpSLT(outcome, b.getInt32(0)), b.getInt64(kRaised), b.getInt64(kGaveUp));
    end_twin_with(b.CreateIntToPtr(status, b.getPtrTy()), block);
    return block;
  }
  static bool is_unlikely(const llvm::BranchInst& branch, unsigned successor) {
    uint64_t taken = 0, not_taken = 0;
    if (!llvm::extractBranchWeights(branch, taken, not_taken))
      return false;
    return successor == 0 ? taken < not_taken / 100 : not_taken < taken / 100;
  }
  void remember(CallInst& poll) {
    l_.poll = poll.getCalledFunction();
    l_.poll_args.assign(poll.arg_begin(), poll.arg_end());
  }
  static bool is_poll(Value* value) {
    auto* call = llvm::dyn_cast<CallInst>(value);
    return call && call->getCalledFunction() && call->getCalledFunction()->getName() == "hj_poll";
  }
  bool has_only_poll(BasicBlock& block) const {
    for (Instruction& instr : block) {
      if (!is_poll(&instr) && (instr.mayReadFromMemory() || instr.mayHaveSideEffects()))
        return false;
    }
    return true;
  }
  bool pass_status_on(BasicBlock& block, CallInst* call, BasicBlock* usual) {
    if (!only_computes(*usual))
      return false;
    BasicBlock* odd = BasicBlock::Create(l_.function->getContext(), "odd", l_.function);
    Instruction* end = block.getTerminator();
    for (BasicBlock* after : llvm::successors(&block)) {
      if (after != usual)
        after->removePredecessor(&block);
    }
    llvm::IRBuilder<> b(end);
    Value* status = status_of(call);
    b.CreateCondBr(b.CreateIsNull(status), usual, odd,
                   llvm::MDBuilder(l_.function->getContext()).createBranchWeights(2000, 1));
    end->eraseFromParent();
    end_twin_with(status, odd);
    return true;
  }

  RecursionLevel& l_;
};

}  // namespace

bool keep_usual_course(RecursionLevel& level) { return UsualCourse(level).run(); }

}  // namespace hasten::compile
