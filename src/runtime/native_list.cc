#include "runtime/native_list.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <utility>

#include "runtime/item_buffers.h"
#include "runtime/object_layout.h"
#include "runtime/object_ref.h"
#include "runtime/planted.h"
#include "runtime/support.h"

namespace hasten::runtime {
namespace {

constexpr size_t kWord = 8;

static_assert(offsetof(NativeList, items) == offsetof(PyListObject, ob_item) &&
              offsetof(NativeList, allocated) == offsetof(PyListObject, allocated));

NativeList* as_native(PyObject* list) { return reinterpret_cast<NativeList*>(list); }
PyObject* as_object(NativeList* list) { return reinterpret_cast<PyObject*>(list); }

/// Reads a shape from its lowest nibble on.
class ShapeReader {
 public:
  explicit ShapeReader(uint64_t shape) : rest_(shape) {}
  unsigned next() {
    const auto nibble = static_cast<unsigned>(rest_ & 15);
    rest_ >>= 4;
    return nibble;
  }
  ItemShape kind() { return static_cast<ItemShape>(next()); }
  uint64_t rest() const { return rest_; }

  /// Passes over one shape; how many words it takes.
  size_t skip() {
    switch (kind()) {
      case ItemShape::Bool:
      case ItemShape::Int:
      case ItemShape::Float:
      case ItemShape::Char:
        return 1;
      case ItemShape::List:
        skip();
        return 1;
      case ItemShape::Complex:
        return 2;
      case ItemShape::Tuple:
        return several();
      case ItemShape::Union:
        return 1 + several();
      default:
        return 0;
    }
  }

 private:
  size_t several() {
    size_t words = 0;
    for (unsigned k = next(); k > 0; --k) words += skip();
    return words;
  }

