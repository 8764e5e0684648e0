// The memory that the collector owns and the probes of a whole process tree write to: a slot a process and a slot a
// thread, each with a ring. It is a memfd, so it outlives the targets however they end. A process maps the head
// and the rings that it writes to. Both sides are built from the same source; kRegionVersion guards against
// a stale library.
//
// No field is read by both sides unless it is atomic or was written before `state` was published.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "record/ring.h"

namespace hasten::record {

inline constexpr uint64_t kRegionMagic = 0x4e4f494745524148;  // "HAREGION"
inline constexpr uint32_t kRegionVersion = 14;
inline constexpr uint32_t kProcessCount = 512;    ///< processes alive at one time; more are counted, not sampled
inline constexpr uint32_t kSlotCount = 1024;      ///< threads alive at one time; more are counted, not sampled
inline constexpr uint32_t kChildEndCount = 1024;  ///< ends of children reported and not yet read
inline constexpr uint32_t kThreadRingBytes = 1u << 20;
inline constexpr uint32_t kCompiledRingBytes = 1u << 20;
inline constexpr uint32_t kFrameCountMax = 1024;  ///< frames stored of one stack

/// How far the probe has come. Later values never go back to earlier ones.
enum class ProbeState : uint32_t {
  Waiting = 0,  ///< no Python process has taken the slot
  Claimed,      ///< a Python process is setting up, or about to exec: it must not be signalled
  Sampling,
  Unsupported,  ///< a Python whose layout is not known: see python_hex
  NoClock,      ///< neither perf nor a helper thread could be had: see setup_errno
};

/// The low byte of a thread slot's word; the rest is the index of the process slot that it belongs to.
enum class SlotState : uint32_t { Free = 0, Taken, Live, Ended };
inline constexpr uint32_t slot_word(SlotState state, uint32_t process_idx) {
  return static_cast<uint32_t>(state) | process_idx << 8;
}
inline constexpr SlotState slot_state(uint32_t word) { return static_cast<SlotState>(word & 0xff); }
inline constexpr uint32_t slot_process(uint32_t word) { return word >> 8; }

/// Kinds of record in a thread's ring (and CompiledCode in the one for compiled code).
enum class RingRecord : uint32_t {
  Sample = 1,
  Code = 2,
  CompiledCode = 3,
  Wait = 4,
  Creation = 5,
  Task = 6,
  Await = 7,
  LoopBlock = 8,
  Label = 9,
};

struct FrameRef {
  uint32_t code_id;  ///< names a CodeRecord of this process; 0: could not be read; kFramesOmitted: left out
  uint32_t offset;   ///< byte offset of the instruction, kNoOffset if it had not begun
};
inline constexpr uint32_t kFramesOmitted = 0xffffffffu;

/// A frame with which an evaluation loop began: where Python's stack and the C stack meet.
struct EntryRef {
  uint64_t place;  ///< an address within the loop's C frame
  uint64_t frame;  ///< its index among the sample's FrameRefs
};
inline constexpr uint32_t kEntryCountMax = 64;  ///< the innermost ones

/// What a sample tells of the C stack, after its frames: followed by entry_count EntryRefs and stack_bytes bytes.
struct NativePart {
  uint64_t registers[17];  ///< in DWARF's order; the last is the instruction pointer
  uint64_t stack_begin;    ///< address of the first byte
  uint32_t stack_bytes;
  uint32_t entry_count;
};
static_assert(sizeof(NativePart) % 8 == 0);

enum SampleFlag : uint32_t {
  kBroken = 1,
  kRepaired = 2,
  kNoPythonState = 4,
  kHasGil = 16,      ///< the thread held the GIL
  kCollecting = 32,  ///< its interpreter was collecting garbage
  kInKernel = 8,     ///< kernel_ns was spent in the system call that the sample shows, not somewhere before it
};

/// A sample as the handler writes it, followed by frame_count FrameRefs, innermost first, and maybe a NativePart.
struct SampleRecord {
  RecordHead head;
  uint64_t mono_ns;    ///< CLOCK_MONOTONIC, not relative
  uint64_t cpu_ns;     ///< the thread's CPU clock
  uint64_t kernel_ns;  ///< CPU time in the kernel since the sample before
  uint64_t rip;
  uint64_t python_state;
  uint64_t compiled_pc;      ///< a return address in registered code that called what runs now, or 0
  uint64_t compiled_caller;  ///< what called that code, by its frame pointer: the proof that it is live
  uint32_t weight_ns;        ///< mean gap in force: the user time that this sample stands for
  uint32_t flags;            ///< SampleFlag
  uint32_t frame_count;
  uint32_t opcode;  ///< of the innermost frame's instruction as the interpreter has specialised it, + 1; 0: not known
  uint32_t native_bytes;  ///< of the NativePart and what follows it; 0: there is none
  uint32_t task;          ///< TaskRecord::id of the asyncio task that ran; 0: none
};
static_assert(sizeof(SampleRecord) % 8 == 0);

/// A wait as the call that waited writes it, followed by frame_count FrameRefs, innermost first.
struct WaitRecord {
  RecordHead head;
  uint64_t mono_ns;      ///< begin, CLOCK_MONOTONIC
  uint64_t duration_ns;  ///< of this wait
  uint64_t weight_ns;    ///< that it stands for: short waits are drawn, long ones all written
  uint32_t kind;         ///< record::WaitKind, and kInLoop
  uint32_t frame_count;
};
static_assert(sizeof(WaitRecord) % 8 == 0);
/// The event loop of this thread stood still meanwhile: it was no wait of the loop itself for something to do.
inline constexpr uint32_t kInLoop = 0x100;

/// Where a thread was started, as its creator writes it before the thread begins, followed by frame_count FrameRefs.
struct CreationRecord {
  RecordHead head;
  uint32_t creation_id;  ///< of this process; the new thread's slot names it
  uint32_t frame_count;
};
static_assert(sizeof(CreationRecord) % 8 == 0);

/// A stretch that the program named, at its end: followed by the name (UTF-8, padded to 8).
struct LabelRecord {
  RecordHead head;
  uint64_t wall_ns;
  uint64_t cpu_ns;  ///< of the thread
  uint32_t name_bytes;
  uint32_t reserved;
};
static_assert(sizeof(LabelRecord) % 8 == 0);

/// A Python string as CPython stores it: `length` units of `unit_bytes` (1: Latin-1, 2, 4).
struct TextRef {
  uint32_t unit_bytes;
  uint32_t length;
};

/// What asyncio tasks are grouped by: the coroutine that they run and their name, which follows, padded to 8 bytes. Ids are
/// a thread's own, from 1.
struct TaskRecord {
  RecordHead head;
  uint32_t id;
  uint32_t code_id;  ///< 0: not a coroutine of Python's
  TextRef name;      ///< empty: the name was asyncio's own, Task-N
};
static_assert(sizeof(TaskRecord) % 8 == 0);

/// The time between two steps of a task, followed by frame_count FrameRefs: where it awaited, innermost first.
struct AwaitRecord {
  RecordHead head;
  uint64_t mono_ns;      ///< begin, CLOCK_MONOTONIC
  uint64_t duration_ns;  ///< of this await
  uint64_t weight_ns;    ///< that it stands for
  uint64_t step_ns;      ///< how long the task's step before it took
  uint32_t task;
  uint32_t task_number;  ///< tells the tasks of a group apart: a thread's own, from 1
  uint32_t frame_count;
  uint32_t reserved;
};
static_assert(sizeof(AwaitRecord) % 8 == 0);

/// An event loop that did not come round for long.
struct LoopBlockRecord {
  RecordHead head;
  uint64_t mono_ns;
  uint64_t duration_ns;
  uint32_t task;  ///< whose step it was; 0: a callback
  uint32_t reserved;
};
static_assert(sizeof(LoopBlockRecord) % 8 == 0);

/// What names a code object: followed by file name, qualified name and line table, each padded to 8 bytes.
struct CodeRecord {
  RecordHead head;
  uint32_t code_id;
  uint32_t first_line;
  uint32_t flags;
  uint32_t code_bytes;
  TextRef file;
  TextRef qualname;
  uint32_t line_table_bytes;
  uint32_t reserved;
};
static_assert(sizeof(CodeRecord) % 8 == 0);

/// Registered machine code: followed by file, function (UTF-8, padded to 8) and line_count pairs of u32.
struct CompiledRecord {
  RecordHead head;
  uint64_t begin;
  uint64_t end;
  uint32_t file_bytes;
  uint32_t function_bytes;
  uint32_t first_line;
  uint32_t line_count;
};
static_assert(sizeof(CompiledRecord) % 8 == 0);

struct ThreadSlot {
  alignas(64) std::atomic<uint32_t> word;  ///< slot_word()
  uint32_t tid;                            ///< as the collector counts
  uint32_t creation_id;                    ///< names a CreationRecord; 0: not known where it was started
  uint32_t creator_tid;
  uint64_t routine;  ///< what it was started to run
  uint64_t start_mono_ns;
  uint64_t end_mono_ns;   ///< valid once Ended
  uint64_t start_cpu_ns;  ///< the thread's CPU clock when watching began
  uint64_t end_cpu_ns;    ///< valid once Ended
  std::atomic<uint64_t> samples;
  std::atomic<uint64_t> lost;
  std::atomic<uint64_t> broken;
  std::atomic<uint64_t> repaired;
  std::atomic<uint64_t> throttled;
  std::atomic<uint64_t> handler_ns;
  std::atomic<uint64_t> watch_ns;          ///< CPU time for beginning and ending watches: its own, and as a creator
  std::atomic<uint32_t> waiting_kind;      ///< record::WaitKind of the call that it waits in; 0 if in none
  std::atomic<uint64_t> waiting_since_ns;  ///< CLOCK_MONOTONIC
  std::atomic<uint64_t> told_wait_ns;      ///< of all waits that the thread told of itself, drawn ones whole
  std::atomic<uint64_t> loop_run_ns;       ///< in which an event loop ran on the thread
  std::atomic<uint64_t> loop_idle_ns;      ///< of those, in which it waited for something to do
  std::atomic<uint64_t> loop_steps;        ///< of tasks
  RingState ring;
};

/// Where the Python of a process is.
struct PythonPlace {
  uint32_t version_hex = 0;
  uint64_t runtime_address = 0;    ///< _PyRuntime
  uint64_t runtime_bytes = 0;      ///< its size; the GIL lies in it
  uint64_t code_type_address = 0;  ///< PyCode_Type
  uint64_t eval_begin = 0;
  uint64_t eval_end = 0;
  uint64_t eval_part_begin = 0;  ///< what the compiler has moved away from it; 0: nothing
  uint64_t eval_part_end = 0;
};

/// One Python process (one image: after an exec the new one takes another slot).
struct ProcessSlot {
  alignas(64) std::atomic<
      uint32_t> pid;            ///< as the collector counts; taken by setting it, 0 while free. The collector frees it
  std::atomic<uint32_t> state;  ///< ProbeState; what follows was written before Sampling was published
  uint32_t parent_pid;
  uint32_t own_pid;        ///< what the process calls itself: another number where it has a PID namespace of its own
  uint32_t pid_namespace;  ///< inode of that namespace; 0: the collector's
  uint32_t setup_errno;
  uint32_t engine;  ///< record::Engine
  uint32_t mean_gap_ns;
  uint32_t sample_cost_ns;
  uint32_t signal;       ///< of its clock
  uint32_t forked_from;  ///< index of its parent's slot + 1 if it is a fork without exec; 0 if not
  uint64_t start_mono_ns;
  PythonPlace python;
  std::atomic<uint64_t> unsampled_threads;
  std::atomic<uint32_t> tasks_unseen;    ///< 1: it runs an event loop, but this Python's tasks cannot be seen
  std::atomic<uint64_t> cpu_ns;          ///< of the whole process, as it saw itself at exit; 0 before
  std::atomic<uint64_t> peak_rss_bytes;  ///< likewise
  RingState compiled_ring;
};

/// What wait4 told a measured process of a child. Published by `pid`, which is set last and cleared by the collector.
struct ChildEnd {
  std::atomic<uint32_t> pid;  ///< as the process that waited for it counts
  uint32_t pid_namespace;     ///< of that process; 0: the collector's
  int32_t status;             ///< as wait() gives it
  uint64_t mono_ns;
  uint64_t cpu_user_ns;  ///< its own and those of children that it waited for
  uint64_t cpu_system_ns;
  uint64_t peak_rss_bytes;
};

struct Region {
  uint64_t magic;
  uint32_t version;
  uint32_t wanted_rate_hz;  ///< 0: from the measured cost; set by the collector
  uint32_t force_engine;    ///< 0: the best there is; else record::Engine; set by the collector
  uint32_t native_bytes;    ///< of its C stack that a sample copies at most; 0: none; set by the collector
  uint32_t pid_namespace;   ///< inode of the collector's; set by the collector
  uint64_t token;           ///< marks the collector's signals (signal_value); set by the collector

