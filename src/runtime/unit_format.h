// A compiled unit as plain bytes: what the compiler hands over, and what the cache on disk keeps. Offsets instead of
// pointers; whatever the code names by address stands in a table of slots, which whoever loads the unit fills.
//
// A unit is one root function for one set of argument types, with all bodies that it calls natively. It has two parts:
// the facts (UnitFacts and the arrays that it points into), and the code: instructions, then constants, on pages of their
// own, without a single absolute address. The slots lie behind the code, on pages that belong to the process.
#pragma once

#include <cstdint>

#include "runtime/hasten_runtime.h"

namespace hasten::runtime {

inline constexpr uint32_t kNoIndex = 0xffffffffu;

/// `count` elements that begin `offset` bytes from the begin of the facts.
struct Part {
  uint32_t offset = 0, count = 0;
};

/// What a slot holds.
enum class AddressKind : uint8_t {
  Object,     ///< a Python object or another thing of the process, see UnitParts::objects
  Function,   ///< a C function that native code may call: `a` is its name, in `text`
  Unit,       ///< the NativeUnit
  Body,       ///< the NativeBody number `a`
  Mir,        ///< the MirFunction number `a`
  CallSite,   ///< the counters of calls at instruction `b` of the MirFunction number `a`
  Uncounted,  ///< its CallSite::untimed
  Data,       ///< byte `a` of the unit's own data
  DictCount,  ///< the version tag of a dict that guard `a` looks at: the first (`b` = 0) or the second
  Code,       ///< the code object of the MirFunction number `a`
};

struct AddressFacts {
  AddressKind kind;
  uint32_t a = 0, b = 0;
};

struct GuardFacts {
  enum class What : uint8_t { Global, ModuleAttribute, FunctionCode, Default } what;
  uint32_t mir = kNoIndex;  ///< Global: whose globals and builtins; Default: whose parameter; a MirFunction of the unit
  uint32_t name = 0;        ///< Global: index into names; Default: which parameter
  uint32_t holder, attribute, expected;  ///< addresses (Object), or kNoIndex
};

/// Which slots of the code's that are dropped when it is left at a point.
struct OwnedSlots {
  uint32_t begin = 0, count = 0;  ///< into BodyFacts::owned_slots
};

/// Instructions of a body from `offset` on, up to the next entry, are of this line of its source.
struct CodeLine {
  uint32_t offset, line;
};

struct BodyFacts {
  uint32_t mir;
  mir::BlockId osr_block;
  Part osr_values;           ///< of ValueId
  Part points;               ///< of DeoptPoint
  Part live;                 ///< of LiveValue
  Part owned;                ///< of OwnedSlots, one a point
  Part owned_slots;          ///< of uint16_t
  Part sites;                ///< of Site
  uint32_t parameter_types;  ///< into text
  uint32_t shows_frame;      ///< see NativeVersion
  uint32_t code_offset, code_bytes;
  Part lines;  ///< of CodeLine, by offset; only where somebody wants them (RuntimeTable::wants_lines)
};

struct UnitFacts {
  Part bodies;     ///< of BodyFacts; the first is the root
  Part guards;     ///< of GuardFacts
  Part addresses;  ///< of AddressFacts
  Part slots;      ///< of uint32_t: the address that each slot holds
  Part kept;       ///< of uint32_t: addresses (Object) that nothing else is known to keep
  Part data;       ///< of bytes: what the unit's own data begins as (UnitData, then what the code has in it)
  Part text;       ///< of char: strings, each with its end
  uint32_t mir_count;
  uint32_t text_bytes, code_bytes;  ///< of the code: the instructions (whole pages), and all
  uint32_t entry, entry_bytes;      ///< the boxed entry, in the code
  uint32_t unwind, unwind_bytes;    ///< .eh_frame, in the code
  float expected_gain;
  uint32_t is_quick;  ///< not optimized: another takes its place if it is used much
};

/// With the type's version tag, the attribute is a slot of the class at this offset in the object, or the value of this index
/// among those that instances have without a dict.
struct AttributeCache {
  uint32_t version = 0xffffffffu;  ///< no type's
  uint16_t is_value = 0;
  uint16_t fills = 0;  ///< how often it has been filled
  int64_t place = 0;
};

/// The dict that a display of constants gives, for copies (borrowed: constant_dicts.h); null until it runs first.
struct ConstantDict {
  PyObject* dict = nullptr;
};

/// With these counters of the dicts that a guard looks at, it held: nothing in them has changed since.
struct GuardCache {
  uint64_t first = 0, second = 0;
};

/// Recursions and loops of few rounds in functions that are called often never come to the poll of a long loop.
inline constexpr int32_t kCallsPerPoll = 256;

/// The begin of the unit's own data; a GuardCache for each guard follows.
struct UnitData {
  int32_t calls_left = kCallsPerPoll;  ///< direct calls until the next look at signals and the GIL
  uint32_t plain_runs = 0;             ///< of functions whose twins gave up (compile/jit/recursion.h): no twin is tried
};

/// A unit on its way from the compiler to the runtime: everything stays the compiler's.
struct UnitParts {
  const uint8_t* facts;  ///< begins with UnitFacts
  uint32_t facts_bytes;
  const uint8_t* code;
  const void* const* objects;  ///< one an address: the thing itself where its kind is Object, else null
  const mir::MirFunction* const* mirs;
  /// An ELF object for debuggers, in which the addresses of sections count from the begin of the code; or null.
  const uint8_t* debug_object;
  size_t debug_bytes;
};

inline constexpr uint32_t kPage = 4096;

}  // namespace hasten::runtime
