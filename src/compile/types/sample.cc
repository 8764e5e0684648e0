#include "compile/types/sample.h"

#include <algorithm>
#include <array>

#include "compile/types/buffers.h"
#include "compile/types/known.h"

namespace hasten::compile {
namespace {

constexpr int kDepthMax = 4;
constexpr Py_ssize_t kTupleItemsMax = 16;

/// Whether the int, which is beyond int64, fits 128 bits.
bool fits_wide(PyObject* object, Wide& value) {
  PyObject* by = PyLong_FromLong(64);
  PyObject* upper = by ? PyNumber_Rshift(object, by) : nullptr;
  int overflow = 1;
  const int64_t high = upper ? PyLong_AsLongLongAndOverflow(upper, &overflow) : 0;
  const uint64_t low = PyLong_AsUnsignedLongLongMask(object);
  Py_XDECREF(upper);
  Py_XDECREF(by);
  PyErr_Clear();
  value = Wide{high} * (Wide{1} << 64) + Wide{low};
  return overflow == 0;
}

bool fits_int64(PyObject* object, int64_t& value) {
  int overflow = 0;
  value = PyLong_AsLongLongAndOverflow(object, &overflow);
  return overflow == 0;
}

Type scalar_type(PyObject* object, bool with_value) {
  if (!object)
    return Type::of(kUnbound);
  if (object == Py_None)
    return Type::of(kNoneType);
  if (PyBool_Check(object))
    return Type::of(kBool);
  if (PyFloat_CheckExact(object))
    return Type::of(kFloat);
  if (PyComplex_CheckExact(object))
    return Type::of(kComplex);
  if (PyLong_CheckExact(object)) {
    int64_t value = 0;
    if (!fits_int64(object, value)) {
      Wide wide = 0;
      if (!fits_wide(object, wide))
        return Type::any();
      if (with_value)
        return Type::whole({wide, wide});
      return WideInterval{wide, wide}.is_unsigned() ? Type::unsigned_wide() : Type::of(kWide);
    }
    return with_value ? Type::constant(value) : Type::of(kInt);
  }
  return {};
}

Type sample(PyObject* object, SiteTable& sites, int depth);

Type sample_list(PyObject* list, SiteTable& sites, int depth) {
  const Py_ssize_t count = PyList_GET_SIZE(list);
  Type element;
  constexpr int kProbes = 5;
  Py_ssize_t last = -1;
  for (int i = 0; i < kProbes && count > 0; ++i) {
    const Py_ssize_t at = (count - 1) * i / (kProbes - 1);
    if (at != last)
      element = join(element, sample(PyList_GET_ITEM(list, at), sites, depth + 1), sites);
    last = at;
  }
  return Type::list(sites.make(element));
}

/// What the first of its keys and values are is what all are taken for.
Type sample_dict(PyObject* dict, SiteTable& sites, int depth) {
  constexpr int kProbes = 5;
  Type element, of_key;
  Py_ssize_t at = 0;
  PyObject *key = nullptr, *value = nullptr;
  for (int k = 0; k < kProbes && PyDict_Next(dict, &at, &key, &value); ++k) {
    of_key = join(of_key, sample(key, sites, depth + 1), sites);
    element = join(element, sample(value, sites, depth + 1), sites);
  }
  if (element.never())
    return Type::exact(Py_TYPE(dict));
  const Type t = Type::holder(Py_TYPE(dict), sites.make(element));
  sites.widen_key(t.site, of_key);
  return t;
}

/// Likewise of a set's items, or a long tuple's.
Type sample_items(PyObject* container, SiteTable& sites, int depth) {
  constexpr int kProbes = 5;
  Type element;
  PyObject* iterator = PyObject_GetIter(container);
  for (int k = 0; iterator && k < kProbes; ++k) {
    PyObject* item = PyIter_Next(iterator);
    if (!item)
      break;
    element = join(element, sample(item, sites, depth + 1), sites);
    Py_DECREF(item);  // the container keeps it
  }
  Py_XDECREF(iterator);
  PyErr_Clear();
  return element.never() ? Type::exact(Py_TYPE(container)) : Type::holder(Py_TYPE(container), sites.make(element));
}

Type sample(PyObject* object, SiteTable& sites, int depth) {
  Type t = scalar_type(object, false);
  if (!t.never())
    return t;
  if (depth >= kDepthMax)
    return Type::any();
  if (PyAnySet_CheckExact(object) || is_deque(Py_TYPE(object)) ||
      (PyTuple_CheckExact(object) && PyTuple_GET_SIZE(object) > kTupleItemsMax))
    return sample_items(object, sites, depth);
  if (is_mapping(Py_TYPE(object)))
    return sample_dict(object, sites, depth);
  if (PyList_CheckExact(object))
    return sample_list(object, sites, depth);
  if (PyTuple_CheckExact(object) && PyTuple_GET_SIZE(object) <= kTupleItemsMax) {
    std::vector<Type> items;
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(object); ++i) {
      items.push_back(sample(PyTuple_GET_ITEM(object, i), sites, depth + 1));
    }
    return Type::with_items(kTuple, std::move(items));
  }
  t = Type::exact(followed_class(Py_TYPE(object)));
  t.code = item_code_of(object);
  return t;
}

}  // namespace

Type type_of_argument(PyObject* object, SiteTable& sites) { return sample(object, sites, 0); }

Type type_of_constant(PyObject* object, SiteTable& sites) {
  Type t = scalar_type(object, true);
  if (t.object)
    return Type::known_object(object);  // an int beyond int64
  if (!t.never())
    return t;
  if (PyTuple_CheckExact(object) && PyTuple_GET_SIZE(object) <= kTupleItemsMax) {
    std::vector<Type> items;
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(object); ++i) {
      items.push_back(type_of_constant(PyTuple_GET_ITEM(object, i), sites));
    }
    return Type::with_items(kTuple, std::move(items));
  }
  return Type::known_object(object);
}

Type type_of_class(PyObject* type_object, SiteTable& sites) {
  if (PyTuple_CheckExact(type_object)) {
    std::vector<Type> items;
    for (Py_ssize_t k = 0; k < PyTuple_GET_SIZE(type_object); ++k)
      items.push_back(type_of_class(PyTuple_GET_ITEM(type_object, k), sites));
    return Type::with_items(kTuple, std::move(items));
  }
  const auto* type = reinterpret_cast<PyTypeObject*>(type_object);
  if (type == &PyLong_Type)
    return Type::of(kInt);
  if (type == &PyFloat_Type)
    return Type::of(kFloat);
  if (type == &PyBool_Type)
    return Type::of(kBool);
  if (type == &PyComplex_Type)
    return Type::of(kComplex);
  if (type == Py_TYPE(Py_None))
    return Type::of(kNoneType);
  if (type == &PyList_Type)
    return Type::list(sites.make({}));
  return Type::exact(followed_class(reinterpret_cast<PyTypeObject*>(type_object)));
}

}  // namespace hasten::compile
