// CPython divides digit by digit, and each division waits for the rest of the one before. Here the rest behind four limbs is
// known at once, from the rests of each of them: (r * B**4 + a * B**3 + ...) % d = (r * (B**4 % d) + (a % d) * (B**3 % d) + ...) % d.
#include "runtime/big_ints.h"

#include "runtime/object_layout.h"

namespace hasten::runtime {
namespace {

__extension__ typedef unsigned __int128 Wide;

constexpr Py_ssize_t kLongDigits = 4;  // below, CPython's own way is as good; and what is left has more than one digit

static_assert(PyLong_SHIFT == 30);

/// An int and its digits, if it is exactly an int.
struct BigInt {
  Py_ssize_t size = 0;  ///< digits; 0: it is none, or 0
  bool negative = false;
  const digit* digits = nullptr;
};

BigInt big_int(PyObject* object) {
  if (!PyLong_CheckExact(object))
    return {};
  auto* number = reinterpret_cast<PyLongObject*>(object);
  const Py_ssize_t size = signed_size_of(number);
  return {size < 0 ? -size : size, size < 0, digits_of(number)};
}

/// A divisor of one digit, and what is known of it before. A step divides 60 bits, a limb.
class Divisor {
 public:
  explicit Divisor(uint64_t value) : value_(value), reciprocal_(~uint64_t{0} / value), per_limb_(kLimb / value) {
    rests_[0] = kLimb % value;
    for (int k = 1; k < kBlock; ++k) rests_[k] = rests_[k - 1] * rests_[0] % value;
  }

  static constexpr int kBlock = 4;  // limbs that are divided at once

  /// Divides rest * 2**60 + limb.
  uint64_t step(uint64_t* rest, uint64_t limb) const {
    const Parts of_limb = divided(limb), carry = divided(*rest * rests_[0] + of_limb.rest);
    const uint64_t quotient = *rest * per_limb_ + of_limb.quotient + carry.quotient;
    *rest = carry.rest;
    return quotient;
  }
  /// The same of kBlock limbs, the highest first. The rest that the next block waits for does not wait for those within.
  void steps(uint64_t* rest, const uint64_t* limbs, uint64_t* quotients) const {
    Parts of_limbs[kBlock];
    for (int k = 0; k < kBlock; ++k) of_limbs[k] = divided(limbs[k]);
    uint64_t last = *rest * rests_[kBlock - 1] + of_limbs[kBlock - 1].rest;  // at most four products of two digits
    for (int k = 0; k < kBlock - 1; ++k) last += of_limbs[k].rest * rests_[kBlock - 2 - k];
    uint64_t within = *rest;
    for (int k = 0; k < kBlock; ++k) {
      const Parts carry = divided(within * rests_[0] + of_limbs[k].rest);
      quotients[k] = within * per_limb_ + of_limbs[k].quotient + carry.quotient;
      within = carry.rest;
    }
    *rest = divided(last).rest;
  }

 private:
  static constexpr uint64_t kLimb = uint64_t{1} << (2 * PyLong_SHIFT);

  struct Parts {
    uint64_t quotient, rest;
  };
  Parts divided(uint64_t x) const {
    auto quotient = static_cast<uint64_t>((Wide{x} * reciprocal_) >> 64);  // or one less
    uint64_t rest = x - quotient * value_;
    const bool less = rest >= value_;
    return {quotient + (less ? 1 : 0), rest - (less ? value_ : 0)};
  }

