// Items of bytearray, array.array and memoryview, read and written in place.
#include "compile/types/buffers.h"

#include "compile/lower/body.h"

namespace hasten::compile {

using Place = ModuleContext::Place;
using mir::ValueId;

namespace {

constexpr unsigned kView = offsetof(PyMemoryViewObject, view);
constexpr unsigned kViewFlags = offsetof(PyMemoryViewObject, flags);

llvm::Type* memory_type(llvm::IRBuilder<>& b, const ItemFormat& format) {
  if (format.is_float)
    return format.bytes == sizeof(float) ? b.getFloatTy() : b.getDoubleTy();
  return b.getIntNTy(8 * format.bytes);
}

}  // namespace

void BodyLowering::expect_item_code(llvm::Value* object, const Type& t, llvm::BasicBlock* fail) {
  if (t.code == '\0')
    return;
  const auto expect = [&](llvm::Type* type, llvm::Value* base, unsigned offset, uint64_t wanted) {
    go_if(b.CreateICmpNE(load(type, base, offset, Place::Text), llvm::ConstantInt::get(type, wanted)), fail);
  };
  const auto code = static_cast<unsigned char>(t.code);
  if (is_array(t.cls)) {
    expect(m_.i8, load(m_.ptr, object, kArrayDescription, Place::Text), kDescriptionCode, code);
    return;
  }
  // All this never changes, other than what release() does.
  expect(m_.i32, object, kView + offsetof(Py_buffer, ndim), 1);
  expect(m_.i64, object, kView + offsetof(Py_buffer, itemsize), item_format(t.without(kUnbound))->bytes);
  llvm::Value* flags = load(m_.i32, object, kViewFlags, Place::Size);
  go_if(b.CreateICmpEQ(b.CreateAnd(flags, b.getInt32(_Py_MEMORYVIEW_C)), b.getInt32(0)), fail);
  llvm::Value* format = load(m_.ptr, object, kView + offsetof(Py_buffer, format), Place::Text);
  go_if(b.CreateIsNull(format), fail);
  expect(m_.i8, format, 0, code);
  expect(m_.i8, format, 1, 0);
}

llvm::Value* BodyLowering::buffer_size(ValueId v, const Value& buffer) {
  llvm::Value* object = buffer.parts[0];
  if (!is_memory_view(buffer.type.cls))
    return load(m_.i64, object, m_.layout.var_size, Place::Size);
  llvm::Value* memory = load(m_.ptr, object, offsetof(PyMemoryViewObject, mbuf), Place::Text);
  llvm::Value* released =
      b.CreateAnd(load(m_.i32, object, kViewFlags, Place::Size), b.getInt32(_Py_MEMORYVIEW_RELEASED));
  llvm::Value* memory_released = b.CreateAnd(load(m_.i32, memory, offsetof(_PyManagedBufferObject, flags), Place::Size),
                                             b.getInt32(_Py_MANAGED_BUFFER_RELEASED));
  go_if(b.CreateICmpNE(b.CreateOr(released, memory_released), b.getInt32(0)), fails_at(v));
  llvm::Value* shape = load(m_.ptr, object, kView + offsetof(Py_buffer, shape), Place::Text);
  return load(m_.i64, shape, 0, Place::Size);
}

llvm::Value* BodyLowering::buffer_items(const Value& buffer) {
  const unsigned at = buffer.type.cls == &PyByteArray_Type ? offsetof(PyByteArrayObject, ob_start)
                      : is_array(buffer.type.cls)          ? kArrayItems
                                                           : kView + offsetof(Py_buffer, buf);
  return load(m_.ptr, buffer.parts[0], at, Place::ItemsPointer);
}

Value BodyLowering::load_number(const ItemFormat& format, llvm::Value* items, llvm::Value* index) {
  llvm::Type* type = memory_type(b, format);
  llvm::Value* read = load(type, b.CreateInBoundsGEP(type, items, index), 0, Place::BufferItem);
  llvm::Value* number = format.is_float    ? b.CreateFPExt(read, m_.f64)
                        : format.is_signed ? b.CreateSExt(read, m_.i64)
                                           : b.CreateZExt(read, m_.i64);
  return from_parts(format.type(), {number});
}

Value BodyLowering::buffer_item(ValueId v, const Value& buffer, const Value& key) {
  llvm::Value* index = checked_index_in(v, buffer_size(v, buffer), key);
  return load_number(*item_format(buffer.type), buffer_items(buffer), index);
}

llvm::Value* BodyLowering::stored_number(ValueId v, const ItemFormat& format, const Value& item) {
  if (!item.type.within(format.is_float ? kBool | kInt | kFloat : kBool | kInt) || item.is_union())
    return nullptr;
  llvm::Type* type = memory_type(b, format);
  if (format.is_float)
    return b.CreateFPTrunc(as_double(item), type);
  llvm::Value* number = as_int(item);
  const WideInterval range = format.range();
  if (!item.type.whole_interval().within(range) && !planted_bug(Plant::BufferItemUnchecked)) {
    // One comparison without a sign tells both ends.
    llvm::Value* above = b.CreateSub(number, b.getInt64(static_cast<uint64_t>(range.low)));
    const Wide most = range.is_unsigned() && format.bytes == 8 ? Wide{Interval{}.high} : range.high - range.low;
    go_if(b.CreateICmpUGT(above, b.getInt64(static_cast<uint64_t>(most))), fails_at(v));
  }
  return b.CreateTrunc(number, type);
}

bool BodyLowering::set_buffer_item(ValueId v, const Value& buffer, const Value& key, const Value& item) {
  llvm::Value* number = stored_number(v, *item_format(buffer.type), item);
  if (!number)
    return false;
  llvm::Value* index = checked_index_in(v, buffer_size(v, buffer), key);
  if (is_memory_view(buffer.type.cls)) {
    llvm::Value* readonly = load(m_.i32, buffer.parts[0], kView + offsetof(Py_buffer, readonly), Place::Text);
    go_if(b.CreateICmpNE(readonly, b.getInt32(0)), fails_at(v));
  }
  store(number, b.CreateInBoundsGEP(number->getType(), buffer_items(buffer), index), 0, Place::BufferItem);
  return true;
}

/// As CPython does where there is room and nobody else looks at the memory, else by its own function.
bool BodyLowering::append_to_buffer(ValueId v, const Method& method, const Value& buffer, const Value& item) {
  llvm::Value* number = stored_number(v, *item_format(buffer.type), item);
  if (!number)
    return false;
  llvm::Value* object = buffer.parts[0];
  const bool bytes = buffer.type.cls == &PyByteArray_Type;
  llvm::Value* size = buffer_size(v, buffer);
  llvm::Value* items = buffer_items(buffer);
  llvm::Value* next = b.CreateAdd(size, b.getInt64(1));
  llvm::Value* exports =
      load(m_.i64, object, bytes ? offsetof(PyByteArrayObject, ob_exports) : kArrayExports, Place::Size);
  llvm::Value* allocated =
      load(m_.i64, object, bytes ? offsetof(PyByteArrayObject, ob_alloc) : kArrayAllocated, Place::Size);
  llvm::Value* has_room = b.CreateICmpSLT(size, allocated);
  if (bytes) {  // a zero stands behind the last one; what takes less than half of its memory is moved
    llvm::Value* begin = load(m_.ptr, object, offsetof(PyByteArrayObject, ob_bytes), Place::ItemsPointer);
    llvm::Value* offset = b.CreateSub(b.CreatePtrToInt(items, m_.i64), b.CreatePtrToInt(begin, m_.i64));
    has_room = b.CreateAnd(b.CreateICmpSLT(b.CreateAdd(next, offset), allocated),
                           b.CreateICmpSGE(next, b.CreateLShr(allocated, b.getInt64(1))));
  }
  llvm::BasicBlock *in_place = new_block(""), *grows = new_block(""), *done = new_block("");
  b.CreateCondBr(b.CreateAnd(has_room, b.CreateICmpEQ(exports, b.getInt64(0))), in_place, grows);
  b.SetInsertPoint(in_place);
  store(number, b.CreateInBoundsGEP(number->getType(), items, size), 0, Place::BufferItem);
  if (bytes)
    store(b.getInt8(0), b.CreateInBoundsGEP(m_.i8, items, next), 0, Place::BufferItem);
  store(next, object, m_.layout.var_size, Place::Size);
  b.CreateBr(done);
  b.SetInsertPoint(grows);
  llvm::Value* result = call_method(v, method, buffer, {item});
  if (!result)
    m_.defect = "append of a buffer is no function of one argument";
  else
    decref(checked_object(v, result));
  b.CreateBr(done);
  b.SetInsertPoint(done);
  return true;
}

}  // namespace hasten::compile
