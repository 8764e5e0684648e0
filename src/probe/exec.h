#pragma once

namespace hasten::probe {

/// Looks up the functions behind ours. Before main, since a forked child could no longer do it.
void set_up_exec();

}  // namespace hasten::probe
