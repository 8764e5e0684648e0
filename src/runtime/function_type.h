// The Python type of what hasten.jit returns: a drop-in for the function that it wraps.
#pragma once

#include <Python.h>

#include "runtime/compiled_function.h"

namespace hasten::runtime {

/// The type object, ready to use; null with an exception set on failure.
PyTypeObject* function_type();

/// A new compiled function around `function` (a Python function). `strict_error` is null, or a callable that turns a
/// reason into the exception to raise.
PyObject* new_function(PyObject* function, PyObject* strict_error, bool is_template = false);

/// What stands behind `object`, or null if it is none of ours.
CompiledFunction* compiled_function(PyObject* object);

}  // namespace hasten::runtime
