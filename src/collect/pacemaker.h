// The clock for machines that refuse perf, from outside: a thread of the collector that, at random ticks, looks which of
// the targets' threads are running, and signals those. A thread that is blocked is not interrupted, and the targets have
// no thread more than without us (CPython warns of forks of processes with threads).
#pragma once

#include <atomic>
#include <cstdint>
#include <random>
#include <thread>
#include <unordered_map>

#include "record/region.h"

namespace hasten::collect {

class Pacemaker {
 public:
  explicit Pacemaker(record::Region* region);
  ~Pacemaker();
  Pacemaker(const Pacemaker&) = delete;
  Pacemaker& operator=(const Pacemaker&) = delete;

 private:
  struct Seen {
    uint32_t tid = 0;
    int stat_fd = -1;
    uint32_t asleep_count = 0;  ///< looks in a row that found it asleep
    uint32_t skip_count = 0;    ///< ticks until the next look
  };

  void run();
  void tick(uint32_t process_idx, const record::ProcessSlot& process, uint32_t pid);
  bool is_running(Seen& seen, uint32_t pid, uint32_t tid);
  void signal(uint32_t pid, uint32_t tid, uint32_t number) const;

  record::Region* region_;
  std::atomic<bool> stopping_{false};
  std::mt19937_64 random_;
  std::unordered_map<uint32_t, uint64_t> next_ns_;  ///< by process slot
  std::unordered_map<uint32_t, Seen> seen_;         ///< by thread slot
  std::thread thread_;
};

}  // namespace hasten::collect
