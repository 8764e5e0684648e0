// The clock that makes a running thread sample itself. First choice: perf's software CPU clock, one event a
// thread, the kernel excluded so that no system call is ever interrupted. Where perf is refused, the collector
// signals the threads that it finds running (collect/pacemaker.h), and each sample counts for the CPU time since the one
// before it.
//
// The perf event is one-shot: it disables itself when it fires, and the handler arms it again. At most one
// signal (two, with that of page faults) is then ever queued for a thread, however long the program blocks it; a queue that overflowed
// would make the kernel send SIGIO, which kills.
#pragma once

#include <signal.h>

#include <cstdint>

#include "probe/watch.h"

namespace hasten::probe {

/// Tries the engines in order (`only`: that one), measures what a sample costs and sets the rate. Fills
/// engine, signal, gaps and costs of g_process. Returns 0, or the errno of the last refusal.
int set_up_clock(record::Engine only, uint32_t wanted_rate_hz);

/// When a clock gets a mapping that holds it, should the program close its descriptor (os.closerange and the like). Making
/// and unmaking it is a third of what a clock costs: threads that end before their first sample do without.
enum class Hold { Now, AtFirstSample };

/// Opens a thread's clock and starts it. Returns false if there is none for this thread.
bool open_clock(Watch& watch, Hold hold);
/// Returns false if the program had closed it before its first sample.
bool close_clock(Watch& watch);

/// Draws the next gap and starts it. In the handler.
void arm_clock(Watch& watch);

/// Beside the perf clock: fires after a random number of page faults, about as often as the clock. Opened for threads that
/// need it, closed with their clock.
void open_fault_clock(Watch& watch);
void arm_fault_clock(Watch& watch);

/// Takes the calling thread's perf clock off it until unpark_clock, for a wait in which it is woken again and again: each
/// time the kernel would put the clock's timer on and off (10 us on virtual machines). What the gap has left stays.
void park_clock(Watch& watch);
void unpark_clock(Watch& watch);

/// Whether this is the process that is measured. The child of a vfork is not: it has its parent's memory, and another CPU clock.
bool is_own_process();

/// Before this thread's exec: stops its clock for good, so that no signal of ours is under way when the handlers are
/// gone. Afterwards, should the exec have failed: starts it again. Neither does anything in the child of a vfork.
void stop_clock_for_exec();
void start_clock_after_exec();

/// Whether this signal came from our clock (and not from the program).
bool is_our_signal(const siginfo_t& info);
/// How long ago the collector sent it. REQUIRES: engine ThreadClocks.
uint64_t signal_age_ns(const siginfo_t& info);

}  // namespace hasten::probe
