// Generator expressions.
//
// One that is the sole argument of a built-in function which takes everything out of it at once becomes a loop in
// place, without a generator: any, all, sum, min, max, list, tuple, set, sorted, and "...".join(). Such a function runs
// no code of the program but what the loop runs at the same point (a comparison, a hash, an addition, a truth), so
// nobody can tell the difference. Whether the name still means the built-in function is looked at when the program
// gets there.
//
// Any other is the generator that CPython would make, from the code object that its compiler made. The variables that
// it uses are copied into cells: right where the callee is known to be done with it when it returns, or where they
// never change; refused elsewhere.
#include <array>
#include <cstring>

#include "compile/syntax/operators.h"
#include "compile/syntax/translator.h"

namespace hasten::compile::syntax {
namespace {

constexpr std::array<std::string_view, 9> kConsumers = {"any",  "all",   "sum", "min",   "max",
                                                        "list", "tuple", "set", "sorted"};
/// Take everything out at once too, but run the program's code between items in a way of their own.
constexpr std::array<std::string_view, 2> kOtherConsumers = {"dict", "frozenset"};

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

/// The code of the generator expression at `position`, at any depth inside `code` (borrowed), or null.
PyObject* generator_code(PyCodeObject* code, const Position& position) {
  for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(code->co_consts); ++i) {
    PyObject* item = PyTuple_GET_ITEM(code->co_consts, i);
    if (!PyCode_Check(item)) {
      continue;
    }
    auto* inner = reinterpret_cast<PyCodeObject*>(item);
    if (PyUnicode_CompareWithASCIIString(inner->co_name, "<genexpr>") == 0) {
      // LOAD_FAST .0, near its beginning, has the range of the whole expression.
      constexpr int kUnits = 64;
      for (int offset = 0; offset < kUnits; offset += 2) {
        int line = 0, column = 0, end_line = 0, end_column = 0;
        if (PyCode_Addr2Location(inner, offset, &line, &column, &end_line, &end_column) &&
            line == static_cast<int>(position.line) && column == position.column &&
            end_line == static_cast<int>(position.end_line) && end_column == position.end_column) {
          return item;
        }
      }
    }
    if (PyObject* found = generator_code(inner, position)) {
      return found;
    }
  }
  return nullptr;
}

/// The names that := binds inside.
void walrus_names(Node node, std::vector<PyObject*>* names) {
  if (node.kind() == Kind::NamedExpr) {
    names->push_back(node[Field::target].object(Field::id));
  }
  for_each_child(node, [&](Node child) { walrus_names(child, names); });
}

/// How often `name` may be bound in `node`; twice if that is in a loop.
int count_bindings(Node node, const std::string& name, bool in_loop) {
  auto is_name = [&](PyObject* text) {
    if (!PyUnicode_Check(text)) {
      return false;
    }
    const char* utf8 = PyUnicode_AsUTF8(text);
    PyErr_Clear();
    return utf8 && (name == utf8 || std::strncmp(utf8, (name + ".").c_str(), name.size() + 1) == 0);
  };
  int count = 0;
  if (node.kind() == Kind::Name) {
    count = node[Field::ctx].kind() != Kind::Load && is_name(node.object(Field::id));
  } else {
    for (Field field : {Field::name, Field::asname, Field::rest}) {
      count += is_name(node.object(field));
    }
  }
  in_loop |= node.kind() == Kind::For || node.kind() == Kind::While || node.kind() == Kind::AsyncFor;
  count *= in_loop ? 2 : 1;
  for_each_child(node, [&](Node child) { count += count_bindings(child, name, in_loop); });
  return count;
}

}  // namespace

