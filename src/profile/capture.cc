#include "profile/capture.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <unordered_map>

#include "profile/facts.h"
#include "profile/native_threads.h"
#include "profile/natives.h"

namespace hasten::profile {
namespace {

/// Code that no frame could be named for; one function, so that its cost is shown rather than dropped.
const Function kUnknownFunction{"<unknown>", "<code whose name could not be read>", 0};

/// Whether a command line is `python [FLAGS] -c CODE`.
bool runs_code(const std::vector<std::string>& command) {
  for (size_t i = 1; i < command.size() && command[i].starts_with('-'); ++i) {
    if (command[i].starts_with("-c")) {
      return true;
    }
    if (command[i] == "-W" || command[i] == "-X") {
      ++i;  // takes a value
    }
  }
  return false;
}

class Resolver {
 public:
  explicit Resolver(const record::Capture& capture) : capture_(capture), names_(capture) {
    for (const record::Code& code : capture.codes) {
      const std::string& file =
          code.file < capture.files.size() ? capture.files[code.file].path : kUnknownFunction.file;
      function_of_code_.push_back(function_idx({file, code.qualname, static_cast<int32_t>(code.first_line)}));
      tables_.emplace_back(code.line_table, static_cast<int32_t>(code.first_line));
    }
  }

  Recording resolve() {
    const std::vector<size_t> roots = root_processes();
    for (const size_t root : roots) {
      recording_.wall_ns += wall_ns_of(root);
    }
    recording_.string_is_own = !capture_.processes.empty() && runs_code(capture_.processes[0].command);
    NativeNames& names = names_;
    recording_.samples.reserve(capture_.samples.size());
    for (const record::Sample& from : capture_.samples) {
      const uint32_t process = process_of(from.thread);
      Sample to;
      to.thread_idx = from.thread;
      to.end_ns = absolute_ns(process, from.time_ns);
      to.user_ns = from.user_ns;
      to.kernel_ns = static_cast<int64_t>(from.kernel_ns);
      to.side = side_of(from.code_class);
      to.elapsed =
          process < capture_.processes.size() && capture_.processes[process].engine != record::Engine::PerfClock;
      to.has_gil = from.has_gil;
      to.collecting = from.collecting;
      to.task_idx = from.task == record::kNoTask ? kNoTask : from.task;
      to.stack_idx = stack_idx(from.stack);
      to.mixed = from.mixed;
      to.rip = from.rip;
      to.native_idx = native_idx(names.name_of(process, from.rip));
      if (process < capture_.processes.size()) {
        to.opcode = pyread::meaning_of_opcode(python_hex(capture_.processes[process].python_version), from.opcode);
      }
      recording_.samples.push_back(to);
    }
    note_crowding();
    // Neighbours in a thread must be neighbours in the vector.
    std::stable_sort(recording_.samples.begin(), recording_.samples.end(), [](const Sample& a, const Sample& b) {
      return a.thread_idx != b.thread_idx ? a.thread_idx < b.thread_idx : a.end_ns < b.end_ns;
    });
    for (const record::Wait& from : capture_.waits) {
      recording_.waits.push_back(wait_of(from));
    }
    note_tasks();
    for (const record::Thread& thread : capture_.threads) {
      recording_.process_of_thread.push_back(thread.process);
    }
    for (const record::Thread& thread : capture_.threads) {
      recording_.creator_stack_of_thread.push_back(stack_idx(thread.creator_stack));
    }
    charge_native_threads(capture_, names, &recording_);
    show_stacks();
    return std::move(recording_);
  }

 private:
  /// Stacks as a drawing shows them: with native frames where they were taken. The time of a native thread stands at the
  /// line that it worked for, but never as if the line's own thread had spent it.
  void show_stacks() {
    std::map<std::tuple<uint32_t, uint32_t, Charge>, uint32_t> shown;
    for (Sample& sample : recording_.samples) {
      sample.shown_stack_idx = sample.stack_idx;
      recording_.has_native_stacks = recording_.has_native_stacks || sample.mixed != 0;
      if (sample.charge == Charge::Own && sample.mixed == 0) {
        continue;
      }
      const uint32_t line = sample.charge == Charge::Own ? 0 : sample.stack_idx;
      const auto [at, is_new] =
          shown.try_emplace({line, sample.mixed, sample.charge}, static_cast<uint32_t>(recording_.stacks.size()));
      if (is_new) {
        std::vector<Frame> frames = mixed_frames(sample.mixed);
        if (sample.charge != Charge::Own) {
          frames.push_back(remark(charge_text(sample.charge)));
          const std::vector<Frame>& caller = recording_.stacks[sample.stack_idx];
          frames.insert(frames.end(), caller.begin(), caller.end());
        }
        recording_.stacks.push_back(std::move(frames));
      }
      sample.shown_stack_idx = at->second;
    }
    for (Sample& sample : recording_.samples) {
      sample.kernel_stack_idx =
          recording_.has_native_stacks && sample.kernel_ns > 0 ? kernel_stack_idx(sample) : sample.shown_stack_idx;
    }
  }

