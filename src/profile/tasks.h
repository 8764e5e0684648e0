// What the event loops of a run did: where tasks awaited and for how long, how many at a time, and what kept a loop from
// coming round.
//
// Seconds awaited are exact where an await took long; short ones were drawn and stand for others (record::Await). The
// line that blocked a loop is found from what the thread was seen doing in that stretch: its samples and its waits.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "profile/causes.h"
#include "profile/recording.h"

namespace hasten::profile {

struct PlaceRow {
  uint32_t function_idx = 0;  ///< into Recording::functions
  int32_t line = 0;
};

/// One way in which the tasks of a group awaited: from the coroutine that the task runs to the innermost one.
struct AwaitRow {
  std::vector<PlaceRow> chain;  ///< outermost first
  double await_s = 0;
  double count = 0;  ///< awaits; an estimate where short ones were drawn
  double longest_s = 0;
  /// Tasks that awaited there at one time: await_s over the time in which at least one did.
  double concurrency = 0;
};

/// The tasks with the same name and coroutine, of all processes.
struct TaskRow {
  std::string name;                      ///< empty: they had none of their own
  std::optional<uint32_t> function_idx;  ///< the coroutine; absent if it is not a Python one
  double await_s = 0;
  double cpu_s = 0;
  std::vector<AwaitRow> awaits;  ///< most seconds first
};

/// A line at which a loop stood still.
struct BlockRow {
  PlaceRow place;
  double blocked_s = 0;
  uint32_t count = 0;
  double longest_s = 0;
  double wait_s = 0;  ///< of blocked_s, in calls that waited; the rest ran
};

struct LoopRow {
  uint32_t thread_idx = 0;
  double run_s = 0;
  double idle_s = 0;     ///< it waited for something to do
  double blocked_s = 0;  ///< in stretches of kBlockedLeastS or more without coming round
  uint64_t step_count = 0;
  std::vector<BlockRow> blocks;  ///< most seconds first
};

/// A loop that does not come round for so long counts as blocked (probe/tasks.h).
inline constexpr double kBlockedLeastS = 0.02;

struct Tasks {
  std::vector<TaskRow> tasks;  ///< most awaited first
  std::vector<LoopRow> loops;
};

Tasks tasks_of(const Recording& recording);

/// "loop-blocked": a line that kept a loop from coming round for much of the time that it ran.
std::vector<Cause> loop_causes(const Tasks& tasks, const Recording& recording);

}  // namespace hasten::profile
