// Generator expressions.
//
// One that is the sole argument of a built-in function which takes everything out of it at once becomes a loop in
// place, without a generator: any, all, sum, min, max, list, tuple, set, sorted, and "...".join(). Such a function runs
// no code of the program but what the loop runs at the same point (a comparison, a hash, an addition, a truth), so
// nobody can tell the difference. Whether the name still means the built-in function is looked at when the program
// gets there.
//
// Where it does not, it gets the generator that CPython would make, from the code object that its compiler made, over copies
// of the variables: they hold nothing else until the call returns. All other generator expressions are in functions.cc.
#include <array>

#include "compile/syntax/nested_code.h"
#include "compile/syntax/operators.h"
#include "compile/syntax/translator.h"

namespace hasten::compile::syntax {
namespace {

constexpr std::array<std::string_view, 9> kConsumers = {"any",  "all",   "sum", "min",   "max",
                                                        "list", "tuple", "set", "sorted"};
template <size_t N>
bool is_in(const std::array<std::string_view, N>& names, std::string_view name) {
  for (std::string_view one : names) {
    if (one == name) {
      return true;
    }
  }
  return false;
}

/// The built-in function or type `name` (new reference), or null without an exception if the program replaced it.
PyObject* original_builtin(std::string_view name) {
  PyObject* module = PyImport_ImportModule("builtins");
  PyObject* object = module ? PyObject_GetAttrString(module, std::string(name).c_str()) : nullptr;
  bool is_original = object && (PyCFunction_CheckExact(object)
                                    ? PyCFunction_GET_SELF(object) == module &&
                                          name == reinterpret_cast<PyCFunctionObject*>(object)->m_ml->ml_name
                                    : object == reinterpret_cast<PyObject*>(&PyList_Type) ||
                                          object == reinterpret_cast<PyObject*>(&PyTuple_Type) ||
                                          object == reinterpret_cast<PyObject*>(&PySet_Type) ||
                                          object == reinterpret_cast<PyObject*>(&PyFrozenSet_Type) ||
                                          object == reinterpret_cast<PyObject*>(&PyDict_Type));
  Py_XDECREF(module);
  if (!is_original) {
    Py_CLEAR(object);
    PyErr_Clear();
  }
  return object;
}

bool is_join_of_text(Node func) {
  return func[Field::value].kind() == Kind::Constant && PyUnicode_CheckExact(func[Field::value].object(Field::value)) &&
         PyUnicode_CompareWithASCIIString(func.object(Field::attr), "join") == 0;
}

/// The names that := binds inside.
void walrus_names(Node node, std::vector<PyObject*>* names) {
  if (node.kind() == Kind::NamedExpr) {
    names->push_back(node[Field::target].object(Field::id));
  }
  for_each_child(node, [&](Node child) { walrus_names(child, names); });
}

}  // namespace

/// The variables that are not in cells are copied into some: what gets it uses it up at once.
ValueId Translator::generator_object(Node node, ValueId iterator, Copies* copies) {
  PyObject* code = generator_code(code_, node.position());
  if (!code) {
    return refuse("C111", node, "this generator expression is not compiled", "a list comprehension or a loop");
  }
  PyObject* names = PyCode_GetFreevars(reinterpret_cast<PyCodeObject*>(code));
  PyObject* made_of = names ? PyTuple_New(1 + PyTuple_GET_SIZE(names)) : nullptr;
  if (!made_of) {
    Py_XDECREF(names);
    return none();
  }
  PyTuple_SET_ITEM(made_of, 0, Py_NewRef(code));
  std::vector<ValueId> args{iterator};
  for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(names); ++i) {
    std::string name = PyUnicode_AsUTF8(PyTuple_GET_ITEM(names, i));
    long source = -1;
    Binding binding = find_binding(name);
    if (binding.cell != kNone) {
      args.push_back(binding.cell);
    } else if (binding.variable) {
      ValueId value = ssa_.read(*binding.variable);
      ValueId cell = kNone;
      if (ssa_.may_be_unbound(value)) {
        VariableId either = ssa_.new_variable();
        BlockId bound = ssa_.new_block(), unbound = ssa_.new_block(), after = ssa_.new_block();
        ssa_.branch(Op::BranchBound, value, bound, unbound, node.position());
        ssa_.seal(bound);
        ssa_.seal(unbound);
        ssa_.enter(bound);
        ssa_.write(either, emit(Op::NewCell, {value}, node.position()));
        ssa_.jump(after);
        ssa_.enter(unbound);
        ssa_.write(either, emit(Op::NewCell, {}, node.position()));
        ssa_.jump(after);
        ssa_.seal(after);
        ssa_.enter(after);
        cell = ssa_.read(either);
      } else {
        cell = emit(Op::NewCell, {value}, node.position());
      }
      args.push_back(cell);
      copies->emplace_back(name, cell);
    } else if (auto free = free_variables_.find(name); free != free_variables_.end()) {
      source = static_cast<long>(free->second);
    } else {
      refuse("C111", node, "this generator expression is not compiled", "a list comprehension or a loop");
    }
    PyTuple_SET_ITEM(made_of, 1 + i, PyLong_FromLong(source));
  }
  Py_DECREF(names);
  uint32_t index = const_index(made_of);
  Py_DECREF(made_of);  // const_index keeps it
  return emit(Op::MakeGenerator, std::move(args), node.position(), index);
}

