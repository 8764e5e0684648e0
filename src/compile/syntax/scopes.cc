// Which scope a name belongs to, and how it is read, bound and unbound there.
//
// Locals are SSA variables, unless a nested function captures them: then they live in cells, as in CPython. Who
// captures what is read from the nested code objects (co_freevars).
#include <array>
#include <string_view>

#include "compile/syntax/nested_code.h"
#include "compile/syntax/operators.h"
#include "compile/syntax/translator.h"

namespace hasten::compile::syntax {
namespace {

/// Built-in functions that look at the frame that calls them: compiled code has none.
constexpr std::array<std::string_view, 9> kFrameReaders = {"locals", "vars",    "dir",        "eval",      "exec",
                                                           "super",  "globals", "__import__", "breakpoint"};

bool is_named(PyCodeObject* code, const char* name) {
  return PyUnicode_CompareWithASCIIString(code->co_name, name) == 0;
}

bool is_definition(Node node) {
  return node.kind() == Kind::FunctionDef || node.kind() == Kind::AsyncFunctionDef || node.kind() == Kind::ClassDef;
}

}  // namespace

std::string utf8(PyObject* text) {
  Py_ssize_t size = 0;
  const char* bytes = PyUnicode_AsUTF8AndSize(text, &size);
  if (!bytes) {
    PyErr_Clear();  // a lone surrogate cannot stand in an identifier
    return {};
  }
  return {bytes, static_cast<size_t>(size)};
}

void Translator::declare(const std::string& text) {
  if (globals_.count(text) || nonlocals_.count(text)) {
    return;
  }
  auto [entry, is_new] = locals_.try_emplace(text, 0);
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
    if (is_definition(node)) {
      declare(node.object(Field::name));
      continue;  // what is in it has a scope of its own
    }
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
    if (node.kind() == Kind::ExceptHandler && node.object(Field::name) != Py_None) {
      declare(node.object(Field::name));
    }
    for (Field part : {Field::body, Field::handlers, Field::orelse, Field::finalbody}) {
      declare_in_statements(node.list(part));
    }
  }
}

void Translator::declare_walrus(Node node) {
  if (node.kind() == Kind::NamedExpr) {
    declare_target(node[Field::target]);
  }
  if (node.kind() == Kind::Lambda || is_definition(node)) {
    // Its body has a scope of its own; what is evaluated where it is made has not.
    for (Node item : node.list(Field::decorator_list)) {
      declare_walrus(item);
    }
    if (node[Field::args].present()) {
      declare_walrus(node[Field::args]);
    }
    return;
  }
  for_each_child(node, [&](Node child) { declare_walrus(child); });
}

void Translator::declare_scope_statements(NodeList list) {
  for (Node node : list) {
    if (node.kind() == Kind::Global || node.kind() == Kind::Nonlocal) {
      auto& names = node.kind() == Kind::Global ? globals_ : nonlocals_;
      for (Node name : node.list(Field::names)) {
        names.insert(mangled(name.object()));
      }
    }
    if (is_definition(node)) {
      continue;
    }
    for (Field field : {Field::body, Field::orelse, Field::finalbody, Field::handlers, Field::cases}) {
      declare_scope_statements(node.list(field));
    }
  }
}

void Translator::declare_locals(Node node) {
  declare_scope_statements(node.list(Field::body));
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
  if (!explained && node.kind() == Kind::Lambda) {
    declare_walrus(node[Field::body]);
  } else if (!explained) {
    for (Node item : node.list(Field::body)) {
      declare_walrus(item);
    }
  }
  PyObject* freevars = PyCode_GetFreevars(code_);
  for (Py_ssize_t i = 0; freevars && i < PyTuple_GET_SIZE(freevars); ++i) {
    free_variables_[utf8(PyTuple_GET_ITEM(freevars, i))] = static_cast<uint32_t>(i);
  }
  Py_XDECREF(freevars);
  if (node.kind() == Kind::Lambda) {
    collect_consumed(node[Field::body]);
  } else {
    for (Node item : node.list(Field::body)) {
      collect_consumed(item);
    }
  }
  collect_captured(code_);
}

