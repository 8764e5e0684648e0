#include "pyread/pending.h"

namespace hasten::pyread {
namespace {

constexpr PendingLayout kLayouts[] = {
    {.version = 0x030b,
     .runtime_main = 48,
     .pending = 112,
     .calls = 16,
     .call_bytes = 16,
     .count = 32,
     .first = 528,
     .last = 532,
     .to_do = 8,
     .most = 0,
     .breaker = 100,
     .breaker_bit = 0,
     .threads = 16,
     .thread_next = 8},
    {.version = 0x030c,
     .runtime_main = 48,
     .pending = 400,
     .calls = 24,
     .call_bytes = 16,
     .count = 32,
     .first = 536,
     .last = 540,
     .to_do = 16,
     .most = 0,
     .breaker = 368,
     .breaker_bit = 0,
     .threads = 72,
     .thread_next = 8},
    {.version = 0x030d,
     .runtime_main = 640,
     .pending = 32,
     .calls = 24,
     .call_bytes = 24,
     .count = 300,
     .first = 7224,
     .last = 7228,
     .to_do = 12,
     .most = 16,
     .breaker = 24,
     .breaker_bit = 4,
     .threads = 7344,
     .thread_next = 8},
    {.version = 0x030e,
     .runtime_main = 816,
     .pending = 32,
     .calls = 24,
     .call_bytes = 24,
     .count = 300,
     .first = 7224,
     .last = 7228,
     .to_do = 12,
     .most = 16,
     .breaker = 24,
     .breaker_bit = 4,
     .threads = 7344,
     .thread_next = 8},
    {.version = 0x030f,
     .runtime_main = 944,
     .pending = 32,
     .calls = 24,
     .call_bytes = 24,
     .count = 300,
     .first = 7224,
     .last = 7228,
     .to_do = 12,
     .most = 16,
     .breaker = 24,
     .breaker_bit = 4,
     .threads = 7336,
     .thread_next = 8},
};

}  // namespace

const PendingLayout* find_pending_layout(uint32_t python_hex) {
  for (const PendingLayout& layout : kLayouts) {
    if (layout.version == python_hex >> 16) {
      return &layout;
    }
  }
  return nullptr;
}

}  // namespace hasten::pyread
