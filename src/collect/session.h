// One run of one program under the probe, from start to exit: what `hasten run` does between reading its
// arguments and making its report.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "record/format.h"

namespace hasten::collect {

struct Plan {
  std::vector<std::string> command;
  std::vector<std::string> environment;  ///< as the program is to see it; empty: this process's own
  std::string capture_path;
  std::string probe_path;
  double rate_hz = 0;                            ///< 0: from the measured cost
  record::Engine engine = record::Engine::None;  ///< None: the best there is
  bool native = false;                           ///< take native stacks too
  uint32_t inject_pid = 0;  ///< instead of a command: this running process, which takes the probe in (injection.h)
  double seconds = 0;       ///< of a running process: for so long; 0: until Ctrl-C or its end
};

struct Outcome {
  uint32_t pid = 0;
  int exit_code = 0;
  int signal = 0;  ///< the signal that ended the program, or 0
  double wall_s = 0;
  uint64_t samples = 0;
  uint64_t capture_bytes = 0;
  int interrupts = 0;           ///< Ctrl-C seen meanwhile
  std::string why_not_sampled;  ///< empty when it was; else one line for a person
  std::string capture_failure;  ///< empty, or why the capture is not whole (disk full)
};

/// Runs it to its end, or measures a running process for a while. Blocks; needs no GIL. The error means that the program was
/// not started, or was not entered.
/// One at a time in a process: signals to this process are forwarded meanwhile.
Result<Outcome> run(const Plan& plan);

}  // namespace hasten::collect
