// Catches threads as they begin and end, and forks.
#pragma once

namespace hasten::probe {

void set_up_threads();

}  // namespace hasten::probe
