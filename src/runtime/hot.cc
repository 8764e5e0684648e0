#include "runtime/hot.h"

#include <dlfcn.h>
#include <pthread.h>
#include <time.h>

#include <array>
#include <atomic>
#include <cstring>
#include <unordered_map>
#include <utility>
#include <vector>

#include "runtime/function_type.h"
#include "runtime/loop_entry.h"
#include "runtime/object_layout.h"

namespace hasten::runtime {
namespace {

/// What is known of a code object, which is kept alive so that its address stays its own.
struct Known {
  ObjectRef code;
  unsigned samples = 0;
  unsigned ask_at = 0;           ///< samples
  PyObject* function = nullptr;  ///< the function that ran it last: an address to compare, nothing else
  bool many_functions = false;   ///< it is made anew and anew: one function is not what is hot
  bool looked_at = false;
};

std::unordered_map<PyObject*, Known>& known() {
  static auto* map = new std::unordered_map<PyObject*, Known>;
  return *map;
}

Known& known_of(PyObject* code) {
  Known& one = known()[code];
  if (!one.code) {
    one.code = ObjectRef::share(code);
  }
  return one;
}

PyObject* on_hot = nullptr;
PyObject* on_lost = nullptr;
PyObject* on_companion = nullptr;
PyObject* on_traced = nullptr;
unsigned hot_threshold = 0;
unsigned long all_samples = 0;
pthread_t main_thread;
std::vector<ObjectRef> lost_functions;

// --- from the signal handler to a safe point ---------------------------------------------------------------------

/// A call is asked for, or has just been made.
std::atomic<bool> asked{false};
std::atomic<uint64_t> made_at_ns{0};

uint64_t thread_cpu_ns() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(now.tv_nsec);
}

int at_safe_point(void*);

/// In a signal handler. Python's queue of pending calls has a lock. The main thread holds it only to take a call out, that
/// is while one is asked for, or for a moment after it was made: then nothing is asked for here. Other threads let it go by
/// themselves.
void at_sample() {
  constexpr uint64_t kMoment_ns = 500'000;
  if (!pthread_equal(pthread_self(), main_thread) || asked.load() || thread_cpu_ns() < made_at_ns.load() + kMoment_ns) {
    return;
  }
  asked.store(true);
  if (Py_AddPendingCall(at_safe_point, nullptr) != 0) {
    asked.store(false);
  }
}

/// An exception here is none of the program's.
void drop_exception() { PyErr_Clear(); }

void ask_about(Known& one, PyObject* function) {
  const ObjectRef code = ObjectRef::share(PyFunction_GET_CODE(function));  // a trampoline's by and by
  ObjectRef answer = ObjectRef::steal(PyObject_CallFunction(on_hot, "OIkO", function, one.samples, all_samples,
                                                            one.many_functions ? Py_True : Py_False));
  const bool again = answer && PyLong_Check(answer.get());
  const unsigned long next = again ? PyLong_AsUnsignedLong(answer.get()) : 0;
  drop_exception();
  // The table may have grown meanwhile: look it up anew.
  Known& now = known_of(code.get());
  now.ask_at = again && next < ~0u ? static_cast<unsigned>(next) : ~0u;
}

void count_running_function() {
  PyThreadState* thread = PyThreadState_Get();
  ObjectRef frame = ObjectRef::steal(reinterpret_cast<PyObject*>(PyThreadState_GetFrame(thread)));
  if (!frame) {
    return;
  }
  PyObject* function = frame_function(reinterpret_cast<PyFrameObject*>(frame.get()));
  if (!function) {
    return;
  }
  const ObjectRef kept = ObjectRef::share(function);
  Known& one = known_of(PyFunction_GET_CODE(function));
  if (one.samples == 0) {
    one.ask_at = hot_threshold;
  }
  one.many_functions |= one.function && one.function != function;
  one.function = function;
  if (++one.samples >= one.ask_at) {
    ask_about(one, function);
  }
}

int at_safe_point(void*) {
  if (on_hot && !PyErr_Occurred()) {
    ++all_samples;
    while (!lost_functions.empty()) {
      const ObjectRef function = std::move(lost_functions.back());
      lost_functions.pop_back();
      const ObjectRef done = ObjectRef::steal(PyObject_CallOneArg(on_lost, function.get()));
      drop_exception();
    }
    count_running_function();
  }
  made_at_ns.store(thread_cpu_ns());
  asked.store(false);
  return 0;
}

// --- frames, and those who look at them --------------------------------------------------------------------------

/// Some programs look at each line that they log: what was just marked is not looked up.
void mark(PyObject* code) {
  static std::array<PyObject*, 256> marked{};  // what is known lives on, so that addresses stay their own
  PyObject*& last = marked[reinterpret_cast<uintptr_t>(code) / 64 % marked.size()];
  if (last != code && PyCode_Check(code)) {
    known_of(code).looked_at = true;
    last = code;
  }
}

void mark_stack() {
  constexpr int kDepthMax = 1000;
  const void* frame = innermost_own_frame(PyThreadState_Get());
  for (int depth = 0; frame && depth < kDepthMax; ++depth, frame = own_frame_around(frame)) {
    mark(own_frame_code(frame));
  }
  for (const NativeEntryScope* scope = innermost_entry; scope; scope = scope->outer) {
    if (scope->function->is_behind_trampoline()) {
      for (uint32_t k = 0; k < scope->native->body_count; ++k) {
        mark(PyFunction_GET_CODE(scope->native->bodies[k]->function->function));
      }
      tell_lost(scope->function->function());
    }
  }
}

void end_because_of_tracing() {
  if (on_traced) {
    const KeepError keep;
    const ObjectRef traced = ObjectRef::steal(std::exchange(on_traced, nullptr));
    const ObjectRef done = ObjectRef::steal(PyObject_CallNoArgs(traced.get()));
    drop_exception();
  }
}

// Functions of CPython's that must be heard of. Their entries in the method tables get a function of ours in front: the objects
// stay what they are, and nothing else becomes slower, as it would with an audit hook (`id` is audited).
enum class Heard : uint8_t { Frames, Tracing };
struct Front {
  PyCFunction original = nullptr;
  Heard what = Heard::Frames;
};
constexpr size_t kFronts = 12;
Front fronts[kFronts];
size_t front_count = 0;

void hear(const Front& front) {
  if (front.what == Heard::Tracing) {
    end_because_of_tracing();
  } else {
    const KeepError keep;
    mark_stack();
  }
}

template <class Signature>
Signature* as(PyCFunction function) {
  return reinterpret_cast<Signature*>(reinterpret_cast<void (*)()>(function));
}
using Fast = PyObject*(PyObject*, PyObject* const*, Py_ssize_t);
using FastWithKeywords = PyObject*(PyObject*, PyObject* const*, Py_ssize_t, PyObject*);
using WithKeywords = PyObject*(PyObject*, PyObject*, PyObject*);

/// The functions in front, for each place of `fronts` and each way of being called.
template <size_t k>
struct InFront {
  static PyObject* plain(PyObject* self, PyObject* args) {
    hear(fronts[k]);
    return fronts[k].original(self, args);
  }
  static PyObject* fast(PyObject* self, PyObject* const* args, Py_ssize_t count) {
    hear(fronts[k]);
    return as<Fast>(fronts[k].original)(self, args, count);
  }
  static PyObject* fast_with_keywords(PyObject* self, PyObject* const* args, Py_ssize_t count, PyObject* names) {
    hear(fronts[k]);
    return as<FastWithKeywords>(fronts[k].original)(self, args, count, names);
  }
  static PyObject* with_keywords(PyObject* self, PyObject* args, PyObject* named) {
    hear(fronts[k]);
    return as<WithKeywords>(fronts[k].original)(self, args, named);
  }
  static PyCFunction for_flags(int flags) {
    const auto generic = [](auto* function) {
      return reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(function));
    };
    switch (flags & ~(METH_STATIC | METH_CLASS | METH_COEXIST)) {
      case METH_O:
      case METH_NOARGS:
      case METH_VARARGS:
        return plain;
      case METH_FASTCALL:
        return generic(&fast);
      case METH_FASTCALL | METH_KEYWORDS:
        return generic(&fast_with_keywords);
      case METH_VARARGS | METH_KEYWORDS:
        return generic(&with_keywords);
      default:
        return nullptr;
    }
  }
};

