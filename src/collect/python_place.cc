#include "collect/python_place.h"

#include <elf.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "collect/outside_walk.h"
#include "collect/proc.h"
#include "collect/refusal.h"
#include "pyread/layout.h"

namespace hasten::collect {
namespace {

/// A file that is mapped executable, and where its first page lies.
struct Mapped {
  std::string path;
  uint64_t begin, end;
};

/// The executable and every library that may hold a Python.
std::vector<Mapped> candidates(uint32_t pid) {
  std::istringstream file(read_text(proc_path(pid, "maps")));
  std::map<std::string, Mapped> first;  // the mapping with file offset 0
  std::vector<std::string> executable;
  std::string line;
  while (std::getline(file, line)) {
    std::istringstream fields(line);
    std::string range, access, offset, device, inode, path;
    fields >> range >> access >> offset >> device >> inode;
    std::getline(fields >> std::ws, path);
    if (path.empty() || path.front() != '/') {
      continue;
    }
    if (std::strtoull(offset.c_str(), nullptr, 16) == 0) {
      const size_t dash = std::min(range.find('-'), range.size() - 1);
      first.try_emplace(path, Mapped{path, std::strtoull(range.c_str(), nullptr, 16),
                                     std::strtoull(range.c_str() + dash + 1, nullptr, 16)});
    }
    if (access.size() > 2 && access[2] == 'x') {
      executable.push_back(path);
    }
  }
  const std::string program = link_target(proc_path(pid, "exe"));
  std::vector<Mapped> found;
  for (const std::string& path : executable) {
    const std::string name = path.substr(path.rfind('/') + 1);
    if ((path == program || name.starts_with("libpython")) && first.contains(path)) {
      found.push_back(first[path]);
    }
  }
  return found;
}

/// Where a mapped file can be read. Through the process's own root, for it may be in another container; by the mapping itself
/// if the file has been replaced since.
std::string readable_path(uint32_t pid, const Mapped& file) {
  if (file.path == link_target(proc_path(pid, "exe"))) {
    return proc_path(pid, "exe");
  }
  const std::string in_root = proc_path(pid, "root") + file.path;
  const std::string by_mapping = proc_path(pid, "map_files") + fmt::format("/{:x}-{:x}", file.begin, file.end);
  return ::access(in_root.c_str(), R_OK) != 0 && ::access(by_mapping.c_str(), R_OK) == 0 ? by_mapping : in_root;
}

struct Symbol {
  uint64_t address = 0;  ///< as the file has it
  uint64_t bytes = 0;
};

/// The dynamic symbols of one ELF file. Nothing if it is none for this machine.
class SymbolTable {
 public:
  explicit SymbolTable(const std::string& path) : file_(path, std::ios::binary) {
    Elf64_Ehdr header;
    if (!read_at(0, &header) || std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0) {
      return;
    }
    if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_shentsize != sizeof(Elf64_Shdr)) {
      return;
    }
    for (uint32_t i = 0; i < header.e_phnum; ++i) {
      Elf64_Phdr segment;
      if (read_at(header.e_phoff + i * sizeof segment, &segment) && segment.p_type == PT_LOAD &&
          segment.p_offset == 0) {
        base_ = segment.p_vaddr;
      }
    }
    std::vector<Elf64_Shdr> sections(header.e_shnum);
    for (uint32_t i = 0; i < header.e_shnum; ++i) {
      read_at(header.e_shoff + i * sizeof(Elf64_Shdr), &sections[i]);
    }
    for (const Elf64_Shdr& section : sections) {
      if (section.sh_type == SHT_DYNSYM && section.sh_link < sections.size()) {
        read_symbols(section, sections[section.sh_link]);
      }
    }
  }

  bool is_open() const { return file_.is_open(); }
  uint64_t base() const { return base_; }
  std::optional<Symbol> find(const std::string& name) const {
    const auto found = symbols_.find(name);
    return found == symbols_.end() ? std::nullopt : std::optional(found->second);
  }

 private:
  template <class T>
  bool read_at(uint64_t at, T* to) {
    file_.clear();
    file_.seekg(static_cast<std::streamoff>(at));
    return static_cast<bool>(file_.read(reinterpret_cast<char*>(to), sizeof *to));
  }

  std::string read_range(uint64_t at, uint64_t bytes) {
    std::string data(std::min<uint64_t>(bytes, 64u << 20), '\0');
    file_.clear();
    file_.seekg(static_cast<std::streamoff>(at));
    file_.read(data.data(), static_cast<std::streamsize>(data.size()));
    data.resize(static_cast<size_t>(file_.gcount()));
    return data;
  }