/// Whether the variable, bound now, keeps its value until the function returns.
bool Translator::is_stable(const std::string& name) {
  bool from_function = false;
  if (!find_variable(name, &from_function)) {
    return true;  // a cell that the generator shares
  }
  bool is_parameter = false;
  Node args = node_[Field::args];
  for (Field list : {Field::posonlyargs, Field::args, Field::kwonlyargs}) {
    for (Node arg : args.list(list)) {
      is_parameter |= mangled(arg.object(Field::arg)) == name;
    }
  }
  for (Field field : {Field::vararg, Field::kwarg}) {
    is_parameter |= args[field].present() && mangled(args[field].object(Field::arg)) == name;
  }
  int count = 0;
  for (Node statement : node_.list(Field::body)) {
    count += count_bindings(statement, name, false);
  }
  return from_function && count == (is_parameter ? 0 : 1) &&
         (is_parameter || ssa_.is_surely_bound(ssa_.read(locals_.at(name))));
}

ValueId Translator::generator_object(Node node, ValueId iterator, Cells* cells) {
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
    bool from_function = false;
    long source = -1;
    if (const VariableId* variable = find_variable(name, &from_function)) {
      ValueId value = ssa_.read(*variable);
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
      cells->emplace_back(name, cell);
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

ValueId Translator::generator_expression(Node node) {
  ValueId iterator = first_iterator(node);
  if (failed()) {
    return none();
  }
  Cells cells;
  ValueId generator = generator_object(node, iterator, &cells);
  for (const auto& [name, cell] : cells) {
    if (!is_stable(name)) {
      return refuse("C111", node,
                    "a generator expression over variables that change (" + name +
                        ") is only compiled as the argument of " + "a built-in function that uses it up",
                    "a list comprehension or a loop");
    }
  }
  return generator;
}

ValueId Translator::emit_in_call(Op op, std::vector<ValueId> args, Node call, uint8_t depth, uint8_t sub) {
  return ssa_.emit(op, std::move(args), call_position(call), kNone, sub, static_cast<uint8_t>(depth | mir::kInCall));
}

ValueId Translator::call_of_generator(Node node, Node generator) {
  Node func = node[Field::func];
  std::string name;
  if (func.kind() == Kind::Name) {
    name = mangled(func.object(Field::id));
    bool from_function = false;
    if (find_variable(name, &from_function) || free_variables_.count(name)) {
      name.clear();
    }
  }
  ValueId callee = expression(func);
  if (func.kind() == Kind::Attribute && func[Field::value].kind() == Kind::Constant &&
      PyUnicode_CheckExact(func[Field::value].object(Field::value)) &&
      PyUnicode_CompareWithASCIIString(func.object(Field::attr), "join") == 0) {
    return consume("join", callee, node, generator, first_iterator(generator));
  }
  PyObject* original = is_in(kConsumers, name) || is_in(kOtherConsumers, name) ? original_builtin(name) : nullptr;
  if (!original) {
    return emit(Op::Call, {callee, generator_expression(generator)}, call_position(node));
  }
  ValueId meant = new_constant(original);
  ValueId iterator = first_iterator(generator);
  if (failed()) {
    return none();
  }
  VariableId result = ssa_.new_variable();
  BlockId in_place = ssa_.new_block(), as_object = ssa_.new_block(), after = ssa_.new_block();
  if (is_in(kConsumers, name)) {
    ValueId same = emit(Op::Compare, {callee, meant}, node.position(), kNone, static_cast<uint8_t>(mir::CompareOp::Is));
    ssa_.branch(Op::Branch, same, in_place, as_object, node.position());
  } else {
    ssa_.jump(as_object);
  }
  ssa_.seal(in_place);
  ssa_.seal(as_object);
  if (is_in(kConsumers, name)) {
    ssa_.enter(in_place);
    ssa_.write(result, consume(name, callee, node, generator, iterator));
    ssa_.jump(after);
  }
  ssa_.enter(as_object);
  Cells cells;
  ValueId object = generator_object(generator, iterator, &cells);
  ssa_.write(result, emit(Op::Call, {callee, object}, call_position(node)));
  std::vector<PyObject*> bound;
  walrus_names(generator, &bound);
  for (PyObject* target : bound) {
    for (const auto& [captured, cell] : cells) {
      if (captured == mangled(target)) {
        write_name(target, emit(Op::ReadCell, {cell}, node.position()));
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
  ssa_.write(result, constant(is_any ? Py_False : Py_True));
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
