// Reads this process's memory without ever faulting. Two kinds of place are known to be mapped and are read
// directly: the part of the C stack above us, and the chunks of the thread's data stack, where nearly all
// frames live. Everything else goes through process_vm_readv, which answers EFAULT where a load would crash.
#pragma once

#include <sys/uio.h>

#include <cstdint>
#include <cstring>

#include "probe/sys.h"
#include "probe/watch.h"

namespace hasten::probe {

class OwnMemory {
 public:
  /// `python_state` is this thread's PyThreadState: alive, because this thread is bound to it.
  OwnMemory(const Watch& watch, uint64_t stack_pointer, uint64_t python_state)
      : layout_(g_process.layout), python_state_(python_state) {
    if (stack_pointer >= watch.stack_low && stack_pointer < watch.stack_high) {
      stack_begin_ = stack_pointer;
      stack_end_ = watch.stack_high;
    }
    if (python_state != 0) {
      std::memcpy(&next_chunk_, reinterpret_cast<const void*>(python_state + layout_.thread_chunk), 8);
    }
  }

  bool read(uint64_t address, void* to, uint32_t bytes) {
    if (within(address, bytes, chunk_begin_, chunk_end_) || within(address, bytes, stack_begin_, stack_end_) ||
        within(address, bytes, python_state_, python_state_ + kStateBytes) || find_chunk(address, bytes)) {
      std::memcpy(to, reinterpret_cast<const void*>(address), bytes);
      return true;
    }
    return read_foreign(address, to, bytes);
  }

  /// The slow way, for places that may not be mapped: 2 us a call.
  static bool read_foreign(uint64_t address, void* to, uint32_t bytes) {
    if (!g_process.foreign_reads.load(std::memory_order_relaxed)) {
      return false;
    }
    return sys_read_own_memory(address, to, bytes);
  }

 private:
  /// Every field of PyThreadState that a walk reads, the root C frame included, lies before this.
  static constexpr uint64_t kStateBytes = 360;
  static constexpr int kChunksAhead = 128;

  static bool within(uint64_t address, uint32_t bytes, uint64_t begin, uint64_t end) {
    return address >= begin && address < end && end - address >= bytes;
  }

  /// Looks for the chunk that holds `address` among the older ones: a walk goes outwards, so it never
  /// needs a younger chunk again. The cursor stays where it is if there is none (a generator's frame).
  bool find_chunk(uint64_t address, uint32_t bytes) {
    uint64_t chunk = next_chunk_;
    for (int i = 0; chunk != 0 && i < kChunksAhead; ++i) {
      uint64_t previous = 0;
      uint64_t size = 0;
      std::memcpy(&previous, reinterpret_cast<const void*>(chunk + layout_.chunk_previous), 8);
      std::memcpy(&size, reinterpret_cast<const void*>(chunk + layout_.chunk_size), 8);
      if (within(address, bytes, chunk, chunk + size)) {
        chunk_begin_ = chunk;
        chunk_end_ = chunk + size;
        next_chunk_ = previous;
        return true;
      }
      chunk = previous;
    }
    return false;
  }

  const pyread::PythonLayout& layout_;
  uint64_t python_state_;
  uint64_t stack_begin_ = 0;
  uint64_t stack_end_ = 0;
  uint64_t chunk_begin_ = 0;
  uint64_t chunk_end_ = 0;
  uint64_t next_chunk_ = 0;
};

}  // namespace hasten::probe
