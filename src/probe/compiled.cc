// Machine code that announces itself (hasten_probe.h) goes to the collector through a ring of its own.
#include "probe/compiled.h"

#include <string.h>

#include "probe/hasten_probe.h"
#include "probe/watch.h"

namespace hasten::probe {
namespace {

/// Several threads may register at once; this is no place that a signal handler comes to.
std::atomic_flag g_registering = ATOMIC_FLAG_INIT;
uint8_t* g_ring_memory = nullptr;  ///< mapped when first needed

uint32_t bounded_length(const char* text) {
  constexpr size_t kBytesMax = 4096;
  const size_t length = strnlen(text, kBytesMax);
  return static_cast<uint32_t>(length);
}

/// What was registered, for the handler. Append only; the count is published last.
struct Range {
  uint64_t begin;
  uint64_t end;
};
constexpr uint32_t kRangeCountMax = 4096;
Range g_ranges[kRangeCountMax];
std::atomic<uint32_t> g_range_count{0};
std::atomic<uint64_t> g_lowest{~0ull};
std::atomic<uint64_t> g_highest{0};

void note_range(uint64_t begin, uint64_t end) {
  const uint32_t count = g_range_count.load(std::memory_order_relaxed);
  if (count == kRangeCountMax) {
    return;  // later code still shows by its own instructions, not by what it calls
  }
  g_ranges[count] = {begin, end};
  if (begin < g_lowest.load(std::memory_order_relaxed)) {
    g_lowest.store(begin, std::memory_order_relaxed);
  }
  if (end > g_highest.load(std::memory_order_relaxed)) {
    g_highest.store(end, std::memory_order_relaxed);
  }
  g_range_count.store(count + 1, std::memory_order_release);
}

}  // namespace

bool is_compiled_code(uint64_t pc) {
  const uint32_t count = g_range_count.load(std::memory_order_acquire);
  if (count == 0 || pc < g_lowest.load(std::memory_order_relaxed) || pc >= g_highest.load(std::memory_order_relaxed)) {
    return false;
  }
  for (uint32_t i = 0; i < count; ++i) {
    if (pc >= g_ranges[i].begin && pc < g_ranges[i].end) {
      return true;
    }
  }
  return false;
}

void forget_compiled_ring() {
  g_ring_memory = nullptr;
  g_registering.clear();  // it may have been held by a thread that no longer is
}

bool any_compiled_code() { return g_range_count.load(std::memory_order_acquire) != 0; }

}  // namespace hasten::probe

extern "C" __attribute__((visibility("default"))) int hasten_probe_register_code(const void* begin, const void* end,
                                                                                 const char* file, const char* function,
                                                                                 uint32_t first_line,
                                                                                 const struct hasten_probe_line* lines,
                                                                                 size_t line_count) {
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
  if (g_ring_memory == nullptr) {
    g_ring_memory = map_ring(record::compiled_ring_offset(g_process.process_idx), record::kCompiledRingBytes);
  }
  record::RingWriter ring(&g_process.self->compiled_ring, g_ring_memory, record::kCompiledRingBytes);
  uint8_t* to = g_ring_memory != nullptr ? ring.reserve(bytes) : nullptr;
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
    note_range(head.begin, head.end);
  }
  g_registering.clear(std::memory_order_release);
  return to != nullptr ? 1 : 0;
}
