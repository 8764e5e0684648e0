#include "compile/jit/recursion_level.h"

#include <optional>

#include <llvm/ADT/SmallPtrSet.h>
#include <llvm/IR/CFG.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/IntrinsicInst.h>
#include <llvm/IR/Module.h>
#include <llvm/Transforms/Utils/BasicBlockUtils.h>
#include <llvm/Transforms/Utils/Cloning.h>
#include <llvm/Transforms/Utils/Local.h>

namespace hasten::compile {

namespace {

using llvm::BasicBlock;
using llvm::CallInst;
using llvm::Function;
using llvm::Instruction;
using llvm::Value;

// Of other calls in such a loop. With more, its numbers do not fit in registers, and what becomes of each call is harder to predict
// than where it is one of many calls.
constexpr unsigned kOthersMost = 1;

class LastCalls {
 public:
  explicit LastCalls(RecursionLevel& level) : l_(level) {}

  /// A last call becomes another round of a loop around the whole function; what its result would be added to is summed up.
  void run() {
    split_returns(*l_.function);
    llvm::SmallVector<LastCall, 4> lasts;
    llvm::Intrinsic::ID joins = llvm::Intrinsic::not_intrinsic;
    for (CallInst* call : l_.own_calls(*l_.function)) {
      const auto last = last_call(call);
      if (!last)
        continue;
      if (last->more && joins == llvm::Intrinsic::not_intrinsic)
        joins = last->joins;
      if (!last->more || last->joins == joins)
        lasts.push_back(*last);
    }
    if (lasts.empty() || l_.own_calls(*l_.function).size() - lasts.size() > kOthersMost)
      return;
    l_.endings = {};  // what was not needed is gone
    if (joins == llvm::Intrinsic::not_intrinsic && mostly_await(lasts))
      keep_inner(lasts);
    llvm::LLVMContext& context = l_.function->getContext();
    const bool sums = joins != llvm::Intrinsic::not_intrinsic;
    BasicBlock* header = &l_.function->getEntryBlock();
    BasicBlock* before = BasicBlock::Create(context, "before", l_.function, header);
    l_.has_rounds = true;
    for (Instruction& instr : llvm::make_early_inc_range(*header)) {
      if (llvm::isa<llvm::AllocaInst>(instr))
        instr.moveBefore(*before, before->end());
    }
    llvm::IRBuilder<> b(before);
    b.CreateBr(header);
    b.SetInsertPoint(header, header->begin());
    llvm::SmallVector<llvm::PHINode*, 8> phis;
    for (llvm::Argument& arg : l_.function->args()) {
      auto* phi = b.CreatePHI(arg.getType(), 2);
      arg.replaceAllUsesWith(phi);
      phi->addIncoming(&arg, before);
      phis.push_back(phi);
    }
    for (LastCall& last : lasts) {
      if (auto* arg = llvm::dyn_cast_or_null<llvm::Argument>(last.more))
        last.more = phis[arg->getArgNo()];
    }
    llvm::PHINode* sum = nullptr;
    if (sums) {
      auto* type = llvm::Type::getInt64Ty(context);
      sum = b.CreatePHI(type, 2);
      l_.first_sum = llvm::ConstantInt::get(type, joins == llvm::Intrinsic::smul_with_overflow ? 1 : 0);
      sum->addIncoming(l_.first_sum, before);
      for (BasicBlock& block : llvm::make_early_inc_range(*l_.function)) {
        const bool is_last = llvm::any_of(lasts, [&](const LastCall& last) { return last.tail == &block; });
        if (llvm::isa<llvm::ReturnInst>(block.getTerminator()) && !is_last)
          return_joined(l_, block, joins, sum);
      }
    }
    llvm::SmallVector<CallInst*, 4> takes_sum;
    for (const LastCall& last : lasts) {
      BasicBlock* block = last.call->getParent();
      block->splitBasicBlock(last.call->getIterator(), "never");
      block->getTerminator()->eraseFromParent();
      b.SetInsertPoint(block);
      Value* next_sum = sum;
      if (CallInst* summand = last.more ? only_summand(last, lasts) : nullptr) {
        takes_sum.push_back(summand);
        next_sum = last.more;
      } else if (last.more) {
        Value* both = b.CreateBinaryIntrinsic(joins, sum, last.more);
        BasicBlock* fits = BasicBlock::Create(context, "", l_.function);
        b.CreateCondBr(b.CreateExtractValue(both, 1), l_.ending(kGaveUp), fits, unlikely(l_.function->getContext()));
        b.SetInsertPoint(fits);
        next_sum = b.CreateExtractValue(both, 0);
      }
      if (l_.decreasing == 0) {
        Value* depth = last.call->getArgOperand(0);
        BasicBlock* again = BasicBlock::Create(context, "again", l_.function);
        b.CreateCondBr(b.CreateICmpSLT(depth, b.getInt64(kTwinMargin)), l_.ending(kTooDeep), again,
                       unlikely(l_.function->getContext()));
        b.SetInsertPoint(again);
      }
      for (size_t k = 0; k < phis.size(); ++k)
        phis[k]->addIncoming(last.call->getArgOperand(static_cast<unsigned>(k)), b.GetInsertBlock());
      if (sum)
        sum->addIncoming(next_sum, b.GetInsertBlock());
      b.CreateBr(header);
    }
    llvm::removeUnreachableBlocks(*l_.function);
    if (sum)
      take_sum(sum, takes_sum);
  }

