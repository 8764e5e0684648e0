#pragma once

#include <cstdint>

namespace hasten::probe {

/// Publishes what only the process itself knows exactly: its CPU time and its high-water mark of memory. At its end.
void tell_own_end();

/// The high-water mark of our memory. ru_maxrss would include the process that started us.
uint64_t own_peak_rss_bytes();

}  // namespace hasten::probe
