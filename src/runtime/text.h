// What an f-string is made of, for the interpreter and for native code alike.
#pragma once

#include <Python.h>

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "runtime/plain_format.h"
#include "runtime/planted.h"

namespace hasten::runtime {

/// `{value!conversion:spec}`: conversion is 's', 'r', 'a' or 0, spec may be null. New reference or null.
inline PyObject* format_value(PyObject* value, PyObject* spec, uint8_t conversion) {
  PyObject* converted = conversion == 's'   ? PyObject_Str(value)
                        : conversion == 'r' ? PyObject_Repr(value)
                        : conversion == 'a'
                            ? (planted_bug(Plant::AsciiAsRepr) ? PyObject_Repr(value) : PyObject_ASCII(value))
                            : Py_NewRef(value);
  if (!converted || (PyUnicode_CheckExact(converted) && !spec)) {
    return converted;
  }
  PyObject* text = spec ? plain_format(converted, spec) : nullptr;
  if (!text && !PyErr_Occurred())
    text = PyObject_Format(converted, spec);
  Py_DECREF(converted);
  return text;
}

/// The parts, all of them str, one after the other. New reference or null.
inline PyObject* build_text(PyObject* const* parts, uint32_t count) {
  Py_ssize_t size = 0;
  Py_UCS4 largest = 0;
  for (uint32_t i = 0; i < count; ++i) {
    if (PyUnicode_GET_LENGTH(parts[i]) > PY_SSIZE_T_MAX - size) {
      PyErr_SetString(PyExc_OverflowError, "join() result is too long for a Python string");
      return nullptr;
    }
    size += PyUnicode_GET_LENGTH(parts[i]);
    largest = std::max<Py_UCS4>(largest, PyUnicode_MAX_CHAR_VALUE(parts[i]));
  }
  PyObject* text = PyUnicode_New(size, largest);
  Py_ssize_t at = 0;
  for (uint32_t i = 0; text && i < count; ++i) {
    const Py_ssize_t length = PyUnicode_GET_LENGTH(parts[i]);
    if (PyUnicode_KIND(parts[i]) == PyUnicode_KIND(text))
      std::memcpy(static_cast<char*>(PyUnicode_DATA(text)) + at * PyUnicode_KIND(text), PyUnicode_DATA(parts[i]),
                  static_cast<size_t>(length) * PyUnicode_KIND(text));
    else if (length && PyUnicode_CopyCharacters(text, at, parts[i], 0, length) < 0) {
      Py_CLEAR(text);
    }
    at += length;
  }
  return text;
}

}  // namespace hasten::runtime
