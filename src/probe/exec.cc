// Whatever the program executes is invited too: the calls that start another program, with the invitation put into the
// environment that they pass on. They may run in the child of a vfork or of a fork of many threads, so nothing
// here allocates or locks, and the functions behind are looked up beforehand.
//
// Left alone: popen of C programs (CPython does not use it), and raw system calls.
#include <alloca.h>
#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>

#include "probe/clock.h"
#include "probe/exec.h"
#include "probe/invitation.h"
#include "probe/signals.h"

namespace hasten::probe {
namespace {

struct Behind {
  int (*execve)(const char*, char* const*, char* const*);
  int (*execvpe)(const char*, char* const*, char* const*);
  int (*fexecve)(int, char* const*, char* const*);
  int (*posix_spawn)(pid_t*, const char*, const posix_spawn_file_actions_t*, const posix_spawnattr_t*, char* const*,
                     char* const*);
  int (*posix_spawnp)(pid_t*, const char*, const posix_spawn_file_actions_t*, const posix_spawnattr_t*, char* const*,
                      char* const*);
};
Behind g_behind;

template <class Function>
void look_up(Function& function, const char* name) {
  function = reinterpret_cast<Function>(next_symbol(name));
}

/// Those behind, also for a library that executes something before we were set up.
const Behind& behind() {
  if (g_behind.posix_spawnp == nullptr) {
    set_up_exec();
  }
  return g_behind;
}

/// Calls one of the exec functions, which returns only if it failed.
template <class Exec>
int exec_quietly(const Exec& exec) {
  stop_clock_for_exec();
  const int result = exec();
  const int saved_errno = errno;
  start_clock_after_exec();
  errno = saved_errno;
  return result;
}

/// As POSIX describes system(): INT and QUIT are ignored and CHLD is blocked while the command runs.
int run_shell(const char* command) {
  static std::atomic_flag lock = ATOMIC_FLAG_INIT;
  static int running = 0;
  static struct sigaction before_int, before_quit;
  struct sigaction ignore = {};
  ignore.sa_handler = SIG_IGN;
  sigset_t child, before_mask, defaults;
  sigemptyset(&child);
  sigaddset(&child, SIGCHLD);
  sigprocmask(SIG_BLOCK, &child, &before_mask);
  const auto locked = [](auto&& act) {
    while (lock.test_and_set(std::memory_order_acquire)) {
    }
    act();
    lock.clear(std::memory_order_release);
  };
  locked([&] {
    if (running++ == 0) {
      sigaction(SIGINT, &ignore, &before_int);
      sigaction(SIGQUIT, &ignore, &before_quit);
    }
  });
  sigemptyset(&defaults);
  if (before_int.sa_handler != SIG_IGN) {
    sigaddset(&defaults, SIGINT);
  }
  if (before_quit.sa_handler != SIG_IGN) {
    sigaddset(&defaults, SIGQUIT);
  }
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setsigmask(&attributes, &before_mask);
  posix_spawnattr_setsigdefault(&attributes, &defaults);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
  const char* words[] = {"sh", "-c", command, nullptr};
  pid_t pid = 0;
  int status = 127 << 8;  // what a shell that cannot be run is reported as
  void* memory = alloca(invitation_bytes(environ));
  const int failure = behind().posix_spawn(&pid, "/bin/sh", nullptr, &attributes, const_cast<char* const*>(words),
                                           with_invitation(environ, memory));
  posix_spawnattr_destroy(&attributes);
  if (failure == 0) {
    while (waitpid(pid, &status, 0) < 0) {
      if (errno != EINTR) {
        status = -1;
        break;
      }
    }
  }
  const int error = failure != 0 ? failure : errno;
  locked([&] {
    if (--running == 0) {
      sigaction(SIGINT, &before_int, nullptr);
      sigaction(SIGQUIT, &before_quit, nullptr);
    }
  });
  sigprocmask(SIG_SETMASK, &before_mask, nullptr);
  errno = error;
  return status;
}

}  // namespace

void set_up_exec() {
  look_up(g_behind.execve, "execve");
  look_up(g_behind.execvpe, "execvpe");
  look_up(g_behind.fexecve, "fexecve");
  look_up(g_behind.posix_spawn, "posix_spawn");
  look_up(g_behind.posix_spawnp, "posix_spawnp");
}

}  // namespace hasten::probe

