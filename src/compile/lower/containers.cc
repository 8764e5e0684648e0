// Python's own containers in place: sizes, items of texts, bytes, tuples and dicts, slices, list.pop.
#include "compile/lower/body.h"

namespace hasten::compile {

using Effects = ModuleContext::Effects;
using Place = ModuleContext::Place;
using mir::ValueId;
using runtime::DeoptReason;

llvm::Value* BodyLowering::size_of(const Value& v) {
  if (v.type.may_be_unbound() || v.is_union())
    return nullptr;
  if (v.type.only(kChar))
    return b.getInt64(1);
  if (v.type.only(kList))
    return is_native(v.type) ? native_size(v.parts[0]) : list_size(v.parts[0]);
  if (v.type.only(kTuple))
    return b.getInt64(v.type.items->size());
  PyTypeObject* cls = class_of(v.type);
  if (v.type.only(kKnown) && cls == &PyUnicode_Type)
    return b.getInt64(static_cast<uint64_t>(PyUnicode_GET_LENGTH(v.type.known)));
  if (!v.type.object && !v.type.only(kKnown))
    return nullptr;
  if (cls == &PyUnicode_Type)
    return text_length(pointer_of(v));
  if (cls == &PyDict_Type)
    return load(m_.i64, pointer_of(v), m_.layout.dict_used, Place::Size);
  if (cls == &PySet_Type || cls == &PyFrozenSet_Type)
    return load(m_.i64, pointer_of(v), m_.layout.set_used, Place::Size);
  if (is_default_dict(cls))
    return load(m_.i64, pointer_of(v), m_.layout.dict_used, Place::Size);
  if (is_deque(cls) || is_array(cls) || cls == &PyTuple_Type || cls == &PyBytes_Type || cls == &PyByteArray_Type)
    return load(m_.i64, pointer_of(v), m_.layout.var_size, Place::Size);
  return nullptr;
}

bool BodyLowering::indexes_in_place(const Type& container, const Type& key) const {
  if (container.may_be_unbound() || key.is_union() || key.object)
    return is_mapping(class_of(container)) && !container.may_be_unbound() && !key.may_be_unbound();
  const PyTypeObject* cls = class_of(container);
  if (key.only(kSlice))
    return cls == &PyUnicode_Type || cls == &PyTuple_Type || container.only(kList);
  if (is_mapping(cls))
    return true;
  const bool by_index = key.within(kInt | kBool);
  if (item_format(container))
    return by_index;
  return by_index && (cls == &PyUnicode_Type || cls == &PyBytes_Type || (container.object && cls == &PyTuple_Type));
}

bool BodyLowering::slice_bounds(const Value& slice, llvm::Value* size, llvm::Value** low, llvm::Value** high) {
  const auto parts = items_of(slice);
  const auto bound = [&](const Value& part, llvm::Value* otherwise, llvm::Value** to) {
    if (part.type.only(kNoneType)) {
      *to = otherwise;
      return true;
    }
    if (!part.type.within(kInt | kBool) || part.is_union())
      return false;
    llvm::Value *index = as_int(part), *zero = b.getInt64(0);
    llvm::Value* folded = b.CreateSelect(b.CreateICmpSLT(index, zero), b.CreateAdd(index, size), index);
    if (!planted_bug(Plant::SliceUnclamped))
      folded = b.CreateSelect(b.CreateICmpSLT(folded, zero), zero, folded);
    *to = b.CreateSelect(b.CreateICmpSGT(folded, size), size, folded);
    return true;
  };
  const bool by_one = parts[2].type.only(kNoneType) || (parts[2].type.is_constant() && parts[2].type.interval.low == 1);
  if (!by_one || !bound(parts[0], b.getInt64(0), low) || !bound(parts[1], size, high))
    return false;
  *high = b.CreateSelect(b.CreateICmpSLT(*high, *low), *low, *high);
  return true;
}

/// REQUIRES: indexes_in_place.
Value BodyLowering::item_in_place(ValueId v, const Value& container, const Value& key) {
  PyTypeObject* cls = class_of(container.type);
  llvm::SmallVector<llvm::Value*, 4> temporaries;
  if (is_mapping(cls))
    return dict_item(v, container, key);
  if (item_format(container.type))
    return buffer_item(v, container, key);
  if (key.type.only(kSlice)) {
    llvm::Value *low = nullptr, *high = nullptr;
    llvm::Value* sequence = boxed_operand(container, temporaries);
    llvm::SmallVector<llvm::Value*, 4> stride{sequence};
    if (!slice_bounds(key, size_of(container), &low, &high)) {
      if (cls == &PyUnicode_Type && stride_bounds(key, stride)) {
        llvm::Value* part = call_table("hj_text_stride", m_.ptr, stride);
        for (llvm::Value* temporary : temporaries) decref(temporary, true);
        return boxed_result(v, checked_object(v, part));
      }
      for (llvm::Value* temporary : temporaries) decref(temporary, true);
      return boxed_instr(v);
    }
    const char* helper = cls == &PyUnicode_Type ? "hj_text_slice"
                         : cls == &PyTuple_Type ? "hj_tuple_slice"
                                                : "hj_list_slice";
    llvm::Value* part =
        b.CreateCall(m_.helper(helper, m_.ptr, {m_.ptr, m_.i64, m_.i64}, Effects::Any), {sequence, low, high});
    for (llvm::Value* temporary : temporaries) decref(temporary, true);
    return boxed_result(v, checked_object(v, part));
  }
  llvm::Value* index = checked_index_in(v, size_of(container), key);
  if (cls == &PyUnicode_Type) {
    if (container.type.only(kChar))
      return container;
    return from_parts(Type::of(kChar), {text_char(pointer_of(container), index)});
  }
  if (cls == &PyBytes_Type) {
    llvm::Value* at =
        b.CreateInBoundsGEP(m_.i8, pointer_of(container), b.CreateAdd(index, b.getInt64(m_.layout.bytes_head)));
    return from_parts(Type::integer(0, 255), {b.CreateZExt(load_fixed(m_.i8, at), m_.i64)});
  }
  llvm::Value* items = b.CreateConstInBoundsGEP1_64(m_.i8, container.parts[0], m_.layout.tuple_items);
  llvm::Value* item = load(m_.ptr, b.CreateInBoundsGEP(m_.ptr, items, index), 0, Place::Item);
  return borrowed_result(v, item);
}

/// `object`, which somebody holds, as the inferred type of v; leaves with it if it is of another type.
Value BodyLowering::borrowed_result(ValueId v, llvm::Value* object) {
  llvm::BasicBlock* surprise = new_block("surprise");
  const Value result = unbox(object, s_.types[v], surprise);
  retain(result);
  llvm::BasicBlock* go_on = b.GetInsertBlock();
  b.SetInsertPoint(surprise);
  if (surprise->hasNPredecessors(0))
    b.CreateUnreachable();
  else
    leave_after(v, object, DeoptReason::Result, false);
  b.SetInsertPoint(go_on);
  return result;
}

/// The next item of an iterator over the items of a dict: no tuple is made.
Value BodyLowering::next_dict_item(ValueId v, llvm::Value* iterator) {
  const Type &t = s_.types[v], pair = t.without(kUnbound);
  llvm::Value* null = llvm::ConstantPointerNull::get(b.getPtrTy());
  llvm::Value* both = array_of({null, null});
  llvm::Value* status =
      b.CreateCall(m_.helper("hj_next_item", m_.i32, {m_.ptr, m_.ptr}, Effects::Any), {iterator, both});
  go_if(b.CreateICmpSLT(status, b.getInt32(0)), traced_raise(v));
  return choose(
      b.CreateICmpEQ(status, b.getInt32(0)), t, [&] { return from_parts(Type::of(kUnbound), {}); },
      [&] {
        llvm::BasicBlock* surprise = new_block("surprise");
        Value result = from_parts(pair, {});
        llvm::Value* objects[2];
        for (unsigned k = 0; k < 2; ++k) {
          objects[k] = load(m_.ptr, both, 8 * k, Place::Slot);
          const Value one = unbox(objects[k], (*pair.items)[k], surprise);
          result.parts.append(one.parts.begin(), one.parts.end());
        }
        retain(result);
        llvm::BasicBlock* go_on = b.GetInsertBlock();
        b.SetInsertPoint(surprise);
        if (surprise->hasNPredecessors(0)) {
          b.CreateUnreachable();
        } else {
          const SiteRecorder::Silent silent(sites_);
          llvm::Value* tuple = b.CreateCall(m_.helper("hj_box_tuple", m_.ptr, {m_.ptr, m_.i64, m_.i64}, Effects::Any),
                                            {both, b.getInt64(2), b.getInt64(0)});
          leave_after(v, tuple, DeoptReason::Result, true);
        }
        b.SetInsertPoint(go_on);
        return result;
      },
      false);
}

/// The next item of an iterator that is an object.
Value BodyLowering::next_object(ValueId v) {
  const Type& t = s_.types[v];
  llvm::Value* iterator = use(v, 0).parts[0];
  if (use(v, 0).type.is_exactly(&PyDictIterItem_Type) && t.kinds == (kTuple | kUnbound) && t.items->size() == 2)
    return next_dict_item(v, iterator);
  llvm::Value* both = b.CreateCall(
      m_.helper("hj_iter_next", llvm::StructType::get(m_.ptr, m_.i64), {m_.ptr}, Effects::Any), {iterator});
  go_if(b.CreateICmpEQ(b.CreateExtractValue(both, 1), b.getInt64(0)), traced_raise(v));
  llvm::Value* item = b.CreateExtractValue(both, 0);
  if (t.object)
    return boxed_result(v, item);
  return choose(
      b.CreateIsNull(item), t, [&] { return from_parts(Type::of(kUnbound), {}); },
      [&] {
        llvm::BasicBlock* surprise = new_block("surprise");
        const Value result = unbox(item, t.without(kUnbound), surprise);
        retain(result);
        decref(item);
        llvm::BasicBlock* go_on = b.GetInsertBlock();
        b.SetInsertPoint(surprise);
        if (surprise->hasNPredecessors(0))
          b.CreateUnreachable();
        else
          leave_after(v, item, DeoptReason::Result, true);
        b.SetInsertPoint(go_on);
        return result;
      },
      false);
}

/// The items of a tuple that is an object.
Value BodyLowering::unpack_object(ValueId v, llvm::Value* tuple) {
  const Type& t = s_.types[v];
  go_if(b.CreateICmpNE(load(m_.i64, tuple, m_.layout.var_size, Place::Size), b.getInt64(instr(v).aux)), fails_at(v));
  Value r = from_parts(t, {});
  for (uint32_t k = 0; k < instr(v).aux; ++k) {
    llvm::Value* item = load(m_.ptr, tuple, m_.layout.tuple_items + 8 * k, Place::Item);
    const Value one = unbox(item, (*t.items)[k], leave_before(v, DeoptReason::Type));
    r.parts.append(one.parts.begin(), one.parts.end());
  }
  retain(r);
  return r;
}

/// list.pop(): as CPython shortens the list where that gives no memory back, else by its own function.
Value BodyLowering::list_pop(ValueId v, llvm::Value* list) {
  llvm::Value* size = list_size(list);
  go_if(b.CreateICmpEQ(size, b.getInt64(0)), fails_at(v));
  llvm::Value* left = b.CreateSub(size, b.getInt64(1));
  llvm::Value* allocated = load(m_.i64, list, m_.layout.list_items + 8, Place::Size);
  llvm::BasicBlock *in_place = new_block(""), *shrinks = new_block(""), *done = new_block("");
  b.CreateCondBr(b.CreateICmpSLT(left, b.CreateAShr(allocated, b.getInt64(1))), shrinks, in_place);
  b.SetInsertPoint(in_place);
  llvm::Value* last = load(m_.ptr, b.CreateInBoundsGEP(m_.ptr, list_items(list), left), 0, Place::Item);
  if (!planted_bug(Plant::ListPopKeepsLength))
    store(left, list, m_.layout.var_size, Place::Size);
  b.CreateBr(done);
  b.SetInsertPoint(shrinks);
  llvm::Value* popped = b.CreateCall(m_.helper("hj_list_pop", m_.ptr, {m_.ptr}, Effects::Any), {list});
  go_if(b.CreateIsNull(popped), traced_raise(v));
  llvm::BasicBlock* shrinks_end = b.GetInsertBlock();
  b.CreateBr(done);
  b.SetInsertPoint(done);
  auto* item = b.CreatePHI(m_.ptr, 2);
  item->addIncoming(last, in_place);
  item->addIncoming(popped, shrinks_end);
  return boxed_result(v, item);
}

}  // namespace hasten::compile
