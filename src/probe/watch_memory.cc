#include "probe/watch_memory.h"

#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "probe/sys.h"

namespace hasten::probe {
namespace {

/// Only the lowest slots keep theirs, which are the first to be taken again. More threads than this must end within one
/// tick of the collector, 10 ms, to need others.
constexpr uint32_t kKeptCount = 128;
/// Who wrote more lived long: mapping anew is nothing beside that, and what was touched is given back.
constexpr uint64_t kKeptRingBytes = 64u << 10;
/// The part of limited addresses that rings may take. More threads are counted, not sampled.
constexpr uint64_t kLimitedShare = 8;

/// By slot. A fork inherits them with their mappings: the slot's word tells which process uses the ring.
std::atomic<Watch*> g_kept[kKeptCount];

bool g_is_limited = false;
uint64_t g_ring_count_max = record::kSlotCount;
std::atomic<uint64_t> g_ring_count{0};  ///< mapped

Watch* take_kept(uint32_t slot_idx) {
  Watch* const watch = slot_idx < kKeptCount ? g_kept[slot_idx].exchange(nullptr) : nullptr;
  if (watch != nullptr && watch->visit != g_visit.load()) {
    unmap_watch_memory(watch);
    return nullptr;
  }
  return watch;
}

/// Makes zeros of all but the lists of frames, which are long, and not read beyond what was written.
void clear(Watch& watch) {
  memset(static_cast<void*>(&watch), 0, offsetof(Watch, kernel));
  KernelTime& kernel = watch.kernel;
  memset(&kernel.calls, 0, offsetof(KernelTaker, refs));
  memset(&kernel.faults, 0, offsetof(KernelTaker, refs));
  memset(&kernel.unlooked_ns, 0, sizeof kernel - offsetof(KernelTime, unlooked_ns));
  watch.loop = nullptr;
}

/// A watch of zeros with a ring. Null if there is no room.
Watch* map_watch(uint32_t slot_idx) {
  if (g_ring_count.fetch_add(1) < g_ring_count_max) {
    uint8_t* const ring_memory = map_ring(record::thread_ring_offset(slot_idx), record::kThreadRingBytes);
    if (ring_memory != nullptr) {
      void* const memory = ::mmap(nullptr, sizeof(Watch), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
      if (memory != MAP_FAILED) {
        Watch* const watch = static_cast<Watch*>(memory);
        watch->ring_memory = ring_memory;
        return watch;
      }
      ::munmap(ring_memory, record::kThreadRingBytes);
    }
  }
  g_ring_count.fetch_sub(1);
  return nullptr;
}

}  // namespace

void set_up_watch_memory() {
  rlimit64 limit{};
  const long failed = sys_call(__NR_prlimit64, 0, RLIMIT_AS, 0, reinterpret_cast<long>(&limit));
  g_is_limited = failed == 0 && limit.rlim_cur != RLIM64_INFINITY;
  const uint64_t count = limit.rlim_cur / kLimitedShare / record::kThreadRingBytes;
  g_ring_count_max = !g_is_limited ? record::kSlotCount + kKeptCount : count == 0 ? 1 : count;
}

Watch* take_watch_memory(uint32_t slot_idx) {
  Watch* watch = take_kept(slot_idx);
  if (watch != nullptr) {
    uint8_t* const ring_memory = watch->ring_memory;
    clear(*watch);
    watch->ring_memory = ring_memory;
  } else {
    watch = map_watch(slot_idx);
  }
  if (watch != nullptr) {
    watch->slot_idx = slot_idx;
  }
  return watch;
}

void leave_watch_memory(Watch* watch) {
  Watch* nobody = nullptr;
  const bool is_kept = !g_is_limited && watch->slot_idx < kKeptCount &&
                       watch->slot->ring.written.load() <= kKeptRingBytes &&
                       g_kept[watch->slot_idx].compare_exchange_strong(nobody, watch);
  if (!is_kept) {
    unmap_watch_memory(watch);
  }
}

void unmap_watch_memory(Watch* watch) {
  if (watch->visit != g_visit.load()) {
    // Nobody reads this ring any more, and the rest of its region may stay mapped for a while: give the memory back.
    ::madvise(watch->ring_memory, record::kThreadRingBytes, MADV_REMOVE);
  }
  ::munmap(watch->ring_memory, record::kThreadRingBytes);
  ::munmap(watch, sizeof *watch);
  g_ring_count.fetch_sub(1);
}

void drop_watch_memory() {
  for (std::atomic<Watch*>& entry : g_kept) {
    if (Watch* const watch = entry.exchange(nullptr)) {
      unmap_watch_memory(watch);
    }
  }
}

}  // namespace hasten::probe
