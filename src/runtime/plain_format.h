// Formats of texts, ints and floats that are no more than a width and a precision, as CPython writes them.
#pragma once

#include <Python.h>

namespace hasten::runtime {

/// format(value, spec). Null without an exception: CPython must do it.
PyObject* plain_format(PyObject* value, PyObject* spec);

}  // namespace hasten::runtime
