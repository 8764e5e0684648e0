// Objects of unboxed values, and back.
#include "compile/lower/body.h"

namespace hasten::compile {

using Place = ModuleContext::Place;

/// Goes to `fail` if the object, which may be null where the type says so, is not of the class that the type knows.
void BodyLowering::expect_class(llvm::Value* object, const Type& t, llvm::BasicBlock* fail) {
  if (!t.cls)
    return;
  llvm::BasicBlock* done = nullptr;
  if (t.may_be_unbound()) {
    done = new_block("");
    llvm::BasicBlock* some = new_block("");
    b.CreateCondBr(b.CreateIsNull(object), done, some);
    b.SetInsertPoint(some);
  }
  go_if(b.CreateNot(type_is(object, reinterpret_cast<PyObject*>(t.cls))), fail);
  expect_item_code(object, t, fail);
  if (done) {
    b.CreateBr(done);
    b.SetInsertPoint(done);
  }
}

llvm::Value* BodyLowering::box_owned(const Value& v) {
  bool owned = false;
  llvm::Value* object = box(v, &owned);
  if (!owned)
    incref(object);
  return object;
}

llvm::Value* BodyLowering::box(const Value& v, bool* owned) {
  using Effects = ModuleContext::Effects;
  *owned = false;
  if (v.constant)
    return m_.address(v.constant);
  if (v.deferred != mir::kNone) {
    *owned = true;
    return box_deferred(v.deferred);
  }
  if (v.twin)
    return box_by_twin(v);
  if (v.type.object)
    return v.parts[0];
  if (v.type.never() || v.type.only(kUnbound))
    return llvm::ConstantPointerNull::get(b.getPtrTy());
  if (v.is_union()) {
    const Type object = Type::any();
    *owned = true;
    return each_alternative(v, object,
                            [&](const Value& one) {
                              if (one.type.only(kUnbound))
                                return from_parts(object, {llvm::ConstantPointerNull::get(b.getPtrTy())});
                              return from_parts(object, {box_owned(one)});
                            })
        .parts[0];
  }
  switch (v.type.kinds) {
    case kNoneType:
      return m_.address(m_.layout.none_object);
    case kBool:
      return b.CreateSelect(v.parts[0], m_.address(m_.layout.true_object), m_.address(m_.layout.false_object));
    case kList:
      if (is_native(v.type)) {
        if (list_boxing_ == ListBoxing::Never)
          m_.defect = "a list that native code keeps for itself is wanted as an object";
        *owned = true;
        return call_native(list_boxing_ == ListBoxing::Copy ? "hj_native_copy" : "hj_native_object", m_.ptr,
                           {v.parts[0]});
      }
      return v.parts[0];
    case kKnown:
      return m_.address(v.type.known);
    default:
      break;
  }
  *owned = true;
  switch (v.type.kinds) {
    case kInt: {
      if (auto* constant = llvm::dyn_cast<llvm::ConstantInt>(v.parts[0])) {
        const int64_t value = constant->getSExtValue();
        if (value >= m_.layout.small_int_min && value <= m_.layout.small_int_max && m_.layout.small_int_stride) {
          *owned = false;
          return m_.address(reinterpret_cast<char*>(m_.layout.small_ints) +
                            (value - m_.layout.small_int_min) * m_.layout.small_int_stride);
        }
      }
      if (!m_.layout.small_int_stride || unboxes_out_of_line_)
        return b.CreateCall(m_.helper("hj_box_int", m_.ptr, {m_.i64}, Effects::Allocates), {v.parts[0]});
      // The small ones are there already.
      const auto count = static_cast<uint64_t>(m_.layout.small_int_max - m_.layout.small_int_min + 1);
      llvm::Value* at = b.CreateSub(v.parts[0], b.getInt64(static_cast<uint64_t>(int64_t{m_.layout.small_int_min})));
      llvm::BasicBlock *small = new_block(""), *other = new_block(""), *done = new_block("");
      b.CreateCondBr(b.CreateICmpULT(at, b.getInt64(count)), small, other);
      b.SetInsertPoint(small);
      llvm::Value* known = b.CreateInBoundsGEP(m_.i8, m_.address(m_.layout.small_ints),
                                               b.CreateMul(at, b.getInt64(m_.layout.small_int_stride)));
      incref(known);
      llvm::BasicBlock* small_end = b.GetInsertBlock();
      b.CreateBr(done);
      b.SetInsertPoint(other);
      llvm::Value* made = b.CreateCall(m_.helper("hj_box_int", m_.ptr, {m_.i64}, Effects::Allocates), {v.parts[0]});
      b.CreateBr(done);
      b.SetInsertPoint(done);
      auto* phi = b.CreatePHI(m_.ptr, 2);
      phi->addIncoming(known, small_end);
      phi->addIncoming(made, other);
      return phi;
    }
    case kWide:
      return box_wide(v);
    case kFloat:
      return b.CreateCall(m_.helper("hj_box_float", m_.ptr, {m_.f64}, Effects::Allocates), {v.parts[0]});
    case kComplex:
      return b.CreateCall(m_.helper("hj_box_complex", m_.ptr, {m_.f64, m_.f64}, Effects::Allocates),
                          {v.parts[0], v.parts[1]});
    case kRange:
      return b.CreateCall(m_.helper("hj_box_range", m_.ptr, {m_.i64, m_.i64, m_.i64}, Effects::Any),
                          {v.parts[0], v.parts[1], v.parts[2]});
    case kRangeIter:
      return b.CreateCall(m_.helper("hj_box_range_iter", m_.ptr, {m_.i64, m_.i64, m_.i64}, Effects::Any),
                          {v.parts[0], v.parts[1], v.parts[2]});
    case kListIter:
    case kReversed: {
      const bool backwards = v.type.only(kReversed);
      bool is_new = false;
      llvm::Value* walked = v.parts[0];
      Type list = backwards ? v.type.items->front() : v.type;
      if (is_native(list)) {
        list.kinds = kList;
        walked = box(from_parts(list, {walked}), &is_new);
      }
      llvm::Value* iterator = b.CreateCall(
          m_.helper(backwards ? "hj_box_reversed" : "hj_box_list_iter", m_.ptr, {m_.ptr, m_.i64}, Effects::Any),
          {walked, v.parts[1]});
      if (is_new)
        decref(walked);
      *owned = true;
      return iterator;
    }
    case kMethod: {
      if (v.type.is_loaded_method())
        return b.CreateCall(m_.helper("hj_bind_method", m_.ptr, {m_.ptr, m_.ptr}, Effects::Any),
                            {v.parts[0], v.parts[1]});
      llvm::SmallVector<llvm::Value*, 1> temporaries;
      llvm::Value* receiver = boxed_operand(items_of(v)[0], temporaries);
      llvm::Value* is_called = b.getInt32(v.type.items->front().only(kList) ? 0 : 1);  // of a list `append` may be seen
      llvm::Value* bound = b.CreateCall(m_.helper("hj_method_object", m_.ptr, {m_.ptr, m_.ptr, m_.i32}, Effects::Any),
                                        {receiver, m_.address(v.type.known), is_called});
      for (llvm::Value* temporary : temporaries) decref(temporary, true);
      return bound;
    }
    case kChar:
      return box_char(v.parts[0], owned);
    default:
      break;
  }
  // The rest is made of items: a tuple, or an iterator over several.
  llvm::SmallVector<llvm::Value*, 8> items;
  llvm::SmallVector<std::pair<llvm::Value*, bool>, 8> boxed;
  size_t at = 0;
  for (const Type& item : *v.type.items) {
    const size_t count = m_.parts_of(item).size();
    bool item_owned = false;
    llvm::Value* object = box(from_parts(item, llvm::ArrayRef(v.parts).slice(at, count)), &item_owned);
    at += count;
    items.push_back(object);
    boxed.emplace_back(object, item_owned);
  }
  const char* helper = v.type.only(kTuple)       ? "hj_box_tuple"
                       : v.type.only(kZip)       ? "hj_box_zip"
                       : v.type.only(kEnumerate) ? "hj_box_enumerate"
                       : v.type.only(kSlice)     ? "hj_box_slice"
                                                 : "hj_box_tuple_iter";
  llvm::Value* extra = v.type.within(kEnumerate | kTupleIter) ? v.parts.back() : b.getInt64(0);
  llvm::Value* result = b.CreateCall(m_.helper(helper, m_.ptr, {m_.ptr, m_.i64, m_.i64}, Effects::Any),
                                     {array_of(items), b.getInt64(items.size()), extra});
  for (auto& [object, item_owned] : boxed) {
    if (item_owned)
      decref(object, true);
  }
  return result;
}

Value BodyLowering::unbox(llvm::Value* object, const Type& t, llvm::BasicBlock* fail) {
  const runtime::ObjectLayout& l = m_.layout;
  if (t.object) {
    expect_class(object, t, fail);
    return from_parts(t, {object});
  }
  if (t.never()) {
    b.CreateBr(fail);
    b.SetInsertPoint(new_block("dead"));
    return poison(t);
  }
  if (t.is_union()) {
    llvm::BasicBlock* done = new_block("");
    llvm::SmallVector<std::pair<llvm::BasicBlock*, Value>, 4> arrivals;
    for (const Type& one : t.alternatives()) {
      if (one.only(kUnbound))
        continue;
      llvm::BasicBlock* next = new_block("");
      const Value value = widen_to(unbox(object, one, next), t);
      arrivals.emplace_back(b.GetInsertBlock(), value);
      b.CreateBr(done);
      b.SetInsertPoint(next);
    }
    b.CreateBr(fail);
    b.SetInsertPoint(done);
    Value r;
    r.type = t;
    const auto types = m_.parts_of(t);
    for (size_t k = 0; k < types.size(); ++k) {
      auto* phi = b.CreatePHI(types[k], static_cast<unsigned>(arrivals.size()));
      for (auto& [block, value] : arrivals) phi->addIncoming(value.parts[k], block);
      r.parts.push_back(phi);
    }
    return r;
  }
  const auto expect = [&](llvm::Value* holds) { go_if(b.CreateNot(holds), fail); };
  switch (t.kinds) {
    case kNoneType:
      expect(b.CreateICmpEQ(object, m_.address(l.none_object)));
      return from_parts(t, {});
    case kKnown:
      expect(b.CreateICmpEQ(object, m_.address(t.known)));
      return from_parts(t, {});
    case kBool: {
      llvm::Value* is_true = b.CreateICmpEQ(object, m_.address(l.true_object));
      expect(b.CreateOr(is_true, b.CreateICmpEQ(object, m_.address(l.false_object))));
      return from_parts(t, {is_true});
    }
    case kChar:
      return unbox_char(object, fail);
    case kWide:
      return unbox_wide(object, t, fail);
    case kFloat:
      if (planted_bug(Plant::SubclassAsExact))
        expect(b.CreateOr(type_is(object, l.float_type),
                          b.CreateICmpEQ(load(m_.ptr, load(m_.ptr, object, l.type, Place::TypePointer),
                                              offsetof(PyTypeObject, tp_base), Place::TypePointer),
                                         m_.address(l.float_type))));
      else
        expect(type_is(object, l.float_type));
      return from_parts(t, {load(m_.f64, object, l.float_value, Place::Number)});
    case kComplex:
      expect(type_is(object, l.complex_type));
      return from_parts(t, {load(m_.f64, object, l.complex_real, Place::Number),
                            load(m_.f64, object, l.complex_imag, Place::Number)});
    case kList:
      if (is_native(t))
        m_.defect = "an object is read as a list that native code keeps for itself";
      expect(type_is(object, l.list_type));
      return from_parts(t, {object});
    case kInt: {
      if (unboxes_out_of_line_) {
        llvm::Value* checked = b.CreateCall(
            m_.helper("hj_unbox_int", llvm::StructType::get(m_.i64, m_.i64), {m_.ptr}, ModuleContext::Effects::Any),
            {object});
        expect(b.CreateICmpNE(b.CreateExtractValue(checked, 1), b.getInt64(0)));
        return from_parts(t, {b.CreateExtractValue(checked, 0)});
      }
      expect(type_is(object, l.long_type));
      llvm::BasicBlock *small = new_block(""), *big = new_block(""), *done = new_block("");
      llvm::Value* header = load(m_.i64, object, l.long_size_or_tag, Place::Number);
      llvm::Value *is_small, *sign;
      if (l.long_is_tagged) {
        is_small = b.CreateICmpULT(header, b.getInt64(16));
        sign = b.CreateSub(b.getInt64(1), b.CreateAnd(header, b.getInt64(3)));
      } else {
        is_small = b.CreateICmpULE(b.CreateAdd(header, b.getInt64(1)), b.getInt64(2));
        sign = header;
      }
      b.CreateCondBr(is_small, small, big);
      b.SetInsertPoint(small);
      llvm::Value* digit = b.CreateZExt(load(m_.i32, object, l.long_digits, Place::Number), m_.i64);
      llvm::Value* near_value = b.CreateNSWMul(sign, digit);
      llvm::BasicBlock* small_end = b.GetInsertBlock();
      b.CreateBr(done);
      b.SetInsertPoint(big);
      // More than one digit (30 bits): out of line.
      llvm::Value* both = b.CreateCall(
          m_.helper("hj_unbox_int", llvm::StructType::get(m_.i64, m_.i64), {m_.ptr}, ModuleContext::Effects::Any),
          {object});
      go_if(b.CreateICmpEQ(b.CreateExtractValue(both, 1), b.getInt64(0)), fail);
      llvm::Value* far_value = b.CreateExtractValue(both, 0);
      llvm::BasicBlock* big_end = b.GetInsertBlock();
      b.CreateBr(done);
      b.SetInsertPoint(done);
      auto* phi = b.CreatePHI(m_.i64, 2);
      phi->addIncoming(near_value, small_end);
      phi->addIncoming(far_value, big_end);
      return from_parts(t, {phi});
    }
    case kTuple: {
      expect(type_is(object, l.tuple_type));
      expect(b.CreateICmpEQ(load(m_.i64, object, l.var_size, Place::Size), b.getInt64(t.items->size())));
      Value r;
      r.type = t;
      for (size_t k = 0; k < t.items->size(); ++k) {
        llvm::Value* item = load(m_.ptr, object, l.tuple_items + static_cast<uint32_t>(8 * k), Place::Item);
        const Value one = unbox(item, (*t.items)[k], fail);
        r.parts.append(one.parts.begin(), one.parts.end());
      }
      return r;
    }
    case kRangeIter:
    case kReversed:
    case kListIter: {  // only at an entry in mid-loop: the iterator object is read through a helper
      const bool range = t.only(kRangeIter);
      llvm::Value* out =
          array_of({llvm::ConstantPointerNull::get(b.getPtrTy()), llvm::ConstantPointerNull::get(b.getPtrTy()),
                    llvm::ConstantPointerNull::get(b.getPtrTy())});
      const bool backwards = t.only(kReversed);
      PyTypeObject* const cls = backwards ? t.items->front().cls : t.cls;
      const auto* walked = reinterpret_cast<PyObject*>(cls ? cls : &PyList_Type);
      llvm::Value* ok =
          range ? b.CreateCall(m_.helper("hj_unbox_range_iter", m_.i32, {m_.ptr, m_.ptr}, ModuleContext::Effects::Any),
                               {object, out})
                : b.CreateCall(m_.helper("hj_unbox_list_iter", m_.i32, {m_.ptr, m_.ptr, m_.i32, m_.ptr},
                                         ModuleContext::Effects::Any),
                               {object, m_.address(walked), b.getInt32(backwards), out});
      expect(b.CreateICmpNE(ok, b.getInt32(0)));
      Value r;
      r.type = t;
      const auto types = m_.parts_of(t);
      for (size_t k = 0; k < types.size(); ++k) {
        r.parts.push_back(b.CreateLoad(types[k], b.CreateConstInBoundsGEP1_64(m_.i64, out, k)));
      }
      if (!range)
        expect_item_code(r.parts[0], t, fail);
      return r;
    }
    default:
      b.CreateBr(fail);
      b.SetInsertPoint(new_block("dead"));
      return poison(t);
  }
}

}  // namespace hasten::compile
