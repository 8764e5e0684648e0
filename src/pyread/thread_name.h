// The name of a threading.Thread, from its thread state, without running any Python. The frame at the bottom of the thread's
// data stack is Thread._bootstrap, whose first local is the Thread; `_name` is among its attributes. For versions that do
// not give their names to the operating system: 3.11 to 3.13. Nothing stops meanwhile: the caller must look twice.
#pragma once

#include <cstdint>
#include <cstring>

#include "pyread/code_reader.h"
#include "pyread/layout.h"

namespace hasten::pyread {

/// Offsets in bytes, x86-64, GIL builds. interpreter_check.c holds them against the headers.
struct AttributeLayout {
  uint16_t type_basic_size = 32;
  uint16_t type_flags = 168;
  uint16_t type_cached_keys = 880;  ///< of a heap type: names of the attributes that its instances have in common
  uint16_t dict_keys = 32;
  uint16_t dict_values = 40;  ///< null: they stand beside the keys
  uint16_t keys_log2_index_bytes = 9;
  uint16_t keys_kind = 10;
  uint16_t keys_entry_count = 24;
  uint16_t keys_indices = 32;
  uint16_t values_first = 0;
};
constexpr AttributeLayout attribute_layout(uint16_t python) {
  AttributeLayout layout;
  layout.type_cached_keys = python == 0x030b ? 872 : 880;
  layout.values_first = python >= 0x030d ? 8 : 0;
  return layout;
}

template <class Reader>
class ThreadNameReader {
 public:
  ThreadNameReader(const PythonLayout& python, uint64_t code_type, Reader& reader)
      : python_(python), attributes_(attribute_layout(python.version)), code_type_(code_type), reader_(reader) {}

  /// Where the name of the thread with this state stands. False if it is no threading.Thread, or not far enough yet.
  bool find(uint64_t state, TextPlace* name) {
    constexpr int kChunksMax = 4096;
    uint64_t chunk = 0;
    uint64_t before = 0;
    bool good = word(state + python_.thread_chunk, &before);
    for (int i = 0; good && before != 0 && i < kChunksMax; ++i) {
      chunk = before;
      good = word(chunk + python_.chunk_previous, &before);
    }
    const uint64_t frame = chunk + python_.chunk_data + 8;  // the first chunk's first word is left free
    uint64_t code = 0;
    uint64_t thread = 0;
    CodeFields fields;
    CodeReader<Reader> codes(python_, code_type_, reader_);
    return good && chunk != 0 && before == 0 && word(frame + python_.frame_code, &code) && codes.read(code, &fields) &&
           is(fields.qualname, "Thread._bootstrap") && word(frame + python_.frame_bytes, &thread) &&
           find_attribute(thread, "_name", name);
  }

 private:
  static constexpr uint64_t kInlineValues = 1u << 2;
  static constexpr uint64_t kManagedDict = 1u << 4;
  static constexpr uint64_t kHeapType = 1u << 9;

  bool word(uint64_t address, uint64_t* value) { return reader_.read(address, value, sizeof *value); }

  bool is(const TextPlace& text, const char* wanted) {
    char bytes[32];
    const size_t length = std::strlen(wanted);
    return text.unit_bytes == 1 && text.length == length && length <= sizeof bytes &&
           reader_.read(text.address, bytes, text.length) && std::memcmp(bytes, wanted, length) == 0;
  }

  /// Keys and values of an object's attributes. `values` 0: beside the keys.
  bool find_attributes(uint64_t object, uint64_t* keys, uint64_t* values) {
    uint64_t type = 0;
    uint64_t flags = 0;
    uint64_t dict = 0;
    if (object % 8 != 0 || !word(object + python_.object_type, &type) || !word(type + attributes_.type_flags, &flags) ||
        (flags & kManagedDict) == 0 || (flags & kHeapType) == 0 || !word(object - 24, &dict)) {
      return false;
    }
    *values = 0;
    uint64_t basic_size = 0;
    if (python_.version == 0x030b) {
      if (!word(object - 32, values)) {
        return false;
      }
    } else if (python_.version == 0x030c) {
      *values = dict % 2 != 0 ? dict + 1 : 0;
    } else if (dict == 0 && (flags & kInlineValues) != 0 && word(type + attributes_.type_basic_size, &basic_size)) {
      *values = object + basic_size;
    }
    if (*values != 0) {
      return word(type + attributes_.type_cached_keys, keys);
    }
    return dict != 0 && word(dict + attributes_.dict_keys, keys) && word(dict + attributes_.dict_values, values);
  }

  bool find_attribute(uint64_t object, const char* wanted, TextPlace* text) {
    constexpr uint64_t kEntriesMax = 256;
    uint64_t keys = 0;
    uint64_t values = 0;
    uint8_t head[32];
    if (!find_attributes(object, &keys, &values) || keys == 0 || !reader_.read(keys, head, sizeof head)) {
      return false;
    }
    uint64_t count = 0;
    std::memcpy(&count, head + attributes_.keys_entry_count, sizeof count);
    const uint8_t log2_index_bytes = head[attributes_.keys_log2_index_bytes];
    const bool has_hash = head[attributes_.keys_kind] == 0;
    const uint64_t entry_bytes = has_hash ? 24 : 16;
    if (count > kEntriesMax || log2_index_bytes > 20) {
      return false;
    }
    const uint64_t first = keys + attributes_.keys_indices + (uint64_t{1} << log2_index_bytes) + (has_hash ? 8 : 0);
    for (uint64_t i = 0; i < count; ++i) {
      uint64_t key = 0;
      uint64_t value = 0;
      TextPlace key_text;
      const uint64_t entry = first + i * entry_bytes;
      if (!word(entry, &key) || !read_text(python_, reader_, key, &key_text) || !is(key_text, wanted)) {
        continue;
      }
      return word(values != 0 ? values + attributes_.values_first + 8 * i : entry + 8, &value) && value != 0 &&
             read_text(python_, reader_, value, text);
    }
    return false;
  }

  const PythonLayout& python_;
  AttributeLayout attributes_;
  uint64_t code_type_;
  Reader& reader_;
};

}  // namespace hasten::pyread
