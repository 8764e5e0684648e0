// What released interpreters publish of asyncio's tasks: the section .AsyncioDebug of Debian's _asyncio of 3.14.8, and of
// its python3.15 of 3.15.0, which has that module built in (x86-64).
#include "pyread/task_layout.h"

#include <gtest/gtest.h>

#include <array>
#include <cstring>

namespace hasten::pyread {
namespace {

using Numbers = std::array<uint64_t, kAsyncioOffsetsBytes / 8>;

constexpr Numbers k314 = {168, 136, 96, 108, 109, 128, 152, 225864, 10880, 936, 864, 872, 880};
constexpr Numbers k315 = {168, 136, 96, 108, 109, 128, 152, 226240, 10856, 1104, 1024, 1032, 1048};

bool read(const Numbers& numbers, TaskLayout* layout) {
  std::array<uint8_t, kAsyncioOffsetsBytes> bytes;
  std::memcpy(bytes.data(), numbers.data(), bytes.size());
  return read_asyncio_offsets(bytes.data(), layout);
}

TEST(TaskLayout, OfReleasedInterpreters) {
  TaskLayout layout;
  ASSERT_TRUE(read(k314, &layout));
  EXPECT_EQ(layout, (TaskLayout{.task_bytes = 168, .coroutine = 128, .name = 136, .thread_running_task = 872}));
  ASSERT_TRUE(read(k315, &layout));
  EXPECT_EQ(layout, (TaskLayout{.task_bytes = 168, .coroutine = 128, .name = 136, .thread_running_task = 1032}));
}

TEST(TaskLayout, WhatLiesOutsideOfAnObjectIsNotTaken) {
  for (const uint64_t wrong : {uint64_t{0}, uint64_t{13}, uint64_t{1 << 20}, ~uint64_t{0}}) {
    uint32_t refused = 0;
    for (size_t i = 0; i < k315.size(); ++i) {
      Numbers numbers = k315;
      numbers[i] = wrong;
      TaskLayout layout;
      refused += read(numbers, &layout) ? 0 : 1;
      EXPECT_TRUE(refused == 0 || layout.task_bytes == 0 || layout.task_bytes == 168);
    }
    EXPECT_EQ(refused, 5u) << wrong;  // both sizes, and the three fields that are read
  }
  TaskLayout layout;
  EXPECT_FALSE(read(Numbers{}, &layout));
}

}  // namespace
}  // namespace hasten::pyread
