// Python's frames and the C stack's in one row. Where they meet is not guessed: the evaluation loop keeps a variable on
// the C stack for every stretch of Python frames that it runs, and the native frame around that variable is the loop's.
#pragma once

#include <cstdint>
#include <vector>

#include "collect/native_walk.h"

namespace hasten::collect {

struct MixedFrame {
  enum Kind : uint8_t { Python, Native, Unknown };
  Kind kind = Unknown;  ///< Unknown: native frames that could not be found stand here
  uint32_t index = 0;   ///< among the Python frames or the native ones, innermost first
};

/// Outermost first. Loops are not shown, their Python frames stand for them; nor is what called the outermost Python
/// frame. `entries` names the outermost Python frame of each stretch. `cut`: the native frames do not reach the end.
std::vector<MixedFrame> mix(const std::vector<NativeFrame>& native, bool cut,
                            const std::vector<record::EntryRef>& entries, uint32_t python_count);

}  // namespace hasten::collect
