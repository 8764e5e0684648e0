#include "probe/arrival.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>

#include "probe/asyncio_hooks.h"
#include "probe/compiled.h"
#include "probe/exec.h"
#include "probe/invitation.h"
#include "probe/loaded_object.h"
#include "probe/sys.h"
#include "probe/watch.h"

namespace hasten::probe {
namespace {

/// A function of ours that stands in front of one of libc's.
struct Front {
  const char* name;
  void* ours;
};
constexpr uint32_t kFrontCountMax = 192;
Front g_fronts[kFrontCountMax];
uint32_t g_front_count = 0;

void* (*g_real_dlopen)(const char*, int) = nullptr;
unsigned long long g_objects_added = 0;  ///< the linker's count when tables were last looked through

uint64_t own_base() {
  Dl_info own;
  return ::dladdr(reinterpret_cast<const void*>(&own_base), &own) != 0 ? reinterpret_cast<uint64_t>(own.dli_fbase) : 0;
}

bool starts_with(const char* text, const char* begin) { return strncmp(text, begin, strlen(begin)) == 0; }

/// All that we export and is not meant for Python or for compiled code.
int list_fronts(dl_phdr_info* object, size_t, void*) {
  if (object->dlpi_addr != own_base()) {
    return 0;
  }
  const LoadedObject own = loaded_object(*object);
  for (uint32_t i = 1; i < own.symbol_count && g_front_count < kFrontCountMax; ++i) {
    const ElfW(Sym)& symbol = own.symbols[i];
    const char* name = own.names + symbol.st_name;
    const bool exported = symbol.st_shndx != SHN_UNDEF && ELF64_ST_TYPE(symbol.st_info) == STT_FUNC;
    if (exported && !starts_with(name, "hasten_") && !starts_with(name, "PyInit_")) {
      g_fronts[g_front_count++] = {name, reinterpret_cast<void*>(own.base + symbol.st_value)};
    }
  }
  return 1;
}

void* front_of(const char* name) {
  for (uint32_t i = 0; i < g_front_count; ++i) {
    if (strcmp(g_fronts[i].name, name) == 0) {
      return g_fronts[i].ours;
    }
  }
  return nullptr;
}

/// Libraries whose own calls stay as they are: what waits inside of libc is not the program's call.
bool is_left_alone(const dl_phdr_info& object) {
  if (object.dlpi_addr == own_base()) {
    return true;
  }
  const char* slash = strrchr(object.dlpi_name, '/');
  const char* name = slash != nullptr ? slash + 1 : object.dlpi_name;
  return starts_with(name, "libc.so") || starts_with(name, "ld-linux") || starts_with(name, "libpthread.so") ||
         starts_with(name, "libdl.so") || starts_with(name, "librt.so") || starts_with(name, "linux-vdso");
}

void* dlopen_and_look(const char* path, int flags);

int take_over(dl_phdr_info* object, size_t, void*) {
  g_objects_added = object->dlpi_adds;
  if (is_left_alone(*object)) {
    return 0;
  }
  const LoadedObject here = loaded_object(*object);
  const bool holds_python = here.holds(g_process.python.eval_begin, 1, PF_X);
  here.each_import([&](const char* name, uint64_t place) {
    void* ours = front_of(name);
    if (ours == nullptr && holds_python && strcmp(name, "dlopen") == 0) {
      ours = reinterpret_cast<void*>(dlopen_and_look);
    }
    if (ours != nullptr) {
      write_address(here, place, ours);
    }
  });
  return 0;
}

int count_objects(dl_phdr_info* object, size_t, void* added) {
  *static_cast<unsigned long long*>(added) = object->dlpi_adds;
  return 1;
}

/// Only Python's own calls come here: they name files by their paths, so that it does not matter who asks.
void* dlopen_and_look(const char* path, int flags) {
  void* const handle = g_real_dlopen(path, flags);
  unsigned long long added = 0;
  dl_iterate_phdr(count_objects, &added);
  if (added != g_objects_added && g_process.active.load()) {
    dl_iterate_phdr(take_over, nullptr);
  }
  return handle;
}

template <class Function>
Function python_function(const char* name) {
  return reinterpret_cast<Function>(dlsym(RTLD_DEFAULT, name));
}

/// The attribute of sys in which this thread's script has put the invitation (collect/injection.cc).
void name_of_invitation(char* to) {
  constexpr char kBegin[] = "_hasten_probe_";
  memcpy(to, kBegin, sizeof kBegin);
  char digits[20];
  int count = 0;
  for (long tid = sys_call(__NR_gettid); tid > 0; tid /= 10) {
    digits[count++] = static_cast<char>('0' + tid % 10);
  }
  for (to += sizeof kBegin - 1; count > 0;) {
    *to++ = digits[--count];
  }
  *to = '\0';
}

/// Why not, as an exception.
void say(const char* why) {
  const auto raise = python_function<void (*)(void*, const char*)>("PyErr_SetString");
  void** const type = static_cast<void**>(dlsym(RTLD_DEFAULT, "PyExc_ImportError"));
  if (raise != nullptr && type != nullptr) {
    raise(*type, why);
  }
}

bool is_thread_of_ours(uint64_t tid) {
  return tid != 0 && tid < 1u << 30 && sys_call(__NR_tgkill, sys_call(__NR_getpid), static_cast<long>(tid), 0) == 0;
}

/// Threads by the kernel's numbers. More than there are slots for would not be watched anyway.
struct TidList {
  uint32_t tids[record::kSlotCount];
  uint32_t count = 0;

