// Loops that are over after some hundred rounds at the most, however large the numbers: `while n: n //= 10`, Euclid's algorithm.
#pragma once

#include "compile/types/infer.h"

namespace hasten::compile {

/// Whether the loop that begins at `header` is such a one. Cost: linear in its phis.
bool is_short_loop(const Specialization& s, mir::BlockId header);

}  // namespace hasten::compile
