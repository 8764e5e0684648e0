// The facts of the report, line by line: what the compiler told of each version (sites.h) and what was counted since.
#pragma once

#include "runtime/hasten_runtime.h"

namespace hasten::runtime {

/// Why native code left, in words.
const char* reason_name(DeoptReason reason);

}  // namespace hasten::runtime
