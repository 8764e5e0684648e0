#include "compile/jit/recursion.h"

#include <llvm/ADT/SmallPtrSet.h>
#include <llvm/Analysis/LoopInfo.h>
#include <llvm/IR/DebugInfoMetadata.h>
#include <llvm/IR/Dominators.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/Module.h>
#include <llvm/Transforms/Utils/Cloning.h>
#include <llvm/Transforms/Utils/Local.h>

#include "compile/jit/recursion_level.h"
#include "runtime/unit_format.h"

namespace hasten::compile {

namespace {

using llvm::BasicBlock;
using llvm::CallInst;
using llvm::Function;
using llvm::Instruction;
using llvm::Value;

// How many levels of calls a twin takes in, and how many instructions it may have then. Where last calls are rounds and one other
// call remains, each level adds one call: more levels make calls rare. Where the only call is none of these (in a loop, mostly), the
// fifth level finds no registers.
constexpr unsigned kLevelsMost = 3, kUnrolledMost = 280;
constexpr unsigned kLineLevelsMost = 7, kLineUnrolledMost = 400;
constexpr unsigned kOneCallLevelsMost = 4;
constexpr unsigned kInnerLevelsMost = 9, kInnerUnrolledMost = 600;  // without rounds little is left of a level

class Twin {
 public:
  explicit Twin(Function& original) : original_(original) {}

  Function* make() {
    if (!original_.hasHiddenVisibility() || l_.own_calls(original_).empty())
      return nullptr;
    l_.function = copy(original_, "level");
    l_.function->setLinkage(llvm::GlobalValue::InternalLinkage);
    l_.function->setVisibility(llvm::GlobalValue::DefaultVisibility);
    if (keep_usual_course(l_)) {
      bound_depth(l_);
      loop_last_calls(l_);
      if (!l_.has_rounds)
        carry_sums(l_);
      twin_ = copy(*l_.function, kTwinSuffix);
      twin_->setLinkage(llvm::GlobalValue::ExternalLinkage);
      twin_->setVisibility(llvm::GlobalValue::HiddenVisibility);
      unroll();
      check_steps_at_once(l_, *twin_);
      return_from_ends(*twin_);
      begin_twin();
    }
    l_.function->eraseFromParent();
    if (l_.inner) {
      l_.inner->eraseFromParent();
      l_.again->eraseFromParent();
    }
    forget_ends(*original_.getParent());
    if (twin_)
      redirect_calls();
    return twin_;
  }

 private:
  Function* copy(Function& from, const char* suffix) {
    llvm::ValueToValueMapTy map;
    Function* made = llvm::CloneFunction(&from, map);
    made->setName(original_.getName() + suffix);
    return made;
  }
  /// Takes in the twin's calls, level by level.
  void unroll() {
    Function* taken_in = l_.inner ? l_.inner : l_.function;
    const unsigned size = taken_in->getInstructionCount();
    llvm::SmallVector<CallInst*, 8> calls = l_.own_calls(*twin_);
    const bool has_one = calls.size() == 1, is_line = l_.has_rounds && has_one;
    const unsigned levels_most = l_.inner  ? kInnerLevelsMost
                                 : is_line ? kLineLevelsMost
                                 : has_one ? kOneCallLevelsMost
                                           : kLevelsMost;
    const unsigned size_most = l_.inner ? kInnerUnrolledMost : has_one ? kLineUnrolledMost : kUnrolledMost;
    for (unsigned level = 0; level < levels_most && !calls.empty(); ++level) {
      if (twin_->getInstructionCount() + size * calls.size() > size_most)
        break;
      llvm::SmallVector<CallInst*, 8> inner;
      for (CallInst* call : calls) {
        call->setCalledFunction(taken_in);
        llvm::InlineFunctionInfo info;
        if (!llvm::InlineFunction(*call, info).isSuccess())
          continue;
        for (llvm::CallBase* one : info.InlinedCallSites) {
          if (auto* own = l_.own_call(*one))
            inner.push_back(own);
        }
      }
      calls = std::move(inner);
    }
    llvm::SmallVector<llvm::User*, 16> again;
    if (l_.again)
      again.append(l_.again->user_begin(), l_.again->user_end());
    for (llvm::User* user : again) {
      auto* call = llvm::cast<CallInst>(user);
      if (call->getFunction() == twin_)
        call->setCalledFunction(l_.self);
    }
    if (Function* begin = first_steps()) {
      for (CallInst* call : l_.own_calls(*twin_)) {
        call->setCalledFunction(begin);
        llvm::InlineFunctionInfo info;
        llvm::InlineFunction(*call, info);
      }
      begin->eraseFromParent();
    }
    for (CallInst* call : l_.own_calls(*twin_)) call->setCalledFunction(twin_);
  }

