// Calls of callables through CPython, as native code makes them: counted, and now and then timed (runtime/sites.h).
#pragma once

#include <Python.h>

#include "runtime/sites.h"

namespace hasten::runtime {

extern "C" {

// The site comes last: the others then are where CPython's function wants them.
PyObject* hj_counted_call(PyObject* callable, PyObject* const* args, size_t count, PyObject* names, CallSite* site);
/// callable(*args, **keywords); `keywords` may be null.
PyObject* hj_counted_call_with(PyObject* callable, PyObject* args, PyObject* keywords, CallSite* site);

}  // extern "C"

}  // namespace hasten::runtime
