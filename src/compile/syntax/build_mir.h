// The front end of the compiler: one Python function in, its MIR out.
#pragma once

#include <Python.h>

#include "runtime/mir.h"

namespace hasten::compile::syntax {

/// See CompileTable::build_mir. Takes about 1 ms for a function of 60 lines, most of it in the built-in compile().
mir::MirFunction* build_mir(PyObject* function, PyObject** reason);
/// Frees it.
void release_mir(mir::MirFunction* function);

}  // namespace hasten::compile::syntax
