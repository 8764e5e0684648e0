// Where CPython keeps what a stack walk needs: one table of byte offsets a version. Nothing here includes
// Python.h: one probe serves every Python, and the same walk reads a live thread, a foreign process and a
// byte image in a test. layout_check.cc and interpreter_check.c static_assert the tables against the headers it is built with.
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
  uint16_t thread_frame = kAbsent;  ///< 3.13+: directly
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
  uint16_t frame_bytes = 72;          ///< every field above lies within them, and the locals begin after them
  uint8_t frame_code_tag = 0;  ///< bits of frame_code that are no address: 3.14+ keeps the reference's kind there
  uint8_t owner_shim = 0xff;   ///< the least owner value of a frame that is no Python's; 0xff: there are none
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
  /// What proves that place, in bytes before it: a pointer, and the youngest generation to which it points. kAbsent: the
  /// interpreter itself said where it is.
  uint16_t collecting_pointer = 104;
  uint16_t collecting_pointee = 176;

  /// From the GIL's condition variable back to whether the GIL is taken: an int.
  uint16_t gil_locked = 16;

  bool via_cframe() const { return thread_cframe != kAbsent; }
  bool publishes_offsets() const { return version >= 0x030d; }
  /// 3.14 keeps the running task in the thread state and says where (task_layout.h).
  bool names_running_task() const { return version >= 0x030e; }
  /// 3.13 lets any object stand in a frame: one that runs no code object is no Python function.
  bool any_executable() const { return version >= 0x030d; }
  friend bool operator==(const PythonLayout&, const PythonLayout&) = default;
};

/// PythonLayout::frame_bytes is no more.
inline constexpr uint32_t kFrameBytesMax = 80;
/// Every field of a code object that is read lies within these bytes, and before the bytecode.
inline constexpr uint32_t kCodeBytes = 200;

/// For messages: whose programs can be measured.
inline constexpr const char* kKnownPythons = "CPython 3.11 to 3.15, with the GIL";

/// The table for Py_Version (0x030b07f0), or nullptr for a version that is not known.
const PythonLayout* find_layout(uint32_t python_hex);

/// From 3.13 on, Python publishes its own offsets at the head of _PyRuntime; they overrule the table, which may
/// be from another patch release. `bytes` is what stands at _PyRuntime (at least kDebugOffsetsBytes).
/// Returns false if this is not the expected table or if the build has no GIL.
inline constexpr uint32_t kDebugOffsetsBytes = 824;
bool apply_debug_offsets(const uint8_t* bytes, uint32_t python_hex, PythonLayout* layout);
/// Whether the same bytes are those of a build without the GIL.
bool is_free_threaded(const uint8_t* bytes);

}  // namespace hasten::pyread
