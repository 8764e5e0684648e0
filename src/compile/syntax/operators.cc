#include "compile/syntax/operators.h"

namespace hasten::compile::syntax {
namespace {

mir::Position from_attribute_name(mir::Position position, Node attribute) {
  mir::Position whole = attribute.position();
  if (whole.line == whole.end_line) {
    return position;
  }
  Py_ssize_t length = PyUnicode_GET_LENGTH(attribute.object(Field::attr));
  position.line = whole.end_line;
  if (length <= whole.end_column) {
    position.column = static_cast<uint16_t>(whole.end_column - length);
  }
  return position;
}

}  // namespace

mir::BinaryOp binary_op(Kind kind) {
  using mir::BinaryOp;
  switch (kind) {
    case Kind::Add:
      return BinaryOp::Add;
    case Kind::Sub:
      return BinaryOp::Sub;
    case Kind::Mult:
      return BinaryOp::Mul;
    case Kind::MatMult:
      return BinaryOp::MatMul;
    case Kind::Div:
      return BinaryOp::TrueDiv;
    case Kind::FloorDiv:
      return BinaryOp::FloorDiv;
    case Kind::Mod:
      return BinaryOp::Mod;
    case Kind::Pow:
      return BinaryOp::Pow;
    case Kind::LShift:
      return BinaryOp::LShift;
    case Kind::RShift:
      return BinaryOp::RShift;
    case Kind::BitAnd:
      return BinaryOp::And;
    case Kind::BitOr:
      return BinaryOp::Or;
    default:
      return BinaryOp::Xor;
  }
}

bool asserts_are_on() {
  PyObject* builtins = PyEval_GetBuiltins();  // borrowed
  return !builtins || PyDict_GetItemString(builtins, "__debug__") != Py_False;
}

mir::Position attribute_position(Node attribute) { return from_attribute_name(attribute.position(), attribute); }

mir::Position call_position(Node call) {
  Node callee = call[Field::func];
  return callee.kind() == Kind::Attribute ? from_attribute_name(call.position(), callee) : call.position();
}

}  // namespace hasten::compile::syntax
