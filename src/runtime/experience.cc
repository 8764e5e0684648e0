#include "runtime/experience.h"

#include <algorithm>
#include <unordered_map>

#include "runtime/compiled_function.h"
#include "runtime/function_type.h"
#include "runtime/object_ref.h"

namespace hasten::runtime {
namespace {

std::unordered_map<const mir::MirFunction*, Experience>& experiences() {
  static auto* map = new std::unordered_map<const mir::MirFunction*, Experience>;
  return *map;
}

constexpr int kShapeDepthMax = 3;
constexpr Py_ssize_t kShapeItemsMax = 8;
constexpr size_t kShapesMax = 4;
constexpr uint32_t kSureMiss = 4;  // counts for so many: no number is guessed there again

/// What is learnt of an object: its class, or of a tuple a tuple of what is learnt of its items (a new reference).
PyObject* shape_of(PyObject* object, int depth) {
  auto* cls = reinterpret_cast<PyObject*>(Py_TYPE(object));
  if (!PyTuple_CheckExact(object) || depth == kShapeDepthMax || PyTuple_GET_SIZE(object) > kShapeItemsMax)
    return Py_NewRef(cls);
  PyObject* shape = PyTuple_New(PyTuple_GET_SIZE(object));
  for (Py_ssize_t k = 0; shape && k < PyTuple_GET_SIZE(object); ++k) {
    PyObject* item = shape_of(PyTuple_GET_ITEM(object, k), depth + 1);
    if (!item)
      Py_CLEAR(shape);
    else
      PyTuple_SET_ITEM(shape, k, item);
  }
  return shape;
}

bool same_shape(PyObject* a, PyObject* b) {
  if (!PyTuple_CheckExact(a) || !PyTuple_CheckExact(b))
    return a == b;
  bool same = PyTuple_GET_SIZE(a) == PyTuple_GET_SIZE(b);
  for (Py_ssize_t k = 0; same && k < PyTuple_GET_SIZE(a); ++k)
    same = same_shape(PyTuple_GET_ITEM(a, k), PyTuple_GET_ITEM(b, k));
  return same;
}

/// Whether the object is of a class that the program has made, and no number: where it has come by there will be more.
bool is_of_program(PyObject* object) {
  return object && PyType_HasFeature(Py_TYPE(object), Py_TPFLAGS_HEAPTYPE) && !PyLong_Check(object) &&
         !PyFloat_Check(object) && !PyComplex_Check(object);
}

/// Tuples of too many forms are any tuples.
void add_shape(Experience::Seen& seen, PyObject* object) {
  const KeepError keep;
  const auto is_shape = [](PyObject* one) { return PyTuple_CheckExact(one); };
  PyObject* shape = shape_of(object, 0);
  if (!shape)
    return;
  if (is_shape(shape) &&
      static_cast<size_t>(std::count_if(seen.classes.begin(), seen.classes.end(), is_shape)) >= kShapesMax)
    Py_SETREF(shape, Py_NewRef(reinterpret_cast<PyObject*>(&PyTuple_Type)));
  add_seen_class(seen, shape);
  Py_DECREF(shape);
}

}  // namespace

Experience& experience_of(const mir::MirFunction* function) { return experiences()[function]; }

void add_seen_class(Experience::Seen& seen, PyObject* cls) {
  if (std::none_of(seen.classes.begin(), seen.classes.end(), [&](PyObject* one) { return same_shape(one, cls); })) {
    seen.classes.push_back(Py_NewRef(cls));
  }
}

void add_overflow(Experience::Seen& seen, DeoptReason reason) {
  seen.overflowed = std::max<uint8_t>(seen.overflowed, reason == DeoptReason::WideOverflow ? 2 : 1);
}

uint8_t overflow_of(PyObject* object) {
  constexpr size_t kNativeBits = 63, kWideBits = 127;
  if (!object || !PyLong_CheckExact(object))
    return 0;
  const size_t bits = _PyLong_NumBits(object);
  return bits <= kNativeBits ? 0 : bits <= kWideBits ? 1 : 2;
}

void add_seen(Experience::Seen& seen, PyObject* object) {
  seen.overflowed = std::max(seen.overflowed, overflow_of(object));
  add_shape(seen, object);
}

void add_global_change(const mir::MirFunction* function, uint32_t name, PyObject* before) {
  Experience& experience = experience_of(function);
  ++experience.global_changes[name];
  if (const CompiledFunction* usual = compiled_function(before)) {
    experience.usual_functions.try_emplace(name, usual->mir_if_made());
  }
}

void learn(const mir::MirFunction* function, const Feedback& feedback) {
  Experience::Seen& seen = experience_of(function).values[feedback.value];
  if (feedback.reason == DeoptReason::Type) {
    seen.misses += is_of_program(feedback.seen) ? kSureMiss : 1;
  }
  if (feedback.reason == DeoptReason::Overflow || feedback.reason == DeoptReason::WideOverflow) {
    add_overflow(seen, feedback.reason);
  } else if (feedback.seen) {
    add_shape(seen, feedback.seen);
  }
}

void forget_experience(const mir::MirFunction* function) {
  const auto found = experiences().find(function);
  if (found == experiences().end()) {
    return;
  }
  for (auto& [value, seen] : found->second.values) {
    for (PyObject* cls : seen.classes) {
      Py_DECREF(cls);
    }
  }
  experiences().erase(found);
}

void lessons(const mir::MirFunction* function, void* taker, void (*take)(void* taker, const Lesson& lesson)) {
  const auto found = experiences().find(function);
  if (found == experiences().end()) {
    return;
  }
  for (const auto& [value, seen] : found->second.values) {
    take(taker, {value, mir::kNone, seen.overflowed, seen.misses, seen.classes.data(),
                 static_cast<uint32_t>(seen.classes.size())});
  }
  for (const auto& [name, changes] : found->second.global_changes) {
    const auto usual = found->second.usual_functions.find(name);
    const CompiledFunction* there =
        usual == found->second.usual_functions.end() ? nullptr : CompiledFunction::of(usual->second);
    PyObject* const function_before = there ? there->wrapper() : nullptr;
    take(taker, {mir::kNone, name, false, changes, &function_before, function_before ? 1u : 0u});
  }
}

}  // namespace hasten::runtime
