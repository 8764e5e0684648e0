// What asyncio's C module publishes of its tasks, since 3.14, in a section of its own (.AsyncioDebug): where a task holds its
// coroutine and its name, and where a thread state holds the task that runs.
#pragma once

#include <cstdint>

namespace hasten::pyread {

/// Offsets in bytes.
struct TaskLayout {
  uint32_t task_bytes = 0;  ///< the least size of a task; a subclass adds to it
  uint32_t coroutine = 0;
  uint32_t name = 0;                 ///< text, or the number in a name that asyncio gave
  uint32_t thread_running_task = 0;  ///< in the thread state; null: none runs
  friend bool operator==(const TaskLayout&, const TaskLayout&) = default;
};

inline constexpr char kAsyncioSection[] = ".AsyncioDebug";
inline constexpr uint32_t kAsyncioOffsetsBytes = 104;

/// Reads the section's first kAsyncioOffsetsBytes. Returns false if they make no sense.
bool read_asyncio_offsets(const uint8_t* bytes, TaskLayout* layout);

}  // namespace hasten::pyread
