// Looks into CPython's dicts and sets without making an object of the key, and without running anybody's code.
//
// The answer may be "unsure": a key of another type has the same hash, so that only its own __eq__ could tell; or the
// table is of a form that is not read here. Whoever asks then asks again as Python asks.
// That the tables lie as described here is tested at import (tables_are_known).
#pragma once

#include <Python.h>

#include <cstdint>
#include <cstring>

#include "runtime/object_layout.h"

namespace hasten::runtime {

enum class Found : uint8_t { No, Yes, Unsure };

/// A key that is an int.
struct IntKey {
  int64_t value;

  bool is(PyObject*) const { return false; }
  bool may_be(PyObject*) const { return true; }
  Py_hash_t hash() const {
    constexpr uint64_t kModulus = (uint64_t{1} << 61) - 1;
    const uint64_t magnitude = value < 0 ? uint64_t{0} - static_cast<uint64_t>(value) : static_cast<uint64_t>(value);
    const auto rest = static_cast<Py_hash_t>(magnitude < kModulus ? magnitude : magnitude % kModulus);
    const Py_hash_t signed_rest = value < 0 ? -rest : rest;
    return signed_rest == -1 ? -2 : signed_rest;
  }
  /// REQUIRES: the key's hash is this one's.
  Found equals(PyObject* key) const {
    if (!PyLong_CheckExact(key)) {
      return PyUnicode_CheckExact(key) ? Found::No : Found::Unsure;
    }
    int overflow = 0;
    int64_t other = 0;
    if (!read_small_int(key, &other))
      other = PyLong_AsLongLongAndOverflow(key, &overflow);
    return !overflow && other == value ? Found::Yes : Found::No;
  }
};

/// memcmp() == 0, without a call for what is short.
inline bool same_bytes(const char* a, const char* b, size_t count) {
  const auto differ = [&]<class Word>(Word, size_t at) {
    Word x, y;
    std::memcpy(&x, a + at, sizeof x);
    std::memcpy(&y, b + at, sizeof y);
    return x ^ y;
  };
  if (count > 16)
    return std::memcmp(a, b, count) == 0;
  if (count >= 8)
    return (differ(uint64_t{}, 0) | differ(uint64_t{}, count - 8)) == 0;
  if (count >= 4)
    return (differ(uint32_t{}, 0) | differ(uint32_t{}, count - 4)) == 0;
  return count == 0 || (a[0] == b[0] && a[count / 2] == b[count / 2] && a[count - 1] == b[count - 1]);
}

/// A key that is a str (exactly).
struct TextKey {
  PyObject* text;

  bool is(PyObject* key) const { return key == text; }
  bool may_be(PyObject* key) const { return key == text; }
  Py_hash_t hash() const {
    const Py_hash_t known = reinterpret_cast<PyASCIIObject*>(text)->hash;
    return known != -1 ? known : PyObject_Hash(text);
  }
  Found equals(PyObject* key) const {
    if (key == text) {
      return Found::Yes;
    }
    if (!PyUnicode_CheckExact(key)) {
      return PyLong_CheckExact(key) || PyTuple_CheckExact(key) ? Found::No : Found::Unsure;
    }
    const Py_ssize_t length = PyUnicode_GET_LENGTH(text);
    if (length != PyUnicode_GET_LENGTH(key) || PyUnicode_KIND(text) != PyUnicode_KIND(key)) {
      return Found::No;
    }
    const auto bytes = static_cast<size_t>(length) * PyUnicode_KIND(text);
    return same_bytes(static_cast<const char*>(PyUnicode_DATA(text)), static_cast<const char*>(PyUnicode_DATA(key)),
                      bytes)
               ? Found::Yes
               : Found::No;
  }
};

/// The hash of a tuple, from those of its items.
class TupleHash {
 public:
  void add(Py_hash_t item) {
    sum_ += static_cast<uint64_t>(item) * 14029467366897019727ULL;
    sum_ = ((sum_ << 31) | (sum_ >> 33)) * 11400714785074694791ULL;
  }
  Py_hash_t end(Py_ssize_t count) const {
    const uint64_t hash = sum_ + (static_cast<uint64_t>(count) ^ (2870177450012600261ULL ^ 3527539ULL));
    return hash == ~uint64_t{0} ? 1546275796 : static_cast<Py_hash_t>(hash);
  }

 private:
  uint64_t sum_ = 2870177450012600261ULL;
};

/// A key that is a tuple of ints.
struct IntsKey {
  const int64_t* items;
  Py_ssize_t count;

