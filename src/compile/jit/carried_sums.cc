#include "compile/jit/recursion_level.h"

#include <llvm/ADT/SetVector.h>
#include <llvm/IR/CFG.h>
#include <llvm/IR/Dominators.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/IntrinsicInst.h>
#include <llvm/IR/PatternMatch.h>
#include <llvm/Transforms/Utils/BasicBlockUtils.h>

namespace hasten::compile {

namespace {

using llvm::BasicBlock;
using llvm::CallInst;
using llvm::Value;
namespace match = llvm::PatternMatch;

/// The values that become part of a sum which the function returns: phis, checked sums and results of its own calls. To each the
/// sum that the function is given is added, where it begins.
class CarriedSums {
 public:
  explicit CarriedSums(RecursionLevel& level) : l_(level), dominators_(*level.function) {}

  void run() {
    split_returns(*l_.function);
    if (!plan())
      return;
    l_.endings = {};  // what was not needed is gone
    l_.first_sum = llvm::ConstantInt::get(llvm::Type::getInt64Ty(l_.function->getContext()), 0);
    const auto calls = add_sum_parameter(l_);
    llvm::Argument* sum = l_.sum();
    for (CallInst* call : begins_) calls.lookup(call)->setArgOperand(sum->getArgNo(), sum);
    for (const Absorbed& one : absorbed_) {
      CallInst* call = calls.lookup(one.call);
      call->setArgOperand(sum->getArgNo(), is_zero(one.before) ? sum : one.before);
      for (llvm::ExtractValueInst* part : parts_of(*one.sum)) {
        part->replaceAllUsesWith(part->getIndices()[0] == 0 ? one.result
                                                            : llvm::ConstantInt::getFalse(part->getContext()));
        for (Absorbed& other : absorbed_) other.before = other.before == part ? one.result : other.before;
        carried_.remove(part);
        part->eraseFromParent();
      }
      one.sum->eraseFromParent();
    }
    for (llvm::PHINode* phi : phis_) begin_at_edges(*phi);
    for (BasicBlock* block : plain_returns_) return_joined(l_, *block, llvm::Intrinsic::sadd_with_overflow, sum);
  }

 private:
  /// A checked sum of a call's result and what was there before the call, which it is given instead.
  struct Absorbed {
    llvm::WithOverflowInst* sum;
    CallInst* call;
    Value* result;
    Value* before;
  };

  static bool is_zero(Value* value) { return match::match(value, match::m_Zero()); }
  static llvm::SmallVector<llvm::ExtractValueInst*, 2> parts_of(llvm::WithOverflowInst& sum) {
    llvm::SmallVector<llvm::ExtractValueInst*, 2> parts;
    for (llvm::User* user : sum.users()) parts.push_back(llvm::cast<llvm::ExtractValueInst>(user));
    return parts;
  }
  /// Whether nobody asks for the result that a call gives to the caller.
  static bool only_returned(CallInst& call) {
    return llvm::none_of(call.users(), [](llvm::User* user) {
      auto* extract = llvm::dyn_cast<llvm::ExtractValueInst>(user);
      return extract && extract->getIndices()[0] == 1;
    });
  }
  /// The call whose result it is, which is used once; null: it is something else.
  CallInst* call_of(Value* value) const {
    auto* extract = llvm::dyn_cast<llvm::ExtractValueInst>(value);
    auto* call = extract && extract->hasOneUse() ? llvm::dyn_cast<CallInst>(extract->getAggregateOperand()) : nullptr;
    return call && l_.own_call(*call) && extract->getIndices()[0] == 1 ? call : nullptr;
  }

  bool plan() {
    auto* type = llvm::dyn_cast<llvm::StructType>(l_.function->getReturnType());
    if (!type || type->getNumElements() != 2 || !type->getElementType(1)->isIntegerTy(64))
      return false;
    for (BasicBlock& block : *l_.function) {
      auto* end = llvm::dyn_cast<llvm::ReturnInst>(block.getTerminator());
      if (!end)
        continue;
      auto* last = llvm::dyn_cast<CallInst>(end->getReturnValue());
      Value* value = returned(block);
      if (last && l_.own_call(*last) && only_returned(*last))
        begins_.insert(last);
      else if (!value)
        return false;
      else if (!carry(value))
        plain_returns_.push_back(&block);
    }
    return !absorbed_.empty() && only_carried();
  }