/// Generator expressions that become loops in place capture nothing.
void Translator::collect_consumed(Node node) {
  if (node.kind() == Kind::Lambda || is_definition(node)) {
    return;
  }
  if (node.kind() == Kind::Call) {
    if (Node generator = consumed_generator(node); generator.present()) {
      if (PyObject* code = generator_code(code_, generator.position())) {
        consumed_.insert(code);
      }
    }
  }
  for_each_child(node, [&](Node child) { collect_consumed(child); });
}

void Translator::collect_captured(PyCodeObject* code) {
  for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(code->co_consts); ++i) {
    PyObject* item = PyTuple_GET_ITEM(code->co_consts, i);
    if (!PyCode_Check(item)) {
      continue;
    }
    auto* nested = reinterpret_cast<PyCodeObject*>(item);
    if (consumed_.count(item) || is_named(nested, "<listcomp>") || is_named(nested, "<setcomp>") ||
        is_named(nested, "<dictcomp>")) {
      collect_captured(nested);  // it becomes a loop of this function: only what functions in it capture needs a cell
      continue;
    }
    PyObject* names = PyCode_GetFreevars(nested);
    for (Py_ssize_t k = 0; names && k < PyTuple_GET_SIZE(names); ++k) {
      captured_.insert(utf8(PyTuple_GET_ITEM(names, k)));
    }
    Py_XDECREF(names);
  }
}

void Translator::make_cells() {
  for (const auto& [name, variable] : locals_) {
    if (captured_.count(name)) {
      ValueId initial = ssa_.read(variable);
      bool is_empty = ssa_.may_be_unbound(initial) ||
                      planted_bug(Plant::CellStartsEmpty);  // at the entry only parameters have values
      cells_[name] = emit(Op::MakeCell, is_empty ? std::vector<ValueId>{} : std::vector{initial}, {});
    }
  }
}

void Translator::enter_comprehension(Node node, Scope scope, bool own_code) {
  Cells cells;
  for (const auto& [name, variable] : scope) {
    if (captured_.count(name)) {
      cells[name] = emit(Op::MakeCell, {}, node.position());
    } else {
      ssa_.write(variable, ssa_.unbound());
    }
  }
  PyCodeObject* code = codes_.back();
  if (own_code && code) {
    PyObject* name = PyUnicode_InternFromString(node.kind() == Kind::ListComp   ? "<listcomp>"
                                                : node.kind() == Kind::SetComp  ? "<setcomp>"
                                                : node.kind() == Kind::DictComp ? "<dictcomp>"
                                                                                : "<genexpr>");
    code = name ? nested_code(node, name, node.integer(Field::lineno)) : nullptr;
    Py_XDECREF(name);
  }
  codes_.push_back(code);
  comprehensions_.push_back(std::move(scope));
  comprehension_cells_.push_back(std::move(cells));
}

