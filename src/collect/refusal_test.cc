// What stands in an ELF header, against <elf.h>.
#include "collect/refusal.h"

#include <elf.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <cstring>
#include <fstream>

namespace hasten::collect {
namespace {

std::string machine_of(uint8_t elf_class, uint8_t order, uint16_t machine) {
  Elf64_Ehdr header{};
  std::memcpy(header.e_ident, ELFMAG, SELFMAG);
  header.e_ident[EI_CLASS] = elf_class;
  header.e_ident[EI_DATA] = order;
  header.e_machine = machine;
  char path[] = "/tmp/hasten-refusal-test-XXXXXX";
  ::close(::mkstemp(path));
  std::ofstream(path, std::ios::binary).write(reinterpret_cast<const char*>(&header), sizeof header);
  const std::string found = foreign_machine(path);
  ::unlink(path);
  return found;
}

TEST(ForeignMachine, IsNamed) {
  EXPECT_EQ(machine_of(ELFCLASS64, ELFDATA2LSB, EM_X86_64), "");
  EXPECT_EQ(machine_of(ELFCLASS64, ELFDATA2LSB, EM_AARCH64), "aarch64");
  EXPECT_EQ(machine_of(ELFCLASS32, ELFDATA2LSB, EM_386), "i386");
  EXPECT_EQ(machine_of(ELFCLASS32, ELFDATA2LSB, EM_X86_64), "x32");
  EXPECT_EQ(machine_of(ELFCLASS64, ELFDATA2MSB, static_cast<uint16_t>(EM_S390 << 8)), "s390x") << "big-endian";
  EXPECT_EQ(machine_of(ELFCLASS64, ELFDATA2LSB, 4711), "machine 4711 of ELF");
}

TEST(ForeignMachine, OfOurselvesIsNone) {
  EXPECT_EQ(foreign_machine("/proc/self/exe"), "");
  EXPECT_EQ(foreign_machine("/proc/self/status"), "");
}

TEST(WhyNotReadable, TellsByTheProcess) {
  EXPECT_EQ(why_not_readable(static_cast<uint32_t>(::getpid())).code, "attach.not_allowed");
  EXPECT_FALSE(has_own_numbers(static_cast<uint32_t>(::getpid())));
}

}  // namespace
}  // namespace hasten::collect
