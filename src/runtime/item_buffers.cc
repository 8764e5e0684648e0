#include "runtime/item_buffers.h"

#include <Python.h>
#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace hasten::runtime {

/// The headers of 3.11 and 3.12 declare them as if they were of C++.
namespace tracemalloc {
extern "C" int PyTraceMalloc_Track(unsigned domain, uintptr_t address, size_t bytes);
extern "C" int PyTraceMalloc_Untrack(unsigned domain, uintptr_t address);
}  // namespace tracemalloc

namespace {

constexpr size_t kPage = 4096;
constexpr size_t kWasteMost = 2;    // times what was asked for
constexpr size_t kGrowthMost = 16;  // the same of lists that grow
constexpr unsigned kTraced = 0;     // tracemalloc's domain of Python's own memory

struct Buffer {
  char* start = nullptr;
  size_t bytes = 0;
};

/// The oldest first; the rest is empty.
std::array<Buffer, 8> kept;
size_t kept_count = 0, kept_bytes = 0;

/// Whoever has a buffer may know a little less of it than it has: no whole page.
bool is_mapped(size_t bytes) { return bytes > kHeapMost; }
size_t whole_pages(size_t bytes) { return (bytes + kPage - 1) / kPage * kPage; }

Buffer take(size_t at) {
  const Buffer buffer = kept[at];
  std::move(kept.begin() + static_cast<ptrdiff_t>(at) + 1, kept.begin() + static_cast<ptrdiff_t>(kept_count),
            kept.begin() + static_cast<ptrdiff_t>(at));
  --kept_count;
  kept_bytes -= buffer.bytes;
  return buffer;
}

/// The smallest that has between `least` and `most`; empty: there is none.
Buffer take_between(size_t least, size_t most) {
  size_t best = kept_count;
  for (size_t k = 0; k < kept_count; ++k) {
    if (kept[k].bytes >= least && kept[k].bytes <= most && (best == kept_count || kept[k].bytes < kept[best].bytes))
      best = k;
  }
  return best == kept_count ? Buffer{} : take(best);
}

void give_up(const Buffer& buffer) { munmap(buffer.start, buffer.bytes); }

/// What tracemalloc shows is as if the buffers were of Python's memory: those that are kept are nobody's.
char* traced(const Buffer& buffer, size_t* bytes) {
  *bytes = buffer.bytes;
  tracemalloc::PyTraceMalloc_Track(kTraced, reinterpret_cast<uintptr_t>(buffer.start), buffer.bytes);
  return buffer.start;
}

}  // namespace

char* item_buffer(size_t* bytes) {
  if (!is_mapped(*bytes))
    return static_cast<char*>(PyMem_Malloc(*bytes));
  if (const Buffer found = take_between(*bytes, *bytes * kWasteMost); found.start)
    return traced(found, bytes);
  const size_t all = whole_pages(*bytes);
  void* mapped = mmap(nullptr, all, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return mapped == MAP_FAILED ? nullptr : traced({static_cast<char*>(mapped), all}, bytes);
}

char* grown_item_buffer(char* buffer, size_t had, size_t used, size_t* bytes) {
  if (!is_mapped(*bytes))
    return static_cast<char*>(PyMem_Realloc(buffer, *bytes));
  Buffer next = take_between(*bytes, *bytes * kGrowthMost);
  if (!next.start && is_mapped(had)) {
    const size_t all = whole_pages(*bytes);
    void* moved = mremap(buffer, whole_pages(had), all, MREMAP_MAYMOVE);
    if (moved == MAP_FAILED)
      return nullptr;
    tracemalloc::PyTraceMalloc_Untrack(kTraced, reinterpret_cast<uintptr_t>(buffer));
    return traced({static_cast<char*>(moved), all}, bytes);
  }
  char* start = next.start ? traced(next, bytes) : item_buffer(bytes);
  if (!start)
    return nullptr;
  if (used > 0)
    std::memcpy(start, buffer, used);
  free_item_buffer(buffer, had);
  return start;
}

void free_item_buffer(char* buffer, size_t bytes) {
  if (!is_mapped(bytes)) {
    PyMem_Free(buffer);
    return;
  }
  tracemalloc::PyTraceMalloc_Untrack(kTraced, reinterpret_cast<uintptr_t>(buffer));
  const Buffer freed{buffer, whole_pages(bytes)};
  if (freed.bytes > kKeptMost) {
    give_up(freed);
    return;
  }
  while (kept_count == kept.size() || kept_bytes + freed.bytes > kKeptMost) give_up(take(0));
  kept[kept_count++] = freed;
  kept_bytes += freed.bytes;
}

}  // namespace hasten::runtime
