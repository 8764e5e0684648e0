#include "profile/natives.h"

#include <elf.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <optional>

namespace hasten::profile {
namespace {

const std::string kNoName;
constexpr uint64_t kPageBytes = 4096;
constexpr uint64_t kTableBytesMax = 256u << 20;  // a longer table is damage

uint64_t page_floor(uint64_t address) { return address & ~(kPageBytes - 1); }
uint64_t page_ceil(uint64_t address) { return page_floor(address + kPageBytes - 1); }

/// Reads pieces of a file; anything out of its bounds is nothing.
class ElfFile {
 public:
  explicit ElfFile(const std::string& path) : stream_(path, std::ios::binary) {}

  template <class T>
  std::optional<std::vector<T>> read_array(uint64_t offset, uint64_t count) {
    if (!stream_ || count > kTableBytesMax / sizeof(T)) {
      return std::nullopt;
    }
    std::vector<T> items(count);
    stream_.seekg(static_cast<std::streamoff>(offset));
    stream_.read(reinterpret_cast<char*>(items.data()), static_cast<std::streamsize>(count * sizeof(T)));
    if (!stream_) {
      return std::nullopt;
    }
    return items;
  }

 private:
  std::ifstream stream_;
};

}  // namespace

SymbolTable SymbolTable::read(const std::string& path) {
  SymbolTable table;
  ElfFile file(path);
  const auto heads = file.read_array<Elf64_Ehdr>(0, 1);
  if (!heads || std::memcmp(heads->front().e_ident, ELFMAG, SELFMAG) != 0 ||
      heads->front().e_ident[EI_CLASS] != ELFCLASS64) {
    return table;
  }
  const Elf64_Ehdr& head = heads->front();
  const auto segments = file.read_array<Elf64_Phdr>(head.e_phoff, head.e_phnum);
  const auto sections = file.read_array<Elf64_Shdr>(head.e_shoff, head.e_shnum);
  if (!segments || !sections) {
    return table;
  }
  for (const Elf64_Phdr& segment : *segments) {
    if (segment.p_type == PT_LOAD) {
      table.segments_.push_back({segment.p_vaddr, segment.p_memsz, (segment.p_flags & PF_X) != 0});
    }
  }
  // The full table where it was not stripped, else the exported names.
  const Elf64_Shdr* chosen = nullptr;
  for (const Elf64_Shdr& section : *sections) {
    if (section.sh_type == SHT_SYMTAB || (section.sh_type == SHT_DYNSYM && chosen == nullptr)) {
      chosen = &section;
    }
  }
  if (chosen == nullptr || chosen->sh_link >= sections->size()) {
    return table;
  }
  const Elf64_Shdr& string_section = (*sections)[chosen->sh_link];
  const auto symbols = file.read_array<Elf64_Sym>(chosen->sh_offset, chosen->sh_size / sizeof(Elf64_Sym));
  const auto strings = file.read_array<char>(string_section.sh_offset, string_section.sh_size);
  if (!symbols || !strings || strings->empty() || strings->back() != '\0') {
    return table;
  }
  for (const Elf64_Sym& symbol : *symbols) {
    const auto type = ELF64_ST_TYPE(symbol.st_info);
    if ((type == STT_FUNC || type == STT_GNU_IFUNC) && symbol.st_value != 0 && symbol.st_size != 0 &&
        symbol.st_name < strings->size()) {
      std::string name(strings->data() + symbol.st_name);
      // gcc's clones of a function (x.part.0, x.cold, x.lto_priv.1) are that function.
      name.resize(std::min(name.size(), name.find('.', 1)));
      table.symbols_.push_back({symbol.st_value, symbol.st_size, std::move(name)});
    }
  }
  std::sort(table.symbols_.begin(), table.symbols_.end(),
            [](const Symbol& a, const Symbol& b) { return a.address < b.address; });
  return table;
}

const std::string& SymbolTable::name_at(uint64_t address) const {
  auto after = std::upper_bound(symbols_.begin(), symbols_.end(), address,
                                [](uint64_t a, const Symbol& symbol) { return a < symbol.address; });
  // Aliases share an address, so a neighbour that is too short does not end the search at once.
  for (int steps = 0; after != symbols_.begin() && steps < 4; ++steps) {
    --after;
    if (address - after->address < after->size) {
      return after->name;
    }
  }
  return kNoName;
}

uint64_t SymbolTable::bias(uint64_t begin, uint64_t end) const {
  if (segments_.empty()) {
    return begin;
  }
  uint64_t low = ~uint64_t{0};
  uint64_t high = 0;
  for (const Segment& segment : segments_) {
    low = std::min(low, page_floor(segment.address));
    high = std::max(high, page_ceil(segment.address + segment.size));
  }
  const uint64_t length = page_ceil(end - begin);
  for (const Segment& segment : segments_) {
    const uint64_t start = page_floor(segment.address);
    const uint64_t segment_length = page_ceil(segment.address + segment.size) - start;
    if (segment.executable && length == segment_length && length != high - low) {
      return begin - start;
    }
  }
  return begin - low;
}

NativeNames::NativeNames(const record::Capture& capture) : capture_(capture), modules_(capture.processes.size()) {
  for (const record::Module& module : capture.modules) {
    if (module.process < modules_.size()) {
      modules_[module.process].push_back(&module);
    }
  }
  for (auto& of_process : modules_) {
    std::sort(of_process.begin(), of_process.end(),
              [](const record::Module* a, const record::Module* b) { return a->begin < b->begin; });
  }
}

const std::string& NativeNames::name_of(uint32_t process, uint64_t rip) {
  if (process >= modules_.size()) {
    return kNoName;
  }
  const auto& modules = modules_[process];
  const auto after = std::upper_bound(modules.begin(), modules.end(), rip,
                                      [](uint64_t address, const record::Module* m) { return address < m->begin; });
  if (after == modules.begin() || rip >= (*std::prev(after))->end) {
    return kNoName;
  }
  const record::Module& module = **std::prev(after);
  const SymbolTable& table = table_of(module);
  return table.empty() ? kNoName : table.name_at(rip - table.bias(module.begin, module.end));
}

const SymbolTable& NativeNames::table_of(const record::Module& module) {
  const auto [at, is_new] = tables_.try_emplace(module.path);
  if (is_new && module.path.starts_with('/')) {
    struct stat status{};
    const int64_t start_s = capture_.processes[module.process].start_wall_ns / 1'000'000'000;
    if (stat(module.path.c_str(), &status) == 0 && (start_s == 0 || status.st_mtime <= start_s)) {
      at->second = SymbolTable::read(module.path);
    }
  }
  return at->second;
}

}  // namespace hasten::profile
