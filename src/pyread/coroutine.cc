#include "pyread/coroutine.h"

namespace hasten::pyread {
namespace {

// The states of _framestate: 3.13 tells a suspended await from a suspended yield.
constexpr CoroutineLayout kLayouts[] = {
    {.version = 0x030b, .frame_state = 75, .frame = 80, .created = -2, .suspended = -1, .awaiting = -1},
    {.version = 0x030c, .frame_state = 67, .frame = 72, .created = -2, .suspended = -1, .awaiting = -1},
    {.version = 0x030d, .frame_state = 67, .frame = 72, .created = -3, .suspended = -2, .awaiting = -1},
};

}  // namespace

const CoroutineLayout* find_coroutine_layout(uint32_t python_hex) {
  for (const CoroutineLayout& layout : kLayouts) {
    if (layout.version == python_hex >> 16) {
      return &layout;
    }
  }
  return nullptr;
}

}  // namespace hasten::pyread
