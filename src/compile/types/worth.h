// Whether native code of a unit would be exact, and faster than the interpreter that runs the original.
#pragma once

#include <optional>
#include <string>

#include "compile/types/infer.h"

namespace hasten::compile {

/// Nothing if it is worth compiling; else "FILE:LINE: why" for the place that costs most.
///
/// Model: in loops, weighted by 10 per level, an operation that stays a Python call costs as much natively as in
/// CPython (about 40 ns), and one that becomes native falls from 25 ns to 1 ns. Code without loops is
/// compiled, but for accessors (GainWanted) that CPython calls; other compiled code may still call these natively.
/// A Python function that is called from native code costs more than between two of the interpreter's own frames;
/// `args`, what the root is called with (or, for OSR, its values), tell whether a method is one.
/// *gain: how many times faster the model takes native code to be.
std::optional<std::string> why_not_worth(Unit& unit, PyObject* const* args, runtime::GainWanted wanted, double* gain);

/// Nothing if native code gives the interpreter's answers; else "FILE:LINE: why" for a question that it cannot answer.
std::optional<std::string> why_not_exact(Unit& unit);

/// Whether the instruction stays a call through CPython.
bool stays_boxed(Unit& unit, const Specialization& s, mir::ValueId v);

}  // namespace hasten::compile
