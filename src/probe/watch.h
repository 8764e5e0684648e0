// What the probe knows about the process and about each thread that it watches. One Process, filled once by
// the constructor; one Watch a thread, reached by the handler through a thread-local pointer.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstdint>

#include "probe/kernel_time.h"
#include "pyread/frame_walk.h"
#include "pyread/layout.h"
#include "record/format.h"
#include "record/region.h"

namespace hasten::probe {

/// Everything about this process. Written by the constructor before the first sample, then only read,
/// but for what is atomic.
struct Process {
  record::Region* region = nullptr;     ///< its head only; rings are mapped one by one
  record::ProcessSlot* self = nullptr;  ///< ours in the region
  uint32_t process_idx = 0;             ///< of `self`
  uint32_t own_pid = 0;                 ///< getpid(), which the child of a vfork has not
  bool has_own_numbers = false;         ///< in a PID namespace that is not the collector's
  record::PythonPlace python;
  const void* (*own_python_state)() = nullptr;      ///< PyGILState_GetThisThreadState
  const void* (*running_python_state)() = nullptr;  ///< this thread's state if it holds the GIL; may be null
  pyread::PythonLayout layout;
  record::Engine engine = record::Engine::None;
  int signal = 0;
  uint32_t base_gap_ns = 0;               ///< mean gap when nothing is throttled
  uint32_t latency_ns = 0;                ///< CPU time from the end of a gap to the handler and back, at best
  uint32_t cost_ns = 0;                   ///< one sample without its walk
  double budget = 0;                      ///< share of CPU time that sampling may take
  std::atomic<bool> active{false};        ///< false before set-up and in forked children
  std::atomic<bool> foreign_reads{true};  ///< process_vm_readv on ourselves works
  bool arrived = false;                   ///< we came into a program that ran already
};
extern Process g_process;

struct LoopWatch;  // tasks.cc

/// The functions of libc that are timed each time have numbers: those that wait, and from kFirstKernelCall on the others.
inline constexpr uint32_t kFirstKernelCall = 64;
inline constexpr uint32_t kNoCall = kFirstKernelCall - 1;
inline constexpr uint32_t kCallCount = 128;

/// One watched thread. Owned by that thread; others only look at `fd` (fork) and at the clock's fields.
struct Watch {
  record::ThreadSlot* slot;
  uint32_t slot_idx;
  uint32_t tid;
  uint32_t visit;            ///< of g_visit, when the watch began
  Watch* previous;           ///< the thread's, of a visit before; until somebody takes it apart
  int fd;                    ///< of the perf clock, or -1
  uint64_t event_id;         ///< its event
  void* event_page;          ///< keeps the perf clock alive if the program closes fd; or null
  uint32_t gap_ns;           ///< drawn for the sample to come
  uint32_t mean_gap_ns;      ///< of the distribution that it was drawn from
  uint32_t mean_handler_ns;  ///< running mean of the handler's own time
  uint32_t full_count;       ///< samples in a row that found the ring full
  uint64_t armed_cpu_ns;     ///< the thread's CPU clock when the clock was armed
  uint64_t stack_low;
  uint64_t stack_high;
  uint64_t random_state;
  uint64_t wait_random_state;
  uint64_t last_call_ns[kCallCount];  ///< of each function, how long it lasted (remember())
  uint64_t gil_wait_ns;       ///< since when the thread waits for the GIL, over calls that timed out; 0: it does not
  bool gil_waits_long;        ///< its last wait for the GIL took more than one call
  bool is_parked;             ///< the perf clock was taken off the thread for a wait
  uint32_t creation_id;       ///< where this thread was started; what it starts without Python was started there too
  std::atomic<bool> writing;  ///< the thread itself uses what follows: the handler must not
  uint8_t* ring_memory;
  KernelTime kernel;
  LoopWatch* loop;  ///< null until an event loop runs on the thread
  pyread::RawFrame frames[record::kFrameCountMax];
  record::FrameRef refs[record::kFrameCountMax + 1];  ///< one more for the mark of omitted frames
  record::EntryRef entries[record::kEntryCountMax];   ///< of the stack in `refs`
};

/// Maps a ring of the region, or null.
uint8_t* map_ring(uint64_t offset, uint32_t bytes);

/// Whether a call that begins now is that of a handler of the program's, which came while the thread waits or writes of a wait.
inline bool is_within_another(const Watch& watch) {
  return watch.slot->waiting_kind.load(std::memory_order_relaxed) != 0 || watch.writing.load(std::memory_order_relaxed);
}

/// Long calls and short ones of one function may take turns: one that was long is remembered for some calls.
inline void remember_call(Watch& watch, uint32_t function, uint64_t duration_ns) {
  uint64_t& last_ns = watch.last_call_ns[function];
  const uint64_t faded_ns = last_ns - last_ns / 8;
  last_ns = duration_ns > faded_ns ? duration_ns : faded_ns;
}

/// Raises a shared mark to at least `value`.
inline void raise_to(std::atomic<uint32_t>& mark, uint32_t value) {
  uint32_t now = mark.load();
  while (now < value && !mark.compare_exchange_weak(now, value)) {
  }
}

/// The calling thread's watch, or null. Initial-exec TLS: the handler must not allocate to reach it.
extern __thread Watch* t_watch __attribute__((tls_model("initial-exec")));

/// Where a thread came from, told by its creator. Zero for a process's first thread.
struct Origin {
  uint32_t creation_id = 0;
  uint32_t creator_tid = 0;
  uint64_t routine = 0;
};

/// Threads that were there before us have watches, and do not know it yet: how many.
extern std::atomic<uint32_t> g_unmet_count;

/// The calling thread meets its watch, if one was prepared for it. Safe in the handler.
Watch* meet_watch();

/// A running program may be entered more than once: how often it was.
extern std::atomic<uint32_t> g_visit;

/// The calling thread's watch, or null.
inline Watch* own_watch() {
  Watch* watch = t_watch;
  if (watch != nullptr && watch->visit == g_visit.load(std::memory_order_relaxed)) {
    return watch;
  }
  return g_unmet_count.load(std::memory_order_relaxed) == 0 ? nullptr : meet_watch();
}

/// Gives back what the calling thread's watches of earlier visits hold. Not for the handler, which may have interrupted
/// somebody who uses one.
void drop_previous(Watch& watch);

/// All watches are of an earlier visit from now on. Their threads meet new ones.
void begin_visit();

/// Begins the watch over another thread, which ran before we came. `handle`: its pthread_t, which must be alive; 0: not known,
/// nor is its stack then.
void prepare_watch(uint32_t tid, uint64_t handle);

/// Begins and ends the watch over the calling thread. Neither is for signal handlers.
void begin_watch(const Origin& origin = {});
void end_watch();
/// In a forked child: nothing here is ours any more.
void forget_all_watches();
/// The kernel's number of the perf event that a descriptor stands for (the program might have closed ours, and the number may be another
/// event's now); 0: of none.
uint64_t perf_event_id(int fd);

}  // namespace hasten::probe
