// The functions of support.h that make objects of unboxed values and read them: numbers, tuples, iterators in the state that
// native code has brought them to.
#include <Python.h>

#include <array>
#include <cstring>

#include "runtime/object_layout.h"
#include "runtime/object_ref.h"
#include "runtime/planted.h"
#include "runtime/support.h"
#include "runtime/walked_by.h"

namespace hasten::runtime {
namespace {

struct IntAndStatus {
  int64_t value;
  int64_t ok;
};

extern "C" {

PyObject* hj_box_int(int64_t value) { return PyLong_FromLongLong(value); }
PyObject* hj_box_float(double value) { return PyFloat_FromDouble(value); }
PyObject* hj_box_complex(double real, double imag) { return PyComplex_FromDoubles(real, imag); }

PyObject* hj_box_range(int64_t start, int64_t stop, int64_t step) {
  const KeepError keep;
  return PyObject_CallFunction(reinterpret_cast<PyObject*>(&PyRange_Type), "LLL", static_cast<long long>(start),
                               static_cast<long long>(stop), static_cast<long long>(step));
}

PyObject* hj_box_range_iter(int64_t next, int64_t step, int64_t left) {
  const KeepError keep;
  // iter(range(next, next + left * step, step)); the end may lie beyond int64, so it is computed as an object.
  PyObject* range = nullptr;
  PyObject *a = PyLong_FromLongLong(left), *s = PyLong_FromLongLong(step), *n = PyLong_FromLongLong(next);
  PyObject* length = a && s ? PyNumber_Multiply(a, s) : nullptr;
  PyObject* stop = length && n ? PyNumber_Add(n, length) : nullptr;
  if (stop)
    range = PyObject_CallFunctionObjArgs(reinterpret_cast<PyObject*>(&PyRange_Type), n, stop, s, nullptr);
  Py_XDECREF(a);
  Py_XDECREF(s);
  Py_XDECREF(n);
  Py_XDECREF(length);
  Py_XDECREF(stop);
  PyObject* iterator = range ? PyObject_GetIter(range) : nullptr;
  Py_XDECREF(range);
  return iterator;
}

PyObject* hj_box_list_iter(PyObject* list, int64_t index) {
  const KeepError keep;
  PyObject* iterator = PyObject_GetIter(list);
  if (!iterator)
    return nullptr;
  PyObject* done = PyObject_CallMethod(iterator, "__setstate__", "L", static_cast<long long>(index));
  Py_XDECREF(done);
  return iterator;
}

/// What reversed(list) and reversed(another sequence) give.
struct Reversed {
  PyObject_HEAD Py_ssize_t index;
  PyObject* sequence;
};

/// An index that the list has become too short for is kept: __setstate__ would move it, and the list may grow again.
PyObject* hj_box_reversed(PyObject* sequence, int64_t index) {
  const KeepError keep;
  const Py_ssize_t size = PySequence_Size(sequence);
  PyObject* iterator = PyObject_CallOneArg(reinterpret_cast<PyObject*>(&PyReversed_Type), sequence);
  if (!iterator)
    return nullptr;
  auto* fields = reinterpret_cast<Reversed*>(iterator);
  if (fields->index == size - 1 && fields->sequence == sequence)
    fields->index = index;
  else
    Py_XDECREF(PyObject_CallMethod(iterator, "__setstate__", "L", static_cast<long long>(index)));
  return iterator;
}

/// Like CPython's collector, which finds out later: a tuple of what cannot refer to it needs no look.
PyObject* hj_box_tuple(PyObject* const* items, int64_t count, int64_t) {
  PyObject* tuple = PyTuple_New(count);
  bool is_plain = count > 0;
  for (int64_t k = 0; tuple && k < count; ++k) {
    is_plain = is_plain && !PyType_IS_GC(Py_TYPE(items[k]));
    PyTuple_SET_ITEM(tuple, k, Py_NewRef(items[k]));
  }
  if (tuple && is_plain)
    PyObject_GC_UnTrack(tuple);
  return tuple;
}

PyObject* hj_box_tuple_iter(PyObject* const* items, int64_t count, int64_t index) {
  const KeepError keep;
  PyObject* tuple = hj_box_tuple(items, count, 0);
  PyObject* iterator = tuple ? PyObject_GetIter(tuple) : nullptr;
  Py_XDECREF(tuple);
  if (iterator)
    Py_XDECREF(PyObject_CallMethod(iterator, "__setstate__", "L", static_cast<long long>(index)));
  return iterator;
}

PyObject* hj_box_zip(PyObject* const* items, int64_t count, int64_t) {
  const KeepError keep;
  return PyObject_Vectorcall(reinterpret_cast<PyObject*>(&PyZip_Type), items, static_cast<size_t>(count), nullptr);
}

PyObject* hj_box_enumerate(PyObject* const* items, int64_t, int64_t count) {
  const KeepError keep;
  return PyObject_CallFunction(reinterpret_cast<PyObject*>(&PyEnum_Type), "OL", items[0],
                               static_cast<long long>(count));
}

IntAndStatus hj_unbox_int(PyObject* object) {
  if (!PyLong_CheckExact(object) && !(planted_bug(Plant::UnboxBoolAsInt) && PyBool_Check(object)))
    return {0, 0};
  const ObjectLayout& layout = object_layout();
  const char* at = reinterpret_cast<const char*>(object);
  int64_t header = 0;
  std::memcpy(&header, at + layout.long_size_or_tag, sizeof header);
  const bool negative = layout.long_is_tagged ? (header & 3) == 2 : header < 0;
  if ((layout.long_is_tagged ? header >> 3
       : negative            ? -header
                             : header) == 2) {  // native code reads a single digit itself
    std::array<uint32_t, 2> digits;
    std::memcpy(digits.data(), at + layout.long_digits, sizeof digits);
    const auto value = static_cast<int64_t>(digits[0] | uint64_t{digits[1]} << 30);
    return {negative ? -value : value, 1};
  }
  int overflow = 0;
  const int64_t value = PyLong_AsLongLongAndOverflow(object, &overflow);
  return {value, overflow == 0};
}

/// Reads a range iterator that only the interpreter's value table refers to.
int32_t hj_unbox_range_iter(PyObject* object, int64_t* out) {
  if (Py_TYPE(object) != &PyRangeIter_Type || Py_REFCNT(object) != 1)
    return 0;
  PyObject* state = PyObject_CallMethod(object, "__reduce__", nullptr);
  long long start = 0, stop = 0, step = 0, index = 0;
  PyObject *function = nullptr, *range = nullptr, *position = nullptr;
  bool ok = state && PyArg_ParseTuple(state, "OO!|O", &function, &PyTuple_Type, &range, &position);
  PyObject* r = ok && PyTuple_GET_SIZE(range) == 1 ? PyTuple_GET_ITEM(range, 0) : nullptr;
  ok = r && Py_TYPE(r) == &PyRange_Type;
  const auto read = [&](const char* name, long long& value) {
    PyObject* attribute = PyObject_GetAttrString(r, name);
    int overflow = 1;
    if (attribute)
      value = PyLong_AsLongLongAndOverflow(attribute, &overflow);
    Py_XDECREF(attribute);
    return overflow == 0;
  };
  ok = ok && read("start", start) && read("stop", stop) && read("step", step);
  if (ok && position && position != Py_None) {
    index = PyLong_AsLongLong(position);
    ok = index != -1 || !PyErr_Occurred();
  }
  if (ok) {
    const Py_ssize_t count = PyObject_Length(r);
    ok = count >= 0 && index <= count;
    long long next = 0;
    ok = ok && !__builtin_mul_overflow(index, step, &next) && !__builtin_add_overflow(next, start, &next);
    out[0] = next;
    out[1] = step;
    out[2] = count - index - planted_bug(Plant::OsrRangeIter);
  }
  Py_XDECREF(state);
  if (PyErr_Occurred())
    PyErr_Clear();
  return ok;
}

/// Likewise an iterator over a sequence of exactly the class `walked`, backwards or not.
int32_t hj_unbox_list_iter(PyObject* object, PyObject* walked, int32_t backwards, int64_t* out) {
  if (Py_REFCNT(object) != 1 || walks_back(object) != (backwards != 0))
    return 0;
  PyObject* sequence = walked_by(object);
  const bool is_wanted = sequence && reinterpret_cast<PyObject*>(Py_TYPE(sequence)) == walked;
  Py_XDECREF(sequence);
  if (!is_wanted)
    return 0;
  PyObject* state = PyObject_CallMethod(object, "__reduce__", nullptr);
  PyObject *function = nullptr, *args = nullptr, *position = nullptr;
  bool ok = state && PyArg_ParseTuple(state, "OO!O", &function, &PyTuple_Type, &args, &position);
  PyObject* list = ok && PyTuple_GET_SIZE(args) == 1 ? PyTuple_GET_ITEM(args, 0) : nullptr;
  ok = list && PyLong_CheckExact(position) && Py_REFCNT(list) > 1;
  if (ok) {
    out[0] = reinterpret_cast<int64_t>(list);
    out[1] = PyLong_AsLongLong(position);
  }
  Py_XDECREF(state);  // the iterator keeps the list
  if (PyErr_Occurred())
    PyErr_Clear();
  return ok;
}

}  // extern "C"

}  // namespace

std::span<const SupportSymbol> box_symbols() {
#define HASTEN_SYMBOL(name) {#name, reinterpret_cast<void*>(&name)}
  static const SupportSymbol kSymbols[] = {
      HASTEN_SYMBOL(hj_box_int),         HASTEN_SYMBOL(hj_box_float),      HASTEN_SYMBOL(hj_box_complex),
      HASTEN_SYMBOL(hj_box_range),       HASTEN_SYMBOL(hj_box_range_iter), HASTEN_SYMBOL(hj_box_list_iter),
      HASTEN_SYMBOL(hj_box_tuple),       HASTEN_SYMBOL(hj_box_tuple_iter), HASTEN_SYMBOL(hj_box_zip),
      HASTEN_SYMBOL(hj_box_enumerate),   HASTEN_SYMBOL(hj_unbox_int),      HASTEN_SYMBOL(hj_unbox_range_iter),
      HASTEN_SYMBOL(hj_unbox_list_iter), HASTEN_SYMBOL(hj_box_reversed),
  };
#undef HASTEN_SYMBOL
  return kSymbols;
}

}  // namespace hasten::runtime
