// Python's recursion limit and the C stack, for code that makes no Python frames.
#pragma once

#include <Python.h>

#include <cstdint>

namespace hasten::runtime {

/// What compiled code needs to check a call by itself. Valid for the calling thread until it ends.
struct CallLimits {
  int* budget;          ///< Python calls left; compiled code does --*budget on a call and ++*budget on return
  uintptr_t stack_low;  ///< a stack pointer below this is too deep
};

CallLimits call_limits();

/// Whether this thread's C stack has no room for another call.
bool stack_is_low();

/// Counts one call for its lifetime.
class ActiveCall {
 public:
  ActiveCall();
  ~ActiveCall() {
    if (entered_) {
      ++*budget_;
    }
  }
  ActiveCall(const ActiveCall&) = delete;
  ActiveCall& operator=(const ActiveCall&) = delete;
  /// False: an exception is set, RecursionError or what a signal handler raised.
  explicit operator bool() const { return entered_; }

 private:
  int* budget_;
  bool entered_;
};

}  // namespace hasten::runtime
