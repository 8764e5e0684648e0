// Calls of callables through CPython, as native code makes them: counted, and now and then timed (runtime/sites.h).
#pragma once

#include <Python.h>

#include "runtime/sites.h"

namespace hasten::compile {

extern "C" {

PyObject* hj_counted_call(runtime::CallSite* site, PyObject* callable, PyObject* const* args, size_t count,
                          PyObject* names);
/// callable(*args, **keywords); `keywords` may be null.
PyObject* hj_counted_call_with(runtime::CallSite* site, PyObject* callable, PyObject* args, PyObject* keywords);

}  // extern "C"

}  // namespace hasten::compile
