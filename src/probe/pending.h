// Since when each suspended task awaits, and which one it is, by the address of its coroutine. One thread's own; open addressing in memory of our
// own, so that a step costs one look.
#pragma once

#include <sys/mman.h>

#include <cstdint>

namespace hasten::probe {

class PendingTable {
 public:
  struct Entry {
    uint64_t coroutine;
    uint64_t since_ns;  ///< 0: it runs
    uint64_t step_ns;   ///< how long the step before took
    uint32_t number;    ///< of the task, among those of the thread that awaited
  };

  /// The entry of a coroutine, or null.
  Entry* find(uint64_t coroutine) {
    for (uint32_t at = place(coroutine); entries_ != nullptr; at = (at + 1) & mask_) {
      if (entries_[at].coroutine == coroutine) {
        return &entries_[at];
      }
      if (entries_[at].coroutine == 0) {
        break;
      }
    }
    return nullptr;
  }

  /// Adds one that is not there. Nothing happens if there is no memory.
  void add(const Entry& entry) {
    if (2 * count_ >= capacity() && !grow()) {
      return;
    }
    put(entry);
    ++count_;
  }

  void remove(Entry* entry) {
    // Those behind move up, so that no search ends too early.
    uint32_t hole = static_cast<uint32_t>(entry - entries_);
    for (uint32_t at = (hole + 1) & mask_; entries_[at].coroutine != 0; at = (at + 1) & mask_) {
      const uint32_t home = place(entries_[at].coroutine);
      if (((at - home) & mask_) >= ((at - hole) & mask_)) {
        entries_[hole] = entries_[at];
        hole = at;
      }
    }
    entries_[hole] = {};
    --count_;
  }

  void unmap() {
    if (entries_ != nullptr) {
      ::munmap(entries_, capacity() * sizeof(Entry));
    }
    *this = {};
  }

 private:
  static constexpr uint32_t kFirstCapacity = 1u << 10;
  static constexpr uint32_t kCapacityMax = 1u << 24;

  uint64_t capacity() const { return entries_ == nullptr ? 0 : uint64_t{mask_} + 1; }
  uint32_t place(uint64_t coroutine) const {
    return static_cast<uint32_t>((coroutine >> 4) * 0x9e3779b97f4a7c15ull >> 32) & mask_;
  }
  void put(const Entry& entry) {
    uint32_t at = place(entry.coroutine);
    while (entries_[at].coroutine != 0) {
      at = (at + 1) & mask_;
    }
    entries_[at] = entry;
  }

  bool grow() {
    const uint64_t wanted = entries_ == nullptr ? kFirstCapacity : 2 * capacity();
    void* memory = wanted > kCapacityMax ? MAP_FAILED
                                         : ::mmap(nullptr, wanted * sizeof(Entry), PROT_READ | PROT_WRITE,
                                                  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
      return 4 * count_ < 3 * capacity();
    }
    Entry* const old = entries_;
    const uint64_t old_capacity = capacity();
    entries_ = static_cast<Entry*>(memory);
    mask_ = static_cast<uint32_t>(wanted - 1);
    for (uint64_t i = 0; i < old_capacity; ++i) {
      if (old[i].coroutine != 0) {
        put(old[i]);
      }
    }
    if (old != nullptr) {
      ::munmap(old, old_capacity * sizeof(Entry));
    }
    return true;
  }

  Entry* entries_ = nullptr;
  uint32_t mask_ = 0;
  uint32_t count_ = 0;
};

}  // namespace hasten::probe
