#include "profile/merge.h"

#include "record/writer.h"

namespace hasten::profile {
namespace {

/// Moves an index behind `base` items; the constants at the top of the range are no indices.
uint32_t moved(uint32_t index, size_t base) {
  return index >= record::kOmittedFrames ? index : index + static_cast<uint32_t>(base);
}

}  // namespace

void append(record::Capture& into, const record::Capture& from) {
  const size_t processes = into.processes.size();
  const size_t threads = into.threads.size();
  const size_t files = into.files.size();
  const size_t codes = into.codes.size();
  const size_t stacks = into.stacks.size() - 1;  // node 0 is the root of both

  into.processes.insert(into.processes.end(), from.processes.begin(), from.processes.end());
  const auto moved_stack = [stacks](uint32_t node) { return node == 0 ? 0 : moved(node, stacks); };
  for (record::Thread thread : from.threads) {
    thread.process = moved(thread.process, processes);
    thread.creator_stack = moved_stack(thread.creator_stack);
    into.threads.push_back(std::move(thread));
  }
  into.files.insert(into.files.end(), from.files.begin(), from.files.end());
  for (record::Code code : from.codes) {
    code.file = moved(code.file, files);
    into.codes.push_back(std::move(code));
  }
  for (record::Module module : from.modules) {
    module.process = moved(module.process, processes);
    into.modules.push_back(std::move(module));
  }
  for (record::CompiledCode compiled : from.compiled) {
    compiled.process = moved(compiled.process, processes);
    into.compiled.push_back(std::move(compiled));
  }
  for (size_t node = 1; node < from.stacks.size(); ++node) {
    record::StackNode stack = from.stacks[node];
    stack.parent = moved_stack(stack.parent);
    stack.code = moved(stack.code, codes);
    into.stacks.push_back(stack);
  }
  const size_t functions = into.native_functions.size();
  for (record::NativeFunction function : from.native_functions) {
    function.process = moved(function.process, processes);
    into.native_functions.push_back(function);
  }
  const auto moved_mixed = [mixed = into.mixed.size() - 1](uint32_t node) {
    return node == 0 ? 0 : moved(node, mixed);
  };
  for (size_t node = 1; node < from.mixed.size(); ++node) {
    record::MixedNode mixed = from.mixed[node];
    mixed.parent = moved_mixed(mixed.parent);
    if (mixed.frame != record::kUnknownNative) {
      const bool native = (mixed.frame & 1) != 0;
      mixed.frame = moved(mixed.frame >> 1, native ? functions : stacks) << 1 | (native ? 1u : 0u);
    }
    into.mixed.push_back(mixed);
  }
  for (record::Sample sample : from.samples) {
    sample.mixed = moved_mixed(sample.mixed);
    sample.thread = moved(sample.thread, threads);
    sample.stack = moved_stack(sample.stack);
    into.samples.push_back(sample);
  }
  for (record::Wait wait : from.waits) {
    wait.thread = moved(wait.thread, threads);
    wait.stack = moved_stack(wait.stack);
    into.waits.push_back(wait);
  }
  for (record::Counts counts : from.counts) {
    counts.process = moved(counts.process, processes);
    into.counts.push_back(counts);
  }
  for (record::End end : from.ends) {
    end.process = moved(end.process, processes);
    into.ends.push_back(end);
  }
  into.memory.insert(into.memory.end(), from.memory.begin(), from.memory.end());
}

Result<void> write_capture(const record::Capture& capture, const std::string& path) {
  auto created = record::CaptureWriter::create(path);
  if (!created) {
    return created.error();
  }
  record::CaptureWriter writer = std::move(created).value();
  for (uint32_t i = 0; i < capture.processes.size(); ++i) {
    writer.add_process(i, capture.processes[i]);
  }
  for (const auto& file : capture.files) {
    writer.add_file(file);
  }
  for (const auto& code : capture.codes) {
    writer.add_code(code);
  }
  for (const auto& module : capture.modules) {
    writer.add_module(module);
  }
  for (const auto& compiled : capture.compiled) {
    writer.add_compiled(compiled);
  }
  for (size_t node = 1; node < capture.stacks.size(); ++node) {
    writer.add_stack(capture.stacks[node]);
  }
  for (uint32_t i = 0; i < capture.threads.size(); ++i) {
    writer.add_thread(i, capture.threads[i]);  // after the stacks that they were started in
  }
  for (const auto& function : capture.native_functions) {
    writer.add_native_function(function);
  }
  for (size_t node = 1; node < capture.mixed.size(); ++node) {
    writer.add_mixed(capture.mixed[node]);
  }
  for (const auto& sample : capture.samples) {
    writer.add_sample(sample);
  }
  for (const auto& wait : capture.waits) {
    writer.add_wait(wait);
  }
  for (const auto& counts : capture.counts) {
    writer.add_counts(counts);
  }
  for (const auto& end : capture.ends) {
    writer.add_end(end);
  }
  for (const auto& memory : capture.memory) {
    writer.add_memory(memory);
  }
  return writer.finish();
}

}  // namespace hasten::profile
