// Which functions of an unmodified program are hot, and what must be known to compile them unseen (`hasten run --jit`).
// What is done about it is decided in Python (python/hasten/hot/within.py); here stands what only C can do.
#pragma once

#include <Python.h>

namespace hasten::runtime {

/// Counts, at each sample of the probe's, the function that the main thread runs. With `threshold` samples it is given to
/// `decide(function, samples, all_samples)`, which returns the number of samples at which it wants to be asked again, or None.
/// `lost(function)` hears of functions whose native code is gone. False: no probe is here. The references are kept.
/// `companion(function)` returns the compiled function that native code may call in its place, or None, and keeps it as long as the
/// function lives.
bool watch_hot_functions(PyObject* decide, PyObject* lost, PyObject* companion, unsigned threshold);
/// What was answered for this function (borrowed), or null. Runs Python code.
PyObject* companion_of(PyObject* function);
/// No more samples.
void stop_watching();

/// `traced()` is called, once, before a trace, profile or monitoring function is registered. The reference is kept.
void hear_tracing(PyObject* traced);
/// From now on is heard of calls of `callable`, a C function or a method of a C type: it traces, or looks at frames. False
/// if that cannot be.
bool hear_of(PyObject* callable, bool is_tracing);
/// Whether a frame of this code was on the stack when something looked at frames.
bool was_looked_at(PyObject* code);

/// Makes `function.__code__` the original while a trampoline stands in its place.
void hide_trampolines();
/// The original function of a trampoline (borrowed), or null.
PyObject* original_of_trampoline(PyObject* code);

/// Native code of `function` (the original that a compiled function runs) is gone, or turned out to harm.
void tell_lost(PyObject* function);
/// Likewise, and calls of it are plain Python from here on. REQUIRES: no exception is set.
void give_up_now(PyObject* function);

}  // namespace hasten::runtime
