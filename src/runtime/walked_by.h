// Iterators of CPython's own sequences.
#pragma once

#include <Python.h>

namespace hasten::runtime {

/// The list, tuple, str or bytes that the iterator walks (a new reference); null if it is exhausted or another one.
PyObject* walked_by(PyObject* iterator);

/// Whether it is the iterator of a reversed(): it walks backwards.
bool walks_back(PyObject* iterator);

}  // namespace hasten::runtime
