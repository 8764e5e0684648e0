// Every computing instruction of the MIR on boxed values, through the C API: CPython's own semantics.
#pragma once

#include <Python.h>

#include "runtime/mir.h"

namespace hasten::runtime {

/// Executes instruction `index` (not a Phi, not a terminator) on `operands` (borrowed, null = Unbound).
/// True: *result is a new reference, or null for an instruction that defines nothing, and for an exhausted IterNext.
/// False: a Python exception is set; no traceback entry has been added.
bool execute(const mir::MirFunction& function, uint32_t index, PyObject* const* operands, PyObject** result);

/// `raise exception from cause` as the bytecode does it; `cause` may be null. Always leaves an exception set.
void raise_exception(PyObject* exception, PyObject* cause);

}  // namespace hasten::runtime
