// Where threads wait. The probe's clock stands still while a thread sleeps, and must: a signal would
// interrupt its system call. So the collector looks from outside, at every tick:
//
//   how much     the scheduler's own account of each thread (/proc/PID/task/TID/schedstat): CPU time and
//                time spent ready to run. What is left of the wall clock, the thread slept. Exact.
//   where, why   mostly the call that waited tells itself (probe/waits.cc). For other sleep, and for a long wait that
//                may not have ended when the process dies: if the thread sleeps at the tick, its Python stack and
//                the system call it sleeps in. A thread whose CPU clock has not moved, or that is in the same call,
//                is still in the same place and is not read again.
//
// A thread that runs at the tick settles nothing: what it slept before, less what it told of itself meanwhile, is put to
// the place where it is next found asleep. Where it slept is then sampled, how long it slept is not.
#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>

#include "collect/outside_walk.h"
#include "collect/recorder.h"

namespace hasten::collect {

class ThreadWatch {
 public:
  ThreadWatch(record::Region* region, const record::PythonPlace& python, uint32_t pid, Recorder& recorder);
  ~ThreadWatch();
  ThreadWatch(const ThreadWatch&) = delete;
  ThreadWatch& operator=(const ThreadWatch&) = delete;

  /// Looks at every watched thread of the process. `now_ns` is CLOCK_MONOTONIC.
  void tick(uint64_t now_ns);
  /// Writes what is still open.
  void finish();

 private:
  struct Account {
    uint64_t cpu_ns = 0;
    uint64_t runnable_ns = 0;
  };
  struct Seen {
    uint32_t tid = 0;
    uint32_t thread = 0;
    uint32_t slot_idx = 0;
    int schedstat_fd = -1;
    uint32_t nameless_ticks = 0;  ///< in which its name was not known
    Account first;                ///< when the watch began
    Account settled;              ///< up to here all time is accounted for
    uint64_t settled_ns = 0;
    uint64_t settled_told_ns = 0;  ///< what the thread had told of itself by then
    uint64_t waiting_ns = 0;
    uint64_t asleep_cpu_ns = ~0ull;  ///< the CPU clock when it was last found asleep
    record::Wait open;               ///< being extended; no duration: none
    bool told = false;               ///< the call that `open` sleeps in will tell of itself when it returns
  };

  void find_name(Seen& seen);
  void look_at(Seen& seen, uint64_t now_ns);
  // told_since_ns: when the call began that will tell of itself, 0 if none will.
  bool find_place(Seen& seen, const Account& now, uint64_t told_since_ns, uint32_t* stack, record::WaitKind* kind);
  void extend(Seen& seen, uint64_t slept_ns, uint32_t stack, record::WaitKind kind, uint64_t told_since_ns);
  bool is_open(const Seen& seen, uint64_t told_since_ns) const;
  void close(Seen& seen, bool alive);
  std::optional<record::WaitKind> sleeping_in(uint32_t tid) const;
  void forget(Seen& seen);

  record::Region* region_;
  record::PythonPlace python_;
  uint32_t pid_;
  Recorder& recorder_;
  OutsideWalk walk_;
  std::unordered_map<uint32_t, Seen> slots_;
};

}  // namespace hasten::collect
