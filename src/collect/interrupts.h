// What ends the measuring of a process that is not ours to end: Ctrl-C, a polite request, or word from whoever asked.
#pragma once

#include <signal.h>

#include <cstdint>

namespace hasten::collect {

/// Ctrl-C and polite ends come through a descriptor while this lives.
class Interrupts {
 public:
  Interrupts();
  ~Interrupts();
  Interrupts(const Interrupts&) = delete;
  Interrupts& operator=(const Interrupts&) = delete;

  /// Waits for one, or for word from `stop_fd` (-1: none), until then. True if there was one.
  bool wait_until(uint64_t until_ns, int stop_fd) const;

 private:
  int fd_ = -1;
  sigset_t before_;
};

}  // namespace hasten::collect
