// What local variables hold (mir::Op::Hold). A value is dropped after its last read; the object that a variable of the
// program refers to lives longer: until the variable gets another one, `del`, or the end of the function, as a file that
// is closed when it dies, or a temporary folder of which only the name is read, must. Each such variable has a slot
// with a reference of its own. Where all values of a variable end quietly, it has none: then nobody can tell.
//
// Code that was entered in mid-loop uses the slots of the interpreter's table, which the interpreter keeps.
#include "compile/lower/body.h"
#include "compile/types/native_lists.h"

namespace hasten::compile {

using mir::BlockId;
using mir::Op;
using mir::ValueId;
using Place = ModuleContext::Place;

bool BodyLowering::dies_quietly(const Type& t) const {
  return compile::dies_quietly(t, m_.unit.sites, [&](const Type& list) { return is_native(list); });
}

void BodyLowering::prepare_held() {
  held_.assign(s_.view.function().held_count, nullptr);
  llvm::Value* table = nullptr;
  if (s_.osr_block != mir::kNone)
    table = b.CreateCall(m_.helper("hj_take_over", m_.ptr, {}, ModuleContext::Effects::Any), {});
  std::vector<char> needed(held_.size(), 0);
  for (BlockId block : s_.flow.order()) {
    for (ValueId v = s_.view.first(block); v < s_.view.end(block); ++v) {
      if (instr(v).op == Op::Hold && needs_slot(v))
        needed[instr(v).aux] = 1;
    }
  }
  for (uint32_t slot = 0; slot < held_.size(); ++slot) {
    if (!needed[slot])
      continue;
    if (table) {
      held_[slot] = b.CreateConstInBoundsGEP1_64(m_.ptr, table, slot);
    } else {
      held_[slot] = b.CreateAlloca(m_.ptr, nullptr, "held");
      b.CreateStore(llvm::ConstantPointerNull::get(b.getPtrTy()), held_[slot]);
    }
  }
}

bool BodyLowering::needs_slot(ValueId hold) {
  if (instr(hold).arg_count == 0)
    return s_.osr_block != mir::kNone;  // the interpreter may have put something there
  const ValueId value = s_.view.args(hold)[0];
  if (s_.osr_block != mir::kNone && s_.types[value].only(kNoneType))
    return true;
  return !is_kept_otherwise(value) && !dies_quietly(s_.types[value]);
}

/// The caller keeps what it passes; constants live as long as the code.
bool BodyLowering::is_kept_otherwise(ValueId v) {
  return (instr(v).op == Op::Param && s_.osr_block == mir::kNone) || instr(v).op == Op::Const || s_.guards.contains(v);
}

void BodyLowering::lower_hold(ValueId v) {
  llvm::Value* slot = held_[instr(v).aux];
  if (!slot || planted_bug(Plant::HoldForgotten))
    return;
  llvm::Value* held = llvm::ConstantPointerNull::get(b.getPtrTy());
  if (instr(v).arg_count > 0 && !is_kept_otherwise(s_.view.args(v)[0])) {
    const ValueId arg = s_.view.args(v)[0];
    const Value value = use(v, 0);
    if (!dies_quietly(value.type)) {
      if (value.type.object && owns(arg) && !live_after(v, arg)) {
        held = value.parts[0];
        given_away_ = arg;
      } else {
        held = box_owned(value);
      }
    }
  }
  llvm::Value* old = b.CreateLoad(m_.ptr, slot);
  b.CreateStore(held, slot);
  if (m_.record.unit_runs_foreign_code || m_.unit.guards.empty())
    return decref(old, true);
  // The end of the old one may run code that binds a guarded name anew.
  llvm::BasicBlock *some = new_block(""), *last = new_block("last"), *shared = new_block(""),
                   *changed = new_block("changed"), *done = new_block("");
  b.CreateCondBr(b.CreateIsNull(old), done, some);
  b.SetInsertPoint(some);
  llvm::Value* count = load(m_.i64, old, m_.layout.refcount, Place::Refcount);
  b.CreateCondBr(b.CreateICmpEQ(count, b.getInt64(1)), last, shared);
  b.SetInsertPoint(shared);
  decref(old);
  b.CreateBr(done);
  b.SetInsertPoint(last);
  decref(old);
  b.CreateCondBr(guards_have_changed(), changed, done);
  b.SetInsertPoint(changed);
  if (given_away_ != mir::kNone)
    incref(held);  // what lives before this instruction is dropped with the exit
  leave_after(v, llvm::ConstantPointerNull::get(b.getPtrTy()), runtime::DeoptReason::Generic, false);
  b.SetInsertPoint(done);
}

/// `left += right` takes the text out of the variable that gets the result, so that it can grow in place, as CPython does.
void BodyLowering::let_text_go(ValueId v, llvm::Value* text) {
  const ValueId next = v + 1;
  if (next >= s_.view.end(instr(v).block) || instr(next).op != Op::Hold || instr(next).arg_count == 0 ||
      s_.view.args(next)[0] != v || !held_[instr(next).aux])
    return;
  llvm::Value* slot = held_[instr(next).aux];
  llvm::BasicBlock *is_held = new_block(""), *is_text = new_block(""), *done = new_block("");
  b.CreateCondBr(b.CreateICmpEQ(b.CreateLoad(m_.ptr, slot), text), is_held, done);
  b.SetInsertPoint(is_held);
  b.CreateCondBr(type_is(text, reinterpret_cast<PyObject*>(&PyUnicode_Type)), is_text, done);
  b.SetInsertPoint(is_text);
  b.CreateStore(llvm::ConstantPointerNull::get(b.getPtrTy()), slot);
  decref(text);
  b.CreateBr(done);
  b.SetInsertPoint(done);
}

/// At the end of the function.
void BodyLowering::release_held() {
  if (s_.osr_block != mir::kNone)
    return;
  for (llvm::Value* slot : held_) {
    if (slot)
      decref(b.CreateLoad(m_.ptr, slot), true);
  }
}

}  // namespace hasten::compile
