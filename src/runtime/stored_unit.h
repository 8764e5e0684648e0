// A compiled unit as it is kept in the cache: its facts and code, its MIR functions, and how everything that it names is
// found again.
//
// It is loaded only if all that the compiler took for granted holds in this process too: each function that it contains has
// the same code, each global that it guards has the same value, or is the same function or module; and things that were
// different, or the same, still are.
#pragma once

#include <memory>
#include <vector>

#include "runtime/compiled_function.h"
#include "runtime/unit_format.h"

namespace hasten::runtime {

/// Writes the unit to the cache of this process, if it has one and the unit can be stored.
void store_unit(const UnitParts& parts);

/// The units of `function` that the cache has and that fit this process, the newest first. Gives MIR to functions that have
/// none yet, `function` included. `wrapper`: the object around it.
std::vector<NativeVersion*> cached_units(CompiledFunction* function, PyObject* wrapper);

/// Whether the cache has something for this function; it may yet not fit.
bool is_cached(CompiledFunction* function);

}  // namespace hasten::runtime
