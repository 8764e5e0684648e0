// Why the time goes where it goes, as far as the samples show it. A cause is named only with the evidence
// that was seen: the native functions that samples hit at one stretch of source, the split, the packages
// below a line, the time off the CPU. What no evidence supports is not said.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "profile/model.h"

namespace hasten::profile {

struct Cause {
  std::string file;
  int32_t line = 0;  ///< 0: the program as a whole
  std::string function;
  std::string kind;      ///< stable name, e.g. "boxed-numbers"
  std::string cause;     ///< one clause for a person
  std::string evidence;  ///< what was seen, with figures
  double share = 0;      ///< of CPU time; of wall time where kind is "waiting"
};

/// Text of source files by path, as the capture holds it.
using Sources = std::unordered_map<std::string, std::string>;

/// Heaviest first. `busy_s`: all threads' time on a CPU or ready for one, 0 if unknown.
std::vector<Cause> find_causes(const Profile& profile, const Sources& sources, double busy_s);

/// The source that a position covers, on one line; empty if the text or the columns are not known.
std::string source_at(const Sources& sources, const std::string& file, const Position& position);

}  // namespace hasten::profile
