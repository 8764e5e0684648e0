// How children ended. Only the parent learns the status and the resources of a child that was killed, so the calls that
// wait for one tell the collector too; and a process that leaves by _exit, past its exit handlers, says goodbye first.
#include <errno.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "probe/children.h"
#include "probe/invitation.h"
#include "probe/numbers.h"
#include "probe/signals.h"
#include "probe/sys.h"
#include "probe/waits.h"
#include "probe/watch.h"

namespace hasten::probe {
namespace {

uint64_t nanoseconds(const timeval& time) {
  return static_cast<uint64_t>(time.tv_sec) * 1'000'000'000u + static_cast<uint64_t>(time.tv_usec) * 1'000u;
}

void report_end(pid_t pid, int status, const rusage& usage) {
  if (!(WIFEXITED(status) || WIFSIGNALED(status)) || (g_process.region == nullptr && !map_region())) {
    return;
  }
  record::Region& region = *g_process.region;
  const uint32_t place = region.child_ends_written.fetch_add(1) % record::kChildEndCount;
  record::ChildEnd& end = region.child_ends[place];
  end.status = status;
  end.pid_namespace = pid_namespace();
  end.mono_ns = mono_ns();
  end.cpu_user_ns = nanoseconds(usage.ru_utime);
  end.cpu_system_ns = nanoseconds(usage.ru_stime);
  end.peak_rss_bytes = static_cast<uint64_t>(usage.ru_maxrss) * 1024;
  end.pid.store(static_cast<uint32_t>(pid), std::memory_order_release);
}

using Wait4 = pid_t (*)(pid_t, int*, int, rusage*);

pid_t wait_and_tell(pid_t pid, int* status, int options, rusage* usage) {
  static std::atomic<void*> cache;
  void* real = cache.load(std::memory_order_acquire);
  if (real == nullptr) {
    real = next_symbol("wait4");
    cache.store(real, std::memory_order_release);
  }
  int own_status = 0;
  rusage own_usage = {};
  uint64_t begin_ns = 0;
  begin_child_wait(&begin_ns);
  const pid_t ended = reinterpret_cast<Wait4>(real)(pid, &own_status, options, &own_usage);
  end_child_wait(begin_ns);
  if (ended > 0) {
    const int saved_errno = errno;
    report_end(ended, own_status, own_usage);
    errno = saved_errno;
    if (status != nullptr) {
      *status = own_status;
    }
    if (usage != nullptr) {
      *usage = own_usage;
    }
  }
  return ended;
}

int wait_status_of(const siginfo_t& info) {
  return info.si_code == CLD_EXITED                                 ? (info.si_status & 0xff) << 8
         : info.si_code == CLD_KILLED || info.si_code == CLD_DUMPED ? info.si_status & 0x7f
                                                                    : 0x7f;  // stopped: not an end
}

}  // namespace

void tell_own_end() {
  // The child of a vfork shares our memory; its end is not ours.
  if (g_process.active.load() && g_process.own_pid == static_cast<uint32_t>(sys_call(__NR_getpid))) {
    g_process.self->peak_rss_bytes.store(own_peak_rss_bytes());
    g_process.self->cpu_ns.store(read_clock(CLOCK_PROCESS_CPUTIME_ID));
    end_watch();  // and so does this thread
  }
}

}  // namespace hasten::probe

using namespace hasten::probe;

#define HASTEN_VISIBLE __attribute__((visibility("default")))

extern "C" {

HASTEN_VISIBLE pid_t wait4(pid_t pid, int* status, int options, struct rusage* usage) noexcept {
  return wait_and_tell(pid, status, options, usage);
}

HASTEN_VISIBLE pid_t wait3(int* status, int options, struct rusage* usage) noexcept {
  return wait_and_tell(-1, status, options, usage);
}

HASTEN_VISIBLE pid_t waitpid(pid_t pid, int* status, int options) {
  return wait_and_tell(pid, status, options, nullptr);
}

HASTEN_VISIBLE pid_t wait(int* status) { return wait_and_tell(-1, status, 0, nullptr); }

HASTEN_VISIBLE int waitid(idtype_t kind, id_t id, siginfo_t* info, int options) {
  siginfo_t own_info = {};
  rusage usage = {};
  uint64_t begin_ns = 0;
  begin_child_wait(&begin_ns);
  const long result = sys_call(__NR_waitid, static_cast<long>(kind), static_cast<long>(id),
                               reinterpret_cast<long>(&own_info), options, reinterpret_cast<long>(&usage));
  end_child_wait(begin_ns);
  if (result < 0) {
    errno = static_cast<int>(-result);
    return -1;
  }
  if (own_info.si_pid != 0 && (options & WNOWAIT) == 0) {
    report_end(own_info.si_pid, wait_status_of(own_info), usage);
  }
  if (info != nullptr) {
    *info = own_info;
  }
  return 0;
}

HASTEN_VISIBLE __attribute__((noreturn)) void _exit(int code) {
  tell_own_end();
  for (;;) {
    sys_call(__NR_exit_group, code);
  }
}

HASTEN_VISIBLE __attribute__((noreturn)) void _Exit(int code) noexcept { _exit(code); }

}  // extern "C"
