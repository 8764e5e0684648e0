// Callables that the compiler knows by identity: builtins, functions of math, types.
#pragma once

#include <Python.h>

#include <cstdint>

namespace hasten::compile {

enum class Known : uint8_t {
  Other,
  // builtins
  Abs,
  Min,
  Max,
  Sum,
  Round,
  Divmod,
  Pow,
  Len,
  Range,
  Enumerate,
  Zip,
  Reversed,
  Int,
  Float,
  Bool,
  Complex,
  List,
  Tuple,
  Sorted,
  Isinstance,
  Any,
  All,
  Ord,
  Chr,
  Str,
  Bin,
  HeapPush,  ///< heapq's
  HeapPop,
  ToText,  ///< another built-in function that returns a str: hex, repr
  // math, computed by libm with CPython's checks: MathFirst < m <= MathUnaryLast
  MathUnaryFirst,
  Sqrt,
  Sin,
  Cos,
  Tan,
  Asin,
  Acos,
  Atan,
  Sinh,
  Cosh,
  Tanh,
  Asinh,
  Acosh,
  Atanh,
  Exp,
  Expm1,
  Log,
  Log2,
  Log10,
  Log1p,
  Exp2,
  Cbrt,
  Erf,
  Erfc,
  MathUnaryLast,
  Fabs,
  Floor,
  Ceil,
  Trunc,
  Atan2,
  Copysign,
  Isnan,
  Isinf,
  Isfinite,
  Degrees,
  Radians,
  // math, called as Python objects; the result's type is known
  MathFloat,     ///< returns a float: pow, fmod, hypot, gamma, dist, ...
  MathInt,       ///< returns an int: gcd, lcm, factorial, isqrt, comb, perm
  MathBool,      ///< isclose
  CmathComplex,  ///< cmath functions that return a complex
};

/// What `object` is. Fills its table at the first call (imports math and cmath). Needs the GIL.
Known known_of(PyObject* object);
/// Whether `object` is a module whose attributes may be read at compile time (guarded): any exact module.
bool is_module(PyObject* object);

}  // namespace hasten::compile
