#include "probe/imports.h"

#include <sys/mman.h>
#include <unistd.h>

namespace hasten::probe {

bool Imports::holds(uint64_t address, uint64_t bytes, uint32_t rights) const {
  for (int i = 0; i < part_count; ++i) {
    const uint64_t begin = base + parts[i].p_vaddr;
    if (parts[i].p_type == PT_LOAD && (parts[i].p_flags & rights) == rights && address >= begin &&
        address + bytes <= begin + parts[i].p_filesz) {
      return true;
    }
  }
  return false;
}

bool Imports::write(uint64_t place, void* value) const {
  const uint64_t page_bytes = static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
  const uint64_t page = place / page_bytes * page_bytes;
  const bool sealed = page + page_bytes > sealed_begin && page + page_bytes <= sealed_end;  // whole pages only
  void* const at = reinterpret_cast<void*>(page);
  if (sealed && ::mprotect(at, page_bytes, PROT_READ | PROT_WRITE) != 0) {
    return false;
  }
  __atomic_store_n(reinterpret_cast<void**>(place), value, __ATOMIC_RELEASE);
  if (sealed) {
    ::mprotect(at, page_bytes, PROT_READ);
  }
  return true;
}

Imports imports_of(const dl_phdr_info& object) {
  Imports imports;
  imports.base = object.dlpi_addr;
  imports.parts = object.dlpi_phdr;
  imports.part_count = object.dlpi_phnum;
  const ElfW(Dyn)* dynamic = nullptr;
  for (int i = 0; i < object.dlpi_phnum; ++i) {
    const ElfW(Phdr)& part = object.dlpi_phdr[i];
    if (part.p_type == PT_DYNAMIC) {
      dynamic = reinterpret_cast<const ElfW(Dyn)*>(object.dlpi_addr + part.p_vaddr);
    } else if (part.p_type == PT_GNU_RELRO) {
      imports.sealed_begin = object.dlpi_addr + part.p_vaddr;
      imports.sealed_end = imports.sealed_begin + part.p_memsz;
    }
  }
  for (; dynamic != nullptr && dynamic->d_tag != DT_NULL; ++dynamic) {
    switch (dynamic->d_tag) {
      case DT_SYMTAB:
        imports.symbols = reinterpret_cast<const ElfW(Sym)*>(dynamic->d_un.d_ptr);
        break;
      case DT_STRTAB:
        imports.names = reinterpret_cast<const char*>(dynamic->d_un.d_ptr);
        break;
      case DT_HASH:
        imports.symbol_count = reinterpret_cast<const uint32_t*>(dynamic->d_un.d_ptr)[1];
        break;
      case DT_JMPREL:
        imports.tables[0] = dynamic->d_un.d_ptr;
        break;
      case DT_PLTRELSZ:
        imports.table_bytes[0] = dynamic->d_un.d_val;
        break;
      case DT_RELA:
        imports.tables[1] = dynamic->d_un.d_ptr;
        break;
      case DT_RELASZ:
        imports.table_bytes[1] = dynamic->d_un.d_val;
        break;
      default:
        break;
    }
  }
  return imports;
}

}  // namespace hasten::probe