template <size_t... k>
PyCFunction front_at(size_t place, int flags, std::index_sequence<k...>) {
  PyCFunction found = nullptr;
  ((k == place ? void(found = InFront<k>::for_flags(flags)) : void()), ...);
  return found;
}

getter real_code_getter = nullptr;

PyObject* get_code(PyObject* function, void* closure) {
  PyObject* original = original_of_trampoline(PyFunction_GET_CODE(function));
  return original ? Py_NewRef(PyFunction_GET_CODE(original)) : real_code_getter(function, closure);
}

}  // namespace

bool watch_hot_functions(PyObject* decide, PyObject* lost, PyObject* companion, unsigned threshold) {
  const auto at_samples = reinterpret_cast<int (*)(void (*)())>(dlsym(RTLD_DEFAULT, "hasten_probe_at_samples"));
  if (!at_samples) {
    return false;
  }
  on_hot = Py_NewRef(decide);
  on_lost = Py_NewRef(lost);
  on_companion = Py_NewRef(companion);
  hot_threshold = threshold;
  main_thread = pthread_self();
  return at_samples(at_sample) == 1;
}

PyObject* companion_of(PyObject* function) {
  if (!on_companion) {
    return nullptr;
  }
  const KeepError keep;
  const ObjectRef found = ObjectRef::steal(PyObject_CallOneArg(on_companion, function));
  drop_exception();
  return found && found.get() != Py_None ? found.get() : nullptr;
}

