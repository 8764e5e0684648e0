// Reads a capture. Refuses, with a reason, what is not one, what is newer, and what is damaged; opens what
// was cut short and says so in Capture::completeness.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "base/result.h"
#include "record/format.h"

namespace hasten::record {

/// Error codes: record.open, record.not_a_capture, record.newer, record.damaged.
Result<Capture> read_capture(const std::string& path);

/// The same on bytes already in memory; `name` is used in messages.
Result<Capture> parse_capture(std::span<const uint8_t> bytes, const std::string& name);

}  // namespace hasten::record
