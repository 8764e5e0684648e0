// Recordings drawn as text, for tests: a column is a sample, a row a depth, callers first, so that the
// expected tree can be checked by eye.
//
//   main      main      main
//   load:12   solve:20  solve:21
//
// A cell is FUNCTION[:LINE][@SIDE]; "." continues nothing (the stack is shorter). FUNCTION lives in
// app.py unless it is written PACKAGE/FUNCTION (site-packages) or std/FUNCTION (standard library).
// SIDE is the first letter of a Side, of the leaf. Every sample stands for one millisecond.
#pragma once

#include <string_view>

#include "profile/recording.h"

namespace hasten::profile {

/// One thread whose samples follow each other without a gap.
Recording recording_from_text(std::string_view picture);

/// The same, as a further thread that starts at `start_ms` of the recording's clock.
void add_thread_from_text(Recording& recording, std::string_view picture, int64_t start_ms);

}  // namespace hasten::profile
