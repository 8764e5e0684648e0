// New instances of plain classes: those that object.__new__ makes and a Python function initializes.
#pragma once

#include <Python.h>

#include <cstdint>

#include "runtime/helpers.h"

namespace hasten::runtime {

/// What a call of the class calls as __init__ (borrowed), if it does nothing else but make an object; else null.
inline PyObject* plain_constructor(PyTypeObject* made) {
  if (Py_TYPE(made) != &PyType_Type || !PyType_HasFeature(made, Py_TPFLAGS_HEAPTYPE) ||
      PyType_HasFeature(made, Py_TPFLAGS_IS_ABSTRACT) || made->tp_new != PyBaseObject_Type.tp_new)
    return nullptr;
  static PyObject* const name = PyUnicode_InternFromString("__init__");
  PyObject* init = name ? _PyType_Lookup(made, name) : nullptr;
  PyErr_Clear();
  return init;
}

}  // namespace hasten::runtime

extern "C" {

/// Whether a call of `made` still makes an object and then calls `init`. If so, `cache` tells for as long as the class is as it is.
int32_t hj_makes_instances(hasten::runtime::MethodCache* cache, PyTypeObject* made, PyObject* init);
/// Without __init__; a new reference, or null with an exception.
PyObject* hj_new_instance(PyTypeObject* made);
/// Takes what __init__ has given. Negative with TypeError if that is not None.
int32_t hj_check_initialized(PyObject* result);
}
