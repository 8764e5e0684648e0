/* Runs a program and counts the system calls of each thread: count_calls FILE PROGRAM [ARGUMENTS...]
 * FILE gets a line for each thread that ended: its first call's place in the order of threads, and its calls. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MAX_TID = 1 << 22 };
static unsigned calls[MAX_TID];
static char inside[MAX_TID];

int main(int count, char** words) {
  const pid_t child = fork();
  if (child == 0) {
    ptrace(PTRACE_TRACEME, 0, 0, 0);
    raise(SIGSTOP);
    execv(words[2], words + 2);
    _exit(127);
  }
  int status;
  const long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_EXITKILL;
  if (count < 3 || waitpid(child, &status, 0) != child || ptrace(PTRACE_SETOPTIONS, child, 0, options) != 0) {
    return 126;
  }
  FILE* out = fopen(words[1], "w");
  ptrace(PTRACE_SYSCALL, child, 0, 0);
  int exit_code = 125;
  for (pid_t tid; (tid = waitpid(-1, &status, __WALL)) > 0 && tid < MAX_TID;) {
    if (!WIFSTOPPED(status)) {
      if (tid == child) {
        exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
      } else {
        fprintf(out, "%u\n", calls[tid]);
      }
      continue;
    }
    int deliver = WSTOPSIG(status);
    if (deliver == (SIGTRAP | 0x80)) {
      calls[tid] += inside[tid] == 0;
      inside[tid] ^= 1;
    }
    if (deliver == (SIGTRAP | 0x80) || deliver == SIGTRAP || deliver == SIGSTOP) {
      deliver = 0; /* ours: a call, an exec or a clone, a thread's first stop */
    }
    ptrace(PTRACE_SYSCALL, tid, 0, deliver);
  }
  fclose(out);
  return exit_code;
}
