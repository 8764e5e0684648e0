// Intermediate results that need more bits than a native int has, but whose every use brings them back at once:
// `x * a + c & 0xffffffffffffffff`, `a * b % m`. They are not computed as such. Of the former only the lower 64 bits are
// kept, which decide; of the latter nothing, and the remainder is found from the factors. Where native code ends
// meanwhile, the number is computed from its operands.
#pragma once

#include "compile/types/infer.h"

namespace hasten::compile {

/// How `v`, an operation on whole numbers, is put off as the types are now; None: it is not. overflowed: it has been
/// beyond 64 bits. Until then native code leaves for that, which is cheaper where it never happens.
Deferral deferral_of(const Specialization& s, mir::ValueId v, bool overflowed);
/// Whether an operand of `v` is put off.
bool has_deferred_operand(const Specialization& s, mir::ValueId v);

}  // namespace hasten::compile
