// The functions of support.h that work on texts and containers.
#include <cstring>

#include <Python.h>

#include "runtime/object_ref.h"
#include "runtime/planted.h"
#include "runtime/support.h"

namespace hasten::runtime {
namespace {

extern "C" {

uint32_t hj_text_char(PyObject* text, int64_t index) { return PyUnicode_READ_CHAR(text, index); }
PyObject* hj_char(uint32_t c) {
  const KeepError keep;
  return PyUnicode_FromOrdinal(static_cast<int>(c));
}

/// Of two texts of one length.
int32_t hj_texts_equal(PyObject* a, PyObject* b) {
  const int kind = PyUnicode_KIND(a);
  if (kind != static_cast<int>(PyUnicode_KIND(b)))
    return 0;
  return std::memcmp(PyUnicode_DATA(a), PyUnicode_DATA(b),
                     static_cast<size_t>(PyUnicode_GET_LENGTH(a) * (planted_bug(Plant::TextsEqualHalf) ? 1 : kind))) ==
         0;
}

int32_t hj_compare_texts(PyObject* a, PyObject* b) { return PyUnicode_Compare(a, b); }

int32_t hj_text_has(PyObject* text, uint32_t c) {
  return PyUnicode_FindChar(text, c, 0, PyUnicode_GET_LENGTH(text), 1) >= 0;
}

/// -1: more than one character, or no memory.
int32_t hj_char_case(uint32_t c, int32_t upper) {
  PyObject* one = PyUnicode_FromOrdinal(static_cast<int>(c));
  PyObject* changed = one ? PyObject_CallMethod(one, upper ? "upper" : "lower", nullptr) : nullptr;
  const int32_t result =
      changed && PyUnicode_GET_LENGTH(changed) == 1 ? static_cast<int32_t>(PyUnicode_READ_CHAR(changed, 0)) : -1;
  Py_XDECREF(one);
  Py_XDECREF(changed);
  PyErr_Clear();
  return result;
}

PyObject* hj_text_slice(PyObject* text, int64_t low, int64_t high) { return PyUnicode_Substring(text, low, high); }
PyObject* hj_list_slice(PyObject* list, int64_t low, int64_t high) {
  if (planted_bug(Plant::SliceSharesList) && low == 0 && high == PyList_GET_SIZE(list))
    return Py_NewRef(list);
  return PyList_GetSlice(list, low, high);
}

/// `list`, whose last item is taken out (a new reference). REQUIRES: it has one.
PyObject* hj_list_pop(PyObject* list) {
  const Py_ssize_t last = PyList_GET_SIZE(list) - 1;
  if (last >= reinterpret_cast<PyListObject*>(list)->allocated >> 1) {  // CPython leaves the room as it is
    Py_SET_SIZE(reinterpret_cast<PyVarObject*>(list), last);
    return PyList_GET_ITEM(list, last);
  }
  PyObject* item = Py_NewRef(PyList_GET_ITEM(list, last));
  if (PyList_SetSlice(list, last, last + 1, nullptr) < 0)
    Py_CLEAR(item);
  return item;
}

PyObject* hj_tuple_slice(PyObject* tuple, int64_t low, int64_t high) { return PyTuple_GetSlice(tuple, low, high); }
PyObject* hj_list_concat(PyObject* a, PyObject* b) { return PyList_Type.tp_as_sequence->sq_concat(a, b); }
/// a + b, where nobody needs `a` any more; takes the reference to it over unless it raises.
PyObject* hj_list_join(PyObject* a, PyObject* b) {
  if (Py_REFCNT(a) == 1) {
    const Py_ssize_t end = PyList_GET_SIZE(a);
    return PyList_SetSlice(a, end, end, b) < 0 ? nullptr : a;
  }
  PyObject* sum = hj_list_concat(a, b);
  if (sum)
    Py_DECREF(a);
  return sum;
}
PyObject* hj_tuple_concat(PyObject* a, PyObject* b) { return PyTuple_Type.tp_as_sequence->sq_concat(a, b); }

// Whether a text begins or ends with another between two bounds; where one is found, -1: nowhere, -2: it raised.
int64_t hj_text_startswith(PyObject* text, PyObject* wanted, int64_t begin, int64_t end) {
  return PyUnicode_Tailmatch(text, wanted, begin, end, -1);
}
int64_t hj_text_endswith(PyObject* text, PyObject* wanted, int64_t begin, int64_t end) {
  return PyUnicode_Tailmatch(text, wanted, begin, end, 1);
}
int64_t hj_text_find(PyObject* text, PyObject* wanted, int64_t begin, int64_t end) {
  return PyUnicode_Find(text, wanted, begin, end, 1);
}
int64_t hj_text_rfind(PyObject* text, PyObject* wanted, int64_t begin, int64_t end) {
  return PyUnicode_Find(text, wanted, begin, end, -1);
}
int64_t found_or_raised(int64_t at) {
  if (at == -1)
    PyErr_SetString(PyExc_ValueError, "substring not found");
  return at < 0 ? -2 : at;
}
int64_t hj_text_index(PyObject* text, PyObject* wanted, int64_t begin, int64_t end) {
  return found_or_raised(PyUnicode_Find(text, wanted, begin, end, 1));
}
int64_t hj_text_rindex(PyObject* text, PyObject* wanted, int64_t begin, int64_t end) {
  return found_or_raised(PyUnicode_Find(text, wanted, begin, end, -1));
}
int64_t hj_text_count(PyObject* text, PyObject* wanted, int64_t begin, int64_t end) {
  const Py_ssize_t count = PyUnicode_Count(text, wanted, begin, end);
  return count < 0 ? -2 : count;
}

PyObject* hj_new_set(PyObject* iterable) { return PySet_New(iterable); }
PyObject* hj_new_list(PyObject* iterable) {
  if (!iterable)
    return PyList_New(0);
  if (!PyTuple_CheckExact(iterable))
    return PySequence_List(iterable);
  PyObject* list = PyList_New(PyTuple_GET_SIZE(iterable));
  for (Py_ssize_t k = 0; list && k < PyTuple_GET_SIZE(iterable); ++k)
    PyList_SET_ITEM(list, k, Py_NewRef(PyTuple_GET_ITEM(iterable, k)));
  return list;
}
PyObject* hj_new_tuple(PyObject* iterable) { return PySequence_Tuple(iterable); }
PyObject* hj_new_dict(PyObject*) { return PyDict_New(); }

PyObject* hj_build_list(PyObject* const* items, int64_t count) {
  PyObject* list = PyList_New(count);
  for (int64_t k = 0; list && k < count; ++k) PyList_SET_ITEM(list, k, Py_NewRef(items[k]));
  return list;
}

PyObject* hj_build_set(PyObject* const* items, int64_t count) {
  PyObject* set = PySet_New(nullptr);
  for (int64_t k = 0; set && k < count; ++k) {
    if (PySet_Add(set, items[k]) < 0)
      Py_CLEAR(set);
  }
  return set;
}

/// Of key, value, key, value...
PyObject* hj_build_dict(PyObject* const* items, int64_t count) {
  PyObject* dict = PyDict_New();
  for (int64_t k = 0; dict && k < count; k += 2) {
    if (PyDict_SetItem(dict, items[k], items[k + 1]) < 0)
      Py_CLEAR(dict);
  }
  return dict;
}

PyObject* hj_box_slice(PyObject* const* items, int64_t, int64_t) { return PySlice_New(items[0], items[1], items[2]); }

}  // extern "C"

}  // namespace

std::span<const SupportSymbol> container_symbols() {
#define HASTEN_SYMBOL(name) {#name, reinterpret_cast<void*>(&name)}
  static const SupportSymbol kSymbols[] = {
      HASTEN_SYMBOL(hj_text_char),     HASTEN_SYMBOL(hj_char),        HASTEN_SYMBOL(hj_texts_equal),
      HASTEN_SYMBOL(hj_compare_texts), HASTEN_SYMBOL(hj_text_has),    HASTEN_SYMBOL(hj_char_case),
      HASTEN_SYMBOL(hj_text_slice),    HASTEN_SYMBOL(hj_list_slice),  HASTEN_SYMBOL(hj_list_pop),
      HASTEN_SYMBOL(hj_tuple_slice),   HASTEN_SYMBOL(hj_list_join),   HASTEN_SYMBOL(hj_list_concat),
      HASTEN_SYMBOL(hj_tuple_concat),  HASTEN_SYMBOL(hj_build_list),  HASTEN_SYMBOL(hj_build_set),
      HASTEN_SYMBOL(hj_build_dict),    HASTEN_SYMBOL(hj_box_slice),   HASTEN_SYMBOL(hj_text_startswith),
      HASTEN_SYMBOL(hj_text_endswith), HASTEN_SYMBOL(hj_text_find),   HASTEN_SYMBOL(hj_text_rfind),
      HASTEN_SYMBOL(hj_text_index),    HASTEN_SYMBOL(hj_text_rindex), HASTEN_SYMBOL(hj_text_count),
      HASTEN_SYMBOL(hj_new_set),       HASTEN_SYMBOL(hj_new_list),    HASTEN_SYMBOL(hj_new_tuple),
      HASTEN_SYMBOL(hj_new_dict),
  };
#undef HASTEN_SYMBOL
  return kSymbols;
}

}  // namespace hasten::runtime
