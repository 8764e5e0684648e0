#include "pyread/coroutine.h"

#include <cstring>

namespace hasten::pyread {
namespace {

// The states of _framestate: 3.13 tells a suspended await from a suspended yield.
constexpr CoroutineLayout kLayouts[] = {
    {.version = 0x030b, .frame_state = 75, .frame = 80, .created = -2, .suspended = -1, .awaiting = -1},
    {.version = 0x030c, .frame_state = 67, .frame = 72, .created = -2, .suspended = -1, .awaiting = -1},
    {.version = 0x030d, .frame_state = 67, .frame = 72, .created = -3, .suspended = -2, .awaiting = -1},
    {.version = 0x030e,
     .frame_state = 67,
     .frame = 72,
     .locals = 80,
     .stack_top_is_address = true,
     .slot_tag = 3,
     .created = -3,
     .suspended = -2,
     .awaiting = -1},
    {.version = 0x030f,
     .frame_state = 67,
     .frame = 72,
     .locals = 80,
     .stack_top_is_address = true,
     .awaited_slot = 2,
     .slot_tag = 3,
     .created = 0,
     .suspended = 1,
     .awaiting = 2},
};

/// Which number of _Py_DebugOffsets is what.
struct Places {
  uint16_t version;
  uint32_t locals;
  uint32_t stack_top;
  uint32_t frame;
  uint32_t frame_state;
};
constexpr Places kPlaces[] = {
    {.version = 0x030e, .locals = 35, .stack_top = 37, .frame = 85, .frame_state = 86},
    {.version = 0x030f, .locals = 43, .stack_top = 45, .frame = 101, .frame_state = 102},
};

bool take(const uint8_t* bytes, uint32_t index, uint16_t* to) {
  constexpr uint64_t kObjectBytesMax = 512;
  uint64_t value;
  std::memcpy(&value, bytes + 8 * index, sizeof value);
  if (value >= kObjectBytesMax) {
    return false;
  }
  *to = static_cast<uint16_t>(value);
  return true;
}

}  // namespace

bool apply_debug_offsets(const uint8_t* bytes, CoroutineLayout* layout) {
  for (const Places& at : kPlaces) {
    if (at.version == layout->version) {
      CoroutineLayout found = *layout;
      if (!take(bytes, at.locals, &found.locals) || !take(bytes, at.stack_top, &found.stack_top) ||
          !take(bytes, at.frame, &found.frame) || !take(bytes, at.frame_state, &found.frame_state)) {
        return false;
      }
      *layout = found;
    }
  }
  return true;
}

const CoroutineLayout* find_coroutine_layout(uint32_t python_hex) {
  for (const CoroutineLayout& layout : kLayouts) {
    if (layout.version == python_hex >> 16) {
      return &layout;
    }
  }
  return nullptr;
}

}  // namespace hasten::pyread
