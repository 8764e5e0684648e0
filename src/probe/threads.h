// Catches threads as they begin and end.
#pragma once

namespace hasten::probe {

void set_up_threads();

}  // namespace hasten::probe