Node Translator::consumed_generator(Node call) const {
  NodeList args = call.list(Field::args);
  if (args.size() != 1 || args[0].kind() != Kind::GeneratorExp || !call.list(Field::keywords).empty()) {
    return {};
  }
  Node func = call[Field::func];
  if (func.kind() == Kind::Attribute) {
    return is_join_of_text(func) ? args[0] : Node();
  }
  if (func.kind() != Kind::Name) {
    return {};
  }
  const std::string name = mangled(func.object(Field::id));
  if (!is_in(kConsumers, name) || find_binding(name).variable || free_variables_.count(name) || globals_.count(name) ||
      PyDict_GetItemString(PyFunction_GET_GLOBALS(function_), name.c_str())) {
    return {};
  }
  PyObject* original = original_builtin(name);
  Py_XDECREF(original);
  return original ? args[0] : Node();
}

ValueId Translator::emit_in_call(Op op, std::vector<ValueId> args, Node call, uint8_t depth, uint8_t sub) {
  return ssa_.emit(op, std::move(args), call_position(call), kNone, sub, static_cast<uint8_t>(depth | mir::kInCall));
}

ValueId Translator::call_of_generator(Node node, Node generator) {
  Node func = node[Field::func];
  ValueId callee = expression(func);
  if (func.kind() == Kind::Attribute) {
    return consume("join", callee, node, generator, first_iterator(generator));
  }
  const std::string name = mangled(func.object(Field::id));
  PyObject* original = original_builtin(name);
  if (!original) {
    return none();
  }
  ValueId meant = new_constant(original);
  ValueId iterator = first_iterator(generator);
  if (failed()) {
    return none();
  }
  VariableId result = ssa_.new_variable();
  BlockId in_place = ssa_.new_block(), as_object = ssa_.new_block(), after = ssa_.new_block();
  ValueId same = emit(Op::Compare, {callee, meant}, node.position(), kNone, static_cast<uint8_t>(mir::CompareOp::Is));
  ssa_.branch(Op::Branch, same, in_place, as_object, node.position());
  ssa_.seal(in_place);
  ssa_.seal(as_object);
  ssa_.enter(in_place);
  ssa_.write(result, consume(name, callee, node, generator, iterator));
  ssa_.jump(after);
  ssa_.enter(as_object);
  Copies copies;
  ValueId object = generator_object(generator, iterator, &copies);
  ssa_.write(result, emit(Op::Call, {callee, object}, call_position(node)));
  std::vector<PyObject*> bound;
  walrus_names(generator, &bound);
  for (PyObject* target : bound) {
    for (const auto& [captured, cell] : copies) {
      if (captured == mangled(target)) {
        write_name(target, emit(Op::ReadCell, {cell}, node.position()), node.position());
      }
    }
  }
  ssa_.jump(after);
  ssa_.seal(after);
  ssa_.enter(after);
  return ssa_.read(result);
}

ValueId Translator::consume(std::string_view consumer, ValueId callee, Node node, Node generator, ValueId iterator) {
  if (failed()) {
    return none();
  }
  if (consumer == "any" || consumer == "all") {
    return any_or_all(consumer == "any", node, generator, iterator);
  }
  if (consumer == "min" || consumer == "max") {
    return extreme(consumer == "min", callee, node, generator, iterator);
  }
  if (consumer == "sum") {
    return sum(node, generator, iterator);
  }
  const uint8_t depth = own_code_depth_;
  const bool is_set = consumer == "set";
  ValueId made = emit(is_set ? Op::BuildSet : Op::BuildList, {}, call_position(node));
  comprehension_loops(generator, iterator, true, [&] {
    ValueId item = expression(generator[Field::elt]);
    emit_in_call(is_set ? Op::SetAdd : Op::ListAppend, {made, item}, node, depth);
  });
  if (consumer == "tuple") {
    return emit_in_call(Op::ListToTuple, {made}, node, depth);
  }
  return consumer == "sorted" || consumer == "join" ? emit(Op::Call, {callee, made}, call_position(node)) : made;
}

