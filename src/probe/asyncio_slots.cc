// The steps of tasks since 3.14, where asyncio's C module may be built into the interpreter: a step sends to a coroutine through
// its type (PyIter_Send reads am_send at every call), or calls its method throw, which is looked up in the type's table of
// methods at every call too. Both are made ours; the interpreter's own awaits between coroutines use neither.
//
// Whose step it is, is known without a call: the thread state names the running task, and its coroutine must be the one that is
// sent to. Whatever else sends to a coroutine (a driver of its own, a debugger) goes on as if we were not there. Where
// the task stands, and in it its coroutine and name, the module publishes itself (pyread/task_layout.h).
#include "probe/asyncio_slots.h"

#include <dlfcn.h>
#include <string.h>

#include "probe/tasks.h"
#include "probe/watch.h"
#include "pyread/task_layout.h"

namespace hasten::probe {
namespace {

using Object = uint64_t;
constexpr int kSuspended = 1;  // PYGEN_NEXT

// The same in all versions, as their stable interface is: PyTypeObject, PyAsyncMethods, PyMethodDef.
constexpr uint64_t kTypeBasicSize = 32;
constexpr uint64_t kTypeAsyncMethods = 80;
constexpr uint64_t kTypeMethods = 232;
constexpr uint64_t kAsyncSend = 24;
constexpr uint64_t kMethodFunction = 8;
constexpr uint64_t kMethodFlags = 16;
constexpr uint64_t kMethodBytes = 32;
constexpr uint32_t kFastCall = 0x80;  // METH_FASTCALL alone

struct Originals {
  int (*send)(Object coroutine, Object value, Object* result);
  Object (*throw_into)(Object coroutine, const Object* arguments, long count);
};
Originals g_original;
pyread::TaskLayout g_task;

template <class T = Object>
T load(Object object, uint64_t offset) {
  T value;
  memcpy(&value, reinterpret_cast<const void*>(object + offset), sizeof value);
  return value;
}

/// The running task if this is its coroutine, else 0. A task may also be an object of another kind, with less in it.
Object task_that_steps(Object coroutine) {
  const Object state = reinterpret_cast<Object>(g_process.running_python_state());
  const Object task = state == 0 ? 0 : load(state, g_task.thread_running_task);
  if (task == 0 || load(load(task, g_process.layout.object_type), kTypeBasicSize) < g_task.task_bytes) {
    return 0;
  }
  return load(task, g_task.coroutine) == coroutine ? task : 0;
}

int send(Object coroutine, Object value, Object* result) {
  const Object task = task_that_steps(coroutine);
  if (task == 0) {
    return g_original.send(coroutine, value, result);
  }
  note_task(task);
  const Interruption interrupted = begin_step(coroutine);
  const int status = g_original.send(coroutine, value, result);
  end_step(interrupted, coroutine, status == kSuspended);
  return status;
}

Object throw_into(Object coroutine, const Object* arguments, long count) {
  const Object task = task_that_steps(coroutine);
  if (task == 0) {
    return g_original.throw_into(coroutine, arguments, count);
  }
  note_task(task);
  const Interruption interrupted = begin_step(coroutine);
  const Object result = g_original.throw_into(coroutine, arguments, count);
  end_step(interrupted, coroutine, result != 0);
  return result;
}

/// Where the coroutine type holds the function of its method throw, or 0.
uint64_t find_throw(const LoadedObject& object, Object type) {
  constexpr char kThrow[] = "throw";
  for (uint64_t method = load(type, kTypeMethods); object.holds(method, kMethodBytes, PF_R); method += kMethodBytes) {
    const uint64_t name = load(method, 0);
    if (name == 0) {
      break;
    }
    if (object.holds(name, sizeof kThrow, PF_R) &&
        memcmp(reinterpret_cast<const void*>(name), kThrow, sizeof kThrow) == 0) {
      return load<uint32_t>(method, kMethodFlags) == kFastCall ? method + kMethodFunction : 0;
    }
  }
  return 0;
}

}  // namespace

bool replace_slots(const LoadedObject& module) {
  const uint64_t published = find_section(module, pyread::kAsyncioSection, pyread::kAsyncioOffsetsBytes);
  if (published == 0 || !pyread::read_asyncio_offsets(reinterpret_cast<const uint8_t*>(published), &g_task) ||
      g_process.running_python_state == nullptr || !set_up_tasks(&g_task)) {
    return false;
  }
  const Object type = reinterpret_cast<Object>(dlsym(RTLD_DEFAULT, "PyCoro_Type"));
  LoadedObject object;
  if (type == 0 || !find_object_of(type, &object)) {
    return false;
  }
  const uint64_t at_send = load(type, kTypeAsyncMethods) + kAsyncSend;
  const uint64_t at_throw = find_throw(object, type);
  if (!object.holds(at_send, 8, PF_W) || !object.holds(at_throw, 8, PF_W) || !object.holds(load(at_send, 0), 1, PF_X) ||
      !object.holds(load(at_throw, 0), 1, PF_X)) {
    return false;
  }
  // Another thread may call them at once.
  g_original.send = reinterpret_cast<decltype(g_original.send)>(load(at_send, 0));
  g_original.throw_into = reinterpret_cast<decltype(g_original.throw_into)>(load(at_throw, 0));
  return write_address(object, at_send, reinterpret_cast<void*>(send)) &&
         write_address(object, at_throw, reinterpret_cast<void*>(throw_into));
}

}  // namespace hasten::probe
