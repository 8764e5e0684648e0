// Machine code that announces itself (hasten_probe.h) goes to the collector through a ring of its own.
#include <string.h>

#include "probe/hasten_probe.h"
#include "probe/watch.h"

namespace hasten::probe {
namespace {

/// Several threads may register at once; this is no place that a signal handler comes to.
std::atomic_flag g_registering = ATOMIC_FLAG_INIT;

uint32_t bounded_length(const char* text) {
  constexpr size_t kBytesMax = 4096;
  const size_t length = strnlen(text, kBytesMax);
  return static_cast<uint32_t>(length);
}

}  // namespace
}  // namespace hasten::probe

extern "C" __attribute__((visibility("default"))) int hasten_probe_register_code(
    const void* begin, const void* end, const char* file, const char* function, uint32_t first_line,
    const struct hasten_probe_line* lines, size_t line_count) {
  using namespace hasten;
  using namespace hasten::probe;
  constexpr size_t kLineCountMax = 16'384;
  if (!g_process.active.load()) {
    return 0;
  }
  const uint32_t file_bytes = bounded_length(file);
  const uint32_t function_bytes = bounded_length(function);
  const auto kept_lines = static_cast<uint32_t>(line_count < kLineCountMax ? line_count : kLineCountMax);
  const uint32_t bytes = static_cast<uint32_t>(sizeof(record::CompiledRecord)) + record::pad8(file_bytes) +
                         record::pad8(function_bytes) + kept_lines * 8;
  while (g_registering.test_and_set(std::memory_order_acquire)) {
  }
  record::RingWriter ring(&g_process.region->compiled_ring, record::compiled_ring_memory(g_process.region),
                          record::kCompiledRingBytes);
  uint8_t* to = ring.reserve(bytes);
  if (to != nullptr) {
    record::CompiledRecord head{};
    head.head = {bytes, static_cast<uint32_t>(record::RingRecord::CompiledCode)};
    head.begin = reinterpret_cast<uint64_t>(begin);
    head.end = reinterpret_cast<uint64_t>(end);
    head.file_bytes = file_bytes;
    head.function_bytes = function_bytes;
    head.first_line = first_line;
    head.line_count = kept_lines;
    memcpy(to, &head, sizeof head);
    memcpy(to + sizeof head, file, file_bytes);
    memcpy(to + sizeof head + record::pad8(file_bytes), function, function_bytes);
    memcpy(to + sizeof head + record::pad8(file_bytes) + record::pad8(function_bytes), lines, kept_lines * 8);
    ring.commit(bytes);
  }
  g_registering.clear(std::memory_order_release);
  return to != nullptr ? 1 : 0;
}
