// Where CPython keeps what a stack walk needs: one table of byte offsets a version. Nothing here includes
// Python.h: one probe serves every Python, and the same walk reads a live thread, a foreign process and a
// byte image in a test. layout_check.cc static_asserts the tables against the headers it is built with.
#pragma once

#include <cstdint>

namespace hasten::pyread {

inline constexpr uint16_t kAbsent = 0xffff;

/// Offsets in bytes, x86-64, GIL builds. kAbsent: this version has no such field.
struct PythonLayout {
  uint16_t version = 0;  ///< 0x030b is 3.11

  // PyThreadState
  uint16_t thread_cframe = kAbsent;  ///< 3.11, 3.12: the frame is reached through the C frame
  uint16_t thread_root_cframe = kAbsent;
  uint16_t thread_frame = kAbsent;  ///< 3.13: directly
  uint16_t thread_chunk = 0;
  uint16_t thread_next = 0;
  uint16_t thread_interpreter = 16;
  uint16_t thread_native_id = 0;

  // _PyCFrame
  uint16_t cframe_frame = 0;
  uint16_t cframe_previous = 0;

  // _PyStackChunk, the pieces of a thread's data stack
  uint16_t chunk_previous = 0;
  uint16_t chunk_size = 8;
  uint16_t chunk_data = 24;

  // _PyInterpreterFrame
  uint16_t frame_code = 0;
  uint16_t frame_previous = 0;
  uint16_t frame_instr = 0;
  uint16_t frame_owner = 0;
  uint16_t frame_is_entry = kAbsent;  ///< 3.11 marks the frame itself; later ones put a shim before it
  uint8_t owner_c_stack = 0xff;       ///< the owner value of a shim frame; 0xff: there are none
  uint8_t owner_max = 3;

  // PyCodeObject
  uint16_t code_start = 0;  ///< co_code_adaptive; also the bytes of the object before the bytecode
  uint16_t code_first_line = 0;
  uint16_t code_flags = 48;
  uint16_t code_file = 112;
  uint16_t code_qualname = 128;
  uint16_t code_line_table = 136;
  uint16_t code_version = kAbsent;  ///< 3.12+: a number that no other code object had

  // Objects
  uint16_t object_type = 8;
  uint16_t var_size = 16;
  uint16_t bytes_data = 32;
  uint16_t text_length = 16;
  uint16_t text_state = 32;
  uint16_t text_ascii_data = 0;
  uint16_t text_compact_data = 0;
  uint16_t text_kind_mask = 0x1c;
  uint16_t text_compact_mask = 0x20;
  uint16_t text_ascii_mask = 0x40;

  // The way from _PyRuntime to the thread states
  uint32_t runtime_interpreters = 0;
  uint32_t interpreter_next = 0;
  uint32_t interpreter_threads = 0;
  uint32_t interpreter_collecting = 0;  ///< whether its garbage is being collected: an int, 0 or 1; offset 0: not known

  bool via_cframe() const { return thread_cframe != kAbsent; }
};

/// What one read of a frame must cover.
inline constexpr uint32_t kFrameBytes = 72;
/// Every field of a code object that is read lies within these bytes, and before the bytecode.
inline constexpr uint32_t kCodeBytes = 200;

/// The table for Py_Version (0x030b07f0), or nullptr for a version that is not known.
const PythonLayout* find_layout(uint32_t python_hex);

/// Python 3.13 publishes its own offsets at the head of _PyRuntime; they overrule the table, which may
/// be from another patch release. `bytes` is what stands at _PyRuntime (at least kDebugOffsetsBytes).
/// Returns false if this is not the expected table or if the build has no GIL.
inline constexpr uint32_t kDebugOffsetsBytes = 584;
bool apply_debug_offsets(const uint8_t* bytes, uint32_t python_hex, PythonLayout* layout);

}  // namespace hasten::pyread
