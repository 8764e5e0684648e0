// Every computing instruction of the MIR on boxed values, through the C API: CPython's own semantics.
#pragma once

#include <Python.h>

#include "runtime/mir.h"

namespace hasten::runtime {

/// Executes instruction `index` (not a Phi, not a terminator) on `operands` (borrowed, null = Unbound).
/// True: *result is a new reference, or null for an instruction that defines nothing, and for an exhausted IterNext.
/// False: a Python exception is set; no traceback entry has been added.
bool execute(const mir::MirFunction& function, uint32_t index, PyObject* const* operands, PyObject** result);

/// The exception that is set (new reference), with its traceback; none is set afterwards.
PyObject* take_raised();
/// Raise or Reraise, as the bytecode does it; exception and cause may be null. Always leaves an exception set; returns
/// whether it wants a traceback entry here: one that is raised again has its own.
bool raise(mir::Op op, PyObject* exception, PyObject* cause);

}  // namespace hasten::runtime
