// What a capture says without a model: processes, threads, clocks, what was lost.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "profile/recording.h"
#include "record/format.h"

namespace hasten::profile {

struct ProcessFacts {
  uint32_t pid = 0;
  uint32_t parent_pid = 0;
  std::vector<std::string> command;
  std::string why_not_sampled;
  std::optional<int32_t> exit_code;  ///< absent while unknown or if a signal ended it
  std::optional<int32_t> signal;
  std::string python;
  bool continues = false;  ///< an exec put it in the place of the process before with the same pid
  double start_s = 0;      ///< since the first process of the capture began
  std::optional<double> wall_s;
  std::optional<double> cpu_s;  ///< its own, without its children
  std::optional<uint64_t> peak_rss_bytes;
};

/// Processes that one parent started with the same command, and how evenly they were busy.
struct Workers {
  uint32_t parent_pid = 0;
  std::vector<uint32_t> pids;
  double mean_cpu_s = 0;
  double most_cpu_s = 0;
};

struct ThreadFacts {
  uint32_t pid = 0;
  uint32_t tid = 0;
  std::string name;
  double cpu_s = 0;
  /// From its begin to its end; what follows adds up to it: CPU, waits, ready without a CPU, and what nobody explained.
  double wall_s = 0;
  double runnable_s = 0;  ///< ready to run but without a CPU, outside the waits (which end when it got one)
  double wait_s[kSleepCount] = {};
  double unexplained_s = 0;  ///< off the CPU, but in no call that was seen to wait
};

/// What was spent under one name, by all processes together.
struct LabelFacts {
  std::string name;
  uint64_t count = 0;
  double wall_s = 0;
  double cpu_s = 0;
};

struct CaptureFacts {
  std::optional<double> cpu_s;  ///< of the process tree, by the kernel's account
  /// All threads' time on a CPU or ready for one. 0 is unknown: so it is where other processes did much of
  /// the work, because a thread that waits for them may wait for code.
  double busy_s = 0;
  std::optional<uint64_t> peak_rss_bytes;   ///< of the largest process
  std::optional<uint64_t> tree_peak_bytes;  ///< of all processes together at one instant
  uint32_t run_count = 0;                   ///< first processes: more than one after --repeat
  uint64_t lost = 0;
  uint64_t broken_stacks = 0;
  uint64_t throttled = 0;
  uint64_t unsampled_threads = 0;
  bool tasks_unseen = false;      ///< an event loop ran whose tasks this Python does not let us see
  uint64_t sampling_cost_ns = 0;  ///< samples times what one costs, and the threads' starts and ends
  double rate_hz = 0;
  std::string engine;
  bool split_known = true;  ///< false: where a thread was in native code could not be seen
  std::string python;
  std::vector<ProcessFacts> processes;
  std::vector<Workers> workers;
  std::vector<ThreadFacts> threads;
  std::vector<LabelFacts> labels;              ///< most wall time first
  std::vector<record::FunctionCount> counted;  ///< of all runs together
};

CaptureFacts facts_of(const record::Capture& capture);

/// The process that was started first in a run: its parent is not part of the capture.
bool is_root(const record::Capture& capture, size_t process_idx);

}  // namespace hasten::profile
