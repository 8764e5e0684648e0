// Reads what names a code object: file, qualified name, first line and the line table, all through a
// reader that returns false rather than fault (see frame_walk.h).
#pragma once

#include <cstdint>
#include <cstring>

#include "pyread/layout.h"

namespace hasten::pyread {

/// The bytes of a Python string, as they lie in memory.
struct TextPlace {
  uint64_t address = 0;
  uint32_t length = 0;      ///< in units
  uint32_t unit_bytes = 1;  ///< 1: Latin-1, 2, 4

  uint32_t byte_count() const { return length * unit_bytes; }
};

struct CodeFields {
  uint32_t first_line = 0;
  uint32_t flags = 0;
  uint32_t code_bytes = 0;  ///< length of the bytecode
  TextPlace file;
  TextPlace qualname;
  uint64_t line_table_address = 0;
  uint32_t line_table_bytes = 0;
};

/// Longer than any real name or table: a length beyond it is not one.
inline constexpr uint64_t kTextLengthMax = 1u << 20;
inline constexpr uint64_t kCodeUnitsMax = 1u << 28;

/// False if there is no string at `address` whose bytes stand in the object (or it cannot be read).
template <class Reader>
bool read_text(const PythonLayout& layout, Reader& reader, uint64_t address, TextPlace* text) {
  uint8_t bytes[40];
  if (!reader.read(address, bytes, sizeof bytes)) {
    return false;
  }
  uint64_t length = 0;
  uint32_t state = 0;
  std::memcpy(&length, bytes + layout.text_length, sizeof length);
  std::memcpy(&state, bytes + layout.text_state, sizeof state);
  const uint32_t kind = (state & layout.text_kind_mask) >> 2;
  if (length > kTextLengthMax || (kind != 1 && kind != 2 && kind != 4) || (state & layout.text_compact_mask) == 0) {
    return false;
  }
  text->length = static_cast<uint32_t>(length);
  text->unit_bytes = kind;
  text->address = address + ((state & layout.text_ascii_mask) != 0 ? layout.text_ascii_data : layout.text_compact_data);
  return true;
}

template <class Reader>
class CodeReader {
 public:
  CodeReader(const PythonLayout& layout, uint64_t code_type, Reader& reader)
      : layout_(layout), code_type_(code_type), reader_(reader) {}

  /// False if there is no code object at `address` (or it cannot be read).
  bool read(uint64_t address, CodeFields* fields) {
    uint8_t bytes[kCodeBytes];
    const uint32_t head_bytes = layout_.code_start < kCodeBytes ? layout_.code_start : kCodeBytes;
    if (address % 8 != 0 || !reader_.read(address, bytes, head_bytes) ||
        word(bytes + layout_.object_type) != code_type_) {
      return false;
    }
    const uint64_t unit_count = word(bytes + layout_.var_size);
    if (unit_count > kCodeUnitsMax) {
      return false;
    }
    fields->code_bytes = static_cast<uint32_t>(2 * unit_count);
    std::memcpy(&fields->first_line, bytes + layout_.code_first_line, 4);
    std::memcpy(&fields->flags, bytes + layout_.code_flags, 4);
    return read_text(layout_, reader_, word(bytes + layout_.code_file), &fields->file) &&
           read_text(layout_, reader_, word(bytes + layout_.code_qualname), &fields->qualname) &&
           read_line_table(word(bytes + layout_.code_line_table), fields);
  }

 private:
  static uint64_t word(const uint8_t* at) {
    uint64_t value;
    std::memcpy(&value, at, sizeof value);
    return value;
  }

  bool read_line_table(uint64_t address, CodeFields* fields) {
    uint64_t length = 0;
    if (!reader_.read(address + layout_.var_size, &length, sizeof length) || length > kCodeUnitsMax) {
      return false;
    }
    fields->line_table_address = address + layout_.bytes_data;
    fields->line_table_bytes = static_cast<uint32_t>(length);
    return true;
  }

  const PythonLayout& layout_;
  uint64_t code_type_;
  Reader& reader_;
};

}  // namespace hasten::pyread
