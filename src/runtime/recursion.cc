#include "runtime/recursion.h"

#include <pthread.h>

#include "runtime/object_layout.h"
#include "runtime/poll.h"

namespace hasten::runtime {
namespace {

// Room for what runs below compiled code without checking: CPython's own C functions, making an exception.
constexpr uintptr_t kStackMargin_bytes = 256 * 1024;

uintptr_t find_stack_low() {
  pthread_attr_t attributes;
  if (pthread_getattr_np(pthread_self(), &attributes) != 0) {
    return 0;
  }
  void* lowest = nullptr;
  size_t size = 0;
  size_t guard = 0;
  pthread_attr_getstack(&attributes, &lowest, &size);
  pthread_attr_getguardsize(&attributes, &guard);
  pthread_attr_destroy(&attributes);
  uintptr_t margin = kStackMargin_bytes < size / 4 ? kStackMargin_bytes : size / 4;
  return reinterpret_cast<uintptr_t>(lowest) + guard + margin;
}

uintptr_t stack_low() {
  thread_local const uintptr_t low = find_stack_low();
  return low;
}

}  // namespace

CallLimits call_limits() { return {python_call_budget(PyThreadState_Get()), stack_low()}; }

bool stack_is_low() { return reinterpret_cast<uintptr_t>(__builtin_frame_address(0)) < stack_low(); }

ActiveCall::ActiveCall() : budget_(python_call_budget(PyThreadState_Get())), entered_(false) {
  if (!poll_if_due()) {
    return;
  }
  if (*budget_ <= 0 || stack_is_low()) {
    raise_recursion_error();
    return;
  }
  --*budget_;
  entered_ = true;
}

}  // namespace hasten::runtime
