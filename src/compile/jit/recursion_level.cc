#include "compile/jit/recursion_level.h"

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

llvm::MDNode* unlikely(llvm::LLVMContext& context) { return llvm::MDBuilder(context).createBranchWeights(1, 2000); }

}  // namespace hasten::compile
