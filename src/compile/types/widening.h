// What becomes of ints that have left 64 bits: 128 bits, or objects (docs/decisions/0018).
#pragma once

#include "compile/types/infer.h"

namespace hasten::compile {

/// Whether native code can have the result of the instruction in 128 bits.
bool may_widen(const Specialization& s, mir::ValueId v);

/// The type of what has been beyond 64 bits and would be `t`.
Type widened(Unit& unit, Specialization& s, mir::ValueId v, Type t);

}  // namespace hasten::compile
