#pragma once

namespace hasten::probe {

/// Looks up the functions behind ours: the child of a fork could wait for a lock there that nobody holds any more.
void set_up_calls();

}  // namespace hasten::probe
