// The functions of support.h that make texts of numbers and numbers of texts. What they do not know they leave to CPython.
#include <algorithm>
#include <array>
#include <cstring>

#include <Python.h>
#include "runtime/planted.h"

#include "runtime/support.h"

namespace hasten::runtime {
namespace {

struct IntAndStatus {
  int64_t value;
  int64_t ok;
};
struct FloatAndStatus {
  double value;
  int64_t ok;
};

constexpr size_t kDigitsMax = 72;  // of an int64 in base 2, sign and prefix

PyObject* ascii_text(const char* characters, size_t count) {
  PyObject* text = PyUnicode_New(static_cast<Py_ssize_t>(count), 127);
  if (text)
    std::memcpy(PyUnicode_1BYTE_DATA(text), characters, count);
  return text;
}

uint64_t magnitude_of(int64_t value) {
  return value < 0 ? uint64_t{0} - static_cast<uint64_t>(value) : static_cast<uint64_t>(value);
}

/// Writes the digits of `value` so that they end at `end`; where they begin.
char* write_digits(uint64_t value, unsigned base, bool upper, char* end) {
  const char* digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";
  do {
    if (base == 10)
      *--end = static_cast<char>('0' + value % 10), value /= 10;
    else
      *--end = digits[value % base], value /= base;
  } while (value != 0);
  return end;
}

/// The ASCII characters of a text without the blanks around them, as int() and float() see it; null: others.
const char* ascii_of(PyObject* text, const char** end) {
  if (!PyUnicode_IS_ASCII(text))
    return nullptr;
  const char* at = reinterpret_cast<const char*>(PyUnicode_1BYTE_DATA(text));
  *end = at + PyUnicode_GET_LENGTH(text);
  return at;
}

extern "C" {

PyObject* hj_int_text(int64_t value) {
  if (value >= 0 && value < 10)
    return PyUnicode_FromOrdinal(static_cast<int>('0' + value));
  std::array<char, kDigitsMax> buffer;
  char* end = buffer.data() + buffer.size();
  char* begin = write_digits(magnitude_of(value), 10, false, end);
  if (value < 0)
    *--begin = '-';
  return ascii_text(begin, static_cast<size_t>(end - begin));
}

PyObject* hj_int_binary(int64_t value) {
  std::array<char, kDigitsMax> buffer;
  char* end = buffer.data() + buffer.size();
  char* begin = write_digits(magnitude_of(value), 2, false, end);
  *--begin = 'b';
  *--begin = '0';
  if (value < 0)
    *--begin = '-';
  return ascii_text(begin, static_cast<size_t>(end - begin));
}

/// format(value, f"{fill}{width}{type}"): fill ' ' or '0', type one of d b o x X.
PyObject* hj_format_int(int64_t value, int32_t type, int32_t fill, int64_t width) {
  std::array<char, kDigitsMax> buffer;
  char* end = buffer.data() + buffer.size();
  const unsigned base = type == 'd' ? 10 : type == 'b' ? 2 : type == 'o' ? 8 : 16;
  char* begin = write_digits(magnitude_of(value), base, type == 'X', end);
  const auto digits = static_cast<size_t>(end - begin);
  const size_t sign = value < 0;
  const size_t all = std::max(digits + sign, static_cast<size_t>(width));
  PyObject* text = PyUnicode_New(static_cast<Py_ssize_t>(all), 127);
  if (!text)
    return nullptr;
  char* to = reinterpret_cast<char*>(PyUnicode_1BYTE_DATA(text));
  const size_t filled = all - digits - sign;
  if (fill == '0') {
    const bool late = planted_bug(Plant::FormatZeroSign);
    if (sign && !late)
      *to++ = '-';
    std::memset(to, '0', filled);
    to += filled;
    if (sign && late)
      *to++ = '-';
  } else {
    std::memset(to, ' ', filled);
    to += filled;
    if (sign)
      *to++ = '-';
  }
  std::memcpy(to, begin, digits);
  return text;
}

/// int(text) where that is plain digits.
IntAndStatus hj_text_int(PyObject* text) {
  constexpr ptrdiff_t kSafeDigits = 18;
  const char* end = nullptr;
  const char* at = ascii_of(text, &end);
  if (!at)
    return {0, 0};
  const bool negative = at < end && *at == '-';
  at += negative;
  if (at == end || end - at > kSafeDigits)
    return {0, 0};
  int64_t value = 0;
  for (; at < end; ++at) {
    const auto digit = static_cast<unsigned>(*at - '0');
    if (digit > 9)
      return {0, 0};
    value = value * 10 + digit;
  }
  return {negative && !planted_bug(Plant::TextIntSign) ? -value : value, 1};
}

/// float(text) where that is a plain decimal whose digits and whose power of ten are doubles: then one division rounds
/// as it must.
FloatAndStatus hj_text_float(PyObject* text) {
  constexpr int kSafeDigits = 15;
  static constexpr double kPowers[] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                       1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
  const char* end = nullptr;
  const char* at = ascii_of(text, &end);
  if (!at)
    return {0, 0};
  const bool negative = at < end && *at == '-';
  at += negative;
  uint64_t value = 0;
  int digits = 0, after_point = 0;
  bool point = false;
  for (; at < end; ++at) {
    const auto digit = static_cast<unsigned>(*at - '0');
    if (digit <= 9) {
      value = value * 10 + digit;
      after_point += point;
      if (++digits > kSafeDigits)
        return {0, 0};
    } else if (*at == '.' && !point) {
      point = true;
    } else {
      return {0, 0};
    }
  }
  if (digits == 0)
    return {0, 0};
  const double magnitude = planted_bug(Plant::TextFloatRounds) ? static_cast<double>(value) * (1 / kPowers[after_point])
                                                               : static_cast<double>(value) / kPowers[after_point];
  return {negative ? -magnitude : magnitude, 1};
}

/// text[start:stop:step]; step is not 0, and what was left out is as PySlice_Unpack gives it.
PyObject* hj_text_stride(PyObject* text, int64_t start, int64_t stop, int64_t step) {
  Py_ssize_t first = start, last = stop;
  const Py_ssize_t count = PySlice_AdjustIndices(PyUnicode_GET_LENGTH(text), &first, &last, step);
  if (count <= 0)  // `first` may be -1 here, which would be the last one to a slice
    return PyUnicode_New(0, 0);
  if (!PyUnicode_IS_ASCII(text)) {
    PyObject* bounds[3] = {PyLong_FromSsize_t(first), PyLong_FromSsize_t(last), PyLong_FromSsize_t(step)};
    if (step < 0 && last < 0)  // before the first
      Py_SETREF(bounds[1], Py_NewRef(Py_None));
    PyObject* slice = bounds[0] && bounds[1] && bounds[2] ? PySlice_New(bounds[0], bounds[1], bounds[2]) : nullptr;
    PyObject* part = slice ? PyObject_GetItem(text, slice) : nullptr;
    Py_XDECREF(slice);
    for (PyObject* bound : bounds) Py_XDECREF(bound);
    return part;
  }
  PyObject* part = PyUnicode_New(count, 127);
  if (!part)
    return nullptr;
  const Py_UCS1* from = PyUnicode_1BYTE_DATA(text);
  Py_UCS1* to = PyUnicode_1BYTE_DATA(part);
  for (Py_ssize_t k = 0, at = first; k < count; ++k, at += step)
    to[k] = from[planted_bug(Plant::StrideNotReversed) && step == -1 ? last + 1 + k : at];
  return part;
}

}  // extern "C"

}  // namespace

std::span<const SupportSymbol> number_symbols() {
#define HASTEN_SYMBOL(name) {#name, reinterpret_cast<void*>(&name)}
  static const SupportSymbol kSymbols[] = {
      HASTEN_SYMBOL(hj_int_text), HASTEN_SYMBOL(hj_int_binary), HASTEN_SYMBOL(hj_format_int),
      HASTEN_SYMBOL(hj_text_int), HASTEN_SYMBOL(hj_text_float), HASTEN_SYMBOL(hj_text_stride),
  };
#undef HASTEN_SYMBOL
  return kSymbols;
}

}  // namespace hasten::runtime