  /// The kernel's time was found between samples, so of the native frames nothing is known; but a sample that stands
  /// for kernel time alone shows the very call.
  uint32_t kernel_stack_idx(const Sample& sample) {
    const bool exact = sample.user_ns == 0;
    const auto [at, is_new] =
        kernel_stacks_.try_emplace({sample.shown_stack_idx, exact}, static_cast<uint32_t>(recording_.stacks.size()));
    if (is_new) {
      const std::vector<Frame>& shown = recording_.stacks[sample.shown_stack_idx];
      const auto python = std::find_if(shown.begin(), shown.end(), [&](const Frame& frame) {
        return !recording_.functions[frame.function_idx].native || sample.charge != Charge::Own;
      });
      std::vector<Frame> frames{remark("(kernel)")};
      frames.insert(frames.end(), exact ? shown.begin() : python, shown.end());
      recording_.stacks.push_back(std::move(frames));
    }
    return at->second;
  }

  /// What a stack says where it has no function to show.
  Frame remark(const char* text) { return {function_idx({"", text, 0, true}), {}}; }

  static const char* charge_text(Charge charge) {
    return charge == Charge::InCall ? "(native threads in this call)" : "(native threads started here)";
  }

  /// Leaf first, as every stack here.
  std::vector<Frame> mixed_frames(uint32_t node) {
    std::vector<Frame> frames;
    while (node != 0 && node < capture_.mixed.size()) {
      const record::MixedNode& here = capture_.mixed[node];
      if (here.frame == record::kUnknownNative) {
        frames.push_back(remark("(native frames not known)"));
      } else if ((here.frame & 1) != 0) {
        const record::NativeFunction& function = capture_.native_functions[here.frame >> 1];
        const record::Module* module = names_.module_of(function.process, function.address);
        const uint32_t idx = function_idx({module != nullptr ? module->path : std::string(),
                                           names_.label_of(function.process, function.address), 0, true});
        frames.push_back({idx, {}});
      } else if (capture_.stacks[here.frame >> 1].code != record::kOmittedFrames) {
        frames.push_back(frame_of(capture_.stacks[here.frame >> 1]));
      }
      if (here.parent >= node) {
        break;  // damage
      }
      node = here.parent;
    }
    return frames;
  }

  /// The samples of a thread are drawn, so by chance they stand for a little more than it used. They must not
  /// stand for more wall time than it was there.
  void note_crowding() {
    std::vector<double> sampled_ns(capture_.threads.size(), 0);
    for (const Sample& sample : recording_.samples) {
      if (sample.thread_idx < sampled_ns.size()) {
        sampled_ns[sample.thread_idx] += static_cast<double>(sample.cpu_ns());
      }
    }
    for (size_t t = 0; t < capture_.threads.size(); ++t) {
      const auto cpu_ns = static_cast<double>(capture_.threads[t].cpu_ns);
      const auto runnable_ns = static_cast<double>(capture_.threads[t].runnable_ns);
      recording_.crowding.push_back(cpu_ns > 0 ? (cpu_ns + runnable_ns) / std::max(cpu_ns, sampled_ns[t]) : 1);
    }
  }

  Wait wait_of(const record::Wait& from) {
    return {from.thread, static_cast<int64_t>(from.duration_ns),
            static_cast<Sleep>(std::min<size_t>(static_cast<size_t>(from.kind), kSleepCount - 1)),
            stack_idx(from.stack), absolute_ns(process_of(from.thread), from.time_ns)};
  }

  void note_tasks() {
    for (const record::Task& from : capture_.tasks) {
      Task task{std::nullopt, from.name};
      if (from.code < function_of_code_.size()) {
        task.function_idx = function_of_code_[from.code];
      }
      recording_.tasks.push_back(std::move(task));
    }
    for (const record::Await& from : capture_.awaits) {
      recording_.awaits.push_back({from.thread, from.task, stack_idx(from.stack),
                                   absolute_ns(process_of(from.thread), from.time_ns),
                                   static_cast<int64_t>(from.duration_ns), static_cast<int64_t>(from.weight_ns),
                                   from.task_number, static_cast<int64_t>(from.step_ns)});
    }
    for (const record::LoopBlock& from : capture_.loop_blocks) {
      recording_.loop_blocks.push_back(
          {from.thread, from.task == record::kNoTask ? std::nullopt : std::optional(from.task),
           absolute_ns(process_of(from.thread), from.time_ns), static_cast<int64_t>(from.duration_ns)});
    }
    for (const record::Wait& from : capture_.loop_waits) {
      recording_.loop_waits.push_back(wait_of(from));
    }
    for (const record::Loop& from : capture_.loops) {
      recording_.loops.push_back(
          {from.thread, static_cast<int64_t>(from.run_ns), static_cast<int64_t>(from.idle_ns), from.steps});
    }
  }

