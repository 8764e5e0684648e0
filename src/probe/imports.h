// The import table of a loaded object: which functions of others it calls, and where the linker has put their addresses.
#pragma once

#include <elf.h>
#include <link.h>

#include <cstdint>

namespace hasten::probe {

/// A loaded object, as far as its import table goes. Empty if it has none.
struct Imports {
  uint64_t base = 0;
  const ElfW(Sym) * symbols = nullptr;
  const char* names = nullptr;
  uint32_t symbol_count = 0;  ///< 0: not told (DT_HASH tells)
  uint64_t tables[2] = {};    ///< of relocations: those of calls, and all others
  uint64_t table_bytes[2] = {};
  uint64_t sealed_begin = 0;  ///< read-only since it was linked
  uint64_t sealed_end = 0;
  const ElfW(Phdr) * parts = nullptr;
  int part_count = 0;

  /// Whether [address, address + bytes) was loaded from the file with these rights.
  bool holds(uint64_t address, uint64_t bytes, uint32_t rights) const;

  /// Puts an address where a function's stood. False if the place cannot be written.
  bool write(uint64_t place, void* value) const;

  /// Calls `take(name, place)` for every function that it imports.
  template <class Take>
  void each(const Take& take) const {
    if (symbols == nullptr || names == nullptr) {
      return;
    }
    for (int t = 0; t < 2; ++t) {
      const auto* relocations = reinterpret_cast<const ElfW(Rela)*>(tables[t]);
      for (uint64_t i = 0; i < table_bytes[t] / sizeof(ElfW(Rela)); ++i) {
        const uint64_t type = ELF64_R_TYPE(relocations[i].r_info);
        if (type == R_X86_64_JUMP_SLOT || type == R_X86_64_GLOB_DAT) {
          take(names + symbols[ELF64_R_SYM(relocations[i].r_info)].st_name, base + relocations[i].r_offset);
        }
      }
    }
  }
};

Imports imports_of(const dl_phdr_info& object);

}  // namespace hasten::probe
