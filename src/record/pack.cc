#include "record/pack.h"

#include <bit>
#include <cstring>
#include <limits>

namespace hasten::record {

void Packer::put(uint64_t value) {
  while (value >= 0x80) {
    out_.push_back(static_cast<char>(value | 0x80));
    value >>= 7;
  }
  out_.push_back(static_cast<char>(value));
}

void Packer::put_signed(int64_t value) {
  put((static_cast<uint64_t>(value) << 1) ^ static_cast<uint64_t>(value >> 63));
}

void Packer::put_fixed64(uint64_t value) {
  for (int shift = 0; shift < 64; shift += 8) {
    out_.push_back(static_cast<char>(value >> shift));
  }
}

void Packer::put_double(double value) { put_fixed64(std::bit_cast<uint64_t>(value)); }

void Packer::put_text(std::string_view text) {
  put(text.size());
  out_.append(text);
}

uint64_t Unpacker::fail() {
  ok_ = false;
  next_ = bytes_.size();
  return 0;
}

uint64_t Unpacker::get() {
  uint64_t value = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    if (next_ == bytes_.size()) {
      return fail();
    }
    const uint8_t byte = bytes_[next_++];
    if (shift == 63 && byte > 1) {
      return fail();  // more than 64 bits
    }
    value |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if ((byte & 0x80) == 0) {
      return value;
    }
  }
  return fail();
}

int64_t Unpacker::get_signed() {
  const uint64_t raw = get();
  return static_cast<int64_t>((raw >> 1) ^ (~(raw & 1) + 1));
}

uint32_t Unpacker::get32() {
  const uint64_t value = get();
  return static_cast<uint32_t>(value <= std::numeric_limits<uint32_t>::max() ? value : fail());
}

uint8_t Unpacker::get8() {
  const uint64_t value = get();
  return static_cast<uint8_t>(value <= 0xff ? value : fail());
}

uint64_t Unpacker::get_fixed64() {
  if (remaining() < 8) {
    return fail();
  }
  uint64_t value = 0;
  for (int shift = 0; shift < 64; shift += 8) {
    value |= static_cast<uint64_t>(bytes_[next_++]) << shift;
  }
  return value;
}

double Unpacker::get_double() { return std::bit_cast<double>(get_fixed64()); }

std::string Unpacker::get_text() {
  const uint64_t length = get();
  if (length > remaining()) {
    fail();
    return {};
  }
  std::string text(reinterpret_cast<const char*>(bytes_.data()) + next_, length);
  next_ += length;
  return text;
}

size_t Unpacker::get_count(size_t item_bytes) {
  const uint64_t count = get();
  return count <= remaining() / item_bytes ? count : fail();
}

}  // namespace hasten::record
