// The model of one program run: which function, line, package and native side the CPU time went to,
// how sure each share is, and how much faster the program could be without it.
// Every share is of the CPU time of the whole process tree; self shares of all functions and of
// `outside` add up to 1. Analysis ends here: terminal, page and export only draw what this says.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "profile/interval.h"
#include "profile/origin.h"
#include "profile/recording.h"

namespace hasten::profile {

/// Seconds of CPU time by Side.
using Split = std::array<double, kSideCount>;

/// Seconds of waiting by Sleep.
using Waits = std::array<double, kSleepCount>;

/// CPU time of one thing that can be on top of a stack.
struct Cost {
  Share self;
  double total_share = 0;  ///< inclusive; a stack counts once however often the thing is on it
  double self_cpu_s = 0;
  double total_cpu_s = 0;
  Split split_s{};  ///< self CPU time by side
  Waits wait_s{};   ///< time off the CPU with this on top of the stack
  uint64_t sample_count = 0;
  /// Of the self CPU time, what native threads used while this was in the call that they work for, or, where no such
  /// call was seen, because it had started them.
  double native_in_call_s = 0;
  double native_started_s = 0;
};

/// CPU time of packages that own code called, by the innermost own frame: what a caller could win by
/// calling them less. Zero for rows that are not own code.
struct Called {
  double cpu_s = 0;
  double wait_s = 0;  ///< time off the CPU inside what it called
  Origin through;     ///< the package that most of it was called through
};

struct FunctionRow {
  Function function;
  Origin origin;
  Cost cost;
  Called called;
  /// wall / (wall - wall time in which only this function's own code ran); nothing beyond 1e6.
  std::optional<double> ceiling;
};

struct LineRow {
  uint32_t function_row = 0;  ///< index into Profile::functions
  int32_t line = 0;
  Cost cost;
  Called called;
};

/// All of one package, of the standard library, or of the user's own code.
struct GroupRow {
  Origin origin;
  Cost cost;
  uint32_t heaviest_function_row = 0;  ///< by self time
};

/// The same stretch of source, in the same instruction and native function: what the causes are found from.
struct SpotRow {
  uint32_t function_row = 0;
  Position position;
  std::string native;            ///< empty where unknown
  pyread::OpcodeMeaning opcode;  ///< the instruction, and whether it was specialised
  double self_cpu_s = 0;
  Split split_s{};
  uint64_t sample_count = 0;
};

struct Profile {
  double wall_s = 0;
  double sampled_cpu_s = 0;  ///< what the samples stand for; the denominator of every share
  uint64_t sample_count = 0;
  double effective_count = 0;          ///< how many equal samples these are worth
  std::vector<FunctionRow> functions;  ///< heaviest self time first
  std::vector<LineRow> lines;          ///< heaviest self time first
  std::vector<GroupRow> groups;        ///< own code first, then heaviest first
  std::vector<SpotRow> spots;          ///< heaviest first
  Cost outside;                        ///< native code with no Python frame under it
  Cost collecting;                     ///< garbage collection, wherever it struck; part of the rows above
};

Profile build_profile(const Recording& recording);

}  // namespace hasten::profile
