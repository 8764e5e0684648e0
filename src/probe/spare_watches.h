// Watches whose threads have ended, kept for the next thread with their rings still mapped: a program that starts a thread
// for every piece of work would else open the region, map, touch and unmap a ring for each (30 us).
#pragma once

#include "probe/watch.h"

namespace hasten::probe {

/// Keeps a watch that is over and has no clock, before its slot is given to the collector. False if it is not kept: then it
/// is the caller's to unmap.
bool keep_spare(Watch* watch);

/// The watch kept for this slot, all fields 0 but slot_idx and ring_memory, or null. REQUIRES: the slot is taken.
Watch* take_spare(uint32_t slot_idx);

/// Those kept are of no use any more: the region is another one.
void drop_spares();

/// Gives back the memory of a watch without a clock, and its ring's.
void unmap_watch(Watch* watch);

}  // namespace hasten::probe