  bool is(PyObject*) const { return false; }
  bool may_be(PyObject*) const { return true; }
  Py_hash_t hash() const {
    TupleHash sum;
    for (Py_ssize_t k = 0; k < count; ++k) {
      sum.add(IntKey{items[k]}.hash());
    }
    return sum.end(count);
  }
  Found equals(PyObject* key) const {
    if (!PyTuple_CheckExact(key)) {
      return PyLong_CheckExact(key) || PyUnicode_CheckExact(key) ? Found::No : Found::Unsure;
    }
    if (PyTuple_GET_SIZE(key) != count) {
      return Found::No;
    }
    for (Py_ssize_t k = 0; k < count; ++k) {
      PyObject* item = PyTuple_GET_ITEM(key, k);
      if (!PyLong_CheckExact(item)) {
        return Found::Unsure;
      }
      if (IntKey{items[k]}.equals(item) != Found::Yes) {
        return Found::No;
      }
    }
    return Found::Yes;
  }
};

/// A key that is a tuple of ints and texts (exactly), as an object.
struct TupleKey {
  PyObject* tuple;
  Py_hash_t known_hash;

  /// Whether it is such a tuple; then its hash.
  static bool read(PyObject* tuple, Py_hash_t* hash) {
    TupleHash sum;
    for (Py_ssize_t k = 0; k < PyTuple_GET_SIZE(tuple); ++k) {
      PyObject* item = PyTuple_GET_ITEM(tuple, k);
      int overflow = 0;
      if (PyUnicode_CheckExact(item)) {
        sum.add(TextKey{item}.hash());
      } else if (PyLong_CheckExact(item)) {
        int64_t value = 0;
        if (!read_small_int(item, &value))
          value = PyLong_AsLongLongAndOverflow(item, &overflow);
        sum.add(IntKey{value}.hash());
      } else {
        return false;
      }
      if (overflow) {
        return false;
      }
    }
    *hash = sum.end(PyTuple_GET_SIZE(tuple));
    return true;
  }
  bool is(PyObject* key) const { return key == tuple; }
  bool may_be(PyObject*) const { return true; }
  Py_hash_t hash() const { return known_hash; }
  Found equals(PyObject* key) const {
    if (key == tuple) {
      return Found::Yes;
    }
    if (!PyTuple_CheckExact(key)) {
      return PyLong_CheckExact(key) || PyUnicode_CheckExact(key) ? Found::No : Found::Unsure;
    }
    const Py_ssize_t count = PyTuple_GET_SIZE(tuple);
    if (PyTuple_GET_SIZE(key) != count) {
      return Found::No;
    }
    for (Py_ssize_t k = 0; k < count; ++k) {
      PyObject *mine = PyTuple_GET_ITEM(tuple, k), *its = PyTuple_GET_ITEM(key, k);
      if (mine == its) {
        continue;
      }
      Found same;
      if (PyUnicode_CheckExact(mine)) {
        same = TextKey{mine}.equals(its);
      } else {
        int64_t value = 0;
        if (!read_small_int(mine, &value))
          value = PyLong_AsLongLong(mine);
        same = IntKey{value}.equals(its);
      }
      if (same != Found::Yes) {
        return same;
      }
    }
    return Found::Yes;
  }
};

/// PyDictKeysObject, which is private: the same from CPython 3.11 to 3.13.
struct DictKeys {
  Py_ssize_t refcount;
  uint8_t log2_size, log2_index_bytes, kind;
  uint32_t version;
  Py_ssize_t usable, entry_count;
  // The indices follow, then the entries.
};
struct GeneralEntry {
  Py_hash_t hash;
  PyObject *key, *value;
};
struct TextEntry {
  PyObject *key, *value;
};

inline int64_t dict_index(const DictKeys* keys, size_t at) {
  const char* indices = reinterpret_cast<const char*>(keys + 1);
  if (keys->log2_size < 8) {
    return reinterpret_cast<const int8_t*>(indices)[at];
  }
  if (keys->log2_size < 16) {
    return reinterpret_cast<const int16_t*>(indices)[at];
  }
  if (keys->log2_size < 32) {
    return reinterpret_cast<const int32_t*>(indices)[at];
  }
  return reinterpret_cast<const int64_t*>(indices)[at];
}

/// Where a key was found last. A program that has looked for a key often stores under it next. As long as the dict has
/// the same version, it has the same items, and as long as the table is of the same form, they stand where they stood.
struct LastFound {
  const PyObject* dict;
  uint64_t version;
  const DictKeys* keys;
  uint64_t form;
  PyObject *key, **value;

