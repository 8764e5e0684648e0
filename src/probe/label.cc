// Stretches that the program named (hasten_probe.h) go through the ring of the thread that ran them.
#include <string.h>

#include "probe/hasten_probe.h"
#include "probe/watch.h"

extern "C" __attribute__((visibility("default"))) int hasten_probe_label(const char* name, uint64_t wall_ns,
                                                                         uint64_t cpu_ns) {
  using namespace hasten;
  using namespace hasten::probe;
  constexpr size_t kNameBytesMax = 200;
  Watch* watch = own_watch();
  if (watch == nullptr || !g_process.active.load(std::memory_order_relaxed)) {
    return 0;
  }
  const auto name_bytes = static_cast<uint32_t>(strnlen(name, kNameBytesMax));
  const uint32_t bytes = static_cast<uint32_t>(sizeof(record::LabelRecord)) + record::pad8(name_bytes);
  watch->writing.store(true, std::memory_order_relaxed);
  std::atomic_signal_fence(std::memory_order_seq_cst);
  record::RingWriter ring(&watch->slot->ring, watch->ring_memory, record::kThreadRingBytes);
  uint8_t* to = ring.reserve(bytes);
  if (to != nullptr) {
    record::LabelRecord label{};
    label.head = {bytes, static_cast<uint32_t>(record::RingRecord::Label)};
    label.wall_ns = wall_ns;
    label.cpu_ns = cpu_ns;
    label.name_bytes = name_bytes;
    memcpy(to, &label, sizeof label);
    memcpy(to + sizeof label, name, name_bytes);
    ring.commit(bytes);
  }
  std::atomic_signal_fence(std::memory_order_seq_cst);
  watch->writing.store(false, std::memory_order_relaxed);
  return to != nullptr ? 1 : 0;
}