using hasten::probe::behind;
using hasten::probe::exec_quietly;
using hasten::probe::invitation_bytes;
using hasten::probe::with_invitation;

#define HASTEN_VISIBLE __attribute__((visibility("default")))

extern "C" {

HASTEN_VISIBLE int execve(const char* path, char* const* words, char* const* environment) noexcept {
  void* memory = alloca(invitation_bytes(environment));
  return exec_quietly([&] { return behind().execve(path, words, with_invitation(environment, memory)); });
}

HASTEN_VISIBLE int execv(const char* path, char* const* words) noexcept { return execve(path, words, environ); }

HASTEN_VISIBLE int execvpe(const char* file, char* const* words, char* const* environment) noexcept {
  void* memory = alloca(invitation_bytes(environment));
  return exec_quietly([&] { return behind().execvpe(file, words, with_invitation(environment, memory)); });
}

HASTEN_VISIBLE int execvp(const char* file, char* const* words) noexcept { return execvpe(file, words, environ); }

HASTEN_VISIBLE int fexecve(int fd, char* const* words, char* const* environment) noexcept {
  void* memory = alloca(invitation_bytes(environment));
  return exec_quietly([&] { return behind().fexecve(fd, words, with_invitation(environment, memory)); });
}

// The same with the words as arguments, up to a null; execle has the environment behind it.
#define HASTEN_WORDS(last, words)                                          \
  va_list rest;                                                            \
  size_t count = 1;                                                        \
  va_start(rest, last);                                                    \
  while (va_arg(rest, const char*) != nullptr) {                           \
    ++count;                                                               \
  }                                                                        \
  va_end(rest);                                                            \
  char** words = static_cast<char**>(alloca((count + 1) * sizeof(char*))); \
  words[0] = const_cast<char*>(last);                                      \
  va_start(rest, last);                                                    \
  for (size_t i = 1; i <= count; ++i) {                                    \
    words[i] = va_arg(rest, char*);                                        \
  }

HASTEN_VISIBLE int execl(const char* path, const char* word, ...) noexcept {
  HASTEN_WORDS(word, words)
  va_end(rest);
  return execve(path, words, environ);
}

HASTEN_VISIBLE int execlp(const char* file, const char* word, ...) noexcept {
  HASTEN_WORDS(word, words)
  va_end(rest);
  return execvpe(file, words, environ);
}

HASTEN_VISIBLE int execle(const char* path, const char* word, ...) noexcept {
  HASTEN_WORDS(word, words)
  char* const* environment = va_arg(rest, char* const*);
  va_end(rest);
  return execve(path, words, environment);
}

HASTEN_VISIBLE int posix_spawn(pid_t* pid, const char* path, const posix_spawn_file_actions_t* actions,
                               const posix_spawnattr_t* attributes, char* const* words, char* const* environment) {
  void* memory = alloca(invitation_bytes(environment));
  return behind().posix_spawn(pid, path, actions, attributes, words, with_invitation(environment, memory));
}

HASTEN_VISIBLE int posix_spawnp(pid_t* pid, const char* file, const posix_spawn_file_actions_t* actions,
                                const posix_spawnattr_t* attributes, char* const* words, char* const* environment) {
  void* memory = alloca(invitation_bytes(environment));
  return behind().posix_spawnp(pid, file, actions, attributes, words, with_invitation(environment, memory));
}

HASTEN_VISIBLE int system(const char* command) { return command == nullptr ? 1 : hasten::probe::run_shell(command); }

}  // extern "C"