 private:
  /// A call after which the function does nothing but return what it gives, or the sum (product) of that and `more`.
  struct LastCall {
    CallInst* call;
    Value* more;                ///< null: its result is the function's
    llvm::Intrinsic::ID joins;  ///< how they are joined, checked
    BasicBlock* tail;           ///< the last of the blocks from the call on
  };

  /// Whether rounds await what another call gives, but for those that are exceptions.
  bool mostly_await(llvm::ArrayRef<LastCall> lasts) const {
    const auto awaits = [&](const LastCall& last) { return awaits_call(*last.call); };
    return llvm::any_of(lasts, awaits) && llvm::all_of(lasts, [&](const LastCall& last) {
             return awaits(last) || is_exception(*last.call->getParent());
           });
  }
  /// Whether an argument is computed from what another call of the function gives.
  bool awaits_call(CallInst& last) const {
    llvm::SmallPtrSet<Instruction*, 16> seen;
    llvm::SmallVector<Value*, 8> next(last.args());
    while (!next.empty()) {
      auto* made = llvm::dyn_cast<Instruction>(next.pop_back_val());
      if (!made || !seen.insert(made).second)
        continue;
      if (l_.own_call(*made))
        return true;
      next.append(made->op_begin(), made->op_end());
    }
    return false;
  }
  /// Whether it is met for one value of a parameter alone.
  static bool is_exception(BasicBlock& block) {
    BasicBlock* at = &block;
    while (BasicBlock* before = at->getSinglePredecessor()) {
      auto* branch = llvm::dyn_cast<llvm::BranchInst>(before->getTerminator());
      if (branch && branch->isConditional() &&
          llvm::none_of(branch->successors(), [](BasicBlock* to) { return ends(*to); })) {
        auto* compare = llvm::dyn_cast<llvm::ICmpInst>(branch->getCondition());
        return compare && llvm::isa<llvm::Argument>(compare->getOperand(0)) &&
               llvm::isa<llvm::Constant>(compare->getOperand(1)) &&
               compare->getPredicate() ==
                   (branch->getSuccessor(0) == at ? llvm::CmpInst::ICMP_EQ : llvm::CmpInst::ICMP_NE);
      }
      at = before;
    }
    return false;
  }
  /// Where a round awaits what a call gives, levels with rounds are loops in each other, of few rounds each, in which nothing is the same
  /// on all ways: one level does best to go on where that call returns, with what it knows, and to leave further rounds to a call.
  void keep_inner(llvm::ArrayRef<LastCall> lasts) {
    llvm::ValueToValueMapTy map;
    l_.inner = llvm::CloneFunction(l_.function, map);
    l_.inner->setName("inner level");
    l_.again = Function::Create(l_.function->getFunctionType(), llvm::GlobalValue::ExternalLinkage, "again",
                                l_.function->getParent());
    for (const LastCall& last : lasts) llvm::cast<CallInst>(map[last.call])->setCalledFunction(l_.again);
  }

