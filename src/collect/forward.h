// While a target runs, signals that are meant for it but sent to us are passed on.
//
// What the terminal sends (Ctrl-C, Ctrl-\) reaches the whole process group, the target included: we only
// take note and go on, so that there is a report. What another process sends to us alone is forwarded.
#pragma once

#include <signal.h>
#include <sys/types.h>

#include <vector>

namespace hasten::collect {

class SignalForwarder {
 public:
  SignalForwarder();
  ~SignalForwarder();
  SignalForwarder(const SignalForwarder&) = delete;
  SignalForwarder& operator=(const SignalForwarder&) = delete;

  /// Readable when there is something to forward.
  int fd() const;
  /// Sends on what has come since. Returns the number of interrupts (Ctrl-C) seen so far.
  int forward_to(pid_t target);

 private:
  std::vector<std::pair<int, struct sigaction>> before_;
  int interrupts_ = 0;
};

}  // namespace hasten::collect
