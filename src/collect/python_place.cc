#include "collect/python_place.h"

#include <elf.h>
#include <signal.h>

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
#include "pyread/layout.h"

namespace hasten::collect {
namespace {

/// A file that is mapped executable, and where its first page lies.
struct Mapped {
  std::string path;
  uint64_t begin;
};

/// The executable and every library that may hold a Python.
std::vector<Mapped> candidates(uint32_t pid) {
  std::istringstream file(read_text(proc_path(pid, "maps")));
  std::map<std::string, uint64_t> first;  // the mapping with file offset 0
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
      first.try_emplace(path, std::strtoull(range.c_str(), nullptr, 16));
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
      found.push_back({path, first[path]});
    }
  }
  return found;
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
    machine_ = header.e_machine;
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

  uint16_t machine() const { return machine_; }
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
  uint16_t machine_ = EM_NONE;
  uint64_t base_ = 0;
  std::map<std::string, Symbol> symbols_;
};

Error no_permission(uint32_t pid) {
  std::ifstream file("/proc/sys/kernel/yama/ptrace_scope");
  std::string scope;
  const bool limited = static_cast<bool>(file >> scope) && scope != "0";
  return Error{
      "attach.not_allowed", fmt::format("the kernel does not let this user read process {}", pid),
      limited
          ? fmt::format("use sudo, or let users read their own processes: sysctl kernel.yama.ptrace_scope=0 (it is {})",
                        scope)
          : "use sudo, or in a container add the capability SYS_PTRACE"};
}

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
    return read_text(proc_path(pid, "maps")).empty()
               ? no_permission(pid)
               : Error{"attach.not_python", fmt::format("process {} runs no Python", pid), ""};
  }
  for (const Mapped& file : mapped) {
    // Through the process's own root: it may be in another container.
    SymbolTable symbols(proc_path(pid, "root") + file.path);
    if (symbols.machine() != EM_NONE && symbols.machine() != EM_X86_64) {
      return Error{"attach.unsupported", fmt::format("process {} is not an x86-64 program", pid),
                   "Hasten measures x86-64 Pythons only"};
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
      return no_permission(pid);
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
        return no_permission(pid);
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
  return Error{"attach.not_python", fmt::format("process {} runs no Python", pid), ""};
}

}  // namespace hasten::collect
