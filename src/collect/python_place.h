// Finds the Python inside a running process that we did not start: by the symbols of its executable or its libpython.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "record/region.h"

namespace hasten::collect {

/// Errors: attach.no_process; attach.not_allowed (with what would allow it); attach.not_python; attach.unsupported (names
/// the version or the machine); attach.unreadable (its Python's file is gone).
Result<record::PythonPlace> find_python(uint32_t pid);

/// The address of something that the Python of a running process exports.
std::optional<uint64_t> python_symbol(uint32_t pid, const std::string& name);

}  // namespace hasten::collect
