// Traceback entries for code that has no frame: the same file, line, columns and function name as CPython shows.
#pragma once

#include <Python.h>

#include "runtime/mir.h"

namespace hasten::runtime {

/// Adds one entry for instruction `index` of `function` to the exception that is set (as PyTraceBack_Here does when
/// an exception leaves a frame). REQUIRES: an exception is set; it still is afterwards.
void add_traceback(const mir::MirFunction& function, uint32_t index);
/// The function is about to be freed.
void forget_tracebacks(const mir::MirFunction* function);

}  // namespace hasten::runtime