  std::vector<size_t> root_processes() const {
    std::vector<size_t> roots;
    for (size_t p = 0; p < capture_.processes.size(); ++p) {
      if (is_root(capture_, p)) {
        roots.push_back(p);
      }
    }
    return roots;
  }

  int64_t wall_ns_of(size_t process) const {
    for (const record::End& end : capture_.ends) {
      if (end.process == process && end.wall_ns > 0) {
        return static_cast<int64_t>(end.wall_ns);
      }
    }
    // Cut short before it ended: as far as it was seen.
    uint64_t last_ns = 0;
    for (const record::Thread& thread : capture_.threads) {
      if (thread.process == process) {
        last_ns = std::max(last_ns, thread.end_ns);
      }
    }
    for (const record::Sample& sample : capture_.samples) {
      if (process_of(sample.thread) == process) {
        last_ns = std::max(last_ns, sample.time_ns);
      }
    }
    return static_cast<int64_t>(last_ns);
  }

  uint32_t process_of(uint32_t thread) const {
    return thread < capture_.threads.size() ? capture_.threads[thread].process : 0;
  }

  int64_t absolute_ns(uint32_t process, uint64_t time_ns) const {
    const uint64_t start_ns = process < capture_.processes.size() ? capture_.processes[process].start_mono_ns : 0;
    return static_cast<int64_t>(start_ns + time_ns);
  }

  /// "3.11.7" as 0x030b0000: the patch release names no opcode.
  static uint32_t python_hex(const std::string& version) {
    unsigned major = 0;
    unsigned minor = 0;
    return std::sscanf(version.c_str(), "%u.%u", &major, &minor) == 2 ? (major & 0xff) << 24 | (minor & 0xff) << 16 : 0;
  }

  static Side side_of(record::CodeClass code_class) {
    switch (code_class) {
      case record::CodeClass::Bytecode:
        return Side::Bytecode;
      case record::CodeClass::Extension:
        return Side::Extension;
      case record::CodeClass::Library:
        return Side::Library;
      case record::CodeClass::Kernel:
        return Side::Kernel;
      case record::CodeClass::Compiled:
        return Side::Compiled;
      case record::CodeClass::Runtime:
      case record::CodeClass::Unknown:
        break;
    }
    return code_class == record::CodeClass::Runtime ? Side::Runtime : Side::Library;
  }

  uint32_t function_idx(const Function& function) {
    const auto [at, is_new] =
        function_numbers_.try_emplace(function, static_cast<uint32_t>(recording_.functions.size()));
    if (is_new) {
      recording_.functions.push_back(function);
    }
    return at->second;
  }

  uint32_t native_idx(const std::string& name) {
    if (name.empty()) {
      return 0;
    }
    const auto [at, is_new] = native_numbers_.try_emplace(name, static_cast<uint32_t>(recording_.natives.size()));
    if (is_new) {
      recording_.natives.push_back(name);
    }
    return at->second;
  }

  uint32_t stack_idx(uint32_t node) {
    const auto [at, is_new] = stack_numbers_.try_emplace(node, static_cast<uint32_t>(recording_.stacks.size()));
    if (is_new) {
      std::vector<Frame> frames;
      // Parents come before children, so the walk ends; a damaged link ends it too.
      for (uint32_t n = node; n != 0 && n < capture_.stacks.size();) {
        const record::StackNode& here = capture_.stacks[n];
        if (here.code != record::kOmittedFrames) {
          frames.push_back(frame_of(here));
        }
        if (here.parent >= n) {
          break;
        }
        n = here.parent;
      }
      recording_.stacks.push_back(std::move(frames));
    }
    return at->second;
  }

  Frame frame_of(const record::StackNode& node) {
    if (node.code >= capture_.codes.size()) {
      return {function_idx(kUnknownFunction), {}};
    }
    Frame frame{function_of_code_[node.code], {}};
    if (node.compiled_line != 0) {
      frame.position.line = frame.position.end_line = static_cast<int32_t>(node.compiled_line);
    } else if (node.offset != record::kNoOffset) {
      frame.position = tables_[node.code].at(node.offset);
      if (frame.position.line == 0) {
        frame.position = {};  // CPython's own begin of a module: no line of the program
      }
    }
    return frame;
  }

  const record::Capture& capture_;
  NativeNames names_;
  Recording recording_;
  std::vector<LocationTable> tables_;
  std::vector<uint32_t> function_of_code_;
  std::map<Function, uint32_t> function_numbers_;
  std::unordered_map<std::string, uint32_t> native_numbers_;
  std::unordered_map<uint32_t, uint32_t> stack_numbers_;
  std::map<std::pair<uint32_t, bool>, uint32_t> kernel_stacks_;  ///< by the stack that called the kernel
};

}  // namespace

Recording recording_of(const record::Capture& capture) { return Resolver(capture).resolve(); }

}  // namespace hasten::profile