ValueId Translator::any_or_all(bool is_any, Node node, Node generator, ValueId iterator) {
  const uint8_t depth = own_code_depth_;
  VariableId result = ssa_.new_variable();
  BlockId after = ssa_.new_block();
  comprehension_loops(generator, iterator, true, [&] {
    ValueId item = expression(generator[Field::elt]);
    ValueId test = ssa_.is_exact_bool(item) ? item : emit_in_call(Op::Truth, {item}, node, depth);
    BlockId found = ssa_.new_block(), more = ssa_.new_block();
    ssa_.branch(Op::Branch, test, is_any ? found : more, is_any ? more : found, node.position());
    ssa_.seal(found);
    ssa_.seal(more);
    ssa_.enter(found);
    ssa_.write(result, constant(is_any ? Py_True : Py_False));
    ssa_.jump(after);
    ssa_.enter(more);
  });
  ssa_.write(result, constant(is_any || planted_bug(Plant::AllOfNothing) ? Py_False : Py_True));
  ssa_.jump(after);
  ssa_.seal(after);
  ssa_.enter(after);
  return ssa_.read(result);
}

ValueId Translator::extreme(bool is_min, ValueId callee, Node node, Node generator, ValueId iterator) {
  const uint8_t depth = own_code_depth_;
  VariableId best = ssa_.new_variable();
  ssa_.write(best, ssa_.unbound());
  comprehension_loops(generator, iterator, true, [&] {
    ValueId item = expression(generator[Field::elt]);
    BlockId rival = ssa_.new_block(), better = ssa_.new_block(), more = ssa_.new_block();
    ValueId before = ssa_.read(best);
    ssa_.branch(Op::BranchBound, before, rival, better, node.position());
    ssa_.seal(rival);
    ssa_.enter(rival);
    mir::CompareOp op = is_min ? mir::CompareOp::Lt : mir::CompareOp::Gt;
    if (planted_bug(Plant::ExtremeTies))
      op = is_min ? mir::CompareOp::Le : mir::CompareOp::Ge;
    ValueId compared = emit_in_call(Op::Compare, {item, before}, node, depth, static_cast<uint8_t>(op));
    ssa_.branch(Op::Branch, emit_in_call(Op::Truth, {compared}, node, depth), better, more, node.position());
    ssa_.seal(better);
    ssa_.enter(better);
    ssa_.write(best, item);
    ssa_.jump(more);
    ssa_.seal(more);
    ssa_.enter(more);
  });
  // Of nothing it is an error, with the function's own words.
  VariableId result = ssa_.new_variable();
  BlockId some = ssa_.new_block(), none_at_all = ssa_.new_block(), after = ssa_.new_block();
  ValueId found = ssa_.read(best);
  ssa_.branch(Op::BranchBound, found, some, none_at_all, node.position());
  ssa_.seal(some);
  ssa_.seal(none_at_all);
  ssa_.enter(some);
  ssa_.write(result, emit(Op::CheckBound, {found}, node.position(), name_index("")));
  ssa_.jump(after);
  ssa_.enter(none_at_all);
  ValueId empty = emit(Op::BuildList, {}, node.position());
  ssa_.write(result, emit(Op::Call, {callee, empty}, call_position(node)));
  ssa_.jump(after);
  ssa_.seal(after);
  ssa_.enter(after);
  return ssa_.read(result);
}

ValueId Translator::sum(Node node, Node generator, ValueId iterator) {
  const uint8_t depth = own_code_depth_;
  PyObject *zero = PyLong_FromLong(0), *nothing = PyFloat_FromDouble(0.0);
  if (!zero || !nothing) {
    Py_XDECREF(zero);
    Py_XDECREF(nothing);
    return none();
  }
  VariableId total = ssa_.new_variable(), carry = ssa_.new_variable();
  ssa_.write(total, new_constant(zero));
  ssa_.write(carry, new_constant(nothing));
  comprehension_loops(generator, iterator, true, [&] {
    ValueId item = expression(generator[Field::elt]);
    ValueId old = ssa_.read(total), lost = ssa_.read(carry);
    ValueId more = emit_in_call(Op::SumAdd, {old, lost, item}, node, depth);
    ssa_.write(carry, emit_in_call(Op::SumCarry, {old, lost, item, more}, node, depth));
    ssa_.write(total, more);
  });
  ValueId all = ssa_.read(total);
  return emit_in_call(Op::SumEnd, {all, ssa_.read(carry)}, node, depth);
}

}  // namespace hasten::compile::syntax
