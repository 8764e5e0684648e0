// The C functions that native code calls (hj_*): what is too rare or too big to emit, exactly as CPython computes it.
// Most lean on the runtime's own helpers (runtime/helpers.h), reached through its table.
#pragma once

#include <cstdint>
#include <span>

#include "compile/lower/image.h"

namespace hasten::compile {

struct SupportSymbol {
  const char* name;
  void* address;
};

/// Finds the runtime's helpers. False if the table lacks one (another version of _runtime).
bool connect_runtime(const runtime::RuntimeTable& table);

/// All functions that emitted code may name.
std::span<const SupportSymbol> support_symbols();

/// Of support_boxes.cc, support_containers.cc, support_tables.cc, support_numbers.cc.
std::span<const SupportSymbol> box_symbols();
std::span<const SupportSymbol> container_symbols();
std::span<const SupportSymbol> table_symbols();
std::span<const SupportSymbol> number_symbols();
void set_layout(const runtime::ObjectLayout& of_objects);
const runtime::ObjectLayout& object_layout();

/// The counters of the dicts that the guard looks at (the second may be null); both null: there are none.
struct GuardCounters {
  const uint64_t *first = nullptr, *second = nullptr;
};
GuardCounters counters_of(const Guard& guard);

/// Whether everything that the unit's code assumes still holds.
bool guards_hold(const UnitRecord& unit);

/// What was learnt about `function`; null if nothing.
const Experience* experience_of(const mir::MirFunction* function);
Experience& experience_for(const mir::MirFunction* function);
void add_seen_class(Experience::Seen& seen, PyObject* cls);
void forget_experience(const mir::MirFunction* function);

}  // namespace hasten::compile
