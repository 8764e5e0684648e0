#include "compile/syntax/translator.h"

#include <utility>

namespace hasten::compile::syntax {
namespace {

std::string utf8(PyObject* text) {
  Py_ssize_t size = 0;
  const char* bytes = PyUnicode_AsUTF8AndSize(text, &size);
  if (!bytes) {
    PyErr_Clear();  // a lone surrogate cannot stand in an identifier
    return {};
  }
  return {bytes, static_cast<size_t>(size)};
}

/// Whether list, set and dict comprehensions of this function have code objects of their own (before PEP 709).
bool has_comprehension_code(PyCodeObject* code) {
  for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(code->co_consts); ++i) {
    PyObject* item = PyTuple_GET_ITEM(code->co_consts, i);
    if (!PyCode_Check(item)) {
      continue;
    }
    auto* inner = reinterpret_cast<PyCodeObject*>(item);
    for (const char* name : {"<listcomp>", "<setcomp>", "<dictcomp>"}) {
      if (PyUnicode_CompareWithASCIIString(inner->co_name, name) == 0) {
        return true;
      }
    }
    if (PyUnicode_CompareWithASCIIString(inner->co_name, "<genexpr>") == 0 && has_comprehension_code(inner)) {
      return true;
    }
  }
  return false;
}

}  // namespace

Translator::Translator(PyObject* function, Node node, PyObject* class_name)
    : function_(function),
      code_(reinterpret_cast<PyCodeObject*>(PyFunction_GET_CODE(function))),
      node_(node),
      class_name_(class_name),
      comprehension_has_code_(has_comprehension_code(code_)) {}

Translator::~Translator() {
  for (PyObject* object : consts_) {
    Py_DECREF(object);
  }
  for (PyObject* object : names_) {
    Py_DECREF(object);
  }
}

ValueId Translator::refuse(const char* code, Node node, std::string why, std::string hint) {
  if (!failed()) {
    uint32_t line = node.present() ? static_cast<uint32_t>(node.integer(Field::lineno)) : 0;
    uint32_t column = line ? static_cast<uint32_t>(node.integer(Field::col_offset)) + 1 : 0;
    refusal_ = Refusal{code, line, column, std::move(why), std::move(hint)};
  }
  return none();
}

mir::MirFunction* Translator::translate(std::optional<Refusal>* refusal) {
  if (code_->co_flags & (CO_GENERATOR | CO_COROUTINE | CO_ASYNC_GENERATOR)) {
    refuse("C113", Node(), "generators and async functions are not compiled");
  }
  if (!PyDict_CheckExact(PyFunction_GET_GLOBALS(function_))) {
    refuse("C116", Node(), "its globals are not a plain dict");
  }
  uint32_t param_count = 0;
  if (!failed()) {
    declare_locals(node_);
    // The order of co_varnames: positional-only, positional, keyword-only, *args, **kwargs.
    Node args = node_[Field::args];
    for (Field list : {Field::posonlyargs, Field::args, Field::kwonlyargs}) {
      for (Node arg : args.list(list)) {
        ValueId value = emit(Op::Param, {}, {}, param_count++);
        ssa_.write(locals_.at(mangled(arg.object(Field::arg))), value);
      }
    }
    for (Field field : {Field::vararg, Field::kwarg}) {
      if (Node arg = args[field]; arg.present()) {
        ValueId value = emit(Op::Param, {}, {}, param_count++);
        ssa_.write(locals_.at(mangled(arg.object(Field::arg))), value);
      }
    }
    statements(node_.list(Field::body));
    emit(Op::Return, {none()}, {});
  }
  if (failed()) {
    *refusal = std::move(refusal_);
    return nullptr;
  }
  Py_INCREF(function_);
  return ssa_.finish(std::exchange(consts_, {}), std::exchange(names_, {}), function_, param_count);
}

/// The name that an alias of an import statement binds, as it is written: the first of a dotted one.
std::string Translator::bound_by_import(Node alias) const {
  Node as = alias[Field::asname];
  if (as.present()) {
    return mangled(as.object());
  }
  std::string name = utf8(alias.object(Field::name));
  PyObject* first = PyUnicode_FromString(name.substr(0, name.find('.')).c_str());
  std::string bound = first ? mangled(first) : "";
  Py_XDECREF(first);
  return bound;
}

void Translator::declare(const std::string& name) {
  auto [entry, is_new] = locals_.try_emplace(name, 0);
  if (is_new) {
    entry->second = ssa_.new_variable();
  }
}

void Translator::declare_target(Node target) {
  switch (target.kind()) {
    case Kind::Name:
      declare(target.object(Field::id));
      break;
    case Kind::Tuple:
    case Kind::List:
      for (Node item : target.list(Field::elts)) {
        declare_target(item);
      }
      break;
    case Kind::Starred:
      declare_target(target[Field::value]);
      break;
    default:
      break;
  }
}

void Translator::declare_in_statements(NodeList list) {
  for (Node node : list) {
    if (node.kind() == Kind::Import || node.kind() == Kind::ImportFrom) {
      for (Node alias : node.list(Field::names)) {
        declare(bound_by_import(alias));
      }
    }
    for (Node target : node.list(Field::targets)) {
      declare_target(target);
    }
    if (Node target = node[Field::target]; target.present()) {
      declare_target(target);
    }
    declare_in_statements(node.list(Field::body));
    declare_in_statements(node.list(Field::orelse));
  }
}

