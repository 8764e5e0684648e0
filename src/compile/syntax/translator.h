// Walks the tree of one function and emits MIR in Python's order of evaluation.
//
// Errors are sticky: the first refusal (or Python exception) is kept, later emits are harmless, and statements
// stop being visited. So expression code reads straight, without a check after each call.
#pragma once

#include <Python.h>

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "compile/syntax/ast_node.h"
#include "compile/syntax/refusal.h"
#include "compile/syntax/ssa_builder.h"
#include "runtime/planted.h"

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
  /// A statement around the one that is translated, which a break, continue or return in it must leave.
  struct Enclosing {
    enum class What : uint8_t { Loop, Finally, Handler } what;
    BlockId next = kNone;      ///< of a loop: where `continue` goes
    BlockId after = kNone;     ///< of a loop: where `break` goes
    Node statement = {};       ///< of a finally: the try statement
    ValueId handled = kNone;   ///< of a handler: the exception that was being handled before
    PyObject* name = nullptr;  ///< of a handler: the name in `except E as name`, or null
    BlockId outer = kNone;     ///< of a finally or handler: where exceptions go outside it
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
  void evaluate_subscript(Node key);
  void delete_target(Node target);
  void if_statement(Node node);
  void while_statement(Node node);
  void for_statement(Node node);
  void assert_statement(Node node);
  void raise_statement(Node node);
  void return_statement(Node node);
  void leave_loop(bool go_on);
  void import_statement(Node node);
  void import_from_statement(Node node);

  // exceptions.cc
  void try_statement(Node node);
  void try_except(Node node);
  struct Caught {
    ValueId exception, handled;  ///< handled: what was being handled before
  };
  /// Goes on where exceptions come to `block`: the one that comes is being handled then.
  Caught enter_handler(BlockId block, Position position);
  void except_clause(Node handler, ValueId exception, ValueId handled, BlockId outer, BlockId after);
  /// Emits what an exception in a handler does on its way out; enters `block`, where it comes from.
  void leave_handler_raising(BlockId block, ValueId handled, PyObject* name);
  /// Emits what leaving the statements above `depth` does, innermost first; exceptions in it go where they would outside.
  void leave_enclosing(size_t depth);
  /// One loop over `iterator`: binds `target` to each item and calls body(header). `exhausted` stays unsealed.
  template <class Body>
  void iterate(ValueId iterator, Node target, Position position, BlockId exhausted, Body body);

  // expressions.cc
  ValueId expression(Node node);
  std::vector<ValueId> expressions(NodeList list);
  ValueId attribute(Node node, bool is_called);
  ValueId new_constant(PyObject* object);  ///< takes the reference over
  ValueId binary(Node node);
  ValueId bool_op(Node node);
  ValueId compare(Node node);
  ValueId comparator(NodeList ops, NodeList comparators, Py_ssize_t index);
  ValueId compare_pair(Kind op, ValueId left, ValueId right, Position position);
  ValueId if_expression(Node node);
  ValueId subscript_key(Node node);
  ValueId formatted_text(Node node);
  ValueId formatted_value(Node node);
  ValueId truth(ValueId value, Position position);
  /// Jumps to if_true or if_false by the truth of `node`; both blocks stay unsealed.
  void condition(Node node, BlockId if_true, BlockId if_false);

  // functions.cc
  void function_statement(Node node);
  ValueId lambda(Node node);
  ValueId make_function(Node node, PyObject* name, long first_line);
  /// The constant that MakeFunction makes functions of: the code, or a template of it.
  uint32_t function_source(PyCodeObject* code);
  ValueId tuple_of(std::vector<ValueId> items, Position position);
  std::vector<ValueId> annotations(Node node);
  PyObject* annotation_text(Node annotation);
  /// The code object of the nested definition `node` among the constants of the code it stands in; null: not there.
  PyCodeObject* nested_code(Node node, PyObject* name, long first_line) const;

  // displays.cc
  ValueId sequence_display(Node node);
  ValueId set_display(Node node);
  ValueId dict_display(Node node);
  ValueId starred_list(NodeList items, Position position);
  ValueId call(Node node);
  ValueId unpacking_call(Node node);
  ValueId keyword_dict(NodeList keywords, ValueId callee, Position position);

  // comprehensions.cc
  ValueId comprehension(Node node);
  ValueId first_iterator(Node node);
  /// The loops of a comprehension or generator expression; body() is where an item is made. `own_code`: it is a
  /// code object of its own, with entries of its own in tracebacks.
  void comprehension_loops(Node node, ValueId iterator, bool own_code, const std::function<void()>& body);
  void comprehension_level(NodeList generators, Py_ssize_t level, ValueId iterator, const std::function<void()>& body);

  // generators.cc
  using Copies = std::vector<std::pair<std::string, ValueId>>;
  ValueId generator_expression(Node node);
  /// The generator expression that is the argument of `call` and becomes a loop in place, or an absent node.
  Node consumed_generator(Node call) const;
  ValueId generator_object(Node node, ValueId iterator, Copies* copies);
  ValueId call_of_generator(Node node, Node generator);
  ValueId consume(std::string_view consumer, ValueId callee, Node node, Node generator, ValueId iterator);
  ValueId any_or_all(bool is_any, Node node, Node generator, ValueId iterator);
  ValueId extreme(bool is_min, ValueId callee, Node node, Node generator, ValueId iterator);
  ValueId sum(Node node, Node generator, ValueId iterator);
  /// What a C function does while it consumes a generator expression: its errors stand at the call.
  ValueId emit_in_call(Op op, std::vector<ValueId> args, Node call, uint8_t depth, uint8_t sub = 0);

  // scopes.cc
  void declare_locals(Node node);
  void declare_scope_statements(NodeList list);
  void declare_target(Node target);
  void declare_in_statements(NodeList list);
  void declare_walrus(Node node);
  void declare(const std::string& name);
  void declare(PyObject* name) { declare(mangled(name)); }
  std::string bound_by_import(Node alias) const;
  void collect_targets(Node target, Scope* scope);
  void collect_consumed(Node node);
  void collect_captured(PyCodeObject* code);
  void make_cells();
  Binding find_binding(const std::string& name) const;
  /// The cell that a nested function means by `name`.
  ValueId captured_cell(const std::string& name);
  ValueId read_variable(VariableId variable, const std::string& name, Position position, bool as_free);
  ValueId name_load(Node node);
  void write_name(const std::string& name, ValueId value, Position position);
  void write_name(PyObject* name, ValueId value, Position position) { write_name(mangled(name), value, position); }
  void delete_name(Node target);
  /// What ends `except E as name`: whatever it is now, it is not bound.
  void unbind_name(PyObject* name, Position position);
  void enter_comprehension(Node node, Scope scope, bool own_code);
  void return_value(ValueId value, Position position);
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
  std::unordered_set<PyObject*> consumed_;               ///< code of generator expressions that become loops in place
  std::unordered_set<std::string> captured_;             ///< free variables of nested functions
  std::vector<Scope> comprehensions_;                    ///< scopes of the comprehensions around, innermost last
  std::vector<Cells> comprehension_cells_;               ///< in step with comprehensions_
  std::vector<PyCodeObject*> codes_;  ///< the function's code, then those of the comprehensions around (CPython 3.11)
  std::unordered_map<std::string, uint32_t> free_variables_, name_indices_;
  std::unordered_map<PyObject*, uint32_t> const_indices_;
  std::vector<PyObject*> consts_, names_;  ///< strong references until given to finish()
  std::vector<Enclosing> enclosing_;       ///< innermost last
  std::optional<Refusal> refusal_;
  uint16_t loop_depth_ = 0;
  uint8_t own_code_depth_ = 0;           ///< comprehensions around that are functions of their own (CPython 3.11)
  bool comprehension_has_code_ = false;  ///< list, set and dict comprehensions are functions of their own
};

}  // namespace hasten::compile::syntax
