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

bool same_text(PyObject* a, PyObject* b) {
  ObjectRef x = ObjectRef::steal(PyObject_Repr(a)), y = ObjectRef::steal(PyObject_Repr(b));
  return x && y && PyUnicode_Compare(x.get(), y.get()) == 0;
}

/// Puts keys into a dict and a set as CPython does and as table_probe.h does, and takes some out in between: both must have
/// the same in the same order.
template <class Make>
bool insertions_hold(int count, Make make) {
  ObjectRef dicts[2], sets[2];
  for (int which = 0; which < 2; ++which) {
    dicts[which] = ObjectRef::steal(PyDict_New());
    sets[which] = ObjectRef::steal(PySet_New(nullptr));
    PyObject *dict = dicts[which].get(), *set = sets[which].get();
    for (int k = 0; dict && set && k < count; ++k) {
      ObjectRef key = ObjectRef::steal(make(k));
      ObjectRef gone = ObjectRef::steal(make(k / 2));
      if (!key || !gone) {
        return false;
      }
      const Py_hash_t hash = PyObject_Hash(key.get());
      if (!(which == 1 && insert_in_dict(dict, key.get(), hash, Py_None)) &&
          PyDict_SetItem(dict, key.get(), Py_None) < 0) {
        return false;
      }
      if (!(which == 1 && insert_in_set(set, key.get(), hash)) && PySet_Add(set, key.get()) < 0) {
        return false;
      }
      if (k % 3 == 2 && (PyDict_DelItem(dict, gone.get()) < 0 || PySet_Discard(set, gone.get()) < 0)) {
        PyErr_Clear();
      }
    }
    if (!dict || !set) {
      return false;
    }
  }
  ObjectRef copies[2] = {ObjectRef::steal(PyDict_Copy(dicts[0].get())), ObjectRef::steal(PyDict_Copy(dicts[1].get()))};
  return same_text(dicts[0].get(), dicts[1].get()) && same_text(sets[0].get(), sets[1].get()) && copies[0] &&
         copies[1] && same_text(copies[0].get(), copies[1].get()) &&
         PyObject_RichCompareBool(dicts[0].get(), dicts[1].get(), Py_EQ) == 1 &&
         PyObject_RichCompareBool(sets[0].get(), sets[1].get(), Py_EQ) == 1;
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
  for (int count : {3, 40, 300}) {
    const bool hold =
        insertions_hold(count, [](int k) { return PyLong_FromLongLong((k % 2 ? (k + 0LL) << 34 : k * 8LL) - 3); }) &&
        insertions_hold(count, [](int k) { return PyUnicode_FromFormat("%d%c", k, 0x60 + k); }) &&
        insertions_hold(count, [](int k) { return Py_BuildValue("(ii)", k - 2, k * k - 1); }) &&
        insertions_hold(count, [](int k) { return k % 5 ? PyUnicode_FromFormat("%d", k) : PyLong_FromLong(k); });
    PyErr_Clear();
    if (!hold) {
      return false;
    }
  }
  return true;
}

bool item_iterators_are_known() {
  ObjectRef dict = ObjectRef::steal(Py_BuildValue("{s:i,s:i,s:i,s:i}", "a", 1, "b", 2, "c", 3, "d", 4));
  ObjectRef one = ObjectRef::steal(PyUnicode_FromString("b"));
  bool known = dict && one && PyDict_DelItem(dict.get(), one.get()) == 0;
  ObjectRef items = ObjectRef::steal(known ? PyObject_CallMethod(dict.get(), "items", nullptr) : nullptr);
  ObjectRef iterator = ObjectRef::steal(items ? PyObject_GetIter(items.get()) : nullptr);
  known = iterator && Py_TYPE(iterator.get()) == &PyDictIterItem_Type &&
          PyDictIterItem_Type.tp_basicsize == sizeof(ItemIterator);
  const auto* it = reinterpret_cast<const ItemIterator*>(iterator.get());
  const auto stands = [&](Py_ssize_t position, Py_ssize_t left) {
    return reinterpret_cast<PyObject*>(it->dict) == dict.get() && it->used == 3 && it->position == position &&
           it->left == left;
  };
  known = known && stands(0, 3);
  PyObject *key = nullptr, *value = nullptr;
  known = known && step_items(iterator.get(), &key, &value) && PyUnicode_CompareWithASCIIString(key, "a") == 0 &&
          stands(1, 2);
  ObjectRef second = ObjectRef::steal(known ? PyIter_Next(iterator.get()) : nullptr);
  known = second && PyUnicode_CompareWithASCIIString(PyTuple_GET_ITEM(second.get(), 0), "c") == 0 && stands(3, 1);
  known = known && step_items(iterator.get(), &key, &value) && PyLong_AsLong(value) == 4 && stands(4, 0) &&
          !step_items(iterator.get(), &key, &value) && !PyIter_Next(iterator.get());
  PyErr_Clear();
  return known;
}

}  // namespace hasten::runtime
