// Captures as plain Python values: the stacks that are exported, the instructions of a function; and their merging.
#include <nanobind/nanobind.h>
#include <nanobind/stl/vector.h>

#include <map>
#include <utility>

#include "bindings/core.h"
#include "profile/capture.h"
#include "profile/merge.h"
#include "profile/model.h"
#include "record/reader.h"

namespace nb = nanobind;
using namespace nb::literals;

namespace hasten::bindings {
namespace {

/// What a timeline needs of each process. Absent: what is not known, as everywhere.
nb::list timed_processes_of(const record::Capture& capture) {
  nb::list rows;
  for (const record::Process& process : capture.processes) {
    nb::dict row;
    row["pid"] = process.pid;
    row["parent_pid"] = process.parent_pid;
    nb::list command;
    for (const std::string& word : process.command) {
      command.append(text_of(word));
    }
    row["command"] = command;
    row["start_ns"] = process.start_mono_ns;
    if (process.start_wall_ns > 0) {
      row["start_wall_ns"] = process.start_wall_ns;
    }
    if (process.rate_hz > 0) {
      row["rate_hz"] = process.rate_hz;
    }
    rows.append(row);
  }
  return rows;
}

/// (name, function or None), for each group of tasks.
nb::list task_groups(const profile::Recording& recording) {
  nb::list groups;
  for (const profile::Task& task : recording.tasks) {
    const nb::object function = task.function_idx ? nb::cast(*task.function_idx) : nb::none();
    groups.append(nb::make_tuple(text_of(task.name), function));
  }
  return groups;
}

/// Every sample by thread, in the order of time: its stack, outermost frame first, the CPU nanoseconds it stands
/// for, and when it was taken, in ns of the one monotonic clock that `start_ns` of the processes is on.
nb::dict read_stacks(const std::string& path) {
  const record::Capture capture = or_raise(record::read_capture(path));
  const profile::Recording recording = profile::recording_of(capture);
  nb::dict out;
  out["processes"] = timed_processes_of(capture);
  if (recording.wall_ns > 0) {
    out["wall_ns"] = recording.wall_ns;
  }
  nb::list functions;
  for (const profile::Function& function : recording.functions) {
    functions.append(nb::make_tuple(text_of(function.name), text_of(function.file), function.first_line));
  }
  out["functions"] = functions;
  nb::list stacks;
  for (const auto& stack : recording.stacks) {
    nb::list frames;
    for (auto frame = stack.rbegin(); frame != stack.rend(); ++frame) {
      // A function that was called but had not begun stands at its first line, as in the report.
      const int32_t first_line = recording.functions[frame->function_idx].first_line;
      frames.append(nb::make_tuple(frame->function_idx, frame->position.line >= 0 ? frame->position.line : first_line));
    }
    stacks.append(frames);
  }
  out["stacks"] = stacks;
  nb::list threads;
  for (const record::Thread& thread : capture.threads) {
    const uint32_t pid = thread.process < capture.processes.size() ? capture.processes[thread.process].pid : 0;
    nb::dict row;
    row["pid"] = pid;
    row["tid"] = thread.tid;
    row["name"] = text_of(thread.name);
    row["samples"] = nb::list();
    row["awaits"] = nb::list();
    threads.append(row);
  }
  out["threads"] = threads;
  out["tasks"] = task_groups(recording);
  for (const profile::Await& await : recording.awaits) {
    nb::list awaits = nb::cast<nb::list>(nb::object(threads[await.thread_idx]["awaits"]));
    awaits.append(nb::make_tuple(await.task_idx, await.task_number, await.stack_idx, await.begin_ns, await.duration_ns,
                                 await.step_ns));
  }
  for (const profile::Sample& sample : recording.samples) {
    if (sample.thread_idx < capture.threads.size()) {
      nb::list samples = nb::cast<nb::list>(nb::object(threads[sample.thread_idx]["samples"]));
      const bool apart = recording.has_native_stacks && sample.kernel_ns > 0;
      if (!apart || sample.user_ns > 0) {
        samples.append(nb::make_tuple(sample.shown_stack_idx, apart ? sample.user_ns : sample.cpu_ns(), sample.end_ns));
      }
      if (apart) {
        samples.append(nb::make_tuple(sample.kernel_stack_idx, sample.kernel_ns, sample.end_ns));
      }
    }
  }
  return out;
}

void merge_captures(const std::vector<std::string>& paths, const std::string& out) {
  record::Capture merged;
  for (size_t i = 0; i < paths.size(); ++i) {
    record::Capture capture = or_raise(record::read_capture(paths[i]));
    if (i == 0) {
      merged = std::move(capture);
    } else {
      profile::append(merged, capture);
    }
  }
  or_raise(profile::write_capture(merged, out));
}

/// The sampled instructions of every function, by the opcode that the interpreter had specialised them to.
nb::list read_instructions(const std::string& path) {
  const record::Capture capture = or_raise(record::read_capture(path));
  struct Tally {
    uint64_t samples = 0;
    uint64_t cpu_ns = 0;
  };
  struct Instructions {
    std::map<std::pair<uint32_t, uint8_t>, Tally> tallies;  ///< by offset and opcode
    double weight = 0;
    double squares = 0;
    std::string executable;
  };
  // By Python version and code object.
  std::map<std::pair<std::string, uint32_t>, Instructions> codes;
  for (const record::Sample& sample : capture.samples) {
    if (sample.stack == 0 || sample.stack >= capture.stacks.size()) {
      continue;
    }
    const record::StackNode& node = capture.stacks[sample.stack];
    if (node.code >= capture.codes.size() || node.offset == record::kNoOffset || node.compiled_line != 0) {
      continue;
    }
    const record::Process& process = capture.processes[capture.threads[sample.thread].process];
    Instructions& code = codes[{process.python_version, node.code}];
    Tally& tally = code.tallies[{node.offset, sample.opcode}];
    ++tally.samples;
    tally.cpu_ns += sample.user_ns + sample.kernel_ns;
    // An instruction is shorter than the gaps between samples: see profile/interval.h.
    const double weight = static_cast<double>(sample.user_ns + sample.kernel_ns);
    code.weight += weight;
    code.squares += weight * weight * (process.engine == record::Engine::ThreadClocks ? 2 : 1);
    code.executable = process.executable;
  }
  nb::list rows;
  for (const auto& [key, instructions] : codes) {
    const record::Code& code = capture.codes[key.second];
    const record::SourceFile& file = capture.files[code.file];
    nb::dict row;
    row["python"] = key.first;
    row["file"] = text_of(file.path);
    row["function"] = text_of(code.qualname);
    row["first_line"] = code.first_line;
    row["code_bytes"] = code.code_bytes;
    row["line_table"] = nb::bytes(reinterpret_cast<const char*>(code.line_table.data()), code.line_table.size());
    row["source"] = file.has_text ? nb::object(text_of(file.text)) : nb::none();
    row["executable"] = text_of(instructions.executable);
    row["effective_samples"] =
        instructions.squares > 0 ? instructions.weight * instructions.weight / instructions.squares : 0.0;
    nb::list counts;
    for (const auto& [place, tally] : instructions.tallies) {
      counts.append(nb::make_tuple(place.first, place.second, tally.samples, tally.cpu_ns));
    }
    row["instructions"] = counts;
    rows.append(row);
  }
  return rows;
}

nb::tuple share_interval(double share, double effective_samples) {
  const profile::Share known = profile::wilson(share, effective_samples);
  return nb::make_tuple(known.low, known.high);
}

nb::list code_positions(nb::bytes line_table, int32_t first_line) {
  const auto* data = static_cast<const uint8_t*>(line_table.data());
  const profile::LocationTable table({data, line_table.size()}, first_line);
  const auto number = [](int32_t n) { return n < 0 ? nb::object(nb::none()) : nb::object(nb::int_(n)); };
  nb::list positions;
  for (const profile::Position& p : table.positions()) {
    positions.append(nb::make_tuple(number(p.line), number(p.end_line), number(p.column), number(p.end_column)));
  }
  return positions;
}

}  // namespace

nb::object text_of(const std::string& bytes) {
  // Source text is whatever bytes were on disk; what is not UTF-8 is shown as such, never refused.
  return nb::steal(PyUnicode_DecodeUTF8(bytes.data(), static_cast<Py_ssize_t>(bytes.size()), "replace"));
}

void bind_profile(nb::module_& m) {
  m.def("read_report", &read_report, "path"_a, "The report of one capture, under the keys of `hasten run --json`.");
  m.def("read_stacks", &read_stacks, "path"_a,
        "Every sample by thread: (stack, CPU ns, end ns), and every await that was written: (group of tasks, number of "
        "the "
        "task on its thread, stack, begin, ns, ns of the step before); stacks start with the outermost frame.");
  m.def("read_instructions", &read_instructions, "path"_a,
        "Every function's sampled instructions: (offset in bytes, opcode as specialised or 0, samples, CPU "
        "nanoseconds).");
  m.def("share_interval", &share_interval, "share"_a, "effective_samples"_a,
        "The 95 % interval of a share that was seen in so many equal samples.");
  m.def("merge_captures", &merge_captures, "paths"_a, "out"_a, "Writes one capture that holds all runs of several.");
  m.def("code_positions", &code_positions, "line_table"_a, "first_line"_a,
        "co_linetable as (line, end_line, column, end_column), one a code unit, like code.co_positions().");
}

}  // namespace hasten::bindings
