// One object that the linker has loaded, the program itself or a library: its parts in memory, its import table, its sections.
// None of it is for the handler.
#pragma once

#include <elf.h>
#include <link.h>

#include <cstdint>

namespace hasten::probe {

struct LoadedObject {
  uint64_t base = 0;
  const char* path = nullptr;  ///< empty: the program
  const ElfW(Phdr) * parts = nullptr;
  int part_count = 0;
  const ElfW(Sym) * symbols = nullptr;
  const char* names = nullptr;
  uint32_t symbol_count = 0;  ///< 0: not told (DT_HASH tells)
  uint64_t tables[2] = {};    ///< of relocations: those of calls, and all others
  uint64_t table_bytes[2] = {};
  uint64_t sealed_begin = 0;  ///< read-only since it was linked
  uint64_t sealed_end = 0;

  /// Whether [address, address + bytes) was loaded from the file with these rights (PF_R, PF_W, PF_X).
  bool holds(uint64_t address, uint64_t bytes, uint32_t rights) const;

  /// Calls `take(name, place)` for every function that it imports, with the place where the linker put its address.
  template <class Take>
  void each_import(const Take& take) const {
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

LoadedObject loaded_object(const dl_phdr_info& object);

/// The object that holds this address. False if there is none.
bool find_object_of(uint64_t address, LoadedObject* object);

/// Where a section of that name lies in memory, as the object's file says; 0 if it has none of at least so many bytes, or if
/// the file cannot be read or is not the one that was loaded.
uint64_t find_section(const LoadedObject& object, const char* name, uint64_t bytes);

/// Writes an address into the object, into a part that was sealed too. False if the kernel forbids it.
bool write_address(const LoadedObject& object, uint64_t place, const void* value);

/// Where a table of methods holds the function of the method with that name, or 0: a PyMethodDef is the address of its name
/// followed by that of its function.
uint64_t find_method(const LoadedObject& object, const char* name);

}  // namespace hasten::probe
