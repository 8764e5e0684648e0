#include "pyread/layout.h"

namespace hasten::pyread {
namespace {

constexpr PythonLayout layout_311() {
  PythonLayout layout;
  layout.version = 0x030b;
  layout.thread_cframe = 56;
  layout.thread_root_cframe = 336;
  layout.thread_chunk = 296;
  layout.thread_next = 8;
  layout.thread_native_id = 160;
  layout.cframe_frame = 8;
  layout.cframe_previous = 16;
  layout.frame_code = 32;
  layout.frame_previous = 48;
  layout.frame_instr = 56;
  layout.frame_owner = 69;
  layout.frame_is_entry = 68;
  layout.owner_max = 2;
  layout.code_start = 184;
  layout.code_first_line = 72;
  layout.text_ascii_data = 48;
  layout.text_compact_data = 72;
  layout.runtime_interpreters = 40;
  layout.interpreter_next = 0;
  layout.interpreter_threads = 16;
  layout.interpreter_collecting = 848;
  return layout;
}

constexpr PythonLayout layout_312() {
  PythonLayout layout;
  layout.version = 0x030c;
  layout.thread_cframe = 56;
  layout.thread_root_cframe = 272;
  layout.thread_chunk = 232;
  layout.thread_next = 8;
  layout.thread_native_id = 144;
  layout.cframe_frame = 0;
  layout.cframe_previous = 8;
  layout.frame_code = 0;
  layout.frame_previous = 8;
  layout.frame_instr = 56;
  layout.frame_owner = 70;
  layout.owner_shim = 3;
  layout.code_start = 192;
  layout.code_first_line = 68;
  layout.code_version = 92;
  layout.text_ascii_data = 40;
  layout.text_compact_data = 56;
  layout.runtime_interpreters = 40;
  layout.interpreter_next = 0;
  layout.interpreter_threads = 72;
  layout.interpreter_collecting = 312;
  return layout;
}

constexpr PythonLayout layout_313() {
  PythonLayout layout;
  layout.version = 0x030d;
  layout.thread_frame = 72;
  layout.thread_chunk = 232;
  layout.thread_next = 8;
  layout.thread_native_id = 160;
  layout.frame_code = 0;
  layout.frame_previous = 8;
  layout.frame_instr = 56;
  layout.frame_owner = 70;
  layout.owner_shim = 3;
  layout.code_start = 200;
  layout.code_first_line = 68;
  layout.code_version = 92;
  layout.text_ascii_data = 40;
  layout.text_compact_data = 56;
  layout.runtime_interpreters = 632;
  layout.interpreter_next = 7264;
  layout.interpreter_threads = 7344;
  layout.interpreter_collecting = 7600;
  return layout;
}

constexpr PythonLayout layout_314() {
  PythonLayout layout = layout_313();
  layout.version = 0x030e;
  layout.frame_owner = 74;
  layout.frame_bytes = 80;
  layout.frame_code_tag = 3;
  layout.owner_max = 4;
  layout.code_start = 208;
  layout.runtime_interpreters = 808;
  layout.interpreter_next = 7272;
  layout.interpreter_threads = 7344;
  layout.interpreter_collecting = 7600;
  layout.collecting_pointer = kAbsent;
  layout.collecting_pointee = kAbsent;
  return layout;
}

constexpr PythonLayout layout_315() {
  PythonLayout layout = layout_314();
  layout.version = 0x030f;
  layout.thread_chunk = 256;
  layout.thread_native_id = 184;
  layout.runtime_interpreters = 936;
  layout.interpreter_next = 7264;
  layout.interpreter_threads = 7336;
  layout.interpreter_collecting = 7512;
  return layout;
}

constexpr PythonLayout kLayouts[] = {layout_311(), layout_312(), layout_313(), layout_314(), layout_315()};

}  // namespace

const PythonLayout* find_layout(uint32_t python_hex) {
  for (const PythonLayout& layout : kLayouts) {
    if (layout.version == python_hex >> 16) {
      return &layout;
    }
  }
  return nullptr;
}

}  // namespace hasten::pyread
