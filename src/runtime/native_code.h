// Memory for machine code: mapped, filled, made executable, and unmapped again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "base/result.h"

namespace hasten::runtime {

/// The code of one unit with its slots behind it. Unmapped when destroyed: nobody may be running it then.
class NativeCode {
 public:
  NativeCode() = default;
  ~NativeCode();
  NativeCode(const NativeCode&) = delete;
  NativeCode& operator=(const NativeCode&) = delete;

  /// Copies the code.
  static Result<std::unique_ptr<NativeCode>> copy(const uint8_t* code, size_t text_bytes, size_t code_bytes,
                                                  size_t slots);
  /// Maps it from a file, whose pages all processes share.
  static Result<std::unique_ptr<NativeCode>> map(int file, size_t offset, size_t text_bytes, size_t code_bytes,
                                                 size_t slots);

  const uint8_t* begin() const { return begin_; }
  /// Where the addresses go; before seal().
  void** slots() { return reinterpret_cast<void**>(begin_ + slots_at_); }
  /// The code can run from here on, and nothing of it be written. `unwind`: .eh_frame within it, for whoever walks the stack.
  Result<void> seal(size_t unwind, size_t unwind_bytes);

 private:
  static Result<std::unique_ptr<NativeCode>> reserve(size_t text_bytes, size_t code_bytes, size_t slots);

  uint8_t* begin_ = nullptr;
  size_t bytes_ = 0, text_bytes_ = 0, slots_at_ = 0;
  bool is_file_ = false;
  uint8_t* unwind_ = nullptr;
};

}  // namespace hasten::runtime
