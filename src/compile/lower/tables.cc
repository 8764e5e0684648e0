// Dicts and sets: looked into through helpers that take a number, or a tuple of numbers, as it is.
#include <algorithm>
#include <string>

#include "compile/lower/body.h"

namespace hasten::compile {

using Effects = ModuleContext::Effects;
using mir::ValueId;

namespace {

constexpr size_t kKeyItemsMax = 8;

bool is_set(const Type& t) {
  const PyTypeObject* cls = t.may_be_unbound() ? nullptr : class_of(t);
  return cls == &PySet_Type || cls == &PyFrozenSet_Type;
}

}  // namespace

/// The key as the helpers `name`, `name`_int and `name`_ints take it: appends it to `args`, gives the helper's name.
std::string BodyLowering::pass_key(const char* name, const Value& key, llvm::SmallVectorImpl<llvm::Value*>& args,
                                   llvm::SmallVectorImpl<llvm::Value*>& temporaries, bool puts_in) {
  if (puts_in && key.twin) {
    args.push_back(boxed_operand(key, temporaries));
    return name;
  }
  if (key.type.only(kInt) && !key.constant) {
    args.push_back(key.parts[0]);
    return std::string(name) + "_int";
  }
  const auto is_int = [](const Type& t) { return t.only(kInt); };
  if (key.type.only(kTuple) && !key.constant && !key.type.items->empty() && key.type.items->size() <= kKeyItemsMax &&
      std::all_of(key.type.items->begin(), key.type.items->end(), is_int)) {
    args.append({array_of(key.parts), b.getInt64(key.parts.size())});
    return std::string(name) + "_ints";
  }
  args.push_back(boxed_operand(key, temporaries));
  return name;
}

llvm::Value* BodyLowering::call_table(const std::string& helper, llvm::Type* result,
                                      llvm::ArrayRef<llvm::Value*> args) {
  llvm::SmallVector<llvm::Type*, 4> types;
  for (llvm::Value* arg : args) types.push_back(arg->getType());
  return b.CreateCall(m_.helper(helper.c_str(), result, types, Effects::Any), args);
}

/// The item of a dict (a new reference; null: not there). *status: 1 or 0. subscripts: for dict[key].
llvm::Value* BodyLowering::find_in_dict(ValueId v, const Value& dict, const Value& key, llvm::Value** status,
                                        bool subscripts) {
  llvm::SmallVector<llvm::Value*, 4> args{pointer_of(dict)}, temporaries;
  const std::string helper = pass_key(subscripts ? "hj_dict_subscript" : "hj_dict_item", key, args, temporaries);
  if (subscripts)
    args.push_back(b.getInt32(is_default_dict(class_of(dict.type))));
  llvm::Value* both = call_table(helper, llvm::StructType::get(m_.ptr, m_.i64), args);
  for (llvm::Value* temporary : temporaries) decref(temporary, true);
  *status = b.CreateExtractValue(both, 1);
  go_if(b.CreateICmpSLT(*status, b.getInt64(0)), traced_raise(v));
  return b.CreateExtractValue(both, 0);
}

Value BodyLowering::dict_item(ValueId v, const Value& dict, const Value& key) {
  llvm::Value* status = nullptr;
  llvm::Value* item = find_in_dict(v, dict, key, &status, true);
  llvm::BasicBlock *found = new_block(""), *missing = new_block("missing");
  b.CreateCondBr(b.CreateICmpEQ(status, b.getInt64(0)), missing, found);
  b.SetInsertPoint(missing);
  {
    llvm::SmallVector<llvm::Value*, 4> temporaries;
    call_table("hj_key_error", m_.void_type, {boxed_operand(key, temporaries)});
    for (llvm::Value* temporary : temporaries) decref(temporary, true);
    b.CreateBr(traced_raise(v));
  }
  b.SetInsertPoint(found);
  return boxed_result(v, item);
}

/// dict.get(key, otherwise).
Value BodyLowering::dict_get(ValueId v, const Value& dict, const Value& key, const Value& otherwise) {
  const Type& t = s_.types[v];
  llvm::Value* status = nullptr;
  llvm::Value* null = llvm::ConstantPointerNull::get(b.getPtrTy());
  llvm::Value* item = find_in_dict(v, dict, key, &status);
  return choose(
      b.CreateICmpNE(status, b.getInt64(0)), t, [&] { return boxed_result(v, item); },
      [&] {
        if (!t.only(kList) || !otherwise.type.only(kTuple))
          return own_as(otherwise, t);
        // An empty tuple that is only iterated.
        return from_parts(t, {checked_object(v, call_table("hj_new_list", m_.ptr, {null}))});
      },
      false);
}

/// A new [] or {} that is only what setdefault() of a dict puts in if it must: it is not made before.
bool BodyLowering::is_empty_default(ValueId v) {
  const mir::Instr& i = instr(v);
  if ((i.op != mir::Op::BuildList && i.op != mir::Op::BuildDict) || i.arg_count != 0 || v + 1 >= s_.view.end(i.block))
    return false;
  const mir::Instr& next = instr(v + 1);
  const auto plan = s_.calls.find(v + 1);
  if (next.op != mir::Op::Call || next.aux != mir::kNone || plan == s_.calls.end())
    return false;
  const auto args = s_.view.args(v + 1);
  const mir::Instr& callee = instr(args[0]);
  const bool is_likely = plan->second.how == CallPlan::How::Boxed && s_.types[args[0]].is_loaded_method() &&
                         callee.op == mir::Op::GetAttr && s_.types[v + 1].object && !s_.types[v + 1].cls &&
                         !s_.types[v + 1].may_be_unbound() &&
                         PyUnicode_CompareWithASCIIString(s_.view.function().names[callee.aux], "setdefault") == 0;
  if (!is_likely && (plan->second.how != CallPlan::How::Method || plan->second.method.id != MethodId::DictSetDefault))
    return false;
  if (args.size() != 3 || args[2] != v || args[1] == v || args[0] == v || s_.liveness.live_out(i.block, v) ||
      s_.type_at(args[1], i.block).may_be_unbound() || s_.types[v + 1].never() || handler_of(v + 1) != mir::kNone)
    return false;
  for (ValueId later = v + 2; later < s_.view.end(i.block); ++later) {
    const auto used = s_.view.args(later);
    if (std::find(used.begin(), used.end(), v) != used.end())
      return false;
  }
  return true;
}

Value BodyLowering::set_default(ValueId v, const Value& dict, const Value& key, ValueId otherwise) {
  llvm::SmallVector<llvm::Value*, 4> args{pointer_of(dict)}, temporaries;
  args.push_back(boxed_operand(key, temporaries));
  args.push_back(b.getInt32(instr(otherwise).op == mir::Op::BuildList));
  llvm::Value* item = call_table("hj_set_default", m_.ptr, args);
  for (llvm::Value* temporary : temporaries) decref(temporary, true);
  given_away_ = otherwise;
  return boxed_result(v, checked_object(v, item));
}

void BodyLowering::set_dict_item(ValueId v, const Value& dict, const Value& key, const Value& item) {
  llvm::SmallVector<llvm::Value*, 4> args{pointer_of(dict)}, temporaries;
  const bool is_number = item.type.only(kInt) && !item.constant;
  llvm::Value* value = is_number ? item.parts[0] : boxed_operand(item, temporaries);
  const std::string helper = pass_key(is_number ? "hj_dict_set_number" : "hj_dict_set", key, args, temporaries, true);
  args.push_back(value);
  llvm::Value* status = call_table(helper, m_.i32, args);
  for (llvm::Value* temporary : temporaries) decref(temporary, true);
  go_if(b.CreateICmpSLT(status, b.getInt32(0)), traced_raise(v));
}

void BodyLowering::add_to_set(ValueId v, const Value& set, const Value& item) {
  llvm::SmallVector<llvm::Value*, 4> args{pointer_of(set)}, temporaries;
  const std::string helper = pass_key("hj_set_add", item, args, temporaries, true);
  llvm::Value* status = call_table(helper, m_.i32, args);
  for (llvm::Value* temporary : temporaries) decref(temporary, true);
  go_if(b.CreateICmpSLT(status, b.getInt32(0)), traced_raise(v));
}

/// `item in container`; null: that is no dict or set.
llvm::Value* BodyLowering::in_table(ValueId v, const Value& item, const Value& container) {
  const bool in_dict = !container.type.may_be_unbound() && is_mapping(class_of(container.type));
  if ((!in_dict && !is_set(container.type)) || item.type.may_be_unbound())
    return nullptr;
  llvm::SmallVector<llvm::Value*, 4> args{pointer_of(container)}, temporaries;
  const std::string helper = pass_key(in_dict ? "hj_dict_has" : "hj_set_has", item, args, temporaries);
  llvm::Value* status = call_table(helper, m_.i32, args);
  for (llvm::Value* temporary : temporaries) decref(temporary, true);
  go_if(b.CreateICmpSLT(status, b.getInt32(0)), traced_raise(v));
  return b.CreateICmpNE(status, b.getInt32(0));
}

}  // namespace hasten::compile
