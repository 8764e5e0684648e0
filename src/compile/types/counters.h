// Numbers that only ever grow by little steps: a counter that begins near zero and gains at most four at a time does not leave
// int64 while anybody waits for it, nor does a sum of small numbers in a loop of few rounds: `while n: total += n % 10; n //= 10`.
#pragma once

#include "compile/types/infer.h"

namespace hasten::compile {

/// The bounds of such values of `s`, whose types are known. Cost: linear in the function.
std::unordered_map<mir::ValueId, Interval> counters_of(const Specialization& s);

}  // namespace hasten::compile
