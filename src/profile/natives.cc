#include "profile/natives.h"

#include <cxxabi.h>
#include <elf.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <optional>

#include <fmt/format.h>

namespace hasten::profile {
namespace {

const std::string kNoName;
constexpr uint64_t kPageBytes = 4096;
constexpr uint64_t kTableBytesMax = 256u << 20;  // a longer table is damage

uint64_t page_floor(uint64_t address) { return address & ~(kPageBytes - 1); }
uint64_t page_ceil(uint64_t address) { return page_floor(address + kPageBytes - 1); }

}  // namespace

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

namespace {

/// Where debug information of a file with this build id lies, if it is installed.
std::string debug_file_of(ElfFile& file, const std::vector<Elf64_Shdr>& sections) {
  constexpr uint64_t kNoteBytesMax = 1024;
  for (const Elf64_Shdr& section : sections) {
    if (section.sh_type != SHT_NOTE || section.sh_size > kNoteBytesMax) {
      continue;
    }
    const auto bytes = file.read_array<uint8_t>(section.sh_offset, section.sh_size);
    Elf64_Nhdr note{};
    if (!bytes || bytes->size() < sizeof note + 4) {
      continue;
    }
    std::memcpy(&note, bytes->data(), sizeof note);
    if (note.n_type != NT_GNU_BUILD_ID || note.n_namesz != 4 || note.n_descsz < 2 ||
        note.n_descsz > bytes->size() - sizeof note - 4) {
      continue;
    }
    const uint8_t* id = bytes->data() + sizeof note + 4;
    std::string path = fmt::format("/usr/lib/debug/.build-id/{:02x}/", id[0]);
    for (uint32_t i = 1; i < note.n_descsz; ++i) {
      path += fmt::format("{:02x}", id[i]);
    }
    return path + ".debug";
  }
  return {};
}

}  // namespace

template <class Sections>
bool SymbolTable::take_symbols(ElfFile& file, const Sections& sections, uint32_t type) {
  const auto chosen = std::find_if(sections.begin(), sections.end(),
                                   [type](const Elf64_Shdr& section) { return section.sh_type == type; });
  if (chosen == sections.end() || chosen->sh_link >= sections.size()) {
    return false;
  }
  const Elf64_Shdr& string_section = sections[chosen->sh_link];
  const auto symbols = file.read_array<Elf64_Sym>(chosen->sh_offset, chosen->sh_size / sizeof(Elf64_Sym));
  const auto strings = file.read_array<char>(string_section.sh_offset, string_section.sh_size);
  if (!symbols || !strings || strings->empty() || strings->back() != '\0') {
    return false;
  }
  for (const Elf64_Sym& symbol : *symbols) {
    const auto kind = ELF64_ST_TYPE(symbol.st_info);
    if ((kind == STT_FUNC || kind == STT_GNU_IFUNC) && symbol.st_value != 0 && symbol.st_size != 0 &&
        symbol.st_name < strings->size()) {
      std::string name(strings->data() + symbol.st_name);
      // gcc's clones of a function (x.part.0, x.cold, x.lto_priv.1) are that function.
      name.resize(std::min(name.size(), name.find('.', 1)));
      symbols_.push_back({symbol.st_value, symbol.st_size, std::move(name)});
    }
  }
  std::sort(symbols_.begin(), symbols_.end(), [](const Symbol& a, const Symbol& b) { return a.address < b.address; });
  return true;
}

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
      table.segments_.push_back(
          {segment.p_vaddr, segment.p_memsz, segment.p_offset, segment.p_filesz, (segment.p_flags & PF_X) != 0});
    }
  }
  // The full table where it was not stripped, else that of the debug information, else the exported names.
  if (!table.take_symbols(file, *sections, SHT_SYMTAB)) {
    const std::string debug_path = debug_file_of(file, *sections);
    ElfFile debug(debug_path);
    const auto debug_heads = debug.read_array<Elf64_Ehdr>(0, 1);
    const auto debug_sections =
        debug_heads && std::memcmp(debug_heads->front().e_ident, ELFMAG, SELFMAG) == 0
            ? debug.read_array<Elf64_Shdr>(debug_heads->front().e_shoff, debug_heads->front().e_shnum)
            : std::nullopt;
    if (!debug_sections || !table.take_symbols(debug, *debug_sections, SHT_SYMTAB)) {
      table.take_symbols(file, *sections, SHT_DYNSYM);
    }
  }
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

uint64_t SymbolTable::bias_at(uint64_t begin, uint64_t file_offset) const {
  for (const Segment& segment : segments_) {
    if (segment.executable && file_offset >= page_floor(segment.file_offset) &&
        file_offset < segment.file_offset + segment.file_bytes) {
      return begin - file_offset + segment.file_offset - segment.address;
    }
  }
  return begin - file_offset;
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

const record::Module* NativeNames::module_of(uint32_t process, uint64_t rip) const {
  if (process >= modules_.size()) {
    return nullptr;
  }
  const auto& modules = modules_[process];
  const auto after = std::upper_bound(modules.begin(), modules.end(), rip,
                                      [](uint64_t address, const record::Module* m) { return address < m->begin; });
  if (after == modules.begin() || rip >= (*std::prev(after))->end) {
    return nullptr;
  }
  return *std::prev(after);
}

const std::string& NativeNames::name_of(uint32_t process, uint64_t rip) {
  const record::Module* module = module_of(process, rip);
  if (module == nullptr) {
    return kNoName;
  }
  const SymbolTable& table = table_of(*module);
  return table.empty() ? kNoName : table.name_at(rip - bias_of(*module));
}

uint64_t NativeNames::bias_of(const record::Module& module) {
  const SymbolTable& table = table_of(module);
  return module.file_offset != 0 ? table.bias_at(module.begin, module.file_offset)
                                 : table.bias(module.begin, module.end);
}

std::string NativeNames::label_of(uint32_t process, uint64_t address) {
  for (const record::CompiledCode& compiled : capture_.compiled) {
    if (compiled.process == process && address >= compiled.begin && address < compiled.end) {
      return compiled.function + " (compiled)";
    }
  }
  const record::Module* module = module_of(process, address);
  if (module == nullptr) {
    return fmt::format("0x{:x}", address);
  }
  const std::string& name = name_of(process, address);
  if (name.empty()) {
    return fmt::format("{}+0x{:x}", module->path.substr(module->path.rfind('/') + 1), address - bias_of(*module));
  }
  int status = 0;
  char* plain = name.starts_with("_Z") ? abi::__cxa_demangle(name.c_str(), nullptr, nullptr, &status) : nullptr;
  const std::string label = plain != nullptr ? plain : name;
  std::free(plain);
  return label;
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
