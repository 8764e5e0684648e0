// The clock for machines that refuse perf: one native thread in the target. At every (random) tick it reads
// the CPU clock of each watched thread, and signals those that ran since the last tick and are running now;
// a thread that is blocked is never interrupted.
#pragma once

#include <cstdint>

namespace hasten::probe {

void start_helper_thread();

/// What marks the helper's signals as ours.
void* helper_token();

/// Sends one such signal. Fails silently if the thread is gone.
void signal_thread(uint32_t tid);

}  // namespace hasten::probe
