// The constructor of the preloaded library: runs before main, hides every trace of us from the environment, takes a
// slot for this process if it runs Python, and starts the clock on the main thread. The child of a fork takes a
// slot of its own. In a program that ran before us (arrival.cc) the same happens a moment later. A process without Python (a shell, env, a launcher) only passes the invitation on.
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "probe/arrival.h"
#include "probe/calls.h"
#include "probe/children.h"
#include "probe/clock.h"
#include "probe/code_table.h"
#include "probe/compiled.h"
#include "probe/exec.h"
#include "probe/invitation.h"
#include "probe/numbers.h"
#include "probe/sys.h"
#include "probe/threads.h"
#include "probe/waits.h"
#include "probe/watch.h"
#include "pyread/split_function.h"

namespace hasten::probe {

Process g_process;

void begin_in_fork();

namespace {

/// Takes a slot for this process. False if all are taken, or if the collector's number for it cannot be found.
bool take_process_slot() {
  record::Region& region = *g_process.region;
  const auto own_pid = static_cast<uint32_t>(getpid());
  const uint32_t name_space = pid_namespace();
  const bool differs = name_space != 0;
  const uint32_t pid = differs ? static_cast<uint32_t>(status_figure("/proc/self/status", "\nPid:")) : own_pid;
  for (uint32_t i = 0; pid != 0 && i < record::kProcessCount; ++i) {
    record::ProcessSlot& slot = region.processes[i];
    uint32_t nobody = 0;
    if (slot.pid.load() == 0 && slot.pid.compare_exchange_strong(nobody, pid)) {
      raise_to(region.processes_used, i + 1);
      g_process.self = &slot;
      g_process.process_idx = i;
      g_process.own_pid = own_pid;
      g_process.has_own_numbers = differs;
      slot.parent_pid = static_cast<uint32_t>(differs ? status_figure("/proc/self/status", "\nPPid:")
                                                      : static_cast<uint64_t>(getppid()));
      slot.own_pid = own_pid;
      slot.pid_namespace = name_space;
      slot.start_mono_ns = mono_ns();
      slot.forked_from = 0;
      return true;
    }
  }
  region.unsampled_processes.fetch_add(1);
  return false;
}

void publish(record::ProbeState state) {
  g_process.self->state.store(static_cast<uint32_t>(state), std::memory_order_release);
}

/// Tells the collector what this process was found to be.
void describe_process() {
  record::ProcessSlot& slot = *g_process.self;
  slot.python = g_process.python;
  slot.engine = static_cast<uint32_t>(g_process.engine);
  slot.mean_gap_ns = g_process.base_gap_ns;
  slot.sample_cost_ns = g_process.cost_ns;
  slot.signal = static_cast<uint32_t>(g_process.signal);
}

uint64_t symbol_bytes(const void* address) {
  Dl_info object;
  void* symbol = nullptr;
  const bool found = dladdr1(address, &object, &symbol, RTLD_DL_SYMENT) != 0 && symbol != nullptr;
  return found ? static_cast<const ElfW(Sym)*>(symbol)->st_size : 0;
}

/// The .eh_frame_hdr of the object that holds an address; 0 if it has none.
uint64_t unwind_index_of(uint64_t address) {
  struct Search {
    uint64_t address;
    uint64_t found;
  } search{address, 0};
  dl_iterate_phdr(
      [](dl_phdr_info* object, size_t, void* raw) {
        Search& wanted = *static_cast<Search*>(raw);
        uint64_t index = 0;
        bool holds = false;
        for (int i = 0; i < object->dlpi_phnum; ++i) {
          const ElfW(Phdr)& segment = object->dlpi_phdr[i];
          const uint64_t begin = object->dlpi_addr + segment.p_vaddr;
          holds = holds || (segment.p_type == PT_LOAD && wanted.address - begin < segment.p_memsz);
          index = segment.p_type == PT_GNU_EH_FRAME ? begin : index;
        }
        wanted.found = holds ? index : 0;
        return holds ? 1 : 0;
      },
      &search);
  return search.found;
}

/// Python's own code and unwind table, which are mapped as long as it runs.
struct MappedCode {
  static bool read(uint64_t address, void* to, uint32_t bytes) {
    memcpy(to, reinterpret_cast<const void*>(address), bytes);
    return true;
  }
};

/// Where this process's Python is, and whether we can read it.
bool find_python() {
  record::PythonPlace& python = g_process.python;
  const auto* version = static_cast<const unsigned long*>(dlsym(RTLD_DEFAULT, "Py_Version"));
  python.version_hex = version != nullptr ? static_cast<uint32_t>(*version) : 0;
  const pyread::PythonLayout* layout = pyread::find_layout(python.version_hex);
  void* runtime = dlsym(RTLD_DEFAULT, "_PyRuntime");
  void* code_type = dlsym(RTLD_DEFAULT, "PyCode_Type");
  void* own_state = dlsym(RTLD_DEFAULT, "PyGILState_GetThisThreadState");
  void* eval = dlsym(RTLD_DEFAULT, "_PyEval_EvalFrameDefault");
  if (layout == nullptr || runtime == nullptr || code_type == nullptr || own_state == nullptr || eval == nullptr) {
    return false;
  }
  g_process.layout = *layout;
  if (layout->publishes_offsets() &&
      !pyread::apply_debug_offsets(static_cast<const uint8_t*>(runtime), python.version_hex, &g_process.layout)) {
    return false;  // a build without the GIL, or offsets that make no sense
  }
  g_process.own_python_state = reinterpret_cast<const void* (*)()>(own_state);
  void* running_state = dlsym(RTLD_DEFAULT, "PyThreadState_GetUnchecked");
  running_state = running_state != nullptr ? running_state : dlsym(RTLD_DEFAULT, "_PyThreadState_UncheckedGet");
  g_process.running_python_state = reinterpret_cast<const void* (*)()>(running_state);
  python.runtime_address = reinterpret_cast<uint64_t>(runtime);
  python.runtime_bytes = symbol_bytes(runtime);
  python.code_type_address = reinterpret_cast<uint64_t>(code_type);
  python.eval_begin = reinterpret_cast<uint64_t>(eval);
  python.eval_end = python.eval_begin + symbol_bytes(eval);
  MappedCode code;
  const pyread::CodeRange part =
      pyread::other_part({python.eval_begin, python.eval_end}, unwind_index_of(python.eval_begin), code);
  python.eval_part_begin = part.begin;
  python.eval_part_end = part.end;
  return true;
}

}  // namespace

void begin() {
  publish(record::ProbeState::Claimed);
  const bool found = find_python();
  describe_process();
  if (!found) {
    publish(record::ProbeState::Unsupported);
    return;
  }
  const record::Region& region = *g_process.region;
  const int refusal = set_up_clock(static_cast<record::Engine>(region.force_engine), region.wanted_rate_hz);
  describe_process();
  if (refusal != 0) {
    g_process.self->setup_errno = static_cast<uint32_t>(refusal);
    publish(record::ProbeState::NoClock);
    return;
  }
  set_up_code_table();
  set_up_threads();
  set_up_waits();
  set_up_calls();
  if (g_visit.load() <= 1) {
    pthread_atfork(nullptr, nullptr, begin_in_fork);
  }
  g_process.active.store(true);
  begin_watch();
  if (g_process.arrived) {
    watch_those_before_us();
    stand_in_front();
  }
  publish(record::ProbeState::Sampling);
}

bool join_region() { return map_region() && take_process_slot(); }

namespace {

__attribute__((constructor)) void on_load() {
  const int saved_errno = errno;
  if (read_invitation()) {
    set_up_exec();
    if (dlsym(RTLD_DEFAULT, "Py_IsInitialized") != nullptr && join_region()) {
      begin();
    }
    hide_invitation();
  }
  errno = saved_errno;
}

__attribute__((destructor)) void on_unload() { tell_own_end(); }

}  // namespace

uint64_t own_peak_rss_bytes() { return status_figure("/proc/self/status", "\nVmHWM:") * 1024; }

/// The child of a fork goes on with what its parent found out, in a slot of its own.
void begin_in_fork() {
  if (!g_process.active.load()) {
    return;
  }
  g_process.active.store(false);
  forget_all_watches();
  forget_compiled_ring();
  const uint32_t parent_idx = g_process.process_idx;
  record::ProcessSlot* parent = g_process.self;
  if (g_process.region->closed.load() != 0) {
    return;
  }
  // Another /proc than the one where the region was found has other numbers.
  if (is_deserted() || !take_process_slot()) {
    parent->unsampled_threads.fetch_add(1);
    return;
  }
  publish(record::ProbeState::Claimed);
  describe_process();
  g_process.self->forked_from = parent_idx + 1;
  g_process.active.store(true);
  begin_watch();
  publish(record::ProbeState::Sampling);
}

}  // namespace hasten::probe
