#include "runtime/counted_call.h"

#include <utility>

#include "runtime/ticks.h"

namespace hasten::runtime {
namespace {

constexpr uint64_t kAllTimed = 8;  // of a site's first calls: a function that makes few has a figure too
constexpr uint64_t kOften = 256;   // so many are timed before it gets rare

/// Calls until the next timed one, never in step with the program: 64 on average, later 1024.
uint32_t next_gap(const CallSite& site) {
  static uint32_t state = 0x9E3779B9u;  // xorshift32; under the GIL
  state ^= state << 13;
  state ^= state >> 17;
  state ^= state << 5;
  return site.timed < kAllTimed ? 1 : 1 + (state & (site.timed < kOften ? 127 : 2047));
}

template <typename Call>
[[gnu::noinline]] PyObject* timed(CallSite* site, Call call) {
  // Before the call, which may come here again.
  const uint32_t stands_for = std::exchange(site->gap, next_gap(*site));
  site->granted += site->gap;
  site->until = static_cast<int32_t>(site->gap);
  const uint64_t start = ticks_in_order();
  PyObject* result = call();
  const uint64_t end = ticks_in_order();
  if (end >= start) {
    const auto ticks = static_cast<double>(end - start);
    site->recent[site->timed++ % CallSite::kKept] = static_cast<float>(ticks);
    site->ticks += ticks * stands_for;
    site->weight += stands_for;
  }
  return result;
}

/// str(x) does not go through the making of a str, as in CPython.
PyObject* vectorcall(PyObject* callable, PyObject* const* args, size_t count, PyObject* names) {
  if (callable == reinterpret_cast<PyObject*>(&PyUnicode_Type) && PyVectorcall_NARGS(count) == 1 && !names)
    return PyObject_Str(args[0]);
  return PyObject_Vectorcall(callable, args, count, names);
}

}  // namespace

PyObject* hj_counted_call(PyObject* callable, PyObject* const* args, size_t count, PyObject* names, CallSite* site) {
  if (--site->until > 0) [[likely]]
    return vectorcall(callable, args, count, names);
  return timed(site, [&] { return vectorcall(callable, args, count, names); });
}

PyObject* hj_counted_call_with(PyObject* callable, PyObject* args, PyObject* keywords, CallSite* site) {
  if (--site->until > 0) [[likely]]
    return PyObject_Call(callable, args, keywords);
  return timed(site, [&] { return PyObject_Call(callable, args, keywords); });
}

}  // namespace hasten::runtime
