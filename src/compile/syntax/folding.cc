#include "compile/syntax/folding.h"

#include "compile/syntax/operators.h"
#include "runtime/planted.h"

namespace hasten::compile::syntax {
namespace {

constexpr size_t kBitsMax = 4096;

bool is_number(PyObject* object) {
  return PyLong_CheckExact(object) || PyFloat_CheckExact(object) || PyComplex_CheckExact(object);
}

/// Bits of an int; kBitsMax + 1 for more than that. REQUIRES: an int.
size_t bits_of(PyObject* object) {
  int overflow = 0;
  long long value = PyLong_AsLongLongAndOverflow(object, &overflow);
  if (overflow == 0) {
    unsigned long long magnitude =
        value < 0 ? 0ULL - static_cast<unsigned long long>(value) : static_cast<unsigned long long>(value);
    return magnitude ? 64 - static_cast<size_t>(__builtin_clzll(magnitude)) : 0;
  }
  PyObject* bits = PyObject_CallMethod(object, "bit_length", nullptr);
  long count = bits ? PyLong_AsLong(bits) : -1;
  Py_XDECREF(bits);
  PyErr_Clear();
  return count < 0 || count > static_cast<long>(kBitsMax) ? kBitsMax + 1 : static_cast<size_t>(count);
}

/// Whether an int result stays small.
bool is_affordable(mir::BinaryOp op, PyObject* a, PyObject* b) {
  if (!PyLong_CheckExact(a) || !PyLong_CheckExact(b)) {
    return true;
  }
  int overflow = 0;
  long long count = PyLong_AsLongLongAndOverflow(b, &overflow);
  bool is_count = overflow == 0 && count >= 0 && count <= static_cast<long long>(kBitsMax);
  switch (op) {
    case mir::BinaryOp::Pow:
      return overflow == 0 && (count < 0 || (is_count && bits_of(a) * static_cast<size_t>(count) <= kBitsMax));
    case mir::BinaryOp::LShift:
      return is_count && bits_of(a) + static_cast<size_t>(count) <= kBitsMax;
    default:
      return bits_of(a) + bits_of(b) <= kBitsMax;
  }
}

PyObject* or_nothing(PyObject* result) {
  if (!result) {
    PyErr_Clear();
  }
  return result;
}

}  // namespace

PyObject* fold_binary(mir::BinaryOp op, PyObject* a, PyObject* b) {
  using mir::BinaryOp;
  if (!is_number(a) || !is_number(b) || !is_affordable(op, a, b)) {
    return nullptr;
  }
  switch (op) {
    case BinaryOp::Add:
      return or_nothing(PyNumber_Add(a, b));
    case BinaryOp::Sub:
      return or_nothing(PyNumber_Subtract(a, b));
    case BinaryOp::Mul:
      return or_nothing(PyNumber_Multiply(a, b));
    case BinaryOp::TrueDiv:
      return or_nothing(planted_bug(Plant::FoldTrueDiv) ? PyNumber_FloorDivide(a, b) : PyNumber_TrueDivide(a, b));
    case BinaryOp::FloorDiv:
      return or_nothing(PyNumber_FloorDivide(a, b));
    case BinaryOp::Mod:
      return or_nothing(PyNumber_Remainder(a, b));
    case BinaryOp::Pow:
      return or_nothing(PyNumber_Power(a, b, Py_None));
    case BinaryOp::LShift:
      return or_nothing(PyNumber_Lshift(a, b));
    case BinaryOp::RShift:
      return or_nothing(PyNumber_Rshift(a, b));
    case BinaryOp::And:
      return or_nothing(PyNumber_And(a, b));
    case BinaryOp::Or:
      return or_nothing(PyNumber_Or(a, b));
    case BinaryOp::Xor:
      return or_nothing(PyNumber_Xor(a, b));
    case BinaryOp::MatMul:
      return nullptr;
  }
  return nullptr;
}

PyObject* fold_unary(mir::UnaryOp op, PyObject* a) {
  if (!is_number(a)) {
    return nullptr;
  }
  switch (op) {
    case mir::UnaryOp::Neg:
      return or_nothing(PyNumber_Negative(a));
    case mir::UnaryOp::Pos:
      return or_nothing(PyNumber_Positive(a));
    case mir::UnaryOp::Invert:
      return or_nothing(PyNumber_Invert(a));
    case mir::UnaryOp::Not:
      return nullptr;
  }
  return nullptr;
}

namespace {

PyObject* constant_tuple(NodeList items);

/// The value of a literal, as far as CPython's compiler folds one. New reference, or null without an exception.
PyObject* literal(Node node) {
  switch (node.kind()) {
    case Kind::Constant:
      return Py_NewRef(node.object(Field::value));
    case Kind::Tuple:
      return constant_tuple(node.list(Field::elts));
    case Kind::UnaryOp: {
      const Kind kind = node[Field::op].kind();
      if (kind == Kind::Not) {
        return nullptr;
      }
      PyObject* operand = literal(node[Field::operand]);
      PyObject* value = operand ? fold_unary(kind == Kind::USub   ? mir::UnaryOp::Neg
                                             : kind == Kind::UAdd ? mir::UnaryOp::Pos
                                                                  : mir::UnaryOp::Invert,
                                             operand)
                                : nullptr;
      Py_XDECREF(operand);
      return value;
    }
    case Kind::BinOp: {
      PyObject* a = literal(node[Field::left]);
      PyObject* b = a ? literal(node[Field::right]) : nullptr;
      PyObject* value = b ? fold_binary(binary_op(node[Field::op].kind()), a, b) : nullptr;
      Py_XDECREF(a);
      Py_XDECREF(b);
      return value;
    }
    default:
      return nullptr;
  }
}

PyObject* constant_tuple(NodeList items) {
  PyObject* tuple = or_nothing(PyTuple_New(items.size()));
  for (Py_ssize_t i = 0; tuple && i < items.size(); ++i) {
    PyObject* item = literal(items[i]);
    if (item) {
      PyTuple_SET_ITEM(tuple, i, item);
    } else {
      Py_CLEAR(tuple);
    }
  }
  return tuple;
}

}  // namespace

PyObject* fold_container(Node display) {
  const Kind kind = display.kind();
  if (kind != Kind::List && kind != Kind::Tuple && kind != Kind::Set) {
    return nullptr;
  }
  PyObject* items = constant_tuple(display.list(Field::elts));
  if (!items || kind != Kind::Set) {
    return items;
  }
  PyObject* set = or_nothing(PyFrozenSet_New(items));
  Py_DECREF(items);
  return set;
}

}  // namespace hasten::compile::syntax