  /// Whether it is part of the sum, and more than a value that begins it.
  bool carry(Value* value) {
    if (carried_.contains(value))
      return true;
    if (CallInst* call = call_of(value)) {
      begins_.insert(call);
      return carried_.insert(value);
    }
    if (auto* phi = llvm::dyn_cast<llvm::PHINode>(value)) {
      carried_.insert(phi);
      phis_.push_back(phi);
      for (Value* incoming : phi->incoming_values()) carry(incoming);
      return true;
    }
    auto* part = llvm::dyn_cast<llvm::ExtractValueInst>(value);
    auto* sum = part ? llvm::dyn_cast<llvm::WithOverflowInst>(part->getAggregateOperand()) : nullptr;
    if (!sum || sum->getIntrinsicID() != llvm::Intrinsic::sadd_with_overflow || part->getIndices()[0] != 0)
      return false;
    Value *left = sum->getLHS(), *right = sum->getRHS();
    carried_.insert(value);
    if (absorb(*sum, left, right) || absorb(*sum, right, left))
      return true;
    for (Value* operand : {left, right}) {
      if ((call_of(operand) || llvm::isa<llvm::PHINode>(operand)) && carry(operand))
        return true;
    }
    carried_.remove(value);
    return false;
  }
  bool absorb(llvm::WithOverflowInst& sum, Value* before, Value* result) {
    CallInst* call = call_of(result);
    if (!call || carried_.contains(result) || !dominators_.dominates(before, call) ||
        !(is_zero(before) || carry(before)))
      return false;
    absorbed_.push_back({&sum, call, result, before});
    carried_.insert(result);
    return true;
  }

  /// Whether all that is done with carried values is to carry and return them.
  bool only_carried() const {
    for (Value* value : carried_) {
      for (llvm::User* user : value->users()) {
        if (llvm::isa<llvm::PHINode, llvm::InsertValueInst>(user) ? !is_carried(user) : !is_summed(user))
          return false;
      }
    }
    return true;
  }
  bool is_carried(llvm::User* user) const {
    auto* whole = llvm::dyn_cast<llvm::InsertValueInst>(user);
    return whole ? whole->hasOneUse() && llvm::isa<llvm::ReturnInst>(*whole->user_begin()) : carried_.contains(user);
  }
  bool is_summed(llvm::User* user) const {
    auto* sum = llvm::dyn_cast<llvm::WithOverflowInst>(user);
    return sum && llvm::any_of(sum->users(), [&](llvm::User* part) { return carried_.contains(part); }) &&
           (is_absorbed(*sum) || !carried_.contains(sum->getLHS()) || !carried_.contains(sum->getRHS()));
  }
  bool is_absorbed(llvm::WithOverflowInst& sum) const {
    return llvm::any_of(absorbed_, [&](const Absorbed& one) { return one.sum == &sum; });
  }

  /// Adds the sum to what is no part of it yet where it comes into the phi.
  void begin_at_edges(llvm::PHINode& phi) {
    for (unsigned k = 0; k < phi.getNumIncomingValues(); ++k) {
      Value* value = phi.getIncomingValue(k);
      if (carried_.contains(value) || value == l_.sum())
        continue;
      if (is_zero(value)) {
        phi.setIncomingValue(k, l_.sum());
        continue;
      }
      BasicBlock* from = llvm::SplitEdge(phi.getIncomingBlock(k), phi.getParent());
      BasicBlock* fits = from->splitBasicBlock(from->getTerminator(), "fits");
      from->getTerminator()->eraseFromParent();
      llvm::IRBuilder<> b(from);
      Value* both = b.CreateBinaryIntrinsic(llvm::Intrinsic::sadd_with_overflow, l_.sum(), value);
      b.CreateCondBr(b.CreateExtractValue(both, 1), l_.ending(kGaveUp), fits, unlikely(phi.getContext()));
      b.SetInsertPoint(fits->getTerminator());
      phi.setIncomingValue(static_cast<unsigned>(phi.getBasicBlockIndex(fits)), b.CreateExtractValue(both, 0));
    }
  }

  RecursionLevel& l_;
  llvm::DominatorTree dominators_;
  llvm::SmallSetVector<Value*, 16> carried_;
  llvm::SmallSetVector<CallInst*, 8> begins_;  ///< calls that get the sum as the function was given it
  llvm::SmallVector<llvm::PHINode*, 8> phis_;
  llvm::SmallVector<Absorbed, 8> absorbed_;
  llvm::SmallVector<BasicBlock*, 8> plain_returns_;
};

}  // namespace

void carry_sums(RecursionLevel& level) { CarriedSums(level).run(); }

}  // namespace hasten::compile
