#include "probe/kernel_time.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>

#include <atomic>
#include <cstring>

#include "probe/clock.h"
#include "probe/gaps.h"
#include "probe/invitation.h"
#include "probe/own_stack.h"
#include "probe/sys.h"
#include "probe/tasks.h"
#include "probe/watch.h"

namespace hasten::probe {
namespace {

/// A gap shorter than this is too near to the jitter of the timer to tell one gap from two.
constexpr uint32_t kTellingGapNs = 100'000;
/// Calls are believed to have taken so many gaps more than was found: chance does not reach that far often.
constexpr int64_t kUntoldGapsMost = 32;
/// A page fault that clears a huge page takes no longer.
constexpr uint32_t kHugeFaultMostNs = 200'000;

/// What a page fault takes here, measured when it is needed first; 0: not yet.
std::atomic<uint32_t> g_fault_ns{0};
/// Whether the program may be given huge pages.
std::atomic<bool> g_has_huge_pages{false};

/// How many gaps the clock has run through while it was armed.
uint64_t gaps_passed(const Watch& watch, uint64_t passed_ns, uint64_t round_up_ns) {
  if (watch.gap_ns < kTellingGapNs || passed_ns < g_process.latency_ns) {
    return 0;
  }
  return (passed_ns - g_process.latency_ns + round_up_ns) / watch.gap_ns;
}

/// The stack as it is now is kept. `stack_pointer`: as for read_own_stack().
__attribute__((noinline)) void draw_place(Watch& watch, KernelTaker& taker, uint64_t stack_pointer) {
  const uint64_t begin_ns = mono_ns();
  watch.writing.store(true, std::memory_order_relaxed);
  std::atomic_signal_fence(std::memory_order_seq_cst);
  const OwnStack stack = read_own_stack(watch, stack_pointer);
  taker.flags = record::kInKernel | (stack.python_state == 0 ? record::kNoPythonState : 0u) |
                (stack.broken ? record::kBroken : 0u) | (stack.repaired ? record::kRepaired : 0u) |
                (stack.has_gil ? record::kHasGil : 0u);
  taker.python_state = stack.python_state;
  taker.has_place = true;
  taker.task = running_task(watch);
  taker.frame_count = stack.frame_count;
  std::memcpy(taker.refs, watch.refs, stack.frame_count * sizeof(record::FrameRef));
  std::atomic_signal_fence(std::memory_order_seq_cst);
  watch.writing.store(false, std::memory_order_relaxed);
  std::atomic<uint64_t>& spent_ns = watch.slot->handler_ns;
  spent_ns.store(spent_ns.load(std::memory_order_relaxed) + (mono_ns() - begin_ns), std::memory_order_relaxed);
}

/// Looks at the CPU clock, and tells.
__attribute__((noinline)) void tell_calls(Watch& watch) {
  watch.writing.store(true, std::memory_order_relaxed);
  std::atomic_signal_fence(std::memory_order_seq_cst);
  watch.kernel.unlooked_ns = 0;
  const uint64_t cpu_ns = thread_cpu_ns();
  const uint64_t gaps = gaps_passed(watch, cpu_ns - watch.armed_cpu_ns, 0);
  if (gaps > watch.kernel.told_gaps) {
    const uint64_t found_ns = (gaps - watch.kernel.told_gaps) * watch.gap_ns;
    const uint64_t told_ns = found_ns - tell_takers(watch, found_ns, cpu_ns);
    watch.kernel.told_gaps += static_cast<uint32_t>(told_ns / watch.gap_ns);
  }
  std::atomic_signal_fence(std::memory_order_seq_cst);
  watch.writing.store(false, std::memory_order_relaxed);
}

/// Whether the kernel gives huge pages to whoever asks for much memory.
bool gives_huge_pages() {
  char text[64] = {};
  const long fd =
      sys_call(__NR_open, reinterpret_cast<long>("/sys/kernel/mm/transparent_hugepage/enabled"), O_RDONLY | O_CLOEXEC);
  if (fd >= 0) {
    sys_call(__NR_read, fd, reinterpret_cast<long>(text), sizeof text - 1);
    sys_call(__NR_close, fd);
  }
  return strstr(text, "[always]") != nullptr;
}

/// About 50 us.
uint32_t measured_fault_ns() {
  constexpr long kPageBytes = 4096;
  constexpr long kPages = 16;
  const long memory =
      sys_call(__NR_mmap, 0, kPages * kPageBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory <= 0) {
    return 1'000;
  }
  const uint64_t begin_ns = thread_cpu_ns();
  for (long i = 0; i < kPages; ++i) {
    reinterpret_cast<volatile char*>(memory)[i * kPageBytes] = 1;
  }
  const uint64_t taken_ns = thread_cpu_ns() - begin_ns;
  sys_call(__NR_munmap, memory, kPages * kPageBytes);
  return static_cast<uint32_t>(taken_ns / kPages) + 1;
}

/// Those of files cost less than new memory, those that copy cost more.
void change_fault_ns(KernelTime& kernel, double factor) {
  const uint32_t measured_ns = g_fault_ns.load(std::memory_order_relaxed);
  const uint32_t least_ns = measured_ns / 2 + 1;
  const uint32_t most_ns =
      g_has_huge_pages.load(std::memory_order_relaxed) ? kHugeFaultMostNs : measured_ns + measured_ns / 2;
  const double ns = kernel.fault_ns * factor;
  kernel.fault_ns = static_cast<uint32_t>(ns < least_ns ? least_ns : ns > most_ns ? most_ns : ns);
}

void note_taken(Watch& watch, KernelTaker& taker, uint64_t taken_ns, uint64_t stack_pointer) {
  const int64_t most_ns = kUntoldGapsMost * watch.mean_gap_ns;
  const int64_t untold_ns = taker.untold_ns + static_cast<int64_t>(taken_ns);
  taker.untold_ns = untold_ns < most_ns ? untold_ns : most_ns;
  const uint64_t drawn_ns = taker.drawn_ns + taken_ns;
  taker.drawn_ns = drawn_ns;
  const double drawn = static_cast<double>(next_random(&watch.wait_random_state) >> 11) * 0x1p-53;
  if (drawn * static_cast<double>(drawn_ns) < static_cast<double>(taken_ns) && is_own_process()) {
    draw_place(watch, taker, stack_pointer);
  }
  watch.kernel.unlooked_ns += taken_ns;
  watch.kernel.armed_taken_ns += taken_ns;
  if (watch.kernel.unlooked_ns >= watch.gap_ns && is_own_process()) {
    tell_calls(watch);
  }
}

/// Writes a sample for what one has taken of the kernel time. Returns how much that is.
uint64_t tell_taker(Watch& watch, KernelTaker& taker, uint64_t kernel_ns, uint64_t cpu_ns) {
  if (!taker.has_place || taker.untold_ns <= 0) {
    return 0;
  }
  // Whole gaps: a part of one is told as one, and what is taken next pays for it.
  const uint64_t gap_ns = watch.gap_ns;
  const uint64_t whole_ns = (static_cast<uint64_t>(taker.untold_ns) + gap_ns - 1) / gap_ns * gap_ns;
  const uint64_t told_ns = whole_ns < kernel_ns ? whole_ns : kernel_ns;
  record::SampleRecord sample{};
  const uint32_t frame_bytes = taker.frame_count * static_cast<uint32_t>(sizeof(record::FrameRef));
  const uint32_t bytes = static_cast<uint32_t>(sizeof sample) + frame_bytes;
  sample.head = {bytes, static_cast<uint32_t>(record::RingRecord::Sample)};
  sample.mono_ns = mono_ns();
  sample.cpu_ns = cpu_ns;
  sample.kernel_ns = told_ns;
  sample.rip = reinterpret_cast<uint64_t>(&note_call);
  sample.python_state = taker.python_state;
  sample.flags = taker.flags;
  sample.frame_count = taker.frame_count;
  sample.task = taker.task;
  record::RingWriter ring(&watch.slot->ring, watch.ring_memory, record::kThreadRingBytes);
  uint8_t* to = ring.reserve(bytes);
  if (to == nullptr) {
    return 0;
  }
  std::memcpy(to, &sample, sizeof sample);
  std::memcpy(to + sizeof sample, taker.refs, frame_bytes);
  ring.commit(bytes);
  std::atomic<uint64_t>& samples = watch.slot->samples;
  samples.store(samples.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  taker.untold_ns -= static_cast<int64_t>(told_ns);
  taker.drawn_ns = 0;
  return told_ns;
}

}  // namespace

void note_call(Watch& watch, uint64_t computed_ns) {
  if (g_process.engine == record::Engine::PerfClock && computed_ns != 0 && watch.gap_ns != 0 &&
      g_process.active.load(std::memory_order_relaxed)) {
    const int saved_errno = errno;
    note_taken(watch, watch.kernel.calls, computed_ns, reinterpret_cast<uint64_t>(__builtin_frame_address(0)));
    errno = saved_errno;
  }
}

uint64_t computed_at_least(const Watch& watch, uint64_t duration_ns) {
  const uint64_t cpu_ns = thread_cpu_ns();
  const uint64_t used_ns =
      cpu_ns > watch.armed_cpu_ns ? cpu_ns - watch.armed_cpu_ns : 0;  // the child of a vfork has a clock of its own
  const uint64_t before_ns = watch.gap_ns + watch.kernel.armed_taken_ns;
  const uint64_t least_ns = used_ns > before_ns ? used_ns - before_ns : 0;
  return least_ns < duration_ns ? least_ns : duration_ns;
}

void note_huge_pages() { g_has_huge_pages.store(true, std::memory_order_relaxed); }

void note_faults(Watch& watch, uint64_t stack_pointer) {
  KernelTime& kernel = watch.kernel;
  if (kernel.faults.untold_ns >= kUntoldGapsMost * watch.mean_gap_ns) {
    change_fault_ns(kernel, 0.8);  // they are believed to have taken more than was ever found
  }
  note_taken(watch, kernel.faults, uint64_t{kernel.mean_faults} * kernel.fault_ns, stack_pointer);
  std::atomic<uint64_t>& spent_ns = watch.slot->handler_ns;
  spent_ns.store(spent_ns.load(std::memory_order_relaxed) + g_process.cost_ns, std::memory_order_relaxed);
  arm_fault_clock(watch);
}

void note_unexplained(Watch& watch, uint64_t kernel_ns) {
  KernelTime& kernel = watch.kernel;
  if (kernel.fault_fd >= 0 && perf_event_id(kernel.fault_fd) == kernel.fault_id) {
    change_fault_ns(kernel, 1.25);
    return;
  }
  constexpr uint64_t kGapsMost = 4;
  kernel.unexplained_ns += kernel_ns;
  if (kernel.unexplained_ns > kGapsMost * watch.mean_gap_ns) {
    if (g_fault_ns.load(std::memory_order_relaxed) == 0) {
      g_fault_ns.store(measured_fault_ns(), std::memory_order_relaxed);
      g_has_huge_pages.store(g_has_huge_pages.load(std::memory_order_relaxed) || gives_huge_pages(),
                             std::memory_order_relaxed);
    }
    if (kernel.fault_ns == 0) {
      kernel.fault_ns = g_fault_ns.load(std::memory_order_relaxed);
    }
    kernel.unexplained_ns = 0;
    open_fault_clock(watch);  // the first, or another where the program has closed it
  }
}

void tell_rest_of_calls(Watch& watch) {
  const bool has_place = watch.kernel.calls.has_place || watch.kernel.faults.has_place;
  if (g_process.engine == record::Engine::PerfClock && watch.gap_ns != 0 && has_place) {
    tell_calls(watch);
  }
}

uint64_t untold_kernel_ns(const Watch& watch, uint64_t passed_ns) {
  // The last of the gaps ended outside the kernel.
  const uint64_t told_gaps = watch.kernel.told_gaps + 1ull;
  const uint64_t gaps = gaps_passed(watch, passed_ns, watch.gap_ns / 2);
  return gaps > told_gaps ? (gaps - told_gaps) * watch.gap_ns : 0;
}

uint64_t tell_takers(Watch& watch, uint64_t kernel_ns, uint64_t cpu_ns) {
  KernelTime& kernel = watch.kernel;
  while (kernel_ns != 0) {
    KernelTaker& taker = kernel.faults.untold_ns > kernel.calls.untold_ns ? kernel.faults : kernel.calls;
    const uint64_t told_ns = tell_taker(watch, taker, kernel_ns, cpu_ns);
    if (told_ns == 0) {
      break;
    }
    kernel_ns -= told_ns;
  }
  return kernel_ns;
}

}  // namespace hasten::probe
