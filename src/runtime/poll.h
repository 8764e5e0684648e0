// What a loop owes the rest of the program: Ctrl-C must work, and other threads must get their turn.
#pragma once

namespace hasten::runtime {

/// Runs signal handlers that are due and lets a waiting thread have the GIL. False if a handler raised.
/// Costs about 20 ns; compiled loops call it every few thousand iterations.
bool poll();

/// poll(), once in a while: for loops whose iterations take 50 ns and more.
bool poll_if_due();

}  // namespace hasten::runtime