  static bool is_result(Value* value, CallInst* call) {
    auto* extract = llvm::dyn_cast<llvm::ExtractValueInst>(value);
    return extract && extract->getAggregateOperand() == call && extract->getIndices()[0] == 1;
  }
  std::optional<LastCall> last_call(CallInst* call) const {
    BasicBlock* block = call->getParent();
    llvm::SmallPtrSet<Value*, 8> of_call{call};
    Instruction* joined = nullptr;
    auto at = std::next(call->getIterator());
    for (int blocks = 0; blocks < 4; ++blocks) {
      for (; &*at != block->getTerminator(); ++at) {
        if (llvm::isa<llvm::PHINode>(*at) || l_.own_call(*at))
          return {};
        if (auto* with = llvm::dyn_cast<llvm::WithOverflowInst>(&*at)) {
          const bool joins = with->getIntrinsicID() == llvm::Intrinsic::sadd_with_overflow ||
                             with->getIntrinsicID() == llvm::Intrinsic::smul_with_overflow;
          if (joined || !joins || !with->getLHS()->getType()->isIntegerTy(64) ||
              !(is_result(with->getLHS(), call) != is_result(with->getRHS(), call)))
            return {};
          joined = with;
        }
      }
      if (llvm::isa<llvm::ReturnInst>(block->getTerminator()))
        break;
      auto* branch = llvm::dyn_cast<llvm::BranchInst>(block->getTerminator());
      if (!branch)
        return {};
      BasicBlock* usual = branch->getSuccessor(0);
      if (branch->isConditional() && ends(*usual))
        usual = branch->getSuccessor(1);
      if ((branch->isConditional() && !ends(*branch->getSuccessor(usual == branch->getSuccessor(0) ? 1 : 0))) ||
          !usual->getSinglePredecessor())
        return {};
      block = usual;
      at = block->begin();
    }
    Value* value = returned(*block);
    if (!value || call->getType()->getStructNumElements() != 2)
      return {};
    if (!joined)
      return is_result(value, call) ? std::optional(LastCall{call, nullptr, llvm::Intrinsic::not_intrinsic, block})
                                    : std::nullopt;
    auto* extract = llvm::dyn_cast<llvm::ExtractValueInst>(value);
    if (!extract || extract->getAggregateOperand() != joined || extract->getIndices()[0] != 0)
      return {};
    auto* with = llvm::cast<llvm::WithOverflowInst>(joined);
    Value* more = is_result(with->getLHS(), call) ? with->getRHS() : with->getLHS();
    // It must be there before the call; what is computed after it could be too, but is rarely met.
    auto* made = llvm::dyn_cast<Instruction>(more);
    if (made && made->getParent() == call->getParent() && !made->comesBefore(call))
      return {};
    if (made && comes_after(made, call, block))
      return {};
    return LastCall{call, more, with->getIntrinsicID(), block};
  }
  /// Whether `made` lies in one of the blocks from that of the call, without it, to `last`.
  static bool comes_after(Instruction* made, CallInst* call, BasicBlock* last) {
    for (BasicBlock* block = last; block && block != call->getParent(); block = block->getSinglePredecessor()) {
      if (made->getParent() == block)
        return true;
    }
    return false;
  }
  /// Whether the block ends the twin.
  static bool ends(BasicBlock& block) { return llvm::isa<llvm::UnreachableInst>(block.getTerminator()); }

  /// The call that gives what the last one's result is joined with, if nothing else is done with it: it can do that itself.
  CallInst* only_summand(const LastCall& last, llvm::ArrayRef<LastCall> lasts) const {
    auto* extract = llvm::dyn_cast<llvm::ExtractValueInst>(last.more);
    auto* call = extract && extract->hasOneUse() ? llvm::dyn_cast<CallInst>(extract->getAggregateOperand()) : nullptr;
    const bool is_last = llvm::any_of(lasts, [&](const LastCall& one) { return one.call == call; });
    return call && l_.own_call(*call) && extract->getIndices()[0] == 1 && !is_last ? call : nullptr;
  }
  /// Makes the sum so far an argument: the result is what it was, added to that. `with_own` pass theirs on.
  void take_sum(llvm::PHINode* sum, llvm::ArrayRef<CallInst*> with_own) {
    const auto calls = add_sum_parameter(l_);
    sum->setIncomingValue(static_cast<unsigned>(sum->getBasicBlockIndex(&l_.function->getEntryBlock())), l_.sum());
    for (CallInst* call : with_own) {
      CallInst* now = calls.lookup(call);
      now->setArgOperand(now->arg_size() - 1, sum);
    }
  }

  RecursionLevel& l_;
};

}  // namespace

void loop_last_calls(RecursionLevel& level) { LastCalls(level).run(); }

}  // namespace hasten::compile
