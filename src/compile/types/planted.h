// Bugs planted on purpose, for the test that asks whether the generated programs of tests/compile would find them.
// Compiled in only with -DHASTEN_PLANTED_BUGS=ON; then the environment variable HASTEN_PLANT=N switches one on.
#pragma once

namespace hasten::compile {

enum class Plant {
  MulUnchecked = 1,       ///< int * int wraps instead of leaving
  FloorDivTruncates = 2,  ///< -7 // 2 gives -3
  ModSign = 3,            ///< the remainder keeps the sign of the dividend
  NegativeIndex = 4,      ///< lst[-1] reads lst[len - 2]
  NegativeZero = 5,       ///< -x is computed as 0.0 - x
  NanCompare = 6,         ///< x != y of floats is false for NaN
  IntervalOffByOne = 7,   ///< a result of 2**63 counts as fitting when overflow checks are dropped
  UnionTag = 8,           ///< an int that joins a float union is taken for a bool
  RangeStepCount = 9,     ///< ranges with a negative step miss their last item
  ListLengthStale = 10,   ///< a loop over a list does not see what it appends
  IntToFloatRounds = 11,  ///< ints and floats are compared as floats beyond 2**53
  ShiftWide = 12,         ///< x >> 64 and more shifts by the low six bits
  PowNegative = 13,       ///< int ** negative int gives 0
  AbsBoundary = 14,       ///< abs(z) < c decided by |z|**2 without the exact case near the border
  MinMaxTies = 15,        ///< min/max return the last of equal values
  BoolIsInt = 16,         ///< True & True gives 1
  DeoptLosesPhi = 17,     ///< a deopt hands back the previous value of one live int
  UnboundUnchecked = 18,  ///< an unbound local reads as 0
  OsrLosesValue = 19,     ///< one live int is 0 after entry at a loop header
  FloatFloorDiv = 20,     ///< x // y of floats is floor(x / y)
};

#ifdef HASTEN_PLANTED_BUGS
bool planted_bug(Plant bug);
#else
constexpr bool planted_bug(Plant) { return false; }
#endif

}  // namespace hasten::compile
