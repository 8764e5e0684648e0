// What asyncio does on a thread: the steps of its tasks, the awaits between them, and whether the loop comes round.
//
// Every step of a task goes through us (asyncio_hooks.cc, asyncio_slots.cc), so the time between two of its steps is exact; it is written, with
// the chain of coroutines that awaits, when the task goes on. Where many awaits are short, a drawn part of
// them is written and stands for the rest, as with waits (waits.cc): the sums stay right, and a thread writes at
// most some thousand a second.
//
// The loop's own time is what lies between its waits for something to do. If in it nothing ends or begins for
// kBlockNs (a step, a wait of the loop), something blocked the loop, and that stretch is written too.
#pragma once

#include <cstdint>

#include "probe/watch.h"
#include "pyread/task_layout.h"

namespace hasten::probe {

/// A loop that does not come round for so long is blocked.
inline constexpr uint64_t kBlockNs = 20'000'000;

/// Looks up what reading coroutines takes. `published`: what asyncio tells of its tasks; null: it tells nothing, and where a
/// task holds its coroutine is found at the first step. False if this Python's are not known.
bool set_up_tasks(const pyread::TaskLayout* published);

/// What a step interrupts: another step, if a task is started within one.
struct Interruption {
  Watch* watch = nullptr;  ///< null: this step is not watched
  uint64_t coroutine = 0;
  uint64_t task = 0;
  uint64_t began_ns = 0;
};

/// Around every step of a task, on its thread, with the GIL. `coroutine`: address of the object that is sent to.
Interruption begin_step(uint64_t coroutine);
/// `suspended`: it awaits something; else it has ended.
void end_step(const Interruption& interrupted, uint64_t coroutine, bool suspended);

/// asyncio names the task of the next step.
void note_task(uint64_t task);
/// The thread's loop starts or stops running.
void note_running_loop(bool runs);

/// Around a call in which a loop waits for something to do, if the thread has one and runs no task.
bool begin_idle(Watch& watch, uint64_t now_ns);
void end_idle(Watch& watch, uint64_t now_ns);

/// Whether a wait that begins now holds up a loop.
bool holds_up_loop(const Watch& watch);
/// The id of the running task's group, described in the ring; 0: none. In the handler, and where `watch.writing` is set.
uint32_t running_task(Watch& watch);

/// Unmaps what is known of the thread's loop.
void forget_loop(Watch& watch);

}  // namespace hasten::probe
