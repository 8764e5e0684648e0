#include "compile/jit/link.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <optional>
#include <unordered_map>

#include <llvm/DebugInfo/DWARF/DWARFContext.h>
#include <llvm/Object/ELFObjectFile.h>

#include "compile/jit/code.h"
#include "runtime/unit_format.h"

namespace hasten::compile {
namespace {

using Object = llvm::object::ELF64LEObjectFile;
using llvm::object::SectionRef;
using llvm::object::SymbolRef;
using runtime::kPage;

constexpr uint8_t kJumpThroughSlot[] = {0xff, 0x25, 0, 0, 0, 0, 0x0f, 0x0b};  // jmp *slot(%rip); ud2

std::string words_of(llvm::Error error) { return llvm::toString(std::move(error)); }

/// Nothing if it cannot be read.
template <class T>
std::optional<T> read(llvm::Expected<T> value) {
  if (value)
    return std::move(*value);
  llvm::consumeError(value.takeError());
  return std::nullopt;
}

class Linker {
 public:
  explicit Linker(const Object& object) : object_(object) {}

  Result<LinkedCode> run() {
    if (auto placed = place_sections(); !placed)
      return placed.error();
    if (auto known = find_symbols(); !known)
      return known.error();
    slots_at_ = (code_.bytes.size() + kPage - 1) / kPage * kPage;
    for (const SectionRef& section : object_.sections()) {
      auto target = section.getRelocatedSection();
      if (!target)
        return internal_error("object file: " + words_of(target.takeError()));
      if (*target == object_.section_end() || !offsets_.contains((*target)->getIndex()))
        continue;
      for (const auto& relocation : section.relocations()) {
        if (auto done = relocate(offsets_[(*target)->getIndex()], relocation); !done)
          return done.error();
      }
    }
    return std::move(code_);
  }

  /// Where instructions that come from other functions are, counts as where those are called.
  std::vector<LineAt> lines() const {
    std::vector<LineAt> found;
    const auto context = llvm::DWARFContext::create(object_);
    llvm::DILineInfoSpecifier wanted;
    for (const auto& unit : context->compile_units()) {
      const llvm::DWARFDebugLine::LineTable* table = context->getLineTableForUnit(unit.get());
      for (size_t k = 0; table && k < table->Rows.size(); ++k) {
        const auto& row = table->Rows[k];
        const auto section = offsets_.find(row.Address.SectionIndex);
        if (row.EndSequence || section == offsets_.end())
          continue;
        const llvm::DIInliningInfo frames = context->getInliningInfoForAddress(row.Address, wanted);
        if (const uint32_t count = frames.getNumberOfFrames()) {
          const uint32_t line = frames.getFrame(count - 1).Line;
          if (line != 0)
            found.push_back({static_cast<uint32_t>(section->second + row.Address.Address), line});
        }
      }
    }
    std::stable_sort(found.begin(), found.end(), [](const LineAt& a, const LineAt& b) { return a.offset < b.offset; });
    return found;
  }

  std::string debug_object(std::string_view object) const {
    std::string copy(object);
    const auto* head = reinterpret_cast<const llvm::ELF::Elf64_Ehdr*>(copy.data());
    auto* sections = reinterpret_cast<llvm::ELF::Elf64_Shdr*>(copy.data() + head->e_shoff);
    for (const auto& [index, offset] : offsets_) sections[index].sh_addr = offset;
    return copy;
  }

 private:
  /// Instructions first, then jumps to functions outside, then constants.
  Result<void> place_sections() {
    std::vector<SectionRef> constants;
    for (const SectionRef& section : object_.sections()) {
      const llvm::object::ELFSectionRef elf(section);
      if (!(elf.getFlags() & llvm::ELF::SHF_ALLOC) || section.getSize() == 0)
        continue;
      if (elf.getFlags() & llvm::ELF::SHF_WRITE && !is_constant_after_linking(section))
        return internal_error("compiled code has data of its own");
      if (section.isText())
        place(section);
      else
        constants.push_back(section);
    }
    jumps_at_ = align(8);
    size_t jumps = 0;
    for (const SymbolRef& symbol : object_.symbols()) jumps += is_undefined(symbol) && !is_data(symbol);
    code_.bytes.resize(jumps_at_ + jumps * sizeof kJumpThroughSlot);
    align(kPage);
    code_.text_bytes = static_cast<uint32_t>(code_.bytes.size());
    for (const SectionRef& section : constants) {
      place(section);
      const auto name = read(section.getName());
      if (name && *name == ".eh_frame") {
        code_.unwind = static_cast<uint32_t>(offsets_[section.getIndex()]);
        code_.unwind_bytes = static_cast<uint32_t>(section.getSize()) + 4;
        code_.bytes.resize(code_.bytes.size() + 4);
      }
    }
    return {};
  }

  static bool is_constant_after_linking(const SectionRef& section) {
    const auto name = read(section.getName());
    return name && name->starts_with(".data.rel.ro");
  }

  size_t align(size_t alignment) {
    code_.bytes.resize((code_.bytes.size() + alignment - 1) / alignment * alignment);
    return code_.bytes.size();
  }

  void place(const SectionRef& section) {
    const size_t at = align(std::max<uint64_t>(section.getAlignment().value(), 1));
    offsets_[section.getIndex()] = at;
    const auto bytes = read(section.getContents());
    if (bytes)
      code_.bytes.insert(code_.bytes.end(), bytes->begin(), bytes->end());
  }

