#include "runtime/poll.h"

#include <Python.h>

#include <ctime>

#include "runtime/object_ref.h"

namespace hasten::runtime {
namespace {

constexpr unsigned kPollEvery = 64;
constexpr int64_t kSecond_ns = 1'000'000'000;
constexpr int64_t kClockTick_ns = 4'000'000;  // of the coarse clock, on kernels with 250 ticks a second

thread_local unsigned iterations_left = kPollEvery;
thread_local int64_t last_switch_ns = 0;
int64_t switch_interval_ns = 5'000'000;  // sys.getswitchinterval()

int64_t now_ns() {
  timespec now;
  clock_gettime(switch_interval_ns > kClockTick_ns ? CLOCK_MONOTONIC_COARSE : CLOCK_MONOTONIC, &now);
  return now.tv_sec * kSecond_ns + now.tv_nsec;
}

/// The program may change it while a loop runs.
bool read_switch_interval() {
  static PyObject* const getter = Py_XNewRef(PySys_GetObject("getswitchinterval"));
  ObjectRef seconds = ObjectRef::steal(getter ? PyObject_CallNoArgs(getter) : nullptr);
  if (!seconds) {
    return !PyErr_Occurred();
  }
  switch_interval_ns = static_cast<int64_t>(PyFloat_AsDouble(seconds.get()) * kSecond_ns);
  return true;
}

/// PyThreadState_SetAsyncExc leaves an exception that only CPython's own loop raises: where a Python function begins.
bool take_async_exception() {
  if (PyThreadState_Get()->async_exc == nullptr) {
    return true;
  }
  static PyObject* nothing = nullptr;
  if (!nothing) {  // where it is made the exception may be raised already: it is made anew at the next one
    ObjectRef globals = ObjectRef::steal(PyDict_New());
    nothing = globals ? PyRun_String("lambda: None", Py_eval_input, globals.get(), globals.get()) : nullptr;
  }
  ObjectRef done = ObjectRef::steal(nothing ? PyObject_CallNoArgs(nothing) : nullptr);
  if (done) {
    return true;
  }
  PyObject *type, *value, *traceback;  // the traceback names the function that has none of the program's code
  PyErr_Fetch(&type, &value, &traceback);
  PyErr_NormalizeException(&type, &value, &traceback);
  if (value) {
    PyException_SetTraceback(value, Py_None);
  }
  Py_XDECREF(traceback);
  PyErr_Restore(type, value, nullptr);
  return false;
}

}  // namespace

bool poll() {
  if (PyErr_CheckSignals() < 0) {
    return false;
  }
  // There is no public way to ask whether another thread waits for the GIL; giving it up and taking it back costs
  // 100 ns when nobody does.
  if (now_ns() - last_switch_ns >= switch_interval_ns) {
    if (!read_switch_interval()) {
      return false;
    }
    Py_BEGIN_ALLOW_THREADS Py_END_ALLOW_THREADS last_switch_ns = now_ns();
  }
  return take_async_exception();
}

bool poll_if_due() {
  if (--iterations_left != 0) {
    return true;
  }
  iterations_left = kPollEvery;
  return poll();
}

}  // namespace hasten::runtime
