// How the collector counts processes and threads. One that was started in a PID namespace of its own (unshare, a container that
// shares the /proc of its host) calls itself by another number, which outside is somebody else's.
#pragma once

#include <cstdint>

namespace hasten::probe {

/// Inode of this process's PID namespace; 0: the collector's, or it cannot be told.
uint32_t pid_namespace();

/// The figure behind `label` ("VmHWM:", without its unit) in a status file of /proc; 0 if there is none. In the /proc where the
/// region was found, numbers of processes are the collector's.
uint64_t status_figure(const char* path, const char* label);

/// The collector's number for the calling thread; `own_tid` unless this process has numbers of its own.
uint32_t collectors_tid(uint32_t own_tid);

}  // namespace hasten::probe
