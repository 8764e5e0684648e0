// What the other instructions of a function want of a value.
#pragma once

#include "compile/types/infer.h"

namespace hasten::compile {

/// Whether what comes out of a list is best left as the object that it is: a key, an argument of a call that stays
/// one, and for the rest an operand beside a number, which is read in place.
bool is_wanted_as_object(const Specialization& s, mir::ValueId v);

/// Whether the value is called, once and in its own block, and nobody else sees it.
bool is_only_called(const Specialization& s, mir::ValueId v);

}  // namespace hasten::compile
