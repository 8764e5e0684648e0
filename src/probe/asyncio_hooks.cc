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
// A Python that has asyncio built in has no such table: its tasks are not seen, and the report says so. The table is
// patched when the first loop makes its selector: the module is loaded by then, and none of its tasks runs.
#include "probe/asyncio_hooks.h"

#include <dlfcn.h>
#include <link.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <atomic>

#include "probe/imports.h"
#include "probe/signals.h"
#include "probe/sys.h"
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

constexpr char kSetRunningLoop[] = "_set_running_loop";

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

/// Makes the entries of one object ours. What stands behind each is looked up first: another thread may call it at once.
bool patch(const Imports& imports) {
  bool steps_seen = false;
  imports.each([&](const char* name, uint64_t place) {
    for (const Hook& hook : kHooks) {
      if (strcmp(name, hook.name) != 0) {
        continue;
      }
      *hook.original = dlsym(RTLD_DEFAULT, name);
      if (*hook.original != nullptr && imports.write(place, hook.ours)) {
        steps_seen = steps_seen || hook.ours == reinterpret_cast<void*>(send);
      }
    }
  });
  return steps_seen;
}

/// Makes _set_running_loop ours: a PyMethodDef, which is the address of its name followed by that of its function.
bool patch_method(const Imports& imports) {
  for (int i = 0; i < imports.part_count; ++i) {
    const ElfW(Phdr)& part = imports.parts[i];
    if (part.p_type != PT_LOAD || (part.p_flags & PF_W) == 0) {
      continue;
    }
    const uint64_t begin = (imports.base + part.p_vaddr + 7) / 8 * 8;
    for (uint64_t at = begin; at + 16 <= imports.base + part.p_vaddr + part.p_filesz; at += 8) {
      const uint64_t name = load(at, 0);
      const uint64_t function = load(at, 8);
      if (imports.holds(name, sizeof kSetRunningLoop, PF_R) && imports.holds(function, 1, PF_X) &&
          memcmp(reinterpret_cast<const void*>(name), kSetRunningLoop, sizeof kSetRunningLoop) == 0) {
        g_original.set_running_loop = reinterpret_cast<Object (*)(Object, Object)>(function);
        return imports.write(at + 8, reinterpret_cast<void*>(set_running_loop));
      }
    }
  }
  return false;
}

/// asyncio's C module: _asyncio.cpython-312-x86_64-linux-gnu.so, _asyncio.so.
int find_module(dl_phdr_info* object, size_t, void* found) {
  const char* slash = strrchr(object->dlpi_name, '/');
  if (strncmp(slash != nullptr ? slash + 1 : object->dlpi_name, "_asyncio.", 9) != 0) {
    return 0;
  }
  *static_cast<Imports*>(found) = imports_of(*object);
  return 1;
}

}  // namespace

void hook_asyncio() {
  static std::atomic<int> settled{0};
  static bool unseen = false;
  if (unseen) {
    g_process.self->tasks_unseen.store(1);
  }
  if (settled.load(std::memory_order_relaxed) != 0 || !g_process.active.load()) {
    return;
  }
  Imports imports;
  const bool found = dl_iterate_phdr(find_module, &imports) != 0;
  const bool built_in = !found && dlsym(RTLD_DEFAULT, "PyInit__asyncio") != nullptr;
  if ((!found && !built_in) || settled.exchange(1) != 0) {
    return;
  }
  g_none = reinterpret_cast<Object>(dlsym(RTLD_DEFAULT, "_Py_NoneStruct"));
  g_coroutine_type = reinterpret_cast<Object>(dlsym(RTLD_DEFAULT, "PyCoro_Type"));
  g_generator_type = reinterpret_cast<Object>(dlsym(RTLD_DEFAULT, "PyGen_Type"));
  if (built_in || !set_up_tasks() || !patch_method(imports) || !patch(imports)) {
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
