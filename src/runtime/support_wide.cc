// The functions of support.h for ints of 128 bits.
#include <Python.h>

#include <array>
#include <bit>
#include <cstring>
#include <limits>

#include "runtime/mir.h"
#include "runtime/object_layout.h"
#include "runtime/object_ref.h"
#include "runtime/support.h"

namespace hasten::runtime {
namespace {

__extension__ typedef __int128 Wide;
__extension__ typedef unsigned __int128 Natural;

constexpr unsigned kDigitBits = 30;
constexpr Natural kSignBit = Natural{1} << 127;

struct IntAndStatus {
  int64_t value;
  int64_t ok;
};

uint64_t high_half(Natural v) { return static_cast<uint64_t>(v >> 64); }
uint64_t low_half(Natural v) { return static_cast<uint64_t>(v); }
Natural magnitude(Wide v) { return v < 0 ? -static_cast<Natural>(v) : static_cast<Natural>(v); }

struct QuotientAndRest {
  uint64_t quotient, rest;
};

/// REQUIRES: high < divisor, so that the quotient fits.
QuotientAndRest divide(uint64_t high, uint64_t low, uint64_t divisor) {
#if defined(__x86_64__)
  QuotientAndRest r;
  asm("divq %4" : "=a"(r.quotient), "=d"(r.rest) : "a"(low), "d"(high), "r"(divisor) : "cc");
  return r;
#else
  const Natural all = Natural{high} << 64 | low;
  return {static_cast<uint64_t>(all / divisor), static_cast<uint64_t>(all % divisor)};
#endif
}

Natural rest_of(Natural a, uint64_t divisor) { return divide(high_half(a) % divisor, low_half(a), divisor).rest; }

/// (high * 2**128 + low) % divisor, for a divisor beyond 64 bits: Knuth's algorithm D, with digits of 64 bits.
Natural rest_of(Natural high, Natural low, Natural divisor) {
  const int shift = std::countl_zero(high_half(divisor));
  const Natural scaled = divisor << shift;
  const uint64_t d1 = high_half(scaled), d0 = low_half(scaled);
  std::array<uint64_t, 5> digits{};  // the most significant one first
  digits[0] = shift ? high_half(high) >> (64 - shift) : 0;
  const Natural upper = (high << shift) | (shift ? low >> (128 - shift) : 0), lower = low << shift;
  digits[1] = high_half(upper), digits[2] = low_half(upper);
  digits[3] = high_half(lower), digits[4] = low_half(lower);
  Natural rest = Natural{digits[0]} << 64 | digits[1];
  if (rest >= scaled)
    rest -= scaled;
  for (size_t k = 2; k < digits.size(); ++k) {
    const uint64_t r1 = high_half(rest), r0 = low_half(rest);
    uint64_t q = std::numeric_limits<uint64_t>::max();
    Natural left = Natural{r0} + d1;
    if (r1 != d1) {
      const QuotientAndRest first = divide(r1, r0, d1);
      q = first.quotient;
      left = first.rest;
    }
    while (high_half(left) == 0 && Natural{q} * d0 > (left << 64 | digits[k])) {
      --q;
      left += d1;
    }
    rest = (Natural{r0} << 64 | digits[k]) - (Natural{q} * d0 + (Natural{q * d1} << 64));
  }
  return rest >> shift;
}

Natural product_rest(Natural a, Natural b, Natural divisor) {
  if (high_half(a | b) == 0) {
    const Natural product = a * b;
    return high_half(divisor) == 0 ? rest_of(product, low_half(divisor)) : product % divisor;
  }
  // Four products of halves.
  const Natural low = Natural{low_half(a)} * low_half(b), high = Natural{high_half(a)} * high_half(b);
  const Natural cross1 = Natural{high_half(a)} * low_half(b), cross2 = Natural{low_half(a)} * high_half(b);
  const Natural middle = Natural{high_half(low)} + low_half(cross1) + low_half(cross2);
  const Natural lower = middle << 64 | low_half(low);
  const Natural upper = high + high_half(cross1) + high_half(cross2) + high_half(middle);
  if (high_half(divisor) != 0)
    return upper == 0 ? lower % divisor : rest_of(upper, lower, divisor);
  const uint64_t d = low_half(divisor);
  uint64_t rest = high_half(upper) % d;
  for (const uint64_t digit : {low_half(upper), high_half(lower), low_half(lower)}) rest = divide(rest, digit, d).rest;
  return rest;
}

/// The remainder with the sign of the divisor, given that of the magnitudes.
Wide signed_rest(Natural rest, bool dividend_is_negative, Wide divisor) {
  if (rest != 0 && dividend_is_negative != (divisor < 0))
    rest = magnitude(divisor) - rest;
  return static_cast<Wide>(divisor < 0 ? -rest : rest);
}

/// Whether `object` is an int whose magnitude has at most 128 bits, and which one.
bool read_int(PyObject* object, Natural* value, bool* is_negative) {
  if (!PyLong_CheckExact(object))
    return false;
  const ObjectLayout& layout = object_layout();
  const char* at = reinterpret_cast<const char*>(object);
  int64_t header = 0;
  std::memcpy(&header, at + layout.long_size_or_tag, sizeof header);
  *is_negative = layout.long_is_tagged ? (header & 3) == 2 : header < 0;
  const int64_t count = layout.long_is_tagged ? header >> 3 : *is_negative ? -header : header;
  if (count > 5)
    return false;
  Natural all = 0;
  for (int64_t k = count; k-- > 0;) {
    uint32_t digit = 0;
    std::memcpy(&digit, at + layout.long_digits + 4 * k, sizeof digit);
    if (k == 4 && digit >= 1u << 8)
      return false;
    all = all << kDigitBits | digit;
  }
  *value = all;
  return true;
}

extern "C" {

PyObject* hj_box_unsigned(uint64_t value) {
  return value >> 63 ? PyLong_FromUnsignedLongLong(value) : PyLong_FromLongLong(static_cast<int64_t>(value));
}

PyObject* hj_box_wide(Wide value) {
  if (value == static_cast<int64_t>(value))
    return PyLong_FromLongLong(static_cast<int64_t>(value));
  std::array<unsigned char, sizeof value> bytes;
  std::memcpy(bytes.data(), &value, sizeof value);
  return _PyLong_FromByteArray(bytes.data(), bytes.size(), 1, 1);
}

IntAndStatus hj_unbox_unsigned(PyObject* object) {
  Natural value = 0;
  bool is_negative = false;
  const bool fits = read_int(object, &value, &is_negative) && !is_negative && high_half(value) == 0;
  return {static_cast<int64_t>(low_half(value)), fits};
}

/// The halves, the lower one first.
int64_t hj_unbox_wide(PyObject* object, uint64_t* halves) {
  Natural value = 0;
  bool is_negative = false;
  if (!read_int(object, &value, &is_negative) || value > kSignBit - !is_negative)
    return 0;
  const Natural signed_value = is_negative ? -value : value;
  halves[0] = low_half(signed_value);
  halves[1] = high_half(signed_value);
  return 1;
}

// The divisor is not 0; the quotient fits.
Wide hj_wide_floor_divide(Wide a, Wide b) {
  const Wide q = a / b;
  return (a % b != 0 && (a < 0) != (b < 0)) ? q - 1 : q;
}
Wide hj_wide_modulo(Wide a, Wide b) { return signed_rest(magnitude(a) % magnitude(b), a < 0, b); }
Wide hj_wide_product_modulo(Wide a, Wide b, Wide divisor) {
  return signed_rest(product_rest(magnitude(a), magnitude(b), magnitude(divisor)), (a < 0) != (b < 0), divisor);
}
int64_t hj_product_modulo(int64_t a, int64_t b, int64_t divisor) {
  const Wide product = Wide{a} * b;
  const Natural size = magnitude(Wide{divisor});
  return static_cast<int64_t>(signed_rest(rest_of(magnitude(product), low_half(size)), product < 0, divisor));
}
uint64_t hj_unsigned_product_modulo(uint64_t a, uint64_t b, uint64_t divisor) {
  const Natural product = Natural{a} * b;
  const uint64_t high = high_half(product);
  return divide(high < divisor ? high : high % divisor, low_half(product), divisor).rest;
}
int64_t hj_wide_product_fits(Wide a, Wide b) {
  Wide product = 0;
  return !__builtin_mul_overflow(a, b, &product);
}
double hj_wide_to_double(Wide value) { return static_cast<double>(value); }

double hj_wide_true_divide(Wide a, Wide b) {
  constexpr Wide kExact = Wide{1} << 53;  // both exact as doubles: one rounded division
  if (a >= -kExact && a <= kExact && b >= -kExact && b <= kExact)
    return static_cast<double>(a) / static_cast<double>(b);
  const KeepError keep;
  const ObjectRef x = ObjectRef::steal(hj_box_wide(a)), y = ObjectRef::steal(hj_box_wide(b));
  const ObjectRef quotient = ObjectRef::steal(x && y ? PyNumber_TrueDivide(x.get(), y.get()) : nullptr);
  return quotient ? PyFloat_AsDouble(quotient.get()) : 0;
}

/// `x op y` (y null: a unary one) of ints, where native code that has kept only its lower bits ends.
PyObject* hj_whole_object(uint32_t op, PyObject* x, PyObject* y) {
  const KeepError keep;
  if (!y)
    return static_cast<mir::UnaryOp>(op) == mir::UnaryOp::Neg ? PyNumber_Negative(x) : PyNumber_Invert(x);
  switch (static_cast<mir::BinaryOp>(op)) {
    case mir::BinaryOp::Add:
      return PyNumber_Add(x, y);
    case mir::BinaryOp::Sub:
      return PyNumber_Subtract(x, y);
    case mir::BinaryOp::Mul:
      return PyNumber_Multiply(x, y);
    case mir::BinaryOp::LShift:
      return PyNumber_Lshift(x, y);
    case mir::BinaryOp::And:
      return PyNumber_And(x, y);
    case mir::BinaryOp::Or:
      return PyNumber_Or(x, y);
    default:
      return PyNumber_Xor(x, y);
  }
}

}  // extern "C"

}  // namespace

std::span<const SupportSymbol> wide_symbols() {
#define HASTEN_SYMBOL(name) {#name, reinterpret_cast<void*>(&name)}
  static const SupportSymbol kSymbols[] = {
      HASTEN_SYMBOL(hj_box_unsigned),
      HASTEN_SYMBOL(hj_box_wide),
      HASTEN_SYMBOL(hj_unbox_unsigned),
      HASTEN_SYMBOL(hj_unbox_wide),
      HASTEN_SYMBOL(hj_wide_floor_divide),
      HASTEN_SYMBOL(hj_wide_modulo),
      HASTEN_SYMBOL(hj_wide_product_modulo),
      HASTEN_SYMBOL(hj_product_modulo),
      HASTEN_SYMBOL(hj_unsigned_product_modulo),
      HASTEN_SYMBOL(hj_wide_product_fits),
      HASTEN_SYMBOL(hj_wide_to_double),
      HASTEN_SYMBOL(hj_wide_true_divide),
      HASTEN_SYMBOL(hj_whole_object),
  };
#undef HASTEN_SYMBOL
  return kSymbols;
}

}  // namespace hasten::runtime
