#include "compile/syntax/nested_code.h"

#include <initializer_list>

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

}  // namespace

PyObject* generator_code(PyCodeObject* code, const mir::Position& position) {
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

bool may_stand_in(PyCodeObject* code, Node node) { return place_of(code, node) != Lies::Outside; }

PyObject* code_alone(Node expression, PyObject* file) {
  PyObject* ast = PyImport_ImportModule("ast");
  PyObject* builtins = PyImport_ImportModule("builtins");
  PyObject* tree = ast ? PyObject_CallMethod(ast, "Expression", "O", expression.object()) : nullptr;
  PyObject* alone =
      tree && builtins ? PyObject_CallMethod(builtins, "compile", "OOsii", tree, file, "eval", 0, 1) : nullptr;
  PyErr_Clear();
  for (PyObject* object : {ast, builtins, tree}) {
    Py_XDECREF(object);
  }
  return alone;
}

bool does_the_same(PyCodeObject* code, Node node) {
  PyObject* alone = node.kind() == Kind::Lambda ? code_alone(node, code->co_filename) : nullptr;
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
  Py_XDECREF(alone);
  return same;
}

}  // namespace hasten::compile::syntax
