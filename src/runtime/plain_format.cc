// CPython reads a specification anew for each value, looks __format__ up as an attribute, and writes floats by way of
// David Gay's dtoa, which is made for any precision. Here a float is m * 2**-s with an m of 53 bits, so that m * 10**precision is
// an int of at most 128 bits, whose half-even rounding is exact.
#include "runtime/plain_format.h"

#include <cmath>
#include <cstdint>
#include <cstring>

#include "runtime/object_layout.h"

namespace hasten::runtime {
namespace {

constexpr Py_ssize_t kWidthMax = 1000;
constexpr int kPrecisionMax = 9;
constexpr size_t kDigitsMax = 40;

struct Spec {
  char fill = ' ', align = 0, type = 0;
  Py_ssize_t width = 0;
  int precision = -1;
};

bool is_align(Py_UCS1 c) { return c == '<' || c == '>' || c == '^'; }
bool is_digit(Py_UCS1 c) { return c >= '0' && c <= '9'; }

/// [[fill]align][0][width][.precision][type]; false: there is more to it.
bool read(PyObject* spec, Spec* out) {
  if (!spec || !PyUnicode_CheckExact(spec) || !PyUnicode_IS_ASCII(spec))
    return false;
  const Py_UCS1 *at = PyUnicode_1BYTE_DATA(spec), *end = at + PyUnicode_GET_LENGTH(spec);
  if (end - at >= 2 && is_align(at[1])) {
    out->fill = static_cast<char>(at[0]);
    out->align = static_cast<char>(at[1]);
    at += 2;
  } else if (at < end && is_align(*at)) {
    out->align = static_cast<char>(*at++);
  }
  if (at < end && *at == '0') {
    if (out->align)
      return false;
    out->fill = '0';
    out->align = '=';
    ++at;
  }
  for (; at < end && is_digit(*at) && out->width <= kWidthMax; ++at) out->width = out->width * 10 + (*at - '0');
  if (end - at >= 2 && *at == '.' && is_digit(at[1])) {
    out->precision = 0;
    for (++at; at < end && is_digit(*at) && out->precision <= kPrecisionMax; ++at)
      out->precision = out->precision * 10 + (*at - '0');
  }
  if (at < end)
    out->type = static_cast<char>(*at++);
  return at == end && out->width <= kWidthMax && out->precision <= kPrecisionMax;
}

/// The ASCII text, with what stands around it. Of a number, `sign` characters come before what zeros are put before.
PyObject* padded(const char* text, Py_ssize_t size, Py_ssize_t sign, const Spec& spec, char align) {
  const Py_ssize_t pad = spec.width > size ? spec.width - size : 0;
  PyObject* result = PyUnicode_New(size + pad, 127);
  if (!result)
    return nullptr;
  char* out = reinterpret_cast<char*>(PyUnicode_1BYTE_DATA(result));
  const Py_ssize_t before = align == '<' ? 0 : align == '^' ? pad / 2 : pad;
  if (align == '=') {
    std::memcpy(out, text, static_cast<size_t>(sign));
    out += sign, text += sign, size -= sign;
  }
  std::memset(out, spec.fill, static_cast<size_t>(before));
  std::memcpy(out + before, text, static_cast<size_t>(size));
  std::memset(out + before + size, spec.fill, static_cast<size_t>(pad - before));
  return result;
}

/// Writes the digits so that they end before `end`, at least `least` of them; gives where they begin.
char* digits_before(char* end, uint64_t value, int least) {
  for (; value != 0 || least > 0; value /= 10, --least) *--end = static_cast<char>('0' + value % 10);
  return end;
}

PyObject* number(char* begin, char* end, bool negative, const Spec& spec) {
  if (negative)
    *--begin = '-';
  return padded(begin, end - begin, negative ? 1 : 0, spec, spec.align ? spec.align : '>');
}

PyObject* formatted_int(PyObject* value, const Spec& spec) {
  int64_t small = 0;
  if ((spec.type && spec.type != 'd') || spec.precision >= 0 || !read_small_int(value, &small))
    return nullptr;
  char room[kDigitsMax], *end = room + sizeof room;
  const uint64_t magnitude = small < 0 ? uint64_t{0} - static_cast<uint64_t>(small) : static_cast<uint64_t>(small);
  return number(digits_before(end, magnitude, 1), end, small < 0, spec);
}

/// abs(value) * 10**precision, rounded as dtoa rounds; false: it is too large.
bool scaled(double value, int precision, uint64_t power, uint64_t* out) {
  constexpr int kMantissaBits = 53, kProductBitsMax = 128;
  int exponent = 0;
  const double fraction = std::frexp(std::abs(value), &exponent);
  const auto mantissa = static_cast<uint64_t>(std::ldexp(fraction, kMantissaBits));
  const int shift = kMantissaBits - exponent;
  const auto product = static_cast<unsigned __int128>(mantissa) * power;
  if (shift <= 0 || precision > kPrecisionMax)
    return false;
  if (shift >= kProductBitsMax) {  // below one half of the last digit
    *out = 0;
    return true;
  }
  const unsigned __int128 whole = product >> shift, rest = product - (whole << shift),
                          half = static_cast<unsigned __int128>(1) << (shift - 1);
  if (whole >> 63)
    return false;
  *out = static_cast<uint64_t>(whole) + (rest > half || (rest == half && (whole & 1)) ? 1 : 0);
  return true;
}

PyObject* formatted_float(double value, const Spec& spec) {
  constexpr int kPrecisionUsual = 6;
  if (spec.type != 'f' || !std::isfinite(value))
    return nullptr;
  const int precision = spec.precision < 0 ? kPrecisionUsual : spec.precision;
  uint64_t power = 1, digits = 0;
  for (int k = 0; k < precision; ++k) power *= 10;
  if (!scaled(value, precision, power, &digits))
    return nullptr;
  char room[kDigitsMax], *end = room + sizeof room, *begin = end;
  if (precision > 0) {
    begin = digits_before(end, digits % power, precision);
    *--begin = '.';
  }
  return number(digits_before(begin, digits / power, 1), end, std::signbit(value), spec);
}

PyObject* formatted_text(PyObject* text, const Spec& spec) {
  if ((spec.type && spec.type != 's') || spec.precision >= 0 || spec.align == '=')
    return nullptr;
  const Py_ssize_t size = PyUnicode_GET_LENGTH(text);
  if (size >= spec.width)
    return Py_NewRef(text);
  if (!PyUnicode_IS_ASCII(text))
    return nullptr;
  return padded(reinterpret_cast<const char*>(PyUnicode_1BYTE_DATA(text)), size, 0, spec,
                spec.align ? spec.align : '<');
}

}  // namespace

PyObject* plain_format(PyObject* value, PyObject* spec) {
  Spec plain;
  if (PyUnicode_CheckExact(value))
    return read(spec, &plain) ? formatted_text(value, plain) : nullptr;
  if (PyFloat_CheckExact(value))
    return read(spec, &plain) ? formatted_float(PyFloat_AS_DOUBLE(value), plain) : nullptr;
  return PyLong_CheckExact(value) && read(spec, &plain) ? formatted_int(value, plain) : nullptr;
}

}  // namespace hasten::runtime