  bool is_still_in(const PyObject* object) const;
};
inline LastFound last_found = {};

template <class Dict>
uint64_t version_in(const Dict* dict) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
  if constexpr (requires { dict->ma_version_tag; }) {
    return dict->ma_version_tag;
  } else {
    return 0;  // then nothing is looked up here
  }
#pragma GCC diagnostic pop
}
inline uint64_t version_of(const PyObject* dict) { return version_in(reinterpret_cast<const PyDictObject*>(dict)); }

/// A number that tells apart what a table may become in one place while its items stay the same.
inline uint64_t form_of(const DictKeys* keys) {
  return static_cast<uint64_t>(keys->entry_count) << 16 | static_cast<uint64_t>(keys->kind) << 8 | keys->log2_size;
}

inline bool LastFound::is_still_in(const PyObject* object) const {
  return dict == object && version == version_of(object) &&
         reinterpret_cast<const PyDictObject*>(object)->ma_keys == reinterpret_cast<const void*>(keys) &&
         form_of(keys) == form;
}

/// A version that CPython's counter does not come to, for a dict that is changed here.
inline uint64_t next_version() {
  static uint64_t changes = 0;
  return (uint64_t{1} << 63) | (++changes << 12);
}

template <class Dict>
void set_version(Dict* dict, uint64_t version) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
  if constexpr (requires { dict->ma_version_tag; }) {
    dict->ma_version_tag = version;
  }
#pragma GCC diagnostic pop
}

inline void set_dict_index(DictKeys* keys, size_t at, int64_t index) {
  char* indices = reinterpret_cast<char*>(keys + 1);
  if (keys->log2_size < 8) {
    reinterpret_cast<int8_t*>(indices)[at] = static_cast<int8_t>(index);
  } else if (keys->log2_size < 16) {
    reinterpret_cast<int16_t*>(indices)[at] = static_cast<int16_t>(index);
  } else if (keys->log2_size < 32) {
    reinterpret_cast<int32_t*>(indices)[at] = static_cast<int32_t>(index);
  } else {
    reinterpret_cast<int64_t*>(indices)[at] = index;
  }
}

/// Whether the collector may have to look at the dict because of `object`.
inline bool may_be_tracked(PyObject* object) {
  return PyType_IS_GC(Py_TYPE(object)) && !(PyTuple_CheckExact(object) && !PyObject_GC_IsTracked(object));
}

/// Puts a key that an exact dict has not, and its value, where CPython puts them; false: CPython must do it. REQUIRES:
/// nobody watches the dict.
inline bool insert_in_dict(PyObject* object, PyObject* key, Py_hash_t hash, PyObject* value) {
  constexpr uint8_t kGeneral = 0, kTexts = 1;
  auto* dict = reinterpret_cast<PyDictObject*>(object);
  auto* keys = reinterpret_cast<DictKeys*>(dict->ma_keys);
  if (dict->ma_values || keys->usable <= 0 || keys->kind > kTexts ||
      (keys->kind == kTexts && !PyUnicode_CheckExact(key)) ||
      ((may_be_tracked(key) || may_be_tracked(value)) && !PyObject_GC_IsTracked(object))) {
    return false;
  }
  const size_t mask = (size_t{1} << keys->log2_size) - 1;
  auto perturb = static_cast<size_t>(hash);
  size_t at = perturb & mask;
  while (dict_index(keys, at) >= 0) {
    perturb >>= 5;
    at = (at * 5 + perturb + 1) & mask;
  }
  set_dict_index(keys, at, keys->entry_count);
  char* entries = reinterpret_cast<char*>(keys + 1) + (size_t{1} << keys->log2_index_bytes);
  if (keys->kind == kGeneral) {
    reinterpret_cast<GeneralEntry*>(entries)[keys->entry_count] = {hash, Py_NewRef(key), Py_NewRef(value)};
  } else {
    reinterpret_cast<TextEntry*>(entries)[keys->entry_count] = {Py_NewRef(key), Py_NewRef(value)};
  }
  ++keys->entry_count;
  --keys->usable;
  keys->version = 0;
  ++dict->ma_used;
  set_version(dict, next_version());
  return true;
}

