#include "profile/location_table.h"

#include <gtest/gtest.h>

namespace hasten::profile {
namespace {

Position at_line(int32_t line, int32_t column, int32_t end_column) { return {line, line, column, end_column}; }

// The table CPython 3.11 writes for "def f(a, b):\n    return a + b" (first line 1).
TEST(LocationTable, AFunctionOfCPython) {
  const std::vector<uint8_t> bytes{0x80, 0x00, 0xd8, 0x0b, 0x0c, 0x88, 0x71, 0x89, 0x35, 0x80, 0x4c};
  const LocationTable table(bytes, 1);
  EXPECT_EQ(table.at(0), at_line(1, 0, 0));    // RESUME
  EXPECT_EQ(table.at(2), at_line(2, 11, 12));  // LOAD_FAST a: short of one line on
}

TEST(LocationTable, EveryForm) {
  const std::vector<uint8_t> bytes{
      0x80 | (2 << 3) | 1,  0x35,                          // short: columns 16+3 .. +5, two units
      0x80 | (12 << 3),     7,    9,                       // one line form, two lines on
      0x80 | (13 << 3),     0x03,                          // no columns, line -1
      0x80 | (14 << 3),     0x02, 0x02, 0x05, 0x41, 0x01,  // long: +1, ends 2 further, column 4, end column 64
      0x80 | (15 << 3) | 7,                                // none, eight units
  };
  const LocationTable table(bytes, 10);
  const auto all = table.positions();
  ASSERT_EQ(all.size(), 2u + 1 + 1 + 1 + 8);
  EXPECT_EQ(all[0], at_line(10, 19, 24));
  EXPECT_EQ(all[1], all[0]);
  EXPECT_EQ(all[2], at_line(12, 7, 9));
  EXPECT_EQ(all[3], at_line(11, -1, -1));
  EXPECT_EQ(all[4], (Position{12, 14, 4, 64}));
  EXPECT_EQ(all[5], Position{});
  EXPECT_EQ(table.at(2 * 4 + 1), all[4]);
  EXPECT_EQ(table.at(1000), Position{});
}

// A capture may end in the middle of a table, or be damaged: what came before still answers.
TEST(LocationTable, CutOrDamagedTablesKeepWhatIsWhole) {
  const std::vector<uint8_t> cut{0x80, 0x11, 0x80 | (14 << 3), 0x42};
  EXPECT_EQ(LocationTable(cut, 3).positions().size(), 1u);
  const std::vector<uint8_t> damaged{0x80, 0x11, 0x05, 0x80};
  EXPECT_EQ(LocationTable(damaged, 3).positions().size(), 1u);
  EXPECT_EQ(LocationTable({}, 3).at(0), Position{});
}

}  // namespace
}  // namespace hasten::profile
