// Bugs planted on purpose, for the test that asks whether the generated programs of tests/compile would find them.
// Compiled in only with -DHASTEN_PLANTED_BUGS=ON; then the environment variable HASTEN_PLANT=N switches one on, or the file
// that HASTEN_PLANT_TABLE names does, see plant_table(). In what is shipped, planted_bug() is the constant false.
#pragma once

#ifdef HASTEN_PLANTED_BUGS
#include <fcntl.h>
#include <sys/mman.h>

#include <cstdlib>
#endif

namespace hasten {

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
  // From the source to the MIR.
  ChainKeepsFirst = 21,     ///< a < b < c compares a with c
  BoolOpGivesTruth = 22,    ///< a or b gives True instead of b
  AugmentedOrder = 23,      ///< x[i] += y evaluates y before it reads x[i]
  FinallySkipped = 24,      ///< break, continue and return skip the finally that they leave
  ElseInTry = 25,           ///< an exception of the else clause is caught by the try
  ExceptNameKept = 26,      ///< `except E as e` leaves e bound
  HandledKept = 27,         ///< after an except clause its exception still counts as handled
  SliceStepDropped = 28,    ///< x[a:b:c] is x[a:b]
  UnpackReversed = 29,      ///< targets of an unpacking are stored to from right to left
  SwapOneByOne = 30,        ///< a, b = b, a stores a before it reads it
  KeywordsSwapped = 31,     ///< two keyword arguments change places
  DictDisplayOrder = 32,    ///< {a: 1, b: 2} is filled from its end
  SecondIfDropped = 33,     ///< a comprehension looks at its first condition only
  WalrusLost = 34,          ///< (x := y) does not bind x
  AssertMessageFirst = 35,  ///< the message of an assert is evaluated though it holds
  CauseDropped = 36,        ///< raise x from y forgets y
  FoldTrueDiv = 37,         ///< 7 / 2 of constants is folded to 3
  ConversionLost = 38,      ///< f"{x!r}" is f"{x}"
  DelKeepsBound = 39,       ///< del x leaves x bound
  CellStartsEmpty = 40,     ///< a parameter that a nested function captures is unbound
  WhileElseSkipped = 41,    ///< the else of a while never runs
  ElseAfterBreak = 42,      ///< the else of a for runs after break
  ExtremeTies = 43,         ///< min and max of a generator expression give the last of equal items
  AllOfNothing = 44,        ///< all() of nothing is False
  // Types and intervals.
  AndIntervalSign = 45,    ///< x & mask counts as not negative whatever the mask
  ModIntervalSign = 46,    ///< x % -3 counts as not negative
  SubInterval = 47,        ///< the bounds of a - b are the differences of the bounds
  MulHull = 48,            ///< the bounds of a * b forget the mixed corners
  RangeStepSign = 49,      ///< a range whose step may be negative counts as rising
  ConditionOffByOne = 50,  ///< below `if x < n`, x counts as at most n - 2
  FindInterval = 51,       ///< text.find() counts as never negative
  // Arithmetic and comparisons.
  SubUnchecked = 52,       ///< int - int wraps
  NegUnchecked = 53,       ///< -(-2**63) wraps
  AbsLowest = 54,          ///< abs(-2**63) is -2**63
  ShiftSignBit = 55,       ///< x << n may lose its sign
  RemainderZeroSign = 56,  ///< x % y of floats gives a zero with the sign of x
  FloatDivZero = 57,       ///< x / 0.0 is infinite
  TrueDivRounds = 58,      ///< int / int beyond 2**53 rounds twice
  ComplexShortcut = 59,    ///< complex * real multiplies the parts
  ComplexDivZero = 60,     ///< z / 0j is nan
  FloatSquare = 61,        ///< x ** 2 is x * x where that is not the same
  FloatToIntWide = 62,     ///< int(x) of floats from 2**63 on is a wrong int
  RoundHalfUp = 63,        ///< round(2.5) is 3
  IntPowWraps = 64,        ///< int ** int wraps in its last product
  DomainUnchecked = 65,    ///< math.sqrt(-1) is nan
  IntFloatEdge = 66,       ///< 2**63 - 1 is not less than 2.0**63
  ComplexEqualReal = 67,   ///< complex numbers are equal if their real parts are
  // Text and containers.
  TextsEqualHalf = 68,         ///< texts of wide characters are compared to their half
  NotInItems = 69,             ///< x not in (a, b) means x in (a, b)
  CharSetWord = 70,            ///< c in 'abc' looks at the wrong half of the set
  NanIdentity = 71,            ///< the same NaN object is equal to itself
  SliceUnclamped = 72,         ///< text[-9:] of a short text raises
  IndexEndInclusive = 73,      ///< lst[len(lst)] is read
  TupleDynamicIndex = 74,      ///< a negative variable index of a tuple is one too low
  ListPopKeepsLength = 75,     ///< lst.pop() leaves the length as it was
  DictOrder = 76,              ///< a store to a key that is there moves it to the end
  SliceSharesList = 77,        ///< lst[:] is the list itself
  StrideNotReversed = 78,      ///< text[::-1] is not reversed
  FormatZeroSign = 79,         ///< f"{-5:04d}" is 00-5
  TextIntSign = 80,            ///< int('-7') is 7
  TextFloatRounds = 81,        ///< float('0.3') is 3 * 0.1
  CharCaseEdge = 82,           ///< '['.lower() is '{'
  FloatOverwritesShared = 83,  ///< lst[i] = x changes a float that others refer to
  IntOverwritesShared = 84,    ///< d[k] = n changes an int that others refer to
  InplaceAddCopies = 85,       ///< lst += more makes another list
  DictUpdateKeeps = 86,        ///< {**a, **b} keeps the value of a
  SetAddAgain = 87,            ///< an int added to a set replaces what is equal to it
  // Calls, closures, guards.
  PositionalOnlyByName = 88,  ///< positional-only parameters can be given by name
  KwonlyIgnored = 89,         ///< keyword-only parameters always get their defaults
  GuardAtEntry = 90,          ///< a global that was rebound between two calls is not looked at
  GuardAfterCall = 91,        ///< a global that was rebound during a call is not looked at
  CellFloatShared = 92,       ///< a store to a captured float changes one that others refer to
  StarCallKeywords = 93,      ///< f(*a, **b) forgets b
  KwDefaultsFirst = 94,       ///< all keyword-only defaults of a nested function are the first
  PredictedCode = 95,         ///< a call of another function of the same kind calls the one that was seen
  IteratorCopied = 96,        ///< who steps a shared zip or enumerate does not step it for the others
  // Exceptions.
  TracebackPrevious = 97,       ///< a traceback names the line of the instruction before
  MatchFirstOnly = 98,          ///< except (A, B) catches A only
  HandlerNotEntered = 99,       ///< in an except clause no exception counts as handled
  ReraiseLosesTraceback = 100,  ///< raise alone forgets where the exception came from
  HandlerLosesPhi = 101,        ///< an except clause sees 0 for one int
  IterErrorsEnd = 102,          ///< an exception in an iterator ends the loop
  SuppressLost = 103,           ///< raise x from None does not hide the context
  // Iteration, landings, entries in mid-loop, lifetimes.
  EnumerateStart = 104,    ///< enumerate(x, n) counts from 0
  LandingListIter = 105,   ///< a loop over a list that leaves native code skips an item
  LandingRangeIter = 106,  ///< a loop over a range that leaves native code loses its last turn
  LandingUnion = 107,      ///< a union is landed as its first alternative
  LandingTwice = 108,      ///< an instruction whose result is a surprise is done twice
  OsrRangeIter = 109,      ///< a loop entered at its header loses its last turn
  HoldForgotten = 110,     ///< what a variable holds ends with its last read
  LeakOnEdge = 111,        ///< what dies on the way to another block is not dropped
  // The interpreter's operations, and what arguments are taken for.
  InterpreterGe = 112,    ///< a >= b of objects is a > b
  UnpackTooMany = 113,    ///< a, b = [1, 2, 3] passes
  AsciiAsRepr = 114,      ///< f"{x!a}" is f"{x!r}"
  UnboxBoolAsInt = 115,   ///< an argument True is taken for 1
  SubclassAsExact = 116,  ///< an object of a subclass of float is taken for a float
  LenAtLeastOne = 117,    ///< len() counts as at least 1
  // Native lists and counters.
  NativeCallHandled = 118,     ///< a native list goes to a function whose exception is handled here
  NativeShapesEqual = 119,     ///< a list of bools and one of ints are compared byte by byte
  NativeExtendUntied = 120,    ///< of lst.extend(more), one is a native list and the other may be none
  NativeBoundExtend = 121,     ///< lst.extend(more) does not widen what the items of lst are within
  NativeBoundInsert = 122,     ///< lst.insert(i, x) does not either
  CounterFalls = 123,          ///< a counter is never below its start
  CounterFromAnywhere = 124,   ///< a counter from near 2**63 on is not checked
  NativeInsertNegative = 125,  ///< lst.insert(-1, x) appends
  NativeAppendCapacity = 126,  ///< lst.append(x) to a list without room writes behind it
  NativeCloseShort = 127,      ///< del lst[i] and lst.pop(i) shift one item too few
  NativeSortNan = 128,         ///< lst.sort() compares NaN as std::sort does
  NativeObjectTwice = 129,     ///< a native list that two variables hold becomes two list objects
  NativeSliceRows = 130,       ///< the rows of a slice are not counted as held by it
  BufferItemUnchecked = 131,   ///< an int that no item of a bytearray or an array can hold is cut to its lowest bits
};

