#include "runtime/walked_by.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace hasten::runtime {

PyObject* walked_by(PyObject* iterator) {
  static const std::array<PyTypeObject*, 8> kWalkers = [] {
    std::array<PyTypeObject*, 8> types{&PyListIter_Type,    &PyTupleIter_Type, &PyBytesIter_Type, &PyByteArrayIter_Type,
                                       &PyListRevIter_Type, &PyReversed_Type,  nullptr,           nullptr};
    size_t at = 6;
    for (const char* text : {"a", "\u20ac"}) {  // there is an own one for ASCII
      PyObject* one = PyUnicode_FromString(text);
      PyObject* it = one ? PyObject_GetIter(one) : nullptr;
      if (it)
        types[at++] = Py_TYPE(it);
      Py_XDECREF(it);
      Py_XDECREF(one);
    }
    PyErr_Clear();
    return types;
  }();
  const bool is_arrays = std::string_view(Py_TYPE(iterator)->tp_name) == "array.arrayiterator";
  if (!is_arrays && std::find(kWalkers.begin(), kWalkers.end(), Py_TYPE(iterator)) == kWalkers.end())
    return nullptr;
  PyObject* state = PyObject_CallMethod(iterator, "__reduce__", nullptr);  // (iter, (list,), index)
  PyObject* walked = nullptr;
  if (state && PyTuple_GET_SIZE(state) == 3) {
    PyObject* args = PyTuple_GET_ITEM(state, 1);
    if (PyTuple_CheckExact(args) && PyTuple_GET_SIZE(args) == 1)
      walked = PyTuple_GET_ITEM(args, 0);
    if (walked && !PyList_CheckExact(walked) && !PyTuple_CheckExact(walked) && !PyUnicode_CheckExact(walked) &&
        !PyBytes_CheckExact(walked) && !PyByteArray_CheckExact(walked) &&
        std::string_view(Py_TYPE(walked)->tp_name) != "array.array")
      walked = nullptr;
    Py_XINCREF(walked);
  }
  Py_XDECREF(state);
  PyErr_Clear();
  return walked;
}

bool walks_back(PyObject* iterator) {
  return Py_TYPE(iterator) == &PyListRevIter_Type || Py_TYPE(iterator) == &PyReversed_Type;
}

}  // namespace hasten::runtime
