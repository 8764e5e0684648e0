// Several captures into one: what `hasten run --repeat` leaves behind, so that runs too short to sample
// well are judged together.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "record/format.h"

namespace hasten::profile {

/// Appends all that `from` holds to `into`, with every index moved behind those already there.
void append(record::Capture& into, const record::Capture& from);

/// Writes a new capture file. REQUIRES: `path` does not exist (record.exists otherwise).
Result<void> write_capture(const record::Capture& capture, const std::string& path);

}  // namespace hasten::profile
