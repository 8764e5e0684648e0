// Functions made inside the function: def, lambda, generator expression.
//
// The function object is CPython's own, made from the very code object that MAKE_FUNCTION would take; when it is
// called, CPython runs it. So its frames, its tracebacks and whatever can be asked of it are right.
#include <utility>

#include "compile/syntax/translator.h"

namespace hasten::compile::syntax {
namespace {

struct Place {
  long line, column;
  auto operator<=>(const Place&) const = default;
};

/// Where `code` stands, as far as its instructions tell.
enum class Lies { Inside, Outside, Nowhere };

/// Whether `code` was compiled from `node`: every instruction that has columns must lie in it. There may be none:
/// python -X no_debug_ranges, or `lambda: 1` in CPython 3.12.
Lies place_of(PyCodeObject* code, Node node) {
  const Place first{node.integer(Field::lineno), node.integer(Field::col_offset)};
  const Place last{node.integer(Field::end_lineno), node.integer(Field::end_col_offset)};
  PyObject* bytes = PyCode_GetCode(code);
  if (!bytes) {
    PyErr_Clear();
    return Lies::Outside;
  }
  Lies result = Lies::Nowhere;
  for (Py_ssize_t offset = 0; result != Lies::Outside && offset < PyBytes_GET_SIZE(bytes); offset += 2) {
    int line = 0, column = 0, end_line = 0, end_column = 0;
    if (!PyCode_Addr2Location(code, static_cast<int>(offset), &line, &column, &end_line, &end_column) || line <= 0 ||
        column < 0 || end_column < 0) {
      continue;
    }
    const Place begin{line, column}, end{end_line, end_column};
    if (begin < end) {  // RESUME and the like have an empty range
      result = begin >= first && end <= last ? Lies::Inside : Lies::Outside;
    }
  }
  Py_DECREF(bytes);
  return result;
}

/// Whether the lambda `node`, compiled alone, does what `code` does. For lambdas whose code tells no place: they name
/// nothing, so that alone is as good as where they stand.
bool does_the_same(PyCodeObject* code, Node node) {
  PyObject* ast = PyImport_ImportModule("ast");
  PyObject* builtins = PyImport_ImportModule("builtins");
  PyObject* tree =
      ast && node.kind() == Kind::Lambda ? PyObject_CallMethod(ast, "Expression", "O", node.object()) : nullptr;
  PyObject* alone = tree && builtins
                        ? PyObject_CallMethod(builtins, "compile", "OOsii", tree, code->co_filename, "eval", 0, 1)
                        : nullptr;
  bool same = false;
  PyObject* consts = alone ? reinterpret_cast<PyCodeObject*>(alone)->co_consts : nullptr;
  for (Py_ssize_t i = 0; consts && i < PyTuple_GET_SIZE(consts); ++i) {
    PyObject* item = PyTuple_GET_ITEM(consts, i);
    if (!PyCode_Check(item)) {
      continue;
    }
    PyObject* other = item;
    PyObject* mine = reinterpret_cast<PyObject*>(code);
    same = true;
    for (const char* field : {"co_code", "co_consts", "co_names", "co_varnames", "co_argcount", "co_kwonlyargcount",
                              "co_posonlyargcount", "co_freevars"}) {
      PyObject* a = PyObject_GetAttrString(mine, field);
      PyObject* b = PyObject_GetAttrString(other, field);
      PyObject *x = a ? PyObject_Repr(a) : nullptr, *y = b ? PyObject_Repr(b) : nullptr;  // 1 is not True, nor 1.0
      same = same && x && y && PyUnicode_Compare(x, y) == 0;
      for (PyObject* object : {a, b, x, y}) {
        Py_XDECREF(object);
      }
    }
  }
  PyErr_Clear();
  for (PyObject* object : {ast, builtins, tree, alone}) {
    Py_XDECREF(object);
  }
  return same;
}

}  // namespace

PyCodeObject* Translator::nested_code(Node node, PyObject* name, long first_line) const {
  std::vector<PyCodeObject*> found;
  PyObject* consts = codes_.back() ? codes_.back()->co_consts : nullptr;
  for (Py_ssize_t i = 0; consts && i < PyTuple_GET_SIZE(consts); ++i) {
    PyObject* item = PyTuple_GET_ITEM(consts, i);
    if (!PyCode_Check(item)) {
      continue;
    }
    auto* code = reinterpret_cast<PyCodeObject*>(item);
    if (code->co_firstlineno == first_line && PyUnicode_Compare(code->co_name, name) == 0 &&
        place_of(code, node) != Lies::Outside) {
      found.push_back(code);
    }
  }
  if (found.size() > 1) {
    std::erase_if(found, [&](PyCodeObject* code) { return !does_the_same(code, node); });
  }
  return found.size() == 1 ? found.front() : nullptr;
}

/// A tuple of values; of constants, one constant, as the bytecode has it.
ValueId Translator::tuple_of(std::vector<ValueId> items, Position position) {
  PyObject* tuple = PyTuple_New(static_cast<Py_ssize_t>(items.size()));
  for (size_t i = 0; tuple && i < items.size(); ++i) {
    PyObject* known = constant_object(items[i]);
    if (!known) {
      Py_DECREF(tuple);
      return emit(Op::BuildTuple, std::move(items), position);
    }
    PyTuple_SET_ITEM(tuple, static_cast<Py_ssize_t>(i), Py_NewRef(known));
  }
  return tuple ? new_constant(tuple) : none();
}

/// `from __future__ import annotations`: the text that the bytecode has as a constant. Python's compiler makes it.
PyObject* Translator::annotation_text(Node annotation) {
  PyObject* ast = PyImport_ImportModule("ast");
  PyObject* builtins = PyImport_ImportModule("builtins");
  PyObject* target = ast ? PyObject_CallMethod(ast, "Name", "sO", "x", Py_None) : nullptr;
  PyObject* store = ast ? PyObject_CallMethod(ast, "Store", nullptr) : nullptr;
  PyObject *statement = nullptr, *module = nullptr, *code = nullptr, *result = nullptr;
  PyObject* names = PyDict_New();
  if (target && store && names && PyObject_SetAttrString(target, "ctx", store) == 0) {
    statement = PyObject_CallMethod(ast, "AnnAssign", "OOOi", target, annotation.object(), Py_None, 1);
  }
  if (statement) {
    for (const char* field : {"lineno", "end_lineno", "col_offset", "end_col_offset"}) {
      PyObject* value = PyObject_GetAttrString(annotation.object(), field);
      if (value &&
          (PyObject_SetAttrString(statement, field, value) < 0 || PyObject_SetAttrString(target, field, value) < 0)) {
        PyErr_Clear();
      }
      Py_XDECREF(value);
    }
    module = PyObject_CallMethod(ast, "Module", "[O][]", statement);
  }
  if (module && builtins) {
    code =
        PyObject_CallMethod(builtins, "compile", "OOsii", module, code_->co_filename, "exec", CO_FUTURE_ANNOTATIONS, 1);
  }
  if (code) {
    PyObject* done = PyEval_EvalCode(code, names, names);
    PyObject* all = done ? PyDict_GetItemString(names, "__annotations__") : nullptr;
    result = all ? Py_XNewRef(PyDict_GetItemString(all, "x")) : nullptr;
    Py_XDECREF(done);
  }
  for (PyObject* object : {ast, builtins, target, store, statement, module, code, names}) {
    Py_XDECREF(object);
  }
  return result;
}

/// What is in __annotations__, name and value in turn, in the order in which they are evaluated.
std::vector<ValueId> Translator::annotations(Node node) {
  std::vector<ValueId> pairs;
  auto add = [&](PyObject* name, Node annotation) {
    if (failed() || !annotation.present()) {
      return;
    }
    const std::string text = mangled(name);
    PyObject* key = PyUnicode_InternFromString(text.c_str());
    if (!key) {
      return;
    }
    pairs.push_back(new_constant(key));
    if (code_->co_flags & CO_FUTURE_ANNOTATIONS) {
      PyObject* value = annotation_text(annotation);
      if (!value) {
        refuse("C111", annotation, "this annotation is not compiled");
        return;
      }
      pairs.push_back(new_constant(value));
    } else {
      pairs.push_back(expression(annotation));
    }
  };
  Node args = node[Field::args];
  auto add_all = [&](Field list) {
    for (Node arg : args.list(list)) {
      add(arg.object(Field::arg), arg[Field::annotation]);
    }
  };
  auto add_one = [&](Field field) {
    if (args[field].present()) {
      add(args[field].object(Field::arg), args[field][Field::annotation]);
    }
  };
  add_all(Field::args);  // before the positional-only ones, as CPython does
  add_all(Field::posonlyargs);
  add_one(Field::vararg);
  add_all(Field::kwonlyargs);
  add_one(Field::kwarg);
  PyObject* name = PyUnicode_InternFromString("return");
  if (name) {
    add(name, node[Field::returns]);
    Py_DECREF(name);
  }
  return pairs;
}

ValueId Translator::make_function(Node node, PyObject* name, long first_line) {
  Position position = node.position();
  std::vector<ValueId> parts;
  unsigned flags = 0;
  Node args = node[Field::args];
  if (args.present()) {
    if (NodeList defaults = args.list(Field::defaults); !defaults.empty()) {
      flags |= mir::kDefaults;
      parts.push_back(tuple_of(expressions(defaults), position));
    }
    NodeList names = args.list(Field::kwonlyargs), defaults = args.list(Field::kw_defaults);
    std::vector<ValueId> keys, values;
    for (Py_ssize_t i = 0; i < defaults.size(); ++i) {
      if (defaults[i].present()) {
        const std::string text = mangled(names[i].object(Field::arg));
        PyObject* key = PyUnicode_InternFromString(text.c_str());
        keys.push_back(key ? new_constant(key) : none());
        values.push_back(expression(defaults[i]));
      }
    }
    if (!keys.empty()) {
      flags |= mir::kKwNames | mir::kKwDefaults;
      parts.push_back(tuple_of(std::move(keys), position));
      parts.push_back(tuple_of(std::move(values), position));
    }
    if (std::vector<ValueId> pairs = annotations(node); !pairs.empty()) {
      flags |= mir::kAnnotations;
      parts.push_back(tuple_of(std::move(pairs), position));
    }
  }
  PyCodeObject* code = failed() ? nullptr : nested_code(node, name, first_line);
  if (!code) {
    // Code that cannot be reached has left no constants behind.
    return failed() || ssa_.is_unreachable() ? none() : refuse("C117", node, "its code object was not found");
  }
  PyObject* free = PyCode_GetFreevars(code);
  if (free && PyTuple_GET_SIZE(free) > 0) {
    std::vector<ValueId> cells;
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(free); ++i) {
      cells.push_back(captured_cell(utf8(PyTuple_GET_ITEM(free, i))));
    }
    flags |= mir::kClosure;
    parts.push_back(emit(Op::BuildTuple, std::move(cells), position));
  }
  Py_XDECREF(free);
  return emit(Op::MakeFunction, std::move(parts), position, const_index(reinterpret_cast<PyObject*>(code)),
              static_cast<uint8_t>(flags));
}

