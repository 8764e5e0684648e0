// Registered machine code, as the handler asks for it.
#pragma once

#include <cstdint>

namespace hasten::probe {

bool any_compiled_code();
bool is_compiled_code(uint64_t pc);

}  // namespace hasten::probe
