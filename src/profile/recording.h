// What the model is built from: the samples of one process tree, resolved to lines. `capture.cc` fills
// it from a capture file, tests fill it from text.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "profile/location_table.h"
#include "pyread/layout_opcodes.h"

namespace hasten::profile {

/// On which side of the interpreter a thread was when it was sampled.
enum class Side : uint8_t { Bytecode, Runtime, Extension, Library, Kernel, Compiled, NativeThreads };
constexpr size_t kSideCount = 7;
constexpr std::array<const char*, kSideCount> kSideNames{"bytecode", "runtime",  "extension",     "library",
                                                         "kernel",   "compiled", "native_threads"};

/// Whose time a sample is: its own thread's, or that of a native thread (side NativeThreads, kernel time included)
/// that worked for the line, of which is known that it was in the call, or only that it started the thread.
enum class Charge : uint8_t { Own, InCall, Started };

/// A Python function as its code object names it. Equal triples are one function, however many code
/// objects, processes or runs it has.
struct Function {
  std::string file;
  std::string name;  ///< the qualified name
  int32_t first_line = 0;
  bool native = false;  ///< it is none: `file` is the module that it is in, empty for a remark like "(kernel)"

  friend auto operator<=>(const Function&, const Function&) = default;
};

/// One activation on a stack: which function, and where in it.
struct Frame {
  uint32_t function_idx = 0;
  Position position;  ///< line -1 where the compiler gave none

  friend bool operator==(const Frame&, const Frame&) = default;
};

constexpr uint32_t kNoTask = 0xffffffff;

struct Sample {
  uint32_t thread_idx = 0;
  int64_t end_ns = 0;     ///< when it was taken, on the recording's one clock
  int64_t user_ns = 0;    ///< CPU time it stands for outside the kernel
  int64_t kernel_ns = 0;  ///< CPU time in the kernel since the thread's sample before it
  Side side = Side::Bytecode;
  bool elapsed = false;           ///< it stands for the time since the one before, not for the mean gap
  bool has_gil = false;           ///< its thread held the GIL
  bool collecting = false;        ///< its thread collected garbage
  uint32_t stack_idx = 0;         ///< Python frames alone
  uint32_t shown_stack_idx = 0;   ///< with what ran below and between them, as far as known: for drawings
  uint32_t kernel_stack_idx = 0;  ///< the same for kernel_ns, where native stacks were taken
  uint32_t mixed = 0;             ///< of the capture: its native frames; 0: not taken
  uint32_t native_idx = 0;        ///< the native function that ran, see Recording::natives; 0 is unknown
  uint64_t rip = 0;
  Charge charge = Charge::Own;
  uint32_t task_idx = kNoTask;   ///< the group of the asyncio task that ran
  pyread::OpcodeMeaning opcode;  ///< the leaf's instruction as the interpreter had specialised it

  int64_t cpu_ns() const { return user_ns + kernel_ns; }
};

/// What a thread that was off the CPU slept in.
enum class Sleep : uint8_t { Unknown, Sleep, Io, Lock, Child, Gil };
constexpr size_t kSleepCount = 6;
constexpr std::array<const char*, kSleepCount> kSleepNames{"unknown", "sleep", "io", "lock", "child", "gil"};

/// A stretch of time in which a thread was off the CPU of its own accord.
struct Wait {
  uint32_t thread_idx = 0;
  int64_t duration_ns = 0;
  Sleep kind = Sleep::Unknown;
  uint32_t stack_idx = 0;
  int64_t begin_ns = 0;  ///< on the recording's one clock; a wait for the GIL is one stretch from here
};

/// Asyncio tasks that have a name and a coroutine in common.
struct Task {
  std::optional<uint32_t> function_idx;  ///< absent: the coroutine is not a Python one
  std::string name;                      ///< empty: none of their own
};

/// The time between two steps of a task. A drawn one stands for more than its duration.
struct Await {
  uint32_t thread_idx = 0;
  uint32_t task_idx = 0;
  uint32_t stack_idx = 0;
  int64_t begin_ns = 0;
  int64_t duration_ns = 0;
  int64_t weight_ns = 0;
  uint32_t task_number = 0;  ///< tells the tasks of a thread apart; 0: not known
  int64_t step_ns = 0;       ///< how long the task's step before it took
};

/// An event loop did not come round.
struct LoopBlock {
  uint32_t thread_idx = 0;
  std::optional<uint32_t> task_idx;  ///< absent: it was in a callback
  int64_t begin_ns = 0;
  int64_t duration_ns = 0;
};

struct Loop {
  uint32_t thread_idx = 0;
  int64_t run_ns = 0;
  int64_t idle_ns = 0;
  uint64_t step_count = 0;
};

struct Recording {
  std::vector<Function> functions;
  std::vector<std::vector<Frame>> stacks;  ///< leaf first; an empty stack is native code with no Python
  std::vector<std::string> natives{""};    ///< names of native functions; 0 is unknown
  std::vector<Sample> samples;             ///< by thread and, within one, by time
  std::vector<Wait> waits;                 ///< empty where waiting was not measured
  std::vector<Task> tasks;
  std::vector<Await> awaits;
  std::vector<LoopBlock> loop_blocks;
  std::vector<Wait> loop_waits;  ///< those of `waits` that fall into a block, each with its own stretch of time
  std::vector<Loop> loops;
  std::vector<uint32_t> process_of_thread;
  std::vector<uint32_t> creator_stack_of_thread;  ///< where it was started; an empty stack where that is not known
  /// By thread: wall time it was ready to run per CPU time it got, 1 on an idle machine. Missing is 1.
  std::vector<double> crowding;
  bool has_native_stacks = false;
  bool string_is_own = false;  ///< the program is `python -c`, so that "<string>" is the user's
  int64_t wall_ns = 0;         ///< from the program's start to its end
};

}  // namespace hasten::profile
