// Whose the kernel's time is. The perf clock does not fire in the kernel; how often it would have is found later, from the
// thread's CPU clock (handler.cc). To charge that to wherever the thread runs by then would give a loop that computes the time
// of one that copies files, where the two take turns faster than the clock fires.
//
// The calls that are ours (waits.cc) know how long they took. Out of those since the last sample one is drawn, each with a chance in
// proportion to its time, and its stack kept: sampling within the kernel, whose price is a walk of the stack for every e-fold of the
// calls' time. Kernel time that is found goes to the call that was drawn, as long as the calls took as much. Where some is left again
// and again, page faults are looked at likewise: another event of perf tells of every so many. How long one takes is measured once, and
// then taken to be what explains the rest, within bounds. What then is left (calls that are not ours) goes to the samples around it.
#pragma once

#include <cstdint>

#include "record/region.h"

namespace hasten::probe {

struct Watch;

/// What took kernel time, and one place of it, drawn.
struct KernelTaker {
  int64_t untold_ns;  ///< taken, and not yet told of; less than 0: told in advance
  uint64_t drawn_ns;  ///< taken where the place is drawn from, since it was told of
  bool has_place;
  uint32_t flags;
  uint32_t frame_count;
  uint32_t task;
  uint64_t python_state;
  record::FrameRef refs[record::kFrameCountMax + 1];
};

/// One thread's. Zero at first.
struct KernelTime {
  KernelTaker calls;
  KernelTaker faults;
  uint64_t unlooked_ns;     ///< taken since the last look at the CPU clock
  uint64_t armed_taken_ns;  ///< taken since the clock was armed
  uint64_t owed_ns;         ///< found when no sample could be taken
  uint64_t unexplained_ns;  ///< found, and not known to be taken by anybody
  uint32_t told_gaps;       ///< of the clock as it is armed, told of by calls
  uint32_t untimed_left;    ///< short calls that are not timed, until the next that is
  int fault_fd;             ///< tells of page faults; -1: not asked for
  uint64_t fault_id;        ///< its event
  uint32_t fault_ns;        ///< what a page fault is believed to take
  uint32_t mean_faults;     ///< from one signal to the next
};

/// After a call that was the kernel's for so long. Not in the handler.
void note_call(Watch& watch, uint64_t computed_ns);

/// What the thread computed in a call that is over and lasted so long, at least: what it used since the clock was armed, without what
/// others are known to have taken, and a gap for the rest that was before the call.
uint64_t computed_at_least(const Watch& watch, uint64_t duration_ns);

/// The program has asked for huge pages, which take longer.
void note_huge_pages();

/// In the handler, after `mean_faults` page faults, of which the thread has come back from the last.
void note_faults(Watch& watch, uint64_t stack_pointer);

/// Tells of kernel time that calls took until now. Before the thread's watch ends.
void tell_rest_of_calls(Watch& watch);

/// How much of the kernel time went by while the clock was armed: `passed_ns` of CPU time after it was, and without what is told
/// already. In the handler.
uint64_t untold_kernel_ns(const Watch& watch, uint64_t passed_ns);

/// Writes samples of the places that were drawn, for as much of the kernel time as they stand for. Returns the rest. In the handler.
uint64_t tell_takers(Watch& watch, uint64_t kernel_ns, uint64_t cpu_ns);

/// Kernel time was found that nobody is known to have taken. In the handler.
void note_unexplained(Watch& watch, uint64_t kernel_ns);

}  // namespace hasten::probe
