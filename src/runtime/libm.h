#pragma once

#include <span>

namespace hasten::runtime {

using Unary = double (*)(double);
using Binary = double (*)(double, double);

/// A function of libm under the name that compiled code knows it by.
struct LibmSymbol {
  const char* name;
  void* ordinary;  // as C knows it
  void* direct;  // the same without the wrapper that sets errno, where this libm gives one away; else the ordinary one
  bool takes_two;
};

std::span<const LibmSymbol> libm_symbols();

}  // namespace hasten::runtime
