// Judged by libgcc's unwinder on this very program: both must see the same return addresses.
#include "unwind/frame_info.h"

#include <execinfo.h>
#include <gtest/gtest.h>
#include <link.h>

#include <ucontext.h>
#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <random>

namespace hasten::unwind {
namespace {

struct Place {
  std::string path;
  uint64_t bias;
};

Place place_of(uint64_t pc) {
  struct Search {
    uint64_t pc;
    Place found;
  } search{pc, {}};
  dl_iterate_phdr(
      [](dl_phdr_info* info, size_t, void* data) {
        auto& wanted = *static_cast<Search*>(data);
        for (int i = 0; i < info->dlpi_phnum; ++i) {
          const ElfW(Phdr)& segment = info->dlpi_phdr[i];
          if (segment.p_type == PT_LOAD && wanted.pc - info->dlpi_addr - segment.p_vaddr < segment.p_memsz) {
            wanted.found = {info->dlpi_name[0] != '\0' ? info->dlpi_name : "/proc/self/exe", info->dlpi_addr};
          }
        }
        return 0;
      },
      &search);
  return search.found;
}

struct Witness {
  std::vector<uint64_t> ours;
  std::vector<uint64_t> theirs;
};

__attribute__((noinline)) void look(Witness& witness) {
  ucontext_t context;
  getcontext(&context);
  static constexpr int kOrder[17] = {REG_RAX, REG_RDX, REG_RCX, REG_RBX, REG_RSI, REG_RDI, REG_RBP, REG_RSP, REG_R8,
                                     REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15, REG_RIP};
  Registers registers;
  for (uint32_t i = 0; i < kRegisterCount; ++i) {
    registers.set(i, static_cast<uint64_t>(context.uc_mcontext.gregs[kOrder[i]]));
  }
  StackPiece stack{registers.sp(),
                   {reinterpret_cast<const uint8_t*>(registers.sp()), 65536}};  // a sanitizer's frames are large
  while (witness.ours.size() < 20) {
    const Place place = place_of(registers.pc());
    FrameInfo info = FrameInfo::read(place.path);
    const uint64_t at = registers.pc() - (witness.ours.empty() ? 0 : 1) - place.bias;
    const Row* row = info.row_at(at);
    if (row == nullptr || row->outermost) {
      break;
    }
    const auto caller = info.step(*row, registers, stack);
    if (!caller) {
      break;
    }
    registers = *caller;
    witness.ours.push_back(registers.pc());
  }
  void* theirs[64];
  const int count = backtrace(theirs, 64);
  for (int i = 1; i < count; ++i) {
    witness.theirs.push_back(reinterpret_cast<uint64_t>(theirs[i]));
  }
}

/// Frames of many shapes: saved registers, a large frame, one whose size is known at run time only.
__attribute__((noinline)) int deep(int depth, Witness& witness) {
  volatile char room[100];
  room[depth] = 1;
  if (depth == 0) {
    look(witness);
  } else {
    auto* more = static_cast<volatile char*>(__builtin_alloca(static_cast<size_t>(depth) * 32));
    more[0] = 1;
    deep(depth - 1, witness);
    return more[0] + room[depth];
  }
  return room[0];
}

int compare(const void* a, const void* b) {
  static Witness* witness = nullptr;
  if (a == nullptr) {
    witness = static_cast<Witness*>(const_cast<void*>(b));
  } else if (witness->ours.empty()) {
    look(*witness);
  }
  return 0;
}

void expect_same(const Witness& witness) {
  ASSERT_GE(witness.ours.size(), 5u);
  // Theirs begins in the unwinder's caller, or a frame below it where a sanitizer stands in front of backtrace().
  const auto theirs = std::find(witness.theirs.begin(), witness.theirs.end(), witness.ours[0]);
  const auto known = static_cast<size_t>(witness.theirs.end() - theirs);
  ASSERT_GE(known, 5u);
  for (size_t i = 0; i < std::min(witness.ours.size(), known); ++i) {
    EXPECT_EQ(witness.ours[i], *(theirs + static_cast<std::ptrdiff_t>(i))) << "frame " << i;
  }
}

TEST(FrameInfo, AgreesWithLibgcc) {
  Witness witness;
  deep(5, witness);
  expect_same(witness);
}

TEST(FrameInfo, GoesThroughAnotherLibrary) {
  Witness witness;
  compare(nullptr, &witness);
  int numbers[4] = {4, 3, 2, 1};
  std::qsort(numbers, 4, sizeof *numbers, compare);
  expect_same(witness);
}

TEST(FrameInfo, KnowsWhereAFunctionBegins) {
  const auto begin = reinterpret_cast<uint64_t>(&deep);
  const Place place = place_of(begin);
  const auto extent = FrameInfo::read(place.path).extent_of(begin + 4 - place.bias);
  ASSERT_TRUE(extent.has_value());
  EXPECT_EQ(extent->begin, begin - place.bias);
}

TEST(FrameInfo, OfNoElfFileNothingIsKnown) {
  EXPECT_TRUE(FrameInfo::read("/nowhere").empty());
  EXPECT_TRUE(FrameInfo::read("/proc/self/status").empty());
  EXPECT_TRUE(FrameInfo::of_image({}).empty());
}

/// Nothing but the sanitizers judges this one: whatever the bytes are, nothing is read outside of them.
TEST(FrameInfo, SurvivesDamage) {
  std::ifstream file("/proc/self/exe", std::ios::binary);
  const std::vector<char> bytes{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  const std::vector<uint8_t> image(bytes.begin(), bytes.end());
  const uint64_t link_time = reinterpret_cast<uint64_t>(&deep) - place_of(reinterpret_cast<uint64_t>(&deep)).bias;
  std::mt19937 random(7);
  const std::vector<uint8_t> memory(4096, 0x55);
  Registers registers;
  for (uint32_t i = 0; i < kRegisterCount; ++i) {
    registers.set(i, 0x1000 + i * 8);
  }
  for (int round = 0; round < 20; ++round) {
    std::vector<uint8_t> damaged = image;
    for (size_t i = 0; i < damaged.size() / 50; ++i) {
      damaged[random() % damaged.size()] = static_cast<uint8_t>(random());
    }
    std::copy(image.begin(), image.begin() + 1024, damaged.begin());  // so that the table is found at all
    FrameInfo info = FrameInfo::of_image(damaged);
    for (uint64_t at = link_time; at < link_time + 4000; at += 3) {
      if (const Row* row = info.row_at(at)) {
        (void)info.step(*row, registers, {0x1000, memory});
      }
    }
  }
}

}  // namespace
}  // namespace hasten::unwind
