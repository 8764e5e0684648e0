// The rooms that make up _core; each bind_ function lives in bindings/<room>.cc.
#pragma once

#include <nanobind/nanobind.h>

#include <string>

#include "base/result.h"
#include "bindings/text.h"

namespace hasten::bindings {

void bind_machine(nanobind::module_& m);
void bind_profile(nanobind::module_& m);
void bind_collect(nanobind::module_& m);
void bind_fix(nanobind::module_& m);

/// A capture's report: the dict that `hasten run --json` documents. Raises: FormatError (report.cc).
nanobind::dict read_report(const std::string& path);

/// Text as it stands in a capture, whatever bytes it holds (profile.cc).
nanobind::object text_of(const std::string& bytes);

/// Raises the Error as hasten's exception class for Python. The only place where an Error becomes an exception.
[[noreturn]] void raise_error(const Error& error);

template <class T>
T or_raise(Result<T> result) {
  if (!result.ok()) {
    raise_error(result.error());
  }
  return std::move(result).value();
}
inline void or_raise(Result<void> result) {
  if (!result.ok()) {
    raise_error(result.error());
  }
}

}  // namespace hasten::bindings
