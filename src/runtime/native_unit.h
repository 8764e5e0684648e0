// A loaded unit: the code of one native version with everything that it refers to while it runs.
#pragma once

#include <Python.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "runtime/native_code.h"
#include "runtime/unit_format.h"

namespace hasten::runtime {

struct NativeUnit;
class FramePool;

struct NativeBody {
  NativeVersion version = {};
  const OwnedSlots* owned = nullptr;  ///< per point: PyObject* slots that the body owned (may be null)
  const uint16_t* owned_slots = nullptr;
  NativeUnit* unit = nullptr;
  FramePool* frames = nullptr;  ///< looked for at the first activation that shows a frame
  bool is_root = false;
};

/// Something that the code assumes about the world.
struct NativeGuard {
  GuardFacts::What what;
  const mir::MirFunction* function;  ///< Global: whose globals and builtins; Default: whose parameter
  uint32_t name;                     ///< Global: index into names; Default: which parameter
  PyObject* holder;     ///< ModuleAttribute: the module; FunctionCode: the function; Default: a plain function, or null
  PyObject* attribute;  ///< ModuleAttribute: its name
  PyObject* expected;
};

/// A dict in which guarded names are looked up, and what its counter was when all guards held.
struct GuardedDict {
  const uint64_t* counter;
  uint64_t then;
};

struct NativeUnit {
  std::vector<uint8_t> own_facts;  ///< empty if they are in a file's pages
  const uint8_t* facts_begin = nullptr;
  std::unique_ptr<NativeBody[]> bodies;  ///< the first is the root
  uint32_t body_count = 0;
  std::vector<NativeGuard> guards;
  std::vector<GuardedDict> guarded_dicts;      ///< each once
  std::vector<PyObject*> guarded_modules;      ///< whose attributes are guarded, each once; `references` has them
  std::vector<uint32_t> uncounted_guards;      ///< those that no counter tells of
  bool guards_held = false;                    ///< once: `guarded_dicts` says when
  std::vector<PyObject*> references;           ///< strong: what the code names and nothing else keeps
  std::vector<const NativeVersion*> versions;  ///< of the bodies, in their order
  std::vector<uint64_t> data;                  ///< the code has addresses into it
  std::unique_ptr<NativeCode> code;
  void* told_debugger = nullptr;
  uint32_t given_up = 0;         ///< runs of twins
  uint32_t callee_landings = 0;  ///< how often a directly called body left

  NativeUnit() = default;
  ~NativeUnit();
  NativeUnit(const NativeUnit&) = delete;
  NativeUnit& operator=(const NativeUnit&) = delete;

  UnitData& head() { return *reinterpret_cast<UnitData*>(data.data()); }
  GuardCache& guard_cache(uint32_t index) {
    return reinterpret_cast<GuardCache*>(reinterpret_cast<uint8_t*>(data.data()) + sizeof(UnitData))[index];
  }
  const UnitFacts& facts() const { return *reinterpret_cast<const UnitFacts*>(facts_begin); }
  template <class T>
  const T* part(const Part& part) const {
    return reinterpret_cast<const T*>(facts_begin + part.offset);
  }
};

/// Loads what the compiler has made. Needs the GIL. See CompileTable::compile for who owns the result.
Result<NativeVersion*> load_unit(const UnitParts& parts);

/// Where the code of a unit comes from.
struct CodeSource {
  const uint8_t* bytes = nullptr;  ///< or:
  int file = -1;
  size_t offset = 0;
};
/// Completes `unit`, whose facts are known; `objects` and `mirs` as in UnitParts.
Result<NativeVersion*> load_unit(std::unique_ptr<NativeUnit> unit, const CodeSource& code, const void* const* objects,
                                 const mir::MirFunction* const* mirs);

void release_unit(NativeVersion* root);
/// Shows the collector what the unit holds: among it may be the function that it is of.
int traverse_unit(const NativeVersion* root, visitproc visit, void* arg);

/// The counters of the dicts that the guard looks at (the second may be null); both null: there are none.
struct GuardCounters {
  const uint64_t *first = nullptr, *second = nullptr;
};
GuardCounters counters_of(const NativeGuard& guard);

/// Whether something that code assumes, or everything that the unit's code does, still holds.
bool guard_holds(const NativeGuard& guard);
bool guards_hold(NativeUnit& unit);

/// Whether anybody does that needs the lines of compiled code: the probe, perf, a debugger.
bool wants_lines();
/// HASTEN_JIT_GDB=1: gdb is told of compiled code, through its interface for just-in-time compilers.
bool wants_debug_object();
/// Tells gdb of the object, whose code lies at `begin`. What it returns is for forget_debug_object().
void* tell_debugger(const uint8_t* object, size_t bytes, const uint8_t* begin);
void forget_debug_object(void* told);

/// Makes the code known to those who look at programs from outside: to the probe if this process runs under `hasten run`,
/// and in /tmp/perf-PID.map if HASTEN_PERF_MAP=1.
void announce(const NativeUnit& unit);

}  // namespace hasten::runtime
