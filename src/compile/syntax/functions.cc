// Functions made inside the function: def, lambda, generator expression.
//
// The function object is CPython's own, made from the very code object that MAKE_FUNCTION would take; when it is
// called, CPython runs it. So its frames, its tracebacks and whatever can be asked of it are right.
#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "compile/syntax/build_mir.h"
#include "compile/syntax/nested_code.h"
#include "compile/syntax/translator.h"

namespace hasten::compile::syntax {
namespace {

TemplateMaker make_template = nullptr;

/// Names under which a function finds its own frame or has others find it. Such a function keeps its frame: CPython runs
/// it.
constexpr std::array<std::string_view, 9> kFrameSeekers = {
    "_getframe", "_getframemodulename", "_current_frames", "currentframe", "stack", "trace",
    "warn",      "warn_explicit",       "findCaller"};

bool seeks_frames(PyCodeObject* code) {
  for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(code->co_names); ++i) {
    if (std::find(kFrameSeekers.begin(), kFrameSeekers.end(), utf8(PyTuple_GET_ITEM(code->co_names, i))) !=
        kFrameSeekers.end()) {
      return true;
    }
  }
  return false;
}

}  // namespace

void set_template_maker(TemplateMaker maker) { make_template = maker; }

uint32_t Translator::function_source(PyCodeObject* code) {
  constexpr int kNotTaken =
      CO_GENERATOR | CO_COROUTINE | CO_ASYNC_GENERATOR | CO_VARARGS | CO_VARKEYWORDS | CO_ITERABLE_COROUTINE;
  auto* object = reinterpret_cast<PyObject*>(code);
  if (!make_template || (code->co_flags & kNotTaken) || code->co_kwonlyargcount > 0 || seeks_frames(code)) {
    return const_index(object);
  }
  PyObject* cells = PyTuple_New(code->co_nfreevars);
  for (int i = 0; cells && i < code->co_nfreevars; ++i) {
    PyTuple_SET_ITEM(cells, i, PyCell_New(nullptr));
  }
  PyObject* function = cells ? PyFunction_New(object, PyFunction_GET_GLOBALS(function_)) : nullptr;
  if (function && code->co_nfreevars > 0 && PyFunction_SetClosure(function, cells) < 0) {
    Py_CLEAR(function);
  }
  PyObject* made = function ? make_template(function) : nullptr;
  Py_XDECREF(cells);
  Py_XDECREF(function);
  if (!made) {
    return 0;  // an exception is set
  }
  const uint32_t index = const_index(made);
  Py_DECREF(made);
  return index;
}

PyCodeObject* Translator::nested_code(Node node, PyObject* name, long first_line) const {
  std::vector<PyCodeObject*> found;
  PyObject* consts = codes_.back() ? codes_.back()->co_consts : nullptr;
  for (Py_ssize_t i = 0; consts && i < PyTuple_GET_SIZE(consts); ++i) {
    PyObject* item = PyTuple_GET_ITEM(consts, i);
    if (!PyCode_Check(item)) {
      continue;
    }
    auto* code = reinterpret_cast<PyCodeObject*>(item);
    if (code->co_firstlineno == first_line && PyUnicode_Compare(code->co_name, name) == 0 && may_stand_in(code, node)) {
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
  return emit(Op::MakeFunction, std::move(parts), position, function_source(code), static_cast<uint8_t>(flags));
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
