// Reads the numbers of a DWARF table one after the other; after a read past the end everything is 0 and ok() false.
#pragma once

#include <cstdint>
#include <cstring>
#include <span>

namespace hasten::unwind {

class Cursor {
 public:
  Cursor(std::span<const uint8_t> bytes, size_t at, size_t end)
      : bytes_(bytes), at_(at), end_(end < bytes.size() ? end : bytes.size()) {}

  bool ok() const { return ok_; }
  bool at_end() const { return !ok_ || at_ >= end_; }
  size_t at() const { return at_; }

  template <class T>
  T get() {
    T value{};
    if (!ok_ || at_ > end_ || end_ - at_ < sizeof value) {
      ok_ = false;
      return T{};
    }
    std::memcpy(&value, bytes_.data() + at_, sizeof value);
    at_ += sizeof value;
    return value;
  }
  uint64_t get_unsigned() {
    uint64_t value = 0;
    for (uint32_t shift = 0;; shift += 7) {
      const auto byte = get<uint8_t>();
      value |= shift < 64 ? static_cast<uint64_t>(byte & 0x7f) << shift : 0;
      if (byte < 0x80 || !ok_) {
        return value;
      }
    }
  }
  int64_t get_signed() {
    uint64_t value = 0;
    uint32_t shift = 0;
    uint8_t byte = 0;
    do {
      byte = get<uint8_t>();
      value |= shift < 64 ? static_cast<uint64_t>(byte & 0x7f) << shift : 0;
      shift += 7;
    } while (byte >= 0x80 && ok_);
    if (shift < 64 && (byte & 0x40) != 0) {
      value |= ~uint64_t{0} << shift;
    }
    return static_cast<int64_t>(value);
  }
  void skip(uint64_t count) {
    if (!ok_ || at_ > end_ || end_ - at_ < count) {
      ok_ = false;
    } else {
      at_ += count;
    }
  }

  /// A pointer in one of the encodings of .eh_frame; `address` is that of the bytes' begin. Indirect ones are not followed.
  uint64_t get_encoded(uint8_t encoding, uint64_t address) {
    constexpr uint8_t kOmitted = 0xff;
    constexpr uint8_t kRelative = 0x10;
    if (encoding == kOmitted) {
      return 0;
    }
    const uint64_t base = (encoding & 0x70) == kRelative ? address + at_ : 0;
    switch (encoding & 0x0f) {
      case 0x00:
      case 0x04:
      case 0x0c:
        return base + get<uint64_t>();
      case 0x01:
        return base + get_unsigned();
      case 0x02:
        return base + get<uint16_t>();
      case 0x03:
        return base + get<uint32_t>();
      case 0x09:
        return base + static_cast<uint64_t>(get_signed());
      case 0x0a:
        return base + static_cast<uint64_t>(static_cast<int64_t>(get<int16_t>()));
      case 0x0b:
        return base + static_cast<uint64_t>(static_cast<int64_t>(get<int32_t>()));
      default:
        ok_ = false;
        return 0;
    }
  }

 private:
  std::span<const uint8_t> bytes_;
  size_t at_;
  size_t end_;
  bool ok_ = true;
};

}  // namespace hasten::unwind
