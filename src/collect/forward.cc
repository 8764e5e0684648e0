#include "collect/forward.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

namespace hasten::collect {
namespace {

constexpr int kForwarded[] = {SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2, SIGWINCH, SIGALRM};

/// The handler's way to the loop. One forwarder lives at a time.
int g_pipe[2] = {-1, -1};

struct Note {
  int signal;
  int from_process;  ///< 0: the kernel sent it (the terminal), to the target too
};

void on_signal(int signal, siginfo_t* info, void*) {
  const int saved_errno = errno;
  const Note note{signal, info->si_code <= 0 ? 1 : 0};
  // The pipe does not block: a signal that comes while 4 000 others wait is not the one that matters.
  [[maybe_unused]] const ssize_t written = ::write(g_pipe[1], &note, sizeof note);
  errno = saved_errno;
}

}  // namespace

SignalForwarder::SignalForwarder() {
  if (::pipe2(g_pipe, O_CLOEXEC | O_NONBLOCK) != 0) {
    return;
  }
  struct sigaction action = {};
  action.sa_sigaction = on_signal;
  action.sa_flags = SA_SIGINFO;
  for (const int signal : kForwarded) {
    struct sigaction before;
    ::sigaction(signal, nullptr, &before);
    if (before.sa_handler == SIG_IGN && (before.sa_flags & SA_SIGINFO) == 0) {
      continue;  // nohup and the like: it is ignored in the target as well
    }
    ::sigaction(signal, &action, nullptr);
    before_.emplace_back(signal, before);
  }
}

SignalForwarder::~SignalForwarder() {
  for (const auto& [signal, before] : before_) {
    ::sigaction(signal, &before, nullptr);
  }
  ::close(g_pipe[0]);
  ::close(g_pipe[1]);
  g_pipe[0] = g_pipe[1] = -1;
}

int SignalForwarder::fd() const { return g_pipe[0]; }

int SignalForwarder::forward_to(pid_t target) {
  Note note;
  while (::read(g_pipe[0], &note, sizeof note) == static_cast<ssize_t>(sizeof note)) {
    interrupts_ += note.signal == SIGINT ? 1 : 0;
    if (note.from_process != 0) {
      ::kill(target, note.signal);
    }
  }
  return interrupts_;
}

}  // namespace hasten::collect
