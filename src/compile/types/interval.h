// Interval arithmetic on int64, exact: computed in 128 bits, so that whoever asks learns whether the result can
// leave int64 at all.
#pragma once

#include "compile/types/type.h"
#include "runtime/mir.h"
#include "runtime/planted.h"

namespace hasten::compile {

__extension__ typedef __int128 Wide;

struct WideInterval {
  Wide low, high;
  bool fits() const {
    return low >= Interval{}.low && high <= Wide{Interval{}.high} + (planted_bug(Plant::IntervalOffByOne) ? 1 : 0);
  }
  /// The part inside int64 (the values that do not deoptimise).
  Interval clamped() const;
};

/// The exact results of `a op b` for Add, Sub, Mul and (with a non-negative small shift) LShift.
/// REQUIRES: op is Add, Sub, Mul or LShift; for LShift b within [0, 63].
WideInterval exact_interval(mir::BinaryOp op, Interval a, Interval b);
/// The results of `a op b` as far as they fit int64; full when nothing better is known. Division by zero and
/// negative shifts raise and add nothing.
Interval result_interval(mir::BinaryOp op, Interval a, Interval b);

}  // namespace hasten::compile
