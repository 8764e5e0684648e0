// From an object file to code that can be mapped anywhere: all references within it are resolved, whatever else it names it
// reads from slots behind it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace hasten::compile {

/// Names of things that are no functions, with a number.
inline constexpr const char* kAddressPrefix = "at.";

struct CodeRange {
  std::string symbol;
  uint32_t begin, bytes;
};

/// From `offset` on the code is of this line of the function that it is in, whatever was taken in from others.
struct LineAt {
  uint32_t offset, line;
};

struct LinkedCode {
  std::vector<uint8_t> bytes;      ///< instructions, to the end of their last page, then constants
  uint32_t text_bytes = 0;         ///< whole pages
  std::vector<std::string> slots;  ///< what each holds the address of; the first lies on the page behind `bytes`
  std::vector<CodeRange> functions;
  uint32_t unwind = 0, unwind_bytes = 0;  ///< .eh_frame, closed by a word of zeros

  std::vector<LineAt> lines;  ///< by offset; empty if the object says nothing of lines
  std::string debug_object;   ///< the object itself, with the places of its sections in `bytes` as their addresses

  const CodeRange* find(std::string_view symbol) const;
};

/// `object`: an x86-64 ELF relocatable file.
Result<LinkedCode> link(std::string_view object, bool wants_lines);

}  // namespace hasten::compile
