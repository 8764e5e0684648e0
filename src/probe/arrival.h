// How the probe comes into a program that runs already: it is imported, with the GIL held, like an extension module
// (collect/injection.h asks for it). Nothing that the program can look at stays behind but the mapped library.
#pragma once

namespace hasten::probe {

/// Takes a place in the region. False if there is none, or the collector is gone.
bool join_region();

/// Starts to measure this process. REQUIRES: join_region().
void begin();

/// Prepares a watch for every other thread. REQUIRES: the GIL.
void watch_those_before_us();

/// Puts our functions into the import tables of all that is loaded, and of what Python loads from now on: where we are
/// preloaded, the linker has done so.
void stand_in_front();

}  // namespace hasten::probe
