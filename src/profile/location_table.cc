#include "profile/location_table.h"

#include <algorithm>

namespace hasten::profile {
namespace {

// An entry's first byte is 1cccclll: a code and the number of code units less one.
constexpr uint8_t kEntryMark = 0x80;
constexpr uint8_t kCodeOneLine0 = 10;
constexpr uint8_t kCodeNoColumns = 13;
constexpr uint8_t kCodeLong = 14;
constexpr uint8_t kCodeNone = 15;

/// Reads numbers of six bits a byte, least significant first; bit 6 says that more follow.
class Cursor {
 public:
  explicit Cursor(std::span<const uint8_t> bytes) : bytes_(bytes) {}

  bool at_end() const { return next_ >= bytes_.size(); }
  bool overran() const { return overran_; }

  uint8_t byte() {
    if (at_end()) {
      overran_ = true;
      return 0;
    }
    return bytes_[next_++];
  }
  uint32_t unsigned_number() {
    uint8_t part = byte();
    uint32_t value = part & 0x3f;
    for (int shift = 6; (part & 0x40) != 0 && shift < 32; shift += 6) {
      part = byte();
      value |= static_cast<uint32_t>(part & 0x3f) << shift;
    }
    return value;
  }
  int32_t signed_number() {
    const uint32_t value = unsigned_number();
    const auto half = static_cast<int32_t>(value >> 1);
    return (value & 1) != 0 ? -half : half;
  }

 private:
  std::span<const uint8_t> bytes_;
  size_t next_ = 0;
  bool overran_ = false;
};

}  // namespace

LocationTable::LocationTable(std::span<const uint8_t> bytes, int32_t first_line) {
  Cursor cursor(bytes);
  int64_t line = first_line;  // damaged tables may leave the range of a line; they must not overflow
  const auto narrow = [](int64_t number) { return static_cast<int32_t>(number); };
  while (!cursor.at_end()) {
    const uint8_t head = cursor.byte();
    if ((head & kEntryMark) == 0) {
      break;  // not the start of an entry: what follows cannot be trusted
    }
    const auto code = static_cast<uint8_t>((head >> 3) & 15);
    const uint32_t length_units = (head & 7u) + 1u;
    Position position;
    if (code == kCodeNone) {
      // No location: the line of the entries around it goes on unchanged.
    } else if (code == kCodeLong) {
      line += cursor.signed_number();
      position.line = narrow(line);
      position.end_line = narrow(line + cursor.unsigned_number());
      position.column = narrow(int64_t{cursor.unsigned_number()} - 1);
      position.end_column = narrow(int64_t{cursor.unsigned_number()} - 1);
    } else if (code == kCodeNoColumns) {
      line += cursor.signed_number();
      position.line = position.end_line = narrow(line);
    } else if (code >= kCodeOneLine0) {
      line += code - kCodeOneLine0;
      position.line = position.end_line = narrow(line);
      position.column = cursor.byte();
      position.end_column = cursor.byte();
    } else {
      const uint8_t columns = cursor.byte();
      position.line = position.end_line = narrow(line);
      position.column = code * 8 + ((columns >> 4) & 7);
      position.end_column = position.column + (columns & 15);
    }
    if (cursor.overran()) {
      break;
    }
    entries_.push_back({unit_count_, position});
    unit_count_ += length_units;
  }
}

Position LocationTable::at(uint32_t code_offset_bytes) const {
  const uint32_t unit = code_offset_bytes / 2;
  if (unit >= unit_count_) {
    return {};
  }
  const auto after = std::upper_bound(entries_.begin(), entries_.end(), unit,
                                      [](uint32_t u, const Entry& entry) { return u < entry.start_unit; });
  return std::prev(after)->position;
}

std::vector<Position> LocationTable::positions() const {
  std::vector<Position> all(unit_count_);
  for (size_t i = 0; i < entries_.size(); ++i) {
    const uint32_t stop = i + 1 < entries_.size() ? entries_[i + 1].start_unit : unit_count_;
    std::fill(all.begin() + entries_[i].start_unit, all.begin() + stop, entries_[i].position);
  }
  return all;
}

}  // namespace hasten::profile
