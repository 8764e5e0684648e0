#include "runtime/table_probe.h"

#include "runtime/object_ref.h"

namespace hasten::runtime {
namespace {

/// Fills a dict and a set with keys of all sorts, takes some out again, and looks whether table_probe.h finds the rest.
template <class Key, class Make>
bool probes_hold(int count, bool with_others, Make make) {
  ObjectRef dict = ObjectRef::steal(PyDict_New());
  ObjectRef set = ObjectRef::steal(PySet_New(nullptr));
  if (!dict || !set) {
    return false;
  }
  for (int k = 0; k < count; ++k) {
    ObjectRef key = ObjectRef::steal(make(k));
    ObjectRef other = ObjectRef::steal(PyFloat_FromDouble(k + 0.25));
    if (!key || !other || PyDict_SetItem(dict.get(), key.get(), key.get()) < 0 || PySet_Add(set.get(), key.get()) < 0 ||
        (with_others && PyDict_SetItem(dict.get(), other.get(), Py_None) < 0)) {
      return false;
    }
  }
  for (int k = 0; k < count; k += 3) {
    ObjectRef key = ObjectRef::steal(make(k));
    if (!key || PyDict_DelItem(dict.get(), key.get()) < 0 || PySet_Discard(set.get(), key.get()) < 0) {
      return false;
    }
  }
  for (int k = 0; k < count + 3; ++k) {
    ObjectRef key = ObjectRef::steal(make(k));
    PyObject** value = nullptr;
    const bool is_there = k < count && k % 3 != 0;
    const Key probe = Key::of(key.get());
    if (!key || PyObject_Hash(key.get()) != probe.hash() ||
        (find_in_dict(dict.get(), probe, &value) == Found::Yes) != is_there ||
        (find_in_set(set.get(), probe) == Found::Yes) != is_there ||
        (is_there && *value != PyDict_GetItemWithError(dict.get(), key.get()))) {
      return false;
    }
  }
  return true;
}

}  // namespace

bool tables_are_known() {
  struct Int : IntKey {
    static Int of(PyObject* key) { return {PyLong_AsLongLong(key)}; }
  };
  struct Tuple : TupleKey {
    static Tuple of(PyObject* key) {
      Py_hash_t hash = 0;
      read(key, &hash);
      return {key, hash};
    }
  };
  struct Text : TextKey {
    static Text of(PyObject* key) { return {key}; }
  };
  for (const bool with_others : {false, true}) {
    for (int count : {0, 1, 5, 60, 700}) {
      const bool hold =
          probes_hold<Int>(count, with_others,
                           [](int k) { return PyLong_FromLongLong((k % 2 ? (k + 0LL) << 40 : k) - 3); }) &&
          probes_hold<Text>(count, with_others, [](int k) { return PyUnicode_FromFormat("%d%c", k, 0x60 + k); }) &&
          probes_hold<Tuple>(count, with_others, [](int k) { return Py_BuildValue("(ii)", k - 2, k * k - 1); });
      PyErr_Clear();
      if (!hold) {
        return false;
      }
    }
  }
  return true;
}

}  // namespace hasten::runtime
