// Walks the tree of one function and emits MIR in Python's order of evaluation.
//
// Errors are sticky: the first refusal (or Python exception) is kept, later emits are harmless, and statements
// stop being visited. So expression code reads straight, without a check after each call.
#pragma once

#include <Python.h>

#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "compile/syntax/ast_node.h"
#include "compile/syntax/refusal.h"
#include "compile/syntax/ssa_builder.h"

namespace hasten::compile::syntax {

/// The text of an identifier.
std::string utf8(PyObject* text);

class Translator {
 public:
  /// `function` is a Python function, `node` its FunctionDef or Lambda, `class_name` a str or null (for private names).
  Translator(PyObject* function, Node node, PyObject* class_name, bool is_template);
  ~Translator();
  Translator(const Translator&) = delete;
  Translator& operator=(const Translator&) = delete;

  /// The MIR, or null with *refusal filled in, or null with a Python exception set.
  mir::MirFunction* translate(std::optional<Refusal>* refusal);

 private:
  struct Loop {
    BlockId next;   ///< where `continue` goes
    BlockId after;  ///< where `break` goes
  };
  using Scope = std::unordered_map<std::string, VariableId>;
  using Cells = std::unordered_map<std::string, ValueId>;
  /// What a name means where it stands: an SSA variable, or a cell that nested functions share. Neither: a global.
  struct Binding {
    const VariableId* variable = nullptr;
    ValueId cell = kNone;
    bool is_free = false;  ///< of another code object than the one it stands in: an error says "free variable"
  };

  // statements.cc
  void statements(NodeList list);
  void statement(Node node);
  void assign(Node target, ValueId value);
  void assign_statement(Node node);
  void augmented_assign(Node node);
  void annotated_assign(Node node);
  void delete_target(Node target);
  void if_statement(Node node);
  void while_statement(Node node);
  void for_statement(Node node);
  void assert_statement(Node node);
  void raise_statement(Node node);
  /// One loop over `iterator`: binds `target` to each item and calls body(header). `exhausted` stays unsealed.
  template <class Body>
  void iterate(ValueId iterator, Node target, Position position, BlockId exhausted, Body body);

  // expressions.cc
  ValueId expression(Node node);
  std::vector<ValueId> expressions(NodeList list);
  ValueId new_constant(PyObject* object);  ///< takes the reference over
  ValueId binary(Node node);
  ValueId bool_op(Node node);
  ValueId compare(Node node);
  ValueId comparator(NodeList ops, NodeList comparators, Py_ssize_t index);
  ValueId compare_pair(Kind op, ValueId left, ValueId right, Position position);
  ValueId if_expression(Node node);
  ValueId call(Node node);
  ValueId subscript_key(Node node);
  ValueId formatted_text(Node node);
  ValueId formatted_value(Node node);
  ValueId dict_display(Node node);
  ValueId list_comprehension(Node node);
  void comprehension_level(Node node, NodeList generators, Py_ssize_t level, ValueId first_iterator, ValueId list);
  ValueId truth(ValueId value, Position position);
  /// Jumps to if_true or if_false by the truth of `node`; both blocks stay unsealed.
  void condition(Node node, BlockId if_true, BlockId if_false);

  // functions.cc
  void function_statement(Node node);
  ValueId lambda(Node node);
  ValueId generator_expression(Node node);
  ValueId make_function(Node node, PyObject* name, long first_line);
  /// The constant that MakeFunction makes functions of: the code, or a template of it.
  uint32_t function_source(PyCodeObject* code);
  ValueId tuple_of(std::vector<ValueId> items, Position position);
  std::vector<ValueId> annotations(Node node);
  PyObject* annotation_text(Node annotation);
  /// The code object of the nested definition `node` among the constants of the code it stands in; null: not there.
  PyCodeObject* nested_code(Node node, PyObject* name, long first_line) const;

  // scopes.cc
  void declare_locals(Node node);
  void declare_scope_statements(NodeList list);
  void declare_target(Node target);
  void declare_in_statements(NodeList list);
  void declare_walrus(Node node);
  void declare(PyObject* name);
  void collect_targets(Node target, Scope* scope);
  void collect_captured(PyCodeObject* code);
  void make_cells();
  Binding find_binding(const std::string& name) const;
  /// The cell that a nested function means by `name`.
  ValueId captured_cell(const std::string& name);
  ValueId read_variable(VariableId variable, const std::string& name, Position position, bool as_free);
  ValueId name_load(Node node);
  void write_name(PyObject* name, ValueId value, Position position);
  void delete_name(Node target);
  void return_value(ValueId value, Position position);
  void enter_comprehension(Node node, Scope scope);
  void leave_comprehension();

  // names, constants: translator.cc
  std::string mangled(PyObject* name) const;
  uint32_t name_index(const std::string& name);
  uint32_t const_index(PyObject* object);
  ValueId constant(PyObject* object) { return ssa_.constant(const_index(object)); }
  /// A built-in function as a constant, whatever its name means in the program. None if there is no such.
  ValueId builtin(const char* name);
  /// The object of a constant (borrowed), or null.
  PyObject* constant_object(ValueId value) const {
    uint32_t index = ssa_.const_index_of(value);
    return index == kNone ? nullptr : consts_[index];
  }
  ValueId none() { return constant(Py_None); }
  ValueId emit(Op op, std::vector<ValueId> args, Position position, uint32_t aux = kNone, uint8_t sub = 0) {
    return ssa_.emit(op, std::move(args), position, aux, sub, own_code_depth_);
  }

  bool failed() const { return refusal_.has_value() || PyErr_Occurred(); }
  ValueId refuse(const char* code, Node node, std::string why, std::string hint = "");

  PyObject* function_;
  PyCodeObject* code_;
  bool is_template_;  ///< the cells of the free variables are parameters (runtime/mir.h)
  Node node_;
  PyObject* class_name_;
  SsaBuilder ssa_;
  Scope locals_;
  Cells cells_;                                          ///< of the locals that nested functions capture
  Cells free_cells_;                                     ///< of the free variables of a template
  std::unordered_set<std::string> globals_, nonlocals_;  ///< so declared
  std::unordered_set<std::string> captured_;             ///< free variables of nested functions
  std::vector<Scope> comprehensions_;                    ///< scopes of the comprehensions around, innermost last
  std::vector<Cells> comprehension_cells_;               ///< in step with comprehensions_
  std::vector<PyCodeObject*> codes_;  ///< the function's code, then those of the comprehensions around (CPython 3.11)
  std::unordered_map<std::string, uint32_t> free_variables_, name_indices_;
  std::unordered_map<PyObject*, uint32_t> const_indices_;
  std::vector<PyObject*> consts_, names_;  ///< strong references until given to finish()
  std::vector<Loop> loops_;
  std::optional<Refusal> refusal_;
  uint16_t loop_depth_ = 0;
  uint8_t own_code_depth_ = 0;  ///< comprehensions around that are functions of their own (CPython 3.11)
  bool comprehension_has_code_ = false;
};

}  // namespace hasten::compile::syntax
