// The capture: what one `hasten run` leaves behind. The bytes are described in docs/format.md; this file
// holds what a reader gets out of them, and the numbers that both sides must agree on.
//
// A capture is a file header and a row of blocks. Every block carries its kind, its length and a checksum;
// unknown kinds are skipped, so a minor version may add kinds and append fields; an unknown major version
// is refused. Blocks are only ever appended, so a capture cut short by a crash opens up to the cut.
//
// Times: `*_ns` of a process's clock are CLOCK_MONOTONIC nanoseconds since Process::start_mono_ns; the wall
// clock at that instant is Process::start_wall_ns (nanoseconds since 1970). All ids are dense indices into
// the vectors of Capture, given in order of first sight.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace hasten::record {

inline constexpr char kMagic[8] = {'\x89', 'H', 'A', 'S', 'T', 'E', 'N', '\n'};
inline constexpr uint16_t kMajorVersion = 1;
inline constexpr uint16_t kMinorVersion = 2;
inline constexpr uint32_t kFileHeaderBytes = 32;
inline constexpr uint32_t kBlockHeaderBytes = 16;
/// A block longer than this is damage, not data: it bounds what a reader allocates.
inline constexpr uint32_t kBlockBytesMax = 64u << 20;

/// What a block holds. Numbers are never reused.
enum class BlockKind : uint32_t {
  Process = 1,
  Thread = 2,
  File = 3,
  Code = 4,
  Module = 5,
  Stack = 6,
  Sample = 7,
  Wait = 8,
  Counts = 9,
  End = 10,
  CompiledCode = 11,
  TreeMemory = 12,
  FlaggedSample = 13,
  NativeFunction = 14,
  MixedStack = 15,
  MixedStackOfSample = 16,
  Task = 17,
  Await = 18,
  LoopBlock = 19,
  LoopWait = 20,
  Loop = 21,
  SampleTask = 22,
  Label = 23,
  FunctionCount = 24,
  AwaitStep = 25,
};

enum class StdinKind : uint8_t { Unknown = 0, Terminal, Pipe, File, DevNull, Socket, Closed };

/// Where the instruction pointer stood: the split of a line's time.
enum class CodeClass : uint8_t {
  Unknown = 0,
  Bytecode,   ///< the evaluation loop itself
  Runtime,    ///< the rest of the Python runtime: objects, allocation, garbage collection
  Extension,  ///< an extension module
  Library,    ///< any other shared library (libc, libm, BLAS, ...)
  Kernel,     ///< never the class of a sample: kernel time is Sample::kernel_ns
  Compiled,   ///< made at run time: registered by Hasten, or in executable memory without a file
};

enum class ModuleKind : uint8_t { Other = 0, Python, Extension, Library, Program };

/// Which clock took the samples.
enum class Engine : uint8_t {
  None = 0,
  PerfClock,     ///< perf software CPU clock of each thread, kernel excluded
  ThreadClocks,  ///< the collector signals the threads that it finds running; a sample counts for the time since the last
  Outside,       ///< the collector reads the stacks of running threads from outside; likewise
};

/// One process that was measured. `code` and `stack` ids are shared by all processes of the capture.
struct Process {
  uint32_t pid = 0;
  uint32_t parent_pid = 0;
  std::vector<std::string> command;
  std::string cwd;
  std::string executable;      ///< the interpreter's file
  std::string python_version;  ///< "3.11.7"
  int64_t start_wall_ns = 0;
  uint64_t start_mono_ns = 0;
  StdinKind stdin_kind = StdinKind::Unknown;
  Engine engine = Engine::None;
  double rate_hz = 0;           ///< samples asked for per second of CPU time
  bool rate_fixed = false;      ///< asked for by the user rather than set from the cost
  uint64_t sample_cost_ns = 0;  ///< one sample, measured at start-up, kernel part included
  /// Variables that change what a Python program does (PYTHON*, LANG, LC_*, TZ, ...), not the whole environment.
  std::vector<std::pair<std::string, std::string>> environment;
  std::string why_not_sampled;  ///< empty when sampling worked; else one line for a person
  bool continues = false;       ///< an exec put it in the place of an earlier process with the same pid
};

struct Thread {
  uint32_t process = 0;  ///< index into Capture::processes
  uint32_t tid = 0;
  std::string name;
  uint64_t start_ns = 0;
  uint64_t end_ns = 0;         ///< last known alive, if it was killed
  uint64_t cpu_ns = 0;         ///< CPU time used while it was watched, user and kernel
  uint64_t runnable_ns = 0;    ///< ready to run but without a CPU
  uint64_t waiting_ns = 0;     ///< asleep: wall - CPU - runnable
  bool ended = false;          ///< false: was still running when the process died
  uint32_t creator_tid = 0;    ///< of the thread that started it; 0: not known
  uint32_t creator_stack = 0;  ///< where in Python that thread was then; 0: not known
  uint64_t routine = 0;        ///< address of what it was started to run; 0: not known
};

