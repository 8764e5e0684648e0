// How we come to see the steps of tasks: asyncio's C module calls the interpreter through its import table, and a few of
// these entries are made ours. Nothing that Python code can look at changes: no attribute, no type, no
// callback; and tasks are seen whichever loop runs them (uvloop's are the same tasks).
//
// The entries, and what they tell:
//   PyIter_Send                 a step: the coroutine is sent None
//   PyObject_VectorcallMethod   a step that throws into the coroutine (a cancellation), among other calls
//   _PyDict_SetItem_KnownHash (3.11, 3.12), PyDict_SetDefaultRef and _PyDict_SetItem_KnownHash_LockHeld (3.13)
//                               the current task is noted: whose step comes next
// And in its table of methods, _set_running_loop: a loop begins to run or has ended. A builtin looks its function up there at
// every call.
//
// Since 3.14 that is not enough: the current task is noted without a call, and 3.15 has the module built in, so that there is
// no import table. asyncio_slots.cc sees the steps there. An older Python that has asyncio built in does not show its
// tasks, and the report says so.
//
// All this is done when the first loop makes its selector: the module is loaded by then, and none of its tasks runs.
#include "probe/asyncio_hooks.h"

#include <dlfcn.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <atomic>

#include "probe/asyncio_slots.h"
#include "probe/loaded_object.h"
#include "probe/signals.h"
#include "probe/tasks.h"
#include "probe/watch.h"

