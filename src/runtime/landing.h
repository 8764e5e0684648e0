// Boxes the raw live values that native code hands over when a guard fails.
#pragma once

#include <Python.h>

#include "runtime/hasten_runtime.h"
#include "runtime/interpreter.h"

namespace hasten::runtime {

/// Fills `values` from `slots` as `point` describes. False with an exception set (out of memory).
bool box_live_values(const NativeVersion& version, const DeoptPoint& point, const uint64_t* slots, ValueTable* values);

}  // namespace hasten::runtime