/// A file that code objects name, with its text if it is the program's own.
struct SourceFile {
  std::string path;  ///< as in co_filename
  bool own = false;  ///< not the standard library, not an installed package
  bool has_text = false;
  std::string hash;  ///< XXH3-128 of the text, 32 hex digits; empty without text
  std::string text;  ///< bytes as on disk when the file was first seen
};

struct Code {
  uint32_t file = 0;  ///< index into Capture::files
  std::string qualname;
  uint32_t first_line = 0;
  uint32_t flags = 0;               ///< co_flags
  uint32_t code_bytes = 0;          ///< length of the bytecode
  std::vector<uint8_t> line_table;  ///< co_linetable
};

/// A native function that was seen on a stack, by an address within it: its first instruction where that is known.
struct NativeFunction {
  uint32_t process = 0;
  uint64_t address = 0;
};

/// MixedNode::frame of a place where native frames could not be found.
inline constexpr uint32_t kUnknownNative = 0xffffffffu;

/// Stacks of Python and native frames together are a second tree; node 0 is the root.
struct MixedNode {
  uint32_t parent = 0;
  /// node << 1: the Python frame of a StackNode; function << 1 | 1: a NativeFunction; or the constant above.
  uint32_t frame = kUnknownNative;
};

/// One mapping of a file (or of anonymous executable memory) into a process.
struct Module {
  uint32_t process = 0;
  uint64_t begin = 0;
  uint64_t end = 0;
  ModuleKind kind = ModuleKind::Other;
  std::string path;
  uint64_t file_offset = 0;  ///< of `begin`
  uint64_t inode = 0;        ///< while it is recorded only
};

/// Machine code compiled at run time, for one Python function.
struct CompiledCode {
  uint32_t process = 0;
  uint64_t begin = 0;
  uint64_t end = 0;
  std::string file;
  std::string function;
  uint32_t first_line = 0;
  /// (offset from begin, line), ascending.
  std::vector<std::pair<uint32_t, uint32_t>> lines;
};

/// An offset that is not a place in the bytecode: the frame had not begun, or it is no bytecode frame.
inline constexpr uint32_t kNoOffset = 0xffffffffu;
/// StackNode::code of frames left out of the middle of a very deep stack.
inline constexpr uint32_t kOmittedFrames = 0xfffffffeu;
/// StackNode::code of a frame whose names could not be read.
inline constexpr uint32_t kUnknownCode = 0xffffffffu;

/// Stacks are a tree: a sample names its innermost node; parents lead outwards. Node 0 is the root (no frame).
struct StackNode {
  uint32_t parent = 0;
  uint32_t code = kUnknownCode;  ///< index into Capture::codes, or one of the constants above
  uint32_t offset = kNoOffset;   ///< byte offset of the instruction in the bytecode
  /// Nonzero: the frame runs as compiled code and this is its line (code and offset then name the function).
  uint32_t compiled_line = 0;
};

/// No asyncio task was running.
inline constexpr uint32_t kNoTask = 0xffffffffu;

/// One look at a running thread.
struct Sample {
  uint32_t thread = 0;
  uint32_t stack = 0;
  uint64_t time_ns = 0;
  uint32_t user_ns = 0;    ///< CPU time in user mode that this sample stands for
  uint64_t kernel_ns = 0;  ///< kernel time charged here: found between this sample and its neighbours
  CodeClass code_class = CodeClass::Unknown;
  bool broken = false;      ///< the stack could not be read to its root; what could be read is kept
  bool has_gil = false;     ///< the thread held the GIL
  bool collecting = false;  ///< it was collecting garbage
  uint64_t rip = 0;
  uint8_t opcode = 0;  ///< of the innermost frame's instruction as the interpreter had specialised it; 0: not known
  uint32_t mixed = 0;  ///< index into Capture::mixed; 0: its native frames were not asked for
  uint32_t task = kNoTask;
};

/// What a thread that was off the CPU was doing, from the system call it slept in.
enum class WaitKind : uint8_t { Unknown = 0, Sleep, Io, Lock, Child, Gil };
constexpr uint32_t kWaitKindCount = 6;

/// Time that a thread waited, with the stack it waited in (0: not seen). Waits for the GIL are single ones, each with its
/// own stretch of time; other waits in one place are added up for a quarter of a second.
struct Wait {
  uint32_t thread = 0;
  uint32_t stack = 0;
  uint64_t time_ns = 0;  ///< begin
  uint64_t duration_ns = 0;
  WaitKind kind = WaitKind::Unknown;
};

/// What asyncio tasks are grouped by.
struct Task {
  uint32_t process = 0;
  uint32_t code = kUnknownCode;  ///< of the coroutine that they run
  std::string name;              ///< empty: they had none of their own (Task-N)
};

/// Time between two steps of a task, with where it awaited. Short ones are drawn and stand for more.
struct Await {
  uint32_t thread = 0;
  uint32_t task = 0;
  uint32_t stack = 0;  ///< the coroutine that the task runs outermost
  uint64_t time_ns = 0;
  uint64_t duration_ns = 0;
  uint64_t weight_ns = 0;
  uint32_t task_number = 0;  ///< tells the tasks of a thread apart, from 1; 0: not known
  uint64_t step_ns = 0;      ///< how long the task's step before it took
};