  uint64_t rest_;
};

size_t item_bytes(uint64_t shape) {
  if (shape == static_cast<uint64_t>(ItemShape::Bool))
    return 1;
  return std::max<size_t>(ShapeReader(shape).skip(), 1) * kWord;
}

bool has_lists(uint64_t shape) {
  for (ShapeReader reader(shape); reader.rest();) {
    switch (reader.kind()) {
      case ItemShape::List:
        return true;
      case ItemShape::Tuple:
      case ItemShape::Union:
        reader.next();
        break;
      default:
        break;
    }
  }
  return false;
}

/// f for the place of each list in the item at `at`; a null there is an alternative that is not the one.
template <class F>
void each_list(ShapeReader& reader, char*& at, const F& f) {
  const auto several = [&] {
    for (unsigned k = reader.next(); k > 0; --k) each_list(reader, at, f);
  };
  switch (reader.kind()) {
    case ItemShape::List:
      reader.skip();
      f(reinterpret_cast<PyObject**>(at));
      at += kWord;
      break;
    case ItemShape::Tuple:
      several();
      break;
    case ItemShape::Union:
      at += kWord;
      several();
      break;
    case ItemShape::None:
    case ItemShape::End:
      break;
    case ItemShape::Complex:
      at += 2 * kWord;
      break;
    default:
      at += kWord;
  }
}

template <class F>
void each_list_in(uint64_t shape, char* items, Py_ssize_t count, const F& f) {
  if (!has_lists(shape))
    return;
  const size_t bytes = item_bytes(shape);
  for (Py_ssize_t k = 0; k < count; ++k) {
    ShapeReader reader(shape);
    char* at = items + static_cast<size_t>(k) * bytes;
    each_list(reader, at, f);
  }
}

void retain_items(uint64_t shape, char* items, Py_ssize_t count) {
  each_list_in(shape, items, count, [](PyObject** place) { Py_XINCREF(*place); });
}

void dealloc(PyObject* self) {
  NativeList* list = as_native(self);
  each_list_in(list->shape, list->items, Py_SIZE(self), [](PyObject** place) { Py_XDECREF(*place); });
  Py_XDECREF(list->object);
  free_item_buffer(list->items, static_cast<size_t>(list->allocated) * item_bytes(list->shape));
  PyObject_Free(list);
}

PyTypeObject native_list_type = [] {
  PyTypeObject type{};
  type.ob_base.ob_base.ob_refcnt = 1;
  type.tp_name = "hasten.native_list";
  type.tp_basicsize = sizeof(NativeList);
  type.tp_dealloc = dealloc;
  type.tp_flags = Py_TPFLAGS_DEFAULT;
  return type;
}();

/// What is returned instead of a list, with MemoryError set: its size is negative. So there is always something to read.
NativeList no_list = [] {
  NativeList list{};
  list.ob_base.ob_base.ob_refcnt = 1;
  list.ob_base.ob_base.ob_type = &native_list_type;
  list.ob_base.ob_size = -1;
  return list;
}();
PyObject* list_or_none(NativeList* list) { return as_object(list ? list : &no_list); }

/// Room for `count` items; null: MemoryError is set.
NativeList* make(uint64_t shape, Py_ssize_t count) {
  const size_t bytes = item_bytes(shape);
  if (static_cast<size_t>(count) > static_cast<size_t>(PY_SSIZE_T_MAX) / bytes) {
    PyErr_NoMemory();
    return nullptr;
  }
  auto* list = static_cast<NativeList*>(PyObject_Malloc(sizeof(NativeList)));
  size_t room = static_cast<size_t>(count) * bytes;
  char* items = list && count > 0 ? item_buffer(&room) : nullptr;
  if (!list || (count > 0 && !items)) {
    PyObject_Free(list);
    PyErr_NoMemory();
    return nullptr;
  }
  PyObject_InitVar(reinterpret_cast<PyVarObject*>(list), &native_list_type, count);
  list->items = items;
  list->allocated = static_cast<Py_ssize_t>(room / bytes);
  list->shape = shape;
  list->object = nullptr;
  return list;
}

/// Room for `more` items behind those that are there.
bool reserve(NativeList* list, Py_ssize_t more) {
  const size_t bytes = item_bytes(list->shape);
  const Py_ssize_t size = Py_SIZE(list);
  if (size + more <= list->allocated)
    return true;
  const Py_ssize_t wanted = std::max(size + more, size + (size >> 2) + 8);
  size_t room = static_cast<size_t>(wanted) * bytes;
  char* items = static_cast<size_t>(wanted) > static_cast<size_t>(PY_SSIZE_T_MAX) / bytes
                    ? nullptr
                    : grown_item_buffer(list->items, static_cast<size_t>(list->allocated) * bytes,
                                        static_cast<size_t>(size) * bytes, &room);
  if (!items) {
    PyErr_NoMemory();
    return false;
  }
  list->items = items;
  list->allocated = static_cast<Py_ssize_t>(room / bytes);
  return true;
}

void set_size(NativeList* list, Py_ssize_t size) { reinterpret_cast<PyVarObject*>(list)->ob_size = size; }

/// memcpy, of nothing too.
void copy(char* to, const char* from, size_t bytes) {
  if (bytes > 0)
    std::memcpy(to, from, bytes);
}

int64_t int_at(const char* at) {
  int64_t value;
  std::memcpy(&value, at, sizeof value);
  return value;
}
double float_at(const char* at) {
  double value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

PyObject* object_of(PyObject* self, bool is_kept);

/// One item as an object; moves past it. Null: an exception is set.
PyObject* box(ShapeReader& reader, const char*& at, bool is_kept) {
  const ItemShape kind = reader.kind();
  const char* here = at;
  switch (kind) {
    case ItemShape::None:
      return Py_NewRef(Py_None);
    case ItemShape::Bool:
      at += kWord;
      return PyBool_FromLong(int_at(here) != 0);
    case ItemShape::Int:
      at += kWord;
      return PyLong_FromLongLong(int_at(here));
    case ItemShape::Float:
      at += kWord;
      return PyFloat_FromDouble(float_at(here));
    case ItemShape::Complex:
      at += 2 * kWord;
      return PyComplex_FromDoubles(float_at(here), float_at(here + kWord));
    case ItemShape::Char:
      at += kWord;
      return PyUnicode_FromOrdinal(static_cast<int>(int_at(here)));
    case ItemShape::List:
      reader.skip();
      at += kWord;
      return object_of(reinterpret_cast<PyObject*>(int_at(here)), is_kept);
    case ItemShape::Tuple: {
      const unsigned count = reader.next();
      ObjectRef tuple = ObjectRef::steal(PyTuple_New(count));
      for (unsigned k = 0; k < count; ++k) {
        PyObject* item = tuple ? box(reader, at, is_kept) : nullptr;
        if (!item)
          return nullptr;
        PyTuple_SET_ITEM(tuple.get(), k, item);
      }
      return tuple.release();
    }
    case ItemShape::Union: {
      const auto tag = static_cast<uint64_t>(int_at(at));  // the index of a bit of Kind
      constexpr uint64_t kCharTag = 16;
      const auto wanted = tag == kCharTag ? ItemShape::Char : static_cast<ItemShape>(tag);
      at += kWord;
      PyObject* chosen = nullptr;
      for (unsigned k = reader.next(); k > 0; --k) {
        if (ShapeReader(reader).kind() == wanted)
          chosen = box(reader, at, is_kept);
        else
          at += kWord * reader.skip();
      }
      return chosen;
    }
    case ItemShape::End:
      break;
  }
  PyErr_SetString(PyExc_SystemError, "a native list of unknown shape; report this as a bug of hasten");
  return nullptr;
}

bool is_number_that_is_not_nan(uint64_t shape, const char* at) {
  return shape == static_cast<uint64_t>(ItemShape::Int) ||
         (shape == static_cast<uint64_t>(ItemShape::Float) && !std::isnan(float_at(at)));
}

/// The list object for it; `is_kept`: it will be the same one the next time.
PyObject* object_of(PyObject* self, bool is_kept) {
  NativeList* list = as_native(self);
  if (is_kept && list->object && !planted_bug(Plant::NativeObjectTwice))
    return Py_NewRef(list->object);
  const Py_ssize_t size = Py_SIZE(self);
  const size_t bytes = item_bytes(list->shape);
  ObjectRef made = ObjectRef::steal(PyList_New(size));
  if (!made)
    return nullptr;
  if (is_kept)
    list->object = Py_NewRef(made.get());
  for (Py_ssize_t k = 0; k < size; ++k) {
    const char* at = list->items + static_cast<size_t>(k) * bytes;
    PyObject* item;
    if (bytes == 1) {
      item = PyBool_FromLong(*at);
    } else if (k > 0 && is_number_that_is_not_nan(list->shape, at) && int_at(at) == int_at(at - kWord)) {
      item = Py_NewRef(PyList_GET_ITEM(made.get(), k - 1));  // `[x] * n` is n times one object
    } else {
      ShapeReader reader(list->shape);
      item = box(reader, at, is_kept);
    }
    if (!item) {
      Py_CLEAR(list->object);
      return nullptr;
    }
    PyList_SET_ITEM(made.get(), k, item);
  }
  return made.release();
}

bool is_int_shape(uint64_t shape) { return shape == static_cast<uint64_t>(ItemShape::Int); }
bool is_float_shape(uint64_t shape) { return shape == static_cast<uint64_t>(ItemShape::Float); }

int64_t number_at(const NativeList* list, Py_ssize_t k) {
  return is_int_shape(list->shape) ? int_at(list->items + static_cast<size_t>(k) * kWord) : list->items[k];
}

bool equal_words(uint64_t shape, const char* a, const char* b, Py_ssize_t count) {
  if (!has_lists(shape))
    return count == 0 || std::memcmp(a, b, static_cast<size_t>(count) * item_bytes(shape)) == 0;
  for (Py_ssize_t k = 0; k < count; ++k) {  // a list of lists
    auto *x = reinterpret_cast<PyObject*>(int_at(a + static_cast<size_t>(k) * kWord)),
         *y = reinterpret_cast<PyObject*>(int_at(b + static_cast<size_t>(k) * kWord));
    if (x != y && (Py_SIZE(x) != Py_SIZE(y) ||
                   !equal_words(as_native(x)->shape, as_native(x)->items, as_native(y)->items, Py_SIZE(x))))
      return false;
  }
  return true;
}

extern "C" {

/// Whoever asks for it writes all items before anything else is done.
PyObject* hj_native_list(int64_t size, uint64_t shape) { return list_or_none(make(shape, size)); }

PyObject* hj_native_object(PyObject* list) { return object_of(list, true); }
/// Of what native code goes on with.
PyObject* hj_native_copy(PyObject* list) { return object_of(list, false); }

/// Nobody has it any more.
void hj_native_free(PyObject* list) { dealloc(list); }

/// Room for `more` items. 0, or -1: MemoryError is set.
int32_t hj_native_grow(PyObject* list, int64_t more) { return reserve(as_native(list), more) ? 0 : -1; }

PyObject* hj_native_repeat(PyObject* self, int64_t times) {
  NativeList* list = as_native(self);
  const Py_ssize_t size = Py_SIZE(self);
  times = std::max<int64_t>(times, 0);
  if (size > 0 && times > PY_SSIZE_T_MAX / size)
    return PyErr_NoMemory(), list_or_none(nullptr);
  const size_t bytes = item_bytes(list->shape), once = bytes * static_cast<size_t>(size);
  NativeList* made = make(list->shape, size * times);
  if (!made)
    return list_or_none(made);
  const size_t all = once * static_cast<size_t>(times);
  if (all > 0) {
    if (bytes == kWord && size == 1) {
      std::fill_n(reinterpret_cast<int64_t*>(made->items), times, int_at(list->items));
    } else {
      std::memcpy(made->items, list->items, once);
      for (size_t done = once; done < all;) {
        const size_t more = std::min(done, all - done);
        std::memcpy(made->items + done, made->items, more);
        done += more;
      }
    }
  }
  retain_items(made->shape, made->items, Py_SIZE(made));
  return as_object(made);
}

PyObject* hj_native_slice(PyObject* self, int64_t low, int64_t high) {
  NativeList* list = as_native(self);
  NativeList* made = make(list->shape, high - low);
  if (!made)
    return list_or_none(made);
  const size_t bytes = item_bytes(list->shape);
  copy(made->items, list->items + static_cast<size_t>(low) * bytes, static_cast<size_t>(high - low) * bytes);
  if (!planted_bug(Plant::NativeSliceRows))
    retain_items(made->shape, made->items, Py_SIZE(made));
  return as_object(made);
}

PyObject* hj_native_concat(PyObject* a, PyObject* c) {
  NativeList *left = as_native(a), *right = as_native(c);
  NativeList* made = make(left->shape, Py_SIZE(a) + Py_SIZE(c));
  if (!made)
    return list_or_none(made);
  const size_t bytes = item_bytes(made->shape), first = bytes * static_cast<size_t>(Py_SIZE(a));
  copy(made->items, left->items, first);
  copy(made->items + first, right->items, bytes * static_cast<size_t>(Py_SIZE(c)));
  retain_items(made->shape, made->items, Py_SIZE(made));
  return as_object(made);
}

/// 0, or -1: MemoryError is set. It may be extended by itself.
int32_t hj_native_extend(PyObject* self, PyObject* by) {
  NativeList* list = as_native(self);
  const Py_ssize_t more = Py_SIZE(by), size = Py_SIZE(self);
  if (!reserve(list, more))
    return -1;
  const size_t bytes = item_bytes(list->shape);
  char* end = list->items + static_cast<size_t>(size) * bytes;
  copy(end, as_native(by)->items, static_cast<size_t>(more) * bytes);
  retain_items(list->shape, end, more);
  set_size(list, size + more);
  return 0;
}

/// list(range(start, stop, step)) of `count` items.
PyObject* hj_native_range(int64_t start, int64_t step, int64_t count) {
  NativeList* made = make(static_cast<uint64_t>(ItemShape::Int), count);
  if (!made)
    return list_or_none(made);
  auto value = static_cast<uint64_t>(start);  // the step past the last one may wrap
  for (int64_t k = 0; k < count; ++k, value += static_cast<uint64_t>(step))
    std::memcpy(made->items + static_cast<size_t>(k) * kWord, &value, kWord);
  return as_object(made);
}

/// Makes room for an item at `index`; its place, or null: MemoryError is set.
char* hj_native_open(PyObject* self, int64_t index) {
  NativeList* list = as_native(self);
  if (!reserve(list, 1))
    return nullptr;
  const size_t bytes = item_bytes(list->shape);
  char* place = list->items + static_cast<size_t>(index) * bytes;
  std::memmove(place + bytes, place, static_cast<size_t>(Py_SIZE(self) - index) * bytes);
  set_size(list, Py_SIZE(self) + 1);
  return place;
}

/// Takes the item at `index` away, whose references are somebody else's by now.
void hj_native_close(PyObject* self, int64_t index) {
  NativeList* list = as_native(self);
  const size_t bytes = item_bytes(list->shape);
  char* place = list->items + static_cast<size_t>(index) * bytes;
  set_size(list, Py_SIZE(self) - 1);
  Py_ssize_t behind = Py_SIZE(self) - index;
  if (behind > 0 && planted_bug(Plant::NativeCloseShort))
    --behind;
  std::memmove(place, place + bytes, static_cast<size_t>(behind) * bytes);
}

void hj_native_reverse(PyObject* self) {
  NativeList* list = as_native(self);
  const size_t bytes = item_bytes(list->shape);
  for (Py_ssize_t low = 0, high = Py_SIZE(self) - 1; low < high; ++low, --high) {
    char *a = list->items + static_cast<size_t>(low) * bytes, *c = list->items + static_cast<size_t>(high) * bytes;
    std::swap_ranges(a, a + bytes, c);
  }
}

void hj_native_clear(PyObject* self) {
  NativeList* list = as_native(self);
  const Py_ssize_t size = Py_SIZE(self);
  set_size(list, 0);
  each_list_in(list->shape, list->items, size, [](PyObject** place) { Py_XDECREF(*place); });
}

/// Numbers alone. 0: there is a NaN, and nothing has been done.
int32_t hj_native_sort(PyObject* self) {
  NativeList* list = as_native(self);
  const Py_ssize_t size = Py_SIZE(self);
  if (size < 2)
    return 1;
  if (is_float_shape(list->shape)) {
    auto* numbers = reinterpret_cast<double*>(list->items);
    if (std::any_of(numbers, numbers + size, [](double x) { return std::isnan(x); }) &&
        !planted_bug(Plant::NativeSortNan))
      return 0;
    std::stable_sort(numbers, numbers + size);  // 0.0 and -0.0 are equal
  } else if (is_int_shape(list->shape)) {
    auto* numbers = reinterpret_cast<int64_t*>(list->items);
    std::sort(numbers, numbers + size);
  } else {
    std::sort(list->items, list->items + size);
  }
  return 1;
}

/// Where the number is first; -1: nowhere. Of ints and bools.
int64_t hj_native_find(PyObject* self, int64_t value) {
  const NativeList* list = as_native(self);
  for (Py_ssize_t k = 0; k < Py_SIZE(self); ++k) {
    if (number_at(list, k) == value)
      return k;
  }
  return -1;
}

int64_t hj_native_count(PyObject* self, int64_t value) {
  const NativeList* list = as_native(self);
  int64_t count = 0;
  for (Py_ssize_t k = 0; k < Py_SIZE(self); ++k) count += number_at(list, k) == value;
  return count;
}

/// Of lists of one shape, without floats in it.
int32_t hj_native_equal(PyObject* a, PyObject* c) {
  return Py_SIZE(a) == Py_SIZE(c) &&
         equal_words(as_native(a)->shape, as_native(a)->items, as_native(c)->items, Py_SIZE(a));
}

/// Of ints and bools. False: it is no int64.
struct Sum {
  int64_t value, holds;
};
Sum hj_native_sum(PyObject* self) {
  const NativeList* list = as_native(self);
  int64_t total = 0;
  for (Py_ssize_t k = 0; k < Py_SIZE(self); ++k) {
    if (__builtin_add_overflow(total, number_at(list, k), &total))
      return {0, 0};
  }
  return {total, 1};
}

/// As sum() adds them: with what the additions have lost from Python 3.12 on.
double hj_native_sum_floats(PyObject* self) {
  const NativeList* list = as_native(self);
  double total = 0, lost = 0;
  const bool compensates = sum_compensates();
  for (Py_ssize_t k = 0; k < Py_SIZE(self); ++k) {
    const double x = float_at(list->items + static_cast<size_t>(k) * kWord), next = total + x;
    if (compensates)
      lost += std::fabs(total) >= std::fabs(x) ? (total - next) + x : (x - next) + total;
    total = next;
  }
  return lost != 0 && std::isfinite(lost) ? total + lost : total;
}

/// Where the least (greatest) is first. REQUIRES: numbers alone, at least one.
int64_t hj_native_extreme(PyObject* self, int32_t is_least) {
  const NativeList* list = as_native(self);
  Py_ssize_t best = 0;
  for (Py_ssize_t k = 1; k < Py_SIZE(self); ++k) {
    bool better;
    if (is_float_shape(list->shape)) {
      const double x = float_at(list->items + static_cast<size_t>(k) * kWord),
                   y = float_at(list->items + static_cast<size_t>(best) * kWord);
      better = is_least ? x < y : x > y;
    } else {
      better = is_least ? number_at(list, k) < number_at(list, best) : number_at(list, k) > number_at(list, best);
    }
    if (better)
      best = k;
  }
  return best;
}

}  // extern "C"

}  // namespace

bool prepare_native_lists() { return PyType_Ready(&native_list_type) == 0; }

PyObject* object_of_native_list(PyObject* list) { return object_of(list, true); }

std::span<const SupportSymbol> native_list_symbols() {
#define HASTEN_SYMBOL(name) {#name, reinterpret_cast<void*>(&name)}
  static const SupportSymbol kSymbols[] = {
      HASTEN_SYMBOL(hj_native_list),    HASTEN_SYMBOL(hj_native_object),     HASTEN_SYMBOL(hj_native_copy),
      HASTEN_SYMBOL(hj_native_grow),    HASTEN_SYMBOL(hj_native_repeat),     HASTEN_SYMBOL(hj_native_slice),
      HASTEN_SYMBOL(hj_native_concat),  HASTEN_SYMBOL(hj_native_extend),     HASTEN_SYMBOL(hj_native_range),
      HASTEN_SYMBOL(hj_native_open),    HASTEN_SYMBOL(hj_native_close),      HASTEN_SYMBOL(hj_native_reverse),
      HASTEN_SYMBOL(hj_native_clear),   HASTEN_SYMBOL(hj_native_sort),       HASTEN_SYMBOL(hj_native_find),
      HASTEN_SYMBOL(hj_native_count),   HASTEN_SYMBOL(hj_native_equal),      HASTEN_SYMBOL(hj_native_sum),
      HASTEN_SYMBOL(hj_native_extreme), HASTEN_SYMBOL(hj_native_sum_floats), HASTEN_SYMBOL(hj_native_free),
  };
#undef HASTEN_SYMBOL
  return kSymbols;
}

}  // namespace hasten::runtime
