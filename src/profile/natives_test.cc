#include "profile/natives.h"

#include <dlfcn.h>
#include <gtest/gtest.h>
#include <link.h>

#include <cmath>
#include <fstream>

namespace hasten::profile {
namespace {

extern "C" __attribute__((noinline, used)) int hasten_test_landmark(int x) { return x * 3 + 1; }

struct Image {
  uint64_t begin = ~uint64_t{0};
  uint64_t end = 0;
};

/// Where this program's own image lies: the whole of it, or only its executable segment.
Image own_image(bool executable_only) {
  struct Query {
    bool executable_only;
    Image image;
  } query{executable_only, {}};
  dl_iterate_phdr(
      [](dl_phdr_info* info, size_t, void* data) {
        auto* q = static_cast<Query*>(data);
        for (int i = 0; i < info->dlpi_phnum; ++i) {
          const ElfW(Phdr)& segment = info->dlpi_phdr[i];
          if (segment.p_type == PT_LOAD && (!q->executable_only || (segment.p_flags & PF_X) != 0)) {
            const uint64_t begin = (info->dlpi_addr + segment.p_vaddr) & ~uint64_t{4095};
            const uint64_t end = (info->dlpi_addr + segment.p_vaddr + segment.p_memsz + 4095) & ~uint64_t{4095};
            q->image = {std::min(q->image.begin, begin), std::max(q->image.end, end)};
          }
        }
        return 1;  // the program itself comes first
      },
      &query);
  return query.image;
}

TEST(SymbolTable, NamesAFunctionOfThisProgram) {
  const SymbolTable table = SymbolTable::read("/proc/self/exe");
  const auto address = reinterpret_cast<uint64_t>(&hasten_test_landmark);
  for (const bool executable_only : {false, true}) {
    const Image image = own_image(executable_only);
    EXPECT_EQ(table.name_at(address - table.bias(image.begin, image.end)), "hasten_test_landmark")
        << "executable segment only: " << executable_only;
  }
}

TEST(SymbolTable, NothingForWhatIsNoElf) {
  EXPECT_TRUE(SymbolTable::read("/dev/null").empty());
  EXPECT_TRUE(SymbolTable::read("/does/not/exist").empty());
  const std::string path = testing::TempDir() + "/cut.so";
  std::ofstream(path, std::ios::binary) << "\x7f"
                                           "ELF\x02\x01\x01 and then nothing that fits"
                                        << std::string(64, '\xff');
  EXPECT_TRUE(SymbolTable::read(path).empty());
}

TEST(NativeNames, AFileNewerThanTheRunNamesNothing) {
  record::Capture capture;
  capture.processes.emplace_back();
  const Image image = own_image(false);
  capture.modules.push_back({0, image.begin, image.end, record::ModuleKind::Program, "/proc/self/exe"});
  const auto address = reinterpret_cast<uint64_t>(&hasten_test_landmark);
  EXPECT_EQ(NativeNames(capture).name_of(0, address), "hasten_test_landmark");
  EXPECT_EQ(NativeNames(capture).name_of(0, image.end), "");
  EXPECT_EQ(NativeNames(capture).name_of(7, address), "");
  capture.processes[0].start_wall_ns = 1'000'000'000;  // 1970
  EXPECT_EQ(NativeNames(capture).name_of(0, address), "");
}

}  // namespace
}  // namespace hasten::profile
