// Which code object was compiled from which node of the tree.
#pragma once

#include <Python.h>

#include "compile/syntax/ast_node.h"

namespace hasten::compile::syntax {

/// The code of the generator expression at `position`, at any depth inside `code` (borrowed), or null.
PyObject* generator_code(PyCodeObject* code, const mir::Position& position);

/// Whether `code` can have been compiled from `node`, by where its instructions stand. They may stand nowhere: with
/// python -X no_debug_ranges, or `lambda: 1` in CPython 3.12.
bool may_stand_in(PyCodeObject* code, Node node);

/// What CPython's compiler makes of `expression` by itself: a code object (new reference), or null without an exception.
PyObject* code_alone(Node expression, PyObject* file);

/// Whether the lambda `node`, compiled alone, does what `code` does. For those that stand nowhere: they name nothing, so
/// that alone is as good as where they stand.
bool does_the_same(PyCodeObject* code, Node node);

}  // namespace hasten::compile::syntax
