// What /proc says of a process, and the clock that all times of a run are measured by.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace hasten::collect {

/// CLOCK_MONOTONIC.
uint64_t mono_now_ns();

/// "/proc/PID/NAME"
std::string proc_path(uint32_t pid, const char* name);

/// "3.11.7" of Py_Version.
std::string version_text(uint32_t python_hex);

/// What the process has used of CPU time, all its threads together.
std::optional<uint64_t> process_cpu_ns(uint32_t pid);

/// What a process calls its thread, which in a container is another number than ours; `tid` if it does not say.
uint32_t own_number_of_thread(uint32_t pid, uint32_t tid);

/// The directory that stands for the process's root, if its mounted files are others than ours; else "".
std::string foreign_root(uint32_t pid);

/// All that a file holds, or what could be read of it: a process may go away meanwhile, at which a stream would throw.
std::string read_text(const std::string& path);

/// Where a symbolic link leads; "" if it cannot be read.
std::string link_target(const std::string& link);

/// The words of a process's command line; none if it is gone.
std::vector<std::string> command_line(uint32_t pid);

/// The figure behind `label` ("VmHWM:") in a file of lines like "VmHWM:   123 kB", in bytes; 0 if there is none.
uint64_t status_bytes(const std::string& path, const char* label);

}  // namespace hasten::collect
