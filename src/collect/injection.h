// Asks a running Python to take the probe in, so that it is measured from inside: waits, who held the GIL, children.
//
// Nothing is stopped and no register is touched. The request goes where Python keeps calls that are to be made at its next
// safe point, and is written in an order in which each state is harmless: whenever we are killed, the call is there whole or
// not at all, and a call that finds nobody does nothing. Python reads a script and the probe out of our memory, so that no
// file is left behind. The probe stays, and a later visit takes it up again.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "collect/region_owner.h"

namespace hasten::collect {

/// Returns once the probe has taken a slot of the region and is past its set-up. `probe_path`: the library, which also goes
/// to the programs that the process starts. Blocks for up to ten seconds.
/// Errors: those of find_python; attach.not_allowed; attach.busy (it is measured from inside already, or came to no safe
/// point); attach.unsupported; attach.refused (with what its Python said).
Result<void> inject(uint32_t pid, const RegionOwner& owner, const std::string& probe_path);

}  // namespace hasten::collect
