#include <nanobind/nanobind.h>

#include <string_view>

#include "bindings/core.h"

namespace nb = nanobind;

namespace hasten::bindings {

void raise_error(const Error& error) {
  const std::string_view code = error.code;
  const bool format = code == "record.newer" || code == "record.damaged" || code == "record.not_a_capture";
  const char* name = format ? "FormatError" : code.ends_with(".unsupported") ? "UnsupportedError" : "HastenError";
  nb::object type = nb::module_::import_("hasten.errors").attr(name);
  nb::object exception = type(error.what, nb::arg("code") = error.code, nb::arg("hint") = error.hint);
  PyErr_SetObject(type.ptr(), exception.ptr());
  throw nb::python_error();
}

}  // namespace hasten::bindings
