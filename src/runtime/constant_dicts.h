// Displays of constants, {"a": 1, "b": 2}: what they give is made once and then copied, table and all.
#pragma once

#include "runtime/mir.h"

namespace hasten::runtime {

/// Drops what copies of the function's displays are made from. REQUIRES: no native code of it is left.
void forget_constant_dicts(const mir::MirFunction* function);

}  // namespace hasten::runtime
