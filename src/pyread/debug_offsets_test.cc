// The tables against what released interpreters say of themselves: the numbers after the cookie, as they stand at
// _PyRuntime in the files of pyenv's 3.13.0 and Debian's 3.14.8 and 3.15.0 (x86-64).
#include <gtest/gtest.h>

#include <array>
#include <cstring>

#include "pyread/coroutine.h"
#include "pyread/layout.h"
#include "pyread/task_layout.h"

namespace hasten::pyread {
namespace {

using Numbers = std::array<uint64_t, kDebugOffsetsBytes / 8 - 1>;

constexpr Numbers k313 = {0x30d00f0, 0,    283320, 608, 632, 194968, 7272, 7264, 7344, 7400, 7656, 7640, 7648, 16, 7752,
                          0,         7768, 7760,   304, 0,   8,      16,   72,   152,  160,  232,  32,   80,   8,  0,
                          56,        72,   70,     208, 112, 120,    128,  136,  68,   52,   96,   104,  200,  16, 8,
                          416,       24,   88,     168, 32,  24,     16,   40,   24,   16,   48,   32,   40,   24, 16,
                          32,        16,   24,     40,  16,  32,     64,   32,   16,   40,   240,  200};

constexpr Numbers k314 = {0x30e08f0, 0,    316616, 784,  808,  225864, 7280, 7272, 7344, 7360, 7408, 7688, 7672, 7680,
                          16,        7784, 0,      7800, 7792, 7992,   0,    832,  0,    8,    16,   72,   152,  160,
                          232,       32,   88,     8,    0,    56,     80,   74,   64,   0,    216,  112,  120,  128,
                          136,       68,   52,     96,   104,  208,    0,    16,   8,    416,  24,   88,   168,  40,
                          32,        16,   40,     24,   16,   200,    24,   40,   32,   48,   32,   40,   24,   16,
                          32,        16,   24,     40,   16,   32,     64,   32,   16,   40,   264,  192,  160,  24,
                          72,        67,   0,      8,    24,   304,    8076, 0,    4,    512};

constexpr Numbers k315 = {
    0x30f00f0, 0,    346568, 912, 936, 226240, 7272, 7264, 7336, 7352, 7400, 7592, 7576, 7584, 16,  7736, 0,
    7752,      7744, 7944,   0,   888, 0,      8,    16,   72,   80,   88,   96,   176,  184,  256, 32,   36,
    40,        136,  288,    0,   88,  8,      0,    56,   80,   74,   64,   0,    216,  112,  120, 128,  136,
    68,        52,   96,     104, 208, 0,      16,   8,    424,  24,   88,   168,  32,   288,  944, 888,  40,
    32,        16,   40,     24,  16,  200,    24,   40,   32,   48,   32,   40,   24,   16,   32,  16,   24,
    40,        16,   32,     64,  32,  16,     40,   56,   176,  112,  120,  1112, 104,  160,  24,  72,   67};

std::array<uint8_t, kDebugOffsetsBytes> published(const Numbers& numbers) {
  std::array<uint8_t, kDebugOffsetsBytes> bytes{};
  std::memcpy(bytes.data(), "xdebugpy", 8);
  std::memcpy(bytes.data() + 8, numbers.data(), sizeof numbers);
  return bytes;
}

/// A layout of that version whose published fields are all wrong.
PythonLayout spoilt(const PythonLayout& layout) {
  PythonLayout wrong = layout;
  for (uint16_t* field :
       {&wrong.thread_frame, &wrong.thread_chunk, &wrong.thread_next, &wrong.thread_interpreter,
        &wrong.thread_native_id, &wrong.frame_code, &wrong.frame_previous, &wrong.frame_instr, &wrong.frame_owner,
        &wrong.code_start, &wrong.code_first_line, &wrong.code_file, &wrong.code_qualname, &wrong.code_line_table}) {
    *field = 1;
  }
  for (uint32_t* field : {&wrong.runtime_interpreters, &wrong.interpreter_next, &wrong.interpreter_threads,
                          &wrong.interpreter_collecting}) {
    *field = 1;
  }
  return wrong;
}

class Published : public testing::TestWithParam<const Numbers*> {
 protected:
  uint32_t hex() const { return static_cast<uint32_t>(GetParam()->front()); }
  const PythonLayout& table() const { return *find_layout(hex()); }
};
INSTANTIATE_TEST_SUITE_P(DebugOffsets, Published, testing::Values(&k313, &k314, &k315));

TEST_P(Published, OffsetsAreThoseOfTheTable) {
  PythonLayout layout = spoilt(table());
  ASSERT_TRUE(apply_debug_offsets(published(*GetParam()).data(), hex(), &layout));
  EXPECT_EQ(layout, table());
}

TEST_P(Published, OffsetsOfAnotherVersionAreNotTaken) {
  for (const Numbers* other : {&k313, &k314, &k315}) {
    PythonLayout layout = table();
    EXPECT_EQ(apply_debug_offsets(published(*other).data(), hex(), &layout), other == GetParam());
  }
  PythonLayout layout = table();
  EXPECT_FALSE(apply_debug_offsets(published(*GetParam()).data(), 0x03100000, &layout));
}

TEST_P(Published, ABuildWithoutTheLockIsNotTaken) {
  auto bytes = published(*GetParam());
  EXPECT_FALSE(is_free_threaded(bytes.data()));
  const uint64_t yes = 1;
  std::memcpy(bytes.data() + 16, &yes, sizeof yes);
  PythonLayout layout = table();
  EXPECT_TRUE(is_free_threaded(bytes.data()));
  EXPECT_FALSE(apply_debug_offsets(bytes.data(), hex(), &layout));
  bytes.fill(0);
  EXPECT_FALSE(is_free_threaded(bytes.data()));  // not initialised yet, or no Python
}

TEST_P(Published, WhatLiesOutsideOfAFrameIsNotTaken) {
  for (const uint64_t wrong : {uint64_t{5000}, ~uint64_t{0}}) {
    uint32_t refused = 0;
    for (size_t i = 2; i < GetParam()->size(); ++i) {
      Numbers numbers = *GetParam();
      numbers[i] = wrong;
      PythonLayout layout = table();
      if (!apply_debug_offsets(published(numbers).data(), hex(), &layout)) {
        EXPECT_EQ(layout, table());
        ++refused;
      }
    }
    // The fields of a thread, a frame, a code object and the collector; the largest number no place at all.
    EXPECT_EQ(refused, wrong == 5000 ? 15u : 19u);
  }
}

TEST(PublishedOfCoroutines, OffsetsAreThoseOfTheTable) {
  for (const Numbers& numbers : {k314, k315}) {
    const CoroutineLayout& table = *find_coroutine_layout(static_cast<uint32_t>(numbers.front()));
    CoroutineLayout layout = table;
    layout.frame = layout.frame_state = layout.locals = layout.stack_top = 1;
    ASSERT_TRUE(apply_debug_offsets(published(numbers).data(), &layout));
    EXPECT_EQ(layout.frame, table.frame);
    EXPECT_EQ(layout.frame_state, table.frame_state);
    EXPECT_EQ(layout.locals, table.locals);
    EXPECT_EQ(layout.stack_top, table.stack_top);
  }
}

TEST(PublishedOfCoroutines, AVersionThatPublishesNoneKeepsItsTable) {
  CoroutineLayout layout = *find_coroutine_layout(0x030d0000);
  EXPECT_TRUE(apply_debug_offsets(published(k313).data(), &layout));
  EXPECT_EQ(layout.frame, 72);
}

TEST(PublishedOfCoroutines, WhatLiesOutsideOfAnObjectIsNotTaken) {
  uint32_t refused = 0;
  for (size_t i = 0; i < k315.size(); ++i) {
    Numbers numbers = k315;
    numbers[i] = 5000;
    CoroutineLayout layout = *find_coroutine_layout(0x030f0000);
    refused += apply_debug_offsets(published(numbers).data(), &layout) ? 0 : 1;
  }
  EXPECT_EQ(refused, 4u);
}

}  // namespace
}  // namespace hasten::pyread
