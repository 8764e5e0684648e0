// New instances of plain classes, made where the class is called.
#include <cstddef>

#include "compile/lower/body.h"

namespace hasten::compile {

using mir::ValueId;
using runtime::DeoptReason;

/// A new object of a class that is still what the call was planned for, initialized natively; else the class is called.
Value BodyLowering::new_instance(ValueId v, const CallPlan& plan, llvm::ArrayRef<Value> operands) {
  const Specialization& target = *plan.target;
  if (!ends_soon(target))
    poll_call(v);
  llvm::Value* made = m_.address(operands[0].type.known);
  const uint32_t cache = m_.record.add_data(runtime::MethodCache{});
  llvm::BasicBlock *look = new_block("look"), *hit = new_block(""), *other = new_block("other"), *done = new_block("");
  llvm::Value* version = b.CreateLoad(m_.i32, b.CreateConstInBoundsGEP1_64(m_.i8, made, m_.layout.type_version));
  llvm::Value* known =
      b.CreateLoad(m_.i32, m_.data_address(cache + static_cast<uint32_t>(offsetof(runtime::MethodCache, version))));
  b.CreateCondBr(b.CreateICmpEQ(version, known), hit, look);
  b.SetInsertPoint(look);
  llvm::Value* is_plain =
      b.CreateCall(m_.helper("hj_makes_instances", m_.i32, {m_.ptr, m_.ptr, m_.ptr}, ModuleContext::Effects::Any),
                   {m_.data_address(cache), made, m_.address(plan.predicted)});
  b.CreateCondBr(b.CreateICmpNE(is_plain, b.getInt32(0)), hit, other);
  b.SetInsertPoint(hit);
  check_callee(plan, other);
  check_depth(v);
  llvm::Value* object =
      b.CreateCall(m_.helper("hj_new_instance", m_.ptr, {m_.ptr}, ModuleContext::Effects::Any), {made});
  go_if(b.CreateIsNull(object), traced_raise(v));
  llvm::SmallVector<Value, 8> with_object(operands.begin(), operands.end());
  with_object.insert(with_object.begin() + 1, from_parts(Type::any(), {object}));
  llvm::Value* returned = call_body(v, target, passed(plan, with_object));
  llvm::Value* status = b.CreateExtractValue(returned, 0);
  llvm::BasicBlock *odd = new_block("odd"), *raised = new_block("raised"), *left = new_block("left"),
                   *normal = new_block("");
  b.CreateCondBr(b.CreateIsNotNull(status), odd, normal, m_.unlikely());
  b.SetInsertPoint(raised);
  decref(object);
  b.CreateBr(traced_raise(v));
  b.SetInsertPoint(odd);
  llvm::Value* is_raised = b.CreateAnd(b.CreatePtrToInt(status, m_.i64), b.getInt64(1));
  b.CreateCondBr(b.CreateICmpNE(is_raised, b.getInt64(0)), raised, left);
  const auto check = [&](llvm::Value* result) {
    llvm::Value* checked =
        b.CreateCall(m_.helper("hj_check_initialized", m_.i32, {m_.ptr}, ModuleContext::Effects::Any), {result});
    go_if(b.CreateICmpSLT(checked, b.getInt32(0)), raised);
  };
  b.SetInsertPoint(left);  // it went on as Python, meanwhile guarded globals may have changed
  check(status);
  llvm::BasicBlock *changed = new_block("changed"), *unlike = new_block("changed");
  go_if(guards_have_changed(), changed);
  b.CreateBr(done);
  llvm::BasicBlock* left_end = b.GetInsertBlock();
  b.SetInsertPoint(changed);
  leave_after(v, object, DeoptReason::Generic, true);
  b.SetInsertPoint(normal);
  b.CreateBr(done);
  b.SetInsertPoint(other);
  llvm::Value* called = nullptr;
  {
    const SiteRecorder::Rare rare(sites_);
    called = raw_object_call(v, operands);
    go_if(guards_have_changed(), unlike);
  }
  llvm::BasicBlock* other_end = b.GetInsertBlock();
  b.CreateBr(done);
  b.SetInsertPoint(unlike);
  leave_after(v, called, DeoptReason::Generic, true);
  b.SetInsertPoint(done);
  auto* phi = b.CreatePHI(m_.ptr, 3);
  phi->addIncoming(object, normal);
  phi->addIncoming(object, left_end);
  phi->addIncoming(called, other_end);
  return boxed_result(v, phi);
}

}  // namespace hasten::compile