  void read_symbols(const Elf64_Shdr& table, const Elf64_Shdr& texts) {
    const std::string names = read_range(texts.sh_offset, texts.sh_size);
    const std::string bytes = read_range(table.sh_offset, table.sh_size);
    for (size_t at = 0; at + sizeof(Elf64_Sym) <= bytes.size(); at += sizeof(Elf64_Sym)) {
      Elf64_Sym symbol;
      std::memcpy(&symbol, bytes.data() + at, sizeof symbol);
      if (symbol.st_name < names.size() && symbol.st_shndx != SHN_UNDEF) {
        symbols_.emplace(names.c_str() + symbol.st_name, Symbol{symbol.st_value, symbol.st_size});
      }
    }
  }

  std::ifstream file_;
  uint64_t base_ = 0;
  std::map<std::string, Symbol> symbols_;
};

Error unsupported(const std::string& what) {
  return Error{"attach.unsupported", what, fmt::format("Hasten knows {}", pyread::kKnownPythons)};
}

}  // namespace

Result<record::PythonPlace> find_python(uint32_t pid) {
  if (::kill(static_cast<pid_t>(pid), 0) != 0 && errno == ESRCH) {
    return Error{"attach.no_process", fmt::format("there is no process {}", pid), ""};
  }
  const TargetMemory memory(pid);
  const std::vector<Mapped> mapped = candidates(pid);
  if (mapped.empty()) {
    // The kernel may show the map and still not which program it is.
    return read_text(proc_path(pid, "maps")).empty() || link_target(proc_path(pid, "exe")).empty()
               ? why_not_readable(pid)
               : Error{"attach.not_python", fmt::format("process {} runs no Python", pid), ""};
  }
  std::string hidden;  // a file that cannot be read
  for (const Mapped& file : mapped) {
    const std::string path = readable_path(pid, file);
    if (const std::string machine = foreign_machine(path); !machine.empty()) {
      return Error{"attach.unsupported", fmt::format("process {} is a program for {}", pid, machine),
                   "Hasten measures x86-64 Pythons only"};
    }
    SymbolTable symbols(path);
    if (!symbols.is_open()) {
      hidden = file.path;
      continue;
    }
    const auto runtime = symbols.find("_PyRuntime");
    const auto code_type = symbols.find("PyCode_Type");
    if (!runtime || !code_type) {
      continue;
    }
    const uint64_t bias = file.begin - symbols.base();
    record::PythonPlace python;
    python.runtime_address = runtime->address + bias;
    python.runtime_bytes = runtime->bytes;
    python.code_type_address = code_type->address + bias;
    if (const auto eval = symbols.find("_PyEval_EvalFrameDefault")) {
      python.eval_begin = eval->address + bias;
      python.eval_end = python.eval_begin + eval->bytes;
    }
    uint64_t hex = 0;
    const auto version = symbols.find("Py_Version");
    if (version && !memory.read(version->address + bias, &hex, sizeof hex)) {
      return why_not_readable(pid);
    }
    python.version_hex = static_cast<uint32_t>(hex);
    const pyread::PythonLayout* layout = pyread::find_layout(python.version_hex);
    if (layout == nullptr) {
      return unsupported(version ? fmt::format("process {} is Python {}", pid, version_text(python.version_hex))
                                 : fmt::format("process {} is a Python before 3.11", pid));
    }
    if (layout->publishes_offsets()) {
      std::array<uint8_t, pyread::kDebugOffsetsBytes> offsets;
      pyread::PythonLayout told = *layout;
      if (!memory.read(python.runtime_address, offsets.data(), offsets.size())) {
        return why_not_readable(pid);
      }
      if (!pyread::apply_debug_offsets(offsets.data(), python.version_hex, &told)) {
        return unsupported(fmt::format(
            "process {} is {} {}", pid,
            pyread::is_free_threaded(offsets.data()) ? "the free-threaded Python" : "an unknown build of Python",
            version_text(python.version_hex)));
      }
    }
    return python;
  }
  if (!hidden.empty()) {
    uint8_t byte;
    if (!memory.read(mapped.front().begin, &byte, 1)) {
      return why_not_readable(pid);
    }
    return Error{"attach.unreadable", fmt::format("process {} runs {}, which cannot be read any more", pid, hidden),
                 "start the program anew if its Python was replaced; if it is in a container, run Hasten inside"};
  }
  return Error{"attach.not_python", fmt::format("process {} runs no Python", pid), ""};
}

std::optional<uint64_t> python_symbol(uint32_t pid, const std::string& name) {
  for (const Mapped& file : candidates(pid)) {
    const SymbolTable symbols(readable_path(pid, file));
    const std::optional<Symbol> symbol = symbols.find(name);
    if (symbol && symbols.find("_PyRuntime")) {
      return symbol->address + (file.begin - symbols.base());
    }
  }
  return std::nullopt;
}

}  // namespace hasten::collect
