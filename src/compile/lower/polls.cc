// When native code looks at signals and lets other threads have the GIL: every so many rounds of the loops of a call, and every so
// many direct calls, for recursions and short loops in functions that are called often.
#include "compile/lower/body.h"

namespace hasten::compile {

using mir::BlockId;
using mir::ValueId;
using runtime::DeoptReason;

namespace {

constexpr int kPollPeriod = 4096;  // loop iterations between looks at signals and the GIL: 4 us to some ms

}  // namespace

void BodyLowering::prepare_polls() {
  poll_budget_ = b.CreateAlloca(m_.i32, nullptr, "poll");
  b.CreateStore(b.getInt32(kPollPeriod), poll_budget_);
}

void BodyLowering::poll(BlockId header) {
  llvm::BasicBlock *due = new_block("poll"), *go_on = new_block("");
  llvm::Value* left = b.CreateSub(b.CreateLoad(m_.i32, poll_budget_), b.getInt32(1));
  b.CreateStore(left, poll_budget_);
  b.CreateCondBr(b.CreateICmpEQ(left, b.getInt32(0)), due, go_on, m_.unlikely());
  b.SetInsertPoint(due);
  b.CreateStore(b.getInt32(kPollPeriod), poll_budget_);
  poll_now(s_.view.first_after_phis(header));
  b.CreateBr(go_on);
  b.SetInsertPoint(go_on);
}

/// For a direct call, which no loop of its own may surround.
void BodyLowering::poll_call(ValueId v) {
  llvm::BasicBlock *due = new_block("poll"), *go_on = new_block("");
  llvm::Value* address = m_.data_address(offsetof(runtime::UnitData, calls_left));
  llvm::Value* left = b.CreateSub(load(m_.i32, address, 0, ModuleContext::Place::Slot), b.getInt32(1));
  store(left, address, 0, ModuleContext::Place::Slot);
  b.CreateCondBr(b.CreateICmpEQ(left, b.getInt32(0)), due, go_on, m_.unlikely());
  b.SetInsertPoint(due);
  poll_now(v);
  b.CreateBr(go_on);
  b.SetInsertPoint(go_on);
}

void BodyLowering::poll_now(ValueId at) {
  // 0: nothing happened; 1: a guarded global has changed, or optimized code is to go on: the interpreter does; -1: a handler raised.
  llvm::FunctionCallee poll = m_.helper("hj_poll", m_.i32, {m_.ptr, m_.ptr, m_.i32}, ModuleContext::Effects::Any);
  llvm::CallInst* outcome = b.CreateCall(poll, {m_.unit_address(), m_.mir_address(s_.view.function()), b.getInt32(at)});
  // The loop keeps its numbers where they are, and a function that calls nothing else saves no register for its caller.
  llvm::cast<llvm::Function>(poll.getCallee())->setCallingConv(llvm::CallingConv::PreserveMost);
  outcome->setCallingConv(llvm::CallingConv::PreserveMost);
  if (handler_of(at) != mir::kNone) {
    go_if(b.CreateICmpSLT(outcome, b.getInt32(0)), raise_at(at));
    go_if(b.CreateICmpSGT(outcome, b.getInt32(0)), leave_before(at, DeoptReason::Generic));
    return;
  }
  go_if(b.CreateICmpNE(outcome, b.getInt32(0)), leave_or_raise(at, b.CreateICmpSLT(outcome, b.getInt32(0))));
}

}  // namespace hasten::compile