  static bool is_undefined(const SymbolRef& symbol) {
    const auto flags = read(symbol.getFlags());
    return flags && (*flags & SymbolRef::SF_Undefined);
  }

  static bool is_data(const SymbolRef& symbol) {
    const auto name = read(symbol.getName());
    return name && name->starts_with(kAddressPrefix);
  }

  Result<void> find_symbols() {
    for (const SymbolRef& symbol : object_.symbols()) {
      const auto name = read(symbol.getName());
      const auto section = read(symbol.getSection());
      const auto value = read(symbol.getValue());
      const auto type = read(symbol.getType());
      if (!name || !section || !value || !type)
        return internal_error("a symbol of the object file cannot be read");
      if (*section == object_.section_end() || !offsets_.contains((*section)->getIndex()))
        continue;
      if (*type == SymbolRef::ST_Function) {
        code_.functions.push_back({name->str(), static_cast<uint32_t>(offsets_[(*section)->getIndex()] + *value),
                                   static_cast<uint32_t>(llvm::object::ELFSymbolRef(symbol).getSize())});
      }
    }
    return {};
  }

  int64_t slot_of(const std::string& name) {
    const auto [known, is_new] = slot_of_.try_emplace(name, code_.slots.size());
    if (is_new)
      code_.slots.push_back(name);
    return static_cast<int64_t>(slots_at_ + known->second * sizeof(void*));
  }

  int64_t jump_to(const std::string& name) {
    const auto [known, is_new] = jump_of_.try_emplace(name, jumps_at_ + jump_of_.size() * sizeof kJumpThroughSlot);
    if (is_new) {
      uint8_t* jump = code_.bytes.data() + known->second;
      std::memcpy(jump, kJumpThroughSlot, sizeof kJumpThroughSlot);
      put32(known->second + 2, slot_of(name) - static_cast<int64_t>(known->second + 6));
    }
    return static_cast<int64_t>(known->second);
  }

  bool put32(size_t at, int64_t value) {
    const auto narrow = static_cast<int32_t>(value);
    std::memcpy(code_.bytes.data() + at, &narrow, sizeof narrow);
    return narrow == value;
  }

  Result<void> relocate(size_t section_at, const llvm::object::RelocationRef& relocation) {
    const size_t at = section_at + relocation.getOffset();
    const auto addend_read = read(llvm::object::ELFRelocationRef(relocation).getAddend());
    const auto symbol = relocation.getSymbol();
    if (!addend_read || symbol == object_.symbol_end())
      return internal_error("a relocation of the object file cannot be read");
    const int64_t addend = *addend_read;
    const auto name = read(symbol->getName());
    const auto section = read(symbol->getSection());
    const auto value = read(symbol->getValue());
    if (!name || !section || !value)
      return internal_error("a symbol of the object file cannot be read");
    const bool is_here = *section != object_.section_end() && offsets_.contains((*section)->getIndex());
    const int64_t here = is_here ? static_cast<int64_t>(offsets_[(*section)->getIndex()] + *value) : 0;
    const auto place = static_cast<int64_t>(at);
    bool fits = true;
    switch (relocation.getType()) {
      case llvm::ELF::R_X86_64_PC32:
      case llvm::ELF::R_X86_64_PLT32:
        fits = put32(at, (is_here ? here : jump_to(name->str())) + addend - place);
        break;
      case llvm::ELF::R_X86_64_GOTPCREL:
      case llvm::ELF::R_X86_64_GOTPCRELX:
      case llvm::ELF::R_X86_64_REX_GOTPCRELX:
        if (is_here)
          return internal_error("compiled code asks for the address of " + name->str() + ", which is its own");
        fits = put32(at, slot_of(name->str()) + addend - place);
        break;
      case llvm::ELF::R_X86_64_PC64: {
        const int64_t difference = here + addend - place;
        std::memcpy(code_.bytes.data() + at, &difference, sizeof difference);
        fits = is_here;
        break;
      }
      default:
        return internal_error("compiled code has a relocation of type " + std::to_string(relocation.getType()));
    }
    return fits ? Result<void>() : internal_error("compiled code is too far from what it names");
  }

  const Object& object_;
  LinkedCode code_;
  std::map<uint64_t, size_t> offsets_;  ///< section index -> where it lies in `code_.bytes`
  std::unordered_map<std::string, size_t> slot_of_, jump_of_;
  size_t jumps_at_ = 0, slots_at_ = 0;
};

}  // namespace

const CodeRange* LinkedCode::find(std::string_view symbol) const {
  const auto found =
      std::find_if(functions.begin(), functions.end(), [&](const CodeRange& one) { return one.symbol == symbol; });
  return found == functions.end() ? nullptr : &*found;
}

Result<LinkedCode> link(std::string_view object, bool wants_lines) {
  auto file = Object::create(llvm::MemoryBufferRef(llvm::StringRef(object.data(), object.size()), "compiled code"));
  if (!file)
    return internal_error("object file: " + words_of(file.takeError()));
  Linker linker(*file);
  auto code = linker.run();
  if (code && wants_lines) {
    code.value().lines = linker.lines();
    code.value().debug_object = linker.debug_object(object);
  }
  return code;
}

}  // namespace hasten::compile
