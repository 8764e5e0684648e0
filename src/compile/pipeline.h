// From a function and actual arguments to native code: the order of the compiler's steps.
#pragma once

#include <Python.h>

#include "runtime/hasten_runtime.h"

namespace hasten::compile {

/// Takes the runtime's table.
void set_up(const runtime::RuntimeTable& table);

/// See CompileTable::compile.
runtime::NativeVersion* compile(const mir::MirFunction* function, PyObject* const* args, uint32_t arg_count,
                                mir::BlockId osr_block, bool is_quick, double gain_wanted, PyObject** reason);

}  // namespace hasten::compile
