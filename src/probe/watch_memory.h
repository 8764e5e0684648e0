// The memory of watches and of their rings. What an ended thread leaves is kept for the next one with its ring still mapped:
// a program that starts a thread for every piece of work would else open the region, map, touch and unmap a ring for each
// (30 us). Where addresses are limited (ulimit -v), the program needs them more than we do.
#pragma once

#include "probe/watch.h"

namespace hasten::probe {

/// Looks at the limit of addresses.
void set_up_watch_memory();

/// For the watch of a slot, all fields 0 but slot_idx and ring_memory. Null if there is none, or too few addresses.
/// REQUIRES: the slot is taken.
Watch* take_watch_memory(uint32_t slot_idx);

/// Takes back that of a watch which is over and has no clock, and maybe keeps it. REQUIRES: its slot is not yet given to
/// the collector.
void leave_watch_memory(Watch* watch);

/// Gives the memory of a watch without a clock back to the system.
void unmap_watch_memory(Watch* watch);

/// What is kept is of no use any more: the region is another one.
void drop_watch_memory();

}  // namespace hasten::probe
