// The functions of support.h that put texts together.
#include <cstring>
#include <string_view>

#include <Python.h>

#include "runtime/support.h"

// Exported by CPython for its own tests; null where it is not.
extern "C" __attribute__((weak)) const char* _PyMem_GetCurrentAllocatorName(void);

namespace hasten::runtime {
namespace {

/// Whether memory for objects is CPython's usual one: its blocks, and those of the C library behind it, have room up to the next
/// multiple of 8 bytes.
bool blocks_are_rounded() {
  static const bool rounded = [] {
    const char* name = _PyMem_GetCurrentAllocatorName ? _PyMem_GetCurrentAllocatorName() : nullptr;
    return name && std::string_view(name) == "pymalloc";
  }();
  return rounded;
}

/// What CPython 3.11 keeps beside a text for old extensions.
template <class Text>
bool has_wide_copy(const Text* text) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
  if constexpr (requires { text->wstr; }) {
    return text->wstr != nullptr;
  } else {
    return false;
  }
#pragma GCC diagnostic pop
}

/// Appends in the room that the block of `left` has anyway: CPython's realloc() would leave it where it is, too. Both are
/// ASCII, and nobody else has `left`.
bool append_in_block(PyObject* left, PyObject* right) {
  constexpr size_t kBlockMax = 512;  // larger ones are the C library's
  auto* text = reinterpret_cast<PyASCIIObject*>(left);
  const auto size = static_cast<size_t>(PyUnicode_GET_LENGTH(left));
  const auto more = static_cast<size_t>(PyUnicode_GET_LENGTH(right));
  const size_t block = (sizeof(PyASCIIObject) + size + 1 + 7) / 8 * 8;
  if (sizeof(PyASCIIObject) + size + more + 1 > block || block > kBlockMax || text->hash != -1 ||
      PyUnicode_CHECK_INTERNED(left) || has_wide_copy(text) || !blocks_are_rounded())
    return false;
  char* end = reinterpret_cast<char*>(text + 1) + size;
  std::memcpy(end, PyUnicode_1BYTE_DATA(right), more);
  end[more] = 0;
  text->length = static_cast<Py_ssize_t>(size + more);
  return true;
}

/// The sum of two texts, nobody needing `left` any more: takes the reference to it over unless it raises. Null without an
/// exception: they are no texts.
PyObject* grown_text(PyObject* left, PyObject* right) {
  if (!PyUnicode_CheckExact(left) || !PyUnicode_CheckExact(right))
    return nullptr;
  const Py_ssize_t size = PyUnicode_GET_LENGTH(left), more = PyUnicode_GET_LENGTH(right);
  if (more == 0)
    return left;
  if (size == 0) {
    Py_DECREF(left);
    return Py_NewRef(right);
  }
  if (Py_REFCNT(left) != 1 || size > PY_SSIZE_T_MAX - more || PyUnicode_KIND(right) > PyUnicode_KIND(left) ||
      (PyUnicode_IS_ASCII(left) && !PyUnicode_IS_ASCII(right))) {
    PyObject* sum = PyUnicode_Concat(left, right);
    if (sum)
      Py_DECREF(left);
    return sum;
  }
  if (PyUnicode_IS_ASCII(left) && append_in_block(left, right))
    return left;
  PyObject* grown = left;
  if (PyUnicode_Resize(&grown, size + more) < 0)
    return nullptr;
  if (PyUnicode_KIND(grown) == PyUnicode_KIND(right))
    std::memcpy(static_cast<char*>(PyUnicode_DATA(grown)) + size * PyUnicode_KIND(right), PyUnicode_DATA(right),
                static_cast<size_t>(more) * PyUnicode_KIND(right));
  else
    PyUnicode_CopyCharacters(grown, size, right, 0, more);
  return grown;
}

extern "C" {

/// Takes the reference to `left` over unless it raises.
PyObject* hj_append(PyObject* left, PyObject* right) {
  PyObject* sum = grown_text(left, right);
  if (sum || PyErr_Occurred())
    return sum;
  sum = PyNumber_InPlaceAdd(left, right);
  if (sum)
    Py_DECREF(left);
  return sum;
}

/// Likewise.
PyObject* hj_concatenate(PyObject* left, PyObject* right) {
  PyObject* sum = grown_text(left, right);
  if (sum || PyErr_Occurred())
    return sum;
  sum = PyNumber_Add(left, right);
  if (sum)
    Py_DECREF(left);
  return sum;
}

}  // extern "C"

}  // namespace

std::span<const SupportSymbol> text_symbols() {
#define HASTEN_SYMBOL(name) {#name, reinterpret_cast<void*>(&name)}
  static const SupportSymbol kSymbols[] = {
      HASTEN_SYMBOL(hj_append),
      HASTEN_SYMBOL(hj_concatenate),
  };
#undef HASTEN_SYMBOL
  return kSymbols;
}

}  // namespace hasten::runtime
