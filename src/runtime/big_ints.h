// Big integers divided by short ones, faster than CPython does it.
#pragma once

#include <Python.h>

namespace hasten::runtime {

extern "C" {

/// `a // b`, `a //= b`, `a % b`, `a %= b`, divmod(a, b) of any objects (new references, or null with an exception). Cost: of an int of n digits and
/// one of one digit, some n multiplications; of others PyNumber_FloorDivide() and its like.
PyObject* hj_floor_divide(PyObject* a, PyObject* b);
PyObject* hj_floor_divide_in_place(PyObject* a, PyObject* b);
PyObject* hj_remainder(PyObject* a, PyObject* b);
PyObject* hj_remainder_in_place(PyObject* a, PyObject* b);
PyObject* hj_divmod(PyObject* a, PyObject* b);

}  // extern "C"

}  // namespace hasten::runtime
