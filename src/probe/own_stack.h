// The calling thread's Python stack, as ids that the ring explains.
#pragma once

#include <cstdint>

#include "probe/watch.h"
#include "pyread/coroutine.h"

namespace hasten::probe {

struct OwnStack {
  uint64_t python_state = 0;  ///< 0: the thread runs no Python
  uint32_t frame_count = 0;   ///< in Watch::refs, innermost first
  bool broken = false;
  bool repaired = false;
  uint32_t opcode = 0;  ///< of the innermost instruction, + 1; 0: not known
  bool has_gil = false;
  bool collecting = false;   ///< it collects garbage
  uint32_t entry_count = 0;  ///< in Watch::entries
};

/// Reads the stack into `watch.refs`; new code objects are described in the ring on the way. `stack_pointer`: from there
/// outwards the C stack may be read. In the handler, or in a call that waited; the two must not meet in one thread
/// (Watch::writing). `may_have_gil`: false where the thread waits for it, which spares 3.11 a slow look.
OwnStack read_own_stack(Watch& watch, uint64_t stack_pointer, bool may_have_gil = true);

/// More coroutines that await one another are not looked at.
inline constexpr uint32_t kAwaitFramesMax = 200;

/// Turns a chain of awaits, outermost first, into ids in `watch.refs`, innermost first, and returns how many. As
/// read_own_stack(), and with the GIL.
uint32_t name_awaits(Watch& watch, const pyread::AwaitFrame* frames, uint32_t count);

}  // namespace hasten::probe
