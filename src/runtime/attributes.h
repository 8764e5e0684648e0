// Attributes of objects, as native code reads and writes them: with a cache per instruction.
#pragma once

#include <Python.h>

#include <cstdint>

#include "runtime/helpers.h"
#include "runtime/unit_format.h"

extern "C" {

/// A new reference, or null with an exception. is_called: it is called at once, nobody else sees the method.
PyObject* hj_get_attribute(hasten::runtime::AttributeCache* cache, PyObject* object, PyObject* name, int32_t is_called);
/// Negative with an exception.
int32_t hj_set_attribute(hasten::runtime::AttributeCache* cache, PyObject* object, PyObject* name, PyObject* value);
}

namespace hasten::runtime {

/// The method of an object that keeps values without a dict, if the cache knows it (borrowed); else null.
PyObject* known_method(const MethodCache& cache, PyObject* object);
/// The cache shall know `method`, which load_method has just found unbound for `object`, if its class and its values allow it.
void remember_method(MethodCache* cache, PyObject* object, PyObject* name, PyObject* method);

/// The method as the interpreter has it: bound, in one object.
PyObject* method_object(PyObject* object, PyObject* name);

}  // namespace hasten::runtime
