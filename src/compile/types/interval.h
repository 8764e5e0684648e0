// Interval arithmetic on int64, exact: computed in 128 bits, so that whoever asks learns whether the result can
// leave int64 at all.
#pragma once

#include "compile/types/type.h"
#include "runtime/mir.h"
#include "runtime/planted.h"

namespace hasten::compile {

/// The exact results of `a op b` for Add, Sub, Mul and (with a non-negative small shift) LShift.
/// REQUIRES: op is Add, Sub, Mul or LShift; for LShift b within [0, 63].
WideInterval exact_interval(mir::BinaryOp op, Interval a, Interval b);
/// The results of `a op b` as far as they fit int64; full when nothing better is known. Division by zero and
/// negative shifts raise and add nothing.
Interval result_interval(mir::BinaryOp op, Interval a, Interval b);

/// The results of `a op b` as far as they fit 128 bits. *overflows: whether some do not.
WideInterval wide_interval(mir::BinaryOp op, const WideInterval& a, const WideInterval& b, bool* overflows);

}  // namespace hasten::compile
