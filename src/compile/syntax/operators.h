// Small tables and positions that statements and expressions share.
#pragma once

#include "compile/syntax/ast_node.h"
#include "runtime/mir.h"

namespace hasten::compile::syntax {

/// REQUIRES: `kind` is an operator of BinOp or AugAssign.
mir::BinaryOp binary_op(Kind kind);
/// What __debug__ is: whether assert statements are compiled (python -O turns them off).
bool asserts_are_on();
/// Where CPython places errors of an attribute access: on the name alone if the access spans lines.
mir::Position attribute_position(Node attribute);
/// Likewise for the call of a method.
mir::Position call_position(Node call);

}  // namespace hasten::compile::syntax
