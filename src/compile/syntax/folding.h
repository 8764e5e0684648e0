// What CPython's compiler computes once: arithmetic on numeric literals (`10**30`, `-1`), and the right side of `in`.
#pragma once

#include <Python.h>

#include "compile/syntax/ast_node.h"
#include "runtime/mir.h"

namespace hasten::compile::syntax {

/// The value of `a op b` or `op a` (a new reference), or null without an exception: not numbers, too large to be worth
/// it, or an error, which must happen when the program gets there.
PyObject* fold_binary(mir::BinaryOp op, PyObject* a, PyObject* b);
PyObject* fold_unary(mir::UnaryOp op, PyObject* a);
/// A display of constants on the right of `in` or `not in`, where nobody can change it: a list or tuple as a tuple, a
/// set as a frozenset. A new reference, or null without an exception: not such a display.
PyObject* fold_container(Node display);

}  // namespace hasten::compile::syntax
