#include "probe/loaded_object.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "probe/sys.h"

namespace hasten::probe {
namespace {

/// A file, read by the kernel's own call: libc's is one that we stand in front of.
class File {
 public:
  explicit File(const char* path) : fd_(open(path, O_RDONLY | O_CLOEXEC)) {}
  ~File() {
    if (fd_ >= 0) {
      close(fd_);
    }
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  bool read(uint64_t at, void* to, uint64_t bytes) const {
    const long got =
        sys_call(__NR_pread64, fd_, reinterpret_cast<long>(to), static_cast<long>(bytes), static_cast<long>(at));
    return fd_ >= 0 && got == static_cast<long>(bytes);
  }

 private:
  int fd_;
};

uint64_t load_word(uint64_t address) {
  uint64_t value;
  memcpy(&value, reinterpret_cast<const void*>(address), sizeof value);
  return value;
}

/// Whether the file begins as what was loaded does: its header says where its sections are listed, and few builds agree in that.
bool was_loaded(const LoadedObject& object, const ElfW(Ehdr) & header) {
  for (int i = 0; i < object.part_count; ++i) {
    const ElfW(Phdr)& part = object.parts[i];
    if (part.p_type == PT_LOAD && part.p_offset == 0 && part.p_filesz >= sizeof header) {
      return memcmp(reinterpret_cast<const void*>(object.base + part.p_vaddr), &header, sizeof header) == 0;
    }
  }
  return false;
}

}  // namespace

bool LoadedObject::holds(uint64_t address, uint64_t bytes, uint32_t rights) const {
  for (int i = 0; i < part_count; ++i) {
    const uint64_t begin = base + parts[i].p_vaddr;
    if (parts[i].p_type == PT_LOAD && (parts[i].p_flags & rights) == rights && address >= begin &&
        address + bytes <= begin + parts[i].p_filesz) {
      return true;
    }
  }
  return false;
}

LoadedObject loaded_object(const dl_phdr_info& info) {
  LoadedObject object;
  object.base = info.dlpi_addr;
  object.path = info.dlpi_name;
  object.parts = info.dlpi_phdr;
  object.part_count = info.dlpi_phnum;
  const ElfW(Dyn)* dynamic = nullptr;
  for (int i = 0; i < info.dlpi_phnum; ++i) {
    const ElfW(Phdr)& part = info.dlpi_phdr[i];
    if (part.p_type == PT_DYNAMIC) {
      dynamic = reinterpret_cast<const ElfW(Dyn)*>(info.dlpi_addr + part.p_vaddr);
    } else if (part.p_type == PT_GNU_RELRO) {
      object.sealed_begin = info.dlpi_addr + part.p_vaddr;
      object.sealed_end = object.sealed_begin + part.p_memsz;
    }
  }
  for (; dynamic != nullptr && dynamic->d_tag != DT_NULL; ++dynamic) {
    switch (dynamic->d_tag) {
      case DT_SYMTAB:
        object.symbols = reinterpret_cast<const ElfW(Sym)*>(dynamic->d_un.d_ptr);
        break;
      case DT_STRTAB:
        object.names = reinterpret_cast<const char*>(dynamic->d_un.d_ptr);
        break;
      case DT_HASH:
        object.symbol_count = reinterpret_cast<const uint32_t*>(dynamic->d_un.d_ptr)[1];
        break;
      case DT_JMPREL:
        object.tables[0] = dynamic->d_un.d_ptr;
        break;
      case DT_PLTRELSZ:
        object.table_bytes[0] = dynamic->d_un.d_val;
        break;
      case DT_RELA:
        object.tables[1] = dynamic->d_un.d_ptr;
        break;
      case DT_RELASZ:
        object.table_bytes[1] = dynamic->d_un.d_val;
        break;
      default:
        break;
    }
  }
  return object;
}

bool find_object_of(uint64_t address, LoadedObject* found) {
  struct Search {
    uint64_t address;
    LoadedObject* found;
  } search{address, found};
  return dl_iterate_phdr(
             [](dl_phdr_info* info, size_t, void* raw) {
               const Search& wanted = *static_cast<Search*>(raw);
               const LoadedObject object = loaded_object(*info);
               if (!object.holds(wanted.address, 1, PF_R)) {
                 return 0;
               }
               *wanted.found = object;
               return 1;
             },
             &search) != 0;
}

uint64_t find_section(const LoadedObject& object, const char* name, uint64_t bytes) {
  const File file(object.path[0] != '\0' ? object.path : "/proc/self/exe");
  ElfW(Ehdr) header;
  ElfW(Shdr) names;
  if (!file.read(0, &header, sizeof header) || !was_loaded(object, header) || header.e_shentsize != sizeof names ||
      !file.read(header.e_shoff + header.e_shstrndx * sizeof names, &names, sizeof names)) {
    return 0;
  }
  for (uint64_t i = 0; i < header.e_shnum; ++i) {
    ElfW(Shdr) section;
    char text[32];
    const uint64_t name_bytes = strlen(name) + 1;
    if (name_bytes <= sizeof text && file.read(header.e_shoff + i * sizeof section, &section, sizeof section) &&
        file.read(names.sh_offset + section.sh_name, text, name_bytes) && memcmp(text, name, name_bytes) == 0) {
      const uint64_t address = object.base + section.sh_addr;
      return section.sh_size >= bytes && object.holds(address, bytes, PF_R) ? address : 0;
    }
  }
  return 0;
}

bool write_address(const LoadedObject& object, uint64_t place, const void* value) {
  const uint64_t page_bytes = static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
  const uint64_t page = place / page_bytes * page_bytes;
  const bool sealed =
      page + page_bytes > object.sealed_begin && page + page_bytes <= object.sealed_end;  // whole pages only
  void* const at = reinterpret_cast<void*>(page);
  if (sealed && ::mprotect(at, page_bytes, PROT_READ | PROT_WRITE) != 0) {
    return false;
  }
  __atomic_store_n(reinterpret_cast<const void**>(place), value, __ATOMIC_RELEASE);
  if (sealed) {
    ::mprotect(at, page_bytes, PROT_READ);
  }
  return true;
}

uint64_t find_method(const LoadedObject& object, const char* wanted) {
  const uint64_t wanted_bytes = strlen(wanted) + 1;
  for (int i = 0; i < object.part_count; ++i) {
    const ElfW(Phdr)& part = object.parts[i];
    if (part.p_type != PT_LOAD || (part.p_flags & PF_W) == 0) {
      continue;
    }
    const uint64_t begin = (object.base + part.p_vaddr + 7) / 8 * 8;
    for (uint64_t at = begin; at + 16 <= object.base + part.p_vaddr + part.p_filesz; at += 8) {
      const uint64_t name = load_word(at);
      const uint64_t function = load_word(at + 8);
      if (object.holds(name, wanted_bytes, PF_R) && object.holds(function, 1, PF_X) &&
          memcmp(reinterpret_cast<const void*>(name), wanted, wanted_bytes) == 0) {
        return at + 8;
      }
    }
  }
  return 0;
}

}  // namespace hasten::probe
