// The functions of support.h that look into dicts and sets: by their tables where the key is a plain number, a text, or a
// tuple of such (runtime/table_probe.h), else as Python does.
#include <Python.h>

#include "runtime/object_layout.h"
#include "runtime/planted.h"
#include "runtime/support.h"
#include "runtime/table_probe.h"

#include <utility>
#include <vector>

namespace hasten::runtime {
namespace {

const ObjectLayout* layout = nullptr;

struct PointerAndStatus {
  PyObject* object;
  int64_t status;
};

/// Keys that are no objects yet.
PyObject* object_of(const IntKey& key) { return PyLong_FromLongLong(key.value); }
PyObject* object_of(const IntsKey& key) {
  PyObject* tuple = PyTuple_New(key.count);
  for (Py_ssize_t k = 0; tuple && k < key.count; ++k) {
    PyObject* item = PyLong_FromLongLong(key.items[k]);
    if (!item) {
      Py_CLEAR(tuple);
      break;
    }
    PyTuple_SET_ITEM(tuple, k, item);
  }
  return tuple;
}

template <class Key>
Found probe_dict(PyObject* dict, const Key& key, PyObject*** value) {
  return layout->probes_dicts ? find_in_dict(dict, key, value) : Found::Unsure;
}

/// f(key) with the form of the key that can be looked up at once, else `otherwise`.
template <class R, class F>
R with_key(PyObject* key, R otherwise, F f) {
  if (PyUnicode_CheckExact(key))
    return f(TextKey{key});
  if (PyLong_CheckExact(key)) {
    int overflow = 0;
    const int64_t value = PyLong_AsLongLongAndOverflow(key, &overflow);
    return overflow ? otherwise : f(IntKey{value});
  }
  TupleKey tuple{key, 0};
  if (PyTuple_CheckExact(key) && TupleKey::read(key, &tuple.known_hash))
    return f(tuple);
  return otherwise;
}

PointerAndStatus dict_item(PyObject* dict, PyObject* key, Found found, PyObject** value) {
  if (found == Found::Yes)
    return {Py_NewRef(*value), 1};
  if (found == Found::No)
    return {nullptr, 0};
  PyObject* item = PyDict_GetItemWithError(dict, key);
  if (item)
    return {Py_NewRef(item), 1};
  return {nullptr, PyErr_Occurred() ? -1 : 0};
}

template <class Key>
PointerAndStatus dict_item_of(PyObject* dict, const Key& key) {
  PyObject** value = nullptr;
  const Found found = probe_dict(dict, key, &value);
  if (found != Found::Unsure)
    return dict_item(dict, nullptr, found, value);
  PyObject* object = object_of(key);
  const PointerAndStatus result = object ? dict_item(dict, object, found, value) : PointerAndStatus{nullptr, -1};
  Py_XDECREF(object);
  return result;
}

/// Hashes and compares the key once, whatever code that runs.
PointerAndStatus item_by_python(PyObject* dict, PyObject* key) {
  PyObject* item = PyObject_GetItem(dict, key);
  return {item, item ? 1 : -1};
}

template <class Key>
PointerAndStatus subscript_of(PyObject* dict, const Key& key, bool makes_items) {
  PyObject** value = nullptr;
  const Found found = probe_dict(dict, key, &value);
  if (found == Found::Yes || (found == Found::No && !makes_items))
    return dict_item(dict, nullptr, found, value);
  PyObject* object = object_of(key);
  const PointerAndStatus result = object ? item_by_python(dict, object) : PointerAndStatus{nullptr, -1};
  Py_XDECREF(object);
  return result;
}

int32_t as_status(Found found) { return found == Found::Yes ? 1 : 0; }

template <class Key>
int32_t dict_has(PyObject* dict, const Key& key) {
  PyObject** value = nullptr;
  const Found found = probe_dict(dict, key, &value);
  if (found != Found::Unsure)
    return as_status(found);
  PyObject* object = object_of(key);
  const int32_t status = object ? PyDict_Contains(dict, object) : -1;
  Py_XDECREF(object);
  return status;
}

template <class Key>
int32_t set_has(PyObject* set, const Key& key) {
  const Found found = layout->probes_sets ? find_in_set(set, key) : Found::Unsure;
  if (found != Found::Unsure)
    return as_status(found);
  PyObject* object = object_of(key);
  const int32_t status = object ? PySequence_Contains(set, object) : -1;
  Py_XDECREF(object);
  return status;
}

}  // namespace

bool is_watched(PyObject* dict) { return (version_of(dict) & layout->dict_watch_mask) != 0; }

PyObject** place_in_dict(PyObject* dict, PyObject* name) {
  PyObject** place = nullptr;
  return PyDict_CheckExact(dict) && probe_dict(dict, TextKey{name}, &place) == Found::Yes ? place : nullptr;
}

bool replace_value(PyObject* dict, PyObject** place, PyObject* value) {
  if (planted_bug(Plant::DictOrder))
    return false;
  if (*place == value)
    return true;
  auto* version = reinterpret_cast<uint64_t*>(reinterpret_cast<char*>(dict) + layout->dict_version);
  if ((*version & layout->dict_watch_mask) || (PyType_IS_GC(Py_TYPE(value)) && !PyObject_GC_IsTracked(dict)))
    return false;
  *version = next_version();
  if (last_found.dict == dict && last_found.value == place)
    last_found.version = *version;
  PyObject* old = std::exchange(*place, Py_NewRef(value));
  Py_DECREF(old);
  return true;
}

namespace {

/// Puts a key in that the dict has been found not to have. False: CPython must do it.
bool insert_new(PyObject* dict, PyObject* key, Py_hash_t hash, PyObject* value) {
  return !is_watched(dict) && insert_in_dict(dict, key, hash, value);
}

int32_t set_by_python(PyObject* dict, PyObject* key, PyObject* value) {
  if (planted_bug(Plant::DictOrder) && PyDict_Contains(dict, key) == 1 && PyDict_DelItem(dict, key) < 0)
    return -1;
  return PyDict_SetItem(dict, key, value);
}

/// Puts `value` in where the key has just been looked for.
template <class Key>
int32_t dict_set_found(PyObject* dict, const Key& key, Found found, PyObject** place, PyObject* value) {
  if (found == Found::Yes && replace_value(dict, place, value))
    return 0;
  PyObject* object = object_of(key);
  const int32_t status = !object ? -1
                         : found == Found::No && insert_new(dict, object, key.hash(), value)
                             ? 0
                             : set_by_python(dict, object, value);
  Py_XDECREF(object);
  return status;
}

template <class Key>
int32_t dict_set(PyObject* dict, const Key& key, PyObject* value) {
  PyObject** place = nullptr;
  const Found found = probe_dict(dict, key, &place);
  return dict_set_found(dict, key, found, place, value);
}

/// The same with a key that is an object.
int32_t dict_set_object(PyObject* dict, PyObject* key, PyObject* value) {
  PyObject** place = nullptr;
  Py_hash_t hash = 0;
  const Found found = with_key(key, Found::Unsure, [&](const auto& k) {
    const Found probed = probe_dict(dict, k, &place);
    if (probed == Found::No)
      hash = k.hash();
    return probed;
  });
  if ((found == Found::Yes && replace_value(dict, place, value)) ||
      (found == Found::No && insert_new(dict, key, hash, value)))
    return 0;
  return set_by_python(dict, key, value);
}

/// A set's new item. 0, or -1: it raised.
template <class Key>
int32_t set_add(PyObject* set, const Key& key) {
  const Found found = layout->probes_sets ? find_in_set(set, key) : Found::Unsure;
  if (found == Found::Yes)
    return 0;
  PyObject* object = object_of(key);
  const int32_t status = !object                                                        ? -1
                         : found == Found::No && insert_in_set(set, object, key.hash()) ? 0
                                                                                        : PySet_Add(set, object);
  Py_XDECREF(object);
  return status;
}

/// The same with a value that is no object yet.
template <class Key>
int32_t dict_set_number(PyObject* dict, const Key& key, int64_t value) {
  PyObject** place = nullptr;
  const Found found = probe_dict(dict, key, &place);
  if (found == Found::Yes && overwrite_small_int(*place, value))
    return 0;
  PyObject* object = PyLong_FromLongLong(value);
  const int32_t status = object ? dict_set_found(dict, key, found, place, object) : -1;
  Py_XDECREF(object);
  return status;
}

/// The item at `index` of a list or tuple (a new reference); null without an exception: there is none.
PyObject* item_at(PyObject* sequence, int64_t index) {
  const Py_ssize_t size = Py_SIZE(sequence);
  const int64_t at = index < 0 ? index + size : index;
  if (at < 0 || at >= size)
    return nullptr;
  return Py_NewRef(PyList_CheckExact(sequence) ? PyList_GET_ITEM(sequence, at) : PyTuple_GET_ITEM(sequence, at));
}

bool is_sequence(PyObject* object) { return PyList_CheckExact(object) || PyTuple_CheckExact(object); }

/// Whether two objects are equal of which neither's comparison runs anybody's code.
Found plainly_equal(PyObject* a, PyObject* b) {
  if (a == b)
    return Found::Yes;
  if (PyUnicode_CheckExact(a))
    return TextKey{a}.equals(b);
  int64_t x = 0, y = 0;
  if (PyLong_CheckExact(a) && PyLong_CheckExact(b) && read_small_int(a, &x) && read_small_int(b, &y))
    return x == y ? Found::Yes : Found::No;
  return Found::Unsure;
}

/// f(item, its hash, whether `others` has it) for the items of an exact set in their order, without anybody's code. False: they
/// are not all plain, or f says so.
template <class F>
bool each_in_set(PyObject* set, PyObject* others, F f) {
  struct HashedInt : IntKey {
    Py_hash_t known;
    Py_hash_t hash() const { return known; }
  };
  const auto *gone_through = reinterpret_cast<const PySetObject*>(set),
             *looked_in = reinterpret_cast<const PySetObject*>(others);
  const auto place_of = [&](const setentry* entry) {
    return &looked_in->table[static_cast<size_t>(entry->hash) & static_cast<size_t>(looked_in->mask)];
  };
  // Items of large sets lie anywhere in memory: what a few of them need is fetched at once, and then they are compared.
  constexpr size_t kAtOnce = 32;
  const setentry *entry = gone_through->table, *const end = entry + gone_through->mask + 1, *some[kAtOnce];
  while (entry != end) {
    size_t count = 0;
    for (; entry != end && count < kAtOnce; ++entry) {
      if (!entry->key || entry->hash == -1)
        continue;  // free, or an item has been here
      some[count++] = entry;
      __builtin_prefetch(entry->key);
      __builtin_prefetch(place_of(entry));
    }
    for (size_t k = 0; k < count; ++k) {
      if (place_of(some[k])->hash == some[k]->hash)
        __builtin_prefetch(place_of(some[k])->key);
    }
    for (size_t k = 0; k < count; ++k) {
      PyObject* key = some[k]->key;
      int64_t value = 0;
      Found found = Found::Unsure;
      if (PyUnicode_CheckExact(key))
        found = find_in_set(others, TextKey{key});
      else if (PyLong_CheckExact(key) && read_small_int(key, &value))
        found = find_in_set(others, HashedInt{{value}, some[k]->hash});
      if (found == Found::Unsure || !f(key, some[k]->hash, found))
        return false;
    }
  }
  return true;
}

/// dict.setdefault(key, what make() gives).
template <class Make>
PyObject* set_default(PyObject* dict, PyObject* key, Make make) {
  PyObject** value = nullptr;
  Py_hash_t hash = 0;
  const Found found = with_key(key, Found::Unsure, [&](const auto& k) {
    const Found probed = probe_dict(dict, k, &value);
    if (probed == Found::No)
      hash = k.hash();
    return probed;
  });
  if (found == Found::Yes)
    return Py_NewRef(*value);
  PyObject* fresh = make();
  PyObject* item = !fresh                                                     ? nullptr
                   : found == Found::No && insert_new(dict, key, hash, fresh) ? fresh
                                                                              : PyDict_SetDefault(dict, key, fresh);
  Py_XINCREF(item);
  Py_XDECREF(fresh);
  return item;
}

extern "C" {

// Of objects whose class is not known.
PyObject* hj_get_item(PyObject* container, PyObject* key) {
  PyObject* item = nullptr;
  int64_t index = 0;
  if (PyDict_CheckExact(container)) {
    PyObject** value = nullptr;
    if (with_key(key, Found::Unsure, [&](const auto& k) { return probe_dict(container, k, &value); }) == Found::Yes)
      return Py_NewRef(*value);
  } else if (is_sequence(container) && PyLong_CheckExact(key) && read_small_int(key, &index)) {
    item = item_at(container, index);
  }
  return item ? item : PyObject_GetItem(container, key);
}

PyObject* hj_get_item_at(PyObject* container, int64_t index) {
  if (is_sequence(container)) {
    PyObject* item = item_at(container, index);
    return item ? item : PySequence_GetItem(container, index);
  }
  if (PyUnicode_CheckExact(container))
    return PySequence_GetItem(container, index);
  PyObject** value = nullptr;
  if (PyDict_CheckExact(container) && probe_dict(container, IntKey{index}, &value) == Found::Yes)
    return Py_NewRef(*value);
  PyObject* key = PyLong_FromLongLong(index);
  PyObject* item = key ? PyObject_GetItem(container, key) : nullptr;
  Py_XDECREF(key);
  return item;
}

int32_t hj_set_item(PyObject* container, PyObject* key, PyObject* value) {
  if (PyDict_CheckExact(container))
    return dict_set_object(container, key, value);
  int64_t index = 0;
  if (PyList_CheckExact(container) && PyLong_CheckExact(key) && read_small_int(key, &index)) {
    const int64_t at = index < 0 ? index + PyList_GET_SIZE(container) : index;
    if (at >= 0 && at < PyList_GET_SIZE(container)) {
      PyObject* old = PyList_GET_ITEM(container, at);
      PyList_SET_ITEM(container, at, Py_NewRef(value));
      Py_DECREF(old);
      return 0;
    }
  }
  return PyObject_SetItem(container, key, value);
}

/// 1, 0, or -1: it raised.
int32_t hj_contains(PyObject* container, PyObject* item) {
  Found found = Found::Unsure;
  if (PyDict_CheckExact(container)) {
    PyObject** value = nullptr;
    found = with_key(item, Found::Unsure, [&](const auto& k) { return probe_dict(container, k, &value); });
  } else if (PyAnySet_CheckExact(container) && layout->probes_sets) {
    found = with_key(item, Found::Unsure, [&](const auto& k) { return find_in_set(container, k); });
  } else if (is_sequence(container)) {
    for (Py_ssize_t k = 0; k < Py_SIZE(container); ++k) {
      PyObject* one = PyList_CheckExact(container) ? PyList_GET_ITEM(container, k) : PyTuple_GET_ITEM(container, k);
      found = plainly_equal(one, item);
      if (found == Found::Yes)
        return 1;
      if (found == Found::Unsure)
        break;  // what was looked at so far looks the same again
    }
  }
  return found != Found::Unsure ? as_status(found) : PySequence_Contains(container, item);
}

PointerAndStatus hj_dict_item(PyObject* dict, PyObject* key) {
  PyObject** value = nullptr;
  const Found found = with_key(key, Found::Unsure, [&](const auto& k) { return probe_dict(dict, k, &value); });
  return dict_item(dict, key, found, value);
}
PointerAndStatus hj_dict_item_int(PyObject* dict, int64_t key) { return dict_item_of(dict, IntKey{key}); }
PointerAndStatus hj_dict_item_ints(PyObject* dict, const int64_t* key, int64_t count) {
  return dict_item_of(dict, IntsKey{key, count});
}

// dict[key]. 0: the key is not there, and nobody's code has run; for a defaultdict, which makes what it has not, only 1 or -1.
PointerAndStatus hj_dict_subscript(PyObject* dict, PyObject* key, int32_t makes_items) {
  PyObject** value = nullptr;
  const Found found = with_key(key, Found::Unsure, [&](const auto& k) { return probe_dict(dict, k, &value); });
  return found == Found::Unsure || (found == Found::No && makes_items) ? item_by_python(dict, key)
                                                                       : dict_item(dict, key, found, value);
}
PointerAndStatus hj_dict_subscript_int(PyObject* dict, int64_t key, int32_t makes_items) {
  return subscript_of(dict, IntKey{key}, makes_items != 0);
}
PointerAndStatus hj_dict_subscript_ints(PyObject* dict, const int64_t* key, int64_t count, int32_t makes_items) {
  return subscript_of(dict, IntsKey{key, count}, makes_items != 0);
}

/// Raises what dict[key] raises where the key is not there.
void hj_key_error(PyObject* key) {
  PyObject* args = PyTuple_Pack(1, key);  // else a tuple would become the arguments
  if (args)
    PyErr_SetObject(PyExc_KeyError, args);
  Py_XDECREF(args);
}

/// 1, 0, or -1: it raised.
int32_t hj_dict_has(PyObject* dict, PyObject* key) {
  PyObject** value = nullptr;
  const Found found = with_key(key, Found::Unsure, [&](const auto& k) { return probe_dict(dict, k, &value); });
  return found != Found::Unsure ? as_status(found) : PyDict_Contains(dict, key);
}
int32_t hj_dict_has_int(PyObject* dict, int64_t key) { return dict_has(dict, IntKey{key}); }
int32_t hj_dict_has_ints(PyObject* dict, const int64_t* key, int64_t count) {
  return dict_has(dict, IntsKey{key, count});
}

int32_t hj_set_has(PyObject* set, PyObject* key) {
  const Found found = with_key(
      key, Found::Unsure, [&](const auto& k) { return layout->probes_sets ? find_in_set(set, k) : Found::Unsure; });
  return found != Found::Unsure ? as_status(found) : PySequence_Contains(set, key);
}
int32_t hj_set_has_int(PyObject* set, int64_t key) { return set_has(set, IntKey{key}); }
int32_t hj_set_has_ints(PyObject* set, const int64_t* key, int64_t count) { return set_has(set, IntsKey{key, count}); }

/// The next key and value of an iterator over the items of a dict, both borrowed from the dict. 1; 0: there is none; -1: it
/// raised.
int32_t hj_next_item(PyObject* iterator, PyObject** out) {
  if (layout->steps_items && step_items(iterator, &out[0], &out[1])) [[likely]]
    return 1;
  PyObject* pair = PyDictIterItem_Type.tp_iternext(iterator);
  if (!pair)
    return PyErr_Occurred() ? -1 : 0;
  out[0] = PyTuple_GET_ITEM(pair, 0);
  out[1] = PyTuple_GET_ITEM(pair, 1);
  Py_DECREF(pair);
  return 1;
}

/// dict.setdefault(key, [] or {}).
PyObject* hj_set_default(PyObject* dict, PyObject* key, int32_t is_list) {
  return set_default(dict, key, [is_list] { return is_list ? PyList_New(0) : PyDict_New(); });
}
PyObject* hj_set_default_to(PyObject* dict, PyObject* key, PyObject* value) {
  return set_default(dict, key, [value] { return Py_NewRef(value); });
}

/// 0, or -1: it raised.
int32_t hj_dict_set(PyObject* dict, PyObject* key, PyObject* value) { return dict_set_object(dict, key, value); }
int32_t hj_dict_set_int(PyObject* dict, int64_t key, PyObject* value) { return dict_set(dict, IntKey{key}, value); }
int32_t hj_dict_set_ints(PyObject* dict, const int64_t* key, int64_t count, PyObject* value) {
  return dict_set(dict, IntsKey{key, count}, value);
}

int32_t hj_dict_set_number(PyObject* dict, PyObject* key, int64_t value) {
  PyObject** place = nullptr;
  const Found found = with_key(key, Found::Unsure, [&](const auto& k) { return probe_dict(dict, k, &place); });
  if (found == Found::Yes && overwrite_small_int(*place, value))
    return 0;
  PyObject* object = PyLong_FromLongLong(value);
  const int32_t status = object ? hj_dict_set(dict, key, object) : -1;
  Py_XDECREF(object);
  return status;
}
int32_t hj_dict_set_number_int(PyObject* dict, int64_t key, int64_t value) {
  return dict_set_number(dict, IntKey{key}, value);
}
int32_t hj_dict_set_number_ints(PyObject* dict, const int64_t* key, int64_t count, int64_t value) {
  return dict_set_number(dict, IntsKey{key, count}, value);
}

int32_t hj_set_add(PyObject* set, PyObject* key) {
  Py_hash_t hash = 0;
  const Found found = !layout->probes_sets ? Found::Unsure : with_key(key, Found::Unsure, [&](const auto& k) {
    const Found probed = find_in_set(set, k);
    if (probed == Found::No)
      hash = k.hash();
    return probed;
  });
  if (found == Found::Yes || (found == Found::No && insert_in_set(set, key, hash)))
    return 0;
  if (planted_bug(Plant::SetAddAgain))
    PySet_Discard(set, key);
  return PySet_Add(set, key);
}
int32_t hj_set_add_int(PyObject* set, int64_t key) { return set_add(set, IntKey{key}); }
int32_t hj_set_add_ints(PyObject* set, const int64_t* key, int64_t count) { return set_add(set, IntsKey{key, count}); }

}  // extern "C"

}  // namespace

PyObject* plain_intersection(PyObject* a, PyObject* b) {
  const bool a_is_less = PySet_GET_SIZE(b) > PySet_GET_SIZE(a);  // of equals the second is gone through
  PyObject *more = a_is_less ? b : a, *common = layout->probes_sets ? PySet_New(nullptr) : nullptr;
  const bool done = common && each_in_set(a_is_less ? a : b, more, [&](PyObject* key, Py_hash_t hash, Found found) {
                      return found != Found::Yes || insert_in_set(common, key, hash) || PySet_Add(common, key) == 0;
                    });
  if (!done)
    Py_CLEAR(common);
  return common;
}

bool plain_merge(PyObject* set, PyObject* other) {
  auto *into = reinterpret_cast<PySetObject*>(set), *from = reinterpret_cast<PySetObject*>(other);
  const auto room = static_cast<size_t>(into->mask) * 3;
  if (!layout->probes_sets || set == other || into->fill == 0 || into->fill != into->used ||
      static_cast<size_t>(into->fill + from->used) * 5 >= room)
    return false;  // it grows first, is filled as a copy, or keeps places of what was taken out
  std::vector<setentry*> made;
  const bool done = each_in_set(other, set, [&](PyObject* key, Py_hash_t hash, Found found) {
    if (found == Found::Yes)
      return true;
    made.push_back(insert_in_set(set, key, hash));
    return made.back() != nullptr;
  });
  if (!done) {
    // CPython begins anew, and whether the set grows depends on how full it is.
    for (setentry* entry : made) {
      if (!entry)
        continue;
      Py_DECREF(std::exchange(entry->key, nullptr));  // `other` has it too
      entry->hash = 0;
      --into->fill;
      --into->used;
    }
  }
  return done;
}

void set_layout(const ObjectLayout& of_objects) { layout = &of_objects; }

std::span<const SupportSymbol> table_symbols() {
#define HASTEN_SYMBOL(name) {#name, reinterpret_cast<void*>(&name)}
  static const SupportSymbol kSymbols[] = {
      HASTEN_SYMBOL(hj_get_item),
      HASTEN_SYMBOL(hj_get_item_at),
      HASTEN_SYMBOL(hj_set_item),
      HASTEN_SYMBOL(hj_contains),
      HASTEN_SYMBOL(hj_dict_item),
      HASTEN_SYMBOL(hj_dict_item_int),
      HASTEN_SYMBOL(hj_dict_item_ints),
      HASTEN_SYMBOL(hj_dict_subscript),
      HASTEN_SYMBOL(hj_dict_subscript_int),
      HASTEN_SYMBOL(hj_dict_subscript_ints),
      HASTEN_SYMBOL(hj_key_error),
      HASTEN_SYMBOL(hj_next_item),
      HASTEN_SYMBOL(hj_set_default),
      HASTEN_SYMBOL(hj_set_default_to),
      HASTEN_SYMBOL(hj_dict_has),
      HASTEN_SYMBOL(hj_dict_has_int),
      HASTEN_SYMBOL(hj_dict_has_ints),
      HASTEN_SYMBOL(hj_set_has),
      HASTEN_SYMBOL(hj_set_has_int),
      HASTEN_SYMBOL(hj_set_has_ints),
      HASTEN_SYMBOL(hj_dict_set),
      HASTEN_SYMBOL(hj_dict_set_int),
      HASTEN_SYMBOL(hj_dict_set_ints),
      HASTEN_SYMBOL(hj_dict_set_number),
      HASTEN_SYMBOL(hj_dict_set_number_int),
      HASTEN_SYMBOL(hj_dict_set_number_ints),
      HASTEN_SYMBOL(hj_set_add),
      HASTEN_SYMBOL(hj_set_add_int),
      HASTEN_SYMBOL(hj_set_add_ints),
  };
#undef HASTEN_SYMBOL
  return kSymbols;
}

}  // namespace hasten::runtime
