// Code objects that were seen. The first sight of one copies what names it into the thread's ring, ahead of
// the sample: the name then survives whatever happens to the code object or to the process.
//
// The key is the object's address with a fingerprint of its contents, since CPython reuses addresses.
// Lock-free and insert-only; two threads that meet a code object at once both describe it, under two ids,
// which the collector makes one.
#pragma once

#include <cstdint>

#include "probe/watch.h"

namespace hasten::probe {

struct CodeRef {
  uint32_t id = 0;  ///< 0: there is no code object, or it could not be described
  uint32_t code_bytes = 0;
  bool not_code = false;  ///< something else stands there (PythonLayout::any_executable)
};

/// Before the first sample. In a forked child the table is empty again, for its descriptions go to another slot.
void set_up_code_table();

/// Safe in a signal handler. `watch` owns the ring that a description goes to; `believed` says that the
/// frame that named the address belongs to a stack that was whole.
CodeRef find_code(uint64_t address, bool believed, Watch& watch);

}  // namespace hasten::probe
