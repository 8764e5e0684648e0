// Instructions on objects that one function of the C API does: called without a detour through the interpreter.
#include <algorithm>
#include <array>

#include "compile/lower/body.h"

namespace hasten::compile {

using Effects = ModuleContext::Effects;
using Place = ModuleContext::Place;
using mir::Op;
using mir::ValueId;
using runtime::DeoptReason;

Value BodyLowering::number_operand(ValueId v, size_t arg) {
  const Value operand = use(v, arg);
  const auto guess = s_.guesses.find(v);
  if (guess == s_.guesses.end() || !operand.type.object)
    return operand;
  return unbox(operand.parts[0], Type::of(guess->second), leave_before(v, DeoptReason::Type));
}

llvm::Value* BodyLowering::checked_object(ValueId v, llvm::Value* object) {
  go_if(b.CreateIsNull(object), traced_raise(v));
  return object;
}

namespace {

constexpr std::array<const char*, 13> kBinary = {
    "hj_binary_add", "hj_binary_sub", "hj_binary_mul",    "hj_binary_truediv", "hj_binary_floordiv",
    "hj_binary_mod", "hj_binary_pow", "hj_binary_lshift", "hj_binary_rshift",  "hj_binary_and",
    "hj_binary_or",  "hj_binary_xor", "hj_binary_matmul"};
constexpr std::array<const char*, 13> kInplace = {
    "hj_inplace_add", "hj_inplace_sub", "hj_inplace_mul",    "hj_inplace_truediv", "hj_inplace_floordiv",
    "hj_inplace_mod", "hj_inplace_pow", "hj_inplace_lshift", "hj_inplace_rshift",  "hj_inplace_and",
    "hj_inplace_or",  "hj_inplace_xor", "hj_inplace_matmul"};
constexpr std::array<const char*, 3> kUnary = {"hj_negative", "hj_positive", "hj_invert"};

/// The function that does it and takes the operands as they come; null if there is none.
const char* object_function(const mir::Instr& i) {
  switch (i.op) {
    case Op::Binary:
      return kBinary[i.sub];
    case Op::Inplace:
      return kInplace[i.sub];
    case Op::Unary:
      return i.sub < kUnary.size() ? kUnary[i.sub] : nullptr;
    case Op::GetItem:
      return "hj_get_item";
    case Op::GetIter:
      return "hj_get_iter";
    case Op::ListToTuple:
      return "hj_list_to_tuple";
    default:
      return nullptr;
  }
}

/// The same of functions that give nothing but a status, negative where they raise.
const char* status_function(Op op) {
  switch (op) {
    case Op::SetItem:
    case Op::DictInsert:
      return op == Op::SetItem ? "hj_set_item" : "hj_dict_set_item";
    case Op::DelItem:
      return "hj_del_item";
    case Op::SetAdd:
      return "hj_set_add";
    default:
      return nullptr;
  }
}

}  // namespace

/// Whether the operand is not used any more after `v`, its last user, and is ours to give away.
bool BodyLowering::dies_in(ValueId v, size_t arg) {
  const auto args = s_.view.args(v);
  const ValueId operand = args[arg];
  return owns(operand) && !live_after(v, operand) && std::count(args.begin(), args.end(), operand) == 1;
}

Value BodyLowering::direct_instr(ValueId v, llvm::ArrayRef<Value> operands, bool* done) {
  const mir::Instr& i = instr(v);
  *done = true;
  llvm::SmallVector<llvm::Value*, 4> objects, temporaries;
  const auto box_all = [&] {
    for (const Value& operand : operands) objects.push_back(boxed_operand(operand, temporaries));
  };
  const auto drop_temporaries = [&] {
    for (llvm::Value* temporary : temporaries) decref(temporary, true);
  };
  const auto call = [&](const char* name, llvm::Type* result, llvm::ArrayRef<llvm::Value*> args) {
    llvm::SmallVector<llvm::Type*, 4> types;
    for (llvm::Value* arg : args) types.push_back(arg->getType());
    llvm::Value* value = b.CreateCall(m_.helper(name, result, types, Effects::Any), args);
    drop_temporaries();
    return value;
  };
  const auto object_result = [&](llvm::Value* object) { return boxed_result(v, checked_object(v, object)); };
  const auto check_status = [&](llvm::Value* status) {
    go_if(b.CreateICmpSLT(status, b.getInt32(0)), traced_raise(v));
    return poison({});
  };
  if (i.op == Op::GetItem && operands[0].type.object && operands[1].type.only(kInt)) {
    objects.push_back(operands[0].parts[0]);
    return object_result(call("hj_get_item_at", m_.ptr, {objects[0], operands[1].parts[0]}));
  }
  if ((i.op == Op::Binary || i.op == Op::Inplace) && static_cast<mir::BinaryOp>(i.sub) == mir::BinaryOp::Add) {
    PyTypeObject* cls = class_of(operands[0].type);
    const bool in_place = i.op == Op::Inplace && cls == &PyList_Type && !planted_bug(Plant::InplaceAddCopies);
    if (cls == class_of(operands[1].type) && !in_place && (cls == &PyList_Type || cls == &PyTuple_Type)) {
      box_all();
      return object_result(call(cls == &PyList_Type ? "hj_list_concat" : "hj_tuple_concat", m_.ptr, objects));
    }
  }
  if (const char* name = object_function(i)) {
    box_all();
    return object_result(call(name, m_.ptr, objects));
  }
  if (const char* name = status_function(i.op)) {
    box_all();
    return check_status(call(name, m_.i32, objects));
  }
  llvm::Value* attribute = nullptr;
  const auto attribute_cache = [&] { return m_.data_address(m_.record.add_data(runtime::AttributeCache{})); };
  switch (i.op) {
    case Op::Compare:
      if (i.sub > static_cast<uint8_t>(mir::CompareOp::Ge))
        break;  // what is known to raise comes here too: `1 in "text"`
      box_all();
      return object_result(call("hj_compare", m_.ptr, {objects[0], objects[1], b.getInt32(i.sub)}));
    case Op::GetAttr:
      box_all();
      attribute = m_.address(s_.view.function().names[i.aux]);
      return object_result(
          call("hj_get_attribute", m_.ptr, {attribute_cache(), objects[0], attribute, b.getInt32(i.sub)}));
    case Op::SetAttr:
      box_all();
      attribute = m_.address(s_.view.function().names[i.aux]);
      return check_status(call("hj_set_attribute", m_.i32, {attribute_cache(), objects[0], attribute, objects[1]}));
    case Op::FormatValue:
      box_all();
      if (objects.size() == 1)
        objects.push_back(llvm::ConstantPointerNull::get(b.getPtrTy()));
      return object_result(call("hj_format", m_.ptr, {objects[0], objects[1], b.getInt32(i.sub)}));
    case Op::BuildList:
    case Op::BuildSet:
    case Op::BuildDict: {
      const Type& made_type = s_.types[v];
      const auto args = s_.view.args(v);
      if (i.op == Op::BuildDict && !args.empty() &&
          std::all_of(args.begin(), args.end(), [&](ValueId arg) { return instr(arg).op == Op::Const; })) {
        llvm::Value* cell = m_.data_address(m_.record.add_data(runtime::ConstantDict{}));
        llvm::Value* copy = call("hj_constant_dict", m_.ptr, {cell, m_.mir_address(s_.view.function()), b.getInt32(v)});
        checked_object(v, copy);
        return made_type.object ? from_parts(made_type, {copy}) : boxed_result(v, copy);
      }
      box_all();
      const char* name = i.op == Op::BuildList  ? "hj_build_list"
                         : i.op == Op::BuildSet ? "hj_build_set"
                                                : "hj_build_dict";
      llvm::Value* made = call(name, m_.ptr, {array_of(objects), b.getInt64(static_cast<uint64_t>(objects.size()))});
      checked_object(v, made);
      // Nothing else can come of it.
      return made_type.object || made_type.only(kList) ? from_parts(made_type, {made}) : boxed_result(v, made);
    }
    case Op::BuildText:
      box_all();
      return object_result(
          call("hj_build_text", m_.ptr, {array_of(objects), b.getInt64(static_cast<uint64_t>(objects.size()))}));
    case Op::CallUnpacked: {
      if (!operands[0].type.object && !operands[0].type.only(kKnown))
        break;
      box_all();
      llvm::BasicBlock *tuple = new_block(""), *other = new_block(""), *end = new_block("");
      llvm::Value* keywords = objects.size() > 2 && !planted_bug(Plant::StarCallKeywords)
                                  ? objects[2]
                                  : llvm::ConstantPointerNull::get(b.getPtrTy());
      b.CreateCondBr(type_is(objects[1], m_.layout.tuple_type), tuple, other);
      b.SetInsertPoint(tuple);
      llvm::Constant* site = counted_call(v);
      llvm::Value* called =
          b.CreateCall(m_.helper("hj_counted_call_with", m_.ptr, {m_.ptr, m_.ptr, m_.ptr, m_.ptr}, Effects::Any),
                       {objects[0], objects[1], keywords, site});
      drop_temporaries();
      go_if(b.CreateIsNull(called), traced_raise(v));
      llvm::BasicBlock* tuple_end = b.GetInsertBlock();
      b.CreateBr(end);
      b.SetInsertPoint(other);
      const SiteRecorder::Rare rare(sites_);
      llvm::Constant* untimed = m_.uncounted(s_.view.function(), v);
      b.CreateStore(b.CreateAdd(b.CreateLoad(m_.i64, untimed), b.getInt64(1)), untimed);
      llvm::Value* both = execute_call(v, objects);
      drop_temporaries();
      go_if(b.CreateICmpEQ(b.CreateExtractValue(both, 1), b.getInt64(0)), raise_at(v));
      llvm::Value* executed = b.CreateExtractValue(both, 0);
      llvm::BasicBlock* other_end = b.GetInsertBlock();
      b.CreateBr(end);
      b.SetInsertPoint(end);
      auto* phi = b.CreatePHI(m_.ptr, 2);
      phi->addIncoming(called, tuple_end);
      phi->addIncoming(executed, other_end);
      return boxed_result(v, phi);
    }
    case Op::IterNext: {
      box_all();
      llvm::Value* both = call("hj_iter_next", llvm::StructType::get(m_.ptr, m_.i64), objects);
      go_if(b.CreateICmpEQ(b.CreateExtractValue(both, 1), b.getInt64(0)), traced_raise(v));
      return boxed_result(v, b.CreateExtractValue(both, 0));
    }
    case Op::Extract: {  // of the tuple that Unpack has made
      if (!operands[0].type.object)
        break;
      llvm::Value* item = load(m_.ptr, operands[0].parts[0], m_.layout.tuple_items + 8 * i.aux, Place::Item);
      incref(item);
      return boxed_result(v, item);
    }
    case Op::Unpack: {
      if (!operands[0].type.object || !s_.types[v].object)
        break;
      llvm::BasicBlock *tuple = new_block(""), *as_is = new_block(""), *other = new_block(""), *end = new_block("");
      llvm::Value* object = operands[0].parts[0];
      b.CreateCondBr(type_is(object, m_.layout.tuple_type), tuple, other);
      b.SetInsertPoint(tuple);
      llvm::Value* size = load(m_.i64, object, m_.layout.var_size, Place::Size);
      b.CreateCondBr(b.CreateICmpEQ(size, b.getInt64(i.aux)), as_is, other);
      b.SetInsertPoint(as_is);
      incref(object);
      llvm::BasicBlock* as_is_end = b.GetInsertBlock();
      b.CreateBr(end);
      b.SetInsertPoint(other);
      llvm::Value* both = execute_call(v, {object});
      go_if(b.CreateICmpEQ(b.CreateExtractValue(both, 1), b.getInt64(0)), raise_at(v));
      llvm::Value* made = b.CreateExtractValue(both, 0);
      llvm::BasicBlock* other_end = b.GetInsertBlock();
      b.CreateBr(end);
      b.SetInsertPoint(end);
      auto* phi = b.CreatePHI(m_.ptr, 2);
      phi->addIncoming(object, as_is_end);
      phi->addIncoming(made, other_end);
      return boxed_result(v, phi);
    }
    default:
      break;
  }
  *done = false;
  return {};
}

/// Truth of an object: most are True or False themselves.
Value BodyLowering::object_truth(ValueId v, const Value& operand, bool negated) {
  const Type boolean = Type::of(kBool);
  llvm::Value* object = operand.parts[0];
  llvm::BasicBlock *other = new_block(""), *done = new_block(""), *more = new_block("");
  llvm::Value* is_true = b.CreateICmpEQ(object, m_.address(m_.layout.true_object));
  llvm::Value* is_false = b.CreateICmpEQ(object, m_.address(m_.layout.false_object));
  llvm::BasicBlock* start = b.GetInsertBlock();
  b.CreateCondBr(b.CreateOr(is_true, is_false), done, other);
  b.SetInsertPoint(other);
  llvm::Value* status = b.CreateCall(m_.helper("hj_truth", m_.i32, {m_.ptr}, Effects::Any), {object});
  go_if(b.CreateICmpSLT(status, b.getInt32(0)), traced_raise(v));
  llvm::Value* holds = b.CreateICmpNE(status, b.getInt32(0));
  b.CreateBr(more);
  b.SetInsertPoint(more);
  b.CreateBr(done);
  b.SetInsertPoint(done);
  auto* phi = b.CreatePHI(m_.i1, 2);
  phi->addIncoming(is_true, start);
  phi->addIncoming(holds, more);
  return from_parts(boolean, {negated ? b.CreateNot(phi) : phi});
}

/// `left + right` where nobody needs `left` any more: text grows in place if it is nobody else's, as in CPython.
Value BodyLowering::concatenate(ValueId v, const Value& left, const Value& right) {
  llvm::SmallVector<llvm::Value*, 4> temporaries;
  llvm::Value* more = boxed_operand(right, temporaries);
  // Only if it raises is `left` still ours.
  const bool in_place = instr(v).op == Op::Inplace;
  let_text_go(v, left.parts[0]);
  llvm::Value* result =
      b.CreateCall(m_.helper(in_place ? "hj_append" : "hj_concatenate", m_.ptr, {m_.ptr, m_.ptr}, Effects::Any),
                   {left.parts[0], more});
  for (llvm::Value* temporary : temporaries) decref(temporary, true);
  checked_object(v, result);
  given_away_ = s_.view.args(v)[0];
  return from_parts(s_.types[v], {result});
}

}  // namespace hasten::compile
