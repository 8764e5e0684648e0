#include <cstring>

#include "pyread/layout.h"

namespace hasten::pyread {
namespace {

// _Py_DebugOffsets of 3.13 is a cookie and then 64-bit numbers; these are their places.
enum Word : uint32_t {
  kVersion = 1,
  kFreeThreaded = 2,
  kInterpretersHead = 5,
  kInterpreterNext = 8,
  kInterpreterThreads = 9,
  kInterpreterGarbage = 10,
  kThreadNext = 21,
  kThreadFrame = 23,
  kThreadNativeId = 25,
  kThreadChunk = 26,
  kFramePrevious = 29,
  kFrameExecutable = 30,
  kFrameInstr = 31,
  kFrameOwner = 33,
  kCodeFile = 35,
  kCodeQualname = 37,
  kCodeLineTable = 38,
  kCodeFirstLine = 39,
  kCodeStart = 43,
  kGarbageCollecting = 72,
};

uint64_t word(const uint8_t* bytes, Word index) {
  uint64_t value;
  std::memcpy(&value, bytes + 8 * static_cast<uint32_t>(index), sizeof value);
  return value;
}

/// A field inside one object: anything else would be read past the bytes that a walk fetches.
bool take(const uint8_t* bytes, Word index, uint64_t limit, uint16_t* to) {
  const uint64_t value = word(bytes, index);
  if (value > limit) {
    return false;
  }
  *to = static_cast<uint16_t>(value);
  return true;
}

}  // namespace

bool apply_debug_offsets(const uint8_t* bytes, uint32_t python_hex, PythonLayout* layout) {
  if (std::memcmp(bytes, "xdebugpy", 8) != 0 || word(bytes, kVersion) >> 16 != python_hex >> 16 ||
      python_hex >> 16 != 0x030d || word(bytes, kFreeThreaded) != 0) {
    return false;
  }
  PythonLayout found = *layout;
  const bool good = take(bytes, kThreadNext, 4096, &found.thread_next) &&
                    take(bytes, kThreadFrame, 4096, &found.thread_frame) &&
                    take(bytes, kThreadNativeId, 4096, &found.thread_native_id) &&
                    take(bytes, kThreadChunk, 4096, &found.thread_chunk) &&
                    take(bytes, kFramePrevious, kFrameBytes - 8, &found.frame_previous) &&
                    take(bytes, kFrameExecutable, kFrameBytes - 8, &found.frame_code) &&
                    take(bytes, kFrameInstr, kFrameBytes - 8, &found.frame_instr) &&
                    take(bytes, kFrameOwner, kFrameBytes - 1, &found.frame_owner) &&
                    take(bytes, kCodeFile, kCodeBytes - 8, &found.code_file) &&
                    take(bytes, kCodeQualname, kCodeBytes - 8, &found.code_qualname) &&
                    take(bytes, kCodeLineTable, kCodeBytes - 8, &found.code_line_table) &&
                    take(bytes, kCodeFirstLine, kCodeBytes - 4, &found.code_first_line) &&
                    take(bytes, kCodeStart, 4096, &found.code_start) && word(bytes, kInterpretersHead) < 1u << 24 &&
                    word(bytes, kInterpreterNext) < 1u << 24 && word(bytes, kInterpreterThreads) < 1u << 24 &&
                    word(bytes, kInterpreterGarbage) < 1u << 24 && word(bytes, kGarbageCollecting) < 4096;
  if (!good) {
    return false;
  }
  found.runtime_interpreters = static_cast<uint32_t>(word(bytes, kInterpretersHead));
  found.interpreter_next = static_cast<uint32_t>(word(bytes, kInterpreterNext));
  found.interpreter_threads = static_cast<uint32_t>(word(bytes, kInterpreterThreads));
  found.interpreter_collecting =
      static_cast<uint32_t>(word(bytes, kInterpreterGarbage) + word(bytes, kGarbageCollecting));
  *layout = found;
  return true;
}

}  // namespace hasten::pyread
