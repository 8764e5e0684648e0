#include "runtime/landing.h"

#include <cstring>

#include "runtime/native_list.h"
#include "runtime/object_layout.h"
#include "runtime/object_ref.h"
#include "runtime/planted.h"

namespace hasten::runtime {
namespace {

double as_double(uint64_t slot) {
  double value;
  std::memcpy(&value, &slot, sizeof value);
  return value;
}

class Boxer {
 public:
  Boxer(const NativeVersion& version, const uint64_t* slots) : version_(version), slots_(slots) {}

  /// Boxes the value described at live[*entry] and moves past it. Null without an exception means Unbound.
  PyObject* box(uint32_t* entry) {
    const LiveValue& live = version_.live[(*entry)++];
    const uint64_t* slot = slots_ + live.slot;
    switch (live.kind) {
      case SlotKind::Int:
        return PyLong_FromLongLong(static_cast<long long>(slot[0]));
      case SlotKind::Float:
        return PyFloat_FromDouble(as_double(slot[0]));
      case SlotKind::Complex:
        return PyComplex_FromDoubles(as_double(slot[0]), as_double(slot[1]));
      case SlotKind::Bool:
        return PyBool_FromLong(slot[0] != 0);
      case SlotKind::None:
        return Py_NewRef(Py_None);
      case SlotKind::Unbound:
        return nullptr;
      case SlotKind::Object:
        return Py_XNewRef(reinterpret_cast<PyObject*>(slot[0]));
      case SlotKind::RangeIter:
        return range_iterator(static_cast<int64_t>(slot[0]), static_cast<int64_t>(slot[1]),
                              static_cast<int64_t>(slot[2]));
      case SlotKind::ListIter:
        return list_iterator(reinterpret_cast<PyObject*>(slot[0]), static_cast<int64_t>(slot[1]));
      case SlotKind::Tuple:
        return tuple(live.count, entry);
      case SlotKind::Union:
        return alternative(live.count, slot[0], entry);
      case SlotKind::Method:
        return method(live.value, reinterpret_cast<PyObject*>(slot[0]));
      case SlotKind::NativeList:
        return slot[0] ? list_object(slot[0]).release() : nullptr;
      case SlotKind::NativeListIter: {
        const ObjectRef list = list_object(slot[0]);
        return list ? list_iterator(list.get(), static_cast<int64_t>(slot[1])) : nullptr;
      }
      case SlotKind::NativeMethod: {
        const ObjectRef list = list_object(slot[0]);
        return list ? method(live.value, list.get()) : nullptr;
      }
    }
    return nullptr;
  }

 private:
  static ObjectRef list_object(uint64_t slot) {
    return ObjectRef::steal(object_of_native_list(reinterpret_cast<PyObject*>(slot)));
  }

  PyObject* method(mir::ValueId attribute, PyObject* receiver) const {
    const mir::MirFunction& function = *version_.function;
    const mir::Instr& instr = function.instrs[attribute];
    PyObject* name = function.names[instr.aux];
    return instr.sub ? load_method_object(receiver, name) : PyObject_GetAttr(receiver, name);
  }

  static PyObject* range_iterator(int64_t next, int64_t step, int64_t left) {
    // iter(range(next, next + left * step, step)); the end may lie beyond int64.
    ObjectRef first = ObjectRef::steal(PyLong_FromLongLong(next));
    ObjectRef stride = ObjectRef::steal(PyLong_FromLongLong(step));
    left -= planted_bug(Plant::LandingRangeIter);
    ObjectRef count = ObjectRef::steal(PyLong_FromLongLong(left < 0 ? 0 : left));
    ObjectRef length = ObjectRef::steal(stride && count ? PyNumber_Multiply(stride.get(), count.get()) : nullptr);
    ObjectRef end = ObjectRef::steal(first && length ? PyNumber_Add(first.get(), length.get()) : nullptr);
    ObjectRef range = ObjectRef::steal(end ? PyObject_CallFunctionObjArgs(reinterpret_cast<PyObject*>(&PyRange_Type),
                                                                          first.get(), end.get(), stride.get(), nullptr)
                                           : nullptr);
    return range ? PyObject_GetIter(range.get()) : nullptr;
  }

  static PyObject* list_iterator(PyObject* list, int64_t index) {
    ObjectRef iterator = ObjectRef::steal(PyObject_GetIter(list));
    ObjectRef position = ObjectRef::steal(PyLong_FromLongLong(index + planted_bug(Plant::LandingListIter)));
    if (!iterator || !position) {
      return nullptr;
    }
    ObjectRef done = ObjectRef::steal(PyObject_CallMethod(iterator.get(), "__setstate__", "O", position.get()));
    return done ? iterator.release() : nullptr;
  }

  PyObject* tuple(uint32_t count, uint32_t* entry) {
    ObjectRef result = ObjectRef::steal(PyTuple_New(count));
    for (uint32_t i = 0; i < count; ++i) {
      PyObject* item = box(entry);
      if (!item || !result) {
        Py_XDECREF(item);
        return nullptr;
      }
      PyTuple_SET_ITEM(result.get(), i, item);
    }
    return result.release();
  }

  PyObject* alternative(uint32_t count, uint64_t tag, uint32_t* entry) {
    ObjectRef chosen;
    for (uint32_t i = 0; i < count; ++i) {
      if (i == (planted_bug(Plant::LandingUnion) ? 0 : tag)) {
        chosen = ObjectRef::steal(box(entry));
      } else {
        skip(entry);
      }
    }
    return chosen.release();
  }

  void skip(uint32_t* entry) {
    const LiveValue& live = version_.live[(*entry)++];
    if (live.kind == SlotKind::Tuple || live.kind == SlotKind::Union) {
      for (uint32_t i = 0; i < live.count; ++i) {
        skip(entry);
      }
    }
  }

  const NativeVersion& version_;
  const uint64_t* slots_;
};

}  // namespace

bool box_live_values(const NativeVersion& version, const DeoptPoint& point, const uint64_t* slots, ValueTable* values) {
  Boxer boxer(version, slots);
  for (uint32_t entry = point.live_begin; entry < point.live_begin + point.live_count;) {
    mir::ValueId value = version.live[entry].value;
    PyObject* object = boxer.box(&entry);
    if (!object && PyErr_Occurred()) {
      return false;
    }
    values->set(value, object);
  }
  return true;
}

void drop_owned(const uint64_t* slots, std::span<const uint16_t> owned) {
  const KeepError keep;
  for (const uint16_t slot : owned) {
    Py_XDECREF(reinterpret_cast<PyObject*>(slots[slot]));
  }
}

}  // namespace hasten::runtime
