// Depends on the version of CPython: its own headers say where instances keep their values.
#define Py_BUILD_CORE 1
#include <Python.h>
#undef HAVE_STD_ATOMIC  // C's, which are not C++'s: the headers then take the compiler's
#include <internal/pycore_dict.h>
#include <internal/pycore_object.h>
#include <structmember.h>

#include "runtime/attributes.h"

#include <utility>

#include "runtime/helpers.h"
#include "runtime/object_layout.h"

namespace hasten::runtime {
namespace {

// A place where objects of ever other classes come by is not worth the search.
constexpr uint16_t kFillsMax = 64;

/// The values of an instance that has no dict; null: it has one, or is of another kind. `writes`: they may be changed, too.
template <class Instance>
PyDictValues* values_of(Instance* holder, [[maybe_unused]] bool writes) {
  if constexpr (requires { _PyObject_InlineValues(holder); }) {
    auto* values = _PyObject_InlineValues(holder);
    return values->valid && !(writes && _PyObject_GetManagedDict(holder)) ? values : nullptr;
  } else if constexpr (requires { _PyObject_DictOrValuesPointer(holder); }) {
    const auto either = *_PyObject_DictOrValuesPointer(holder);
    return _PyDictOrValues_IsValues(either) ? _PyDictOrValues_GetValues(either) : nullptr;
  } else {
    return *_PyObject_ValuesPointer(holder);
  }
}

bool keeps_values(PyTypeObject* type) {
#ifdef Py_TPFLAGS_INLINE_VALUES
  constexpr unsigned long kKeeps = Py_TPFLAGS_MANAGED_DICT | Py_TPFLAGS_INLINE_VALUES;
#else
  constexpr unsigned long kKeeps = Py_TPFLAGS_MANAGED_DICT;
#endif
  return (type->tp_flags & kKeeps) == kKeeps;
}

/// The names of the values that instances of the type keep without a dict, if they do. Names are only ever added.
PyDictKeysObject* value_names(PyTypeObject* type) {
  return keeps_values(type) ? reinterpret_cast<PyHeapTypeObject*>(type)->ht_cached_keys : nullptr;
}

/// The index of the attribute's value in instances of the type, the same as long as the type is; negative: there is none.
Py_ssize_t index_of_value(PyTypeObject* type, PyObject* name) {
  PyDictKeysObject* keys = value_names(type);
  if (!keys || !DK_IS_UNICODE(keys))
    return -1;
  const PyDictUnicodeEntry* entries = DK_UNICODE_ENTRIES(keys);
  for (Py_ssize_t k = 0; k < keys->dk_nentries; ++k) {
    if (entries[k].me_key == name)  // both are interned
      return k;
  }
  return -1;
}

PyObject** slot_of(PyObject* holder, const AttributeCache& cache) {
  return reinterpret_cast<PyObject**>(reinterpret_cast<char*>(holder) + cache.place);
}

/// A slot is a data descriptor: while the type stays as it is, nothing comes before it. Before a value comes only a data
/// descriptor.
void remember(AttributeCache* cache, PyTypeObject* type, PyObject* name) {
  constexpr int kObjectSlot = 16;  // T_OBJECT_EX: null raises AttributeError
  if (cache->fills >= kFillsMax)
    return;
  ++cache->fills;
  PyObject* found = _PyType_Lookup(type, name);
  if (PyErr_Occurred() || type->tp_version_tag == 0)
    return;
  if (found && Py_TYPE(found) == &PyMemberDescr_Type) {
    const PyMemberDef* member = reinterpret_cast<PyMemberDescrObject*>(found)->d_member;
    if (member->type == kObjectSlot && member->flags == 0)
      *cache = {type->tp_version_tag, 0, cache->fills, member->offset};
    return;
  }
  if (found && Py_TYPE(found)->tp_descr_set)
    return;
  if (const Py_ssize_t index = index_of_value(type, name); index >= 0)
    *cache = {type->tp_version_tag, 1, cache->fills, index};
}

}  // namespace

PyObject* known_method(const MethodCache& cache, PyObject* holder) {
  PyTypeObject* const type = Py_TYPE(holder);
  if (type->tp_version_tag != cache.version_with_values || !values_of(holder, false) ||
      static_cast<uint32_t>(value_names(type)->dk_nentries) != cache.value_count)
    return nullptr;
  return cache.callable;
}

void remember_method(MethodCache* cache, PyObject* holder, PyObject* name, PyObject* method) {
  PyTypeObject* const type = Py_TYPE(holder);
  const uint32_t version = type_version(type);
  PyDictKeysObject* const names = value_names(type);
  if (version == 0 || !names || !DK_IS_UNICODE(names) || type->tp_getattro != PyObject_GenericGetAttr ||
      !values_of(holder, false) || index_of_value(type, name) >= 0)
    return;
  cache->version = MethodCache{}.version;  // the two share the callable
  cache->callable = method;
  cache->version_with_values = version;
  cache->value_count = static_cast<uint32_t>(names->dk_nentries);
}

PyObject* method_object(PyObject* holder, PyObject* name) {
  MethodCache unused;
  int32_t is_unbound = 0;
  PyObject* callable = hrt_load_method(&unused, holder, name, &is_unbound);
  if (is_unbound)
    Py_SETREF(callable, PyMethod_New(callable, holder));
  return callable;
}

}  // namespace hasten::runtime

using namespace hasten::runtime;

PyObject* hj_get_attribute(AttributeCache* cache, PyObject* holder, PyObject* name, int32_t is_called) {
  const bool is_known = Py_TYPE(holder)->tp_version_tag == cache->version;
  if (is_known && cache->is_value) {
    const PyDictValues* values = values_of(holder, false);
    if (PyObject* value = values ? values->values[cache->place] : nullptr)
      return Py_NewRef(value);
  } else if (is_known) {
    if (PyObject* value = *slot_of(holder, *cache))
      return Py_NewRef(value);
    return PyObject_GetAttr(holder, name);  // raises
  }
  PyObject* value = is_called ? method_object(holder, name) : PyObject_GetAttr(holder, name);
  if (value && !is_known && Py_TYPE(holder)->tp_getattro == PyObject_GenericGetAttr)
    remember(cache, Py_TYPE(holder), name);
  return value;
}

int32_t hj_set_attribute(AttributeCache* cache, PyObject* holder, PyObject* name, PyObject* value) {
  const bool is_known = Py_TYPE(holder)->tp_version_tag == cache->version;
  if (is_known && !cache->is_value) {
    PyObject* old = std::exchange(*slot_of(holder, *cache), Py_NewRef(value));
    Py_XDECREF(old);
    return 0;
  }
  if (PyDictValues* values = is_known ? values_of(holder, true) : nullptr) {
    PyObject* old = std::exchange(values->values[cache->place], Py_NewRef(value));
    if (!old)
      _PyDictValues_AddToInsertionOrder(values, cache->place);
    Py_XDECREF(old);
    return 0;
  }
  const int status = PyObject_SetAttr(holder, name, value);
  if (status == 0 && !is_known && Py_TYPE(holder)->tp_setattro == PyObject_GenericSetAttr)
    remember(cache, Py_TYPE(holder), name);
  return status;
}
