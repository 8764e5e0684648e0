// A Python that we did not start, measured from outside: its memory is read, nothing is written to it and nothing is
// sent to it, so it goes on unharmed whatever becomes of us.
//
// At random ticks every thread that runs, or is ready to, is looked at: its Python stack is read, and it counts for the CPU
// time that the scheduler says it used until its clock next moved. The stack changes while it is read. A copy of the thread's data
// stack is taken in one go, and the look counts only if the innermost frame is the same before and after; else it is
// tried again, and what never held still is counted as broken. Where in native code a thread was is not seen.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "collect/session.h"

namespace hasten::collect {

struct AttachPlan {
  uint32_t pid = 0;
  std::string capture_path;
  double rate_hz = 0;  ///< 0: 200
  double seconds = 0;  ///< 0: until Ctrl-C or the end of the process
  int stop_fd = -1;    ///< ends it when there is something to read, or the other side is closed; -1: none
  int ready_fd = -1;   ///< gets "ready\n" once every thread is looked at; -1: none
};

/// Blocks; needs no GIL. Errors: those of find_python, and a capture that cannot be made. Outcome::exit_code and signal
/// are 0: how the process ends is not ours to know.
Result<Outcome> attach(const AttachPlan& plan);

}  // namespace hasten::collect
