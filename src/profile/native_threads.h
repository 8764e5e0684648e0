// Threads that run no Python (BLAS, OpenMP, a library's own): which Python line their CPU time belongs to.
#pragma once

#include <cstdint>
#include <vector>

#include "profile/natives.h"
#include "profile/recording.h"
#include "record/format.h"

namespace hasten::profile {

/// Gives the samples that have no Python frame, of threads that Python itself did not start, the stack of the line
/// that they work for, and says in Sample::charge how that line is known. What is known of neither stays as it is.
/// REQUIRES: samples by thread and time; waits and creators resolved.
void charge_native_threads(const record::Capture& capture, NativeNames& names, Recording* recording);

/// Where a thread came from, and the CPU time of it that was charged to lines.
struct ThreadOrigin {
  bool known = false;         ///< of what follows; false for a process's first thread
  uint32_t function_idx = 0;  ///< the innermost own code where it was started, else the innermost at all
  int32_t line = 0;
  uint32_t creator_tid = 0;
  double in_call_s = 0;
  double started_s = 0;
};

/// One for each thread of the capture. REQUIRES: charge_native_threads() has been.
std::vector<ThreadOrigin> thread_origins(const record::Capture& capture, const Recording& recording);

}  // namespace hasten::profile
