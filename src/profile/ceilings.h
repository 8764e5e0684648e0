// How much wall time each function alone is answerable for.
#pragma once

#include <optional>
#include <vector>

#include "profile/recording.h"

namespace hasten::profile {

/// For each function: seconds of wall time in which its own code ran (or was ready to, but had no
/// CPU) and nothing else in the process tree did. Only that much can be won by removing the function.
std::vector<double> solo_wall_s(const Recording& recording);

/// wall / (wall - solo); nothing if that is beyond 1e6 or there was no wall time.
std::optional<double> ceiling_of(double wall_s, double solo_s);

}  // namespace hasten::profile
