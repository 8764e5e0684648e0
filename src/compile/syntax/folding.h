// Arithmetic on numeric literals, done once: CPython's compiler folds `10**30` and `-1` too.
#pragma once

#include <Python.h>

#include "runtime/mir.h"

namespace hasten::compile::syntax {

/// The value of `a op b` or `op a` (a new reference), or null without an exception: not numbers, too large to be worth
/// it, or an error, which must happen when the program gets there.
PyObject* fold_binary(mir::BinaryOp op, PyObject* a, PyObject* b);
PyObject* fold_unary(mir::UnaryOp op, PyObject* a);

}  // namespace hasten::compile::syntax
