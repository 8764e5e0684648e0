// Names of the native functions that samples hit, from the symbol tables of the files that were mapped.
// They are evidence for causes (float_mul, list_contains), never a row of their own. No name is given
// where the file is gone, stripped, or newer than the run: a guess would be worse.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "record/format.h"

namespace hasten::profile {

/// The function symbols of one ELF file, by link-time address.
class SymbolTable {
 public:
  /// An unreadable or damaged file gives an empty table.
  static SymbolTable read(const std::string& path);

  /// The symbol whose [address, address + size) holds `address`; empty if none does.
  const std::string& name_at(uint64_t address) const;

  /// What to subtract from a run-time address of the mapping [begin, end) to get a link-time address.
  /// A mapping is either the whole image or its executable segment; its length tells which.
  uint64_t bias(uint64_t begin, uint64_t end) const;
  /// The same where it is known which byte of the file stands at `begin`.
  uint64_t bias_at(uint64_t begin, uint64_t file_offset) const;

  bool empty() const { return symbols_.empty(); }

 private:
  struct Symbol {
    uint64_t address;
    uint64_t size;
    std::string name;
  };
  struct Segment {
    uint64_t address;
    uint64_t size;
    uint64_t file_offset;
    uint64_t file_bytes;
    bool executable;
  };
  template <class Sections>
  bool take_symbols(class ElfFile& file, const Sections& sections, uint32_t type);

  std::vector<Symbol> symbols_;  ///< ascending
  std::vector<Segment> segments_;
};

class NativeNames {
 public:
  /// REQUIRES: `capture` outlives this.
  explicit NativeNames(const record::Capture& capture);

  /// The name of the function at `rip` in that process, or "".
  const std::string& name_of(uint32_t process, uint64_t rip);
  /// The same for a reader: C++ demangled; without a symbol, "libx.so+0x1234".
  std::string label_of(uint32_t process, uint64_t address);
  /// What is mapped there, or null.
  const record::Module* module_of(uint32_t process, uint64_t address) const;

 private:
  const SymbolTable& table_of(const record::Module& module);
  uint64_t bias_of(const record::Module& module);

  const record::Capture& capture_;
  std::vector<std::vector<const record::Module*>> modules_;  ///< by process, ascending begin
  std::unordered_map<std::string, SymbolTable> tables_;
};

}  // namespace hasten::profile
