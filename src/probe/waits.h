#pragma once

#include <cstdint>

namespace hasten::probe {

/// Around a wait for a child, whose function stands in children.cc. Neither changes errno.
void begin_child_wait(uint64_t* begin_ns);
void end_child_wait(uint64_t begin_ns);

}  // namespace hasten::probe
