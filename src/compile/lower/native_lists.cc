// Lists that native code keeps for itself (compile/types/native_lists.h): items side by side, without objects.
#include <algorithm>
#include <set>
#include <string_view>

#include <llvm/IR/InstIterator.h>
#include <llvm/IR/IntrinsicInst.h>
#include <llvm/IR/MDBuilder.h>

#include "compile/lower/body.h"
#include "compile/types/native_lists.h"
#include "runtime/native_list.h"

namespace hasten::compile {

using Effects = ModuleContext::Effects;
using Place = ModuleContext::Place;
using mir::BinaryOp;
using mir::CompareOp;
using mir::ValueId;
using runtime::DeoptReason;

namespace {

constexpr uint64_t kWord = 8;

/// A word of an item is always of one kind.
Place place_of(const llvm::Type* part) {
  return part->isPointerTy() ? Place::ListRow : part->isDoubleTy() ? Place::ListFloat : Place::ListInt;
}

}  // namespace

bool BodyLowering::is_native(const Type& t) const { return is_native_list(t, m_.unit.sites); }

bool BodyLowering::has_native_operand(ValueId v) const {
  const auto args = s_.view.args(v);
  return std::any_of(args.begin(), args.end(),
                     [&](ValueId arg) { return holds_native_list(s_.types[arg], m_.unit.sites); });
}

const Type& BodyLowering::item_of(const Type& list) { return m_.unit.sites.element(list.site); }

uint64_t BodyLowering::item_bytes(const Type& item) const {
  return item.only(kBool) ? 1 : std::max<uint64_t>(m_.parts_of(item).size(), 1) * kWord;
}

llvm::Value* BodyLowering::native_size(llvm::Value* list) {
  return bounded_size(load(m_.i64, list, m_.layout.var_size, Place::ListSize));
}
llvm::Value* BodyLowering::native_items(llvm::Value* list) {
  return load(m_.ptr, list, m_.layout.list_items, Place::ListItems);
}

llvm::Value* BodyLowering::item_place(const Type& item, llvm::Value* items, llvm::Value* index) {
  return b.CreateInBoundsGEP(llvm::ArrayType::get(m_.i8, item_bytes(item)), items, index);
}

/// Tells LLVM that the pointer is one to a list, whose head it may read before it is asked to.
void BodyLowering::is_there(llvm::LoadInst* list) {
  const auto number = [&](uint64_t n) {
    return llvm::MDNode::get(m_.context, {llvm::ConstantAsMetadata::get(b.getInt64(n))});
  };
  list->setMetadata(llvm::LLVMContext::MD_nonnull, llvm::MDNode::get(m_.context, {}));
  list->setMetadata(llvm::LLVMContext::MD_align, number(alignof(runtime::NativeList)));
  list->setMetadata(llvm::LLVMContext::MD_dereferenceable, number(sizeof(runtime::NativeList)));
}

/// What lies at `place`, borrowed.
Value BodyLowering::load_item(const Type& item, llvm::Value* place) {
  if (item.never())
    return poison(item);
  Value r = from_parts(item, {});
  for (llvm::Type* part : m_.parts_of(item)) {
    const auto offset = static_cast<uint32_t>(r.parts.size() * kWord);
    if (part->isIntegerTy(1))
      r.parts.push_back(b.CreateTrunc(load(m_.i8, place, offset, Place::ListInt), m_.i1));
    else
      r.parts.push_back(load(part, place, offset, place_of(part)));
    if (item.only(kList))
      is_there(llvm::cast<llvm::LoadInst>(r.parts.back()));
  }
  return r;
}

/// `value`, of the items' type, whose references the list takes over.
void BodyLowering::store_item(const Value& value, llvm::Value* place) {
  const bool is_byte = value.type.only(kBool);
  for (size_t k = 0; k < value.parts.size(); ++k) {
    llvm::Value* part = value.parts[k];
    if (part->getType()->isIntegerTy() && !part->getType()->isIntegerTy(64))
      part = b.CreateZExt(part, is_byte ? m_.i8 : m_.i64);
    store(part, place, static_cast<uint32_t>(k * kWord), place_of(part->getType()));
  }
}

/// A function for native lists: it runs nobody's code.
llvm::Value* BodyLowering::call_native(const char* name, llvm::Type* result, llvm::ArrayRef<llvm::Value*> args) {
  llvm::SmallVector<llvm::Type*, 4> types;
  for (llvm::Value* arg : args) types.push_back(arg->getType());
  return b.CreateCall(m_.helper(name, result, types, Effects::Own), args);
}

/// The same, of one that makes a list. LLVM may read what is in its head before it is asked to, once it is there.
llvm::Value* BodyLowering::call_maker(const char* name, llvm::ArrayRef<llvm::Value*> args) {
  auto* made = llvm::cast<llvm::CallInst>(call_native(name, m_.ptr, args));
  made->addRetAttr(llvm::Attribute::NonNull);
  made->addRetAttr(llvm::Attribute::getWithAlignment(m_.context, llvm::Align(alignof(runtime::NativeList))));
  made->addRetAttr(llvm::Attribute::getWithDereferenceableBytes(m_.context, sizeof(runtime::NativeList)));
  return made;
}

/// A new list, or what is none: MemoryError is set.
llvm::Value* BodyLowering::made_native(ValueId v, llvm::Value* list) {
  go_if(b.CreateICmpSLT(native_size(list), b.getInt64(0)), traced_raise(v));
  return list;
}

llvm::Value* BodyLowering::new_native_list(ValueId v, const Type& list, llvm::Value* size) {
  const auto shape = item_shape(item_of(list), m_.unit.sites);
  if (!shape)
    m_.defect = "a native list of items that have no shape";
  return made_native(v, call_maker("hj_native_list", {size, b.getInt64(shape.value_or(0))}));
}

bool BodyLowering::have_one_shape(const Type& a, const Type& c) {
  return item_shape(item_of(a), m_.unit.sites) == item_shape(item_of(c), m_.unit.sites);
}

/// body(k) for k from 0 up to `count`.
void BodyLowering::repeat(llvm::Value* count, const std::function<void(llvm::Value*)>& body) {
  llvm::BasicBlock *before = b.GetInsertBlock(), *head = new_block(""), *inside = new_block(""), *done = new_block("");
  b.CreateBr(head);
  b.SetInsertPoint(head);
  auto* k = b.CreatePHI(m_.i64, 2);
  k->addIncoming(b.getInt64(0), before);
  b.CreateCondBr(b.CreateICmpSLT(k, count), inside, done);
  b.SetInsertPoint(inside);
  body(k);
  k->addIncoming(b.CreateAdd(k, b.getInt64(1)), b.GetInsertBlock());
  b.CreateBr(head);
  b.SetInsertPoint(done);
}

/// Writes `count` items of a list of type `from`, beginning at `first`, to a list of type `to`, whose items are of a wider type.
void BodyLowering::copy_items(const Type& from, llvm::Value* from_items, llvm::Value* first, llvm::Value* count,
                              const Type& to, llvm::Value* to_items, llvm::Value* at) {
  const Type source = item_of(from), target = item_of(to);
  if (source.never())
    return;  // there are none
  repeat(count, [&](llvm::Value* k) {
    const Value item = load_item(source, item_place(source, from_items, b.CreateAdd(first, k)));
    store_item(own_as(item, target), item_place(target, to_items, b.CreateAdd(at, k)));
  });
}

/// The items from `low` up to `high`, in a new list of type `to`.
llvm::Value* BodyLowering::native_part(ValueId v, const Value& list, llvm::Value* low, llvm::Value* high,
                                       const Type& to) {
  if (have_one_shape(list.type, to))
    return made_native(v, call_maker("hj_native_slice", {list.parts[0], low, high}));
  llvm::Value* count = b.CreateSub(high, low);
  llvm::Value* made = new_native_list(v, to, count);
  copy_items(list.type, native_items(list.parts[0]), low, count, to, native_items(made), b.getInt64(0));
  return made;
}

Value BodyLowering::native_build(ValueId v, llvm::ArrayRef<Value> items) {
  const Type& t = s_.types[v];
  const Type item = item_of(t);
  llvm::Value* list = new_native_list(v, t, b.getInt64(items.size()));
  if (!items.empty()) {
    llvm::Value* place = native_items(list);
    for (size_t k = 0; k < items.size(); ++k)
      store_item(own_as(items[k], item), item_place(item, place, b.getInt64(k)));
  }
  return from_parts(t, {list});
}

Value BodyLowering::native_get_item(ValueId v, const Value& list, const Value& key) {
  const Type& t = s_.types[v];
  if (key.type.only(kSlice) && is_backwards(key.type))
    return native_backwards(v, list, native_size(list.parts[0]));
  if (key.type.only(kSlice)) {
    llvm::Value *low = nullptr, *high = nullptr;
    if (!slice_bounds(key, native_size(list.parts[0]), &low, &high))
      return mistyped(list, t);
    return from_parts(t, {native_part(v, list, low, high, t)});
  }
  const Type item = item_of(list.type);
  llvm::Value* index = checked_index_in(v, native_size(list.parts[0]), key);
  if (item.never() || t.never())
    return leaves(v, DeoptReason::Generic);
  const Value value = load_item(item, item_place(item, native_items(list.parts[0]), index));
  return t.only(kList) && !owns(v) ? widen_to(value, t) : own_as(value, t);
}

void BodyLowering::native_set_item(ValueId v, const Value& list, const Value& key, const Value& value) {
  const Type item = item_of(list.type);
  llvm::Value* index = checked_index_in(v, native_size(list.parts[0]), key);
  llvm::Value* place = item_place(item, native_items(list.parts[0]), index);
  const Value next = own_as(value, item);
  const Value old = has_references(item) ? load_item(item, place) : Value{};
  store_item(next, place);
  if (has_references(item))
    release(old);
}

void BodyLowering::native_delete_item(ValueId v, const Value& list, const Value& key) {
  const Type item = item_of(list.type);
  llvm::Value* index = checked_index_in(v, native_size(list.parts[0]), key);
  if (has_references(item))
    release(load_item(item, item_place(item, native_items(list.parts[0]), index)));
  call_native("hj_native_close", m_.void_type, {list.parts[0], index});
}

/// Room for `more` items.
void BodyLowering::native_grow(ValueId v, llvm::Value* list, llvm::Value* more) {
  llvm::Value* status = call_native("hj_native_grow", m_.i32, {list, more});
  go_if(b.CreateICmpSLT(status, b.getInt32(0)), traced_raise(v));
}

void BodyLowering::native_append(ValueId v, const Value& list, const Value& value) {
  const Type item = item_of(list.type);
  llvm::Value* self = list.parts[0];
  llvm::Value* size = native_size(self);
  llvm::BasicBlock *grow = new_block(""), *room = new_block("");
  llvm::Value* allocated = load(m_.i64, self, m_.layout.list_items + 8, Place::ListSize);
  llvm::Value* has_room =
      planted_bug(Plant::NativeAppendCapacity) ? b.CreateICmpSLE(size, allocated) : b.CreateICmpSLT(size, allocated);
  b.CreateCondBr(has_room, room, grow, llvm::MDBuilder(m_.context).createBranchWeights(2000, 1));
  b.SetInsertPoint(grow);
  native_grow(v, self, b.getInt64(1));
  b.CreateBr(room);
  b.SetInsertPoint(room);
  store_item(own_as(value, item), item_place(item, native_items(self), size));
  store(b.CreateAdd(size, b.getInt64(1)), self, m_.layout.var_size, Place::ListSize);
}

void BodyLowering::native_extend(ValueId v, const Value& list, const Value& by) {
  if (have_one_shape(list.type, by.type)) {
    llvm::Value* status = call_native("hj_native_extend", m_.i32, {list.parts[0], by.parts[0]});
    go_if(b.CreateICmpSLT(status, b.getInt32(0)), traced_raise(v));
    return;
  }
  llvm::Value *self = list.parts[0], *size = native_size(self), *count = native_size(by.parts[0]);
  native_grow(v, self, count);
  copy_items(by.type, native_items(by.parts[0]), b.getInt64(0), count, list.type, native_items(self), size);
  store(b.CreateAdd(size, count), self, m_.layout.var_size, Place::ListSize);
}

/// `+`, `+=` and `*`; nothing if the operands are no native lists.
std::optional<Value> BodyLowering::native_binary(ValueId v, BinaryOp op, const Value& a, const Value& c) {
  const Type& t = s_.types[v];
  if (!t.only(kList) || !is_native(t))
    return {};
  if (op == BinaryOp::Add && instr(v).op == mir::Op::Inplace) {
    native_extend(v, a, c);
    return own_as(a, t);
  }
  if (op == BinaryOp::Add) {
    if (have_one_shape(a.type, t) && have_one_shape(c.type, t))
      return from_parts(t, {made_native(v, call_maker("hj_native_concat", {a.parts[0], c.parts[0]}))});
    llvm::Value *first = native_size(a.parts[0]), *second = native_size(c.parts[0]);
    llvm::Value* made = new_native_list(v, t, b.CreateAdd(first, second));
    llvm::Value* items = native_items(made);
    copy_items(a.type, native_items(a.parts[0]), b.getInt64(0), first, t, items, b.getInt64(0));
    copy_items(c.type, native_items(c.parts[0]), b.getInt64(0), second, t, items, first);
    return from_parts(t, {made});
  }
  const Value &list = a.type.only(kList) ? a : c, &count = a.type.only(kList) ? c : a;
  if (have_one_shape(list.type, t))
    return from_parts(t, {made_native(v, call_maker("hj_native_repeat", {list.parts[0], as_int(count)}))});
  llvm::Value* wide = native_part(v, list, b.getInt64(0), native_size(list.parts[0]), t);
  llvm::Value* made = call_maker("hj_native_repeat", {wide, as_int(count)});
  decref(wide, false, true);
  return from_parts(t, {made_native(v, made)});
}

Value BodyLowering::native_unpack(ValueId v, const Value& list) {
  const Type& t = s_.types[v];
  const Type item = item_of(list.type);
  go_if(b.CreateICmpNE(native_size(list.parts[0]), b.getInt64(instr(v).aux)), fails_at(v));
  Value tuple = from_parts(t, {});
  for (uint32_t k = 0; k < instr(v).aux; ++k) {
    const Value value = load_item(item, item_place(item, native_items(list.parts[0]), b.getInt64(k)));
    const Value one = own_as(value, (*t.items)[k]);
    tuple.parts.append(one.parts.begin(), one.parts.end());
  }
  return tuple;
}

/// What `place` held and the list holds no more, as the result of v.
Value BodyLowering::taken_item(ValueId v, const Type& item, llvm::Value* place) {
  const Value value = load_item(item, place);
  return has_references(item) ? widen_to(value, s_.types[v]) : own_as(value, s_.types[v]);
}

Value BodyLowering::native_method(ValueId v, PyObject* method, const Value& list, llvm::ArrayRef<Value> args) {
  const char* text = PyUnicode_AsUTF8(method);
  const std::string_view name = text ? text : "";
  const Type& t = s_.types[v];
  const Type item = item_of(list.type);
  llvm::Value *self = list.parts[0], *zero = b.getInt64(0);
  const Value nothing = from_parts(Type::of(kNoneType), {});
  if (name == "append")
    return native_append(v, list, args[0]), nothing;
  if (name == "extend")
    return native_extend(v, list, args[0]), nothing;
  if (name == "copy")
    return from_parts(t, {native_part(v, list, zero, native_size(self), t)});
  if (name == "reverse" || name == "clear") {
    call_native(name == "clear" ? "hj_native_clear" : "hj_native_reverse", m_.void_type, {self});
    return nothing;
  }
  if (name == "sort") {
    llvm::Value* done = call_native("hj_native_sort", m_.i32, {self});
    go_if(b.CreateICmpEQ(done, b.getInt32(0)), leave_before(v, DeoptReason::Generic));
    return nothing;
  }
  if (name == "pop") {
    llvm::Value* size = native_size(self);
    if (args.empty()) {
      go_if(b.CreateICmpEQ(size, zero), fails_at(v));
      if (item.never())
        return leaves(v, DeoptReason::Generic);
      llvm::Value* last = b.CreateSub(size, b.getInt64(1));
      store(last, self, m_.layout.var_size, Place::ListSize);
      return taken_item(v, item, item_place(item, native_items(self), last));
    }
    llvm::Value* index = checked_index_in(v, size, args[0]);
    if (item.never())
      return leaves(v, DeoptReason::Generic);
    const Value taken = taken_item(v, item, item_place(item, native_items(self), index));
    call_native("hj_native_close", m_.void_type, {self, index});
    return taken;
  }
  if (name == "insert") {
    llvm::Value *size = native_size(self), *index = as_int(args[0]);
    llvm::Value* end = planted_bug(Plant::NativeInsertNegative) ? b.CreateAdd(size, b.getInt64(1)) : size;
    index = b.CreateSelect(b.CreateICmpSLT(index, zero), b.CreateAdd(index, end), index);
    index = b.CreateSelect(b.CreateICmpSLT(index, zero), zero, index);
    index = b.CreateSelect(b.CreateICmpSGT(index, size), size, index);
    llvm::Value* place = call_native("hj_native_open", m_.ptr, {self, index});
    go_if(b.CreateIsNull(place), traced_raise(v));
    store_item(own_as(args[1], item), place);
    return nothing;
  }
  if (name == "count")
    return from_parts(Type::integer(0, int64_t{1} << 60),
                      {call_native("hj_native_count", m_.i64, {self, as_int(args[0])})});
  if (name == "index") {
    llvm::Value* at = call_native("hj_native_find", m_.i64, {self, as_int(args[0])});
    go_if(b.CreateICmpSLT(at, zero), fails_at(v));
    return from_parts(Type::integer(0, int64_t{1} << 60), {at});
  }
  return mistyped(list, t);
}

/// sum, min and max of a native list of numbers; list() of one.
Value BodyLowering::native_call_of_list(ValueId v, Known known, const Value& list) {
  const Type& t = s_.types[v];
  const Type item = item_of(list.type);
  llvm::Value* self = list.parts[0];
  if (known == Known::List)
    return from_parts(t, {native_part(v, list, b.getInt64(0), native_size(self), t)});
  llvm::Value* is_empty = b.CreateICmpEQ(native_size(self), b.getInt64(0));
  if (known == Known::Sum && item.only(kFloat)) {
    go_if(is_empty, leave_before(v, DeoptReason::Generic));  // the int 0
    return own_as(from_parts(Type::of(kFloat), {call_native("hj_native_sum_floats", m_.f64, {self})}), t);
  }
  if (known == Known::Sum) {
    llvm::Value* sum = call_native("hj_native_sum", llvm::StructType::get(m_.i64, m_.i64), {self});
    go_if(b.CreateICmpEQ(b.CreateExtractValue(sum, 1), b.getInt64(0)), leave_before(v, DeoptReason::Generic));
    return own_as(from_parts(Type::of(kInt), {b.CreateExtractValue(sum, 0)}), t);
  }
  go_if(is_empty, fails_at(v));
  llvm::Value* index = call_native("hj_native_extreme", m_.i64, {self, b.getInt32(known == Known::Min)});
  return own_as(load_item(item, item_place(item, native_items(self), index)), t);
}

/// The first `count` items, the last of them first.
Value BodyLowering::native_backwards(ValueId v, const Value& list, llvm::Value* count) {
  llvm::Value* made = native_part(v, list, b.getInt64(0), count, s_.types[v]);
  call_native("hj_native_reverse", m_.void_type, {made});
  return from_parts(s_.types[v], {made});
}

/// list(reversed(list)). The list may be another length since reversed() was called.
Value BodyLowering::native_reversed(ValueId v, const Value& iterator) {
  Type walked = iterator.type.items->front();
  walked.kinds = kList;
  llvm::Value *list = iterator.parts[0], *index = iterator.parts[1];
  llvm::Value* is_there = b.CreateICmpULT(index, native_size(list));
  llvm::Value* count = b.CreateSelect(is_there, b.CreateAdd(index, b.getInt64(1)), b.getInt64(0));
  return native_backwards(v, from_parts(walked, {list}), count);
}

/// list(range(...))
Value BodyLowering::native_range(ValueId v, const Value& range) {
  const Type& t = s_.types[v];
  const Value walk = make_iterator(v, range, Type::of(kRangeIter));
  llvm::Value* made = made_native(v, call_maker("hj_native_range", {walk.parts[0], walk.parts[1], walk.parts[2]}));
  if (item_of(t).only(kInt))
    return from_parts(t, {made});
  llvm::Value* size = native_size(made);
  llvm::Value* wide = new_native_list(v, t, size);
  const Type source = Type::of(kInt), target = item_of(t);
  repeat(size, [&](llvm::Value* k) {
    store_item(own_as(load_item(source, item_place(source, native_items(made), k)), target),
               item_place(target, native_items(wide), k));
  });
  decref(made, false, true);
  return from_parts(t, {wide});
}

void ModuleContext::separate_native_lists() {
  llvm::MDBuilder metadata(context);
  llvm::MDNode* scope = metadata.createAnonymousAliasScope(metadata.createAnonymousAliasScopeDomain("native lists"));
  llvm::MDNode* scopes = llvm::MDNode::get(context, {scope});
  std::set<const llvm::MDNode*> tags;
  for (Place place : {Place::ListSize, Place::ListItems, Place::ListInt, Place::ListFloat, Place::ListRow})
    tags.insert(alias_tag(place));
  for (llvm::Function& function : module) {
    for (llvm::Instruction& instr : llvm::instructions(function)) {
      if (tags.contains(instr.getMetadata(llvm::LLVMContext::MD_tbaa)))
        instr.setMetadata(llvm::LLVMContext::MD_alias_scope, scopes);
      const auto* call = llvm::dyn_cast<llvm::CallBase>(&instr);
      const llvm::Function* callee = call ? call->getCalledFunction() : nullptr;
      if (!call || (callee && !callee->isDeclaration()) || llvm::isa<llvm::IntrinsicInst>(instr))
        continue;
      const llvm::StringRef name = callee ? callee->getName() : "";
      if (name != "hj_leave" && !name.starts_with("hj_native_"))
        instr.setMetadata(llvm::LLVMContext::MD_noalias, scopes);
    }
  }
}

}  // namespace hasten::compile
