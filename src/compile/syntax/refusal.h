// Why a function stays a Python function: a place, a reason, and what would help.
#pragma once

#include <Python.h>

#include <cstdint>
#include <string>

#include <fmt/format.h>

namespace hasten::compile::syntax {

struct Refusal {
  const char* code;     ///< stable, e.g. "C110"
  uint32_t line = 0;    ///< 1-based; 0 = the function's first line
  uint32_t column = 0;  ///< 1-based; 0 = none
  std::string why;
  std::string hint;  ///< what to do; may be empty

  /// "FILE:LINE:COLUMN: CODE why; try: hint" as a new str.
  PyObject* text(PyObject* file, uint32_t first_line) const {
    std::string place = column ? fmt::format("{}:{}", line, column) : fmt::format("{}", line ? line : first_line);
    std::string advice = hint.empty() ? "" : "; try: " + hint;
    return PyUnicode_FromFormat("%U:%s: %s %s%s", file, place.c_str(), code, why.c_str(), advice.c_str());
  }
};

}  // namespace hasten::compile::syntax
