#include "compile/lower/support.h"

#include "compile/types/sample.h"

#include <Python.h>
#include <structmember.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <unordered_map>
#include <utility>

#include "compile/lower/counted_call.h"
#include "compile/lower/site_counts.h"
#include "runtime/helpers.h"
#include "runtime/object_layout.h"
#include "runtime/object_ref.h"
#include "runtime/text.h"

namespace hasten::compile {
namespace {

using namespace hasten::runtime;

/// The runtime's helpers: they live in _runtime.so.
struct RuntimeCalls {
  decltype(&hrt_deopt) deopt;
  decltype(&hrt_execute) execute;
  decltype(&hrt_load_method) load_method;
  decltype(&hrt_traceback) traceback;
  decltype(&hrt_raise) raise;
  decltype(&hrt_poll) poll;
  decltype(&hrt_take_over) take_over;
  decltype(&hrt_call_limits) call_limits;
  decltype(&hrt_recursion_error) recursion_error;
  decltype(&hrt_peek_global) peek_global;
  decltype(&hrt_list_append) list_append;
  decltype(&hrt_dict_version) dict_version;
  decltype(&hrt_int_pow) int_pow;
  decltype(&hrt_float_floor_divide) float_floor_divide;
  decltype(&hrt_float_remainder) float_remainder;
  decltype(&hrt_float_pow) float_pow;
  decltype(&hrt_int_true_divide) int_true_divide;
  decltype(&hrt_compare_int_float) compare_int_float;
  decltype(&hrt_complex_divide) complex_divide;
} calls;

std::unordered_map<const mir::MirFunction*, Experience>& experiences() {
  static auto* map = new std::unordered_map<const mir::MirFunction*, Experience>;
  return *map;
}

struct PointerAndStatus {
  PyObject* object;
  int64_t ok;
};
struct IntAndStatus {
  int64_t value;
  int64_t ok;
};
struct FloatAndStatus {
  double value;
  int64_t ok;
};
struct TwoFloats {
  double first, second;
};
struct Limits {
  int64_t calls_left;  ///< -1: a guard failed
  uintptr_t stack_low;
};

// A directly called body that leaves this often makes its caller leave too: the next version knows better types.
constexpr uint32_t kCalleeLandingsMax = 200;

PyObject* const kRaised = reinterpret_cast<PyObject*>(1);  // status of a body: an exception is set

bool guard_holds(const Guard& guard) {
  switch (guard.what) {
    case Guard::What::Global:
      return calls.peek_global(guard.function, guard.name) == guard.expected;
    case Guard::What::ModuleAttribute: {
      PyObject* now = PyDict_GetItemWithError(PyModule_GetDict(guard.holder), guard.attribute);
      if (!now)
        PyErr_Clear();
      return now == guard.expected;
    }
    case Guard::What::FunctionCode:
      return PyFunction_GET_CODE(guard.holder) == guard.expected;
  }
  return false;
}

constexpr int kShapeDepthMax = 3;
constexpr Py_ssize_t kShapeItemsMax = 8;
constexpr size_t kShapesMax = 4;

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

/// Tuples of too many forms are any tuples.
void add_seen(Experience::Seen& seen, PyObject* object) {
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

/// Code that jumps here with an exception set must get it back after references are dropped.
void drop_owned_keeping_error(const BodyRecord& record, uint32_t point, const uint64_t* slots) {
  PyObject *type, *value, *traceback;
  PyErr_Fetch(&type, &value, &traceback);
  for (uint16_t slot : record.owned_slots[record.owned_of_point[point]]) {
    PyObject* object = nullptr;
    std::memcpy(&object, &slots[slot], sizeof object);
    Py_XDECREF(object);
  }
  PyErr_Restore(type, value, traceback);
}

PyObject** slot_of(PyObject* object, const AttributeCache& cache) {
  return reinterpret_cast<PyObject**>(reinterpret_cast<char*>(object) + cache.offset);
}

/// A slot is a data descriptor: while the type stays as it is, nothing comes before it.
void remember_slot(AttributeCache* cache, PyTypeObject* type, PyObject* name) {
  constexpr int kObjectSlot = 16;  // T_OBJECT_EX: null raises AttributeError
  PyObject* found = type->tp_version_tag != 0 ? _PyType_Lookup(type, name) : nullptr;
  if (!found || Py_TYPE(found) != &PyMemberDescr_Type)
    return;
  const PyMemberDef* member = reinterpret_cast<PyMemberDescrObject*>(found)->d_member;
  if (member->type == kObjectSlot && member->flags == 0)
    *cache = {type->tp_version_tag, member->offset};
}

extern "C" {

PyObject* hj_leave(BodyRecord* record, uint32_t selector, const uint64_t* slots, PyObject* result) {
  const uint32_t index = selector & ~(kRaises | kDropResult);
  if (selector & kRaises) {
    drop_owned_keeping_error(*record, index, slots);
    return kRaised;
  }
  const DeoptPoint& point = record->points[index];
  ++left_count(record->version.function, point)->count;
  Experience& experience = experience_for(record->version.function);
  if (point.reason == DeoptReason::Overflow)
    experience.values[point.resume].overflowed = true;
  if (point.reason == DeoptReason::Result && result)
    add_seen(experience.values[point.result], result);
  if (!record->is_root && point.reason != DeoptReason::Generic)
    ++record->unit->callee_landings;
  if (!(selector & kDropResult))
    Py_XINCREF(result);
  const std::vector<uint16_t>& owned = record->owned_slots[record->owned_of_point[index]];
  PyObject* answer = calls.deopt(&record->version, index, slots, owned.data(), owned.size(), result);
  return answer ? answer : kRaised;
}

PyObject** hj_take_over() { return calls.take_over(); }

void hj_raise(const mir::MirFunction* function, uint32_t instr, PyObject* exception, PyObject* cause) {
  calls.raise(function, instr, exception, cause);
}

void hj_traceback(const mir::MirFunction* function, uint32_t instr) { calls.traceback(function, instr); }

Limits hj_enter(UnitRecord* unit) {
  for (const Guard& guard : unit->guards) {
    if (!guard_holds(guard)) {
      if (guard.what == Guard::What::Global)
        ++experience_for(guard.function).global_changes[guard.name];
      return {-1, 0};
    }
  }
  int32_t* budget = nullptr;
  Limits limits{0, 0};
  calls.call_limits(&budget, &limits.stack_low);
  limits.calls_left = std::max<int32_t>(*budget, 0);
  return limits;
}

int32_t hj_guards_hold(UnitRecord* unit) { return unit->callee_landings < kCalleeLandingsMax && guards_hold(*unit); }
int32_t hj_guard_holds(UnitRecord* unit, uint32_t index) {
  const Guard& guard = unit->guards[index];
  if (!guard_holds(guard))
    return 0;
  const GuardCounters counters = counters_of(guard);
  if (counters.first)
    unit->guard_caches[index] = {*counters.first, counters.second ? *counters.second : 0};
  return 1;
}

int32_t hj_poll(UnitRecord* unit, const mir::MirFunction* function, uint32_t instr) {
  unit->calls_left = kCallsPerPoll;
  if (calls.poll(function, instr) != kOk)
    return -1;
  return hj_guards_hold(unit) ? 0 : 1;
}

PyObject* hj_peek_global(const mir::MirFunction* function, uint32_t name) { return calls.peek_global(function, name); }

/// Steals `value`. 0: a guarded global has changed; 1: all is as it was.
int32_t hj_store_cell(UnitRecord* unit, PyObject* cell, PyObject* value) {
  PyCell_Set(cell, value);
  Py_DECREF(value);
  return hj_guards_hold(unit);
}

int32_t hj_store_global(UnitRecord* unit, const mir::MirFunction* function, uint32_t instr, PyObject* value) {
  PyObject* globals = PyFunction_GET_GLOBALS(function->function);
  PyObject* name = function->names[function->instrs[instr].aux];
  PyObject* old = PyDict_GetItemWithError(globals, name);
  // The end of such an object runs nobody's code.
  const bool is_quiet =
      !old || Py_REFCNT(old) > 1 || PyLong_CheckExact(old) || PyFloat_CheckExact(old) || PyUnicode_CheckExact(old);
  if (PyDict_SetItem(globals, name, value) < 0) {
    calls.traceback(function, instr);
    return -1;
  }
  return is_quiet ? 1 : hj_guards_hold(unit);
}

void hj_recursion_error(const mir::MirFunction* caller, uint32_t instr) { calls.recursion_error(caller, instr); }

PointerAndStatus hj_execute(const mir::MirFunction* function, uint32_t instr, PyObject* const* operands) {
  PyObject* result = nullptr;
  const int32_t status = calls.execute(function, instr, operands, &result);
  return {result, status == kOk};
}

void hj_dealloc(PyObject* object) { _Py_Dealloc(object); }

/// {the method or null, 1 if it wants the object as its first argument}
PointerAndStatus hj_load_method(MethodCache* cache, PyObject* object, PyObject* name) {
  int32_t is_unbound = 0;
  PyObject* callable = calls.load_method(cache, object, name, &is_unbound);
  return {callable, is_unbound};
}

/// What the attribute would have been: the interpreter has no unbound methods. `self` may be null.
PyObject* hj_bind_method(PyObject* callable, PyObject* self) {
  const KeepError keep;
  const descrgetfunc bind = self ? Py_TYPE(callable)->tp_descr_get : nullptr;
  return bind ? bind(callable, self, reinterpret_cast<PyObject*>(Py_TYPE(self))) : Py_NewRef(callable);
}

PyObject* hj_attribute(PyObject* object, PyObject* name) {
  const KeepError keep;
  return PyObject_GetAttr(object, name);
}

PyObject* hj_get_attribute(AttributeCache* cache, PyObject* object, PyObject* name) {
  if (Py_TYPE(object)->tp_version_tag == cache->version) {
    if (PyObject* value = *slot_of(object, *cache))
      return Py_NewRef(value);
    return PyObject_GetAttr(object, name);  // raises
  }
  PyObject* value = PyObject_GetAttr(object, name);
  if (value && Py_TYPE(object)->tp_getattro == PyObject_GenericGetAttr)
    remember_slot(cache, Py_TYPE(object), name);
  return value;
}

int32_t hj_set_attribute(AttributeCache* cache, PyObject* object, PyObject* name, PyObject* value) {
  if (Py_TYPE(object)->tp_version_tag == cache->version) {
    PyObject* old = std::exchange(*slot_of(object, *cache), Py_NewRef(value));
    Py_XDECREF(old);
    return 0;
  }
  const int status = PyObject_SetAttr(object, name, value);
  if (status == 0 && Py_TYPE(object)->tp_setattro == PyObject_GenericSetAttr)
    remember_slot(cache, Py_TYPE(object), name);
  return status;
}

PyObject* hj_format(PyObject* value, PyObject* spec, int32_t conversion) {
  return format_value(value, spec, static_cast<uint8_t>(conversion));
}
PyObject* hj_build_text(PyObject* const* parts, int64_t count) {
  return build_text(parts, static_cast<uint32_t>(count));
}

PyObject* hj_binary_pow(PyObject* a, PyObject* b) { return PyNumber_Power(a, b, Py_None); }
PyObject* hj_inplace_pow(PyObject* a, PyObject* b) { return PyNumber_InPlacePower(a, b, Py_None); }

PyObject* hj_compare(PyObject* a, PyObject* b, int32_t op) {
  int64_t x = 0, y = 0;
  if (PyLong_CheckExact(a) && PyLong_CheckExact(b) && read_small_int(a, &x) && read_small_int(b, &y))
    Py_RETURN_RICHCOMPARE(x, y, op);
  if (a == b && op == Py_EQ && PyUnicode_CheckExact(a))
    Py_RETURN_TRUE;
  return PyObject_RichCompare(a, b, op);
}

/// {the next item or null, 0 if it raised}
PointerAndStatus hj_iter_next(PyObject* iterator) {
  PyObject* item = (*Py_TYPE(iterator)->tp_iternext)(iterator);
  if (item || !PyErr_Occurred())
    return {item, 1};
  if (!PyErr_ExceptionMatches(PyExc_StopIteration))
    return {nullptr, 0};
  PyErr_Clear();
  return {nullptr, 1};
}

/// `left` grown by `right`, its only reference having become the result's; null if it cannot grow. Without an exception
/// that means: add them as others are added.
PyObject* grown_text(PyObject* left, PyObject* right) {
  if (!PyUnicode_CheckExact(left) || !PyUnicode_CheckExact(right) || Py_REFCNT(left) != 1)
    return nullptr;
  const Py_ssize_t size = PyUnicode_GET_LENGTH(left), more = PyUnicode_GET_LENGTH(right);
  if (size == 0 || more == 0 || size > PY_SSIZE_T_MAX - more || PyUnicode_KIND(right) > PyUnicode_KIND(left) ||
      (PyUnicode_IS_ASCII(left) && !PyUnicode_IS_ASCII(right)))
    return nullptr;
  PyObject* grown = left;
  if (PyUnicode_Resize(&grown, size + more) < 0)
    return nullptr;
  if (PyUnicode_KIND(grown) == PyUnicode_KIND(right))
    std::memcpy(static_cast<char*>(PyUnicode_DATA(grown)) + size * PyUnicode_KIND(right), PyUnicode_DATA(right),
                static_cast<size_t>(more) * PyUnicode_KIND(right));
  else
    PyUnicode_CopyCharacters(grown, size, right, 0, more);
  return grown;
}

/// Takes the reference to `left` over unless it raises.
PyObject* hj_append(PyObject* left, PyObject* right) {
  PyObject* sum = grown_text(left, right);
  if (sum || PyErr_Occurred())
    return sum;
  sum = PyNumber_InPlaceAdd(left, right);
  if (sum)
    Py_DECREF(left);
  return sum;
}

/// Likewise.
PyObject* hj_concatenate(PyObject* left, PyObject* right) {
  PyObject* sum = grown_text(left, right);
  if (sum || PyErr_Occurred())
    return sum;
  sum = PyNumber_Add(left, right);
  if (sum)
    Py_DECREF(left);
  return sum;
}

/// Steals `item`. -1: an exception is set.
int32_t hj_list_append(PyObject* list, PyObject* item) { return calls.list_append(list, item) == kOk ? 0 : -1; }

IntAndStatus hj_int_pow(int64_t base, int64_t exponent) {
  int64_t out = 0;
  const int32_t status = calls.int_pow(base, exponent, &out);
  return {out, status == kOk};
}
double hj_int_true_divide(int64_t a, int64_t b) { return calls.int_true_divide(a, b); }
double hj_float_mod(double a, double b) {
  double out = 0;
  calls.float_remainder(a, b, &out);
  return out;
}
double hj_float_floor_divide(double a, double b) {
  double out = 0;
  calls.float_floor_divide(a, b, &out);
  return out;
}
FloatAndStatus hj_float_pow(double a, double b) {
  double out = 0;
  const int32_t status = calls.float_pow(a, b, &out);
  return {out, status == kOk};
}
int32_t hj_compare_int_float(int64_t a, double b) { return calls.compare_int_float(a, b); }
TwoFloats hj_complex_divide(double ar, double ai, double br, double bi) {
  const double a[2] = {ar, ai}, b[2] = {br, bi};
  double out[2] = {0, 0};
  calls.complex_divide(a, b, out);
  return {out[0], out[1]};
}
/// abs() of a complex: infinite parts win over NaN, as in CPython.
double hj_hypot(double re, double im) { return std::hypot(re, im); }

}  // extern "C"

}  // namespace

bool connect_runtime(const RuntimeTable& table) {
  const auto find = [&]<class F>(const char* name, F& function) {
    for (uint32_t k = 0; k < table.symbol_count; ++k) {
      if (std::strcmp(table.symbols[k].name, name) == 0) {
        function = reinterpret_cast<F>(table.symbols[k].address);
        return true;
      }
    }
    return false;
  };
  return find("hrt_deopt", calls.deopt) && find("hrt_execute", calls.execute) &&
         find("hrt_load_method", calls.load_method) && find("hrt_traceback", calls.traceback) &&
         find("hrt_raise", calls.raise) && find("hrt_poll", calls.poll) && find("hrt_take_over", calls.take_over) &&
         find("hrt_call_limits", calls.call_limits) && find("hrt_recursion_error", calls.recursion_error) &&
         find("hrt_peek_global", calls.peek_global) && find("hrt_list_append", calls.list_append) &&
         find("hrt_dict_version", calls.dict_version) && find("hrt_int_pow", calls.int_pow) &&
         find("hrt_float_floor_divide", calls.float_floor_divide) &&
         find("hrt_float_remainder", calls.float_remainder) && find("hrt_float_pow", calls.float_pow) &&
         find("hrt_int_true_divide", calls.int_true_divide) && find("hrt_compare_int_float", calls.compare_int_float) &&
         find("hrt_complex_divide", calls.complex_divide);
}

std::span<const SupportSymbol> support_symbols() {
  using Unary = double (*)(double);
  using Binary = double (*)(double, double);
#define HASTEN_SYMBOL(name) {#name, reinterpret_cast<void*>(&name)}
#define HASTEN_LIBM(name) {"hj_" #name, reinterpret_cast<void*>(static_cast<Unary>(&std::name))}
  static const SupportSymbol kSymbols[] = {
      HASTEN_SYMBOL(hj_leave),
      HASTEN_SYMBOL(hj_traceback),
      HASTEN_SYMBOL(hj_raise),
      HASTEN_SYMBOL(hj_take_over),
      HASTEN_SYMBOL(hj_enter),
      HASTEN_SYMBOL(hj_guards_hold),
      HASTEN_SYMBOL(hj_guard_holds),
      HASTEN_SYMBOL(hj_poll),
      HASTEN_SYMBOL(hj_recursion_error),
      HASTEN_SYMBOL(hj_peek_global),
      HASTEN_SYMBOL(hj_store_cell),
      HASTEN_SYMBOL(hj_store_global),
      HASTEN_SYMBOL(hj_execute),
      HASTEN_SYMBOL(hj_dealloc),
      HASTEN_SYMBOL(hj_attribute),
      HASTEN_SYMBOL(hj_load_method),
      HASTEN_SYMBOL(hj_bind_method),
      HASTEN_SYMBOL(hj_compare),
      HASTEN_SYMBOL(hj_iter_next),
      HASTEN_SYMBOL(hj_append),
      HASTEN_SYMBOL(hj_concatenate),
      HASTEN_SYMBOL(hj_binary_pow),
      HASTEN_SYMBOL(hj_inplace_pow),
      {"hj_binary_add", reinterpret_cast<void*>(&PyNumber_Add)},
      {"hj_binary_sub", reinterpret_cast<void*>(&PyNumber_Subtract)},
      {"hj_binary_mul", reinterpret_cast<void*>(&PyNumber_Multiply)},
      {"hj_binary_truediv", reinterpret_cast<void*>(&PyNumber_TrueDivide)},
      {"hj_binary_floordiv", reinterpret_cast<void*>(&PyNumber_FloorDivide)},
      {"hj_binary_mod", reinterpret_cast<void*>(&PyNumber_Remainder)},
      {"hj_binary_lshift", reinterpret_cast<void*>(&PyNumber_Lshift)},
      {"hj_binary_rshift", reinterpret_cast<void*>(&PyNumber_Rshift)},
      {"hj_binary_and", reinterpret_cast<void*>(&PyNumber_And)},
      {"hj_binary_or", reinterpret_cast<void*>(&PyNumber_Or)},
      {"hj_binary_xor", reinterpret_cast<void*>(&PyNumber_Xor)},
      {"hj_binary_matmul", reinterpret_cast<void*>(&PyNumber_MatrixMultiply)},
      {"hj_inplace_add", reinterpret_cast<void*>(&PyNumber_InPlaceAdd)},
      {"hj_inplace_sub", reinterpret_cast<void*>(&PyNumber_InPlaceSubtract)},
      {"hj_inplace_mul", reinterpret_cast<void*>(&PyNumber_InPlaceMultiply)},
      {"hj_inplace_truediv", reinterpret_cast<void*>(&PyNumber_InPlaceTrueDivide)},
      {"hj_inplace_floordiv", reinterpret_cast<void*>(&PyNumber_InPlaceFloorDivide)},
      {"hj_inplace_mod", reinterpret_cast<void*>(&PyNumber_InPlaceRemainder)},
      {"hj_inplace_lshift", reinterpret_cast<void*>(&PyNumber_InPlaceLshift)},
      {"hj_inplace_rshift", reinterpret_cast<void*>(&PyNumber_InPlaceRshift)},
      {"hj_inplace_and", reinterpret_cast<void*>(&PyNumber_InPlaceAnd)},
      {"hj_inplace_or", reinterpret_cast<void*>(&PyNumber_InPlaceOr)},
      {"hj_inplace_xor", reinterpret_cast<void*>(&PyNumber_InPlaceXor)},
      {"hj_inplace_matmul", reinterpret_cast<void*>(&PyNumber_InPlaceMatrixMultiply)},
      {"hj_negative", reinterpret_cast<void*>(&PyNumber_Negative)},
      {"hj_positive", reinterpret_cast<void*>(&PyNumber_Positive)},
      {"hj_invert", reinterpret_cast<void*>(&PyNumber_Invert)},
      {"hj_del_item", reinterpret_cast<void*>(&PyObject_DelItem)},
      {"hj_dict_set_item", reinterpret_cast<void*>(&PyDict_SetItem)},
      HASTEN_SYMBOL(hj_get_attribute),
      HASTEN_SYMBOL(hj_set_attribute),
      HASTEN_SYMBOL(hj_format),
      HASTEN_SYMBOL(hj_build_text),
      {"hj_str", reinterpret_cast<void*>(&PyObject_Str)},
      {"hj_get_iter", reinterpret_cast<void*>(&PyObject_GetIter)},
      {"hj_list_to_tuple", reinterpret_cast<void*>(&PyList_AsTuple)},
      {"hj_truth", reinterpret_cast<void*>(&PyObject_IsTrue)},
      {"hj_length", reinterpret_cast<void*>(&PyObject_Size)},
      HASTEN_SYMBOL(hj_counted_call),
      HASTEN_SYMBOL(hj_counted_call_with),
      HASTEN_SYMBOL(hj_list_append),
      HASTEN_SYMBOL(hj_int_pow),
      HASTEN_SYMBOL(hj_int_true_divide),
      HASTEN_SYMBOL(hj_float_mod),
      HASTEN_SYMBOL(hj_float_floor_divide),
      HASTEN_SYMBOL(hj_float_pow),
      HASTEN_SYMBOL(hj_compare_int_float),
      HASTEN_SYMBOL(hj_complex_divide),
      HASTEN_SYMBOL(hj_hypot),
      HASTEN_LIBM(sin),
      HASTEN_LIBM(cos),
      HASTEN_LIBM(tan),
      HASTEN_LIBM(asin),
      HASTEN_LIBM(acos),
      HASTEN_LIBM(atan),
      HASTEN_LIBM(sinh),
      HASTEN_LIBM(cosh),
      HASTEN_LIBM(tanh),
      HASTEN_LIBM(asinh),
      HASTEN_LIBM(acosh),
      HASTEN_LIBM(atanh),
      HASTEN_LIBM(exp),
      HASTEN_LIBM(expm1),
      HASTEN_LIBM(log),
      HASTEN_LIBM(log2),
      HASTEN_LIBM(log10),
      HASTEN_LIBM(log1p),
      {"hj_atan2", reinterpret_cast<void*>(static_cast<Binary>(&std::atan2))},
      // What LLVM itself may call on a CPU without the instruction.
      {"sqrt", reinterpret_cast<void*>(static_cast<Unary>(&std::sqrt))},
      {"floor", reinterpret_cast<void*>(static_cast<Unary>(&std::floor))},
      {"ceil", reinterpret_cast<void*>(static_cast<Unary>(&std::ceil))},
      {"trunc", reinterpret_cast<void*>(static_cast<Unary>(&std::trunc))},
      {"roundeven", reinterpret_cast<void*>(static_cast<Unary>(&::roundeven))},
      {"fma", reinterpret_cast<void*>(static_cast<double (*)(double, double, double)>(&std::fma))},
      {"memcpy", reinterpret_cast<void*>(&std::memcpy)},
      {"memset", reinterpret_cast<void*>(&std::memset)},
      {"memmove", reinterpret_cast<void*>(&std::memmove)},
  };
#undef HASTEN_SYMBOL
#undef HASTEN_LIBM
  return kSymbols;
}

GuardCounters counters_of(const Guard& guard) {
  const auto counter = [](PyObject* dict) {
    return dict && PyDict_CheckExact(dict) ? calls.dict_version(dict) : nullptr;
  };
  if (guard.what == Guard::What::ModuleAttribute)
    return {counter(PyModule_GetDict(guard.holder)), nullptr};
  if (guard.what != Guard::What::Global)
    return {};
  PyObject* const function = guard.function->function;
  const GuardCounters counters{counter(PyFunction_GET_GLOBALS(function)),
                               counter(reinterpret_cast<PyFunctionObject*>(function)->func_builtins)};
  return counters.first && counters.second ? counters : GuardCounters{};
}

bool guards_hold(const UnitRecord& unit) { return std::all_of(unit.guards.begin(), unit.guards.end(), guard_holds); }

const Experience* experience_of(const mir::MirFunction* function) {
  const auto found = experiences().find(function);
  return found == experiences().end() ? nullptr : &found->second;
}

Experience& experience_for(const mir::MirFunction* function) { return experiences()[function]; }

void add_seen_class(Experience::Seen& seen, PyObject* cls) {
  if (std::any_of(seen.classes.begin(), seen.classes.end(), [&](PyObject* one) { return same_shape(one, cls); }))
    return;
  seen.classes.push_back(Py_NewRef(cls));
}

void forget_experience(const mir::MirFunction* function) {
  const auto found = experiences().find(function);
  if (found == experiences().end())
    return;
  for (auto& [value, seen] : found->second.values) {
    for (PyObject* cls : seen.classes) Py_DECREF(cls);
  }
  experiences().erase(found);
}

}  // namespace hasten::compile
