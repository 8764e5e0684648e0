#include "runtime/helpers.h"

#include <cerrno>
#include <cmath>
#include <cstring>

#include "runtime/compiled_function.h"
#include "runtime/landing.h"
#include "runtime/loop_entry.h"
#include "runtime/object_layout.h"
#include "runtime/operations.h"
#include "runtime/poll.h"
#include "runtime/recursion.h"
#include "runtime/traceback.h"

namespace hasten::runtime {

extern "C" {

PyObject* hrt_deopt(NativeVersion* version, uint32_t point, const uint64_t* slots, const uint16_t* owned,
                    size_t owned_count, PyObject* result) {
  CompiledFunction* function = CompiledFunction::of(version->function);
  if (!function) {
    Py_XDECREF(result);
    drop_owned(slots, {owned, owned_count});
    PyErr_SetString(PyExc_SystemError, "hasten: compiled code outlived its function");
    return nullptr;
  }
  return function->land(version, point, slots, {owned, owned_count}, result);
}

int32_t hrt_execute(const mir::MirFunction* function, uint32_t instr, PyObject* const* operands, PyObject** result) {
  if (execute(*function, instr, operands, result)) {
    return kOk;
  }
  add_traceback(*function, instr);
  return kFailed;
}

PyObject* hrt_load_method(MethodCache* cache, PyObject* object, PyObject* name, int32_t* is_unbound) {
  bool unbound = false;
  PyObject* callable = load_method(object, name, &unbound);
  *is_unbound = unbound;
  if (unbound) {
    if (uint32_t version = method_version(object)) {
      *cache = {version, callable};
    }
  }
  return callable;
}

void hrt_raise(const mir::MirFunction* function, uint32_t instr, PyObject* exception, PyObject* cause) {
  if (raise(function->instrs[instr].op, exception, cause)) {
    add_traceback(*function, instr);
  }
}

void hrt_traceback(const mir::MirFunction* function, uint32_t instr) { add_traceback(*function, instr); }

int32_t hrt_poll(const mir::MirFunction* function, uint32_t instr) {
  if (poll()) {
    return kOk;
  }
  add_traceback(*function, instr);
  return kFailed;
}

PyObject** hrt_take_over() {
  const NativeVersion& native = *innermost_entry->native;
  for (uint32_t k = 0; k < native.osr_count; ++k) {
    innermost_entry->values->set(native.osr_values[k], nullptr);
  }
  return innermost_entry->values->held();
}

void hrt_call_limits(int32_t** budget, uintptr_t* stack_low) {
  CallLimits limits = call_limits();
  *budget = limits.budget;
  *stack_low = limits.stack_low;
}

void hrt_recursion_error(const mir::MirFunction* caller, uint32_t instr) {
  raise_recursion_error();
  add_traceback(*caller, instr);
}

PyObject* hrt_box_int(int64_t value) { return PyLong_FromLongLong(value); }
PyObject* hrt_box_float(double value) { return PyFloat_FromDouble(value); }
PyObject* hrt_box_complex(double real, double imag) { return PyComplex_FromDoubles(real, imag); }

int32_t hrt_unbox_int(PyObject* object, int64_t* value) {
  if (!PyLong_CheckExact(object)) {
    return kLeave;
  }
  int overflow = 0;
  *value = PyLong_AsLongLongAndOverflow(object, &overflow);
  return overflow ? kLeave : kOk;
}

void hrt_dealloc(PyObject* object) { _Py_Dealloc(object); }
void hrt_decref(PyObject* object) { Py_XDECREF(object); }

PyObject* hrt_peek_global(const mir::MirFunction* function, uint32_t name) {
  PyObject* key = function->names[name];
  PyObject* value = PyDict_GetItemWithError(PyFunction_GET_GLOBALS(function->function), key);
  if (!value && !PyErr_Occurred()) {
    PyObject* builtins = function_builtins(function->function);
    value = PyDict_CheckExact(builtins) ? PyDict_GetItemWithError(builtins, key) : nullptr;
  }
  PyErr_Clear();
  return value;
}

const uint64_t* hrt_dict_version(PyObject* dict) { return dict_version(dict); }

int32_t hrt_list_append(PyObject* list, PyObject* item) {
  int status = PyList_Append(list, item);
  Py_DECREF(item);
  return status == 0 ? kOk : kFailed;
}

PyObject* hrt_list_new(int64_t count) { return PyList_New(count < 0 ? 0 : static_cast<Py_ssize_t>(count)); }

PyObject* hrt_list_repeat(PyObject* item, int64_t count) {
  PyObject* list = hrt_list_new(count);
  for (int64_t i = 0; list && i < count; ++i) {
    PyList_SET_ITEM(list, i, Py_NewRef(item));
  }
  return list;
}

int32_t hrt_int_pow(int64_t base, int64_t exponent, int64_t* out) {
  if (exponent < 0) {
    return kLeave;
  }
  int64_t result = 1;
  int64_t square = base;
  while (exponent != 0) {
    if ((exponent & 1) && __builtin_mul_overflow(result, square, &result)) {
      return kLeave;
    }
    exponent >>= 1;
    if (exponent != 0 && __builtin_mul_overflow(square, square, &square)) {
      return kLeave;
    }
  }
  *out = result;
  return kOk;
}

int32_t hrt_int_pow_mod(int64_t base, int64_t exponent, int64_t modulus, int64_t* out) {
  if (exponent < 0 || modulus == 0) {
    return kLeave;
  }
  auto m = static_cast<__int128>(modulus);
  auto floor_mod = [m](__int128 value) {
    __int128 rest = value % m;
    return rest != 0 && (rest < 0) != (m < 0) ? rest + m : rest;
  };
  __int128 result = floor_mod(1);
  __int128 square = floor_mod(base);
  for (; exponent != 0; exponent >>= 1) {
    if (exponent & 1) {
      result = floor_mod(result * square);  // both below 2**63 in magnitude
    }
    square = floor_mod(square * square);
  }
  *out = static_cast<int64_t>(result);
  return kOk;
}

/// The quotient and remainder of CPython's float_divmod and float_rem.
static void float_divide(double a, double b, double* floor_quotient, double* remainder) {
  double mod = std::fmod(a, b);
  double quotient = (a - mod) / b;
  if (mod != 0) {
    if ((b < 0) != (mod < 0)) {
      mod += b;
      quotient -= 1.0;
    }
  } else {
    mod = std::copysign(0.0, b);
  }
  if (quotient != 0) {
    *floor_quotient = std::floor(quotient);
    if (quotient - *floor_quotient > 0.5) {
      *floor_quotient += 1.0;
    }
  } else {
    *floor_quotient = std::copysign(0.0, a / b);
  }
  *remainder = mod;
}

int32_t hrt_float_floor_divide(double a, double b, double* out) {
  double remainder = 0;
  if (b == 0.0) {
    return kLeave;
  }
  float_divide(a, b, out, &remainder);
  return kOk;
}

int32_t hrt_float_remainder(double a, double b, double* out) {
  double quotient = 0;
  if (b == 0.0) {
    return kLeave;
  }
  float_divide(a, b, &quotient, out);
  return kOk;
}

int32_t hrt_float_pow(double a, double b, double* out) {
  // The special cases that CPython takes out of libm's hands are C99's too; where it raises or turns complex, leave.
  if ((a == 0.0 && b < 0.0) || (a < 0.0 && std::isfinite(a) && std::isfinite(b) && b != std::floor(b))) {
    return kLeave;
  }
  if (std::isnan(a) || std::isnan(b) || std::isinf(a) || std::isinf(b)) {
    *out = std::pow(a, b);
    return kOk;
  }
  // CPython computes pow(|a|, b) and puts the sign on afterwards.
  bool negate = a < 0.0 && std::fmod(std::fabs(b), 2.0) == 1.0;
  if (a < 0.0) {
    a = -a;
  }
  if (a == 1.0) {
    *out = negate ? -1.0 : 1.0;
    return kOk;
  }
  errno = 0;
  double result = std::pow(a, b);
  if (std::isinf(result) || errno == ERANGE) {
    // Underflow is no error in CPython either, but let it decide.
    return kLeave;
  }
  *out = negate ? -result : result;
  return kOk;
}

int32_t hrt_float_to_int(double value, int64_t* out) {
  if (!(value > -9223372036854775809.0 && value < 9223372036854775808.0) || value < -9223372036854775808.0) {
    return kLeave;
  }
  *out = static_cast<int64_t>(value);
  return kOk;
}

int32_t hrt_float_round(double value, int64_t* out) {
  double rounded = std::round(value);
  if (std::fabs(value - rounded) == 0.5) {
    rounded = 2.0 * std::round(value / 2.0);
  }
  return hrt_float_to_int(rounded, out);
}

int32_t hrt_float_round_digits(double value, int64_t digits, double* out) {
  if (!std::isfinite(value)) {
    *out = value;
    return kOk;
  }
  if (digits < 0 || digits > 323) {
    return kLeave;
  }
  // As CPython: the shortest decimal of so many digits, correctly rounded, read back.
  char* text = PyOS_double_to_string(value, 'f', static_cast<int>(digits), 0, nullptr);
  if (!text) {
    PyErr_Clear();
    return kLeave;
  }
  double result = PyOS_string_to_double(text, nullptr, nullptr);
  PyMem_Free(text);
  if (PyErr_Occurred()) {
    PyErr_Clear();
    return kLeave;
  }
  *out = result;
  return kOk;
}

double hrt_int_true_divide(int64_t a, int64_t b) {
  constexpr int64_t kExact = int64_t{1} << 53;
  if (a >= -kExact && a <= kExact && b >= -kExact && b <= kExact) {
    return static_cast<double>(a) / static_cast<double>(b);  // both exact, one rounding
  }
  auto magnitude = [](int64_t v) {
    return v < 0 ? 0ULL - static_cast<unsigned long long>(v) : static_cast<unsigned long long>(v);
  };
  unsigned long long x = magnitude(a);
  unsigned long long y = magnitude(b);
  if (x == 0) {
    return b < 0 ? -0.0 : 0.0;
  }
  // x << shift has 127 bits, so the quotient has at least 63: more than 53 and a bit that says "and a bit more".
  int shift = 63 + __builtin_clzll(x);
  unsigned __int128 scaled = static_cast<unsigned __int128>(x) << shift;
  unsigned __int128 quotient = scaled / y;
  bool more = scaled % y != 0;
  for (; (quotient >> 63) != 0; quotient >>= 1) {
    more |= (quotient & 1) != 0;
    --shift;
  }
  double result = std::ldexp(static_cast<double>(static_cast<uint64_t>(quotient) | (more ? 1U : 0U)), -shift);
  return (a < 0) != (b < 0) ? -result : result;
}

int32_t hrt_compare_int_float(int64_t a, double b) {
  if (std::isnan(b)) {
    return 2;
  }
  if (b >= 9223372036854775808.0) {
    return -1;
  }
  if (b < -9223372036854775808.0) {
    return 1;
  }
  auto whole = static_cast<int64_t>(b);  // towards zero
  if (a != whole) {
    return a < whole ? -1 : 1;
  }
  double rest = b - static_cast<double>(whole);
  return rest > 0 ? -1 : rest < 0 ? 1 : 0;
}

int32_t hrt_complex_divide(const double* a, const double* b, double* out) {
  errno = 0;
  Py_complex result = _Py_c_quot({a[0], a[1]}, {b[0], b[1]});
  if (errno != 0) {
    return kLeave;
  }
  out[0] = result.real, out[1] = result.imag;
  return kOk;
}

int32_t hrt_complex_abs(const double* a, double* out) {
  errno = 0;
  *out = _Py_c_abs({a[0], a[1]});
  return errno != 0 ? kLeave : kOk;
}

int32_t hrt_complex_pow(const double* a, const double* b, double* out) {
  // complex.__pow__ itself: it chooses between repeated multiplication and polar form, differently by version.
  PyObject* base = PyComplex_FromDoubles(a[0], a[1]);
  PyObject* exponent = PyComplex_FromDoubles(b[0], b[1]);
  PyObject* result = base && exponent ? PyNumber_Power(base, exponent, Py_None) : nullptr;
  Py_XDECREF(base);
  Py_XDECREF(exponent);
  if (!result) {
    PyErr_Clear();
    return kLeave;
  }
  Py_complex value = PyComplex_AsCComplex(result);
  Py_DECREF(result);
  out[0] = value.real, out[1] = value.imag;
  return kOk;
}

}  // extern "C"

const Symbol* helper_symbols(uint32_t* count) {
#define HASTEN_SYMBOL(name) {#name, reinterpret_cast<void*>(&name)}
  static const Symbol kSymbols[] = {
      HASTEN_SYMBOL(hrt_deopt),
      HASTEN_SYMBOL(hrt_raise),
      HASTEN_SYMBOL(hrt_execute),
      HASTEN_SYMBOL(hrt_load_method),
      HASTEN_SYMBOL(hrt_traceback),
      HASTEN_SYMBOL(hrt_poll),
      HASTEN_SYMBOL(hrt_take_over),
      HASTEN_SYMBOL(hrt_call_limits),
      HASTEN_SYMBOL(hrt_recursion_error),
      HASTEN_SYMBOL(hrt_box_int),
      HASTEN_SYMBOL(hrt_box_float),
      HASTEN_SYMBOL(hrt_box_complex),
      HASTEN_SYMBOL(hrt_unbox_int),
      HASTEN_SYMBOL(hrt_dealloc),
      HASTEN_SYMBOL(hrt_decref),
      HASTEN_SYMBOL(hrt_peek_global),
      HASTEN_SYMBOL(hrt_dict_version),
      HASTEN_SYMBOL(hrt_list_append),
      HASTEN_SYMBOL(hrt_list_repeat),
      HASTEN_SYMBOL(hrt_list_new),
      HASTEN_SYMBOL(hrt_int_pow),
      HASTEN_SYMBOL(hrt_int_pow_mod),
      HASTEN_SYMBOL(hrt_float_floor_divide),
      HASTEN_SYMBOL(hrt_float_remainder),
      HASTEN_SYMBOL(hrt_float_pow),
      HASTEN_SYMBOL(hrt_float_to_int),
      HASTEN_SYMBOL(hrt_float_round),
      HASTEN_SYMBOL(hrt_float_round_digits),
      HASTEN_SYMBOL(hrt_int_true_divide),
      HASTEN_SYMBOL(hrt_compare_int_float),
      HASTEN_SYMBOL(hrt_complex_divide),
      HASTEN_SYMBOL(hrt_complex_pow),
      HASTEN_SYMBOL(hrt_complex_abs),
  };
#undef HASTEN_SYMBOL
  *count = static_cast<uint32_t>(std::size(kSymbols));
  return kSymbols;
}

}  // namespace hasten::runtime