#ifdef HASTEN_PLANTED_BUGS
constexpr bool kPlantsBugs =
    true;  ///< such a build compiles fast rather than well: it is asked 30 000 times for each bug
/// Byte 0: the bug that is switched on. Byte N: whether the place of bug N was reached since somebody cleared it. The table is the
/// file that HASTEN_PLANT_TABLE names, shared by both modules and all forked copies of the process: a bug whose place was
/// not reached cannot have changed anything, and need not be tried on that program.
inline unsigned char* plant_table() {
  static unsigned char* const table = [] {
    static unsigned char own[256];
    if (const char* path = std::getenv("HASTEN_PLANT_TABLE")) {
      void* shared =
          ::mmap(nullptr, sizeof own, PROT_READ | PROT_WRITE, MAP_SHARED, ::open(path, O_RDWR | O_CLOEXEC), 0);
      if (shared != MAP_FAILED)
        return static_cast<unsigned char*>(shared);
    }
    const char* text = std::getenv("HASTEN_PLANT");
    own[0] = static_cast<unsigned char>(text ? std::atoi(text) : 0);
    return own;
  }();
  return table;
}

inline bool planted_bug(Plant bug) {
  unsigned char* const table = plant_table();
  table[static_cast<int>(bug)] = 1;
  return table[0] == static_cast<int>(bug);
}
#else
constexpr bool kPlantsBugs = false;
constexpr bool planted_bug(Plant) { return false; }
#endif

}  // namespace hasten