void Translator::function_statement(Node node) {
  if (!node.list(Field::type_params).empty()) {
    refuse("C110", node, "a nested function with type parameters is not compiled", "move it to the module");
    return;
  }
  NodeList decorators = node.list(Field::decorator_list);
  std::vector<ValueId> around = expressions(decorators);
  PyObject* name = node.object(Field::name);
  ValueId function = make_function(node, name, (decorators.empty() ? node : decorators[0]).integer(Field::lineno));
  for (size_t i = around.size(); i-- > 0;) {
    function = emit(Op::Call, {around[i], function}, decorators[static_cast<Py_ssize_t>(i)].position());
  }
  write_name(name, function, node.position());
}

ValueId Translator::lambda(Node node) {
  PyObject* name = PyUnicode_InternFromString("<lambda>");
  ValueId function = name ? make_function(node, name, node.integer(Field::lineno)) : none();
  Py_XDECREF(name);
  return function;
}

/// As it is: a generator, whose code CPython runs. Its first iterable is evaluated here.
ValueId Translator::generator_expression(Node node) {
  NodeList generators = node.list(Field::generators);
  for (Node generator : generators) {
    if (generator.integer(Field::is_async)) {
      return refuse("C113", node, "async comprehensions are not compiled");
    }
  }
  PyObject* name = PyUnicode_InternFromString("<genexpr>");
  ValueId function = name ? make_function(node, name, node.integer(Field::lineno)) : none();
  Py_XDECREF(name);
  Node first = generators[0][Field::iter];
  ValueId iterator = emit(Op::GetIter, {expression(first)}, first.position());
  return emit(Op::Call, {function, iterator}, node.position());
}

}  // namespace hasten::compile::syntax
