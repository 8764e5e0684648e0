// The front end of the compiler: one Python function in, its MIR out.
#pragma once

#include <Python.h>

#include "runtime/mir.h"

namespace hasten::compile::syntax {

/// How templates of nested functions are made: RuntimeTable::new_template. Until it is called there are none.
using TemplateMaker = PyObject* (*)(PyObject* function);
void set_template_maker(TemplateMaker maker);

/// See CompileTable::build_mir. Takes about 1 ms for a function of 60 lines, most of it in the built-in compile().
mir::MirFunction* build_mir(PyObject* function, bool is_template, PyObject** reason);
/// Frees it.
void release_mir(mir::MirFunction* function);

}  // namespace hasten::compile::syntax
