#include "probe/code_table.h"

#include <sys/mman.h>

#include <atomic>
#include <cstring>

#include "probe/own_memory.h"
#include "pyread/code_reader.h"

namespace hasten::probe {
namespace {

/// Reads through the kernel: a code object that was never seen may not be one. Where the kernel does not
/// let us, the frames of a whole stack are still believed: each of them holds its code object.
struct ForeignMemory {
  bool believed;

  bool read(uint64_t address, void* to, uint32_t bytes) const {
    if (OwnMemory::read_foreign(address, to, bytes)) {
      return true;
    }
    if (!believed || address == 0 || g_process.foreign_reads.load(std::memory_order_relaxed)) {
      return false;
    }
    std::memcpy(to, reinterpret_cast<const void*>(address), bytes);
    return true;
  }
};

/// One code object at one address. Zero bytes are a free entry.
struct Known {
  std::atomic<uint64_t> address;
  std::atomic<uint64_t> fingerprint;
  std::atomic<uint32_t> id;  ///< published last; 0 while another thread still describes it
  std::atomic<uint32_t> code_bytes;
};

constexpr uint32_t kEntryCount = 1u << 16;
constexpr uint32_t kProbesMax = 64;
/// Longer names and tables are cut: a ring must hold several.
constexpr uint32_t kTextBytesMax = 4096;
constexpr uint32_t kLineTableBytesMax = 256u << 10;

Known* g_known = nullptr;  // zero pages until touched
std::atomic<uint32_t> g_next_id{1};

uint64_t mix(uint64_t h, uint64_t value) {
  h = (h ^ value) * 0x9e3779b97f4a7c15ull;
  return h ^ (h >> 29);
}

uint64_t load_word(uint64_t address) {
  uint64_t value;
  std::memcpy(&value, reinterpret_cast<const void*>(address), sizeof value);
  return value;
}

/// Tells apart two code objects that lived at one address. REQUIRES: a code object is, or was, there.
uint64_t fingerprint(uint64_t address) {
  const pyread::PythonLayout& layout = g_process.layout;
  uint32_t line_and_more;
  std::memcpy(&line_and_more, reinterpret_cast<const void*>(address + layout.code_first_line), 4);
  uint64_t h = mix(line_and_more, load_word(address + layout.var_size));
  const uint64_t line_table = load_word(address + layout.code_line_table);
  h = mix(h, load_word(address + layout.code_file));
  h = mix(h, load_word(address + layout.code_qualname));
  h = mix(h, line_table);
  if (layout.code_version != pyread::kAbsent) {
    uint32_t version;
    std::memcpy(&version, reinterpret_cast<const void*>(address + layout.code_version), 4);
    h = mix(h, version);
  }
  // 3.11 numbers no code objects: constants, names and the exception table stand in.
  h = mix(h, load_word(address + layout.code_flags - 24));
  h = mix(h, load_word(address + layout.code_flags - 16));
  h = mix(h, load_word(address + layout.code_flags - 8));
  return h | 1;
}

struct Cut {
  record::TextRef ref;
  uint32_t bytes;
};

Cut cut_text(const pyread::TextPlace& text) {
  const uint32_t units_max = kTextBytesMax / text.unit_bytes;
  const uint32_t length = text.length < units_max ? text.length : units_max;
  return {{text.unit_bytes, length}, length * text.unit_bytes};
}

/// Writes a CodeRecord to the thread's ring. Returns false if the ring is full or the memory vanished.
bool describe(const pyread::CodeFields& fields, uint32_t id, const ForeignMemory& memory, Watch& watch) {
  const Cut file = cut_text(fields.file);
  const Cut qualname = cut_text(fields.qualname);
  const uint32_t table_bytes =
      fields.line_table_bytes < kLineTableBytesMax ? fields.line_table_bytes : kLineTableBytesMax;
  const uint32_t bytes = static_cast<uint32_t>(sizeof(record::CodeRecord)) + record::pad8(file.bytes) +
                         record::pad8(qualname.bytes) + record::pad8(table_bytes);
  record::RingWriter ring(&watch.slot->ring, watch.ring_memory, record::kThreadRingBytes);
  uint8_t* to = ring.reserve(bytes);
  if (to == nullptr) {
    return false;
  }
  record::CodeRecord head{};
  head.head = {bytes, static_cast<uint32_t>(record::RingRecord::Code)};
  head.code_id = id;
  head.first_line = fields.first_line;
  head.flags = fields.flags;
  head.code_bytes = fields.code_bytes;
  head.file = file.ref;
  head.qualname = qualname.ref;
  head.line_table_bytes = table_bytes;
  std::memcpy(to, &head, sizeof head);
  to += sizeof head;
  uint8_t* const qualname_to = to + record::pad8(file.bytes);
  if (!memory.read(fields.file.address, to, file.bytes) ||
      !memory.read(fields.qualname.address, qualname_to, qualname.bytes) ||
      !memory.read(fields.line_table_address, qualname_to + record::pad8(qualname.bytes), table_bytes)) {
    return false;
  }
  ring.commit(bytes);
  return true;
}

}  // namespace

void set_up_code_table() {
  constexpr size_t kBytes = kEntryCount * sizeof(Known);
  if (g_known != nullptr) {
    ::madvise(g_known, kBytes, MADV_DONTNEED);  // a new collector, who knows none of them
    return;
  }
  void* memory = ::mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory != MAP_FAILED && ::madvise(memory, kBytes, MADV_WIPEONFORK) == 0) {
    g_known = static_cast<Known*>(memory);
  }
}

CodeRef find_code(uint64_t address, bool believed, Watch& watch) {
  if (address == 0 || address % 8 != 0 || g_known == nullptr) {
    return {};
  }
  uint32_t at = static_cast<uint32_t>(mix(0, address) >> 48) % kEntryCount;
  uint64_t print = 0;  // read once, when the address is known to have held a code object
  Known* free_entry = nullptr;
  for (uint32_t i = 0; i < kProbesMax; ++i, at = (at + 1) % kEntryCount) {
    Known& entry = g_known[at];
    const uint64_t known_address = entry.address.load(std::memory_order_acquire);
    if (known_address == 0) {
      free_entry = &entry;
      break;
    }
    if (known_address != address) {
      continue;
    }
    const uint32_t id = entry.id.load(std::memory_order_acquire);
    if (id == 0) {
      continue;
    }
    print = print != 0 ? print : fingerprint(address);
    if (entry.fingerprint.load(std::memory_order_relaxed) == print) {
      return {id, entry.code_bytes.load(std::memory_order_relaxed), false};
    }
  }
  ForeignMemory memory{believed};
  pyread::CodeReader reader(g_process.layout, g_process.python.code_type_address, memory);
  pyread::CodeFields fields;
  if (!reader.read(address, &fields)) {
    return {0, 0, true};
  }
  const uint32_t id = g_next_id.fetch_add(1, std::memory_order_relaxed);
  if (!describe(fields, id, memory, watch)) {
    return {};
  }
  uint64_t expected = 0;
  if (free_entry != nullptr && free_entry->address.compare_exchange_strong(expected, address)) {
    free_entry->fingerprint.store(fingerprint(address), std::memory_order_relaxed);
    free_entry->code_bytes.store(fields.code_bytes, std::memory_order_relaxed);
    free_entry->id.store(id, std::memory_order_release);
  }
  return {id, fields.code_bytes, false};
}

}  // namespace hasten::probe
