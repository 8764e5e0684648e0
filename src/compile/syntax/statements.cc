// Statements, one function each.
#include "compile/syntax/iterate.h"
#include "compile/syntax/operators.h"
#include "compile/syntax/translator.h"

namespace hasten::compile::syntax {

void Translator::statements(NodeList list) {
  for (Node node : list) {
    if (failed()) {
      return;
    }
    statement(node);
  }
}

void Translator::statement(Node node) {
  switch (node.kind()) {
    case Kind::Pass:
      return;
    case Kind::Expr:
      if (node[Field::value].kind() != Kind::Constant) {  // docstrings and the like have no effect
        expression(node[Field::value]);
      }
      return;
    case Kind::Assign:
      return assign_statement(node);
    case Kind::AugAssign:
      return augmented_assign(node);
    case Kind::AnnAssign:
      return annotated_assign(node);
    case Kind::Delete:
      for (Node target : node.list(Field::targets)) {
        delete_target(target);
      }
      return;
    case Kind::If:
      return if_statement(node);
    case Kind::While:
      return while_statement(node);
    case Kind::For:
      return for_statement(node);
    case Kind::Break:
    case Kind::Continue:
      return leave_loop(node.kind() == Kind::Continue);
    case Kind::Return:
      return return_statement(node);
    case Kind::Assert:
      return assert_statement(node);
    case Kind::Raise:
      return raise_statement(node);
    case Kind::FunctionDef:
    case Kind::AsyncFunctionDef:
      return function_statement(node);
    case Kind::ClassDef:
      refuse("C110", node, "a class inside a function is not compiled yet", "move it to the module");
      return;
    case Kind::Try:
      return try_statement(node);
    case Kind::TryStar:
      refuse("C110", node, "except* is not compiled yet", "catch the exception group in the caller");
      return;
    case Kind::With:
    case Kind::AsyncWith:
      refuse("C110", node, "with is not compiled yet", "move the with statement to the caller");
      return;
    case Kind::Import:
      return import_statement(node);
    case Kind::ImportFrom:
      return import_from_statement(node);
    case Kind::Global:
    case Kind::Nonlocal:
      return;  // declare_locals() has read them
    case Kind::AsyncFor:
      refuse("C110", node, "async for is not compiled");
      return;
    default:
      refuse("C110", node, std::string("the statement ") + node.kind_name() + " is not compiled yet");
      return;
  }
}

void Translator::assign(Node target, ValueId value) {
  switch (target.kind()) {
    case Kind::Name:
      return write_name(target.object(Field::id), value, target.position());
    case Kind::Subscript: {
      ValueId container = expression(target[Field::value]);
      ValueId key = subscript_key(target[Field::slice]);
      emit(Op::SetItem, {container, key, value}, target.position());
      return;
    }
    case Kind::Attribute: {
      ValueId object = expression(target[Field::value]);
      emit(Op::SetAttr, {object, value}, attribute_position(target), name_index(mangled(target.object(Field::attr))));
      return;
    }
    case Kind::Tuple:
    case Kind::List: {
      NodeList items = target.list(Field::elts);
      uint32_t before = 0, count = static_cast<uint32_t>(items.size());
      while (before < count && items[before].kind() != Kind::Starred) {
        ++before;
      }
      const bool has_star = before < count;
      ValueId unpacked = has_star ? emit(Op::UnpackStar, {value}, target.position(), before | (count - before - 1) << 8)
                                  : emit(Op::Unpack, {value}, target.position(), count);
      std::vector<ValueId> parts;  // all are taken before the first is stored, as UNPACK_SEQUENCE does
      for (Py_ssize_t i = 0; i < items.size(); ++i) {
        parts.push_back(emit(Op::Extract, {unpacked}, target.position(), static_cast<uint32_t>(i)));
      }
      for (Py_ssize_t i = 0; i < items.size(); ++i) {
        const Py_ssize_t k = planted_bug(Plant::UnpackReversed) ? items.size() - 1 - i : i;
        assign(items[k].kind() == Kind::Starred ? items[k][Field::value] : items[k], parts[static_cast<size_t>(k)]);
      }
      return;
    }
    default:
      refuse("C111", target, std::string("assignment to ") + target.kind_name() + " is not compiled yet");
  }
}

void Translator::assign_statement(Node node) {
  NodeList targets = node.list(Field::targets);
  Node value = node[Field::value];
  NodeList sources = value.list(Field::elts), sinks = targets[0].list(Field::elts);
  auto has_star = [](NodeList list) {
    for (Node item : list) {
      if (item.kind() == Kind::Starred) {
        return true;
      }
    }
    return false;
  };
  auto is_display = [](Node item) { return item.kind() == Kind::Tuple || item.kind() == Kind::List; };
  if (targets.size() == 1 && is_display(targets[0]) && is_display(value) && sources.size() == sinks.size() &&
      !has_star(sources) && !has_star(sinks)) {
    // `a, b = b, a`: the same without making the tuple.
    const bool one_by_one = planted_bug(Plant::SwapOneByOne);
    std::vector<ValueId> values = one_by_one ? std::vector<ValueId>() : expressions(sources);
    for (Py_ssize_t i = 0; i < sinks.size(); ++i) {
      assign(sinks[i], one_by_one ? expression(sources[i]) : values[static_cast<size_t>(i)]);
    }
    return;
  }
  ValueId result = expression(value);
  for (Node target : targets) {
    assign(target, result);
  }
}

void Translator::augmented_assign(Node node) {
  Node target = node[Field::target];
  uint8_t op = static_cast<uint8_t>(binary_op(node[Field::op].kind()));
  switch (target.kind()) {
    case Kind::Name: {
      ValueId old = name_load(target);
      ValueId operand = expression(node[Field::value]);
      ValueId result = emit(Op::Inplace, {old, operand}, node.position(), kNone, op);
      write_name(target.object(Field::id), result, target.position());
      return;
    }
    case Kind::Subscript: {
      ValueId container = expression(target[Field::value]);
      ValueId key = subscript_key(target[Field::slice]);
      ValueId early = planted_bug(Plant::AugmentedOrder) ? expression(node[Field::value]) : kNone;
      ValueId old = emit(Op::GetItem, {container, key}, target.position());
      ValueId operand = early != kNone ? early : expression(node[Field::value]);
      ValueId result = emit(Op::Inplace, {old, operand}, node.position(), kNone, op);
      emit(Op::SetItem, {container, key, result}, target.position());
      return;
    }
    case Kind::Attribute: {
      uint32_t name = name_index(mangled(target.object(Field::attr)));
      ValueId object = expression(target[Field::value]);
      ValueId old = emit(Op::GetAttr, {object}, attribute_position(target), name);
      ValueId operand = expression(node[Field::value]);
      ValueId result = emit(Op::Inplace, {old, operand}, node.position(), kNone, op);
      emit(Op::SetAttr, {object, result}, attribute_position(target), name);
      return;
    }
    default:
      refuse("C111", target, std::string("augmented assignment to ") + target.kind_name() + " is not compiled yet");
  }
}

void Translator::annotated_assign(Node node) {
  // Inside a function annotations are not evaluated. Without a value, what a target is part of still is.
  Node target = node[Field::target];
  if (node[Field::value].present()) {
    return assign(target, expression(node[Field::value]));
  }
  if (target.kind() == Kind::Attribute || target.kind() == Kind::Subscript) {
    expression(target[Field::value]);
  }
  if (target.kind() == Kind::Subscript) {
    evaluate_subscript(target[Field::slice]);
  }
}

void Translator::evaluate_subscript(Node key) {
  if (key.kind() == Kind::Slice) {
    for (Field field : {Field::lower, Field::upper, Field::step}) {
      if (key[field].present()) {
        expression(key[field]);
      }
    }
  } else if (key.kind() == Kind::Tuple) {
    for (Node item : key.list(Field::elts)) {
      evaluate_subscript(item);
    }
  } else {
    expression(key);
  }
}

void Translator::delete_target(Node target) {
  switch (target.kind()) {
    case Kind::Name:
      return delete_name(target);
    case Kind::Subscript: {
      ValueId container = expression(target[Field::value]);
      ValueId key = subscript_key(target[Field::slice]);
      emit(Op::DelItem, {container, key}, target.position());
      return;
    }
    case Kind::Tuple:
    case Kind::List:
      for (Node item : target.list(Field::elts)) {
        delete_target(item);
      }
      return;
    case Kind::Attribute: {
      ValueId object = expression(target[Field::value]);
      emit(Op::DelAttr, {object}, attribute_position(target), name_index(mangled(target.object(Field::attr))));
      return;
    }
    default:
      refuse("C111", target, std::string("del of ") + target.kind_name() + " is not compiled yet");
  }
}

void Translator::if_statement(Node node) {
  BlockId then = ssa_.new_block(), otherwise = ssa_.new_block(), after = ssa_.new_block();
  condition(node[Field::test], then, otherwise);
  ssa_.seal(then);
  ssa_.seal(otherwise);
  ssa_.enter(then);
  statements(node.list(Field::body));
  ssa_.jump(after);
  ssa_.enter(otherwise);
  statements(node.list(Field::orelse));
  ssa_.jump(after);
  ssa_.seal(after);
  ssa_.enter(after);
}

void Translator::while_statement(Node node) {
  BlockId after = ssa_.new_block(), otherwise = ssa_.new_block();
  ssa_.set_loop_depth(++loop_depth_);
  BlockId header = ssa_.new_block(), body = ssa_.new_block();
  ssa_.jump(header);
  ssa_.enter(header);
  condition(node[Field::test], body, otherwise);
  ssa_.seal(body);
  ssa_.enter(body);
  enclosing_.push_back({.what = Enclosing::What::Loop, .next = header, .after = after});
  statements(node.list(Field::body));
  enclosing_.pop_back();
  ssa_.jump(header);
  ssa_.seal(header);
  ssa_.set_loop_depth(--loop_depth_);
  ssa_.seal(otherwise);
  ssa_.enter(otherwise);
  if (!planted_bug(Plant::WhileElseSkipped))
    statements(node.list(Field::orelse));
  ssa_.jump(after);
  ssa_.seal(after);
  ssa_.enter(after);
}

void Translator::for_statement(Node node) {
  Node iterable = node[Field::iter];
  ValueId iterator = emit(Op::GetIter, {expression(iterable)}, iterable.position());
  BlockId after = ssa_.new_block(), otherwise = ssa_.new_block();
  iterate(iterator, node[Field::target], iterable.position(), otherwise, [&](BlockId header) {
    const BlockId end = planted_bug(Plant::ElseAfterBreak) ? otherwise : after;
    enclosing_.push_back({.what = Enclosing::What::Loop, .next = header, .after = end});
    statements(node.list(Field::body));
    enclosing_.pop_back();
  });
  ssa_.seal(otherwise);
  ssa_.enter(otherwise);
  statements(node.list(Field::orelse));
  ssa_.jump(after);
  ssa_.seal(after);
  ssa_.enter(after);
}

void Translator::assert_statement(Node node) {
  if (!asserts_are_on()) {
    return;
  }
  if (planted_bug(Plant::AssertMessageFirst) && node[Field::msg].present())
    expression(node[Field::msg]);
  BlockId failure = ssa_.new_block(), after = ssa_.new_block();
  condition(node[Field::test], after, failure);
  ssa_.seal(failure);
  ssa_.enter(failure);
  // LOAD_ASSERTION_ERROR: the built-in class, whatever the name AssertionError means here.
  ValueId error = constant(PyExc_AssertionError);
  if (Node message = node[Field::msg]; message.present()) {
    error = emit(Op::Call, {error, expression(message)}, node.position());
  }
  emit(Op::Raise, {error}, node.position());
  ssa_.seal(after);
  ssa_.enter(after);
}

void Translator::return_statement(Node node) {
  Node value = node[Field::value];
  ValueId result = value.present() ? expression(value) : none();
  BlockId handler = ssa_.handler();
  leave_enclosing(0);
  ssa_.set_handler(kNone);
  return_value(result, node.position());
  ssa_.set_handler(handler);
}

void Translator::leave_loop(bool go_on) {
  size_t loop = enclosing_.size() - 1;
  while (enclosing_[loop].what != Enclosing::What::Loop) {
    --loop;
  }
  BlockId handler = ssa_.handler();
  leave_enclosing(loop + 1);
  ssa_.jump(go_on ? enclosing_[loop].next : enclosing_[loop].after);
  ssa_.set_handler(handler);
}

void Translator::raise_statement(Node node) {
  Node exception = node[Field::exc];
  if (!exception.present()) {
    emit(Op::Reraise, {}, node.position());
    return;
  }
  std::vector<ValueId> args{expression(exception)};
  if (Node cause = node[Field::cause]; cause.present() && !planted_bug(Plant::CauseDropped)) {
    args.push_back(expression(cause));
  }
  emit(Op::Raise, std::move(args), node.position());
}

void Translator::import_statement(Node node) {
  PyObject* level = PyLong_FromLong(0);
  if (!level) {
    return;
  }
  ValueId zero = new_constant(level);
  for (Node alias : node.list(Field::names)) {
    std::string name = mangled(alias.object(Field::name));
    ValueId module = emit(Op::ImportName, {zero, none()}, node.position(), name_index(name));
    if (alias[Field::asname].present()) {  // `import a.b.c as d` binds c, by way of a and b
      for (size_t dot = name.find('.'); dot != std::string::npos;) {
        size_t next = name.find('.', dot + 1);
        module = emit(Op::ImportFrom, {module}, node.position(), name_index(name.substr(dot + 1, next - dot - 1)));
        dot = next;
      }
    }
    write_name(bound_by_import(alias), module, node.position());
  }
}

void Translator::import_from_statement(Node node) {
  NodeList names = node.list(Field::names);
  PyObject* level = PyLong_FromLong(node.integer(Field::level));
  PyObject* wanted = level ? PyTuple_New(names.size()) : nullptr;
  if (!wanted) {
    Py_XDECREF(level);
    return;
  }
  for (Py_ssize_t i = 0; i < names.size(); ++i) {
    PyTuple_SET_ITEM(wanted, i, Py_NewRef(names[i].object(Field::name)));
  }
  ValueId level_value = new_constant(level), wanted_value = new_constant(wanted);
  std::string name = node[Field::module].present() ? mangled(node.object(Field::module)) : "";
  ValueId module = emit(Op::ImportName, {level_value, wanted_value}, node.position(), name_index(name));
  for (Node alias : names) {
    ValueId object = emit(Op::ImportFrom, {module}, node.position(), name_index(mangled(alias.object(Field::name))));
    write_name(bound_by_import(alias), object, node.position());
  }
}

}  // namespace hasten::compile::syntax
