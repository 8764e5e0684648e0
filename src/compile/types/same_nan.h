// Containers take an item for equal to itself before they ask: `x in [x]` holds for a NaN too. Native code keeps floats
// and complex numbers as bits, and boxes them anew, so it cannot tell a NaN from another one.
#pragma once

#include "compile/types/infer.h"

namespace hasten::compile {

/// Whether the answer of instruction `v` depends on two NaN being one object, of which native code has kept only the
/// value of at least one. Not asked: what functions that are not compiled do with the floats that they are given.
bool asks_for_same_nan(Unit& unit, const Specialization& s, mir::ValueId v);

}  // namespace hasten::compile