/// Looks for the key in an exact dict; *value: where its value stands.
template <class Key>
Found find_in_dict(PyObject* object, const Key& key, PyObject*** value) {
  constexpr uint8_t kGeneral = 0, kTexts = 1;
  constexpr int64_t kEmpty = -1;
  if (last_found.dict == object && key.may_be(last_found.key) && last_found.is_still_in(object) &&
      key.equals(last_found.key) == Found::Yes) {
    *value = last_found.value;
    return Found::Yes;
  }
  const auto* dict = reinterpret_cast<const PyDictObject*>(object);
  const auto* keys = reinterpret_cast<const DictKeys*>(dict->ma_keys);
  if (dict->ma_values || keys->kind > kTexts) {
    return Found::Unsure;
  }
  const Py_hash_t hash = key.hash();
  char* entries = const_cast<char*>(reinterpret_cast<const char*>(keys + 1)) + (size_t{1} << keys->log2_index_bytes);
  const size_t mask = (size_t{1} << keys->log2_size) - 1;
  auto perturb = static_cast<size_t>(hash);
  size_t at = perturb & mask;
  for (;;) {
    const int64_t index = dict_index(keys, at);
    if (index == kEmpty) {
      return Found::No;
    }
    if (index >= 0) {
      PyObject* there;
      PyObject** its_value;
      Found same;
      if (keys->kind == kGeneral) {
        auto* entry = reinterpret_cast<GeneralEntry*>(entries) + index;
        there = entry->key, its_value = &entry->value;
        same = entry->hash == hash ? key.equals(there) : Found::No;
      } else {
        auto* entry = reinterpret_cast<TextEntry*>(entries) + index;
        there = entry->key, its_value = &entry->value;
        same = key.is(there)                                           ? Found::Yes
               : reinterpret_cast<PyASCIIObject*>(there)->hash == hash ? key.equals(there)
                                                                       : Found::No;
      }
      if (same != Found::No) {
        *value = its_value;
        if (same == Found::Yes) {
          last_found = {object, version_of(object), keys, form_of(keys), there, its_value};
        }
        return same;
      }
    }
    perturb >>= 5;
    at = (at * 5 + perturb + 1) & mask;
  }
}

/// Whether they lie in memory as this file reads them.
bool tables_are_known();

/// An iterator over the items of a dict, which is private: the same from CPython 3.11 to 3.13.
struct ItemIterator {
  PyObject ob_base;
  PyDictObject* dict;
  Py_ssize_t used, position;
  PyObject* result;
  Py_ssize_t left;
};
bool item_iterators_are_known();

/// The next key and value (borrowed from the dict), without a tuple of them; false: ask the iterator itself.
inline bool step_items(PyObject* iterator, PyObject** key, PyObject** value) {
  auto* it = reinterpret_cast<ItemIterator*>(iterator);
  if (!it->dict || it->used != it->dict->ma_used || it->left <= 0 ||
      !PyDict_Next(reinterpret_cast<PyObject*>(it->dict), &it->position, key, value)) {
    return false;
  }
  --it->left;
  return true;
}

/// Looks for the key in an exact set or frozenset.
template <class Key>
Found find_in_set(PyObject* object, const Key& key) {
  constexpr size_t kLinearProbes = 9;
  const auto* set = reinterpret_cast<const PySetObject*>(object);
  const Py_hash_t hash = key.hash();
  const auto mask = static_cast<size_t>(set->mask);
  auto perturb = static_cast<size_t>(hash);
  size_t at = perturb & mask;
  for (;;) {
    const setentry* entry = &set->table[at];
    size_t probes = at + kLinearProbes <= mask ? kLinearProbes : 0;
    do {
      if (entry->hash == 0 && !entry->key) {
        return Found::No;
      }
      if (entry->hash == hash && entry->key) {
        const Found same = key.equals(entry->key);
        if (same != Found::No) {
          return same;
        }
      }
      ++entry;
    } while (probes--);
    perturb >>= 5;
    at = (at * 5 + 1 + perturb) & mask;
  }
}

/// Puts a key that an exact set has not where CPython puts it; null: CPython must do it.
inline setentry* insert_in_set(PyObject* object, PyObject* key, Py_hash_t hash) {
  constexpr size_t kLinearProbes = 9;
  auto* set = reinterpret_cast<PySetObject*>(object);
  const auto mask = static_cast<size_t>(set->mask);
  if (set->fill != set->used || (static_cast<size_t>(set->fill) + 1) * 5 >= mask * 3) {
    return nullptr;  // it may take the place of what was taken out, or grow
  }
  auto perturb = static_cast<size_t>(hash);
  size_t at = perturb & mask;
  for (;;) {
    setentry* entry = &set->table[at];
    size_t probes = at + kLinearProbes <= mask ? kLinearProbes : 0;
    do {
      if (entry->hash == 0 && !entry->key) {
        ++set->fill;
        ++set->used;
        entry->key = Py_NewRef(key);
        entry->hash = hash;
        return entry;
      }
      ++entry;
    } while (probes--);
    perturb >>= 5;
    at = (at * 5 + 1 + perturb) & mask;
  }
}

}  // namespace hasten::runtime
