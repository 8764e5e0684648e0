#include "collect/mixed_stack.h"

#include <algorithm>

namespace hasten::collect {

std::vector<MixedFrame> mix(const std::vector<NativeFrame>& native, bool cut,
                            const std::vector<record::EntryRef>& entries, uint32_t python_count) {
  std::vector<MixedFrame> mixed;  // innermost first, until the end
  uint32_t next_native = 0;
  uint32_t next_python = 0;
  const auto native_count = static_cast<uint32_t>(native.size());
  const auto push_native_to = [&](uint32_t end) {
    for (; next_native < end; ++next_native) {
      mixed.push_back({MixedFrame::Native, next_native});
    }
  };
  const auto push_python_to = [&](uint32_t end) {
    for (; next_python < end; ++next_python) {
      mixed.push_back({MixedFrame::Python, next_python});
    }
  };
  for (const record::EntryRef& entry : entries) {
    uint32_t loop = next_native;
    while (loop < native_count && (entry.place < native[loop].low || entry.place >= native[loop].high)) {
      ++loop;
    }
    if (loop == native_count || entry.frame < next_python || entry.frame >= python_count) {
      break;
    }
    push_native_to(loop);
    next_native = loop + 1;
    push_python_to(static_cast<uint32_t>(entry.frame) + 1);
  }
  if (next_python < python_count || python_count == 0) {
    push_native_to(native_count);
    if (cut || python_count != 0) {
      mixed.push_back({MixedFrame::Unknown, 0});
    }
    push_python_to(python_count);
  }
  std::reverse(mixed.begin(), mixed.end());
  return mixed;
}

}  // namespace hasten::collect
