// The fence around a forked copy: a seccomp filter under which a process can compute, read files and keep its own
// memory, and in which every system call that would reach outside stops.
//
// What is not named here stops: a call that a new kernel brings is outside until somebody has looked at it. Calls on a
// descriptor (read too: it moves an offset that the program shares) go through for descriptors that the copy
// opened itself, for 0 to 2, which lead into its own memory, and for the one over which it answers. A filter sees
// numbers, not memory: what a path or a structure says is for whoever is asked (Stop::kAsk). Reading the clock is no
// system call on x86-64 and is not seen.
#pragma once

#include <linux/filter.h>

#include <cstddef>
#include <vector>

namespace hasten::fix {

/// What becomes of a call that would reach outside.
enum class Stop {
  kAsk,   ///< it waits until a supervisor answers (SECCOMP_RET_USER_NOTIF); opening for reading asks as well
  kKill,  ///< the process dies of SIGSYS; for kernels and containers without supervisors
};

/// A filter, and the places in it where the copy puts in what only it knows: instruction numbers whose `k` is meant.
struct Fence {
  std::vector<sock_filter> program;       ///< empty where this machine is not x86-64
  std::vector<std::size_t> answer_holes;  ///< the descriptor over which the copy answers
  std::vector<std::size_t> first_holes;   ///< the lowest descriptor that the copy opened itself
};

Fence make_fence(Stop stop);

}  // namespace hasten::fix
