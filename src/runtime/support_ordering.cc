// The functions of support.h that put things in order: heaps and sorting. Numbers, texts and tuples of such are compared
// here, since nobody's code runs when they are; everything else as CPython compares it, at the same points.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>
#include <vector>

#include <Python.h>

#include "runtime/object_layout.h"
#include "runtime/support.h"

namespace hasten::runtime {
namespace {

enum class Answer : uint8_t { No, Yes, Unsure };
Answer answer(bool holds) { return holds ? Answer::Yes : Answer::No; }

constexpr int kNestingMax = 4;

/// An exact int that fits int64.
bool read_int(PyObject* object, int64_t* value) {
  if (read_small_int(object, value))
    return true;
  int overflow = 0;
  *value = PyLong_AsLongLongAndOverflow(object, &overflow);
  return overflow == 0;
}

int order_of_texts(PyObject* a, PyObject* b) {
  if (a == b)
    return 0;
  if (PyUnicode_KIND(a) != PyUnicode_1BYTE_KIND || PyUnicode_KIND(b) != PyUnicode_1BYTE_KIND)
    return PyUnicode_Compare(a, b);
  const Py_ssize_t x = PyUnicode_GET_LENGTH(a), y = PyUnicode_GET_LENGTH(b);
  const int order = std::memcmp(PyUnicode_DATA(a), PyUnicode_DATA(b), static_cast<size_t>(std::min(x, y)));
  return order != 0 ? order : x < y ? -1 : x > y;
}

/// `a == b` as within a tuple: what is the same object is equal.
Answer equal(PyObject* a, PyObject* b, int depth);
Answer less(PyObject* a, PyObject* b, int depth);

Answer tuple_less(PyObject* a, PyObject* b, int depth) {
  if (depth == kNestingMax)
    return Answer::Unsure;
  const Py_ssize_t x = PyTuple_GET_SIZE(a), y = PyTuple_GET_SIZE(b);
  for (Py_ssize_t k = 0; k < x && k < y; ++k) {
    PyObject *one = PyTuple_GET_ITEM(a, k), *other = PyTuple_GET_ITEM(b, k);
    const Answer same = equal(one, other, depth + 1);
    if (same == Answer::Unsure)
      return same;
    if (same == Answer::No)
      return less(one, other, depth + 1);
  }
  return answer(x < y);
}

Answer tuple_equal(PyObject* a, PyObject* b, int depth) {
  if (depth == kNestingMax)
    return Answer::Unsure;
  const Py_ssize_t x = PyTuple_GET_SIZE(a), y = PyTuple_GET_SIZE(b);
  for (Py_ssize_t k = 0; k < x && k < y; ++k) {
    const Answer same = equal(PyTuple_GET_ITEM(a, k), PyTuple_GET_ITEM(b, k), depth + 1);
    if (same != Answer::Yes)
      return same;
  }
  return answer(x == y);
}

Answer equal(PyObject* a, PyObject* b, int depth) {
  if (a == b)
    return Answer::Yes;
  const PyTypeObject* cls = Py_TYPE(a);
  if (cls != Py_TYPE(b))
    return Answer::Unsure;
  if (cls == &PyLong_Type) {
    int64_t x = 0, y = 0;
    return read_int(a, &x) && read_int(b, &y) ? answer(x == y) : Answer::Unsure;
  }
  if (cls == &PyUnicode_Type)
    return answer(PyUnicode_GET_LENGTH(a) == PyUnicode_GET_LENGTH(b) && order_of_texts(a, b) == 0);
  if (cls == &PyFloat_Type)
    return answer(PyFloat_AS_DOUBLE(a) == PyFloat_AS_DOUBLE(b));
  return cls == &PyTuple_Type ? tuple_equal(a, b, depth) : Answer::Unsure;
}

Answer less(PyObject* a, PyObject* b, int depth) {
  const PyTypeObject* cls = Py_TYPE(a);
  if (cls != Py_TYPE(b))
    return Answer::Unsure;
  if (cls == &PyLong_Type) {
    int64_t x = 0, y = 0;
    return read_int(a, &x) && read_int(b, &y) ? answer(x < y) : Answer::Unsure;
  }
  if (cls == &PyUnicode_Type)
    return answer(order_of_texts(a, b) < 0);
  if (cls == &PyFloat_Type)
    return answer(PyFloat_AS_DOUBLE(a) < PyFloat_AS_DOUBLE(b));
  return cls == &PyTuple_Type ? tuple_less(a, b, depth) : Answer::Unsure;
}

/// `a < b` of items of a list that code which is run may change; -1: it raised.
int is_less(PyObject* a, PyObject* b) {
  const Answer known = less(a, b, 0);
  if (known != Answer::Unsure)
    return known == Answer::Yes;
  Py_INCREF(a);
  Py_INCREF(b);
  const int result = PyObject_RichCompareBool(a, b, Py_LT);
  Py_DECREF(a);
  Py_DECREF(b);
  return result;
}

PyObject** items_of(PyObject* list) { return reinterpret_cast<PyListObject*>(list)->ob_item; }

bool has_size(PyObject* list, Py_ssize_t size) {
  if (PyList_GET_SIZE(list) == size)
    return true;
  PyErr_SetString(PyExc_RuntimeError, "list changed size during iteration");
  return false;
}

bool index_is_in(PyObject* list, Py_ssize_t at) {
  if (at < PyList_GET_SIZE(list))
    return true;
  PyErr_SetString(PyExc_IndexError, "index out of range");
  return false;
}

// As in CPython's _heapq, comparison by comparison.

bool sift_down(PyObject* heap, Py_ssize_t start, Py_ssize_t at) {
  if (!index_is_in(heap, at))
    return false;
  const Py_ssize_t size = PyList_GET_SIZE(heap);
  while (at > start) {
    const Py_ssize_t parent = (at - 1) >> 1;
    PyObject** items = items_of(heap);
    const int is_before = is_less(items[at], items[parent]);
    if (is_before < 0 || !has_size(heap, size))
      return false;
    if (!is_before)
      break;
    items = items_of(heap);
    std::swap(items[parent], items[at]);
    at = parent;
  }
  return true;
}

bool sift_up(PyObject* heap, Py_ssize_t at) {
  if (!index_is_in(heap, at))
    return false;
  const Py_ssize_t start = at, end = PyList_GET_SIZE(heap), limit = end >> 1;
  while (at < limit) {
    Py_ssize_t child = 2 * at + 1;
    if (child + 1 < end) {
      const int is_before = is_less(items_of(heap)[child], items_of(heap)[child + 1]);
      if (is_before < 0)
        return false;
      child += is_before == 0;
      if (!has_size(heap, end))
        return false;
    }
    PyObject** items = items_of(heap);
    std::swap(items[child], items[at]);
    at = child;
  }
  return sift_down(heap, start, at);
}

/// What sorting puts in order: keys of the items, beside them.
template <class Key>
struct Keyed {
  Key key;
  PyObject* item;
};

/// Sorts stably, as CPython does; `before` runs nobody's code, and is an order.
template <class T, class Before>
void sort_stably(std::vector<T>& all, Before before) {
  constexpr size_t kFew = 24;
  if (all.size() > kFew) {
    if (!std::is_sorted(all.begin(), all.end(), before))
      std::stable_sort(all.begin(), all.end(), before);
    return;
  }
  for (size_t k = 1; k < all.size(); ++k) {
    T one = all[k];
    size_t at = k;
    for (; at > 0 && before(one, all[at - 1]); --at) all[at] = all[at - 1];
    all[at] = one;
  }
}

/// The first eight characters, as a number that is ordered as they are.
uint64_t first_characters(PyObject* text) {
  unsigned char bytes[8] = {};
  std::memcpy(bytes, PyUnicode_DATA(text), static_cast<size_t>(std::min<Py_ssize_t>(8, PyUnicode_GET_LENGTH(text))));
  uint64_t number = 0;
  std::memcpy(&number, bytes, sizeof number);
  return __builtin_bswap64(number);
}

template <class Key, class Read, class Before>
bool sort_by_key(PyObject* list, bool reverse, Read read, Before before) {
  static std::vector<Keyed<Key>> all;  // under the GIL, and nobody's code runs meanwhile
  all.clear();
  PyObject** items = items_of(list);
  for (Py_ssize_t k = 0; k < PyList_GET_SIZE(list); ++k) {
    Keyed<Key> one{{}, items[k]};
    if (!read(items[k], &one.key))
      return false;
    all.push_back(one);
  }
  if (reverse)  // what is equal stays in order
    sort_stably(all, [&](const auto& x, const auto& y) { return before(y, x); });
  else
    sort_stably(all, before);
  for (size_t k = 0; k < all.size(); ++k) items[k] = all[k].item;
  return true;
}

/// Whether the list has been sorted without CPython: it holds nothing but ints, floats or texts.
bool sort_plainly(PyObject* list, bool reverse) {
  const Py_ssize_t size = PyList_GET_SIZE(list);
  if (size < 2 || reinterpret_cast<PyListObject*>(list)->allocated < size)
    return size < 2;
  const PyTypeObject* cls = Py_TYPE(items_of(list)[0]);
  const auto by_key = [](const auto& x, const auto& y) { return x.key < y.key; };
  if (cls == &PyLong_Type)
    return sort_by_key<int64_t>(
        list, reverse, [](PyObject* o, int64_t* key) { return PyLong_CheckExact(o) && read_int(o, key); }, by_key);
  if (cls == &PyFloat_Type)
    return sort_by_key<double>(
        list, reverse,
        [](PyObject* o, double* key) { return PyFloat_CheckExact(o) && !std::isnan(*key = PyFloat_AS_DOUBLE(o)); },
        by_key);
  if (cls != &PyUnicode_Type)
    return false;
  return sort_by_key<uint64_t>(
      list, reverse,
      [](PyObject* o, uint64_t* key) {
        if (!PyUnicode_CheckExact(o) || PyUnicode_KIND(o) != PyUnicode_1BYTE_KIND)
          return false;
        *key = first_characters(o);
        return true;
      },
      [](const auto& x, const auto& y) { return x.key != y.key ? x.key < y.key : order_of_texts(x.item, y.item) < 0; });
}

/// The characters of a text in order; null without an exception: they are not of the first 256.
PyObject* sorted_characters(PyObject* text) {
  if (PyUnicode_KIND(text) != PyUnicode_1BYTE_KIND)
    return nullptr;
  Py_ssize_t counts[256] = {};
  const Py_UCS1* letters = PyUnicode_1BYTE_DATA(text);
  const Py_ssize_t size = PyUnicode_GET_LENGTH(text);
  Py_UCS1 least = 255, most = 0;
  for (Py_ssize_t k = 0; k < size; ++k) {
    ++counts[letters[k]];
    least = std::min(least, letters[k]);
    most = std::max(most, letters[k]);
  }
  PyObject* list = PyList_New(size);
  Py_ssize_t at = 0;
  for (unsigned c = least; list && c <= most; ++c) {
    for (Py_ssize_t left = counts[c]; left > 0; --left)
      PyList_SET_ITEM(list, at++, PyUnicode_FromOrdinal(static_cast<int>(c)));  // each of these is there already
  }
  return list;
}

/// What "".join() makes of the sorted characters of a text of the first 256; null without an exception: it is no such text.
PyObject* sorted_text(PyObject* text) {
  constexpr Py_ssize_t kShort = 24;
  if (!PyUnicode_CheckExact(text) || PyUnicode_KIND(text) != PyUnicode_1BYTE_KIND)
    return nullptr;
  const Py_UCS1* letters = PyUnicode_1BYTE_DATA(text);
  const Py_ssize_t size = PyUnicode_GET_LENGTH(text);
  if (size == 1)
    return PyUnicode_FromOrdinal(*letters);  // the only item itself
  PyObject* sorted = PyUnicode_New(size, size ? *std::max_element(letters, letters + size) : 0);
  if (!sorted || size == 0)
    return sorted;
  Py_UCS1* out = PyUnicode_1BYTE_DATA(sorted);
  if (size <= kShort) {
    for (Py_ssize_t k = 0; k < size; ++k) {
      Py_ssize_t at = k;
      for (; at > 0 && out[at - 1] > letters[k]; --at) out[at] = out[at - 1];
      out[at] = letters[k];
    }
    return sorted;
  }
  Py_ssize_t counts[256] = {};
  for (Py_ssize_t k = 0; k < size; ++k) ++counts[letters[k]];
  for (unsigned c = 0; c < 256; ++c) {
    std::memset(out, static_cast<int>(c), static_cast<size_t>(counts[c]));
    out += counts[c];
  }
  return sorted;
}

/// f of all that a list, tuple, set or the values of a dict hold, in order; false: it is something else, or f says so.
template <class F>
bool each_item(PyObject* object, F f) {
  if (PyList_CheckExact(object) || PyTuple_CheckExact(object)) {
    PyObject** items = PySequence_Fast_ITEMS(object);
    for (Py_ssize_t k = 0; k < Py_SIZE(object); ++k) {
      if (!f(items[k]))
        return false;
    }
    return true;
  }
  if (!PyAnySet_CheckExact(object) && Py_TYPE(object) != &PyDictValues_Type && !PyDict_CheckExact(object))
    return false;
  PyObject* iterator = PyObject_GetIter(object);
  bool holds = iterator != nullptr;
  while (holds) {
    PyObject* item = Py_TYPE(iterator)->tp_iternext(iterator);
    if (!item)
      break;
    holds = f(item);
    Py_DECREF(item);  // the container keeps it
  }
  holds = holds && !PyErr_Occurred();
  PyErr_Clear();
  Py_XDECREF(iterator);
  return holds;
}

extern "C" {

// Null without an exception: ask Python.
PyObject* hj_sum(PyObject* object, int32_t) {
  int64_t total = 0;
  const bool holds = each_item(object, [&](PyObject* item) {
    int64_t value = 0;
    return PyLong_CheckExact(item) && read_int(item, &value) && !__builtin_add_overflow(total, value, &total);
  });
  return holds ? PyLong_FromLongLong(total) : nullptr;
}
PyObject* hj_extreme(PyObject* object, int32_t is_least) {
  PyObject* best = nullptr;
  const bool holds = each_item(object, [&](PyObject* item) {
    const Answer better = !best ? Answer::Yes : is_least ? less(item, best, 0) : less(best, item, 0);
    if (better == Answer::Yes)
      best = item;
    return better != Answer::Unsure;
  });
  return holds ? Py_XNewRef(best) : nullptr;
}

/// 0, or -1: it raised.
int32_t hj_heap_push(PyObject* heap, PyObject* item) {
  if (PyList_Append(heap, item) < 0)
    return -1;
  return sift_down(heap, 0, PyList_GET_SIZE(heap) - 1) ? 0 : -1;
}

PyObject* hj_heap_pop(PyObject* heap) {
  const Py_ssize_t size = PyList_GET_SIZE(heap);
  if (size == 0) {
    PyErr_SetString(PyExc_IndexError, "index out of range");
    return nullptr;
  }
  PyObject* last = Py_NewRef(PyList_GET_ITEM(heap, size - 1));
  if (PyList_SetSlice(heap, size - 1, size, nullptr) < 0) {
    Py_DECREF(last);
    return nullptr;
  }
  if (size == 1)
    return last;
  PyObject* first = PyList_GET_ITEM(heap, 0);
  PyList_SET_ITEM(heap, 0, last);
  if (!sift_up(heap, 0))
    Py_CLEAR(first);
  return first;
}

/// sorted(iterable), a new list.
PyObject* hj_sorted(PyObject* iterable) {
  PyObject* list = PyUnicode_CheckExact(iterable) ? sorted_characters(iterable) : nullptr;
  if (list || PyErr_Occurred())
    return list;
  list = PySequence_List(iterable);
  if (list && !sort_plainly(list, false) && PyList_Sort(list) < 0)
    Py_CLEAR(list);
  return list;
}

/// The same for "".join() and nobody else: of a text that may be the text of the sorted characters, which joins to itself.
PyObject* hj_sorted_to_join(PyObject* iterable) {
  PyObject* text = sorted_text(iterable);
  return text || PyErr_Occurred() ? text : hj_sorted(iterable);
}

/// list.sort(). 0, or -1: it raised.
int32_t hj_list_sort(PyObject* list) { return sort_plainly(list, false) ? 0 : PyList_Sort(list); }

}  // extern "C"

}  // namespace

std::span<const SupportSymbol> ordering_symbols() {
#define HASTEN_SYMBOL(name) {#name, reinterpret_cast<void*>(&name)}
  static const SupportSymbol kSymbols[] = {
      HASTEN_SYMBOL(hj_heap_push),      HASTEN_SYMBOL(hj_heap_pop), HASTEN_SYMBOL(hj_sorted),
      HASTEN_SYMBOL(hj_list_sort),      HASTEN_SYMBOL(hj_sum),      HASTEN_SYMBOL(hj_extreme),
      HASTEN_SYMBOL(hj_sorted_to_join),
  };
#undef HASTEN_SYMBOL
  return kSymbols;
}

}  // namespace hasten::runtime
