// Registered machine code, as the handler asks for it.
#pragma once

#include <cstdint>

namespace hasten::probe {

bool any_compiled_code();
bool is_compiled_code(uint64_t pc);

/// In a forked child: what it registers from now on goes to its own slot's ring.
void forget_compiled_ring();

}  // namespace hasten::probe
