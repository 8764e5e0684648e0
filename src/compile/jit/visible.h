// Makes loaded code known to those who look at programs from outside: Hasten's own probe, and perf.
#pragma once

#include "compile/jit/code.h"
#include "compile/lower/image.h"

namespace hasten::compile {

/// Announces the image's functions under the names of their Python functions: to the probe if this process runs
/// under `hasten run`, and in /tmp/perf-PID.map if HASTEN_PERF_MAP=1. Needs the GIL.
void announce(const CodeImage& image, const UnitRecord& unit);

}  // namespace hasten::compile
