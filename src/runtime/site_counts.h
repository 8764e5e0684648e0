// What native code counts for the report: one account for each MIR function, which outlives the versions of its code.
#pragma once

#include "runtime/hasten_runtime.h"

namespace hasten::runtime {

/// Where calls through CPython at `v` are counted. Stays where it is as long as the function's MIR.
CallSite* call_site(const mir::MirFunction* function, mir::ValueId v);
LeftCount* left_count(const mir::MirFunction* function, const DeoptPoint& point);

SiteCounts counts_of(const mir::MirFunction* function);
void forget_counts(const mir::MirFunction* function);

}  // namespace hasten::runtime