void Translator::leave_comprehension() {
  for (const auto& [name, variable] : comprehensions_.back()) {
    ssa_.hold(variable, kNone);
  }
  codes_.pop_back();
  comprehensions_.pop_back();
  comprehension_cells_.pop_back();
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

Translator::Binding Translator::find_binding(const std::string& name) const {
  auto cell_in = [&](const Cells& cells) {
    auto found = cells.find(name);
    return found == cells.end() ? kNone : found->second;
  };
  for (size_t i = comprehensions_.size(); i-- > 0;) {
    if (auto found = comprehensions_[i].find(name); found != comprehensions_[i].end()) {
      return {&found->second, cell_in(comprehension_cells_[i]), false};
    }
  }
  if (auto found = locals_.find(name); found != locals_.end()) {
    return {&found->second, cell_in(cells_), own_code_depth_ > 0};
  }
  return {nullptr, cell_in(free_cells_), true};
}

ValueId Translator::captured_cell(const std::string& name) {
  Binding binding = find_binding(name);
  if (binding.cell != kNone) {
    return binding.cell;
  }
  auto free = free_variables_.find(name);
  if (binding.variable || free == free_variables_.end()) {
    return refuse("C117", node_, "what a nested function captures was not found: " + name);
  }
  return emit(Op::FreeCell, {}, {}, free->second);
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

ValueId Translator::name_load(Node node) {
  std::string name = mangled(node.object(Field::id));
  Binding binding = find_binding(name);
  if (binding.cell != kNone) {
    return emit(Op::LoadCell, {binding.cell}, node.position(), name_index(name), binding.is_free ? 1 : 0);
  }
  if (binding.variable) {
    return read_variable(*binding.variable, name, node.position(), binding.is_free);
  }
  if (auto free = free_variables_.find(name); free != free_variables_.end()) {
    return emit(Op::GetFree, {}, node.position(), free->second);
  }
  if (name == "__debug__") {
    return constant(asserts_are_on() ? Py_True : Py_False);
  }
  for (std::string_view reader : kFrameReaders) {
    if (name == reader) {
      return refuse("C114", node, name + "() looks at the frame of the function, which compiled code does not have");
    }
  }
  return emit(Op::GetGlobal, {}, node.position(), name_index(name));
}

void Translator::write_name(const std::string& text, ValueId value, Position position) {
  Binding binding = find_binding(text);
  if (!binding.variable && nonlocals_.count(text)) {
    binding.cell = captured_cell(text);
  }
  if (binding.cell != kNone) {
    emit(Op::StoreCell, {binding.cell, value}, position);
  } else if (binding.variable) {
    ssa_.write(*binding.variable, value);
    ssa_.hold(*binding.variable, value);
  } else {
    emit(Op::StoreGlobal, {value}, position, name_index(text));
  }
}

void Translator::unbind_name(PyObject* name, Position position) {
  std::string text = mangled(name);
  Binding binding = find_binding(text);
  if (!binding.variable && nonlocals_.count(text)) {
    binding.cell = captured_cell(text);
  }
  if (binding.cell != kNone) {
    emit(Op::StoreCell, {binding.cell, none()}, position);
    emit(Op::DelCell, {binding.cell}, position, name_index(text), 0);
  } else if (binding.variable) {
    ssa_.write(*binding.variable, ssa_.unbound());
    ssa_.hold(*binding.variable, kNone);
  } else {
    emit(Op::StoreGlobal, {none()}, position, name_index(text));
    emit(Op::DelGlobal, {}, position, name_index(text));
  }
}

/// The cells are named too: what they hold lives until the function returns, as in a frame.
void Translator::return_value(ValueId value, Position position) {
  std::vector<ValueId> args{value};
  for (const auto& [name, cell] : cells_) {
    args.push_back(cell);
  }
  emit(Op::Return, std::move(args), position);
}

void Translator::delete_name(Node target) {
  std::string text = mangled(target.object(Field::id));
  Binding binding = find_binding(text);
  bool is_free = binding.is_free;
  if (!binding.variable && nonlocals_.count(text)) {
    binding.cell = captured_cell(text);
    is_free = true;
  }
  if (binding.cell != kNone) {
    emit(Op::DelCell, {binding.cell}, target.position(), name_index(text), is_free ? 1 : 0);
  } else if (binding.variable) {
    read_variable(*binding.variable, text, target.position(), is_free);  // raises if unbound
    if (!planted_bug(Plant::DelKeepsBound))
      ssa_.write(*binding.variable, ssa_.unbound());
    ssa_.hold(*binding.variable, kNone);
  } else {
    emit(Op::DelGlobal, {}, target.position(), name_index(text));
  }
}

}  // namespace hasten::compile::syntax