/// A stretch in which an event loop did not come round.
struct LoopBlock {
  uint32_t thread = 0;
  uint32_t task = kNoTask;  ///< whose step it was; kNoTask: a callback
  uint64_t time_ns = 0;
  uint64_t duration_ns = 0;
};

/// How the event loops of a thread spent their time. The last one of a thread counts.
struct Loop {
  uint32_t thread = 0;
  uint64_t run_ns = 0;
  uint64_t idle_ns = 0;
  uint64_t steps = 0;
};

/// Cumulative; the last one of a process counts.
struct Counts {
  uint32_t process = 0;
  uint64_t samples = 0;
  uint64_t lost = 0;  ///< samples taken but not stored: ring full
  uint64_t broken_stacks = 0;
  uint64_t repaired_stacks = 0;  ///< torn, then read from the enclosing C frame
  uint64_t throttled = 0;        ///< samples delayed because sampling cost too much
  uint64_t unsampled_threads = 0;
  uint64_t handler_ns = 0;    ///< time spent in the handler itself
  bool tasks_unseen = false;  ///< an event loop ran, but this Python's tasks cannot be seen
  uint64_t watch_ns = 0;      ///< CPU time of the threads for beginning and ending to be sampled
};

/// exit_code of a process whose end nobody told us.
inline constexpr int32_t kExitUnknown = -1;

/// May be repeated for a process, when more became known: the last one counts.
struct End {
  uint32_t process = 0;
  int32_t exit_code = 0;  ///< meaningful if signal == 0; kExitUnknown
  int32_t signal = 0;     ///< the signal that killed it, or 0
  uint64_t wall_ns = 0;
  uint64_t cpu_user_ns = 0;
  uint64_t cpu_system_ns = 0;
  uint64_t peak_rss_bytes = 0;
  bool children_in_cpu = false;  ///< cpu_* include children that the process waited for
  uint64_t own_cpu_ns = 0;       ///< of this process alone, user and kernel; 0: not known
};

/// The memory of all processes together at one instant. Pages that several share are counted once.
struct TreeMemory {
  uint64_t mono_ns = 0;  ///< CLOCK_MONOTONIC
  uint64_t bytes = 0;
  uint32_t process_count = 0;
};

/// What was spent in a stretch that the program gave a name to (hasten.label), by the thread that ran it. Measured by its
/// own clocks, not sampled. Cumulative: the last one of a process and name counts.
struct Label {
  uint32_t process = 0;
  std::string name;
  uint64_t count = 0;
  uint64_t wall_ns = 0;
  uint64_t cpu_ns = 0;
};

/// Number objects of one kind that an execution of a line makes: the mean and its 95 % interval.
struct Made {
  std::string kind;
  double each = 0;
  double low = 0;
  double high = 0;
};

struct LineCount {
  uint32_t line = 0;
  uint64_t times = 0;   ///< it was begun
  uint64_t looked = 0;  ///< executions of which it is known what they made; 0: nobody looked
  std::vector<Made> made;
};

/// How often one function was called and each of its lines begun, counted by the interpreter's own events.
struct FunctionCount {
  std::string file;
  std::string function;
  uint32_t first_line = 0;
  uint32_t process_count = 0;  ///< that ran it
  uint64_t calls = 0;
  std::vector<LineCount> lines;  ///< ascending
};

/// How whole the capture is.
struct Completeness {
  bool finished = false;       ///< the writer closed it
  uint64_t missing_bytes = 0;  ///< of a finished capture that was cut afterwards
  uint64_t dropped_bytes = 0;  ///< of a block that the cut went through
  std::string what;            ///< one line for a person; empty if nothing is missing
};

/// Everything that one capture says. ends[i].process and counts[i].process name their process.
struct Capture {
  std::string hasten_version;
  uint16_t major = kMajorVersion;
  uint16_t minor = kMinorVersion;
  std::vector<Process> processes;
  std::vector<Thread> threads;
  std::vector<SourceFile> files;
  std::vector<Code> codes;
  std::vector<Module> modules;
  std::vector<CompiledCode> compiled;
  std::vector<StackNode> stacks{StackNode{}};
  std::vector<NativeFunction> native_functions;
  std::vector<MixedNode> mixed{MixedNode{}};
  std::vector<Sample> samples;  ///< in time order within a thread, not across threads
  std::vector<Wait> waits;
  std::vector<Task> tasks;
  std::vector<Await> awaits;
  std::vector<LoopBlock> loop_blocks;
  std::vector<Wait> loop_waits;  ///< those of `waits` that fall into a block, one by one
  std::vector<Loop> loops;
  std::vector<Counts> counts;
  std::vector<End> ends;
  std::vector<TreeMemory> memory;  ///< each higher than the one before
  std::vector<Label> labels;
  std::vector<FunctionCount> function_counts;
  Completeness completeness;
};

}  // namespace hasten::record