  bool has(uint32_t tid) const {
    for (uint32_t i = 0; i < count; ++i) {
      if (tids[i] == tid) {
        return true;
      }
    }
    return false;
  }
  void add(uint32_t tid) {
    if (count < record::kSlotCount) {
      tids[count++] = tid;
    }
  }
};

/// All threads of this process.
void list_threads(TidList& list) {
  struct Entry {
    uint64_t inode;
    int64_t next;
    uint16_t bytes;
    uint8_t type;
    char name[];
  };
  const long fd =
      sys_call(__NR_openat, AT_FDCWD, reinterpret_cast<long>("/proc/self/task"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  alignas(8) char buffer[4096];
  long bytes = 0;
  while (fd >= 0 && (bytes = sys_call(__NR_getdents64, fd, reinterpret_cast<long>(buffer), sizeof buffer)) > 0) {
    for (long at = 0; at < bytes;) {
      const auto* entry = reinterpret_cast<const Entry*>(buffer + at);
      if (entry->name[0] != '.') {
        list.add(static_cast<uint32_t>(strtoul(entry->name, nullptr, 10)));
      }
      at += entry->bytes;
    }
  }
  if (fd >= 0) {
    sys_call(__NR_close, fd);
  }
}

}  // namespace

void watch_those_before_us() {
  const auto first_interpreter = python_function<const void* (*)()>("PyInterpreterState_Head");
  const auto next_interpreter = python_function<const void* (*)(const void*)>("PyInterpreterState_Next");
  const auto first_thread = python_function<const void* (*)(const void*)>("PyInterpreterState_ThreadHead");
  const auto next_thread = python_function<const void* (*)(const void*)>("PyThreadState_Next");
  if (first_interpreter == nullptr || next_interpreter == nullptr || first_thread == nullptr ||
      next_thread == nullptr) {
    return;
  }
  const auto own_tid = static_cast<uint64_t>(sys_call(__NR_gettid));
  TidList python_threads;
  python_threads.add(static_cast<uint32_t>(own_tid));
  for (const void* one = first_interpreter(); one != nullptr; one = next_interpreter(one)) {
    for (const void* thread = first_thread(one); thread != nullptr; thread = next_thread(thread)) {
      // The pthread_t stands before the kernel's id in every version (layout_check.cc).
      uint64_t ids[2];
      memcpy(ids, static_cast<const char*>(thread) + g_process.layout.thread_native_id - 8, sizeof ids);
      const auto tid = static_cast<uint32_t>(ids[1]);
      if (is_thread_of_ours(ids[1]) && !python_threads.has(tid)) {
        python_threads.add(tid);
        prepare_watch(tid, ids[0]);
      }
    }
  }
  // All others are somebody else's: their stacks are not known, their CPU time is.
  TidList all;
  list_threads(all);
  for (uint32_t i = 0; i < all.count; ++i) {
    if (!python_threads.has(all.tids[i])) {
      prepare_watch(all.tids[i], 0);
    }
  }
}

void stand_in_front() {
  g_real_dlopen = python_function<void* (*)(const char*, int)>("dlopen");
  if (g_front_count == 0) {
    dl_iterate_phdr(list_fronts, nullptr);
  }
  dl_iterate_phdr(take_over, nullptr);
  hook_asyncio();
}

}  // namespace hasten::probe

/// Python's import calls this, with the GIL held. There is no module: null, and no exception, is what the visiting script
/// expects if all went well.
extern "C" __attribute__((visibility("default"))) void* PyInit__hasten_probe() {
  using namespace hasten::probe;
  const int saved_errno = errno;
  const auto find = python_function<void* (*)(const char*)>("PySys_GetObject");
  const auto text_of = python_function<const char* (*)(void*)>("PyUnicode_AsUTF8");
  char name[64];
  name_of_invitation(name);
  void* invitation = find != nullptr && text_of != nullptr ? find(name) : nullptr;
  const char* text = invitation != nullptr ? text_of(invitation) : nullptr;
  if (g_process.active.load() && !is_deserted()) {
    say("another Hasten measures it from inside");
  } else if (text == nullptr || !take_invitation(text)) {
    say("the probe in it is of another version of Hasten");
  } else {
    g_process.active.store(false);
    g_process.arrived = true;
    forget_compiled_ring();
    begin_visit();
    set_up_exec();
    if (join_region()) {
      begin();
    } else {
      say("it cannot open what Hasten hands to it under /proc");
    }
  }
  errno = saved_errno;
  return nullptr;
}
