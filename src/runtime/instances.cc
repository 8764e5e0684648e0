#include "runtime/instances.h"

#include "runtime/object_layout.h"
#include "runtime/object_ref.h"

using namespace hasten::runtime;

int32_t hj_makes_instances(MethodCache* cache, PyTypeObject* made, PyObject* init) {
  const KeepError keep;
  if (plain_constructor(made) != init)
    return 0;
  if (const uint32_t version = type_version(made))
    *cache = {version, init};
  return 1;
}

PyObject* hj_new_instance(PyTypeObject* made) {
  static PyObject* const none = PyTuple_New(0);
  return none ? PyBaseObject_Type.tp_new(made, none, nullptr) : PyErr_NoMemory();
}

int32_t hj_check_initialized(PyObject* result) {
  const bool is_none = result == Py_None;
  if (!is_none)
    PyErr_Format(PyExc_TypeError, "__init__() should return None, not '%.200s'", Py_TYPE(result)->tp_name);
  Py_DECREF(result);
  return is_none ? 0 : -1;
}
