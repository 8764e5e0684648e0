// How a process comes to be measured: the collector sets two variables, LD_PRELOAD and HASTEN_PROBE, and they
// travel on from process to process. Every process that we are loaded into hides them from its program and puts them back
// into whatever it executes; one that runs no Python (a shell, env, a launcher) else only tells how its children ended.
#pragma once

#include <stddef.h>

#include <cstdint>

namespace hasten::probe {

/// Reads the variables and remembers them. Returns false if there is no invitation, or one by another version.
bool read_invitation();

/// Takes "VERSION:PID:FD:LIBRARY", which a program that runs already is told (arrival.cc). LIBRARY is for what it starts.
bool take_invitation(const char* text);

/// Gives the program back the environment that it would have without us.
void hide_invitation();

/// Opens the region that the invitation names. Negative errno on failure. Safe wherever system calls are.
int open_region();

/// Maps the head of that region as g_process.region. False if there is none, or the collector is done.
bool map_region();

/// Whether the collector still reads what this process writes. Once it is done, or was killed (noticed after some two
/// seconds), the answer is no and the process is left alone: g_process.active is false. Safe in the handler.
bool still_read(uint64_t now_mono_ns);

/// Whether the collector has ended, asked right now. REQUIRES: map_region() was true once.
bool is_deserted();

/// Bytes that `with_invitation` needs for this environment; 0 if it goes on as it is.
size_t invitation_bytes(char* const* environment);

/// The environment with our two variables in it, built in `memory` (invitation_bytes of it); `environment` itself if
/// nothing is to be added. Neither allocates nor locks: the caller may be the child of a vfork.
char** with_invitation(char* const* environment, void* memory);

}  // namespace hasten::probe
