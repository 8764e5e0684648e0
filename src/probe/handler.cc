#include "probe/handler.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <ucontext.h>

#include "probe/clock.h"
#include "probe/compiled.h"
#include "probe/hasten_probe.h"
#include "probe/invitation.h"
#include "probe/own_memory.h"
#include "probe/own_stack.h"
#include "probe/restart.h"
#include "probe/signals.h"
#include "probe/sys.h"
#include "probe/tasks.h"

namespace hasten::probe {
namespace {

/// The recorder is gone, or stopped for good: this many samples in a row found no room.
constexpr uint32_t kFullCountMax = 5'000;

std::atomic<void (*)()> g_at_samples{nullptr};

struct Calibration {
  volatile bool running = false;
  volatile uint32_t count = 0;
  uint32_t least_latency_ns = ~0u;
};
Calibration g_calibration;

void calibrate(Watch& watch) {
  const uint64_t passed_ns = thread_cpu_ns() - watch.armed_cpu_ns;
  const uint64_t late_ns = passed_ns > watch.gap_ns ? passed_ns - watch.gap_ns : 0;
  if (late_ns < g_calibration.least_latency_ns) {
    g_calibration.least_latency_ns = static_cast<uint32_t>(late_ns);
  }
  g_calibration.count = g_calibration.count + 1;
  if (g_calibration.running) {
    arm_clock(watch);
  }
}

void count(std::atomic<uint64_t>& counter, uint64_t by = 1) {
  counter.store(counter.load(std::memory_order_relaxed) + by, std::memory_order_relaxed);
}

struct Interrupted {
  uint64_t rip;
  uint64_t stack_pointer;
  uint64_t frame_pointer;
  bool in_kernel;    ///< a system call was running: only the collector's signals see this
  uint64_t late_ns;  ///< for so long the call went on after the signal was sent
};

Interrupted interrupted_at(const ucontext_t& context, const siginfo_t& info) {
  Interrupted at{static_cast<uint64_t>(context.uc_mcontext.gregs[REG_RIP]),
                 static_cast<uint64_t>(context.uc_mcontext.gregs[REG_RSP]),
                 static_cast<uint64_t>(context.uc_mcontext.gregs[REG_RBP]), false, 0};
  if (g_process.engine == record::Engine::ThreadClocks) {
    // The signal was delivered on the way out of a system call if its instruction was the last one.
    uint8_t before[2];
    at.in_kernel = OwnMemory::read_foreign(at.rip - 2, before, 2) && before[0] == 0x0f && before[1] == 0x05;
    at.late_ns = at.in_kernel ? signal_age_ns(info) : 0;
  }
  return at;
}

/// What the sample stands for. The kernel is excluded from the clock by ignoring the hits that fall into it:
/// the timer then simply runs for another gap of the same length. So a sample that comes after k + 1 gaps
/// tells of k hits in the kernel, each of which stands for one gap.
/// The collector's signals wait for the end of a system call. What went by before one was sent is its sample's; what came after is left
/// to the next, or long calls would be charged with all that was computed since the sample before them.
/// Returns the CPU time that is left to the next.
uint64_t account(Watch& watch, const Interrupted& at, record::SampleRecord* sample) {
  uint64_t passed_ns = sample->cpu_ns - watch.armed_cpu_ns;
  const uint64_t left_ns = at.late_ns < passed_ns ? at.late_ns : passed_ns;
  passed_ns -= left_ns;
  if (g_process.engine == record::Engine::PerfClock) {
    sample->weight_ns = watch.mean_gap_ns;
    sample->kernel_ns = watch.kernel.owed_ns + untold_kernel_ns(watch, passed_ns);
    watch.kernel.owed_ns = 0;
  } else if (at.in_kernel) {
    sample->flags |= record::kInKernel;
    sample->weight_ns = 0;
    sample->kernel_ns = passed_ns;
  } else {
    const uint64_t most = 0x7fffffff;
    sample->weight_ns = static_cast<uint32_t>(passed_ns < most ? passed_ns : most);
  }
  return left_ns;
}

/// Compiled code that called what runs now (libm, a helper). Such code keeps a frame pointer and the callee
/// most likely left it alone: then the return address stands between the stack pointer and that frame. A
/// word that only looks like one is told apart by the frame's own caller, which the collector checks.
void find_compiled_caller(const Watch& watch, const Interrupted& at, record::SampleRecord* sample) {
  constexpr uint64_t kBytesMax = 4096;
  if (!any_compiled_code() || is_compiled_code(at.rip) || at.stack_pointer < watch.stack_low ||
      at.frame_pointer < at.stack_pointer || at.frame_pointer - at.stack_pointer > kBytesMax ||
      at.frame_pointer % 8 != 0 || at.stack_pointer % 8 != 0 || at.frame_pointer + 16 > watch.stack_high) {
    return;
  }
  for (uint64_t place = at.stack_pointer; place < at.frame_pointer; place += 8) {
    uint64_t word;
    std::memcpy(&word, reinterpret_cast<const void*>(place), sizeof word);
    if (is_compiled_code(word)) {
      sample->compiled_pc = word;
      std::memcpy(&sample->compiled_caller, reinterpret_cast<const void*>(at.frame_pointer + 8), 8);
      return;
    }
  }
}

/// Bytes below the stack pointer that belong to the function: the ABI's red zone.
constexpr uint64_t kRedZoneBytes = 128;

/// The piece of C stack that goes with a sample. Empty if it is not asked for, or if the thread runs on a stack that it
/// was not started on.
struct Piece {
  uint64_t begin = 0;
  uint32_t bytes = 0;
};

Piece native_piece(const Watch& watch, uint64_t stack_pointer) {
  const uint32_t wanted = g_process.region->native_bytes;
  if (wanted == 0 || stack_pointer < watch.stack_low || stack_pointer >= watch.stack_high) {
    return {};
  }
  // Below the stack pointer, only what the kernel left free before our own frames is sure to be mapped.
  const uint64_t own_frame = reinterpret_cast<uint64_t>(__builtin_frame_address(0));
  const bool same_stack = own_frame >= watch.stack_low && own_frame < stack_pointer - kRedZoneBytes;
  const uint64_t begin = (stack_pointer - (same_stack ? kRedZoneBytes : 0)) & ~uint64_t{7};
  const uint64_t bytes = (watch.stack_high - begin) & ~uint64_t{7};
  return {begin, static_cast<uint32_t>(bytes < wanted ? bytes : wanted)};
}

void write_native_part(uint8_t* to, const Watch& watch, const ucontext_t& context, const Piece& piece,
                       uint32_t entry_count) {
  static constexpr int kOrder[17] = {REG_RAX, REG_RDX, REG_RCX, REG_RBX, REG_RSI, REG_RDI, REG_RBP, REG_RSP, REG_R8,
                                     REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15, REG_RIP};
  record::NativePart part{};
  for (int i = 0; i < 17; ++i) {
    part.registers[i] = static_cast<uint64_t>(context.uc_mcontext.gregs[kOrder[i]]);
  }
  part.stack_begin = piece.begin;
  part.stack_bytes = piece.bytes;
  part.entry_count = entry_count;
  std::memcpy(to, &part, sizeof part);
  to += sizeof part;
  std::memcpy(to, watch.entries, entry_count * sizeof(record::EntryRef));
  to += entry_count * sizeof(record::EntryRef);
  std::memcpy(to, reinterpret_cast<const void*>(piece.begin), piece.bytes);
}

/// Returns the CPU time that the next sample will stand for besides its own.
uint64_t take_sample(Watch& watch, const ucontext_t& context, const siginfo_t& info, uint64_t cpu_ns) {
  record::ThreadSlot& slot = *watch.slot;
  const Interrupted at = interrupted_at(context, info);
  record::SampleRecord sample{};
  sample.cpu_ns = cpu_ns;
  sample.mono_ns = mono_ns();
  sample.rip = at.rip;
  const uint64_t left_ns = account(watch, at, &sample);
  if (sample.kernel_ns != 0 && !at.in_kernel) {
    sample.kernel_ns = tell_takers(watch, sample.kernel_ns, cpu_ns);
    if (sample.kernel_ns != 0) {
      note_unexplained(watch, sample.kernel_ns);
    }
  }
  find_compiled_caller(watch, at, &sample);

  sample.task = running_task(watch);
  const OwnStack stack = read_own_stack(watch, at.stack_pointer);
  sample.python_state = stack.python_state;
  sample.flags |= stack.python_state == 0 ? record::kNoPythonState : 0u;
  sample.flags |= stack.broken ? record::kBroken : 0u;
  sample.flags |= stack.repaired ? record::kRepaired : 0u;
  sample.flags |= stack.has_gil ? record::kHasGil : 0u;
  sample.flags |= stack.collecting ? record::kCollecting : 0u;
  sample.frame_count = stack.frame_count;
  sample.opcode = stack.opcode;
  const uint32_t frame_bytes = stack.frame_count * static_cast<uint32_t>(sizeof(record::FrameRef));
  const Piece piece = native_piece(watch, at.stack_pointer);
  const uint32_t plain_bytes = static_cast<uint32_t>(sizeof sample) + frame_bytes;
  const uint32_t native_bytes =
      piece.bytes == 0
          ? 0
          : static_cast<uint32_t>(sizeof(record::NativePart) + stack.entry_count * sizeof(record::EntryRef)) +
                piece.bytes;
  record::RingWriter ring(&slot.ring, watch.ring_memory, record::kThreadRingBytes);
  uint32_t bytes = plain_bytes + native_bytes;
  uint8_t* to = ring.reserve(bytes);
  sample.native_bytes = native_bytes;
  if (to == nullptr && native_bytes != 0) {
    bytes = plain_bytes;  // better without its C stack than not at all
    sample.native_bytes = 0;
    to = ring.reserve(bytes);
  }
  sample.head = {bytes, static_cast<uint32_t>(record::RingRecord::Sample)};
  if (to == nullptr) {
    count(slot.lost);
    ++watch.full_count;
    return left_ns;
  }
  std::memcpy(to, &sample, sizeof sample);
  std::memcpy(to + sizeof sample, watch.refs, frame_bytes);
  if (sample.native_bytes != 0) {
    write_native_part(to + plain_bytes, watch, context, piece, stack.entry_count);
  }
  ring.commit(bytes);
  watch.full_count = 0;
  count(slot.samples);
  if (stack.broken) {
    count(slot.broken);
  } else if (stack.repaired) {
    count(slot.repaired);
  }
  return left_ns;
}

/// Lengthens the gaps while the handler itself costs more than the budget allows (very deep stacks).
void throttle(Watch& watch, uint64_t handler_ns) {
  count(watch.slot->handler_ns, handler_ns);
  const uint64_t capped_ns = handler_ns < 1'000'000'000 ? handler_ns : 1'000'000'000;
  watch.mean_handler_ns = static_cast<uint32_t>((watch.mean_handler_ns * 7ull + capped_ns) / 8);
  const double needed_ns = (g_process.cost_ns + watch.mean_handler_ns) / g_process.budget;
  constexpr double kLongestNs = 100e6;
  // In small steps above the base nothing is gained: cost_ns is itself known to some 20 % only.
  if (needed_ns > 1.25 * g_process.base_gap_ns && watch.mean_handler_ns > g_process.cost_ns / 4) {
    watch.mean_gap_ns = static_cast<uint32_t>(needed_ns < kLongestNs ? needed_ns : kLongestNs);
    count(watch.slot->throttled);
  } else {
    watch.mean_gap_ns = g_process.base_gap_ns;
  }
}

void on_clock(int, siginfo_t* info, void* context) {
  const int saved_errno = errno;
  if (!is_our_signal(*info)) {
    errno = saved_errno;
    pass_to_program(info, context);
    return;
  }
  Watch* watch = own_watch();
  if (watch != nullptr && g_calibration.running) {
    calibrate(*watch);
  } else if (watch != nullptr && watch->slot != nullptr && g_process.active.load(std::memory_order_relaxed)) {
    const bool of_faults = g_process.engine == record::Engine::PerfClock && info->si_fd == watch->kernel.fault_fd;
    if (of_faults) {
      if (watch->writing.load(std::memory_order_relaxed)) {
        arm_fault_clock(*watch);
      } else {
        note_faults(*watch, interrupted_at(*static_cast<const ucontext_t*>(context), *info).stack_pointer);
      }
      errno = saved_errno;
      return;
    }
    if (watch->writing.load(std::memory_order_relaxed)) {
      // The thread is noting a wait. Its own time is one sample in thousands that is not seen; the kernel's counts at the next.
      if (g_process.engine == record::Engine::PerfClock) {
        watch->kernel.owed_ns += untold_kernel_ns(*watch, thread_cpu_ns() - watch->armed_cpu_ns);
        arm_clock(*watch);
      }
      errno = saved_errno;
      return;
    }
    const uint64_t begin_ns = thread_cpu_ns();
    const uint64_t left_ns = take_sample(*watch, *static_cast<const ucontext_t*>(context), *info, begin_ns);
    if (auto* function = g_at_samples.load(std::memory_order_relaxed)) {
      function();
    }
    throttle(*watch, thread_cpu_ns() - begin_ns);
    if (watch->full_count < kFullCountMax && still_read(mono_ns())) {
      arm_clock(*watch);
      watch->armed_cpu_ns -= left_ns;
    }
  }
  if (watch != nullptr && !g_calibration.running && !g_process.active.load(std::memory_order_relaxed)) {
    close_clock(*watch);  // nobody reads any more: leave no descriptors behind
  }
  if (g_process.engine == record::Engine::ThreadClocks) {
    // perf's signals come from user mode only.
    restart_interrupted_call(*static_cast<ucontext_t*>(context));
  }
  errno = saved_errno;
}

}  // namespace

int take_signal() {
  for (int signal = SIGRTMAX - 3; signal > SIGRTMIN + 8; --signal) {
    if (claim_signal(signal, on_clock)) {
      return signal;
    }
  }
  return 0;
}

void begin_calibration(Watch& watch, uint32_t gap_ns) {
  t_watch = &watch;
  watch.mean_gap_ns = gap_ns;
  g_calibration.count = 0;
  g_calibration.running = true;
  arm_clock(watch);
}

uint32_t end_calibration(Watch& watch) {
  g_calibration.running = false;
  if (watch.fd >= 0) {
    sys_call(__NR_ioctl, watch.fd, PERF_EVENT_IOC_DISABLE, 0);
  }
  t_watch = nullptr;
  return g_calibration.count;
}

uint32_t calibrated_latency_ns() { return g_calibration.least_latency_ns == ~0u ? 0 : g_calibration.least_latency_ns; }

}  // namespace hasten::probe

extern "C" __attribute__((visibility("default"))) int hasten_probe_at_samples(void (*function)(void)) {
  hasten::probe::g_at_samples.store(function);
  return hasten::probe::g_process.active.load() ? 1 : 0;
}
