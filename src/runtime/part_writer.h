// Arrays of plain data one after the other, found again by Part (unit_format.h).
#pragma once

#include <cstddef>
#include <cstring>
#include <string_view>
#include <vector>

#include "runtime/unit_format.h"

namespace hasten::runtime {

class PartWriter {
 public:
  /// `head_bytes`: room at the begin, for put_head().
  explicit PartWriter(size_t head_bytes) : bytes_(head_bytes) {}

  template <class T>
  Part add(const std::vector<T>& items) {
    return add(items.data(), items.size());
  }
  Part add(std::string_view text) { return add(text.data(), text.size()); }
  template <class T>
  Part add(const T* items, size_t count) {
    bytes_.resize((bytes_.size() + 7) / 8 * 8);
    const Part part{static_cast<uint32_t>(bytes_.size()), static_cast<uint32_t>(count)};
    const auto* begin = reinterpret_cast<const uint8_t*>(items);
    bytes_.insert(bytes_.end(), begin, begin + count * sizeof(T));
    return part;
  }
  template <class T>
  void put_head(const T& head) {
    std::memcpy(bytes_.data(), &head, sizeof head);
  }
  std::vector<uint8_t>& bytes() { return bytes_; }

 private:
  std::vector<uint8_t> bytes_;
};

/// What a PartWriter has written.
class PartReader {
 public:
  explicit PartReader(const uint8_t* begin) : begin_(begin) {}

  template <class T>
  const T& head() const {
    return *reinterpret_cast<const T*>(begin_);
  }
  template <class T>
  const T* items(const Part& part) const {
    return reinterpret_cast<const T*>(begin_ + part.offset);
  }
  std::string_view text(const Part& part) const { return {items<char>(part), part.count}; }

 private:
  const uint8_t* begin_;
};

}  // namespace hasten::runtime