  std::atomic<uint64_t> heard_mono_ns;   ///< when the collector last looked here
  std::atomic<uint32_t> pacing;          ///< the collector may be sending signals now
  std::atomic<uint32_t> closed;          ///< the collector is done: nothing more needs to be written
  std::atomic<uint32_t> processes_used;  ///< process slots ever taken: the collector looks no further
  std::atomic<uint32_t> slots_used;      ///< likewise thread slots
  std::atomic<uint32_t> unsampled_processes;
  std::atomic<uint32_t> child_ends_written;  ///< places of child_ends ever taken; the place is this % kChildEndCount
  ProcessSlot processes[kProcessCount];
  ThreadSlot slots[kSlotCount];
  ChildEnd child_ends[kChildEndCount];
};

/// What a signal of the collector's carries: half of the token, and when it was sent, in 1024 ns (comes round in 73 minutes).
inline uint64_t signal_value(uint64_t token, uint64_t sent_mono_ns) {
  return (token & ~uint64_t{0xffffffff}) | static_cast<uint32_t>(sent_mono_ns >> 10);
}
inline bool is_signal_value(uint64_t token, uint64_t value) { return token >> 32 == value >> 32; }
/// How long such a signal has been under way.
inline uint64_t signal_age_ns(uint64_t value, uint64_t mono_ns) {
  return uint64_t{static_cast<uint32_t>(mono_ns >> 10) - static_cast<uint32_t>(value)} << 10;
}

inline constexpr uint64_t kRegionHeadBytes = (sizeof(Region) + 4095) / 4096 * 4096;
inline constexpr uint64_t kRegionBytes = kRegionHeadBytes + static_cast<uint64_t>(kProcessCount) * kCompiledRingBytes +
                                         static_cast<uint64_t>(kSlotCount) * kThreadRingBytes;

/// Where the rings lie in the region, in bytes from its begin; page-aligned.
inline constexpr uint64_t compiled_ring_offset(uint32_t process_idx) {
  return kRegionHeadBytes + static_cast<uint64_t>(process_idx) * kCompiledRingBytes;
}
inline constexpr uint64_t thread_ring_offset(uint32_t slot_idx) {
  return compiled_ring_offset(kProcessCount) + static_cast<uint64_t>(slot_idx) * kThreadRingBytes;
}
inline uint32_t pad8(uint32_t bytes) { return (bytes + 7u) & ~7u; }

/// What the probe is told, and hides again: "VERSION:PID:FD:PRELOAD". The region is the collector's (PID's) descriptor FD,
/// reached through /proc, so that it does not matter which descriptors a program closes. PRELOAD is the program's own
/// LD_PRELOAD.
inline constexpr char kProbeVariable[] = "HASTEN_PROBE";

}  // namespace hasten::record
