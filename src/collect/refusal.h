// Why a running process cannot be measured from outside: one line of fact and one of remedy.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"

namespace hasten::collect {

/// What an ELF file was made for, like "aarch64", if that is another machine than the one that Hasten measures; else, and
/// for anything that is no ELF file, "".
std::string foreign_machine(const std::string& path);

/// The error for a process whose memory map is empty or may not be read: it has ended (attach.no_process), is the kernel's
/// own (attach.not_python), or the kernel keeps it from us (attach.not_allowed), with what would allow it.
Error why_not_readable(uint32_t pid);

/// Whether the process has numbers of its own for its threads, as in a container.
bool has_own_numbers(uint32_t pid);

}  // namespace hasten::collect
