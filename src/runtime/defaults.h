// What a parameter of a Python function gets when a call leaves it out.
#pragma once

#include <Python.h>

#include <cstdint>

#include "runtime/mir.h"

namespace hasten::runtime {

/// The default of parameter `index` as the function has it now (borrowed); null: it has none. Needs the GIL.
inline PyObject* default_of(PyObject* function, uint32_t index) {
  const auto* code = reinterpret_cast<PyCodeObject*>(PyFunction_GET_CODE(function));
  const auto positional = static_cast<Py_ssize_t>(code->co_argcount), at = static_cast<Py_ssize_t>(index);
  if (at < positional) {
    PyObject* defaults = PyFunction_GET_DEFAULTS(function);
    const Py_ssize_t item = (defaults ? PyTuple_GET_SIZE(defaults) : 0) - positional + at;
    return item < 0 ? nullptr : PyTuple_GET_ITEM(defaults, item);
  }
  PyObject* by_name = PyFunction_GET_KW_DEFAULTS(function);
  if (!by_name || at >= positional + code->co_kwonlyargcount) {
    return nullptr;
  }
  // The parameters come first among the names of the variables.
  PyObject* value = PyDict_GetItemWithError(by_name, PyTuple_GET_ITEM(code->co_localsplusnames, at));
  if (!value) {
    PyErr_Clear();
  }
  return value;
}

/// Experience counts how often a default had changed among the changes of globals, under this number.
constexpr uint32_t default_key(uint32_t parameter) { return 0x80000000u | parameter; }

}  // namespace hasten::runtime
