// The functions of support.h that work on texts and containers.
#include <cstring>

#include "compile/lower/support.h"
#include "runtime/object_ref.h"

namespace hasten::compile {
namespace {

using runtime::KeepError;

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
  return std::memcmp(PyUnicode_DATA(a), PyUnicode_DATA(b), static_cast<size_t>(PyUnicode_GET_LENGTH(a) * kind)) == 0;
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
PyObject* hj_list_slice(PyObject* list, int64_t low, int64_t high) { return PyList_GetSlice(list, low, high); }

/// `list`, whose last item is taken out (a new reference). REQUIRES: it has one.
PyObject* hj_list_pop(PyObject* list) {
  const Py_ssize_t last = PyList_GET_SIZE(list) - 1;
  PyObject* item = Py_NewRef(PyList_GET_ITEM(list, last));
  if (PyList_SetSlice(list, last, last + 1, nullptr) < 0)
    Py_CLEAR(item);
  return item;
}

PyObject* hj_box_slice(PyObject* const* items, int64_t, int64_t) { return PySlice_New(items[0], items[1], items[2]); }

}  // extern "C"

}  // namespace

std::span<const SupportSymbol> container_symbols() {
#define HASTEN_SYMBOL(name) {#name, reinterpret_cast<void*>(&name)}
  static const SupportSymbol kSymbols[] = {
      HASTEN_SYMBOL(hj_text_char),
      HASTEN_SYMBOL(hj_char),
      HASTEN_SYMBOL(hj_texts_equal),
      HASTEN_SYMBOL(hj_compare_texts),
      HASTEN_SYMBOL(hj_text_has),
      HASTEN_SYMBOL(hj_char_case),
      HASTEN_SYMBOL(hj_text_slice),
      HASTEN_SYMBOL(hj_list_slice),
      HASTEN_SYMBOL(hj_list_pop),
      HASTEN_SYMBOL(hj_box_slice),
  };
#undef HASTEN_SYMBOL
  return kSymbols;
}

}  // namespace hasten::compile
