// Where an interpreter keeps the calls that it is to make at its next safe point. Offsets in bytes.
#pragma once

#include <cstdint>

namespace hasten::pyread {

/// A ring of calls in the main interpreter.
struct PendingLayout {
  uint32_t version;       ///< 0x030b
  uint32_t runtime_main;  ///< of the main interpreter's address in the runtime
  uint32_t pending;       ///< of the ring in the interpreter; what follows is relative to it
  uint32_t calls;
  uint32_t call_bytes;
  uint32_t count;  ///< places in the ring
  uint32_t first;
  uint32_t last;         ///< where the next call goes
  uint32_t to_do;        ///< an int that is not 0 while there are calls
  uint32_t most;         ///< an int that says how many places there are; 0: there is none
  uint32_t breaker;      ///< what the eval loop looks at: in the interpreter, or in each thread
  uint8_t breaker_bit;   ///< 0: it is an int of the interpreter's, 0 or 1
  uint32_t threads;      ///< of the first thread in the interpreter, where each has its breaker
  uint32_t thread_next;  ///< of the next thread in a thread
};

/// Null for other versions.
const PendingLayout* find_pending_layout(uint32_t python_hex);

}  // namespace hasten::pyread
