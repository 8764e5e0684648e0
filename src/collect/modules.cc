#include "collect/modules.h"

#include <elf.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <sstream>

#include "collect/proc.h"

namespace hasten::collect {
namespace {

using record::CodeClass;
using record::Module;
using record::ModuleKind;

/// One section of an ELF file, read on demand.
std::string read_range(std::ifstream& file, uint64_t at, uint64_t bytes) {
  constexpr uint64_t kBytesMax = 64u << 20;
  std::string data(std::min(bytes, kBytesMax), '\0');
  file.clear();
  file.seekg(static_cast<std::streamoff>(at));
  file.read(data.data(), static_cast<std::streamsize>(data.size()));
  data.resize(static_cast<size_t>(file.gcount()));
  return data;
}

}  // namespace

bool is_extension_module(const std::string& path) {
  if (path.find(".cpython-") != std::string::npos || path.ends_with(".abi3.so")) {
    return true;
  }
  std::ifstream file(path, std::ios::binary);
  Elf64_Ehdr header;
  if (!file.read(reinterpret_cast<char*>(&header), sizeof header) ||
      std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 || header.e_shentsize != sizeof(Elf64_Shdr)) {
    return false;
  }
  const std::string sections =
      read_range(file, header.e_shoff, static_cast<uint64_t>(header.e_shnum) * sizeof(Elf64_Shdr));
  for (size_t at = 0; at + sizeof(Elf64_Shdr) <= sections.size(); at += sizeof(Elf64_Shdr)) {
    Elf64_Shdr section;
    std::memcpy(&section, sections.data() + at, sizeof section);
    if (section.sh_type == SHT_STRTAB && (section.sh_flags & SHF_ALLOC) != 0) {
      return read_range(file, section.sh_offset, section.sh_size).find("PyInit_") != std::string::npos;
    }
  }
  return false;
}

void ModuleMap::set_eval_loop(const record::PythonPlace& python) { python_ = python; }

void ModuleMap::add_compiled(uint64_t begin, uint64_t end) { compiled_.emplace_back(begin, end); }

ModuleKind ModuleMap::kind_of(const std::string& path, uint64_t begin, uint64_t end) const {
  if (python_.eval_begin >= begin && python_.eval_begin < end) {
    return ModuleKind::Python;
  }
  if (path.empty() || path.front() != '/') {
    return ModuleKind::Other;
  }
  for (const Module& module : modules_) {
    if (module.path == path) {
      return module.kind;
    }
  }
  return is_extension_module(path) ? ModuleKind::Extension : ModuleKind::Library;
}

std::vector<Module> ModuleMap::parse(const std::string& maps) const {
  std::vector<Module> found;
  std::istringstream lines(maps);
  std::string line;
  while (std::getline(lines, line)) {
    std::istringstream fields(line);
    Module module;
    std::string range, access, offset, device, inode;
    fields >> range >> access >> offset >> device >> inode;
    const size_t dash = range.find('-');
    if (dash == std::string::npos || access.size() < 3 || access[2] != 'x') {
      continue;
    }
    module.begin = std::strtoull(range.c_str(), nullptr, 16);
    module.end = std::strtoull(range.c_str() + dash + 1, nullptr, 16);
    module.file_offset = std::strtoull(offset.c_str(), nullptr, 16);
    module.inode = std::strtoull(inode.c_str(), nullptr, 10);
    std::getline(fields >> std::ws, module.path);
    found.push_back(std::move(module));
  }
  return found;
}

std::vector<Module> ModuleMap::refresh(uint32_t pid) {
  std::vector<Module> added;
  for (Module& module : parse(read_text(proc_path(pid, "maps")))) {
    const auto same = [&](const Module& known) {
      return known.begin == module.begin && known.end == module.end && known.path == module.path;
    };
    if (std::any_of(modules_.begin(), modules_.end(), same)) {
      continue;
    }
    module.kind = kind_of(module.path, module.begin, module.end);
    // Whatever stood there before is gone.
    std::erase_if(modules_, [&](const Module& known) { return known.begin < module.end && module.begin < known.end; });
    modules_.push_back(module);
    added.push_back(std::move(module));
  }
  std::sort(modules_.begin(), modules_.end(), [](const Module& a, const Module& b) { return a.begin < b.begin; });
  return added;
}

std::optional<std::pair<uint64_t, uint64_t>> ModuleMap::compiled_at(uint64_t address) const {
  for (const auto& range : compiled_) {
    if (address >= range.first && address < range.second) {
      return range;
    }
  }
  return std::nullopt;
}

const Module* ModuleMap::module_at(uint64_t address) const {
  const auto after = std::upper_bound(modules_.begin(), modules_.end(), address,
                                      [](uint64_t at, const Module& module) { return at < module.begin; });
  return after == modules_.begin() || address >= std::prev(after)->end ? nullptr : &*std::prev(after);
}

CodeClass ModuleMap::classify(uint64_t rip) const {
  if ((rip >= python_.eval_begin && rip < python_.eval_end) ||
      (rip >= python_.eval_part_begin && rip < python_.eval_part_end)) {
    return CodeClass::Bytecode;
  }
  if (compiled_at(rip)) {
    return CodeClass::Compiled;
  }
  const Module* module = module_at(rip);
  if (module == nullptr) {
    return CodeClass::Unknown;
  }
  switch (module->kind) {
    case ModuleKind::Python:
    case ModuleKind::Program:
      return CodeClass::Runtime;
    case ModuleKind::Extension:
      return CodeClass::Extension;
    case ModuleKind::Library:
      return CodeClass::Library;
    case ModuleKind::Other:
      break;
  }
  // No file behind it: the vdso, or what some compiler made at run time.
  return module->path.starts_with('[') ? CodeClass::Library : CodeClass::Compiled;
}

}  // namespace hasten::collect
