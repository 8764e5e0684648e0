#include "probe/spare_watches.h"

#include <stddef.h>
#include <string.h>
#include <sys/mman.h>

namespace hasten::probe {
namespace {

/// Only the lowest slots keep theirs, which are the first to be taken again. More threads than this must end within one
/// tick of the collector, 10 ms, to need others.
constexpr uint32_t kSpareCount = 128;
/// Who wrote more lived long: mapping anew is nothing beside that, and what was touched is given back.
constexpr uint64_t kSpareRingBytes = 64u << 10;

/// By slot. A fork inherits them with their mappings: the slot's word tells which process uses the ring.
std::atomic<Watch*> g_spares[kSpareCount];

}  // namespace

bool keep_spare(Watch* watch) {
  if (watch->slot_idx >= kSpareCount || watch->slot->ring.written.load() > kSpareRingBytes) {
    return false;
  }
  Watch* nobody = nullptr;
  return g_spares[watch->slot_idx].compare_exchange_strong(nobody, watch);
}

Watch* take_spare(uint32_t slot_idx) {
  Watch* const watch = slot_idx < kSpareCount ? g_spares[slot_idx].exchange(nullptr) : nullptr;
  if (watch == nullptr) {
    return nullptr;
  }
  if (watch->visit != g_visit.load()) {
    unmap_watch(watch);
    return nullptr;
  }
  uint8_t* const ring_memory = watch->ring_memory;
  memset(static_cast<void*>(watch), 0, offsetof(Watch, frames));
  watch->slot_idx = slot_idx;
  watch->ring_memory = ring_memory;
  return watch;
}

void drop_spares() {
  for (std::atomic<Watch*>& entry : g_spares) {
    if (Watch* const watch = entry.exchange(nullptr)) {
      unmap_watch(watch);
    }
  }
}

void unmap_watch(Watch* watch) {
  if (watch->visit != g_visit.load()) {
    // Nobody reads this ring any more, and the rest of its region may stay mapped for a while: give the memory back.
    ::madvise(watch->ring_memory, record::kThreadRingBytes, MADV_REMOVE);
  }
  ::munmap(watch->ring_memory, record::kThreadRingBytes);
  ::munmap(watch, sizeof *watch);
}

}  // namespace hasten::probe
