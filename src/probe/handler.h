// The signal handler: one sample of the thread that it interrupts.
#pragma once

#include <cstdint>

#include "probe/watch.h"

namespace hasten::probe {

/// Finds a real-time signal that nobody uses, and takes it. 0 if there is none.
int take_signal();

/// While calibrating, the handler counts and times instead of sampling.
void begin_calibration(Watch& watch, uint32_t gap_ns);
uint32_t end_calibration(Watch& watch);
/// The least time from the end of a gap into the handler that calibration saw.
uint32_t calibrated_latency_ns();

}  // namespace hasten::probe
