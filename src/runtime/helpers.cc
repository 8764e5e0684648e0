#include "runtime/helpers.h"

#include "runtime/attributes.h"

#include <cerrno>
#include <cmath>
#include <cstring>

#include "runtime/compiled_function.h"
#include "runtime/landing.h"
#include "runtime/loop_entry.h"
#include "runtime/object_layout.h"
#include "runtime/operations.h"
#include "runtime/planted.h"
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
  if (PyObject* known = known_method(*cache, object)) {
    *is_unbound = 1;
    return Py_NewRef(known);
  }
  bool unbound = false;
  PyObject* callable = load_method(object, name, &unbound);
  *is_unbound = unbound;
  if (unbound) {
    if (uint32_t version = method_version(object)) {
      *cache = {version, callable};
    } else {
      remember_method(cache, object, name, callable);
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

int32_t hrt_list_append(PyObject* list, PyObject* item) {
  int status = PyList_Append(list, item);
  Py_DECREF(item);
  return status == 0 ? kOk : kFailed;
}

int32_t hrt_int_pow(int64_t base, int64_t exponent, int64_t* out) {
  if (exponent < 0) {
    return kLeave;
  }
  int64_t result = 1;
  int64_t square = base;
  while (exponent != 0) {
    if ((exponent & 1) && __builtin_mul_overflow(result, square, &result) && !planted_bug(Plant::IntPowWraps)) {
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
    mod = std::copysign(0.0, planted_bug(Plant::RemainderZeroSign) ? a : b);
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
  if (std::isnan(a) && b != 0.0) {
    *out = a;  // as it is: libm would make a signalling one quiet
    return kOk;
  }
  if (std::isnan(b) && a != 1.0) {
    *out = b;
    return kOk;
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
  if (b >= 9223372036854775808.0 && !(planted_bug(Plant::IntFloatEdge) && b == 9223372036854775808.0)) {
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

}  // extern "C"

}  // namespace hasten::runtime
