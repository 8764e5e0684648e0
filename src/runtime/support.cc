#include "runtime/support.h"
#include "runtime/table_probe.h"

#include <Python.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>
#include <vector>

#include "runtime/attributes.h"
#include "runtime/big_ints.h"
#include "runtime/compiled_function.h"
#include "runtime/counted_call.h"
#include "runtime/defaults.h"
#include "runtime/experience.h"
#include "runtime/frames.h"
#include "runtime/helpers.h"
#include "runtime/instances.h"
#include "runtime/libm.h"
#include "runtime/native_list.h"
#include "runtime/native_unit.h"
#include "runtime/object_layout.h"
#include "runtime/object_ref.h"
#include "runtime/planted.h"
#include "runtime/quick_tier.h"
#include "runtime/site_counts.h"
#include "runtime/text.h"

namespace hasten::runtime {
namespace {

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
constexpr uint32_t kGivenUpMost = 8;

PyObject* const kRaised = reinterpret_cast<PyObject*>(1);  // status of a body: an exception is set

std::span<const uint16_t> owned_at(const NativeBody& body, uint32_t point) {
  return {body.owned_slots + body.owned[point].begin, body.owned[point].count};
}

/// Code that jumps here with an exception set must get it back after references are dropped.
void drop_owned_keeping_error(const NativeBody& body, uint32_t point, const uint64_t* slots) {
  const KeepError keep;
  for (const uint16_t slot : owned_at(body, point)) {
    PyObject* object = nullptr;
    std::memcpy(&object, &slots[slot], sizeof object);
    Py_XDECREF(object);
  }
}

extern "C" {

PyObject* hj_leave(NativeBody* record, const uint64_t* slots, int64_t calls_left) {
  const auto selector = static_cast<uint32_t>(slots[kSelectorSlot]);
  const uint32_t index = selector & ~(kRaises | kTraces | kDropResult);
  if (selector & kRaises) {
    if (selector & kTraces)
      hrt_traceback(record->version.function, record->version.points[index].resume);
    drop_owned_keeping_error(*record, index, slots);
    return kRaised;
  }
  const DeoptPoint& point = record->version.points[index];
  PyObject* result = point.result == mir::kNone ? nullptr : reinterpret_cast<PyObject*>(slots[kResultSlot]);
  ++left_count(record->version.function, point)->count;
  Experience& experience = experience_of(record->version.function);
  if (point.reason == DeoptReason::Overflow || point.reason == DeoptReason::WideOverflow)
    add_overflow(experience.values[point.resume], point.reason);
  if (point.reason == DeoptReason::Result && result)
    add_seen(experience.values[point.result], result);
  if (!record->is_root && point.reason != DeoptReason::Generic)
    ++record->unit->callee_landings;
  if (!(selector & kDropResult))
    Py_XINCREF(result);
  const auto owned = owned_at(*record, index);
  // Native code that calls native code counts by itself.
  int32_t* budget = nullptr;
  uintptr_t stack_low = 0;
  hrt_call_limits(&budget, &stack_low);
  const bool is_counted = record->version.shows_frame || record->version.osr_block != mir::kNone;
  const int32_t charge = is_counted ? 0 : *budget - static_cast<int32_t>(calls_left);
  *budget -= charge;
  PyObject* answer = hrt_deopt(&record->version, index, slots, owned.data(), owned.size(), result);
  *budget += charge;
  return answer ? answer : kRaised;
}

void* hj_enter_frame(NativeBody* body, int64_t calls_left) {
  if (!body->frames) [[unlikely]]
    body->frames = &CompiledFunction::of(body->version.function)->frames();
  return body->frames->enter(calls_left);
}
void hj_leave_frame(void* frame) { FramePool::leave(frame); }
/// That of the interpreter which has entered the body in mid-loop.
void* hj_innermost_frame(NativeBody* body) {
  return CompiledFunction::of(body->version.function)->frames().innermost();
}

PyObject** hj_take_over() { return hrt_take_over(); }

void hj_raise(const mir::MirFunction* function, uint32_t instr, PyObject* exception, PyObject* cause) {
  hrt_raise(function, instr, exception, cause);
}

void hj_traceback(const mir::MirFunction* function, uint32_t instr) { hrt_traceback(function, instr); }

Limits hj_enter(NativeUnit* unit) {
  const bool all_hold = guards_hold(*unit) || planted_bug(Plant::GuardAtEntry);
  for (size_t k = 0; !all_hold && k < unit->guards.size(); ++k) {
    const NativeGuard& guard = unit->guards[k];
    if (!guard_holds(guard)) {
      if (guard.what == GuardFacts::What::Global)
        add_global_change(guard.function, guard.name, guard.expected);
      if (guard.what == GuardFacts::What::Default)
        ++experience_of(guard.function).global_changes[default_key(guard.name)];
      return {-1, 0};
    }
  }
  int32_t* budget = nullptr;
  Limits limits{0, 0};
  hrt_call_limits(&budget, &limits.stack_low);
  limits.calls_left = std::max<int32_t>(*budget, 0);
  return limits;
}

int32_t hj_guards_hold(NativeUnit* unit) {
  return unit->callee_landings < kCalleeLandingsMax && (planted_bug(Plant::GuardAfterCall) || guards_hold(*unit));
}
int32_t hj_guard_holds(NativeUnit* unit, uint32_t index) {
  const NativeGuard& guard = unit->guards[index];
  if (!guard_holds(guard))
    return 0;
  const GuardCounters counters = counters_of(guard);
  if (counters.first)
    unit->guard_cache(index) = {*counters.first, counters.second ? *counters.second : 0};
  return 1;
}

int32_t hj_poll(NativeUnit* unit, const mir::MirFunction* function, uint32_t instr) {
  const bool is_over = has_been_quick_enough(unit->bodies[0].version);
  unit->head().calls_left =
      is_over ? 1 : kCallsPerPoll;  // the callers of this activation leave too, one after the other
  if (hrt_poll(function, instr) != kOk)
    return -1;
  if (is_over)
    return 1;
  return hj_guards_hold(unit) ? 0 : 1;
}

/// As native code calls it, by LLVM's convention `preserve_most`: all general registers are as before, but for the result and %r11.
/// Its unwind table is that of a function with a frame pointer, as long as it is in it.
__attribute__((naked)) int32_t hj_poll_keeping(NativeUnit* /*unit*/, const mir::MirFunction* /*function*/,
                                               uint32_t /*instr*/) {
  asm("pushq %rbp\n"
      ".cfi_def_cfa_offset 16\n"
      ".cfi_offset %rbp, -16\n"
      "movq %rsp, %rbp\n"
      ".cfi_def_cfa_register %rbp\n"
      "pushq %rcx\n"
      "pushq %rdx\n"
      "pushq %rsi\n"
      "pushq %rdi\n"
      "pushq %r8\n"
      "pushq %r9\n"
      "pushq %r10\n"
      "subq $8, %rsp\n"  // calls are made at multiples of 16
      "call hj_poll@PLT\n"
      "addq $8, %rsp\n"
      "popq %r10\n"
      "popq %r9\n"
      "popq %r8\n"
      "popq %rdi\n"
      "popq %rsi\n"
      "popq %rdx\n"
      "popq %rcx\n"
      "popq %rbp\n"
      ".cfi_def_cfa %rsp, 8\n"
      "ret\n");
}

/// A twin of a recursive function has given up (compile/jit/recursion.h): the function runs as it is.
void hj_begin_plain_run(NativeUnit* unit) {
  ++unit->head().plain_runs;
  if (++unit->given_up == kGivenUpMost)  // it is no use
    ++unit->head().plain_runs;
}
void hj_end_plain_run(NativeUnit* unit) { --unit->head().plain_runs; }

PyObject* hj_peek_global(const mir::MirFunction* function, uint32_t name) {
  PyObject** place = place_in_dict(PyFunction_GET_GLOBALS(function->function), function->names[name]);
  return place ? *place : hrt_peek_global(function, name);
}

/// Steals `value`. 0: a guarded global has changed; 1: all is as it was.
int32_t hj_store_cell(NativeUnit* unit, PyObject* cell, PyObject* value) {
  PyCell_Set(cell, value);
  Py_DECREF(value);
  return hj_guards_hold(unit);
}

int32_t store_global(NativeUnit* unit, const mir::MirFunction* function, uint32_t instr, PyObject** place,
                     PyObject* value) {
  PyObject* globals = PyFunction_GET_GLOBALS(function->function);
  PyObject* name = function->names[function->instrs[instr].aux];
  PyObject* old = place ? *place : PyDict_GetItemWithError(globals, name);
  // The end of such an object runs nobody's code.
  const bool is_quiet =
      !old || Py_REFCNT(old) > 1 || PyLong_CheckExact(old) || PyFloat_CheckExact(old) || PyUnicode_CheckExact(old);
  if (!(place && is_quiet && replace_value(globals, place, value)) && PyDict_SetItem(globals, name, value) < 0) {
    hrt_traceback(function, instr);
    return -1;
  }
  return is_quiet ? 1 : hj_guards_hold(unit);
}

PyObject** global_place(const mir::MirFunction* function, uint32_t instr) {
  return place_in_dict(PyFunction_GET_GLOBALS(function->function), function->names[function->instrs[instr].aux]);
}

/// Whether the dict's value at `place` is an object of `type` that nobody else knows: it can become another number.
bool may_be_overwritten(const mir::MirFunction* function, PyObject** place, PyTypeObject* type) {
  return place && Py_IS_TYPE(*place, type) && Py_REFCNT(*place) == 1 &&
         !is_watched(PyFunction_GET_GLOBALS(function->function));
}

/// -1: it raised; 0: a guarded global has changed; 1: done.
int32_t hj_store_global(NativeUnit* unit, const mir::MirFunction* function, uint32_t instr, PyObject* value) {
  return store_global(unit, function, instr, global_place(function, instr), value);
}

int32_t hj_store_global_int(NativeUnit* unit, const mir::MirFunction* function, uint32_t instr, int64_t value) {
  PyObject** place = global_place(function, instr);
  if (may_be_overwritten(function, place, &PyLong_Type) && overwrite_small_int(*place, value)) {
    return 1;
  }
  PyObject* object = PyLong_FromLongLong(value);
  const int32_t outcome = object ? store_global(unit, function, instr, place, object) : -1;
  Py_XDECREF(object);
  return outcome;
}

int32_t hj_store_global_float(NativeUnit* unit, const mir::MirFunction* function, uint32_t instr, double value) {
  PyObject** place = global_place(function, instr);
  if (may_be_overwritten(function, place, &PyFloat_Type)) {
    reinterpret_cast<PyFloatObject*>(*place)->ob_fval = value;
    return 1;
  }
  PyObject* object = PyFloat_FromDouble(value);
  const int32_t outcome = object ? store_global(unit, function, instr, place, object) : -1;
  Py_XDECREF(object);
  return outcome;
}

void hj_recursion_error(const mir::MirFunction* caller, uint32_t instr) { hrt_recursion_error(caller, instr); }

PointerAndStatus hj_execute(const mir::MirFunction* function, uint32_t instr, PyObject* const* operands) {
  PyObject* result = nullptr;
  const int32_t status = hrt_execute(function, instr, operands, &result);
  return {result, status == kOk};
}

void hj_dealloc(PyObject* object) { _Py_Dealloc(object); }

/// `object` may be null.
void hj_decref(PyObject* object) { Py_XDECREF(object); }

/// {the method or null, 1 if it wants the object as its first argument}
PointerAndStatus hj_load_method(MethodCache* cache, PyObject* object, PyObject* name) {
  int32_t is_unbound = 0;
  PyObject* callable = hrt_load_method(cache, object, name, &is_unbound);
  return {callable, is_unbound};
}

/// Both in one object, as the interpreter has them. `self` may be null.
PyObject* hj_bind_method(PyObject* callable, PyObject* self) {
  const KeepError keep;
  return self ? PyMethod_New(callable, self) : Py_NewRef(callable);
}

/// The method `name` of an object of a known class, as the interpreter has it. is_called: nobody else sees it.
PyObject* hj_method_object(PyObject* object, PyObject* name, int32_t is_called) {
  const KeepError keep;
  return is_called ? method_object(object, name) : PyObject_GetAttr(object, name);
}

PyObject* hj_format(PyObject* value, PyObject* spec, int32_t conversion) {
  return format_value(value, spec, static_cast<uint8_t>(conversion));
}
PyObject* hj_build_text(PyObject* const* parts, int64_t count) {
  return build_text(parts, static_cast<uint32_t>(count));
}

/// What str's methods of these names say of one character.
int hj_isalpha(uint32_t c) { return Py_UNICODE_ISALPHA(c); }
int hj_isdigit(uint32_t c) { return Py_UNICODE_ISDIGIT(c); }
int hj_isalnum(uint32_t c) { return Py_UNICODE_ISALNUM(c); }
int hj_isspace(uint32_t c) { return Py_UNICODE_ISSPACE(c); }
int hj_isupper(uint32_t c) { return Py_UNICODE_ISUPPER(c); }
int hj_islower(uint32_t c) { return Py_UNICODE_ISLOWER(c); }
int hj_isdecimal(uint32_t c) { return Py_UNICODE_ISDECIMAL(c); }
int hj_isnumeric(uint32_t c) { return Py_UNICODE_ISNUMERIC(c); }

PyObject* hj_binary_and(PyObject* a, PyObject* b) {
  PyObject* common = PySet_CheckExact(a) && PySet_CheckExact(b) ? plain_intersection(a, b) : nullptr;
  return common || PyErr_Occurred() ? common : PyNumber_And(a, b);
}
PyObject* hj_inplace_or(PyObject* a, PyObject* b) {
  if (PySet_CheckExact(a) && PySet_CheckExact(b) && plain_merge(a, b))
    return Py_NewRef(a);
  return PyErr_Occurred() ? nullptr : PyNumber_InPlaceOr(a, b);
}
PyObject* hj_binary_pow(PyObject* a, PyObject* b) { return PyNumber_Power(a, b, Py_None); }
PyObject* hj_inplace_pow(PyObject* a, PyObject* b) { return PyNumber_InPlacePower(a, b, Py_None); }

PyObject* hj_compare(PyObject* a, PyObject* b, int32_t op) {
  int64_t x = 0, y = 0;
  if (PyLong_CheckExact(a) && PyLong_CheckExact(b) && read_small_int(a, &x) && read_small_int(b, &y))
    Py_RETURN_RICHCOMPARE(x, y, op);
  if (a == b && op == Py_EQ && (PyUnicode_CheckExact(a) || planted_bug(Plant::NanIdentity)))
    Py_RETURN_TRUE;
  if ((op == Py_EQ || op == Py_NE) && PyUnicode_CheckExact(a) && PyUnicode_CheckExact(b))
    return PyBool_FromLong((TextKey{a}.equals(b) == Found::Yes) == (op == Py_EQ));
  return PyObject_RichCompare(a, b, op);
}

/// {the next item or null, 0 if it raised}
PointerAndStatus hj_iter_next(PyObject* iterator) {
  PyObject* item = (*Py_TYPE(iterator)->tp_iternext)(iterator);
  if (item || !PyErr_Occurred())
    return {item, 1};
  if (!PyErr_ExceptionMatches(PyExc_StopIteration) && !planted_bug(Plant::IterErrorsEnd))
    return {nullptr, 0};
  PyErr_Clear();
  return {nullptr, 1};
}

/// Steals `item`. -1: an exception is set.
int32_t hj_list_append(PyObject* list, PyObject* item) { return hrt_list_append(list, item) == kOk ? 0 : -1; }

IntAndStatus hj_int_pow(int64_t base, int64_t exponent) {
  int64_t out = 0;
  const int32_t status = hrt_int_pow(base, exponent, &out);
  return {out, status == kOk};
}
double hj_int_true_divide(int64_t a, int64_t b) { return hrt_int_true_divide(a, b); }
double hj_float_mod(double a, double b) {
  double out = 0;
  hrt_float_remainder(a, b, &out);
  return out;
}
double hj_float_floor_divide(double a, double b) {
  double out = 0;
  hrt_float_floor_divide(a, b, &out);
  return out;
}
FloatAndStatus hj_float_pow(double a, double b) {
  double out = 0;
  const int32_t status = hrt_float_pow(a, b, &out);
  return {out, status == kOk};
}
int32_t hj_compare_int_float(int64_t a, double b) { return hrt_compare_int_float(a, b); }
TwoFloats hj_complex_divide(double ar, double ai, double br, double bi) {
  const double a[2] = {ar, ai}, b[2] = {br, bi};
  double out[2] = {0, 0};
  hrt_complex_divide(a, b, out);
  return {out[0], out[1]};
}

}  // extern "C"

}  // namespace

std::span<const SupportSymbol> common_symbols() {
#define HASTEN_SYMBOL(name) {#name, reinterpret_cast<void*>(&name)}
  static const SupportSymbol kSymbols[] = {
      HASTEN_SYMBOL(hj_leave),
      HASTEN_SYMBOL(hj_enter_frame),
      HASTEN_SYMBOL(hj_leave_frame),
      HASTEN_SYMBOL(hj_innermost_frame),
      HASTEN_SYMBOL(hj_traceback),
      HASTEN_SYMBOL(hj_raise),
      HASTEN_SYMBOL(hj_take_over),
      HASTEN_SYMBOL(hj_enter),
      HASTEN_SYMBOL(hj_guards_hold),
      HASTEN_SYMBOL(hj_guard_holds),
      HASTEN_SYMBOL(hj_divmod),
      {"hj_poll", reinterpret_cast<void*>(&hj_poll_keeping)},
      HASTEN_SYMBOL(hj_begin_plain_run),
      HASTEN_SYMBOL(hj_end_plain_run),
      HASTEN_SYMBOL(hj_recursion_error),
      HASTEN_SYMBOL(hj_peek_global),
      HASTEN_SYMBOL(hj_store_cell),
      HASTEN_SYMBOL(hj_store_global),
      HASTEN_SYMBOL(hj_store_global_int),
      HASTEN_SYMBOL(hj_store_global_float),
      HASTEN_SYMBOL(hj_execute),
      HASTEN_SYMBOL(hj_dealloc),
      HASTEN_SYMBOL(hj_decref),
      HASTEN_SYMBOL(hj_method_object),
      HASTEN_SYMBOL(hj_load_method),
      HASTEN_SYMBOL(hj_bind_method),
      HASTEN_SYMBOL(hj_compare),
      HASTEN_SYMBOL(hj_iter_next),
      HASTEN_SYMBOL(hj_isalpha),
      HASTEN_SYMBOL(hj_isdigit),
      HASTEN_SYMBOL(hj_isalnum),
      HASTEN_SYMBOL(hj_isspace),
      HASTEN_SYMBOL(hj_isupper),
      HASTEN_SYMBOL(hj_islower),
      HASTEN_SYMBOL(hj_isdecimal),
      HASTEN_SYMBOL(hj_isnumeric),
      HASTEN_SYMBOL(hj_binary_pow),
      HASTEN_SYMBOL(hj_inplace_pow),
      {"hj_binary_add", reinterpret_cast<void*>(&PyNumber_Add)},
      {"hj_binary_sub", reinterpret_cast<void*>(&PyNumber_Subtract)},
      {"hj_binary_mul", reinterpret_cast<void*>(&PyNumber_Multiply)},
      {"hj_binary_truediv", reinterpret_cast<void*>(&PyNumber_TrueDivide)},
      {"hj_binary_floordiv", reinterpret_cast<void*>(&hj_floor_divide)},
      {"hj_binary_mod", reinterpret_cast<void*>(&hj_remainder)},
      {"hj_binary_lshift", reinterpret_cast<void*>(&PyNumber_Lshift)},
      {"hj_binary_rshift", reinterpret_cast<void*>(&PyNumber_Rshift)},
      HASTEN_SYMBOL(hj_binary_and),
      {"hj_binary_or", reinterpret_cast<void*>(&PyNumber_Or)},
      {"hj_binary_xor", reinterpret_cast<void*>(&PyNumber_Xor)},
      {"hj_binary_matmul", reinterpret_cast<void*>(&PyNumber_MatrixMultiply)},
      {"hj_inplace_add", reinterpret_cast<void*>(&PyNumber_InPlaceAdd)},
      {"hj_inplace_sub", reinterpret_cast<void*>(&PyNumber_InPlaceSubtract)},
      {"hj_inplace_mul", reinterpret_cast<void*>(&PyNumber_InPlaceMultiply)},
      {"hj_inplace_truediv", reinterpret_cast<void*>(&PyNumber_InPlaceTrueDivide)},
      {"hj_inplace_floordiv", reinterpret_cast<void*>(&hj_floor_divide_in_place)},
      {"hj_inplace_mod", reinterpret_cast<void*>(&hj_remainder_in_place)},
      {"hj_inplace_lshift", reinterpret_cast<void*>(&PyNumber_InPlaceLshift)},
      {"hj_inplace_rshift", reinterpret_cast<void*>(&PyNumber_InPlaceRshift)},
      {"hj_inplace_and", reinterpret_cast<void*>(&PyNumber_InPlaceAnd)},
      HASTEN_SYMBOL(hj_inplace_or),
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
      HASTEN_SYMBOL(hj_makes_instances),
      HASTEN_SYMBOL(hj_new_instance),
      HASTEN_SYMBOL(hj_check_initialized),
      HASTEN_SYMBOL(hj_counted_call_with),
      HASTEN_SYMBOL(hj_list_append),
      HASTEN_SYMBOL(hj_int_pow),
      HASTEN_SYMBOL(hj_int_true_divide),
      HASTEN_SYMBOL(hj_float_mod),
      HASTEN_SYMBOL(hj_float_floor_divide),
      HASTEN_SYMBOL(hj_float_pow),
      HASTEN_SYMBOL(hj_compare_int_float),
      HASTEN_SYMBOL(hj_complex_divide),
      {"hj_hypot", reinterpret_cast<void*>(static_cast<double (*)(double, double)>(::hypot))},
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
  return kSymbols;
}

static std::span<const SupportSymbol> math_symbols() {
  static const std::vector<SupportSymbol> kSymbols = [] {
    std::vector<SupportSymbol> made;
    for (const LibmSymbol& one : libm_symbols()) made.push_back({one.name, one.direct});
    return made;
  }();
  return kSymbols;
}

std::array<std::span<const SupportSymbol>, 11> support_symbols() {
  return {common_symbols(), box_symbols(),           container_symbols(),   table_symbols(),
          number_symbols(), ordering_symbols(),      native_list_symbols(), wide_symbols(),
          text_symbols(),   constant_dict_symbols(), math_symbols()};
}

}  // namespace hasten::runtime
