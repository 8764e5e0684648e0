#pragma once

#include <span>

namespace hasten::runtime {

using LibmFunction = double (*)(double);

/// A function of libm under the name that compiled code knows it by.
struct LibmSymbol {
  const char* name;
  LibmFunction ordinary;  // as C knows it
  LibmFunction
      direct;  // the same without the wrapper that sets errno, where this libm gives one away; else the ordinary one
};

std::span<const LibmSymbol> libm_symbols();

}  // namespace hasten::runtime
