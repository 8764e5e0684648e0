// Objects as they are: lists in place, everything else through the interpreter's own operation.
#include <llvm/IR/MDBuilder.h>

#include "compile/lower/body.h"

#include <algorithm>

#include "runtime/support.h"

namespace hasten::compile {

using Place = ModuleContext::Place;
using mir::Op;
using mir::ValueId;
using runtime::DeoptReason;

llvm::Value* BodyLowering::array_of(llvm::ArrayRef<llvm::Value*> objects) {
  scratch_max_ = std::max<uint32_t>(scratch_max_, static_cast<uint32_t>(objects.size()));
  for (size_t k = 0; k < objects.size(); ++k) {
    store(objects[k], b.CreateConstInBoundsGEP1_64(m_.i64, scratch_, k), 0, Place::Slot);
  }
  return scratch_;
}

llvm::SmallVector<Value, 4> BodyLowering::all_uses(ValueId v) {
  llvm::SmallVector<Value, 4> operands;
  for (size_t k = 0; k < instr(v).arg_count; ++k) operands.push_back(use(v, k));
  return operands;
}

Value BodyLowering::boxed_instr(ValueId v, llvm::ArrayRef<Value> given) {
  llvm::SmallVector<Value, 4> operands(given.begin(), given.end());
  if (instr(v).op == Op::Call) {
    if (operands.size() + 1 == instr(v).arg_count)
      operands.insert(operands.begin(), use(v, 0));
    return object_call(v, operands);
  }
  bool done = false;
  const Value direct = direct_instr(v, operands, &done);
  if (done)
    return direct;
  llvm::Value* both = execute_boxed(v, operands);
  go_if(b.CreateICmpEQ(b.CreateExtractValue(both, 1), b.getInt64(0)), raise_at(v));
  return boxed_result(v, b.CreateExtractValue(both, 0));
}

llvm::Value* BodyLowering::execute_boxed(ValueId v, llvm::ArrayRef<Value> operands) {
  llvm::SmallVector<llvm::Value*, 4> objects, temporaries;
  for (const Value& operand : operands) objects.push_back(boxed_operand(operand, temporaries));
  llvm::Value* both = execute_call(v, objects);
  for (llvm::Value* temporary : temporaries) decref(temporary, true);
  return both;
}

/// {result or null, 1 if it worked}
llvm::Value* BodyLowering::execute_call(ValueId v, llvm::ArrayRef<llvm::Value*> objects) {
  return b.CreateCall(m_.helper("hj_execute", llvm::StructType::get(m_.ptr, m_.i64), {m_.ptr, m_.i32, m_.ptr},
                                ModuleContext::Effects::Any),
                      {m_.mir_address(s_.view.function()), b.getInt32(v), array_of(objects)});
}

llvm::Value* BodyLowering::boxed_operand(const Value& operand, llvm::SmallVectorImpl<llvm::Value*>& temporaries) {
  if (operand.type.only(kUnbound))
    return llvm::ConstantPointerNull::get(b.getPtrTy());
  bool is_new = false;
  llvm::Value* object = box(operand, &is_new);
  if (is_new)
    temporaries.push_back(object);
  return object;
}

llvm::Constant* BodyLowering::counted_call(ValueId v) {
  sites_.call();
  return m_.call_site(s_.view.function(), v);
}

llvm::Value* BodyLowering::raw_object_call(ValueId v, llvm::ArrayRef<Value> operands, llvm::Value* made) {
  const Value& callee = operands.front();
  const bool is_method = callee.type.is_loaded_method();
  llvm::SmallVector<llvm::Value*, 4> objects, temporaries;
  llvm::Value* callable = is_method ? callee.parts[0] : boxed_operand(callee, temporaries);
  // A place in front of the arguments, which the callee may use; then the method's own first argument, if it has one.
  objects.push_back(llvm::ConstantPointerNull::get(b.getPtrTy()));
  if (is_method)
    objects.push_back(callee.parts[1]);
  for (const Value& operand : operands.drop_front()) objects.push_back(boxed_operand(operand, temporaries));
  PyObject* names = instr(v).aux == mir::kNone ? nullptr : s_.view.function().consts[instr(v).aux];
  const size_t positional = operands.size() - 1 - (names ? static_cast<size_t>(PyTuple_GET_SIZE(names)) : 0);
  llvm::Value* array = array_of(objects);
  llvm::Value* first = b.CreateConstInBoundsGEP1_64(m_.i64, array, 1);
  llvm::Value* count = b.getInt64(positional | PY_VECTORCALL_ARGUMENTS_OFFSET);
  if (is_method) {
    llvm::Value* is_bound = b.CreateIsNull(callee.parts[1]);
    first = b.CreateSelect(is_bound, b.CreateConstInBoundsGEP1_64(m_.i64, array, 2), first);
    count = b.CreateSelect(is_bound, count, b.getInt64((positional + 1) | PY_VECTORCALL_ARGUMENTS_OFFSET));
  }
  llvm::Value* result = b.CreateCall(
      m_.helper("hj_counted_call", m_.ptr, {m_.ptr, m_.ptr, m_.i64, m_.ptr, m_.ptr}, ModuleContext::Effects::Any),
      {callable, first, count, names ? m_.address(names) : llvm::ConstantPointerNull::get(b.getPtrTy()),
       counted_call(v)});
  if (made)
    temporaries.push_back(made);
  for (llvm::Value* temporary : temporaries) decref(temporary, true);
  go_if(b.CreateIsNull(result), traced_raise(v));
  return result;
}

Value BodyLowering::load_method(ValueId v, const Value& base) {
  const Value object = own_as(base, Type::any());
  llvm::Value* self = object.parts[0];
  llvm::Value* name = m_.address(s_.view.function().names[instr(v).aux]);
  const uint32_t cache = m_.record.add_data(runtime::MethodCache{});
  const auto of_cache = [&](llvm::Type* type, size_t field) {
    return b.CreateLoad(type, m_.data_address(cache + static_cast<uint32_t>(field)));
  };
  llvm::Value* type = load(m_.ptr, self, m_.layout.type, Place::TypePointer);
  llvm::Value* version =
      b.CreateLoad(m_.i32, b.CreateConstInBoundsGEP1_64(m_.i8, type, m_.layout.type_version), "version");
  llvm::BasicBlock *hit = new_block(""), *miss = new_block(""), *bound = new_block(""), *done = new_block("");
  b.CreateCondBr(b.CreateICmpEQ(version, of_cache(m_.i32, offsetof(runtime::MethodCache, version))), hit, miss);
  b.SetInsertPoint(hit);
  llvm::Value* known = of_cache(m_.ptr, offsetof(runtime::MethodCache, callable));
  incref(known);
  llvm::BasicBlock* hit_end = b.GetInsertBlock();
  b.CreateBr(done);
  b.SetInsertPoint(miss);
  llvm::Value* both = b.CreateCall(m_.helper("hj_load_method", llvm::StructType::get(m_.ptr, m_.i64),
                                             {m_.ptr, m_.ptr, m_.ptr}, ModuleContext::Effects::Any),
                                   {m_.data_address(cache), self, name});
  llvm::Value* found = b.CreateExtractValue(both, 0);
  llvm::BasicBlock* miss_end = b.GetInsertBlock();
  b.CreateCondBr(b.CreateICmpNE(b.CreateExtractValue(both, 1), b.getInt64(0)), done, bound);
  b.SetInsertPoint(bound);  // or not found at all
  decref(self);
  go_if(b.CreateIsNull(found), traced_raise(v));
  llvm::BasicBlock* bound_end = b.GetInsertBlock();
  b.CreateBr(done);
  b.SetInsertPoint(done);
  auto* callable = b.CreatePHI(m_.ptr, 3);
  auto* receiver = b.CreatePHI(m_.ptr, 3);
  const auto arrive = [&](llvm::BasicBlock* from, llvm::Value* method, llvm::Value* with) {
    callable->addIncoming(method, from);
    receiver->addIncoming(with, from);
  };
  arrive(hit_end, known, self);
  arrive(miss_end, found, self);
  arrive(bound_end, found, llvm::ConstantPointerNull::get(b.getPtrTy()));
  return from_parts(s_.types[v], {callable, receiver});
}

Value BodyLowering::boxed_result(ValueId v, llvm::Value* object) {
  const Type& t = s_.types[v];
  if (mir::defines_nothing(instr(v).op))
    return poison({});
  if (t.object && !t.cls)
    return from_parts(t, {object});
  llvm::BasicBlock* surprise = new_block("surprise");
  const Value result = unbox(object, t, surprise);
  if (!t.object && !t.only(kList)) {  // a list is its object
    retain(result);
    decref(object);
  }
  llvm::BasicBlock* go_on = b.GetInsertBlock();
  b.SetInsertPoint(surprise);
  leave_after(v, object, DeoptReason::Result, true);
  b.SetInsertPoint(go_on);
  return result;
}

llvm::Value* BodyLowering::list_size(llvm::Value* list) {
  return bounded_size(load(m_.i64, list, m_.layout.var_size, Place::Size));
}

/// Tells LLVM that sizes of lists are not negative, and that little sums of them do not overflow.
llvm::Value* BodyLowering::bounded_size(llvm::Value* size) {
  constexpr uint64_t kAddressesMost = uint64_t{1}
                                      << 60;  // an item takes 8 bytes, or 1 of a native list; addresses have 57 bits
  if (auto* loaded = llvm::dyn_cast<llvm::LoadInst>(size))
    loaded->setMetadata(llvm::LLVMContext::MD_range,
                        llvm::MDBuilder(m_.context).createRange(llvm::APInt(64, 0), llvm::APInt(64, kAddressesMost)));
  return size;
}
llvm::Value* BodyLowering::list_items(llvm::Value* list) {
  return load(m_.ptr, list, m_.layout.list_items, Place::ItemsPointer);
}

/// The index into the items, negative ones folded; leaves if it is out of range (the interpreter raises).
llvm::Value* BodyLowering::checked_index(ValueId v, llvm::Value* list, const Value& key, llvm::Value* dropped) {
  return checked_index_in(v, list_size(list), key, dropped);
}

llvm::Value* BodyLowering::checked_index_in(ValueId v, llvm::Value* size, const Value& key, llvm::Value* dropped) {
  llvm::Value* index = as_int(key);
  const Interval interval = key.type.only(kBool) ? Interval{0, 1} : key.type.interval;
  const auto is_out = [&](llvm::Value* at) {
    return planted_bug(Plant::IndexEndInclusive) ? b.CreateICmpUGT(at, size) : b.CreateICmpUGE(at, size);
  };
  llvm::Value* folded =
      interval.low >= 0
          ? index
          : b.CreateAdd(index, planted_bug(Plant::NegativeIndex) ? b.CreateSub(size, b.getInt64(1)) : size);
  llvm::BasicBlock* fails = fails_at(v);
  if (dropped) {
    llvm::BasicBlock* drops = new_block("drop");
    llvm::IRBuilder<>::InsertPointGuard guard(b);
    b.SetInsertPoint(drops);
    decref(dropped);
    b.CreateBr(std::exchange(fails, drops));
  }
  if (interval.low >= 0 || interval.high < 0) {
    go_if(is_out(folded), fails);
    return folded;
  }
  // Most often one comparison is enough. A negative index is a large one to it; what is too large stays so when folded.
  llvm::BasicBlock *other = new_block("fold"), *done = new_block("");
  llvm::BasicBlock* straight = b.GetInsertBlock();
  b.CreateCondBr(is_out(index), other, done, m_.unlikely());
  b.SetInsertPoint(other);
  if (auto* add = llvm::dyn_cast<llvm::Instruction>(folded))
    add->moveBefore(*other, other->end());
  b.CreateCondBr(is_out(folded), fails, done, m_.unlikely());
  b.SetInsertPoint(done);
  auto* phi = b.CreatePHI(m_.i64, 2);
  phi->addIncoming(index, straight);
  phi->addIncoming(folded, other);
  return phi;
}

/// Whether the end of `object` runs no code: it is a number or None.
llvm::Value* BodyLowering::ends_quietly(llvm::Value* object) {
  llvm::Value* quiet = b.CreateICmpEQ(object, m_.address(m_.layout.none_object));
  for (PyObject* type : {m_.layout.long_type, m_.layout.float_type, m_.layout.bool_type, m_.layout.complex_type})
    quiet = b.CreateOr(quiet, type_is(object, type));
  return quiet;
}

/// Whether a name that the code takes for unchanged is bound to something else by now.
llvm::Value* BodyLowering::guards_have_changed() {
  llvm::Value* hold =
      b.CreateCall(m_.helper("hj_guards_hold", m_.i32, {m_.ptr}, ModuleContext::Effects::Any), {m_.unit_address()});
  return b.CreateICmpEQ(hold, b.getInt32(0));
}

/// Drops what an item of a list was before. If it was no number, its end may have run code that bound a guarded name anew.
void BodyLowering::drop_replaced(ValueId v, llvm::Value* old) {
  if (m_.record.unit_runs_foreign_code || m_.unit.guards.empty()) {
    decref(old);
    return;
  }
  llvm::BasicBlock *odd = new_block("odd"), *changed = new_block("changed"), *done = new_block("");
  llvm::Value* known = ends_quietly(old);
  llvm::BasicBlock* plain = new_block("");
  b.CreateCondBr(known, plain, odd);
  b.SetInsertPoint(odd);
  decref(old);
  b.CreateCondBr(guards_have_changed(), changed, done);
  b.SetInsertPoint(changed);
  leave_after(v, llvm::ConstantPointerNull::get(b.getPtrTy()), DeoptReason::Generic, false);
  b.SetInsertPoint(plain);
  decref(old);
  b.CreateBr(done);
  b.SetInsertPoint(done);
}

Value BodyLowering::lower_get_item(ValueId v) {
  const Value container = use(v, 0), key = use(v, 1);
  const Type& t = s_.types[v];
  if (container.type.only(kList) && is_native(container.type))
    return native_get_item(v, container, key);
  if (container.type.only(kList) && key.type.within(kInt | kBool) && !key.is_union()) {
    llvm::Value* list = container.parts[0];
    llvm::Value* index = checked_index(v, list, key);
    llvm::Value* item = load(m_.ptr, b.CreateInBoundsGEP(m_.ptr, list_items(list), index), 0, Place::Item);
    if (t.object && !t.cls) {
      incref(item);
      return from_parts(t, {item});
    }
    llvm::BasicBlock* surprise = new_block("surprise");
    const Value result = unbox(item, t, surprise);
    if (owns(v))
      retain(result);
    llvm::BasicBlock* go_on = b.GetInsertBlock();
    b.SetInsertPoint(surprise);
    leave_after(v, item, DeoptReason::Result, false);
    b.SetInsertPoint(go_on);
    return result;
  }
  if (container.type.only(kTuple) && key.type.only(kInt) && !t.object) {
    const auto count = static_cast<int64_t>(container.type.items->size());
    const auto items = items_of(container);
    if (key.type.is_constant()) {
      const int64_t k = key.type.interval.low < 0 ? key.type.interval.low + count : key.type.interval.low;
      if (k < 0 || k >= count)
        return leaves(v, DeoptReason::Generic);
      return own_as(items[static_cast<size_t>(k)], t);
    }
    if (count == 0)
      return leaves(v, DeoptReason::Generic);
    llvm::Value* index = key.parts[0];
    index = b.CreateSelect(
        b.CreateICmpSLT(index, b.getInt64(0)),
        b.CreateAdd(index, b.getInt64(static_cast<uint64_t>(count - planted_bug(Plant::TupleDynamicIndex)))), index);
    go_if(b.CreateICmpUGE(index, b.getInt64(static_cast<uint64_t>(count))), fails_at(v));
    const auto is = [&](size_t k) { return b.CreateICmpEQ(index, b.getInt64(k)); };
    if (must_box(container.type, Type::with_items(kTuple, std::vector<Type>(items.size(), t)))) {
      const std::function<Value(size_t)> from = [&](size_t k) -> Value {
        const auto here = [&] { return own_as(items[k], t); };
        return k + 1 == items.size() ? here() : choose(is(k), t, here, [&] { return from(k + 1); }, false);
      };
      return from(0);
    }
    Value chosen = widen_to(items[0], t);
    for (size_t k = 1; k < items.size(); ++k) chosen = select(is(k), widen_to(items[k], t), chosen);
    retain(chosen);
    return chosen;
  }
  if (indexes_in_place(container.type, key.type))
    return item_in_place(v, container, key);
  return boxed_instr(v);
}

/// Writes another value into an int object that nobody else knows. Goes to `otherwise` if the value is one of the small ones, of
/// which there is one object each, or has more digits than the object has room for.
void BodyLowering::overwrite_int(llvm::Value* object, llvm::Value* value, llvm::BasicBlock* otherwise) {
  constexpr unsigned kDigitBits = 30;
  const runtime::ObjectLayout& l = m_.layout;
  const auto small = static_cast<uint64_t>(l.small_int_max - l.small_int_min + 1);
  llvm::Value* at = b.CreateSub(value, b.getInt64(static_cast<uint64_t>(int64_t{l.small_int_min})));
  llvm::BasicBlock* large = new_block("");
  b.CreateCondBr(b.CreateICmpULT(at, b.getInt64(small)), otherwise, large);
  b.SetInsertPoint(large);
  llvm::Value* header = load(m_.i64, object, l.long_size_or_tag, Place::Number);
  llvm::Value* negative = b.CreateICmpSLT(value, b.getInt64(0));
  llvm::Value* magnitude = b.CreateSelect(negative, b.CreateNeg(value), value);
  llvm::Value* room = l.long_is_tagged
                          ? b.CreateLShr(header, b.getInt64(3))
                          : b.CreateSelect(b.CreateICmpSLT(header, b.getInt64(0)), b.CreateNeg(header), header);
  llvm::Value* one = b.CreateICmpULT(magnitude, b.getInt64(uint64_t{1} << kDigitBits));
  llvm::Value* digits = b.CreateSelect(one, b.getInt64(1), b.getInt64(2));
  go_if(b.CreateOr(b.CreateICmpUGE(magnitude, b.getInt64(uint64_t{1} << (2 * kDigitBits))),
                   b.CreateICmpULT(room, digits)),
        otherwise);
  llvm::Value* next = l.long_is_tagged ? b.CreateOr(b.CreateShl(digits, b.getInt64(3)),
                                                    b.CreateSelect(negative, b.getInt64(2), b.getInt64(0)))
                                       : b.CreateSelect(negative, b.CreateNeg(digits), digits);
  store(next, object, l.long_size_or_tag, Place::Number);
  llvm::Value* low = b.CreateAnd(magnitude, b.getInt64((uint64_t{1} << kDigitBits) - 1));
  store(b.CreateTrunc(low, m_.i32), object, l.long_digits, Place::Number);
  llvm::BasicBlock *second = new_block(""), *done = new_block("");
  b.CreateCondBr(one, done, second);
  b.SetInsertPoint(second);
  store(b.CreateTrunc(b.CreateLShr(magnitude, b.getInt64(kDigitBits)), m_.i32), object, l.long_digits + 4,
        Place::Number);
  b.CreateBr(done);
  b.SetInsertPoint(done);
}

void BodyLowering::lower_set_item(ValueId v) {
  const Value container = use(v, 0), key = use(v, 1), item = use(v, 2);
  if (!container.type.may_be_unbound() && is_mapping(class_of(container.type))) {
    set_dict_item(v, container, key, item);
    return;
  }
  const bool by_index = key.type.within(kInt | kBool) && !key.is_union();
  if (by_index && item_format(container.type) && set_buffer_item(v, container, key, item))
    return;
  if (!container.type.only(kList) || !by_index) {
    boxed_instr(v);
    return;
  }
  if (is_native(container.type)) {
    native_set_item(v, container, key, item);
    return;
  }
  llvm::Value* list = container.parts[0];
  // To make a tuple may collect garbage, whose end may change the list: before anything is read from it.
  llvm::Value* made = !item.type.object && (item.type.kinds & ~(kScalar | kList | kKnown)) ? box_owned(item) : nullptr;
  llvm::Value* index = checked_index(v, list, key, made);
  llvm::Value* place = b.CreateInBoundsGEP(m_.ptr, list_items(list), index);
  llvm::Value* old = load(m_.ptr, place, 0, Place::Item);
  if (item.type.within(kInt | kFloat | kComplex) && !item.is_union() && !item.constant &&
      !(item.type.only(kInt) && (unboxes_out_of_line_ || !m_.layout.small_int_stride))) {
    // A number that only this list refers to can be overwritten: nobody can tell it from a new one.
    llvm::BasicBlock *maybe = new_block(""), *reuse = new_block(""), *fresh = new_block(""), *done = new_block("");
    llvm::Value* alone = b.CreateICmpEQ(load(m_.i64, old, m_.layout.refcount, Place::Refcount), b.getInt64(1));
    if (planted_bug(Plant::FloatOverwritesShared))
      alone = b.getTrue();
    b.CreateCondBr(alone, maybe, fresh);
    b.SetInsertPoint(maybe);
    const runtime::ObjectLayout& l = m_.layout;
    b.CreateCondBr(type_is(old, item.type.only(kInt)     ? l.long_type
                                : item.type.only(kFloat) ? l.float_type
                                                         : l.complex_type),
                   reuse, fresh);
    b.SetInsertPoint(reuse);
    if (item.type.only(kInt)) {
      overwrite_int(old, item.parts[0], fresh);
    } else if (item.type.only(kFloat)) {
      store(item.parts[0], old, l.float_value, Place::Number);
    } else {
      store(item.parts[0], old, l.complex_real, Place::Number);
      store(item.parts[1], old, l.complex_imag, Place::Number);
    }
    b.CreateBr(done);
    b.SetInsertPoint(fresh);
    store(box_owned(item), place, 0, Place::Item);
    drop_replaced(v, old);
    b.CreateBr(done);
    b.SetInsertPoint(done);
    return;
  }
  store(made ? made : box_owned(item), place, 0, Place::Item);
  drop_replaced(v, old);
}

void BodyLowering::list_append(ValueId v, const Value& container, const Value& item) {
  if (!container.type.only(kList)) {
    boxed_instr(v);
    return;
  }
  if (is_native(container.type)) {
    native_append(v, container, item);
    return;
  }
  llvm::Value* list = container.parts[0];
  llvm::Value* object = box_owned(item);
  llvm::BasicBlock *room = new_block(""), *grow = new_block(""), *done = new_block("");
  llvm::Value* size = list_size(list);
  llvm::Value* allocated = load(m_.i64, list, m_.layout.list_items + 8, Place::Size);
  b.CreateCondBr(b.CreateICmpSLT(size, allocated), room, grow);
  b.SetInsertPoint(room);
  store(object, b.CreateInBoundsGEP(m_.ptr, list_items(list), size), 0, Place::Item);
  store(b.CreateAdd(size, b.getInt64(1)), list, m_.layout.var_size, Place::Size);
  b.CreateBr(done);
  b.SetInsertPoint(grow);
  llvm::Value* status =
      b.CreateCall(m_.helper("hj_list_append", m_.i32, {m_.ptr, m_.ptr}, ModuleContext::Effects::Any), {list, object});
  go_if(b.CreateICmpSLT(status, b.getInt32(0)), traced_raise(v));  // out of memory; the helper dropped the item
  b.CreateBr(done);
  b.SetInsertPoint(done);
}

Value BodyLowering::lower_unpack(ValueId v) {
  const Value sequence = use(v, 0);
  const Type& t = s_.types[v];
  if (sequence.type.only(kTuple)) {
    if (!t.only(kTuple) || sequence.type.items->size() != instr(v).aux)
      return leaves(v, DeoptReason::Generic);
    return own_as(sequence, t);
  }
  if (sequence.type.is_exactly(&PyTuple_Type) && t.only(kTuple))
    return unpack_object(v, sequence.parts[0]);
  if (sequence.type.only(kList) && is_native(sequence.type))
    return native_unpack(v, sequence);
  if (sequence.type.only(kList) && t.only(kTuple)) {
    llvm::Value* list = sequence.parts[0];
    go_if(b.CreateICmpNE(list_size(list), b.getInt64(instr(v).aux)), fails_at(v));
    Value tuple;
    tuple.type = t;
    for (uint32_t k = 0; k < instr(v).aux; ++k) {
      llvm::Value* item = load(m_.ptr, list_items(list), 8 * k, Place::Item);
      const Value one = unbox(item, (*t.items)[k], leave_before(v, DeoptReason::Type));
      tuple.parts.append(one.parts.begin(), one.parts.end());
    }
    retain(tuple);
    return tuple;
  }
  return boxed_instr(v);
}

/// How many dicts' version tags tell that the guard still holds; 0: none can.
uint32_t BodyLowering::counted_dicts(const Guard& guard) const {
  const auto counts = [&](PyObject* dict) {
    return m_.dict_version && PyDict_CheckExact(dict) && m_.dict_version(dict);
  };
  if (guard.what == Guard::What::ModuleAttribute)
    return counts(PyModule_GetDict(guard.holder)) ? 1 : 0;
  if (guard.what != Guard::What::Global)
    return 0;
  PyObject* const function = guard.function->function;
  return counts(PyFunction_GET_GLOBALS(function)) &&
                 counts(reinterpret_cast<PyFunctionObject*>(function)->func_builtins)
             ? 2
             : 0;
}

/// What a guard pins is a constant: checked at entry, and here again if anything ran in between that could have bound
/// it anew.
const Guard& BodyLowering::check_guard(ValueId v) {
  const uint32_t index = s_.guards.at(v);
  if (m_.record.unit_runs_foreign_code) {
    llvm::BasicBlock *changed = new_block("guard"), *go_on = new_block("");
    if (const uint32_t counters = counted_dicts(m_.unit.guards[index])) {
      const auto moved = [&](uint32_t which) {
        const auto then = static_cast<uint32_t>(m_.record.guard_cache(index) + which * sizeof(uint64_t));
        return b.CreateICmpNE(b.CreateLoad(m_.i64, m_.dict_count(index, which)),
                              b.CreateLoad(m_.i64, m_.data_address(then)));
      };
      llvm::Value* any_moved = moved(0);
      if (counters > 1)
        any_moved = b.CreateOr(any_moved, moved(1));
      b.CreateCondBr(any_moved, changed, go_on, m_.unlikely());
    } else {
      b.CreateBr(changed);
    }
    b.SetInsertPoint(changed);
    llvm::Value* holds =
        b.CreateCall(m_.helper("hj_guard_holds", m_.i32, {m_.ptr, m_.i32}, ModuleContext::Effects::Any),
                     {m_.unit_address(), b.getInt32(index)});
    go_if(b.CreateICmpEQ(holds, b.getInt32(0)), leave_before(v, DeoptReason::Generic));
    b.CreateBr(go_on);
    b.SetInsertPoint(go_on);
  }
  return m_.unit.guards[index];
}

/// A name or module attribute.
Value BodyLowering::lower_global(ValueId v) {
  if (!s_.guards.contains(v))
    return lower_changing_global(v);
  const Guard& g = check_guard(v);
  const Type& t = s_.types[v];
  const Value value = g.type.only(kList) ? from_parts(g.type, {m_.address(g.expected)}) : constant_value(g.expected);
  if (owns(v))
    return own_as(value, t);
  return t.object ? from_parts(t, {m_.address(g.expected)}) : value;
}

llvm::Value* BodyLowering::truth(const Value& v) {
  switch (v.type.kinds) {
    case kBool:
      return v.parts[0];
    case kInt:
      return b.CreateICmpNE(v.parts[0], b.getInt64(0));
    case kWide:
      return b.CreateIsNotNull(v.parts[0]);
    case kFloat:
      return b.CreateFCmpUNE(v.parts[0], llvm::ConstantFP::get(m_.f64, 0.0));
    case kComplex: {
      llvm::Value* zero = llvm::ConstantFP::get(m_.f64, 0.0);
      return b.CreateOr(b.CreateFCmpUNE(v.parts[0], zero), b.CreateFCmpUNE(v.parts[1], zero));
    }
    case kList:
      return b.CreateICmpNE(size_of(v), b.getInt64(0));
    case kTuple:
      return b.getInt1(!v.type.items->empty());
    case kChar:
      return b.getTrue();
    default:
      return b.getFalse();  // None
  }
}

Value BodyLowering::lower_truth(ValueId v) {
  const Value operand = use(v, 0);
  if (llvm::Value* size = size_of(operand))
    return from_parts(Type::of(kBool), {b.CreateICmpNE(size, b.getInt64(0))});
  if (operand.type.object && !operand.type.may_be_unbound())
    return object_truth(v, operand, false);
  if (!operand.type.within(kScalar | kWide | kTuple | kList | kChar))
    return boxed_instr(v);
  return each_alternative(operand, s_.types[v], [&](const Value& one) {
    if (one.type.only(kUnbound))
      return leaves(v, DeoptReason::Generic);
    return from_parts(Type::of(kBool), {truth(one)});
  });
}

}  // namespace hasten::compile
