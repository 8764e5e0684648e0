// The location table of a CPython code object (co_linetable, 3.11 and newer): instruction offset to
// line and columns. The layout is CPython's Objects/locations.md; it has not changed from 3.11 to 3.15.
#pragma once

#include <compare>
#include <cstdint>
#include <span>
#include <vector>

namespace hasten::profile {

/// Where one instruction comes from. -1 means that the compiler gave no such information, as None
/// does in code.co_positions().
struct Position {
  int32_t line = -1;
  int32_t end_line = -1;
  int32_t column = -1;      ///< in UTF-8 bytes from 0
  int32_t end_column = -1;  ///< one past the last byte

  friend auto operator<=>(const Position&, const Position&) = default;
};

class LocationTable {
 public:
  /// Never reads past `bytes`: a table cut short answers for the instructions it still describes.
  LocationTable(std::span<const uint8_t> bytes, int32_t first_line);

  /// The position of the instruction at this byte offset in co_code; all -1 if there is none.
  Position at(uint32_t code_offset_bytes) const;

  /// One entry a code unit (two bytes), as code.co_positions() yields them.
  std::vector<Position> positions() const;

 private:
  struct Entry {
    uint32_t start_unit;  ///< first code unit that the entry covers
    Position position;
  };
  std::vector<Entry> entries_;
  uint32_t unit_count_ = 0;
};

}  // namespace hasten::profile
