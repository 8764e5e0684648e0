#include "runtime/poll.h"

#include <Python.h>

#include <ctime>

namespace hasten::runtime {
namespace {

constexpr unsigned kPollEvery = 64;
constexpr long kSwitchInterval_ns = 5'000'000;  // as sys.getswitchinterval() by default

thread_local unsigned iterations_left = kPollEvery;
thread_local long last_switch_ns = 0;

long now_ns() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
  return now.tv_sec * 1'000'000'000L + now.tv_nsec;
}

}  // namespace

bool poll() {
  if (PyErr_CheckSignals() < 0) {
    return false;
  }
  // There is no public way to ask whether another thread waits for the GIL; giving it up and taking it back costs
  // 100 ns when nobody does.
  long now = now_ns();
  if (now - last_switch_ns >= kSwitchInterval_ns) {
    Py_BEGIN_ALLOW_THREADS Py_END_ALLOW_THREADS last_switch_ns = now_ns();
  }
  return true;
}

bool poll_if_due() {
  if (--iterations_left != 0) {
    return true;
  }
  iterations_left = kPollEvery;
  return poll();
}

}  // namespace hasten::runtime
