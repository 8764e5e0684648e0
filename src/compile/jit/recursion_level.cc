#include "compile/jit/recursion_level.h"

#include <llvm/IR/CFG.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/MDBuilder.h>
#include <llvm/IR/Module.h>

namespace hasten::compile {

using llvm::BasicBlock;
using llvm::CallInst;
using llvm::Function;
using llvm::Instruction;
using llvm::Value;

namespace {

constexpr const char* kEnd = "end of a twin";

}  // namespace

CallInst* RecursionLevel::own_call(Instruction& instr) const {
  auto* call = llvm::dyn_cast<CallInst>(&instr);
  return call && call->getCalledFunction() == self ? call : nullptr;
}
llvm::SmallVector<CallInst*, 8> RecursionLevel::own_calls(Function& in) const {
  llvm::SmallVector<CallInst*, 8> calls;
  for (BasicBlock& block : in) {
    for (Instruction& instr : block) {
      if (CallInst* call = own_call(instr))
        calls.push_back(call);
    }
  }
  return calls;
}
llvm::Argument* RecursionLevel::sum() const {
  return function->getArg(static_cast<unsigned>(function->arg_size()) - 1);
}
BasicBlock* RecursionLevel::ending(uint64_t status) {
  BasicBlock*& block = endings[status];
  if (!block) {
    block = BasicBlock::Create(function->getContext(), "ends", function);
    end_twin_with(
        llvm::ConstantExpr::getIntToPtr(llvm::ConstantInt::get(llvm::Type::getInt64Ty(function->getContext()), status),
                                        llvm::PointerType::getUnqual(function->getContext())),
        block);
  }
  return block;
}
void return_status(Value* status, BasicBlock* block) {
  llvm::IRBuilder<> b(block);
  b.CreateRet(b.CreateInsertValue(llvm::PoisonValue::get(block->getParent()->getReturnType()), status, 0));
}

void end_twin_with(Value* status, BasicBlock* block) {
  llvm::IRBuilder<> b(block);
  auto* type = llvm::FunctionType::get(b.getVoidTy(), {b.getPtrTy()}, false);
  b.CreateCall(block->getModule()->getOrInsertFunction(kEnd, type), {status});
  b.CreateUnreachable();
}

void return_from_ends(Function& twin) {
  Function* end = twin.getParent()->getFunction(kEnd);
  if (!end)
    return;
  for (llvm::User* user : llvm::make_early_inc_range(end->users())) {
    auto* call = llvm::cast<CallInst>(user);
    if (call->getFunction() != &twin)
      continue;
    BasicBlock* block = call->getParent();
    Value* status = call->getArgOperand(0);
    block->getTerminator()->eraseFromParent();
    call->eraseFromParent();
    return_status(status, block);
  }
}

void forget_ends(llvm::Module& module) {
  if (Function* end = module.getFunction(kEnd))
    end->eraseFromParent();
}

llvm::DenseMap<CallInst*, CallInst*> add_sum_parameter(RecursionLevel& level) {
  Function* narrow = level.function;
  llvm::SmallVector<llvm::Type*, 8> parameters(narrow->getFunctionType()->params());
  parameters.push_back(level.first_sum->getType());
  auto* wide = Function::Create(llvm::FunctionType::get(narrow->getReturnType(), parameters, false),
                                narrow->getLinkage(), "", narrow->getParent());
  wide->copyAttributesFrom(narrow);
  wide->setSubprogram(narrow->getSubprogram());
  narrow->setSubprogram(nullptr);
  wide->splice(wide->begin(), narrow);
  for (llvm::Argument& arg : narrow->args()) arg.replaceAllUsesWith(wide->getArg(arg.getArgNo()));
  llvm::DenseMap<CallInst*, CallInst*> calls;
  for (CallInst* call : level.own_calls(*wide)) {
    llvm::SmallVector<Value*, 8> args(call->args());
    args.push_back(level.first_sum);
    auto* made = CallInst::Create(wide, args, "", call->getIterator());
    made->setDebugLoc(call->getDebugLoc());
    call->replaceAllUsesWith(made);
    call->eraseFromParent();
    calls[call] = made;
  }
  narrow->eraseFromParent();
  level.function = level.self = wide;
  return calls;
}

void return_joined(RecursionLevel& level, BasicBlock& block, llvm::Intrinsic::ID joins, Value* sum) {
  auto* end = llvm::cast<llvm::ReturnInst>(block.getTerminator());
  Value* whole = end->getReturnValue();
  BasicBlock* fits = block.splitBasicBlock(end->getIterator(), "joined");
  block.getTerminator()->eraseFromParent();
  llvm::IRBuilder<> b(&block);
  Value* both = b.CreateBinaryIntrinsic(joins, sum, b.CreateExtractValue(whole, 1));
  b.CreateCondBr(b.CreateExtractValue(both, 1), level.ending(kGaveUp), fits, unlikely(block.getContext()));
  b.SetInsertPoint(end);
  end->setOperand(0, b.CreateInsertValue(whole, b.CreateExtractValue(both, 0), 1));
}

Value* returned(BasicBlock& block) {
  auto* end = llvm::dyn_cast<llvm::ReturnInst>(block.getTerminator());
  if (!end)
    return nullptr;
  if (auto* known = llvm::dyn_cast<llvm::ConstantStruct>(end->getReturnValue()))
    return known->getOperand(0)->isNullValue() ? known->getOperand(1) : nullptr;
  auto* whole = llvm::dyn_cast<llvm::InsertValueInst>(end->getReturnValue());
  if (!whole || whole->getIndices()[0] != 1)
    return nullptr;
  auto* rest = llvm::dyn_cast<llvm::ConstantStruct>(whole->getAggregateOperand());
  return rest && rest->getOperand(0)->isNullValue() ? whole->getInsertedValueOperand() : nullptr;
}

void split_returns(Function& function) {
  for (BasicBlock& block : llvm::make_early_inc_range(function)) {
    auto* end = llvm::dyn_cast<llvm::ReturnInst>(block.getTerminator());
    auto* phi = llvm::dyn_cast<llvm::PHINode>(&block.front());
    if (!end || !phi || block.size() != 2 || end->getReturnValue() != phi)
      continue;
    llvm::SmallVector<std::pair<BasicBlock*, Value*>, 8> ways;
    for (unsigned k = 0; k < phi->getNumIncomingValues(); ++k)
      ways.emplace_back(phi->getIncomingBlock(k), phi->getIncomingValue(k));
    for (const auto& [from, value] : ways) {
      auto* branch = llvm::dyn_cast<llvm::BranchInst>(from->getTerminator());
      if (!branch || llvm::count(branch->successors(), &block) != 1)
        continue;
      block.removePredecessor(from, /*KeepOneInputPHIs=*/true);
      auto* own = BasicBlock::Create(function.getContext(), "returns", &function);
      llvm::ReturnInst::Create(function.getContext(), value, own);
      branch->replaceSuccessorWith(&block, own);
    }
    if (llvm::pred_empty(&block))
      block.eraseFromParent();
  }
}

llvm::MDNode* unlikely(llvm::LLVMContext& context) { return llvm::MDBuilder(context).createBranchWeights(1, 2000); }

}  // namespace hasten::compile
