// The place where a running Python keeps calls that are to be made at its next safe point, written from outside.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "record/region.h"

namespace hasten::collect {

class PendingCall {
 public:
  PendingCall(uint32_t pid, const record::PythonPlace& python) : pid_(pid), python_(python) {}

  /// Has Python run a piece of source at its next safe point. Before 3.14 that is `source`, which the interpreter must have room
  /// for (kSourceBytesMax); from then on it is the file `script`. Errors: attach.unsupported, attach.not_allowed, attach.busy.
  Result<void> ask(const std::string& source, const std::string& script);

  /// Makes a call that has not been made yet do nothing. False if it has begun.
  bool take_back();

 private:
  Result<void> ask_by_call(const std::string& source);
  Result<void> ask_by_debugger(const std::string& script);
  /// Tells the threads that there are calls.
  bool signal(uint64_t interpreter) const;
  bool write(uint64_t address, const void* from, uint64_t bytes) const;

  uint32_t pid_;
  record::PythonPlace python_;
  uint64_t source_address_ = 0;
  uint64_t asked_flag_ = 0;  ///< a debugger's request: where it stands
};

inline constexpr uint32_t kSourceBytesMax = 12 * 16;

}  // namespace hasten::collect
