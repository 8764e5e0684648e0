// What native code refers to while it runs: one BodyRecord for each compiled function body. Plain data, kept alive
// by the loaded code (jit/code.h).
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "compile/types/infer.h"
#include "runtime/hasten_runtime.h"
#include "runtime/helpers.h"

namespace hasten::compile {

struct UnitRecord;

// Flags beside a point's index when native code leaves.
inline constexpr uint32_t kRaises = 1u << 31;      ///< an exception is set: only drop references
inline constexpr uint32_t kDropResult = 1u << 30;  ///< the result's reference was ours

/// Recursions and loops of few rounds in functions that are called often never come to the poll of a long loop.
inline constexpr int32_t kCallsPerPoll = 256;

/// Deopt points of one body, in the form that the runtime reads, and which slots hold references to drop.
struct BodyRecord {
  runtime::NativeVersion version = {};
  std::vector<runtime::DeoptPoint> points;
  std::vector<runtime::LiveValue> live;
  std::vector<std::vector<uint16_t>> owned_slots;  ///< per exit: PyObject* slots that the body owned (may be null)
  std::vector<uint32_t> owned_of_point;            ///< index into owned_slots
  std::vector<mir::ValueId> osr_values;
  std::vector<runtime::Site> sites;  ///< for the report
  UnitRecord* unit = nullptr;
  bool is_root = false;
  std::string symbol;
};

/// With the type's version tag, the attribute lies at this offset in the object (a slot of the class).
struct AttributeCache {
  uint32_t version = 0xffffffffu;  ///< no type's
  int64_t offset = 0;
};

/// With these counters of the dicts that a guard looks at, it held: nothing in them has changed since.
struct GuardCache {
  uint64_t first = 0, second = 0;
};

/// Everything that one module needs at run time.
struct UnitRecord {
  std::vector<std::unique_ptr<BodyRecord>> bodies;  ///< the first is the root
  std::vector<Guard> guards;
  std::vector<PyObject*> references;                    ///< strong: whatever the code names by address
  std::deque<AttributeCache> attribute_caches;          ///< one a site, likewise
  std::deque<GuardCache> guard_caches;                  ///< one a guard, likewise
  std::deque<runtime::MethodCache> method_caches;       ///< one a site; the code knows their addresses
  std::deque<std::string> texts;                        ///< what the sites say
  std::vector<const runtime::NativeVersion*> versions;  ///< of the bodies, in their order
  int32_t calls_left = kCallsPerPoll;                   ///< direct calls until the next look at signals and the GIL
  uint32_t callee_landings = 0;         ///< how often a directly called body left (see kCalleeLandingsMax)
  bool unit_runs_foreign_code = false;  ///< then guards are checked where they are used, not only at entry
};

}  // namespace hasten::compile
