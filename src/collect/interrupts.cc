#include "collect/interrupts.h"

#include <poll.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "collect/proc.h"

namespace hasten::collect {

Interrupts::Interrupts() {
  sigset_t wanted;
  sigemptyset(&wanted);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    sigaddset(&wanted, signal);
  }
  ::pthread_sigmask(SIG_BLOCK, &wanted, &before_);
  fd_ = ::signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK);
}

Interrupts::~Interrupts() {
  signalfd_siginfo info;
  while (::read(fd_, &info, sizeof info) > 0) {  // what was meant for us is done with
  }
  ::close(fd_);
  ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

bool Interrupts::wait_until(uint64_t until_ns, int stop_fd) const {
  const uint64_t now_ns = mono_now_ns();
  const uint64_t span_ns = until_ns > now_ns ? until_ns - now_ns : 0;
  const timespec span{static_cast<time_t>(span_ns / 1'000'000'000), static_cast<long>(span_ns % 1'000'000'000)};
  pollfd waits[2] = {{fd_, POLLIN, 0}, {stop_fd, POLLIN, 0}};  // poll passes over a negative descriptor
  return ::ppoll(waits, 2, &span, nullptr) > 0;
}

}  // namespace hasten::collect
