// From a function and actual arguments to native code: the order of the compiler's steps.
#pragma once

#include <Python.h>

#include "runtime/hasten_runtime.h"

namespace hasten::compile {

/// Takes the runtime's table. False (with ImportError set) if it does not fit.
bool set_up(const runtime::RuntimeTable& table);

/// See CompileTable::compile and release.
runtime::NativeVersion* compile(const mir::MirFunction* function, PyObject* const* args, uint32_t arg_count,
                                mir::BlockId osr_block, const runtime::Feedback* feedback, uint32_t feedback_count,
                                double gain_wanted, PyObject** reason);
void release(runtime::NativeVersion* version);
/// See CompileTable::learn.
void learn(const mir::MirFunction* function, const runtime::Feedback* feedback, uint32_t count);
/// Forgets what was learnt about a function whose MIR goes away.
void release_mir(mir::MirFunction* function);

}  // namespace hasten::compile
