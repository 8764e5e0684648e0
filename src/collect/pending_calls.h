// The place where a running Python keeps calls that are to be made at its next safe point, written from outside.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "pyread/pending.h"
#include "record/region.h"

namespace hasten::collect {

/// A piece of source is to be shorter than this.
inline constexpr uint32_t kSourceBytesMax = 12 * 16;

class PendingCall {
 public:
  PendingCall(uint32_t pid, const record::PythonPlace& python);

  /// Has Python run a piece of source, in __main__, at its next safe point. Errors: attach.unsupported, attach.not_allowed,
  /// attach.busy (it does not come to what it was asked for before).
  Result<void> ask(const std::string& source);

  /// Makes a call that has not been made yet do nothing.
  bool take_back();

 private:
  /// Tells the threads that there are calls.
  bool signal(uint64_t interpreter) const;
  bool write(uint64_t address, const void* from, uint64_t bytes) const;

  uint32_t pid_;
  record::PythonPlace python_;
  const pyread::PendingLayout* layout_;
  uint64_t source_address_ = 0;
};

}  // namespace hasten::collect