void Translator::declare_walrus(Node node) {
  if (node.kind() == Kind::NamedExpr) {
    declare_target(node[Field::target]);
  }
  for_each_child(node, [&](Node child) { declare_walrus(child); });
}

void Translator::declare_locals(Node node) {
  Node args = node[Field::args];
  for (Field list : {Field::posonlyargs, Field::args, Field::kwonlyargs}) {
    for (Node arg : args.list(list)) {
      declare(arg.object(Field::arg));
    }
  }
  for (Field field : {Field::vararg, Field::kwarg}) {
    if (Node arg = args[field]; arg.present()) {
      declare(arg.object(Field::arg));
    }
  }
  declare_in_statements(node.list(Field::body));
  // co_varnames also has the targets of := and, from 3.12, of comprehensions. The former are locals, the latter are
  // not: look for := only if some name is still unexplained.
  PyObject* varnames = PyCode_GetVarnames(code_);
  bool explained = true;
  for (Py_ssize_t i = 0; varnames && i < PyTuple_GET_SIZE(varnames); ++i) {
    explained = explained && locals_.count(utf8(PyTuple_GET_ITEM(varnames, i)));
  }
  Py_XDECREF(varnames);
  PyObject* cellvars = PyCode_GetCellvars(code_);
  for (Py_ssize_t i = 0; cellvars && i < PyTuple_GET_SIZE(cellvars); ++i) {
    explained = explained && locals_.count(utf8(PyTuple_GET_ITEM(cellvars, i)));
  }
  Py_XDECREF(cellvars);
  if (!explained) {
    for (Node item : node.list(Field::body)) {
      declare_walrus(item);
    }
  }
  PyObject* freevars = PyCode_GetFreevars(code_);
  for (Py_ssize_t i = 0; freevars && i < PyTuple_GET_SIZE(freevars); ++i) {
    free_variables_[utf8(PyTuple_GET_ITEM(freevars, i))] = static_cast<uint32_t>(i);
  }
  Py_XDECREF(freevars);
}

void Translator::collect_targets(Node target, Scope* scope) {
  if (target.kind() == Kind::Starred) {
    return collect_targets(target[Field::value], scope);
  }
  if (target.kind() == Kind::Name) {
    auto [entry, is_new] = scope->try_emplace(mangled(target.object(Field::id)), 0);
    if (is_new) {
      entry->second = ssa_.new_variable();
    }
  }
  for (Node item : target.list(Field::elts)) {
    collect_targets(item, scope);
  }
}

std::string Translator::mangled(PyObject* name) const {
  std::string text = utf8(name);
  bool is_private = text.size() > 2 && text.compare(0, 2, "__") == 0 && text.compare(text.size() - 2, 2, "__") != 0 &&
                    text.find('.') == std::string::npos;
  if (!is_private || !class_name_) {
    return text;
  }
  std::string owner = utf8(class_name_);
  owner.erase(0, owner.find_first_not_of('_'));
  return owner.empty() ? text : "_" + owner + text;
}

uint32_t Translator::name_index(const std::string& name) {
  auto [entry, is_new] = name_indices_.try_emplace(name, static_cast<uint32_t>(names_.size()));
  if (is_new) {
    PyObject* text = PyUnicode_FromStringAndSize(name.data(), static_cast<Py_ssize_t>(name.size()));
    if (text) {
      PyUnicode_InternInPlace(&text);
      names_.push_back(text);
    } else {
      name_indices_.erase(entry);
      return 0;
    }
  }
  return entry->second;
}

uint32_t Translator::const_index(PyObject* object) {
  auto [entry, is_new] = const_indices_.try_emplace(object, static_cast<uint32_t>(consts_.size()));
  if (is_new) {
    Py_INCREF(object);
    consts_.push_back(object);
  }
  return entry->second;
}

ValueId Translator::builtin(const char* name) {
  PyObject* module = PyImport_ImportModule("builtins");
  PyObject* object = module ? PyObject_GetAttrString(module, name) : nullptr;
  Py_XDECREF(module);
  if (!object) {
    return none();
  }
  bool is_original = PyType_Check(object) || PyCFunction_Check(object);
  if (!is_original) {
    Py_DECREF(object);
    return refuse("C115", Node(), std::string("builtins.") + name + " has been replaced by the program");
  }
  return new_constant(object);
}

const VariableId* Translator::find_variable(const std::string& name, bool* from_function) const {
  *from_function = false;
  for (auto scope = comprehensions_.rbegin(); scope != comprehensions_.rend(); ++scope) {
    if (auto found = scope->find(name); found != scope->end()) {
      return &found->second;
    }
  }
  *from_function = true;
  auto found = locals_.find(name);
  return found == locals_.end() ? nullptr : &found->second;
}

ValueId Translator::read_variable(VariableId variable, const std::string& name, Position position, bool as_free) {
  ValueId value = ssa_.read(variable);
  if (!ssa_.may_be_unbound(value)) {
    return value;
  }
  ValueId checked = emit(Op::CheckBound, {value}, position, name_index(name), as_free ? 1 : 0);
  ssa_.write(variable, checked);
  return checked;
}

void Translator::write_name(const std::string& name, ValueId value) {
  bool from_function = false;
  if (const VariableId* variable = find_variable(name, &from_function)) {
    ssa_.write(*variable, value);
  }
}

}  // namespace hasten::compile::syntax