void stop_watching() {
  if (const auto at_samples = reinterpret_cast<int (*)(void (*)())>(dlsym(RTLD_DEFAULT, "hasten_probe_at_samples"))) {
    at_samples(nullptr);
  }
  Py_CLEAR(on_hot);
}

void hear_tracing(PyObject* traced) { on_traced = Py_NewRef(traced); }

bool hear_of(PyObject* callable, bool is_tracing) {
  PyMethodDef* method = PyCFunction_Check(callable) ? reinterpret_cast<PyCFunctionObject*>(callable)->m_ml
                        : Py_IS_TYPE(callable, &PyMethodDescr_Type)
                            ? reinterpret_cast<PyMethodDescrObject*>(callable)->d_method
                            : nullptr;
  PyCFunction front = method && front_count < kFronts
                          ? front_at(front_count, method->ml_flags, std::make_index_sequence<kFronts>())
                          : nullptr;
  if (!front) {
    return false;
  }
  fronts[front_count++] = {method->ml_meth, is_tracing ? Heard::Tracing : Heard::Frames};
  method->ml_meth = front;
  // A method descriptor calls by way of its table's entry; a function of a module too.
  return true;
}

bool was_looked_at(PyObject* code) {
  auto found = known().find(code);
  return found != known().end() && found->second.looked_at;
}

PyObject* original_of_trampoline(PyObject* code) {
  PyObject* consts = reinterpret_cast<PyCodeObject*>(code)->co_consts;
  for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(consts); ++i) {
    if (CompiledFunction* compiled = compiled_function(PyTuple_GET_ITEM(consts, i))) {
      return compiled->function();
    }
  }
  return nullptr;
}

void hide_trampolines() {
  for (PyGetSetDef* one = PyFunction_Type.tp_getset; !real_code_getter && one && one->name; ++one) {
    if (std::strcmp(one->name, "__code__") == 0) {
      real_code_getter = std::exchange(one->get, get_code);
    }
  }
}

void give_up_now(PyObject* function) {
  if (on_lost) {
    const ObjectRef done = ObjectRef::steal(PyObject_CallOneArg(on_lost, function));
    drop_exception();
  }
}

void tell_lost(PyObject* function) { lost_functions.push_back(ObjectRef::share(function)); }

}  // namespace hasten::runtime
