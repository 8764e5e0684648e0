#pragma once

#include <cstdint>

namespace hasten::probe {

/// Looks up the functions behind ours that the child of a fork may call first: there it could wait for a lock that
/// nobody holds any more.
void set_up_waits();

/// Around a wait for a child, whose function stands in children.cc. Neither changes errno.
void begin_child_wait(uint64_t* begin_ns);
void end_child_wait(uint64_t begin_ns);

}  // namespace hasten::probe
