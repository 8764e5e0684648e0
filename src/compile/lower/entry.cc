#include "compile/lower/body.h"

namespace hasten::compile {

void BodyLowering::lower_entry(const char* symbol) {
  function_ = llvm::Function::Create(llvm::FunctionType::get(m_.ptr, {m_.ptr, m_.ptr}, false),
                                     llvm::Function::ExternalLinkage, symbol, m_.module);
  function_->setDoesNotThrow();
  open_function();
  unboxes_out_of_line_ = true;
  list_boxing_ = ListBoxing::Final;
  llvm::Value* args = function_->getArg(1);
  llvm::BasicBlock* miss = new_block("miss");
  llvm::Value* one = llvm::ConstantExpr::getIntToPtr(b.getInt64(1), b.getPtrTy());

  // {calls left, or -1 if a guarded global has changed; lowest stack address}
  llvm::Value* limits =
      b.CreateCall(m_.helper("hj_enter", llvm::StructType::get(m_.i64, m_.i64), {m_.ptr}, ModuleContext::Effects::Any),
                   {m_.unit_address()});
  llvm::Value* depth = b.CreateExtractValue(limits, 0);
  go_if(b.CreateICmpSLT(depth, b.getInt64(0)), miss);
  llvm::SmallVector<llvm::Value*, 8> operands{depth, b.CreateExtractValue(limits, 1)};
  for (size_t k = 0; k < s_.parameters.size(); ++k) {
    const Type& t = s_.parameters[k];
    llvm::Value* object = b.CreateLoad(m_.ptr, b.CreateConstInBoundsGEP1_64(m_.ptr, args, k));
    Value v;
    if (t.object && t.known)  // a function under hasten.jit: for other callables there is, or will be, another version
      go_if(b.CreateNot(type_is(object, reinterpret_cast<PyObject*>(Py_TYPE(t.known)))), miss);
    if (s_.osr_block == mir::kNone || !t.may_be_unbound()) {
      if (s_.osr_block != mir::kNone)
        go_if(b.CreateIsNull(object), miss);
      v = unbox(object, t, miss);
    } else if (t.object) {
      expect_class(object, t, miss);
      v = from_parts(t, {object});
    } else if (t.only(kUnbound)) {
      go_if(b.CreateIsNotNull(object), miss);
      v = from_parts(t, {});
    } else {
      v = choose(
          b.CreateIsNull(object), t, [&] { return from_parts(Type::of(kUnbound), {}); },
          [&] { return unbox(object, t.without(kUnbound), miss); }, false);
    }
    operands.append(v.parts.begin(), v.parts.end());
  }
  llvm::Value* returned = b.CreateCall(m_.body_function(s_), operands);
  llvm::Value* status = b.CreateExtractValue(returned, 0);
  llvm::BasicBlock *plain = new_block("plain"), *odd = new_block("odd");
  b.CreateCondBr(b.CreateIsNull(status), plain, odd);
  b.SetInsertPoint(odd);  // 1: an exception is set; else the interpreter's result
  b.CreateRet(b.CreateSelect(b.CreateICmpEQ(status, one), llvm::ConstantPointerNull::get(b.getPtrTy()), status));
  b.SetInsertPoint(plain);
  if (s_.result.never()) {
    b.CreateUnreachable();
  } else {
    Value result;
    result.type = s_.result;
    for (size_t k = 0; k < m_.parts_of(s_.result).size(); ++k) {
      result.parts.push_back(b.CreateExtractValue(returned, static_cast<unsigned>(k + 1)));
    }
    llvm::Value* object = box_owned(result);
    release(result);
    b.CreateRet(object);
  }
  b.SetInsertPoint(miss);
  b.CreateRet(one);
  finish_exits();
}

}  // namespace hasten::compile
