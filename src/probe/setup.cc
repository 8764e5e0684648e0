// The constructor of the preloaded library: runs before main, decides whether this process is the one to
// measure, hides every trace of us from the environment, and starts the clock on the main thread.
//
// A process without Python (a shell, env, a launcher) is left alone with its environment untouched, so that
// the Python it may exec is still found.
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "probe/clock.h"
#include "probe/sys.h"
#include "probe/threads.h"
#include "probe/watch.h"

namespace hasten::probe {

Process g_process;

namespace {

/// The pieces of HASTEN_PROBE.
struct Invitation {
  int fd = -1;
  const char* preload = nullptr;  ///< the program's own LD_PRELOAD, "" if it had none
};

bool parse_invitation(const char* text, Invitation* invitation) {
  char* rest = nullptr;
  const long version = strtol(text, &rest, 10);
  if (version != static_cast<long>(record::kRegionVersion) || *rest != ':') {
    return false;
  }
  const long fd = strtol(rest + 1, &rest, 10);
  if (*rest != ':' || fd < 0 || fd > 1 << 30) {
    return false;
  }
  invitation->fd = static_cast<int>(fd);
  invitation->preload = rest + 1;
  return true;
}

/// Gives the program back the environment that it would have without us.
void hide_from_environment(const Invitation& invitation) {
  char* ours = getenv("LD_PRELOAD");
  if (ours != nullptr) {
    if (*invitation.preload == '\0') {
      unsetenv("LD_PRELOAD");
    } else {
      memmove(ours, invitation.preload, strlen(invitation.preload) + 1);  // shorter: it was appended to ours
    }
  }
  unsetenv(record::kProbeVariable);
}

/// Maps the region if it is one and nobody has taken it.
record::Region* take_region(int fd) {
  struct stat status;
  if (fstat(fd, &status) != 0 || static_cast<uint64_t>(status.st_size) != record::kRegionBytes) {
    return nullptr;
  }
  void* memory = mmap(nullptr, record::kRegionBytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (memory == MAP_FAILED) {
    return nullptr;
  }
  auto* region = static_cast<record::Region*>(memory);
  uint32_t nobody = 0;
  if (region->magic != record::kRegionMagic || region->version != record::kRegionVersion ||
      !region->owner_pid.compare_exchange_strong(nobody, static_cast<uint32_t>(getpid()))) {
    munmap(memory, record::kRegionBytes);
    return nullptr;
  }
  return region;
}

void publish(record::ProbeState state) {
  g_process.region->state.store(static_cast<uint32_t>(state), std::memory_order_release);
}

uint64_t symbol_bytes(const void* address) {
  Dl_info object;
  void* symbol = nullptr;
  const bool found = dladdr1(address, &object, &symbol, RTLD_DL_SYMENT) != 0 && symbol != nullptr;
  return found ? static_cast<const ElfW(Sym)*>(symbol)->st_size : 0;
}

/// Where this process's Python is, and whether we can read it.
bool find_python(record::Region& region) {
  const auto* version = static_cast<const unsigned long*>(dlsym(RTLD_DEFAULT, "Py_Version"));
  region.python_hex = version != nullptr ? static_cast<uint32_t>(*version) : 0;
  const pyread::PythonLayout* layout = pyread::find_layout(region.python_hex);
  void* runtime = dlsym(RTLD_DEFAULT, "_PyRuntime");
  void* code_type = dlsym(RTLD_DEFAULT, "PyCode_Type");
  void* own_state = dlsym(RTLD_DEFAULT, "PyGILState_GetThisThreadState");
  void* eval = dlsym(RTLD_DEFAULT, "_PyEval_EvalFrameDefault");
  if (layout == nullptr || runtime == nullptr || code_type == nullptr || own_state == nullptr || eval == nullptr) {
    return false;
  }
  g_process.layout = *layout;
  if (layout->version >= 0x030d &&
      !pyread::apply_debug_offsets(static_cast<const uint8_t*>(runtime), region.python_hex, &g_process.layout)) {
    return false;  // a build without the GIL, or offsets that make no sense
  }
  g_process.own_python_state = reinterpret_cast<const void* (*)()>(own_state);
  g_process.code_type = reinterpret_cast<uint64_t>(code_type);
  region.runtime_address = reinterpret_cast<uint64_t>(runtime);
  region.code_type_address = g_process.code_type;
  region.eval_begin = reinterpret_cast<uint64_t>(eval);
  region.eval_end = region.eval_begin + symbol_bytes(eval);
  region.runtime_bytes = symbol_bytes(runtime);
  return true;
}

void begin(record::Region& region) {
  publish(record::ProbeState::Claimed);
  if (!find_python(region)) {
    publish(record::ProbeState::Unsupported);
    return;
  }
  const int refusal = set_up_clock(static_cast<record::Engine>(region.force_engine), region.wanted_rate_hz);
  region.engine = static_cast<uint32_t>(g_process.engine);
  region.mean_gap_ns = g_process.base_gap_ns;
  region.sample_cost_ns = g_process.cost_ns;
  if (refusal != 0) {
    region.setup_errno = static_cast<uint32_t>(refusal);
    publish(record::ProbeState::NoClock);
    return;
  }
  set_up_threads();
  g_process.active.store(true);
  begin_watch();
  start_helper();
  publish(record::ProbeState::Sampling);
}

/// The high-water mark of our memory. ru_maxrss would include the process that started us.
uint64_t peak_rss_bytes() {
  char text[4096];
  const int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    return 0;
  }
  const ssize_t length = ::read(fd, text, sizeof text - 1);
  close(fd);
  if (length <= 0) {
    return 0;
  }
  text[length] = '\0';
  const char* mark = strstr(text, "VmHWM:");
  return mark == nullptr ? 0 : strtoull(mark + 6, nullptr, 10) * 1024;
}

__attribute__((constructor)) void on_load() {
  const char* text = getenv(record::kProbeVariable);
  if (text == nullptr || dlsym(RTLD_DEFAULT, "Py_IsInitialized") == nullptr) {
    return;
  }
  const int saved_errno = errno;
  Invitation invitation;
  if (parse_invitation(text, &invitation)) {
    g_process.region = take_region(invitation.fd);
    close(invitation.fd);
    if (g_process.region != nullptr) {
      begin(*g_process.region);
    }
    hide_from_environment(invitation);
  }
  errno = saved_errno;
}

__attribute__((destructor)) void on_unload() {
  if (g_process.region != nullptr && g_process.active.load()) {
    g_process.region->peak_rss_bytes.store(peak_rss_bytes());
    g_process.region->ended.store(1);
  }
}

}  // namespace
}  // namespace hasten::probe
