// Attributes of objects, as native code reads and writes them: with a cache per instruction.
#pragma once

#include <Python.h>

#include <cstdint>

#include "runtime/unit_format.h"

extern "C" {

/// A new reference, or null with an exception. is_called: it is called at once, nobody else sees the method.
PyObject* hj_get_attribute(hasten::runtime::AttributeCache* cache, PyObject* object, PyObject* name, int32_t is_called);
/// Negative with an exception.
int32_t hj_set_attribute(hasten::runtime::AttributeCache* cache, PyObject* object, PyObject* name, PyObject* value);
}

namespace hasten::runtime {

/// The method as the interpreter has it: bound, in one object.
PyObject* method_object(PyObject* object, PyObject* name);

}  // namespace hasten::runtime
