#include "probe/signals.h"

#include <dlfcn.h>
#include <errno.h>
#include <unistd.h>

#include "probe/sys.h"
#include "probe/watch.h"

namespace hasten::probe {
namespace {

/// What the program believes about our signal.
struct sigaction g_shadow = {};

using SigactionFunction = int (*)(int, const struct sigaction*, struct sigaction*);
using SignalFunction = sighandler_t (*)(int, sighandler_t);
using SigmaskFunction = int (*)(int, const sigset_t*, sigset_t*);

template <class Function>
Function real(const char* name, std::atomic<void*>& cache) {
  void* found = cache.load(std::memory_order_acquire);
  if (found == nullptr) {
    found = next_symbol(name);
    cache.store(found, std::memory_order_release);
  }
  return reinterpret_cast<Function>(found);
}

std::atomic<void*> g_sigaction, g_signal, g_pthread_sigmask, g_sigprocmask;

SigactionFunction real_sigaction() { return real<SigactionFunction>("sigaction", g_sigaction); }

/// A mask that leaves our signal free. A blocked clock would only blind us, not help the program.
const sigset_t* without_ours(int how, const sigset_t* set, sigset_t* copy) {
  const int ours = g_process.signal;
  if (set == nullptr || ours == 0 || how == SIG_UNBLOCK || sigismember(set, ours) != 1) {
    return set;
  }
  *copy = *set;
  sigdelset(copy, ours);
  return copy;
}

}  // namespace

void* next_symbol(const char* name, const char* version) {
  // In a program that ran before we came, nobody stands behind us: what others call is what we call.
  void* const where = g_process.arrived ? RTLD_DEFAULT : RTLD_NEXT;
  return version != nullptr ? dlvsym(where, name, version) : dlsym(where, name);
}

bool claim_signal(int signal, SignalHandler handler) {
  struct sigaction old;
  if (real_sigaction()(signal, nullptr, &old) != 0 || old.sa_handler != SIG_DFL) {
    return false;
  }
  struct sigaction ours = {};
  ours.sa_sigaction = handler;
  // RESTART and the alternate stack are for the program's sake. Nothing is blocked meanwhile but ourselves.
  ours.sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK;
  sigemptyset(&ours.sa_mask);
  return real_sigaction()(signal, &ours, nullptr) == 0;
}

void pass_to_program(siginfo_t* info, void* context) {
  const struct sigaction wanted = g_shadow;
  if ((wanted.sa_flags & SA_SIGINFO) != 0) {
    wanted.sa_sigaction(info->si_signo, info, context);
  } else if (wanted.sa_handler == SIG_DFL) {
    // The default for a real-time signal is to end the process: it does so when the handler returns.
    struct sigaction fatal = {};
    real_sigaction()(info->si_signo, &fatal, nullptr);
    sys_call(__NR_tgkill, sys_call(__NR_getpid), sys_call(__NR_gettid), info->si_signo);
  } else if (wanted.sa_handler != SIG_IGN) {
    wanted.sa_handler(info->si_signo);
  }
}

}  // namespace hasten::probe

using hasten::probe::g_process;

extern "C" {

__attribute__((visibility("default"))) int sigaction(int signal, const struct sigaction* action,
                                                     struct sigaction* old) noexcept {
  using namespace hasten::probe;
  if (signal != 0 && signal == g_process.signal) {
    const struct sigaction before = g_shadow;
    if (action != nullptr) {
      g_shadow = *action;
    }
    if (old != nullptr) {
      *old = before;
    }
    return 0;
  }
  return real_sigaction()(signal, action, old);
}

__attribute__((visibility("default"))) sighandler_t signal(int number, sighandler_t handler) noexcept {
  using namespace hasten::probe;
  if (number != 0 && number == g_process.signal) {
    const sighandler_t before = g_shadow.sa_handler;
    g_shadow = {};
    g_shadow.sa_handler = handler;
    g_shadow.sa_flags = SA_RESTART;
    return before;
  }
  return real<SignalFunction>("signal", g_signal)(number, handler);
}

__attribute__((visibility("default"))) int pthread_sigmask(int how, const sigset_t* set, sigset_t* old) noexcept {
  using namespace hasten::probe;
  sigset_t copy;
  return real<SigmaskFunction>("pthread_sigmask", g_pthread_sigmask)(how, without_ours(how, set, &copy), old);
}

__attribute__((visibility("default"))) int sigprocmask(int how, const sigset_t* set, sigset_t* old) noexcept {
  using namespace hasten::probe;
  sigset_t copy;
  return real<SigmaskFunction>("sigprocmask", g_sigprocmask)(how, without_ours(how, set, &copy), old);
}

}  // extern "C"
