// The C functions that native code calls (hj_*): what is too rare or too big to emit, exactly as CPython computes it.
// Most lean on the runtime's own helpers (runtime/helpers.h).
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "runtime/hasten_runtime.h"

namespace hasten::runtime {

struct SupportSymbol {
  const char* name;
  void* address;
};

/// All functions that emitted code may name, by the file that they are in.
std::span<const SupportSymbol> common_symbols();
std::span<const SupportSymbol> box_symbols();
std::span<const SupportSymbol> container_symbols();
std::span<const SupportSymbol> table_symbols();
std::span<const SupportSymbol> number_symbols();
std::span<const SupportSymbol> ordering_symbols();
std::span<const SupportSymbol> constant_dict_symbols();
std::span<const SupportSymbol> text_symbols();
std::span<const SupportSymbol> wide_symbols();
std::array<std::span<const SupportSymbol>, 11> support_symbols();
/// What two exact sets have in common, without anybody's code; null without an exception: CPython must look.
PyObject* plain_intersection(PyObject* a, PyObject* b);
/// Puts the items of an exact set into another one, if all can be without anybody's code. False: nothing has changed, and CPython
/// must do it.
bool plain_merge(PyObject* set, PyObject* other);
/// Where the value of `name` stands in a dict; null without an exception: it is not there, or CPython must look.
PyObject** place_in_dict(PyObject* dict, PyObject* name);
/// Whether somebody is to be told of changes.
bool is_watched(PyObject* dict);
/// Puts `value` where another value of the dict is. False: CPython must do it.
bool replace_value(PyObject* dict, PyObject** place, PyObject* value);
/// Before any of them is called.
void set_layout(const ObjectLayout& of_objects);

// Flags beside a point's index when native code leaves: 32 bits, which an instruction can store as they are.
inline constexpr uint32_t kRaises = 1u << 31;      ///< an exception is set: only drop references
inline constexpr uint32_t kTraces = 1u << 29;      ///< and its traceback gets our entry
inline constexpr uint32_t kDropResult = 1u << 30;  ///< the result's reference was ours

// The slots of native code that leaves: the point with its flags, the result (of a point after an instruction), live values.
inline constexpr uint32_t kSelectorSlot = 0, kResultSlot = 1, kFirstLiveSlot = 2;

}  // namespace hasten::runtime
