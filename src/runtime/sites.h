// What native code does at each instruction, for the report: the compiler fills the tables, the emitted code counts in
// them, the runtime shows them. Plain data, as all that crosses between the two.
#pragma once

#include <cstdint>

#include "runtime/mir.h"

namespace hasten::runtime {

/// From cheap to dear: a line is what its dearest instruction is.
enum class SiteClass : uint8_t {
  Native,      ///< machine code that neither leaves nor calls CPython
  Checked,     ///< machine code that looks whether it may go on, and leaves for the interpreter if not
  Boxed,       ///< an operation on Python objects, or the making of one, by a C function
  PythonCall,  ///< a callable is called through CPython
};

/// A call through CPython. Every call is counted; the first few, then one of 64 and later of 1024, chosen at random so that
/// no period of the program can coincide, are timed with the processor's time stamp counter.
/// One for each instruction of a function, whichever version makes the call; it outlives them.
struct CallSite {
  static constexpr uint32_t kKept = 128;

  mir::ValueId instr = mir::kNone;
  const CallSite* next = nullptr;  ///< of the same function
  uint64_t granted = 1;            ///< calls up to the next timed one, it included
  int32_t until = 1;               ///< how many of these are still to come
  uint32_t gap = 1;                ///< calls that the next timed one stands for
  uint64_t untimed = 0;            ///< calls that went another way, where nobody takes the time
  uint64_t timed = 0;              ///< how many were timed
  double ticks = 0;                ///< sum of what was timed, each weighted with the calls that it stands for
  double weight = 0;               ///< how many calls that are
  float recent[kKept]{};           ///< ticks of the last ones, in a ring

  uint64_t calls() const { return granted - static_cast<uint64_t>(until) + untimed; }
};

/// How often native code of a function has left at an instruction, for one reason. It outlives the versions as well.
struct LeftCount {
  mir::ValueId instr;
  uint8_t reason;  ///< DeoptReason
  uint64_t count;
  const LeftCount* next;  ///< of the same function
};

/// What was counted of one function.
struct SiteCounts {
  const CallSite* calls = nullptr;
  const LeftCount* left = nullptr;
};

/// One instruction of a version that is worth telling. Native ones are left out but for one a line.
struct Site {
  mir::ValueId instr;
  SiteClass what;
  uint32_t why;   ///< into NativeVersion::text; 0: nothing to say. "{callee}" stands for the source of what is called
  uint32_t hint;  ///< likewise: the rewrite that would help
  bool may_call;  ///< in rare cases a callable is called here through CPython
};

}  // namespace hasten::runtime