  /// What a call does before it calls or loops: for many it is all. The rest is a call of the whole. Null: there is no such way.
  Function* first_steps() {
    Function* steps = copy(l_.inner ? *l_.inner : *l_.function, "begin");
    const auto calls = [this](BasicBlock& block) {
      return llvm::any_of(block, [this](Instruction& instr) {
        auto* call = llvm::dyn_cast<CallInst>(&instr);
        return l_.own_call(instr) || (call && l_.again && call->getCalledFunction() == l_.again);
      });
    };
    BasicBlock* rest = BasicBlock::Create(steps->getContext(), "rest", steps);
    llvm::IRBuilder<> b(rest);
    if (llvm::DISubprogram* of = steps->getSubprogram())
      b.SetCurrentDebugLocation(llvm::DILocation::get(steps->getContext(), of->getLine(), 0, of));
    llvm::SmallVector<Value*, 8> args;
    for (llvm::Argument& arg : steps->args()) args.push_back(&arg);
    b.CreateRet(b.CreateCall(l_.self, args));
    llvm::DominatorTree dominators(*steps);
    llvm::LoopInfo loops(dominators);
    BasicBlock* begin = &steps->getEntryBlock();
    if (l_.has_rounds && !l_.inner && begin->getSingleSuccessor())
      begin = begin->getSingleSuccessor();  // the first round of a loop of last calls is a first step
    llvm::SmallPtrSet<BasicBlock*, 16> seen;
    llvm::SmallVector<BasicBlock*, 16> next{begin};
    if (calls(*begin))
      return drop(steps);
    bool returns = false;
    while (!next.empty()) {
      BasicBlock* block = next.pop_back_val();
      if (!seen.insert(block).second)
        continue;
      returns |= llvm::isa<llvm::ReturnInst>(block->getTerminator());
      Instruction* end = block->getTerminator();
      for (unsigned k = 0; k < end->getNumSuccessors(); ++k) {
        BasicBlock* after = end->getSuccessor(k);
        if (calls(*after) || loops.isLoopHeader(after)) {
          after->removePredecessor(block);
          end->setSuccessor(k, rest);
        } else {
          next.push_back(after);
        }
      }
    }
    if (!returns)
      return drop(steps);
    llvm::removeUnreachableBlocks(*steps);
    return steps;
  }
  static Function* drop(Function* function) {
    function->eraseFromParent();
    return nullptr;
  }

  /// Once for all that it takes in: signals and other threads, the C stack, the recursion limit.
  void begin_twin() {
    llvm::LLVMContext& context = twin_->getContext();
    BasicBlock* body = &twin_->getEntryBlock();
    BasicBlock* begin = BasicBlock::Create(context, "begin", twin_, body);
    for (Instruction& instr : llvm::make_early_inc_range(*body)) {
      if (llvm::isa<llvm::AllocaInst>(instr))
        instr.moveBefore(*begin, begin->end());
    }
    BasicBlock* polls = BasicBlock::Create(context, "poll", twin_);
    BasicBlock* polled = BasicBlock::Create(context, "polled", twin_);
    BasicBlock* limits = BasicBlock::Create(context, "limits", twin_);
    BasicBlock* raised = BasicBlock::Create(context, "raised", twin_);
    BasicBlock* gives_up = BasicBlock::Create(context, "gives_up", twin_);
    llvm::IRBuilder<> b(begin);
    if (llvm::DISubprogram* of = twin_->getSubprogram())
      b.SetCurrentDebugLocation(llvm::DILocation::get(context, of->getLine(), 0, of));
    const auto status = [&](uint64_t which) {
      return llvm::ConstantExpr::getIntToPtr(b.getInt64(which), b.getPtrTy());
    };
    Value* left = b.CreateSub(b.CreateLoad(b.getInt32Ty(), l_.counter), b.getInt32(1));
    b.CreateStore(left, l_.counter);
    b.CreateCondBr(b.CreateICmpEQ(left, b.getInt32(0)), polls, limits, unlikely(original_.getContext()));
    b.SetInsertPoint(polls);
    llvm::CallInst* outcome = b.CreateCall(l_.poll, l_.poll_args);
    outcome->setCallingConv(l_.poll->getCallingConv());
    b.CreateCondBr(b.CreateICmpSLT(outcome, b.getInt32(0)), raised, polled, unlikely(original_.getContext()));
    b.SetInsertPoint(polled);
    b.CreateCondBr(b.CreateICmpSGT(outcome, b.getInt32(0)), gives_up, limits, unlikely(original_.getContext()));
    b.SetInsertPoint(limits);
    Value* frame = b.CreatePtrToInt(b.CreateIntrinsic(llvm::Intrinsic::frameaddress, {b.getPtrTy()}, {b.getInt32(0)}),
                                    b.getInt64Ty());
    Value* too_deep = b.CreateICmpULT(frame, twin_->getArg(1));
    if (l_.decreasing == 0)
      too_deep = b.CreateOr(b.CreateICmpSLT(twin_->getArg(0), b.getInt64(kTwinMargin)), too_deep);
    b.CreateCondBr(too_deep, gives_up, body, unlikely(original_.getContext()));
    return_status(status(kRaised), raised);
    return_status(status(kGaveUp), gives_up);
  }

