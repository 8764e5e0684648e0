// for loops: iterators kept as numbers (and the list they walk), stepped in place.
#include "compile/lower/body.h"

namespace hasten::compile {

using Place = ModuleContext::Place;
using mir::ValueId;
using runtime::DeoptReason;

/// iter(iterable) as `to`; takes references of its own.
Value BodyLowering::make_iterator(ValueId v, const Value& iterable, const Type& to) {
  if (iterable.type.within(kIterators))
    return own_as(iterable, to);
  if (to.only(kListIter)) {
    if (is_native(to))
      retain(iterable);
    return from_parts(to, {is_native(to) ? iterable.parts[0] : box_owned(iterable), b.getInt64(0)});
  }
  if (to.only(kTupleIter)) {
    Value r = iterable;
    retain(r);
    r.constant = nullptr;
    r.twin = nullptr;
    r.type = to;
    r.parts.push_back(b.getInt64(0));
    return r;
  }
  if (to.only(kRangeIter)) {
    llvm::Value *start = iterable.parts[0], *stop = iterable.parts[1], *step = iterable.parts[2];
    // How many items: ceil((stop - start) / step) where that is positive. The distance fits uint64.
    llvm::Value *zero = b.getInt64(0), *one = b.getInt64(1);
    llvm::Value* up = b.CreateICmpSGT(step, zero);
    llvm::Value* low = b.CreateSelect(up, start, stop);
    llvm::Value* high = b.CreateSelect(up, stop, start);
    llvm::Value* stride = b.CreateSelect(up, step, b.CreateSub(zero, step));
    llvm::Value* distance = b.CreateSub(b.CreateSub(high, low), one);
    llvm::Value* left = b.CreateAdd(b.CreateUDiv(distance, stride), one);
    if (planted_bug(Plant::RangeStepCount))
      left = b.CreateSelect(up, left, b.CreateSub(left, one));
    left = b.CreateSelect(b.CreateICmpSLT(low, high), left, zero);
    return from_parts(to, {start, step, left});
  }
  return leaves(v, DeoptReason::Generic);
}

/// reversed(sequence) as `to`; takes references of its own.
Value BodyLowering::make_reversed(ValueId v, const Value& sequence, const Type& to) {
  if (to.only(kRangeIter)) {
    const Value forward = make_iterator(v, sequence, to);
    llvm::Value *start = forward.parts[0], *step = forward.parts[1], *count = forward.parts[2];
    go_if(b.CreateICmpEQ(step, b.getInt64(static_cast<uint64_t>(Interval{}.low))),
          leave_before(v, DeoptReason::Generic));
    llvm::Value* last = b.CreateAdd(start, b.CreateMul(b.CreateSub(count, b.getInt64(1)), step));
    return from_parts(to, {last, b.CreateNeg(step), count});
  }
  if (to.only(kTupleIter)) {
    retain(sequence);
    Value r = from_parts(to, {});
    const auto items = items_of(sequence);
    for (const Value& item : llvm::reverse(items)) r.parts.append(item.parts.begin(), item.parts.end());
    r.parts.push_back(b.getInt64(0));
    return r;
  }
  const Type& forward = to.items->front();
  llvm::Value* walked = make_iterator(v, sequence, forward).parts[0];
  return from_parts(to, {walked, b.CreateSub(walked_size(forward, walked), b.getInt64(1))});
}

/// Of what a kListIter walks.
llvm::Value* BodyLowering::walked_size(const Type& iterator, llvm::Value* walked) {
  if (iterator.cls)
    return size_of(from_parts(Type::exact(iterator.cls), {walked}));
  return is_native(iterator) ? native_size(walked) : list_size(walked);
}

/// Likewise an item, borrowed.
Value BodyLowering::walked_item(const Type& iterator, llvm::Value* walked, llvm::Value* index) {
  if (is_native(iterator)) {
    const Type item = item_of(iterator);
    return load_item(item, item_place(item, native_items(walked), index));
  }
  Value buffer = from_parts(Type::exact(iterator.cls), {walked});
  buffer.type.code = iterator.code;
  if (const auto format = item_format(buffer.type))
    return load_number(*format, buffer_items(buffer), index);
  if (iterator.cls == &PyUnicode_Type)
    return from_parts(Type::of(kChar), {text_char(walked, index)});
  if (!iterator.cls)
    return from_parts(Type::any(),
                      {load(m_.ptr, b.CreateInBoundsGEP(m_.ptr, list_items(walked), index), 0, Place::Item)});
  const bool bytes = iterator.cls == &PyBytes_Type;
  llvm::Value* items =
      b.CreateConstInBoundsGEP1_64(m_.i8, walked, bytes ? m_.layout.bytes_head : m_.layout.tuple_items);
  if (bytes)
    return from_parts(Type::integer(0, 255),
                      {b.CreateZExt(load_fixed(m_.i8, b.CreateInBoundsGEP(m_.i8, items, index)), m_.i64)});
  return from_parts(Type::any(), {load(m_.ptr, b.CreateInBoundsGEP(m_.ptr, items, index), 0, Place::Item)});
}

Value BodyLowering::lower_get_iter(ValueId v) {
  const Value iterable = use(v, 0);
  if (s_.types[v].object)
    return boxed_instr(v);
  if (planted_bug(Plant::ListLengthStale) && iterable.type.only(kList) && !is_native(iterable.type)) {
    llvm::AllocaInst* size = planted_sizes_[v] = b.CreateAlloca(m_.i64);
    b.CreateStore(list_size(iterable.parts[0]), size);
  }
  return make_iterator(v, iterable, s_.types[v]);
}

/// The next item (borrowed) and the new state's parts. `exhausted` is reached with nothing changed.
Value BodyLowering::step_iterator(ValueId v, ValueId iterator_value, const Value& it,
                                  llvm::SmallVectorImpl<llvm::Value*>& next, llvm::BasicBlock* exhausted) {
  const Type item = item_type(it.type, m_.unit.sites);
  const auto stop_if = [&](llvm::Value* done) {
    llvm::BasicBlock* go_on = new_block("");
    b.CreateCondBr(done, exhausted, go_on);
    b.SetInsertPoint(go_on);
  };
  switch (it.type.kinds) {
    case kRangeIter: {
      llvm::Value *value = it.parts[0], *step = it.parts[1], *left = it.parts[2];
      stop_if(b.CreateICmpEQ(left, b.getInt64(0)));
      // The step past the last item may wrap; nobody looks at it then.
      next.append({b.CreateAdd(value, step), step, b.CreateSub(left, b.getInt64(1))});
      return from_parts(item, {value});
    }
    case kListIter: {
      llvm::Value *walked = it.parts[0], *index = it.parts[1];
      stop_if(b.CreateICmpUGE(index, walked_size(it.type, walked)));
      if (const auto planted = planted_sizes_.find(iterator_value); planted != planted_sizes_.end())
        stop_if(b.CreateICmpUGE(index, b.CreateLoad(m_.i64, planted->second)));
      next.append({walked, b.CreateAdd(index, b.getInt64(1))});
      return walked_item(it.type, walked, index);
    }
    case kReversed: {  // from -1 on, or where the list has become shorter than that, there is nothing
      const Type& forward = it.type.items->front();
      llvm::Value *walked = it.parts[0], *index = it.parts[1];
      stop_if(b.CreateICmpUGE(index, walked_size(forward, walked)));
      next.append({walked, b.CreateSub(index, b.getInt64(1))});
      return walked_item(forward, walked, index);
    }
    case kTupleIter: {
      llvm::Value* index = it.parts.back();
      const size_t count = it.type.items->size();
      stop_if(b.CreateICmpUGE(index, b.getInt64(count)));
      const auto items = items_of(it);
      Value chosen = widen_to(items[0], item);
      for (size_t k = 1; k < count; ++k)
        chosen = select(b.CreateICmpEQ(index, b.getInt64(k)), widen_to(items[k], item), chosen);
      next.append(it.parts.begin(), it.parts.end() - 1);
      next.push_back(b.CreateAdd(index, b.getInt64(1)));
      return chosen;
    }
    default:
      break;
  }
  // enumerate and zip: step the parts; what they give is a tuple.
  Value tuple;
  tuple.type = Type::with_items(kTuple, {});
  std::vector<Type> items;
  if (it.type.only(kEnumerate)) {
    llvm::Value* count = it.parts.back();
    items.push_back(Type::integer(it.type.interval.low, it.type.interval.high));
    tuple.parts.push_back(count);
  }
  for (const Value& part : items_of(it)) {
    const Value one = step_iterator(v, iterator_value, part, next, exhausted);
    items.push_back(one.type);
    tuple.parts.append(one.parts.begin(), one.parts.end());
  }
  if (it.type.only(kEnumerate)) {
    llvm::Value* both = b.CreateBinaryIntrinsic(llvm::Intrinsic::sadd_with_overflow, it.parts.back(), b.getInt64(1));
    go_if(b.CreateExtractValue(both, 1), leave_before(v, DeoptReason::Generic));
    next.push_back(b.CreateExtractValue(both, 0));
  }
  tuple.type = Type::with_items(kTuple, std::move(items));
  return tuple;
}

/// What an iterator gave, with its objects read as the type that was predicted.
Value BodyLowering::as_predicted(const Value& item, const Type& to, llvm::BasicBlock* surprise) {
  if (to.never()) {
    b.CreateBr(surprise);
    b.SetInsertPoint(new_block("dead"));
    return poison(to);
  }
  if (item.type.object && (!to.object || to.cls != item.type.cls))
    return unbox(item.parts[0], to, surprise);
  if (!item.type.only(kTuple) || !to.only(kTuple) || item.type.items->size() != to.items->size())
    return item;
  llvm::SmallVector<Value, 4> items = items_of(item);
  std::vector<Type> types;
  for (size_t k = 0; k < items.size(); ++k) {
    items[k] = as_predicted(items[k], (*to.items)[k], surprise);
    types.push_back(items[k].type);
  }
  return with_items(item, Type::with_items(kTuple, std::move(types)), items);
}

Value BodyLowering::lower_iter_next(ValueId v) {
  const ValueId iterator_value = s_.view.args(v)[0];
  const Type& t = s_.types[v];
  if (!s_.types[iterator_value].within(kIterators)) {
    if (use(v, 0).type.object)
      return next_object(v);
    return boxed_instr(v);
  }
  const auto& home = homes_.at(iterator_value);
  const Value it = get(iterator_value);
  llvm::BasicBlock *exhausted = new_block(""), *done = new_block("");
  llvm::SmallVector<llvm::Value*, 8> state;
  const Value item = step_iterator(v, iterator_value, it, state, exhausted);
  for (size_t k = 0; k < state.size(); ++k) b.CreateStore(state[k], home[k]);

  // Objects from lists are checked against the predicted type; a surprise leaves with the item, the step taken.
  llvm::BasicBlock* surprise = new_block("surprise");
  const Value result = own_as(as_predicted(item, t.without(kUnbound), surprise), t);
  llvm::BasicBlock* bound_end = b.GetInsertBlock();
  b.CreateBr(done);
  b.SetInsertPoint(exhausted);
  const Value nothing = widen_to(from_parts(Type::of(kUnbound), {}), t);
  b.CreateBr(done);
  b.SetInsertPoint(done);
  Value r;
  r.type = t;
  for (size_t k = 0; k < nothing.parts.size(); ++k) {
    auto* phi = b.CreatePHI(nothing.parts[k]->getType(), 2);
    phi->addIncoming(result.parts[k], bound_end);
    phi->addIncoming(nothing.parts[k], exhausted);
    r.parts.push_back(phi);
  }
  llvm::BasicBlock* go_on = b.GetInsertBlock();
  b.SetInsertPoint(surprise);
  if (surprise->hasNPredecessors(0)) {
    b.CreateUnreachable();
  } else {
    bool owned = false;
    const SiteRecorder::Silent silent(sites_);
    const BoxesLists boxes(*this, ListBoxing::Final);
    llvm::Value* object = box(item, &owned);
    leave_after(v, object, DeoptReason::Result, owned);
  }
  b.SetInsertPoint(go_on);
  return r;
}

}  // namespace hasten::compile