namespace hasten::probe {
namespace {

// Objects by address, results by their ABI: there is no Python.h here.
using Object = uint64_t;
constexpr int kSuspended = 1;  // PYGEN_NEXT

struct Originals {
  int (*send)(Object coroutine, Object value, Object* result);
  Object (*call_method)(Object name, const Object* arguments, size_t count_and_flag, Object names);
  int (*set_known)(Object dict, Object key, Object value, long hash);
  int (*set_known_locked)(Object dict, Object key, Object value, long hash);
  int (*set_default)(Object dict, Object key, Object value, Object* result);
  Object (*set_running_loop)(Object module, Object loop);
};
Originals g_original;
Object g_none;
Object g_coroutine_type;
Object g_generator_type;

Object load(Object object, uint64_t offset) {
  Object value;
  memcpy(&value, reinterpret_cast<const void*>(object + offset), sizeof value);
  return value;
}

Object type_of(Object object) { return load(object, g_process.layout.object_type); }

int send(Object coroutine, Object value, Object* result) {
  const Interruption interrupted = begin_step(coroutine);
  const int status = g_original.send(coroutine, value, result);
  end_step(interrupted, coroutine, status == kSuspended);
  return status;
}

Object call_method(Object name, const Object* arguments, size_t count_and_flag, Object names) {
  // Of two arguments and on a coroutine, it is throw().
  const size_t count = count_and_flag << 1 >> 1;
  const Object type = count == 2 ? type_of(arguments[0]) : 0;
  if (type == 0 || (type != g_coroutine_type && type != g_generator_type)) {
    return g_original.call_method(name, arguments, count_and_flag, names);
  }
  const Object coroutine = arguments[0];
  const Interruption interrupted = begin_step(coroutine);
  const Object result = g_original.call_method(name, arguments, count_and_flag, names);
  end_step(interrupted, coroutine, result != 0);
  return result;
}

int set_known(Object dict, Object key, Object value, long hash) {
  note_task(value);
  return g_original.set_known(dict, key, value, hash);
}

int set_known_locked(Object dict, Object key, Object value, long hash) {
  note_task(value);
  return g_original.set_known_locked(dict, key, value, hash);
}

int set_default(Object dict, Object key, Object value, Object* result) {
  note_task(value);
  return g_original.set_default(dict, key, value, result);
}

Object set_running_loop(Object module, Object loop) {
  note_running_loop(loop != g_none);
  return g_original.set_running_loop(module, loop);
}

struct Hook {
  const char* name;
  void* ours;
  void** original;
};

const Hook kHooks[] = {
    {"PyIter_Send", reinterpret_cast<void*>(send), reinterpret_cast<void**>(&g_original.send)},
    {"PyObject_VectorcallMethod", reinterpret_cast<void*>(call_method),
     reinterpret_cast<void**>(&g_original.call_method)},
    {"_PyDict_SetItem_KnownHash", reinterpret_cast<void*>(set_known), reinterpret_cast<void**>(&g_original.set_known)},
    {"_PyDict_SetItem_KnownHash_LockHeld", reinterpret_cast<void*>(set_known_locked),
     reinterpret_cast<void**>(&g_original.set_known_locked)},
    {"PyDict_SetDefaultRef", reinterpret_cast<void*>(set_default), reinterpret_cast<void**>(&g_original.set_default)},
};

/// Makes the entries of the module's import table ours. What stands behind each is looked up first: another thread may call it
/// at once.
bool replace_imports(const LoadedObject& module) {
  bool steps_seen = false;
  module.each_import([&](const char* name, uint64_t place) {
    for (const Hook& hook : kHooks) {
      if (strcmp(name, hook.name) != 0) {
        continue;
      }
      *hook.original = dlsym(RTLD_DEFAULT, name);
      if (*hook.original != nullptr && write_address(module, place, hook.ours)) {
        steps_seen = steps_seen || hook.ours == reinterpret_cast<void*>(send);
      }
    }
  });
  return steps_seen;
}

bool replace_set_running_loop(const LoadedObject& module) {
  const uint64_t place = find_method(module, "_set_running_loop");
  if (place == 0) {
    return false;
  }
  g_original.set_running_loop = reinterpret_cast<Object (*)(Object, Object)>(load(place, 0));
  return write_address(module, place, reinterpret_cast<void*>(set_running_loop));
}

/// asyncio's C module: _asyncio.cpython-312-x86_64-linux-gnu.so, _asyncio.so.
int find_module(dl_phdr_info* object, size_t, void* found) {
  const char* slash = strrchr(object->dlpi_name, '/');
  if (strncmp(slash != nullptr ? slash + 1 : object->dlpi_name, "_asyncio.", 9) != 0) {
    return 0;
  }
  *static_cast<LoadedObject*>(found) = loaded_object(*object);
  return 1;
}

bool see_steps(const LoadedObject& module, bool built_in) {
  if (g_process.layout.names_running_task()) {
    return replace_slots(module);
  }
  return !built_in && set_up_tasks(nullptr) && replace_imports(module);
}

}  // namespace

void hook_asyncio() {
  static std::atomic<int> settled{0};
  static bool unseen = false;
  if (unseen) {
    g_process.self->tasks_unseen.store(1);  // another collector, who has not heard of it
  }
  if (settled.load(std::memory_order_relaxed) != 0 || !g_process.active.load()) {
    return;
  }
  LoadedObject module;
  const bool found = dl_iterate_phdr(find_module, &module) != 0;
  void* const built_in = found ? nullptr : dlsym(RTLD_DEFAULT, "PyInit__asyncio");
  if ((!found && built_in == nullptr) || settled.exchange(1) != 0) {
    return;
  }
  g_none = reinterpret_cast<Object>(dlsym(RTLD_DEFAULT, "_Py_NoneStruct"));
  g_coroutine_type = reinterpret_cast<Object>(dlsym(RTLD_DEFAULT, "PyCoro_Type"));
  g_generator_type = reinterpret_cast<Object>(dlsym(RTLD_DEFAULT, "PyGen_Type"));
  const bool known = found || find_object_of(reinterpret_cast<uint64_t>(built_in), &module);
  if (!known || !see_steps(module, !found) || !replace_set_running_loop(module)) {
    unseen = true;
    g_process.self->tasks_unseen.store(1);
  }
}

}  // namespace hasten::probe

using hasten::probe::hook_asyncio;
using hasten::probe::next_symbol;

// What an event loop makes before it runs.
#define HASTEN_BEFORE_A_LOOP(name, parameters, arguments)               \
  __attribute__((visibility("default"))) int name parameters noexcept { \
    static std::atomic<void*> cache;                                    \
    void* real = cache.load(std::memory_order_acquire);                 \
    if (real == nullptr) {                                              \
      real = next_symbol(#name);                                        \
      cache.store(real, std::memory_order_release);                     \
    }                                                                   \
    hook_asyncio();                                                     \
    return reinterpret_cast<int(*) parameters>(real) arguments;         \
  }

extern "C" {

HASTEN_BEFORE_A_LOOP(epoll_create1, (int flags), (flags))
HASTEN_BEFORE_A_LOOP(epoll_create, (int size), (size))
HASTEN_BEFORE_A_LOOP(socketpair, (int domain, int type, int protocol, int fds[2]), (domain, type, protocol, fds))

}  // extern "C"