  uint64_t value_, reciprocal_;
  uint64_t per_limb_;            ///< 2**60 // value
  uint64_t rests_[kBlock] = {};  ///< 2**60 % value, 2**120 % value, ...
};

/// |a| divided by b, toward zero; the quotient's digits, if they are wanted. Returns the rest.
uint64_t divide(const BigInt& a, uint64_t b, digit* quotient) {
  constexpr int kLimbs = Divisor::kBlock;
  const Divisor divisor(b);
  uint64_t rest = 0;
  Py_ssize_t at = a.size;
  const auto limb = [&](Py_ssize_t low) { return uint64_t{a.digits[low + 1]} << PyLong_SHIFT | a.digits[low]; };
  const auto put = [&](Py_ssize_t low, uint64_t q) {
    if (quotient) {
      quotient[low] = static_cast<digit>(q & PyLong_MASK);
      quotient[low + 1] = static_cast<digit>(q >> PyLong_SHIFT);
    }
  };
  if (at % 2 != 0) {
    --at;
    const uint64_t q = divisor.step(&rest, a.digits[at]);
    if (quotient)
      quotient[at] = static_cast<digit>(q);
  }
  for (; at % (2 * kLimbs) != 0; at -= 2) put(at - 2, divisor.step(&rest, limb(at - 2)));
  for (; at > 0; at -= 2 * kLimbs) {
    uint64_t limbs[kLimbs], quotients[kLimbs];
    for (int k = 0; k < kLimbs; ++k) limbs[k] = limb(at - 2 - 2 * k);
    divisor.steps(&rest, limbs, quotients);
    for (int k = 0; k < kLimbs; ++k) put(at - 2 - 2 * k, quotients[k]);
  }
  return rest;
}

struct Quotient {
  PyObject* quotient;  ///< new; null: not wanted, or an exception is set
  uint64_t rest;
};

/// Rounds down, as Python does.
Quotient divide_down(const BigInt& a, uint64_t b, bool wants_quotient) {
  PyLongObject* made = wants_quotient ? _PyLong_New(a.size) : nullptr;
  if (wants_quotient && !made)
    return {nullptr, 0};
  auto* digits = made ? const_cast<digit*>(digits_of(made)) : nullptr;
  uint64_t rest = divide(a, b, digits);
  const bool rounds = a.negative && rest != 0;
  if (rounds)
    rest = b - rest;
  if (made) {
    Py_ssize_t size = a.size;
    for (Py_ssize_t k = 0; rounds; ++k) {  // |a| // b < |a|: there is room
      digits[k] = (digits[k] + 1) & PyLong_MASK;
      if (digits[k] != 0)
        break;
    }
    while (digits[size - 1] == 0) --size;
    set_signed_size(made, a.negative ? -size : size);
  }
  return {reinterpret_cast<PyObject*>(made), rest};
}

/// Whether it is done here, and by what.
bool is_long_by_short(const BigInt& a, const BigInt& b) {
  return a.size >= kLongDigits && b.size == 1 && !b.negative && b.digits[0] > 1;
}

PyObject* quotient(PyObject* a, PyObject* b, binaryfunc otherwise) {
  const BigInt x = big_int(a), y = big_int(b);
  return is_long_by_short(x, y) ? divide_down(x, y.digits[0], true).quotient : otherwise(a, b);
}
PyObject* remainder(PyObject* a, PyObject* b, binaryfunc otherwise) {
  const BigInt x = big_int(a), y = big_int(b);
  return is_long_by_short(x, y) ? PyLong_FromUnsignedLongLong(divide_down(x, y.digits[0], false).rest)
                                : otherwise(a, b);
}

}  // namespace

extern "C" {

PyObject* hj_floor_divide(PyObject* a, PyObject* b) { return quotient(a, b, PyNumber_FloorDivide); }
PyObject* hj_floor_divide_in_place(PyObject* a, PyObject* b) { return quotient(a, b, PyNumber_InPlaceFloorDivide); }
PyObject* hj_remainder(PyObject* a, PyObject* b) { return remainder(a, b, PyNumber_Remainder); }
PyObject* hj_remainder_in_place(PyObject* a, PyObject* b) { return remainder(a, b, PyNumber_InPlaceRemainder); }

PyObject* hj_divmod(PyObject* a, PyObject* b) {
  const BigInt x = big_int(a), y = big_int(b);
  if (!is_long_by_short(x, y))
    return PyNumber_Divmod(a, b);
  const Quotient made = divide_down(x, y.digits[0], true);
  PyObject* rest = made.quotient ? PyLong_FromUnsignedLongLong(made.rest) : nullptr;
  PyObject* both = rest ? PyTuple_Pack(2, made.quotient, rest) : nullptr;
  Py_XDECREF(made.quotient);
  Py_XDECREF(rest);
  return both;
}

}  // extern "C"

}  // namespace hasten::runtime
