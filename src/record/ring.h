// A single-producer, single-consumer ring of variable-length records, in memory that two processes share.
// The producer is a signal handler: it never blocks, never allocates, and a record becomes visible only
// when it is whole. Killing the producer at any instruction leaves every finished record readable.
// The consumer trusts nothing that it reads: the target program may have scribbled over the memory.
//
// Positions count bytes since the start and never wrap; the place in memory is position % capacity. A
// record never straddles the end: the producer fills the rest with a pad record and starts over.
#pragma once

#include <atomic>
#include <cstdint>
#include <cstring>

namespace hasten::record {

struct RecordHead {
  uint32_t bytes;  ///< whole record, head included; a multiple of 8
  uint32_t kind;   ///< 0 is padding
};
inline constexpr uint32_t kPadRecord = 0;

/// The shared part of a ring. Zero bytes are an empty ring.
struct RingState {
  alignas(64) std::atomic<uint64_t> written;   ///< producer's position
  alignas(64) std::atomic<uint64_t> consumed;  ///< consumer's position
};
static_assert(std::atomic<uint64_t>::is_always_lock_free);

/// Whether there is nothing to read: the ring's memory need not be looked at.
inline bool is_empty(const RingState& state) {
  return state.written.load(std::memory_order_acquire) == state.consumed.load(std::memory_order_relaxed);
}

/// The producer's side. One thread at a time.
class RingWriter {
 public:
  /// REQUIRES: capacity is a multiple of 8; `memory` is 8-aligned.
  RingWriter(RingState* state, uint8_t* memory, uint32_t capacity)
      : state_(state), memory_(memory), capacity_(capacity) {}

  /// Room for a record of up to `bytes` in one piece, or nullptr if the ring is too full. Nothing is
  /// visible before commit(); reserving again forgets the earlier reservation.
  uint8_t* reserve(uint32_t bytes) {
    const uint64_t written = state_->written.load(std::memory_order_relaxed);
    const uint64_t used = written - state_->consumed.load(std::memory_order_acquire);
    const uint32_t at = static_cast<uint32_t>(written % capacity_);
    const uint32_t to_end = capacity_ - at;
    pad_bytes_ = to_end < bytes ? to_end : 0;
    if (used + pad_bytes_ + bytes > capacity_) {
      return nullptr;
    }
    return memory_ + (pad_bytes_ != 0 ? 0 : at);
  }

  /// Publishes the reserved record, whose RecordHead gives its final length (at most the reserved one).
  void commit(uint32_t bytes) {
    const uint64_t written = state_->written.load(std::memory_order_relaxed);
    if (pad_bytes_ != 0) {
      const RecordHead pad{pad_bytes_, kPadRecord};
      std::memcpy(memory_ + written % capacity_, &pad, sizeof pad);
    }
    state_->written.store(written + pad_bytes_ + bytes, std::memory_order_release);
  }

 private:
  RingState* state_;
  uint8_t* memory_;
  uint32_t capacity_;
  uint32_t pad_bytes_ = 0;
};

/// The consumer's side. One thread at a time.
class RingReader {
 public:
  RingReader(RingState* state, const uint8_t* memory, uint32_t capacity)
      : state_(state), memory_(memory), capacity_(capacity) {}

  /// The next whole record, or nullptr. Valid until release().
  const uint8_t* peek(RecordHead* head) {
    for (;;) {
      const uint64_t consumed = state_->consumed.load(std::memory_order_relaxed);
      const uint64_t ready = state_->written.load(std::memory_order_acquire) - consumed;
      if (ready == 0 || damaged_) {
        return nullptr;
      }
      const uint32_t at = static_cast<uint32_t>(consumed % capacity_);
      std::memcpy(head, memory_ + at, sizeof *head);
      if (ready > capacity_ || head->bytes < sizeof *head || head->bytes % 8 != 0 || head->bytes > ready ||
          head->bytes > capacity_ - at) {
        damaged_ = true;
        return nullptr;
      }
      if (head->kind != kPadRecord) {
        return memory_ + at;
      }
      release(*head);
    }
  }

  void release(const RecordHead& head) {
    const uint64_t consumed = state_->consumed.load(std::memory_order_relaxed);
    state_->consumed.store(consumed + head.bytes, std::memory_order_release);
  }

  /// What the producer wrote makes no sense; the rest of this ring is given up.
  bool damaged() const { return damaged_; }

 private:
  RingState* state_;
  const uint8_t* memory_;
  uint32_t capacity_;
  bool damaged_ = false;
};

}  // namespace hasten::record
