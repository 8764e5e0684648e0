#include <algorithm>
#include <cstring>
#include <iterator>

#include "pyread/layout.h"

namespace hasten::pyread {
namespace {

// _Py_DebugOffsets is a cookie and then 64-bit numbers. These stand at the same place in every version:
constexpr uint32_t kVersion = 1;
constexpr uint32_t kFreeThreaded = 2;
constexpr uint32_t kInterpretersHead = 5;
constexpr uint32_t kInterpreterNext = 8;
constexpr uint32_t kInterpreterThreads = 9;

/// The rest moves with every minor version: which number is what.
struct Places {
  uint32_t version;
  uint32_t interpreter_garbage;
  uint32_t thread_next;
  uint32_t thread_interpreter;
  uint32_t thread_frame;
  uint32_t thread_native_id;
  uint32_t thread_chunk;
  uint32_t frame_previous;
  uint32_t frame_executable;
  uint32_t frame_instr;
  uint32_t frame_owner;
  uint32_t code_file;
  uint32_t code_qualname;
  uint32_t code_line_table;
  uint32_t code_first_line;
  uint32_t code_start;
  uint32_t garbage_collecting;
};

constexpr Places kPlaces[] = {
    {.version = 0x030d,
     .interpreter_garbage = 10,
     .thread_next = 21,
     .thread_interpreter = 22,
     .thread_frame = 23,
     .thread_native_id = 25,
     .thread_chunk = 26,
     .frame_previous = 29,
     .frame_executable = 30,
     .frame_instr = 31,
     .frame_owner = 33,
     .code_file = 35,
     .code_qualname = 37,
     .code_line_table = 38,
     .code_first_line = 39,
     .code_start = 43,
     .garbage_collecting = 72},
    {.version = 0x030e,
     .interpreter_garbage = 11,
     .thread_next = 24,
     .thread_interpreter = 25,
     .thread_frame = 26,
     .thread_native_id = 28,
     .thread_chunk = 29,
     .frame_previous = 32,
     .frame_executable = 33,
     .frame_instr = 34,
     .frame_owner = 36,
     .code_file = 40,
     .code_qualname = 42,
     .code_line_table = 43,
     .code_first_line = 44,
     .code_start = 48,
     .garbage_collecting = 82},
    {.version = 0x030f,
     .interpreter_garbage = 11,
     .thread_next = 24,
     .thread_interpreter = 25,
     .thread_frame = 26,
     .thread_native_id = 31,
     .thread_chunk = 32,
     .frame_previous = 40,
     .frame_executable = 41,
     .frame_instr = 42,
     .frame_owner = 44,
     .code_file = 48,
     .code_qualname = 50,
     .code_line_table = 51,
     .code_first_line = 52,
     .code_start = 56,
     .garbage_collecting = 95},
};

uint64_t word(const uint8_t* bytes, uint32_t index) {
  uint64_t value;
  std::memcpy(&value, bytes + 8 * index, sizeof value);
  return value;
}

/// A field inside one object: anything else would be read past the bytes that a walk fetches.
bool take(const uint8_t* bytes, uint32_t index, uint64_t limit, uint16_t* to) {
  const uint64_t value = word(bytes, index);
  if (value > limit) {
    return false;
  }
  *to = static_cast<uint16_t>(value);
  return true;
}

}  // namespace

bool is_free_threaded(const uint8_t* bytes) {
  return std::memcmp(bytes, "xdebugpy", 8) == 0 && word(bytes, kFreeThreaded) != 0;
}

bool apply_debug_offsets(const uint8_t* bytes, uint32_t python_hex, PythonLayout* layout) {
  const auto* at = std::find_if(std::begin(kPlaces), std::end(kPlaces),
                                [&](const Places& places) { return places.version == python_hex >> 16; });
  if (at == std::end(kPlaces) || std::memcmp(bytes, "xdebugpy", 8) != 0 ||
      word(bytes, kVersion) >> 16 != python_hex >> 16 || is_free_threaded(bytes)) {
    return false;
  }
  PythonLayout found = *layout;
  const uint64_t in_frame = found.frame_bytes - 8u;
  const bool good = take(bytes, at->thread_next, 4096, &found.thread_next) &&
                    take(bytes, at->thread_interpreter, 4096, &found.thread_interpreter) &&
                    take(bytes, at->thread_frame, 4096, &found.thread_frame) &&
                    take(bytes, at->thread_native_id, 4096, &found.thread_native_id) &&
                    take(bytes, at->thread_chunk, 4096, &found.thread_chunk) &&
                    take(bytes, at->frame_previous, in_frame, &found.frame_previous) &&
                    take(bytes, at->frame_executable, in_frame, &found.frame_code) &&
                    take(bytes, at->frame_instr, in_frame, &found.frame_instr) &&
                    take(bytes, at->frame_owner, found.frame_bytes - 1u, &found.frame_owner) &&
                    take(bytes, at->code_file, kCodeBytes - 8, &found.code_file) &&
                    take(bytes, at->code_qualname, kCodeBytes - 8, &found.code_qualname) &&
                    take(bytes, at->code_line_table, kCodeBytes - 8, &found.code_line_table) &&
                    take(bytes, at->code_first_line, kCodeBytes - 4, &found.code_first_line) &&
                    take(bytes, at->code_start, 4096, &found.code_start) && word(bytes, kInterpretersHead) < 1u << 24 &&
                    word(bytes, kInterpreterNext) < 1u << 24 && word(bytes, kInterpreterThreads) < 1u << 24 &&
                    word(bytes, at->interpreter_garbage) < 1u << 24 && word(bytes, at->garbage_collecting) < 4096;
  if (!good) {
    return false;
  }
  found.runtime_interpreters = static_cast<uint32_t>(word(bytes, kInterpretersHead));
  found.interpreter_next = static_cast<uint32_t>(word(bytes, kInterpreterNext));
  found.interpreter_threads = static_cast<uint32_t>(word(bytes, kInterpreterThreads));
  found.interpreter_collecting =
      static_cast<uint32_t>(word(bytes, at->interpreter_garbage) + word(bytes, at->garbage_collecting));
  *layout = found;
  return true;
}

}  // namespace hasten::pyread
