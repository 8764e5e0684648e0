#include "compile/syntax/translator.h"

#include <algorithm>
#include <utility>

namespace hasten::compile::syntax {
namespace {

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

Translator::Translator(PyObject* function, Node node, PyObject* class_name, bool is_template)
    : function_(function),
      code_(reinterpret_cast<PyCodeObject*>(PyFunction_GET_CODE(function))),
      is_template_(is_template),
      node_(node),
      class_name_(class_name),
      codes_{code_},
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
    std::vector<std::pair<uint32_t, std::string>> free;
    for (const auto& [name, index] : free_variables_) {
      free.emplace_back(index, name);
    }
    std::sort(free.begin(), free.end());
    for (size_t i = 0; is_template_ && i < free.size(); ++i) {
      free_cells_[free[i].second] = emit(Op::Param, {}, {}, param_count++);
    }
    make_cells();
    if (node_.kind() == Kind::Lambda) {
      return_value(expression(node_[Field::body]), node_[Field::body].position());
    } else {
      statements(node_.list(Field::body));
      return_value(none(), {});
    }
  }
  if (failed()) {
    *refusal = std::move(refusal_);
    return nullptr;
  }
  Py_INCREF(function_);
  mir::MirFunction* made = ssa_.finish(std::exchange(consts_, {}), std::exchange(names_, {}), function_, param_count);
  made->is_template = is_template_ ? 1 : 0;
  return made;
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

}  // namespace hasten::compile::syntax
