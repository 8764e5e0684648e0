#include <bit>

#include "compile/lower/body.h"
#include "compile/types/sample.h"

namespace hasten::compile {

using Place = ModuleContext::Place;

namespace {

/// The tag of a kind in a union: the index of its bit.
unsigned tag_of(Kinds kind) { return static_cast<unsigned>(std::countr_zero(static_cast<unsigned>(kind))); }

}  // namespace

Value BodyLowering::from_parts(const Type& t, llvm::ArrayRef<llvm::Value*> parts) const {
  Value v;
  v.type = t;
  v.parts.assign(parts.begin(), parts.end());
  return v;
}

Value BodyLowering::mistyped(const Value& v, const Type& to) {
  m_.defect = "a value of type " + describe(v.type, m_.unit.sites) + " is used as " + describe(to, m_.unit.sites);
  return poison(to);
}

Value BodyLowering::poison(const Type& t) const {
  Value v;
  v.type = t;
  for (llvm::Type* part : m_.parts_of(t)) v.parts.push_back(llvm::PoisonValue::get(part));
  return v;
}

Value BodyLowering::constant_value(PyObject* object) {
  Value v;
  v.type = type_of_constant(object, m_.unit.sites);
  v.constant = object;
  if (v.type.only(kBool)) {
    v.parts.push_back(b.getInt1(object == Py_True));
  } else if (v.type.only(kInt)) {
    v.parts.push_back(b.getInt64(static_cast<uint64_t>(v.type.interval.low)));
  } else if (v.type.only(kWide)) {
    v.parts.push_back(whole_value(v.type, wide_constant(v.type.wide.low)).parts[0]);
  } else if (v.type.only(kFloat)) {
    v.parts.push_back(llvm::ConstantFP::get(m_.f64, llvm::APFloat(PyFloat_AS_DOUBLE(object))));
  } else if (v.type.only(kComplex)) {
    const Py_complex c = PyComplex_AsCComplex(object);
    v.parts.push_back(llvm::ConstantFP::get(m_.f64, llvm::APFloat(c.real)));
    v.parts.push_back(llvm::ConstantFP::get(m_.f64, llvm::APFloat(c.imag)));
  } else if (v.type.only(kTuple)) {
    for (Py_ssize_t k = 0; k < PyTuple_GET_SIZE(object); ++k) {
      const Value item = constant_value(PyTuple_GET_ITEM(object, k));
      v.parts.append(item.parts.begin(), item.parts.end());
    }
  }
  return v;
}

llvm::SmallVector<Value, 4> BodyLowering::items_of(const Value& v) const {
  llvm::SmallVector<Value, 4> items;
  size_t at = 0;
  for (const Type& item : *v.type.items) {
    const size_t count = m_.parts_of(item).size();
    items.push_back(from_parts(item, llvm::ArrayRef(v.parts).slice(at, count)));
    at += count;
  }
  return items;
}

Value BodyLowering::with_items(const Value& v, const Type& to, llvm::ArrayRef<Value> items) const {
  Value r;
  r.type = to;
  r.constant = v.constant;
  size_t replaced = 0;
  for (const Value& item : items) r.parts.append(item.parts.begin(), item.parts.end());
  for (const Type& item : *v.type.items) replaced += m_.parts_of(item).size();
  r.parts.append(v.parts.begin() + static_cast<ptrdiff_t>(replaced), v.parts.end());
  return r;
}

Value BodyLowering::widen_to(const Value& v, const Type& to) {
  if (to.never() || v.type.never())
    return poison(to);
  if (to.object) {
    if (v.type.only(kUnbound))
      return from_parts(to, {llvm::ConstantPointerNull::get(b.getPtrTy())});
    if (!v.type.object || (to.cls && v.type.cls != to.cls))
      return mistyped(v, to);
    return from_parts(to, v.parts);
  }
  if ((to.kinds & kChar) && v.type.only(kKnown) && char_of(v.type) >= 0)
    return widen_to(from_parts(Type::of(kChar), {b.getInt32(static_cast<uint32_t>(char_of(v.type)))}), to);
  if ((to.kinds & kWide) && (v.type.kinds & (kInt | kWide)) && !v.type.object) {
    if (!v.is_union()) {
      const Value whole = whole_as(v, to.alternative(kWide));
      if (!to.is_union())
        return whole;
      if (!(whole.type == v.type))
        return widen_to(whole, to);
    } else if (v.type.kinds & kInt) {
      return each_alternative(v, to, [](const Value& one) { return one; });
    }
  }
  if (to.only(kInt) && v.type.only(kWide))
    return whole_as(v, to);
  if (v.type.object || (v.type.kinds & ~to.kinds))
    return mistyped(v, to);
  if (!to.is_union()) {
    // The same kind; items of tuples may still widen.
    if (!to.items || to.items == v.type.items) {
      Value r = from_parts(to, v.parts);
      r.constant = v.constant;
      return r;
    }
    llvm::SmallVector<Value, 4> items = items_of(v);
    if (items.size() != to.items->size())
      return mistyped(v, to);
    for (size_t k = 0; k < items.size(); ++k) items[k] = widen_to(items[k], (*to.items)[k]);
    return with_items(v, to, items);
  }
  Value r;
  r.type = to;
  if (v.is_union()) {
    r.parts.push_back(v.parts[0]);
  } else {
    unsigned tag = tag_of(v.type.kinds);
    if (planted_bug(Plant::UnionTag) && v.type.only(kInt) && (to.kinds & kBool))
      tag = tag_of(kBool);
    r.parts.push_back(b.getInt8(static_cast<uint8_t>(tag)));
  }
  for (const Type& one : to.alternatives()) {
    if (v.type.kinds & one.kinds) {
      const Value part = widen_to(narrow_to(v, v.type.alternative(one.kinds)), one);
      r.parts.append(part.parts.begin(), part.parts.end());
    } else {
      // Null, not poison: release() looks at the pointers of all alternatives.
      for (llvm::Type* type : m_.parts_of(one)) r.parts.push_back(llvm::Constant::getNullValue(type));
    }
  }
  return r;
}

Value BodyLowering::narrow_to(const Value& v, const Type& to) {
  if (v.type.object) {
    if (to.object || to.never()) {
      Value r = v;
      r.type = to.never() ? v.type : to;
      return to.never() ? poison(to) : r;
    }
    return from_parts(to, {});  // unbound, or None
  }
  if (to.never())
    return poison(to);
  if (to.only(kWide) && v.type.only(kWide) && to.is_unsigned_wide() && !v.type.is_unsigned_wide()) {
    Value r = from_parts(to, {b.CreateTrunc(v.parts[0], m_.i64)});  // a branch has told
    r.constant = v.constant;
    r.deferred = v.deferred;
    return r;
  }
  if (v.type.kinds == to.kinds) {
    Value r = v;
    const bool same_items = v.type.items == to.items;
    r.type = to;
    if (!same_items)
      r.type.items = v.type.items;
    return r;
  }
  if (!v.is_union() || (to.kinds & ~v.type.kinds))
    return mistyped(v, to);
  Value r;
  r.type = to;
  size_t at = 1;
  if (to.is_union())
    r.parts.push_back(v.parts[0]);
  for (const Type& one : v.type.alternatives()) {
    const size_t count = m_.parts_of(one).size();
    if (to.kinds & one.kinds)
      r.parts.append(v.parts.begin() + static_cast<ptrdiff_t>(at),
                     v.parts.begin() + static_cast<ptrdiff_t>(at + count));
    at += count;
  }
  return r;
}

Value BodyLowering::own_as(const Value& v, const Type& to) {
  if (!must_box(v.type, to)) {
    retain(v);
    return widen_to(v, to);
  }
  if (v.is_union())  // what is not there must not be boxed
    return each_alternative(v, to, [&](const Value& one) { return own_as(one, to); });
  if (to.object)
    return from_parts(to, {box_owned(v)});
  const Type same_kind = to.alternative(v.type.kinds);
  llvm::SmallVector<Value, 4> items = items_of(v);
  if (items.size() != same_kind.items->size())
    return mistyped(v, to);
  for (size_t k = 0; k < items.size(); ++k) items[k] = own_as(items[k], (*same_kind.items)[k]);
  return widen_to(with_items(v, same_kind, items), to);
}

bool BodyLowering::has_references(const Type& t) {
  if (t.object)
    return true;
  if (t.kinds & (kList | kListIter))
    return true;
  if (t.items && (t.kinds & kWithItems)) {
    for (const Type& item : *t.items) {
      if (has_references(item))
        return true;
    }
  }
  return false;
}

void BodyLowering::for_references(const Value& v, const std::function<void(llvm::Value*, bool, bool)>& f) {
  if (!has_references(v.type))
    return;
  if (v.type.object) {
    f(v.parts[0], v.type.may_be_unbound(), false);
    return;
  }
  const auto alternatives = v.type.alternatives();
  const bool tagged = v.is_union();
  size_t at = tagged ? 1 : 0;
  for (const Type& one : alternatives) {
    const size_t count = m_.parts_of(one).size();
    if (one.kinds & (kList | kListIter)) {
      f(v.parts[at], tagged, is_native(one));
    } else if (one.items && has_references(one)) {
      size_t item_at = at;
      for (const Type& item : *one.items) {
        const size_t n = m_.parts_of(item).size();
        // An inactive alternative's pointers are null, whatever the item's type says.
        for_references(from_parts(item, llvm::ArrayRef(v.parts).slice(item_at, n)),
                       [&](llvm::Value* p, bool maybe_null, bool native) { f(p, maybe_null || tagged, native); });
        item_at += n;
      }
    }
    at += count;
  }
}

llvm::Value* BodyLowering::load(llvm::Type* type, llvm::Value* base, uint32_t offset, Place place) {
  llvm::Value* at = offset ? b.CreateConstInBoundsGEP1_64(m_.i8, base, offset) : base;
  auto* loaded = b.CreateLoad(type, at);
  loaded->setMetadata(llvm::LLVMContext::MD_tbaa, m_.alias_tag(place));
  return loaded;
}

void BodyLowering::store(llvm::Value* value, llvm::Value* base, uint32_t offset, Place place) {
  llvm::Value* at = offset ? b.CreateConstInBoundsGEP1_64(m_.i8, base, offset) : base;
  b.CreateStore(value, at)->setMetadata(llvm::LLVMContext::MD_tbaa, m_.alias_tag(place));
}

llvm::Value* BodyLowering::type_is(llvm::Value* object, PyObject* type) {
  return b.CreateICmpEQ(load(m_.ptr, object, m_.layout.type, Place::TypePointer), m_.address(type));
}

void BodyLowering::go_if(llvm::Value* condition, llvm::BasicBlock* unlikely_target) {
  llvm::BasicBlock* next = new_block("");
  b.CreateCondBr(condition, unlikely_target, next, m_.unlikely());
  b.SetInsertPoint(next);
}

void BodyLowering::incref(llvm::Value* object, bool maybe_null) {
  llvm::BasicBlock* done = nullptr;
  if (maybe_null) {
    done = new_block("");
    llvm::BasicBlock* some = new_block("");
    b.CreateCondBr(b.CreateIsNull(object), done, some);
    b.SetInsertPoint(some);
  }
  if (m_.layout.immortal_refcounts) {
    // As Py_INCREF: the low half, left alone when it would wrap to 0 or when its sign is set.
    llvm::Value* count = load(m_.i32, object, m_.layout.refcount, Place::Refcount);
    llvm::Value* next = b.CreateAdd(count, b.getInt32(1));
    store(b.CreateSelect(b.CreateICmpEQ(next, b.getInt32(0)), count, next), object, m_.layout.refcount,
          Place::Refcount);
  } else {
    llvm::Value* count = load(m_.i64, object, m_.layout.refcount, Place::Refcount);
    store(b.CreateAdd(count, b.getInt64(1)), object, m_.layout.refcount, Place::Refcount);
  }
  if (done) {
    b.CreateBr(done);
    b.SetInsertPoint(done);
  }
}

void BodyLowering::decref(llvm::Value* object, bool maybe_null, bool is_native_list) {
  if (is_rare_ && !is_native_list) {  // less code
    b.CreateCall(m_.helper("hj_decref", m_.void_type, {m_.ptr}, ModuleContext::Effects::Any), {object});
    return;
  }
  llvm::BasicBlock* done = new_block("");
  if (maybe_null) {
    llvm::BasicBlock* some = new_block("");
    b.CreateCondBr(b.CreateIsNull(object), done, some);
    b.SetInsertPoint(some);
  }
  if (m_.layout.immortal_refcounts) {
    llvm::BasicBlock* mortal = new_block("");
    llvm::Value* low = load(m_.i32, object, m_.layout.refcount, Place::Refcount);
    b.CreateCondBr(b.CreateICmpSLT(low, b.getInt32(0)), done, mortal);
    b.SetInsertPoint(mortal);
  }
  llvm::Value* count = b.CreateSub(load(m_.i64, object, m_.layout.refcount, Place::Refcount), b.getInt64(1));
  store(count, object, m_.layout.refcount, Place::Refcount);
  llvm::BasicBlock* dead = new_block("");
  b.CreateCondBr(b.CreateICmpEQ(count, b.getInt64(0)), dead, done, m_.unlikely());
  b.SetInsertPoint(dead);
  if (is_native_list)
    call_native("hj_native_free", m_.void_type, {object});
  else
    b.CreateCall(m_.helper("hj_dealloc", m_.void_type, {m_.ptr}, ModuleContext::Effects::Any), {object});
  b.CreateBr(done);
  b.SetInsertPoint(done);
}

llvm::Value* BodyLowering::has_kind(const Value& v, Kinds kind) {
  if (v.type.object) {
    return kind == kUnbound && v.type.may_be_unbound() ? b.CreateIsNull(v.parts[0]) : b.getFalse();
  }
  if (!v.is_union())
    return b.getInt1((v.type.kinds & kind) != 0);
  return b.CreateICmpEQ(v.parts[0], b.getInt8(static_cast<uint8_t>(tag_of(kind))));
}

Value BodyLowering::choose(llvm::Value* condition, const Type& result, const std::function<Value()>& if_true,
                           const std::function<Value()>& if_false, bool false_is_unlikely) {
  llvm::BasicBlock *yes = new_block(""), *no = new_block(""), *done = new_block("");
  if (false_is_unlikely)
    b.CreateCondBr(b.CreateNot(condition), no, yes, m_.unlikely());
  else
    b.CreateCondBr(condition, yes, no);
  b.SetInsertPoint(yes);
  const Value x = widen_to(if_true(), result);
  llvm::BasicBlock* yes_end = b.GetInsertBlock();
  b.CreateBr(done);
  b.SetInsertPoint(no);
  const SiteRecorder::Rare rare(sites_, false_is_unlikely);
  const Value y = widen_to(if_false(), result);
  llvm::BasicBlock* no_end = b.GetInsertBlock();
  b.CreateBr(done);
  b.SetInsertPoint(done);
  Value r;
  r.type = result;
  for (size_t k = 0; k < x.parts.size(); ++k) {
    auto* phi = b.CreatePHI(x.parts[k]->getType(), 2);
    phi->addIncoming(x.parts[k], yes_end);
    phi->addIncoming(y.parts[k], no_end);
    r.parts.push_back(phi);
  }
  return r;
}

Value BodyLowering::each_alternative(const Value& v, const Type& result, const std::function<Value(const Value&)>& f) {
  if (!v.is_union())
    return widen_to(f(v), result);
  const auto alternatives = v.type.alternatives();
  llvm::BasicBlock *done = new_block(""), *nowhere = new_block("dead");
  auto* choice = b.CreateSwitch(v.parts[0], nowhere, static_cast<unsigned>(alternatives.size()));
  llvm::SmallVector<std::pair<llvm::BasicBlock*, Value>, 4> arrivals;
  for (const Type& one : alternatives) {
    llvm::BasicBlock* block = new_block("");
    choice->addCase(b.getInt8(static_cast<uint8_t>(tag_of(one.kinds))), block);
    b.SetInsertPoint(block);
    Value value = widen_to(f(narrow_to(v, one)), result);
    arrivals.emplace_back(b.GetInsertBlock(), std::move(value));
    b.CreateBr(done);
  }
  b.SetInsertPoint(nowhere);
  b.CreateUnreachable();
  b.SetInsertPoint(done);
  Value r;
  r.type = result;
  const auto types = m_.parts_of(result);
  for (size_t k = 0; k < types.size(); ++k) {
    auto* phi = b.CreatePHI(types[k], static_cast<unsigned>(arrivals.size()));
    for (auto& [block, value] : arrivals) phi->addIncoming(value.parts[k], block);
    r.parts.push_back(phi);
  }
  return r;
}

Value BodyLowering::select(llvm::Value* condition, const Value& if_true, const Value& if_false) {
  Value r = from_parts(if_false.type, {});
  for (size_t k = 0; k < if_false.parts.size(); ++k)
    r.parts.push_back(b.CreateSelect(condition, if_true.parts[k], if_false.parts[k]));
  return r;
}

llvm::Value* BodyLowering::as_int(const Value& v) {
  if (v.is_union()) {
    const Type result = Type::of(kInt);
    return each_alternative(v, result, [&](const Value& one) { return from_parts(result, {as_int(one)}); }).parts[0];
  }
  if (v.deferred != mir::kNone || !(v.type.only(kBool) || v.parts[0]->getType() == m_.i64))
    return mistyped(v, Type::of(kInt)).parts[0];
  return v.type.only(kBool) ? b.CreateZExt(v.parts[0], m_.i64) : v.parts[0];
}

llvm::Value* BodyLowering::as_double(const Value& v) {
  if (v.is_union()) {
    const Type result = Type::of(kFloat);
    return each_alternative(v, result, [&](const Value& one) { return from_parts(result, {as_double(one)}); }).parts[0];
  }
  if (v.type.only(kWide)) {
    if (v.deferred == mir::kNone && v.type.is_unsigned_wide())
      return b.CreateUIToFP(v.parts[0], m_.f64);
    return b.CreateCall(m_.helper("hj_wide_to_double", m_.f64, {m_.i128}, ModuleContext::Effects::Pure), {as_wide(v)});
  }
  return v.type.only(kFloat) ? v.parts[0] : b.CreateSIToFP(as_int(v), m_.f64);
}

}  // namespace hasten::compile
