#include "record/reader.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "record/block.h"
#include "record/pack.h"

namespace hasten::record {
namespace {

/// Sets item `id` of a list that is filled in order; an id beyond the next free one is damage.
template <class T>
bool place(std::vector<T>& items, uint32_t id, T item) {
  if (id > items.size()) {
    return false;
  }
  if (id == items.size()) {
    items.push_back(std::move(item));
  } else {
    items[id] = std::move(item);
  }
  return true;
}

bool parse_process(Unpacker& in, Capture& capture) {
  Process process;
  const uint32_t id = in.get32();
  capture.hasten_version = in.get_text();
  process.pid = in.get32();
  process.parent_pid = in.get32();
  for (size_t count = in.get_count(1); count > 0; --count) {
    process.command.push_back(in.get_text());
  }
  process.cwd = in.get_text();
  process.executable = in.get_text();
  process.python_version = in.get_text();
  process.start_wall_ns = in.get_signed();
  process.start_mono_ns = in.get();
  process.stdin_kind = static_cast<StdinKind>(in.get8());
  process.engine = static_cast<Engine>(in.get8());
  process.rate_hz = in.get_double();
  process.rate_fixed = in.get() != 0;
  process.sample_cost_ns = in.get();
  for (size_t count = in.get_count(2); count > 0; --count) {
    std::string name = in.get_text();
    process.environment.emplace_back(std::move(name), in.get_text());
  }
  process.why_not_sampled = in.get_text();
  if (!in.at_end()) {  // since 1.1
    process.continues = in.get() != 0;
  }
  return in.ok() && place(capture.processes, id, std::move(process));
}

bool parse_thread(Unpacker& in, Capture& capture) {
  Thread thread;
  const uint32_t id = in.get32();
  thread.process = in.get32();
  thread.tid = in.get32();
  thread.name = in.get_text();
  thread.start_ns = in.get();
  thread.end_ns = in.get();
  thread.cpu_ns = in.get();
  thread.runnable_ns = in.get();
  thread.waiting_ns = in.get();
  thread.ended = in.get() != 0;
  if (!in.at_end()) {  // since 1.2
    thread.creator_tid = in.get32();
    thread.creator_stack = in.get32();
    thread.routine = in.get();
  }
  return in.ok() && thread.process < capture.processes.size() && thread.creator_stack < capture.stacks.size() &&
         place(capture.threads, id, std::move(thread));
}

bool parse_file(Unpacker& in, Capture& capture) {
  SourceFile file;
  file.path = in.get_text();
  file.own = in.get() != 0;
  file.has_text = in.get() != 0;
  file.hash = in.get_text();
  file.text = in.get_text();
  capture.files.push_back(std::move(file));
  return in.ok();
}

bool parse_code(Unpacker& in, Capture& capture) {
  Code code;
  code.file = in.get32();
  code.qualname = in.get_text();
  code.first_line = in.get32();
  code.flags = in.get32();
  code.code_bytes = in.get32();
  const std::string table = in.get_text();
  code.line_table.assign(table.begin(), table.end());
  const bool good = in.ok() && code.file < capture.files.size();
  capture.codes.push_back(std::move(code));
  return good;
}

bool parse_module(Unpacker& in, Capture& capture) {
  Module module;
  module.process = in.get32();
  module.begin = in.get();
  module.end = in.get();
  module.kind = static_cast<ModuleKind>(in.get8());
  module.path = in.get_text();
  if (!in.at_end()) {  // since 1.2
    module.file_offset = in.get();
  }
  const bool good = in.ok() && module.process < capture.processes.size();
  capture.modules.push_back(std::move(module));
  return good;
}

bool parse_compiled(Unpacker& in, Capture& capture) {
  CompiledCode compiled;
  compiled.process = in.get32();
  compiled.begin = in.get();
  compiled.end = in.get();
  compiled.file = in.get_text();
  compiled.function = in.get_text();
  compiled.first_line = in.get32();
  for (size_t count = in.get_count(2); count > 0; --count) {
    const uint32_t offset = in.get32();
    compiled.lines.emplace_back(offset, in.get32());
  }
  const bool good = in.ok() && compiled.process < capture.processes.size();
  capture.compiled.push_back(std::move(compiled));
  return good;
}

bool parse_stacks(Unpacker& in, Capture& capture) {
  while (in.ok() && !in.at_end()) {
    StackNode node;
    node.parent = in.get32();
    node.code = in.get32();
    node.offset = in.get32();
    node.compiled_line = in.get32();
    const bool known = node.code < capture.codes.size() || node.code >= kOmittedFrames;
    if (!in.ok() || node.parent >= capture.stacks.size() || !known) {
      return false;
    }
    capture.stacks.push_back(node);
  }
  return in.ok();
}

bool parse_native_functions(Unpacker& in, Capture& capture) {
  while (in.ok() && !in.at_end()) {
    NativeFunction function;
    function.process = in.get32();
    function.address = in.get();
    if (!in.ok() || function.process >= capture.processes.size()) {
      return false;
    }
    capture.native_functions.push_back(function);
  }
  return in.ok();
}

bool parse_mixed(Unpacker& in, Capture& capture) {
  while (in.ok() && !in.at_end()) {
    MixedNode node;
    node.parent = in.get32();
    node.frame = in.get32();
    const size_t known = (node.frame & 1) != 0 ? capture.native_functions.size() : capture.stacks.size();
    if (!in.ok() || node.parent >= capture.mixed.size() || (node.frame != kUnknownNative && node.frame >> 1 >= known)) {
      return false;
    }
    capture.mixed.push_back(node);
  }
  return in.ok();
}

/// One for each of the samples that came last.
bool parse_mixed_of_samples(Unpacker& in, Capture& capture) {
  std::vector<uint32_t> nodes;
  while (in.ok() && !in.at_end()) {
    nodes.push_back(in.get32());
    if (nodes.back() >= capture.mixed.size()) {
      return false;
    }
  }
  if (!in.ok() || nodes.size() > capture.samples.size()) {
    return false;
  }
  for (size_t i = 0; i < nodes.size(); ++i) {
    capture.samples[capture.samples.size() - nodes.size() + i].mixed = nodes[i];
  }
  return true;
}

bool parse_samples(Unpacker& in, bool flagged, Capture& capture) {
  while (in.ok() && !in.at_end()) {
    Sample sample;
    sample.thread = in.get32();
    sample.stack = in.get32();
    sample.time_ns = in.get();
    sample.user_ns = in.get32();
    sample.kernel_ns = in.get();
    const uint8_t code_class = in.get8();
    const uint8_t flags = flagged ? in.get8() : code_class & 1;
    sample.code_class = static_cast<CodeClass>(flagged ? code_class : code_class >> 1);
    sample.broken = (flags & 1) != 0;
    sample.has_gil = (flags & 2) != 0;
    sample.collecting = (flags & 4) != 0;
    sample.rip = in.get();
    sample.opcode = flagged ? in.get8() : 0;
    if (!in.ok() || sample.thread >= capture.threads.size() || sample.stack >= capture.stacks.size()) {
      return false;
    }
    capture.samples.push_back(sample);
  }
  return in.ok();
}

bool parse_waits(Unpacker& in, const Capture& capture, std::vector<Wait>& waits) {
  while (in.ok() && !in.at_end()) {
    Wait wait;
    wait.thread = in.get32();
    wait.stack = in.get32();
    wait.time_ns = in.get();
    wait.duration_ns = in.get();
    wait.kind = static_cast<WaitKind>(in.get8());
    if (!in.ok() || wait.thread >= capture.threads.size() || wait.stack >= capture.stacks.size()) {
      return false;
    }
    waits.push_back(wait);
  }
  return in.ok();
}

bool parse_task(Unpacker& in, Capture& capture) {
  Task task;
  task.process = in.get32();
  task.code = in.get32();
  task.name = in.get_text();
  const bool known = task.code < capture.codes.size() || task.code == kUnknownCode;
  const bool good = in.ok() && task.process < capture.processes.size() && known;
  capture.tasks.push_back(std::move(task));
  return good;
}

bool parse_awaits(Unpacker& in, Capture& capture) {
  while (in.ok() && !in.at_end()) {
    Await await;
    await.thread = in.get32();
    await.task = in.get32();
    await.stack = in.get32();
    await.time_ns = in.get();
    await.duration_ns = in.get();
    await.weight_ns = in.get();
    if (!in.ok() || await.thread >= capture.threads.size() || await.stack >= capture.stacks.size() ||
        await.task >= capture.tasks.size()) {
      return false;
    }
    capture.awaits.push_back(await);
  }
  return in.ok();
}

bool parse_await_steps(Unpacker& in, Capture& capture) {
  std::vector<Await> steps;
  while (in.ok() && !in.at_end()) {
    Await& step = steps.emplace_back();
    step.task_number = in.get32();
    step.step_ns = in.get();
  }
  if (!in.ok() || steps.size() > capture.awaits.size()) {
    return false;
  }
  for (size_t i = 0; i < steps.size(); ++i) {
    Await& await = capture.awaits[capture.awaits.size() - steps.size() + i];
    await.task_number = steps[i].task_number;
    await.step_ns = steps[i].step_ns;
  }
  return true;
}

bool parse_loop_blocks(Unpacker& in, Capture& capture) {
  while (in.ok() && !in.at_end()) {
    LoopBlock stretch;
    stretch.thread = in.get32();
    stretch.task = in.get32();
    stretch.time_ns = in.get();
    stretch.duration_ns = in.get();
    if (!in.ok() || stretch.thread >= capture.threads.size() ||
        (stretch.task >= capture.tasks.size() && stretch.task != kNoTask)) {
      return false;
    }
    capture.loop_blocks.push_back(stretch);
  }
  return in.ok();
}

bool parse_loop(Unpacker& in, Capture& capture) {
  Loop loop;
  loop.thread = in.get32();
  loop.run_ns = in.get();
  loop.idle_ns = in.get();
  loop.steps = in.get();
  if (!in.ok() || loop.thread >= capture.threads.size()) {
    return false;
  }
  for (Loop& known : capture.loops) {
    if (known.thread == loop.thread) {
      known = loop;
      return true;
    }
  }
  capture.loops.push_back(loop);
  return true;
}

/// Says of samples that stand before it which task they are of.
bool parse_sample_tasks(Unpacker& in, Capture& capture) {
  while (in.ok() && !in.at_end()) {
    const uint64_t sample = in.get();
    const uint32_t task = in.get32();
    if (!in.ok() || sample >= capture.samples.size() || task >= capture.tasks.size()) {
      return false;
    }
    capture.samples[sample].task = task;
  }
  return in.ok();
}

bool parse_counts(Unpacker& in, Capture& capture) {
  Counts counts;
  counts.process = in.get32();
  counts.samples = in.get();
  counts.lost = in.get();
  counts.broken_stacks = in.get();
  counts.repaired_stacks = in.get();
  counts.throttled = in.get();
  counts.unsampled_threads = in.get();
  counts.handler_ns = in.get();
  if (!in.at_end()) {  // since 1.2
    counts.tasks_unseen = in.get() != 0;
  }
  if (!in.at_end()) {  // since 1.2
    counts.watch_ns = in.get();
  }
  if (!in.ok() || counts.process >= capture.processes.size()) {
    return false;
  }
  for (Counts& known : capture.counts) {
    if (known.process == counts.process) {
      known = counts;
      return true;
    }
  }
  capture.counts.push_back(counts);
  return true;
}

bool parse_end(Unpacker& in, Capture& capture) {
  End end;
  end.process = in.get32();
  end.exit_code = static_cast<int32_t>(in.get_signed());
  end.signal = static_cast<int32_t>(in.get_signed());
  end.wall_ns = in.get();
  end.cpu_user_ns = in.get();
  end.cpu_system_ns = in.get();
  end.peak_rss_bytes = in.get();
  end.children_in_cpu = in.get() != 0;
  if (!in.at_end()) {  // since 1.1
    end.own_cpu_ns = in.get();
  }
  if (!in.ok() || end.process >= capture.processes.size()) {
    return false;
  }
  for (End& known : capture.ends) {
    if (known.process == end.process) {
      known = end;
      return true;
    }
  }
  capture.ends.push_back(end);
  return true;
}

bool parse_memory(Unpacker& in, Capture& capture) {
  TreeMemory memory;
  memory.mono_ns = in.get();
  memory.bytes = in.get();
  memory.process_count = in.get32();
  capture.memory.push_back(memory);
  return in.ok();
}

bool parse_label(Unpacker& in, Capture& capture) {
  Label label;
  label.process = in.get32();
  label.name = in.get_text();
  label.count = in.get();
  label.wall_ns = in.get();
  label.cpu_ns = in.get();
  if (!in.ok() || label.process >= capture.processes.size()) {
    return false;
  }
  for (Label& known : capture.labels) {
    if (known.process == label.process && known.name == label.name) {
      known = std::move(label);
      return true;
    }
  }
  capture.labels.push_back(std::move(label));
  return true;
}

bool parse_function_count(Unpacker& in, Capture& capture) {
  FunctionCount count;
  count.file = in.get_text();
  count.function = in.get_text();
  count.first_line = in.get32();
  count.process_count = in.get32();
  count.calls = in.get();
  for (uint64_t left = in.get(); left > 0 && in.ok(); --left) {
    LineCount& line = count.lines.emplace_back();
    line.line = in.get32();
    line.times = in.get();
    line.looked = in.get();
    for (uint64_t kinds = in.get(); kinds > 0 && in.ok(); --kinds) {
      Made& made = line.made.emplace_back();
      made.kind = in.get_text();
      made.each = in.get_double();
      made.low = in.get_double();
      made.high = in.get_double();
    }
  }
  capture.function_counts.push_back(std::move(count));
  return in.ok();
}

bool parse_block(BlockKind kind, std::span<const uint8_t> payload, Capture& capture) {
  Unpacker in(payload);
  switch (kind) {
    case BlockKind::Process:
      return parse_process(in, capture);
    case BlockKind::Thread:
      return parse_thread(in, capture);
    case BlockKind::File:
      return parse_file(in, capture);
    case BlockKind::Code:
      return parse_code(in, capture);
    case BlockKind::Module:
      return parse_module(in, capture);
    case BlockKind::CompiledCode:
      return parse_compiled(in, capture);
    case BlockKind::Stack:
      return parse_stacks(in, capture);
    case BlockKind::Sample:
      return parse_samples(in, false, capture);
    case BlockKind::FlaggedSample:
      return parse_samples(in, true, capture);
    case BlockKind::Wait:
      return parse_waits(in, capture, capture.waits);
    case BlockKind::LoopWait:
      return parse_waits(in, capture, capture.loop_waits);
    case BlockKind::Task:
      return parse_task(in, capture);
    case BlockKind::Await:
      return parse_awaits(in, capture);
    case BlockKind::AwaitStep:
      return parse_await_steps(in, capture);
    case BlockKind::LoopBlock:
      return parse_loop_blocks(in, capture);
    case BlockKind::Loop:
      return parse_loop(in, capture);
    case BlockKind::SampleTask:
      return parse_sample_tasks(in, capture);
    case BlockKind::Counts:
      return parse_counts(in, capture);
    case BlockKind::End:
      return parse_end(in, capture);
    case BlockKind::NativeFunction:
      return parse_native_functions(in, capture);
    case BlockKind::MixedStack:
      return parse_mixed(in, capture);
    case BlockKind::MixedStackOfSample:
      return parse_mixed_of_samples(in, capture);
    case BlockKind::TreeMemory:
      return parse_memory(in, capture);
    case BlockKind::Label:
      return parse_label(in, capture);
    case BlockKind::FunctionCount:
      return parse_function_count(in, capture);
  }
  return true;  // a kind from a later minor version
}

Error damaged(const std::string& name, size_t at) {
  return Error{"record.damaged", fmt::format("{} is damaged at byte {}", name, at),
               "it cannot be trusted; record the program again"};
}

double seconds_covered(const Capture& capture) {
  uint64_t last_ns = 0;
  for (const Sample& sample : capture.samples) {
    last_ns = std::max(last_ns, sample.time_ns);
  }
  return static_cast<double>(last_ns) * 1e-9;
}

}  // namespace

Result<Capture> parse_capture(std::span<const uint8_t> bytes, const std::string& name) {
  FileHeader header;
  switch (unpack_file_header(bytes, &header)) {
    case HeaderState::NotACapture:
      if (bytes.empty()) {
        return Error{"record.not_a_capture", fmt::format("{} is empty", name), "measure the program again"};
      }
      return Error{"record.not_a_capture", fmt::format("{} is not a Hasten capture", name),
                   "captures are made by hasten run"};
    case HeaderState::Damaged:
      return damaged(name, 0);
    case HeaderState::Good:
      break;
  }
  if (header.major > kMajorVersion) {
    return Error{"record.newer",
                 fmt::format("{} has capture format {}.{}; this Hasten reads up to {}.x", name, header.major,
                             header.minor, kMajorVersion),
                 "open it with a newer Hasten"};
  }
  if (header.finished_bytes != 0 && bytes.size() > header.finished_bytes) {
    return damaged(name, header.finished_bytes);
  }
  Capture capture;
  capture.major = header.major;
  capture.minor = header.minor;
  capture.completeness.finished = header.finished_bytes != 0;
  const bool whole = header.finished_bytes == bytes.size();
  size_t at = kFileHeaderBytes;
  while (at < bytes.size()) {
    const size_t left = bytes.size() - at;
    uint32_t length = 0;
    if (left >= kBlockHeaderBytes) {
      length = load_u32(bytes.data() + at + 4);
    }
    if (length > kBlockBytesMax) {
      return damaged(name, at);
    }
    if (left < kBlockHeaderBytes || left - kBlockHeaderBytes < length) {
      if (whole) {
        return damaged(name, at);  // the header says that nothing is missing
      }
      capture.completeness.dropped_bytes = left;
      break;
    }
    const auto kind = static_cast<BlockKind>(load_u32(bytes.data() + at));
    const std::span<const uint8_t> payload = bytes.subspan(at + kBlockHeaderBytes, length);
    if (load_u64(bytes.data() + at + 8) != block_checksum(kind, payload) || !parse_block(kind, payload, capture)) {
      return damaged(name, at);
    }
    at += kBlockHeaderBytes + length;
  }
  Completeness& completeness = capture.completeness;
  if (completeness.finished && !whole) {
    completeness.missing_bytes = header.finished_bytes - bytes.size();
    completeness.what = fmt::format("{} was cut short: {} of {} bytes are missing; it covers the first {:.1f} s", name,
                                    completeness.missing_bytes, header.finished_bytes, seconds_covered(capture));
  } else if (!completeness.finished) {
    completeness.what =
        fmt::format("{} was never finished (the recording was killed, or still runs): it covers the first {:.1f} s{}",
                    name, seconds_covered(capture),
                    completeness.dropped_bytes == 0
                        ? std::string()
                        : fmt::format(" and its last {} bytes are an incomplete block", completeness.dropped_bytes));
  }
  return capture;
}

Result<Capture> read_capture(const std::string& path) {
  const auto unreadable = [&path](const std::string& why) {
    return Error{"record.open", fmt::format("cannot read {}: {}", path, why), "Give the path of a .hasten file"};
  };
  // Reading a directory fails only at the first byte, and by an exception.
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) {
    return unreadable("it is a directory");
  }
  std::ifstream file(path, std::ios::binary);
  std::vector<char> bytes;
  if (file) {
    bytes.assign(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  if (!file && !file.eof()) {
    return unreadable(std::strerror(errno));
  }
  return parse_capture({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()}, path);
}

}  // namespace hasten::record
