// Boxes the raw live values that native code hands over when a guard fails.
#pragma once

#include <Python.h>

#include <span>

#include "runtime/hasten_runtime.h"
#include "runtime/interpreter.h"

namespace hasten::runtime {

/// Fills `values` from `slots` as `point` describes. False with an exception set (out of memory).
bool box_live_values(const NativeVersion& version, const DeoptPoint& point, const uint64_t* slots, ValueTable* values);

/// Drops the references in the slots that are numbered `owned` (null: none). Keeps an exception that is set.
void drop_owned(const uint64_t* slots, std::span<const uint16_t> owned);

}  // namespace hasten::runtime
