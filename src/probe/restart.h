// System calls that our signal interrupted are begun again, so that no call of the program returns EINTR because of us.
//
// The kernel itself restarts most calls after a handler with SA_RESTART, but never poll, select, epoll_wait, the
// sleeps, futex waits with a time limit and receives with one. The collector's signals hit such a call when
// a thread blocks between the collector's look at it and the signal. The handler then does what the kernel does for
// the others: puts the call's number back and steps back to the instruction.
//
// Price: a relative time limit begins anew. The thread ran a moment before, so that is microseconds.
// Left alone: calls whose number stands neither before them in the code nor where glibc's calls that can be cancelled
// have it (syscall(2) of libc, hand-written assembler).
#pragma once

#include <ucontext.h>

namespace hasten::probe {

/// Has the interrupted thread make its system call again when the handler returns, if one was cut short with EINTR.
/// Returns whether it did. In the handler.
bool restart_interrupted_call(ucontext_t& context);

}  // namespace hasten::probe
