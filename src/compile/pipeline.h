// From a function and actual arguments to native code: the order of the compiler's steps.
#pragma once

#include <Python.h>

#include "runtime/hasten_runtime.h"

namespace hasten::compile {

/// Takes the runtime's table.
void set_up(const runtime::RuntimeTable& table);

// See CompileTable.
runtime::PreparedUnit* prepare(const mir::MirFunction* function, PyObject* const* args, uint32_t arg_count,
                               mir::BlockId osr_block, bool is_quick, runtime::GainWanted gain_wanted,
                               PyObject** reason);
void generate(runtime::PreparedUnit* prepared, bool is_in_background);
runtime::NativeVersion* finish(runtime::PreparedUnit* prepared, PyObject** reason);
void discard(runtime::PreparedUnit* prepared);

}  // namespace hasten::compile
