// Finds the thread states of a process from outside, by way of _PyRuntime.
#pragma once

#include <cstdint>
#include <cstring>

#include "pyread/layout.h"

namespace hasten::pyread {

/// Calls visit(native_thread_id, thread_state_address) for every thread state that can be reached.
/// The lists change while they are read: each address must be taken as a guess and checked by its id.
template <class Reader, class Visit>
void visit_thread_states(const PythonLayout& layout, uint64_t runtime_address, Reader& reader, Visit visit) {
  constexpr uint32_t kInterpretersMax = 1024;
  constexpr uint32_t kThreadsMax = 65536;
  uint64_t interpreter = 0;
  if (!reader.read(runtime_address + layout.runtime_interpreters, &interpreter, 8)) {
    return;
  }
  uint32_t thread_count = 0;
  for (uint32_t i = 0; interpreter != 0 && i < kInterpretersMax; ++i) {
    uint64_t thread = 0;
    if (!reader.read(interpreter + layout.interpreter_threads, &thread, 8)) {
      return;
    }
    while (thread != 0 && ++thread_count < kThreadsMax) {
      uint64_t native_id = 0;
      if (!reader.read(thread + layout.thread_native_id, &native_id, 8)) {
        break;
      }
      visit(native_id, thread);
      if (!reader.read(thread + layout.thread_next, &thread, 8)) {
        break;
      }
    }
    if (!reader.read(interpreter + layout.interpreter_next, &interpreter, 8)) {
      return;
    }
  }
}

}  // namespace hasten::pyread
