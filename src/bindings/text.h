// std::string to and from Python, in place of nanobind/stl/string.h, which refuses what is not UTF-8. Paths, names and words of a program
// may be any bytes: from Python they are taken as the file system has them (surrogateescape); what goes to Python is shown, with
// U+FFFD where it is not text, so that every report can be printed. Where Python must open the very path, path_text() (fix.cc).
#pragma once

#include <nanobind/nanobind.h>

#include <string>

namespace nanobind::detail {

template <>
struct type_caster<std::string> {
  NB_TYPE_CASTER(std::string, const_name("str"))

  bool from_python(handle from, uint32_t, cleanup_list*) noexcept {
    if (!PyUnicode_Check(from.ptr())) {
      return false;
    }
    PyObject* bytes = PyUnicode_AsEncodedString(from.ptr(), "utf-8", "surrogateescape");
    if (bytes == nullptr) {
      PyErr_Clear();
      return false;
    }
    value.assign(PyBytes_AsString(bytes), static_cast<size_t>(PyBytes_Size(bytes)));
    Py_DECREF(bytes);
    return true;
  }

  static handle from_cpp(const std::string& text, rv_policy, cleanup_list*) noexcept {
    return PyUnicode_DecodeUTF8(text.data(), static_cast<Py_ssize_t>(text.size()), "replace");
  }
};

}  // namespace nanobind::detail
