// From a capture, as it lies on disk, to the recording that the model is built from.
#pragma once

#include "profile/recording.h"
#include "record/format.h"

namespace hasten::profile {

/// Resolves the samples of a capture to functions, lines and native functions.
Recording recording_of(const record::Capture& capture);

}  // namespace hasten::profile
