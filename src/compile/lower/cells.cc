// Names that others may read and write too: cells, and globals that this unit writes.
#include <cstddef>

#include "compile/lower/body.h"

namespace hasten::compile {

using Place = ModuleContext::Place;
using mir::Op;
using mir::ValueId;
using runtime::DeoptReason;

namespace {

constexpr uint32_t kCellContent = offsetof(PyCellObject, ob_ref);
/// To drop one of these runs no code.
constexpr Kinds kPlain = kNoneType | kNumber;

}  // namespace

bool stores_plain_cell(Unit& unit, Specialization& s, ValueId v) {
  return s.types[s.view.args(v)[1]].within(kPlain) &&
         unit.sites.element(unit.cell_site(s, s.view.args(v)[0])).within(kPlain);
}

llvm::Value* BodyLowering::cell_of(ValueId v) {
  if (instr(v).op == Op::GetFree || instr(v).op == Op::FreeCell)
    return m_.address(PyTuple_GET_ITEM(PyFunction_GET_CLOSURE(s_.view.function().function), instr(v).aux));
  return use(v, 0).parts[0];
}

Value BodyLowering::lower_free_cell(ValueId v) {
  llvm::Value* cell = cell_of(v);
  incref(cell);
  return from_parts(s_.types[v], {cell});
}

/// What stands in a cell or a global, borrowed; null: nothing. Nested functions, and whoever gets hold of one, may have
/// put anything in: the type is checked.
Value BodyLowering::checked_content(ValueId v, llvm::Value* item) {
  const Type& t = s_.types[v];
  go_if(b.CreateIsNull(item), leave_before(v, DeoptReason::Generic));
  if (t.object && !t.cls) {
    incref(item);
    return from_parts(t, {item});
  }
  llvm::BasicBlock* surprise = new_block("surprise");
  const Value result = unbox(item, t, surprise);
  retain(result);
  llvm::BasicBlock* go_on = b.GetInsertBlock();
  b.SetInsertPoint(surprise);
  leave_after(v, item, DeoptReason::Result, false);
  b.SetInsertPoint(go_on);
  return result;
}

Value BodyLowering::lower_load_cell(ValueId v) {
  if (s_.types[v].never())
    return leaves(v, DeoptReason::Generic);
  return checked_content(v, load(m_.ptr, cell_of(v), kCellContent, Place::Item));
}

Value BodyLowering::lower_changing_global(ValueId v) {
  if (s_.types[v].never())
    return leaves(v, DeoptReason::Generic);
  return checked_content(
      v, b.CreateCall(m_.helper("hj_peek_global", m_.ptr, {m_.ptr, m_.i32}, ModuleContext::Effects::Any),
                      {m_.mir_address(s_.view.function()), b.getInt32(instr(v).aux)}));
}

void BodyLowering::lower_store_cell(ValueId v) {
  if (!stores_plain_cell(m_.unit, s_, v)) {
    boxed_instr(v);
    return;
  }
  const Value item = use(v, 1);
  llvm::Value* cell = cell_of(v);
  llvm::Value* old = load(m_.ptr, cell, kCellContent, Place::Item);
  llvm::BasicBlock *full = new_block(""), *plain = new_block(""), *odd = new_block("odd"), *put = new_block(""),
                   *done = new_block("");
  b.CreateCondBr(b.CreateIsNull(old), put, full);
  b.SetInsertPoint(full);
  llvm::Value* known = ends_quietly(old);
  b.CreateCondBr(known, plain, odd);

  b.SetInsertPoint(plain);
  const bool overwrites_int = item.type.only(kInt) && !unboxes_out_of_line_ && m_.layout.small_int_stride;
  if ((item.type.only(kFloat) || overwrites_int) && !item.constant) {
    // A number that only this cell refers to can be overwritten: nobody can tell it from a new one.
    llvm::BasicBlock *maybe = new_block(""), *reuse = new_block("");
    llvm::Value* alone = b.CreateICmpEQ(load(m_.i64, old, m_.layout.refcount, Place::Refcount), b.getInt64(1));
    if (planted_bug(Plant::CellFloatShared))
      alone = b.getTrue();
    b.CreateCondBr(alone, maybe, put);
    b.SetInsertPoint(maybe);
    b.CreateCondBr(type_is(old, overwrites_int ? m_.layout.long_type : m_.layout.float_type), reuse, put);
    b.SetInsertPoint(reuse);
    if (overwrites_int)
      overwrite_int(old, item.parts[0], put);
    else
      store(item.parts[0], old, m_.layout.float_value, Place::Number);
    b.CreateBr(done);
  } else {
    b.CreateBr(put);
  }

  b.SetInsertPoint(odd);  // dropping it may run a finalizer, which may bind a guarded global
  {
    llvm::Value* object = box_owned(item);
    llvm::Value* hold =
        b.CreateCall(m_.helper("hj_store_cell", m_.i32, {m_.ptr, m_.ptr, m_.ptr}, ModuleContext::Effects::Any),
                     {m_.unit_address(), cell, object});
    llvm::BasicBlock* changed = new_block("changed");
    go_if(b.CreateICmpEQ(hold, b.getInt32(0)), changed);
    b.CreateBr(done);
    b.SetInsertPoint(changed);
    leave_after(v, llvm::ConstantPointerNull::get(b.getPtrTy()), DeoptReason::Generic, false);
  }

  b.SetInsertPoint(put);
  llvm::Value* object = box_owned(item);
  store(object, cell, kCellContent, Place::Item);
  decref(old, true);
  b.CreateBr(done);
  b.SetInsertPoint(done);
}

void BodyLowering::lower_store_global(ValueId v) {
  llvm::SmallVector<llvm::Value*, 1> temporaries;
  const Value item = use(v, 0);
  const bool is_number = item.type.within(kInt | kFloat) && !item.is_union() && !item.constant;
  llvm::Value* value = is_number ? item.parts[0] : boxed_operand(item, temporaries);
  const char* helper = !is_number             ? "hj_store_global"
                       : item.type.only(kInt) ? "hj_store_global_int"
                                              : "hj_store_global_float";
  // -1: it raised; 0: a guarded global has changed; 1: done.
  llvm::Value* outcome =
      b.CreateCall(m_.helper(helper, m_.i32, {m_.ptr, m_.ptr, m_.i32, value->getType()}, ModuleContext::Effects::Any),
                   {m_.unit_address(), m_.mir_address(s_.view.function()), b.getInt32(v), value});
  for (llvm::Value* temporary : temporaries) decref(temporary, true);
  go_if(b.CreateICmpSLT(outcome, b.getInt32(0)), raise_at(v));
  llvm::BasicBlock *changed = new_block("changed"), *go_on = new_block("");
  b.CreateCondBr(b.CreateICmpEQ(outcome, b.getInt32(0)), changed, go_on, m_.unlikely());
  b.SetInsertPoint(changed);
  leave_after(v, llvm::ConstantPointerNull::get(b.getPtrTy()), DeoptReason::Generic, false);
  b.SetInsertPoint(go_on);
}

}  // namespace hasten::compile
