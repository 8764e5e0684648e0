#include "pyread/task_layout.h"

#include <cstring>

namespace hasten::pyread {
namespace {

// 64-bit numbers: of a task size, name, awaited_by, is_task, awaited_by_is_set, coro, node; of an interpreter size and
// tasks_head; of a thread state size, running_loop, running_task, tasks_head.
constexpr uint32_t kTaskBytes = 0;
constexpr uint32_t kName = 1;
constexpr uint32_t kCoroutine = 5;
constexpr uint32_t kThreadBytes = 9;
constexpr uint32_t kRunningTask = 11;
constexpr uint32_t kCount = kAsyncioOffsetsBytes / 8;

/// A pointer within an object of that size.
bool is_field(uint64_t offset, uint64_t object_bytes) {
  return offset >= 16 && offset % 8 == 0 && offset + 8 <= object_bytes;
}

}  // namespace

bool read_asyncio_offsets(const uint8_t* bytes, TaskLayout* layout) {
  uint64_t numbers[kCount];
  std::memcpy(numbers, bytes, sizeof numbers);
  const uint64_t task_bytes = numbers[kTaskBytes];
  const uint64_t thread_bytes = numbers[kThreadBytes];
  if (task_bytes > 4096 || thread_bytes > 1u << 16 || !is_field(numbers[kCoroutine], task_bytes) ||
      !is_field(numbers[kName], task_bytes) || !is_field(numbers[kRunningTask], thread_bytes)) {
    return false;
  }
  *layout = {.task_bytes = static_cast<uint32_t>(task_bytes),
             .coroutine = static_cast<uint32_t>(numbers[kCoroutine]),
             .name = static_cast<uint32_t>(numbers[kName]),
             .thread_running_task = static_cast<uint32_t>(numbers[kRunningTask])};
  return true;
}

}  // namespace hasten::pyread