  /// The function calls its twin, and itself where the twin gives up. As long as it then runs, so does all that it calls:
  /// every level would be tried, and given up, anew.
  void redirect_calls() {
    llvm::LLVMContext& context = original_.getContext();
    llvm::Module& module = *original_.getParent();
    l_.self = &original_;
    llvm::SmallVector<CallInst*, 8> calls = l_.own_calls(original_);
    auto* choice = Function::Create(original_.getFunctionType(), llvm::GlobalValue::ExternalLinkage,
                                    original_.getName() + kChoiceSuffix, &module);
    choice->copyAttributesFrom(&original_);
    choice->setVisibility(llvm::GlobalValue::HiddenVisibility);
    BasicBlock* begin = BasicBlock::Create(context, "begin", choice);
    BasicBlock* tries = BasicBlock::Create(context, "tries", choice);
    BasicBlock* done = BasicBlock::Create(context, "done", choice);
    BasicBlock* gave_up = BasicBlock::Create(context, "gave_up", choice);
    BasicBlock* plain = BasicBlock::Create(context, "plain", choice);
    llvm::SmallVector<Value*, 8> args;
    for (llvm::Argument& arg : choice->args()) args.push_back(&arg);
    llvm::IRBuilder<> b(begin);
    auto* helper_type = llvm::FunctionType::get(b.getVoidTy(), {b.getPtrTy()}, false);
    const auto helper = [&](const char* name) {
      auto* made = llvm::cast<Function>(module.getOrInsertFunction(name, helper_type).getCallee());
      made->setDoesNotThrow();
      made->addFnAttr(llvm::Attribute::NonLazyBind);
      return made;
    };
    Value* unit = l_.poll_args[0];
    Value* plain_runs =
        b.CreateConstInBoundsGEP1_64(b.getInt8Ty(), l_.counter, offsetof(runtime::UnitData, plain_runs));
    Value* may_try = b.CreateIsNull(b.CreateLoad(b.getInt32Ty(), plain_runs));
    if (l_.decreasing !=
        0) {  // as deep as it may come; n - least + 1 <= depth - margin, written so that it cannot overflow
      Value* most = b.CreateAdd(choice->getArg(0), b.getInt64(static_cast<uint64_t>(l_.least - 1 - kTwinMargin)));
      may_try = b.CreateAnd(may_try, b.CreateICmpSLE(choice->getArg(l_.decreasing), most));
    }
    b.CreateCondBr(may_try, tries, plain);
    b.SetInsertPoint(tries);
    llvm::SmallVector<Value*, 8> twin_args(args);
    if (l_.first_sum)
      twin_args.push_back(l_.first_sum);
    CallInst* tried = b.CreateCall(twin_, twin_args);
    Value* gives_up =
        b.CreateICmpUGE(b.CreatePtrToInt(b.CreateExtractValue(tried, 0), b.getInt64Ty()), b.getInt64(kGaveUp));
    b.CreateCondBr(gives_up, gave_up, done, unlikely(original_.getContext()));
    b.SetInsertPoint(done);
    b.CreateRet(tried);
    b.SetInsertPoint(gave_up);
    b.CreateCall(helper("hj_begin_plain_run"), {unit});
    CallInst* repeated = b.CreateCall(&original_, args);
    b.CreateCall(helper("hj_end_plain_run"), {unit});
    b.CreateRet(repeated);
    b.SetInsertPoint(plain);
    b.CreateRet(b.CreateCall(&original_, args));
    for (CallInst* call : calls) call->setCalledFunction(choice);
    for (Function* made : {choice, twin_}) {  // a body's code is all in one place
      made->removeFromParent();
      module.getFunctionList().insertAfter(original_.getIterator(), made);
    }
  }

  Function& original_;
  RecursionLevel l_{nullptr, &original_, false, nullptr, nullptr, nullptr, 0, 0, nullptr, nullptr, {}, {}};
  Function* twin_ = nullptr;
};

}  // namespace

llvm::Function* add_recursion_twin(llvm::Function& function) { return Twin(function).make(); }

}  // namespace hasten::compile
