// The system calls of x86-64 that the fence knows: what becomes of each, and how to tell of it.
//
// A call that is not here stops. Sources: the tables of Linux 6.18; man pages of each call.
#pragma once

#include <cstdint>
#include <span>

namespace hasten::fix {

/// What the filter looks at before it lets a call go on.
enum class Rule : std::uint8_t {
  kAllow,       // stays inside the process, or only looks
  kDescriptor,  // of the first argument
  kOwn,         // the same, and what the copy opened itself does not count: an address in memory says where it goes
  kSend,        // descriptor, and no address among the arguments
  kMap,         // shared memory of a descriptor
  kControl,     // fcntl: by command
  kOpen,        // by flags, the second argument
  kOpenAt,      // by flags, the third
  kLimit,       // prlimit64: looking only
  kClone,       // threads only
  kNotThere,    // answers ENOSYS, so that the C library falls back to a call whose arguments a filter sees
  kStop,
};

struct SystemCall {
  int number;
  const char* name;
  const char* reason;     ///< what stopping it prevents, as a sentence without subject; "" if it never stops
  const char* arguments;  ///< one letter each: p path, o flags of open, d descriptor, n number, - not told
  Rule rule;
};

/// In the order in which the filter looks: those with conditions first. Empty on other machines.
std::span<const SystemCall> system_calls();

}  // namespace hasten::fix
