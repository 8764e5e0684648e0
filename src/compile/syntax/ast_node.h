// Reads the tree that the built-in compile() makes. A Node is a borrowed view: the tree must outlive it.
#pragma once

#include <Python.h>

#include <cstdint>

#include "runtime/mir.h"

namespace hasten::compile::syntax {

// Every class of the tree that is looked at, and every field.
// clang-format off: it would put a tower of one name a line.
#define HASTEN_AST_KINDS(X)                                                                                            \
  X(Module) X(ExceptHandler)                                                                                                            \
  X(FunctionDef) X(AsyncFunctionDef) X(ClassDef) X(Return) X(Delete) X(Assign) X(AugAssign) X(AnnAssign) X(For)        \
      X(AsyncFor) X(While) X(If) X(With) X(AsyncWith) X(Match) X(Raise) X(Try) X(TryStar) X(Assert) X(Import)          \
          X(ImportFrom) X(Global) X(Nonlocal) X(Expr) X(Pass) X(Break) X(Continue) X(BoolOp) X(NamedExpr) X(BinOp)     \
              X(UnaryOp) X(Lambda) X(IfExp) X(Dict) X(Set) X(ListComp) X(SetComp) X(DictComp) X(GeneratorExp) X(Await) \
                  X(Yield) X(YieldFrom) X(Compare) X(Call) X(FormattedValue) X(JoinedStr) X(Constant) X(Attribute)     \
                      X(Subscript) X(Starred) X(Name) X(List) X(Tuple) X(Slice) X(And) X(Or) X(Add) X(Sub) X(Mult)     \
                          X(MatMult) X(Div) X(Mod) X(Pow) X(LShift) X(RShift) X(BitOr) X(BitXor) X(BitAnd) X(FloorDiv) \
                              X(Invert) X(Not) X(UAdd) X(USub) X(Eq) X(NotEq) X(Lt) X(LtE) X(Gt) X(GtE) X(Is) X(IsNot) \
                                  X(In) X(NotIn)

#define HASTEN_AST_FIELDS(X)                                                                                          \
  X(body)                                                                                                             \
  X(orelse) X(finalbody) X(handlers) X(cases) X(name) X(args) X(decorator_list) X(value) X(targets) X(target) X(op)   \
      X(iter) X(test) X(exc) X(cause) X(msg) X(names) X(values) X(left) X(right) X(operand) X(elts) X(elt)            \
          X(generators) X(ifs) X(is_async) X(ops) X(comparators) X(func) X(keywords) X(arg) X(attr) X(slice) X(lower) \
              X(upper) X(step) X(id) X(lineno) X(end_lineno) X(col_offset) X(end_col_offset) X(posonlyargs)           \
                  X(kwonlyargs) X(vararg) X(kwarg) X(module) X(level) X(conversion) X(format_spec) X(keys)        \
                  X(defaults) X(kw_defaults) X(annotation) X(returns) X(type_params) X(type) X(key) X(asname)
// clang-format on

enum class Kind : uint8_t {
  None,     ///< the Python object None: an optional field that is absent
  Unknown,  ///< a class that is newer than this table
#define X(name) name,
  HASTEN_AST_KINDS(X)
#undef X
};

enum class Field : uint8_t {
#define X(name) name,
  HASTEN_AST_FIELDS(X)
#undef X
};

/// Prepares the tables of names. False with a Python exception set on failure. Call once before any Node is read.
bool prepare_ast_reader();

class NodeList;

class Node {
 public:
  Node() = default;
  explicit Node(PyObject* object) : object_(object) {}

  PyObject* object() const { return object_; }
  Kind kind() const;
  bool present() const { return object_ != nullptr && object_ != Py_None; }
  /// The class name of the tree's node, for messages.
  const char* kind_name() const { return Py_TYPE(object_)->tp_name; }

  Node operator[](Field field) const { return Node(object(field)); }
  /// The field's object, borrowed (the node keeps it). Py_None if the field is missing.
  PyObject* object(Field field) const;
  NodeList list(Field field) const;
  long integer(Field field) const;
  mir::Position position() const;

 private:
  PyObject* object_ = nullptr;
};

/// A field that is a Python list of nodes.
class NodeList {
 public:
  explicit NodeList(PyObject* list) : list_(PyList_Check(list) ? list : nullptr) {}
  Py_ssize_t size() const { return list_ ? PyList_GET_SIZE(list_) : 0; }
  bool empty() const { return size() == 0; }
  Node operator[](Py_ssize_t index) const { return Node(PyList_GET_ITEM(list_, index)); }

  class Iterator {
   public:
    Iterator(const NodeList* list, Py_ssize_t index) : list_(list), index_(index) {}
    Node operator*() const { return (*list_)[index_]; }
    Iterator& operator++() {
      ++index_;
      return *this;
    }
    bool operator!=(const Iterator& other) const { return index_ != other.index_; }

   private:
    const NodeList* list_;
    Py_ssize_t index_;
  };
  Iterator begin() const { return {this, 0}; }
  Iterator end() const { return {this, size()}; }

 private:
  PyObject* list_;
};

/// f(child) for each node below `node`, whatever field it stands in.
template <class F>
void for_each_child(Node node, F f) {
  PyObject* fields = PyObject_GetAttrString(reinterpret_cast<PyObject*>(Py_TYPE(node.object())), "_fields");
  for (Py_ssize_t i = 0; fields && i < PyTuple_GET_SIZE(fields); ++i) {
    PyObject* child = PyObject_GetAttr(node.object(), PyTuple_GET_ITEM(fields, i));
    if (!child) {
      PyErr_Clear();
      continue;
    }
    Py_DECREF(child);  // the tree keeps it
    if (PyList_Check(child)) {
      for (Node item : NodeList(child)) {
        if (PyObject_HasAttrString(item.object(), "_fields")) {
          f(item);
        }
      }
    } else if (PyObject_HasAttrString(child, "_fields")) {
      f(Node(child));
    }
  }
  Py_XDECREF(fields);
}

}  // namespace hasten::compile::syntax
