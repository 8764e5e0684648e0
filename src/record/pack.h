// The two ends of a block's payload: Packer appends, Unpacker reads and never runs past the end.
// Numbers are LEB128 varints (signed ones zigzag) unless the name says fixed; bytes are length-prefixed.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace hasten::record {

class Packer {
 public:
  explicit Packer(std::string& out) : out_(out) {}

  void put(uint64_t value);
  void put_signed(int64_t value);
  void put_fixed64(uint64_t value);
  void put_double(double value);
  void put_text(std::string_view text);

 private:
  std::string& out_;
};

/// After any read past the end, ok() is false and every further read gives 0 or "".
class Unpacker {
 public:
  explicit Unpacker(std::span<const uint8_t> bytes) : bytes_(bytes) {}

  bool ok() const { return ok_; }
  bool at_end() const { return next_ == bytes_.size(); }
  size_t remaining() const { return bytes_.size() - next_; }

  uint64_t get();
  int64_t get_signed();
  uint32_t get32();  ///< fails if the value does not fit
  uint8_t get8();    ///< fails if the value does not fit
  uint64_t get_fixed64();
  double get_double();
  std::string get_text();
  /// A count of items of at least `item_bytes` each; fails if so many cannot follow.
  size_t get_count(size_t item_bytes);

 private:
  uint64_t fail();

  std::span<const uint8_t> bytes_;
  size_t next_ = 0;
  bool ok_ = true;
};

}  // namespace hasten::record
