// Calls of methods of CPython's own classes: their C functions without a look-up, some of them in place.
#include <algorithm>
#include <string>

#include "compile/lower/body.h"

namespace hasten::compile {

using Effects = ModuleContext::Effects;
using mir::ValueId;

namespace {

/// The methods `name` of CPython's own classes that an object whose class is not known may have: the likely ones.
llvm::SmallVector<std::pair<Type, Method>, 2> likely_methods(PyObject* name, size_t arg_count) {
  constexpr size_t kLikelyMax = 2;
  llvm::SmallVector<std::pair<Type, Method>, 2> found;
  const bool is_pop = PyUnicode_CompareWithASCIIString(name, "pop") == 0;
  const auto look = [&](const Type& type) {
    const auto method = found.size() < kLikelyMax ? method_of(type, name) : std::nullopt;
    if (method)
      found.emplace_back(type, *method);
  };
  if (!is_pop || arg_count == 0)
    look(Type::of(kList));
  look(Type::exact(&PyDict_Type));
  look(Type::exact(&PySet_Type));
  if (PyTypeObject* deque = deque_class())
    look(Type::exact(deque));
  look(Type::exact(&PyUnicode_Type));
  look(Type::exact(&PyBytes_Type));
  return found;
}

}  // namespace

/// Its C function; null: it does not take so many arguments.
llvm::Value* BodyLowering::call_method(ValueId v, const Method& method, const Value& receiver,
                                       llvm::ArrayRef<Value> args) {
  PyObject* names = instr(v).aux == mir::kNone ? nullptr : s_.view.function().consts[instr(v).aux];
  const size_t positional = args.size() - (names ? static_cast<size_t>(PyTuple_GET_SIZE(names)) : 0);
  const int flags = method.definition->ml_flags & ~METH_COEXIST;
  if (!(flags & (METH_NOARGS | METH_O | METH_FASTCALL)) || (flags == METH_NOARGS && !args.empty()) ||
      (flags == METH_O && args.size() != 1))
    return nullptr;
  llvm::SmallVector<llvm::Value*, 4> temporaries, objects, operands;
  operands.push_back(boxed_operand(receiver, temporaries));
  for (const Value& arg : args) objects.push_back(boxed_operand(arg, temporaries));
  llvm::Value* null = llvm::ConstantPointerNull::get(b.getPtrTy());
  if (flags == METH_NOARGS) {
    operands.push_back(null);
  } else if (flags == METH_O) {
    operands.push_back(objects[0]);
  } else {
    operands.append({objects.empty() ? null : array_of(objects), b.getInt64(positional)});
    if (flags & METH_KEYWORDS)
      operands.push_back(names ? m_.address(names) : null);
  }
  if (m_.recorder)
    m_.recorder->helper("hj_method", false);
  show_position(v);
  llvm::SmallVector<llvm::Type*, 4> types;
  for (llvm::Value* operand : operands) types.push_back(operand->getType());
  sites_.helper(method.definition->ml_name, false);
  auto* call = b.CreateCall(llvm::FunctionType::get(m_.ptr, types, false),
                            m_.address(reinterpret_cast<const void*>(method.definition->ml_meth)), operands);
  call->setDoesNotThrow();
  for (llvm::Value* temporary : temporaries) decref(temporary, true);
  return call;
}

/// A call of an object, `operands` from the callee on. What is called as a method is most often one of CPython's own
/// containers or texts: their methods are told by their names, and are called as such where the class is the likely one.
Value BodyLowering::object_call(ValueId v, llvm::ArrayRef<Value> operands) {
  const Value& callee = operands.front();
  const Type& t = s_.types[v];
  const mir::Instr& attribute = instr(s_.view.args(v)[0]);
  llvm::SmallVector<std::pair<Type, Method>, 2> likely;
  PyObject* name = nullptr;
  if (callee.type.is_loaded_method() && attribute.op == mir::Op::GetAttr && t.object && !t.cls && !t.may_be_unbound() &&
      instr(v).aux == mir::kNone) {
    name = s_.view.function().names[attribute.aux];
    likely = likely_methods(name, operands.size() - 1);
  }
  if (likely.empty())
    return boxed_result(v, raw_object_call(v, operands));
  llvm::Value* receiver = callee.parts[1];
  llvm::BasicBlock *other = new_block("other"), *done = new_block("");
  llvm::SmallVector<std::pair<llvm::BasicBlock*, llvm::Value*>, 3> arrivals;
  const auto arrive = [&](llvm::Value* object) {
    arrivals.emplace_back(b.GetInsertBlock(), object);
    b.CreateBr(done);
  };
  const bool makes_default = operands.size() == 3 && is_empty_default(s_.view.args(v)[2]);
  go_if(b.CreateIsNull(receiver), other);
  for (const auto& [type, method] : likely) {
    llvm::BasicBlock *is = new_block(""), *next = &type == &likely.back().first ? other : new_block("");
    b.CreateCondBr(type_is(receiver, reinterpret_cast<PyObject*>(class_of(type))), is, next);
    b.SetInsertPoint(is);
    llvm::SmallVector<Value, 4> given(operands.begin(), operands.end());
    given[0] = from_parts(Type::with_items(kMethod, {type}), {receiver});
    given[0].type.known = name;
    CallPlan plan;
    plan.how = CallPlan::How::Method;
    plan.method = method;
    const Value result = method_call(v, plan, given);
    arrive(result.type.object ? result.parts[0] : box_owned(result));
    b.SetInsertPoint(next);
  }
  b.SetInsertPoint(other);
  {
    const SiteRecorder::Rare rare(sites_);
    llvm::SmallVector<Value, 4> given(operands.begin(), operands.end());
    llvm::Value* made = nullptr;
    if (makes_default) {
      const bool is_list = instr(s_.view.args(v)[2]).op == mir::Op::BuildList;
      made =
          b.CreateCall(m_.helper(is_list ? "hj_build_list" : "hj_build_dict", m_.ptr, {m_.ptr, m_.i64}, Effects::Any),
                       {llvm::ConstantPointerNull::get(b.getPtrTy()), b.getInt64(0)});
      given[2] = from_parts(Type::any(), {checked_object(v, made)});
    }
    arrive(raw_object_call(v, given, made));
    if (makes_default)
      given_away_ = s_.view.args(v)[2];
  }
  b.SetInsertPoint(done);
  auto* phi = b.CreatePHI(m_.ptr, static_cast<unsigned>(arrivals.size()));
  for (auto& [block, object] : arrivals) phi->addIncoming(object, block);
  return from_parts(t, {phi});
}

/// Searches for a text, in all of the receiver or from a number on; nothing if it is another search.
std::optional<Value> BodyLowering::text_search(ValueId v, const Method& method, const Value& receiver,
                                               llvm::ArrayRef<Value> args) {
  const auto is_number = [](const Value& bound) { return bound.type.within(kInt | kBool) && !bound.is_union(); };
  if (args.empty() || args.size() > 3 || !std::all_of(args.begin() + 1, args.end(), is_number))
    return {};
  const std::string name = method.definition->ml_name;
  const bool is_test = name == "startswith" || name == "endswith";
  llvm::SmallVector<Value, 4> wanted{args[0]};
  if (is_test && args[0].type.only(kTuple) && !args[0].type.items->empty() && args[0].type.items->size() <= 8)
    wanted = items_of(args[0]);
  if (!std::all_of(wanted.begin(), wanted.end(), [](const Value& one) { return is_text(one.type); }))
    return {};
  llvm::SmallVector<llvm::Value*, 4> temporaries;
  llvm::Value* text = boxed_operand(receiver, temporaries);
  llvm::Value* begin = args.size() > 1 ? as_int(args[1]) : b.getInt64(0);
  llvm::Value* end = args.size() > 2 ? as_int(args[2]) : b.getInt64(static_cast<uint64_t>(PY_SSIZE_T_MAX));
  llvm::Value* found = nullptr;
  for (const Value& one : wanted) {
    llvm::Value* at = call_table("hj_text_" + name, m_.i64, {text, boxed_operand(one, temporaries), begin, end});
    found = found ? b.CreateOr(found, at) : at;
  }
  for (llvm::Value* temporary : temporaries) decref(temporary, true);
  go_if(b.CreateICmpSLT(found, b.getInt64(-1)), traced_raise(v));
  if (is_test)
    return from_parts(Type::of(kBool), {b.CreateICmpNE(found, b.getInt64(0))});
  return from_parts(Type::integer(-1, int64_t{1} << 60), {found});
}

/// A new set, list, tuple or dict, of nothing or of an iterable; nothing if it is no such call.
std::optional<Value> BodyLowering::constructor_call(ValueId v, PyObject* made, llvm::ArrayRef<Value> args) {
  const char* helper = made == reinterpret_cast<PyObject*>(&PySet_Type)                      ? "hj_new_set"
                       : made == reinterpret_cast<PyObject*>(&PyList_Type)                   ? "hj_new_list"
                       : made == reinterpret_cast<PyObject*>(&PyTuple_Type) && !args.empty() ? "hj_new_tuple"
                       : made == reinterpret_cast<PyObject*>(&PyDict_Type) && args.empty()   ? "hj_new_dict"
                                                                                             : nullptr;
  if (!helper || args.size() > 1 || instr(v).aux != mir::kNone || (args.size() == 1 && args[0].type.may_be_unbound()))
    return {};
  llvm::SmallVector<llvm::Value*, 4> temporaries;
  llvm::Value* of = args.empty() ? llvm::ConstantPointerNull::get(b.getPtrTy()) : boxed_operand(args[0], temporaries);
  llvm::Value* object = call_table(helper, m_.ptr, {of});
  for (llvm::Value* temporary : temporaries) decref(temporary, true);
  return boxed_result(v, checked_object(v, object));
}

/// sum, min and max of what an iterable holds: numbers and texts are looked at here, and the rest is left to CPython.
std::optional<Value> BodyLowering::fold_call(ValueId v, Known known, llvm::ArrayRef<Value> operands) {
  if ((known != Known::Sum && known != Known::Min && known != Known::Max) || operands.size() != 2 ||
      instr(v).aux != mir::kNone || operands[1].type.may_be_unbound() ||
      !(operands[1].type.object || operands[1].type.only(kList)))
    return {};
  llvm::Value* result = call_table(known == Known::Sum ? "hj_sum" : "hj_extreme", m_.ptr,
                                   {operands[1].parts[0], b.getInt32(known == Known::Min)});
  llvm::BasicBlock *start = b.GetInsertBlock(), *other = new_block("other"), *done = new_block("");
  b.CreateCondBr(b.CreateIsNull(result), other, done);
  b.SetInsertPoint(other);
  const SiteRecorder::Rare rare(sites_);
  llvm::Value* called = raw_object_call(v, operands);
  llvm::BasicBlock* other_end = b.GetInsertBlock();
  b.CreateBr(done);
  b.SetInsertPoint(done);
  auto* phi = b.CreatePHI(m_.ptr, 2);
  phi->addIncoming(result, start);
  phi->addIncoming(called, other_end);
  return boxed_result(v, phi);
}

std::optional<Value> BodyLowering::ordering_call(ValueId v, Known known, llvm::ArrayRef<Value> args) {
  if (instr(v).aux != mir::kNone || args.empty() || args[0].type.may_be_unbound())
    return {};
  const bool heap = (known == Known::HeapPush && args.size() == 2) || (known == Known::HeapPop && args.size() == 1);
  if (!(heap && args[0].type.only(kList)) && !(known == Known::Sorted && args.size() == 1))
    return {};
  llvm::SmallVector<llvm::Value*, 4> temporaries, objects;
  for (const Value& arg : args) objects.push_back(boxed_operand(arg, temporaries));
  if (known == Known::Sorted && is_joined_at_once(v)) {
    llvm::Value* sorted = call_table("hj_sorted_to_join", m_.ptr, objects);
    for (llvm::Value* temporary : temporaries) decref(temporary, true);
    return from_parts(s_.types[v], {checked_object(v, sorted)});
  }
  llvm::Value* result = call_table(known == Known::HeapPush  ? "hj_heap_push"
                                   : known == Known::HeapPop ? "hj_heap_pop"
                                                             : "hj_sorted",
                                   known == Known::HeapPush ? m_.i32 : static_cast<llvm::Type*>(m_.ptr), objects);
  for (llvm::Value* temporary : temporaries) decref(temporary, true);
  if (known != Known::HeapPush)
    return boxed_result(v, checked_object(v, result));
  go_if(b.CreateICmpSLT(result, b.getInt32(0)), traced_raise(v));
  return from_parts(Type::of(kNoneType), {});
}

/// sorted(...) as the argument of "".join(), which is called next, and of nothing else.
bool BodyLowering::is_joined_at_once(ValueId v) {
  const mir::Instr& i = instr(v);
  const auto sorts = s_.calls.find(v), joins = s_.calls.find(v + 1);
  if (i.op != mir::Op::Call || i.aux != mir::kNone || i.arg_count != 2 || sorts == s_.calls.end() ||
      sorts->second.how != CallPlan::How::Boxed || sorts->second.known != Known::Sorted ||
      v + 1 >= s_.view.end(i.block) || !s_.types[v].only(kList) || is_native(s_.types[v]))
    return false;
  const mir::Instr& next = instr(v + 1);
  if (next.op != mir::Op::Call || next.aux != mir::kNone || joins == s_.calls.end() ||
      joins->second.how != CallPlan::How::Method || joins->second.method.id != MethodId::Other ||
      std::string_view(joins->second.method.definition->ml_name) != "join")
    return false;
  const auto args = s_.view.args(v + 1);
  if (args.size() != 2 || args[1] != v || args[0] == v || s_.liveness.live_out(i.block, v))
    return false;
  const Type& method = s_.types[args[0]];
  if (!method.only(kMethod) || !method.items->front().only(kKnown) ||
      !PyUnicode_CheckExact(method.items->front().known) || PyUnicode_GET_LENGTH(method.items->front().known) != 0)
    return false;
  for (ValueId later = v + 2; later < s_.view.end(i.block); ++later) {
    const auto used = s_.view.args(later);
    if (std::find(used.begin(), used.end(), v) != used.end())
      return false;
  }
  return true;
}

/// "".join(sorted): that may be the joined text already.
Value BodyLowering::join_sorted(ValueId v, const CallPlan& plan, const Value& receiver, const Value& sorted) {
  llvm::BasicBlock *text = new_block(""), *other = new_block("other"), *done = new_block("");
  b.CreateCondBr(type_is(sorted.parts[0], m_.layout.text_type), text, other);
  b.SetInsertPoint(text);
  incref(sorted.parts[0]);
  llvm::BasicBlock* text_end = b.GetInsertBlock();
  b.CreateBr(done);
  b.SetInsertPoint(other);
  llvm::Value* joined = checked_object(v, call_method(v, plan.method, receiver, {sorted}));
  llvm::BasicBlock* other_end = b.GetInsertBlock();
  b.CreateBr(done);
  b.SetInsertPoint(done);
  auto* phi = b.CreatePHI(m_.ptr, 2);
  phi->addIncoming(sorted.parts[0], text_end);
  phi->addIncoming(joined, other_end);
  return boxed_result(v, phi);
}

Value BodyLowering::method_call(ValueId v, const CallPlan& plan, llvm::ArrayRef<Value> operands) {
  const Value receiver = items_of(operands[0])[0];
  const auto args = operands.drop_front();
  const bool plain = instr(v).aux == mir::kNone;
  if (receiver.type.only(kList) && is_native(receiver.type))
    return native_method(v, operands[0].type.known, receiver, args);
  switch (plan.method.id) {
    case MethodId::ListAppend:
      if (plain && args.size() == 1) {
        list_append(v, receiver, args[0]);
        return from_parts(Type::of(kNoneType), {});
      }
      break;
    case MethodId::ListPop:
      if (plain && args.empty())
        return list_pop(v, receiver.parts[0]);
      break;
    case MethodId::ListSort:
      if (plain && args.empty()) {
        llvm::Value* status = call_table("hj_list_sort", m_.i32, {receiver.parts[0]});
        go_if(b.CreateICmpSLT(status, b.getInt32(0)), traced_raise(v));
        return from_parts(Type::of(kNoneType), {});
      }
      break;
    case MethodId::DictGet:
      if (plain && (args.size() == 1 || args.size() == 2) && !args[0].type.may_be_unbound())
        return dict_get(v, receiver, args[0], args.size() == 2 ? args[1] : from_parts(Type::of(kNoneType), {}));
      break;
    case MethodId::DictSetDefault:
      if (plain && args.size() == 2 && is_empty_default(s_.view.args(v)[2]))
        return set_default(v, receiver, args[0], s_.view.args(v)[2]);
      if (plain && args.size() == 2 && !args[0].type.may_be_unbound() && !args[1].type.may_be_unbound()) {
        llvm::SmallVector<llvm::Value*, 4> temporaries, objects{pointer_of(receiver)};
        for (const Value& arg : args) objects.push_back(boxed_operand(arg, temporaries));
        llvm::Value* item = call_table("hj_set_default_to", m_.ptr, objects);
        for (llvm::Value* temporary : temporaries) decref(temporary, true);
        return boxed_result(v, checked_object(v, item));
      }
      break;
    case MethodId::SetAdd:
      if (plain && args.size() == 1) {
        add_to_set(v, receiver, args[0]);
        return from_parts(Type::of(kNoneType), {});
      }
      break;
    case MethodId::BufferAppend:
      if (plain && args.size() == 1 && append_to_buffer(v, plan.method, receiver, args[0]))
        return from_parts(Type::of(kNoneType), {});
      break;
    case MethodId::TextSearch:
      if (const auto found = plain ? text_search(v, plan.method, receiver, args) : std::nullopt)
        return *found;
      break;
    case MethodId::CharTest:
      if (plain && args.empty())
        return char_test(plan.method.definition->ml_name, receiver.parts[0]);
      break;
    case MethodId::CharCase:
      if (plain && args.empty() && s_.types[v].only(kChar))
        return char_case(v, plan.method.definition->ml_name[0] == 'u', receiver.parts[0]);
      break;
    default:
      if (args.size() == 1 && is_joined_at_once(s_.view.args(v)[1]))
        return join_sorted(v, plan, receiver, args[0]);
      break;
  }
  if (llvm::Value* result = call_method(v, plan.method, receiver, args))
    return boxed_result(v, checked_object(v, result));
  return object_call(v, operands);  // raises
}

}  // namespace hasten::compile
