// Calls of methods of CPython's own classes: their C functions without a look-up, some of them in place.
#include "compile/lower/body.h"

namespace hasten::compile {

using Effects = ModuleContext::Effects;
using mir::ValueId;

/// Its C function; null: it does not take so many arguments.
llvm::Value* BodyLowering::call_method(ValueId v, const Method& method, const Value& receiver,
                                       llvm::ArrayRef<Value> args) {
  PyObject* names = instr(v).aux == mir::kNone ? nullptr : s_.view.function().consts[instr(v).aux];
  const size_t positional = args.size() - (names ? static_cast<size_t>(PyTuple_GET_SIZE(names)) : 0);
  const int flags = method.definition->ml_flags & ~METH_COEXIST;
  if ((flags == METH_NOARGS && !args.empty()) || (flags == METH_O && args.size() != 1))
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

Value BodyLowering::method_call(ValueId v, const CallPlan& plan, llvm::ArrayRef<Value> operands) {
  const Value receiver = items_of(operands[0])[0];
  const auto args = operands.drop_front();
  const bool plain = instr(v).aux == mir::kNone;
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
    case MethodId::DictGet:
      if (plain && (args.size() == 1 || args.size() == 2) && !args[0].type.may_be_unbound())
        return dict_get(v, receiver, args[0], args.size() == 2 ? args[1] : from_parts(Type::of(kNoneType), {}));
      break;
    case MethodId::DictSetDefault:
      if (plain && args.size() == 2 && is_empty_default(s_.view.args(v)[2]))
        return set_default(v, receiver, args[0], s_.view.args(v)[2]);
      break;
    case MethodId::SetAdd:
      if (plain && args.size() == 1) {
        add_to_set(v, receiver, args[0]);
        return from_parts(Type::of(kNoneType), {});
      }
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
      break;
  }
  if (llvm::Value* result = call_method(v, plan.method, receiver, args))
    return boxed_result(v, checked_object(v, result));
  return object_call(v, operands);  // raises
}

}  // namespace hasten::compile
