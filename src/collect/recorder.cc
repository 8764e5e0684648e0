#include "collect/recorder.h"

#include <algorithm>
#include <cstring>
#include <fstream>

#include "collect/mixed_stack.h"
#include "collect/proc.h"

namespace hasten::collect {
namespace {

using record::SlotState;

/// After a look at the mappings that showed nothing new: an address may be garbage, of a stack that was not whole.
constexpr uint64_t kVainRefreshGapNs = 20'000'000;
/// Waits kept in case they turn out to have blocked a loop: those of some ten seconds at the most that are told.
constexpr size_t kLoopWaitsMax = 10'000;

}  // namespace

Recorder::Recorder(RegionOwner& owner, uint32_t process_slot, record::CaptureWriter& writer, NameTable& names,
                   ModuleMap& modules, uint32_t process, uint32_t pid, std::string cwd, uint64_t start_mono_ns)
    : owner_(owner),
      region_(owner.region()),
      process_slot_(process_slot),
      writer_(writer),
      names_(names),
      modules_(modules),
      process_(process),
      pid_(pid),
      cwd_(std::move(cwd)),
      start_mono_ns_(start_mono_ns),
      slots_(record::kSlotCount) {
  counts_.process = process;
}

void Recorder::inherit(const Recorder& parent) {
  compiled_ = parent.compiled_;
  for (record::CompiledCode& compiled : compiled_) {
    compiled.process = process_;
    modules_.add_compiled(compiled.begin, compiled.end);
    writer_.add_compiled(compiled);
  }
}

void Recorder::drain(bool alive) {
  take_compiled();
  const uint32_t used = std::min(region_->slots_used.load(std::memory_order_acquire), record::kSlotCount);
  // A thread's creator wrote before the thread began: what the rings hold of a thread that had ended before this look
  // is complete after it.
  std::vector<uint32_t> ended;
  for (uint32_t i = 0; i < used; ++i) {
    const uint32_t word = region_->slots[i].word.load(std::memory_order_acquire);
    if (is_drained_here(word) && record::slot_state(word) == SlotState::Ended) {
      ended.push_back(i);
    }
  }
  // Code is described once, in the ring of the thread that met it first, and before any other thread can name it.
  std::vector<uint32_t> stopped;
  for (uint32_t i = 0; i < used; ++i) {
    if (!drain_slot(i, alive, false)) {
      stopped.push_back(i);
    }
  }
  for (const uint32_t i : stopped) {
    drain_slot(i, alive, true);
  }
  for (const uint32_t i : ended) {
    const record::ThreadSlot& slot = region_->slots[i];
    end_thread(i, slot.end_mono_ns, slot.end_cpu_ns - slot.start_cpu_ns, true);
    free_slot(i);
  }
}

/// Whether a slot is a thread of this process.
bool Recorder::is_drained_here(uint32_t word) const {
  const SlotState state = record::slot_state(word);
  return record::slot_process(word) == process_slot_ && (state == SlotState::Live || state == SlotState::Ended);
}

bool Recorder::knows_code_of(const record::RecordHead& head, const uint8_t* bytes) const {
  uint64_t head_bytes = 0;
  uint32_t frame_count = 0;
  const auto read = [&](auto raw, const auto& count_of) {
    if (head.bytes >= sizeof raw) {
      std::memcpy(&raw, bytes, sizeof raw);
      head_bytes = sizeof raw;
      frame_count = count_of(raw);
    }
  };
  const auto frames = [](const auto& raw) { return raw.frame_count; };
  switch (static_cast<record::RingRecord>(head.kind)) {
    case record::RingRecord::Sample:
      read(record::SampleRecord{}, frames);
      break;
    case record::RingRecord::Wait:
      read(record::WaitRecord{}, frames);
      break;
    case record::RingRecord::Await:
      read(record::AwaitRecord{}, frames);
      break;
    case record::RingRecord::Creation:
      read(record::CreationRecord{}, frames);
      break;
    case record::RingRecord::Task: {
      record::TaskRecord task{};
      read(task, [&task](const record::TaskRecord& raw) {
        task = raw;
        return 0u;
      });
      return task.code_id == 0 || code_ids_.contains(task.code_id);
    }
    default:
      return true;
  }
  const uint64_t whole = (head.bytes - head_bytes) / sizeof(record::FrameRef);
  for (uint64_t i = 0; i < std::min<uint64_t>(frame_count, whole); ++i) {
    record::FrameRef frame;
    std::memcpy(&frame, bytes + head_bytes + i * sizeof frame, sizeof frame);
    if (frame.code_id != 0 && frame.code_id != record::kFramesOmitted && !code_ids_.contains(frame.code_id)) {
      return false;
    }
  }
  return true;
}

bool Recorder::drain_slot(uint32_t slot_idx, bool alive, bool last) {
  record::ThreadSlot& slot = region_->slots[slot_idx];
  SlotView& view = slots_[slot_idx];
  if (!is_drained_here(slot.word.load(std::memory_order_acquire))) {
    return true;
  }
  if (!view.thread) {
    begin_thread(slot_idx);
  }
  const uint8_t* memory = record::is_empty(slot.ring) ? nullptr : owner_.ring(record::thread_ring_offset(slot_idx));
  if (memory == nullptr) {
    return true;  // without room for it, the probe soon finds it full and counts what is lost
  }
  record::RingReader ring(&slot.ring, memory, record::kThreadRingBytes);
  record::RecordHead head{};
  std::vector<uint8_t> copy;
  while (!view.given_up) {
    const uint8_t* bytes = ring.peek(&head);
    if (bytes == nullptr) {
      view.given_up = ring.damaged();
      break;
    }
    copy.assign(bytes, bytes + head.bytes);  // what is checked must not change under us
    if (!last && !knows_code_of(head, copy.data())) {
      return false;
    }
    ring.release(head);
    if (head.kind == static_cast<uint32_t>(record::RingRecord::Sample)) {
      take_sample(view, copy.data(), head.bytes, alive);
    } else if (head.kind == static_cast<uint32_t>(record::RingRecord::Wait)) {
      take_wait(view, copy.data(), head.bytes);
    } else if (head.kind == static_cast<uint32_t>(record::RingRecord::Task)) {
      take_task(view, copy.data(), head.bytes);
    } else if (head.kind == static_cast<uint32_t>(record::RingRecord::Await)) {
      take_await(view, copy.data(), head.bytes);
    } else if (head.kind == static_cast<uint32_t>(record::RingRecord::LoopBlock)) {
      take_loop_block(view, copy.data(), head.bytes);
    } else if (head.kind == static_cast<uint32_t>(record::RingRecord::Label)) {
      take_label(copy.data(), head.bytes);
    } else if (head.kind == static_cast<uint32_t>(record::RingRecord::Code)) {
      take_code(copy.data(), head.bytes);
    } else if (head.kind == static_cast<uint32_t>(record::RingRecord::Creation)) {
      take_creation(copy.data(), head.bytes);
    }
  }
  return true;
}

void Recorder::free_slot(uint32_t slot_idx) {
  record::ThreadSlot& slot = region_->slots[slot_idx];
  slots_[slot_idx] = SlotView{};
  // Whoever takes the slot next, maybe another process, counts from 0.
  for (std::atomic<uint64_t>* counter :
       {&slot.samples, &slot.lost, &slot.broken, &slot.repaired, &slot.throttled, &slot.handler_ns, &slot.watch_ns,
        &slot.loop_run_ns, &slot.loop_idle_ns, &slot.loop_steps, &slot.told_wait_ns, &slot.ring.written,
        &slot.ring.consumed}) {
    counter->store(0);
  }
  slot.word.store(0, std::memory_order_release);
}

void Recorder::begin_thread(uint32_t slot_idx) {
  const record::ThreadSlot& slot = region_->slots[slot_idx];
  record::Thread thread;
  thread.process = process_;
  thread.tid = slot.tid;
  thread.name = thread_name(slot.tid);
  thread.start_ns = relative_ns(slot.start_mono_ns);
  thread.end_ns = thread.start_ns;
  thread.creator_tid = slot.creator_tid;
  thread.routine = slot.routine;
  const uint32_t id = names_.new_thread();
  slots_[slot_idx].thread = id;
  slots_[slot_idx].creation_id = slot.creation_id;
  writer_.add_thread(id, thread);
  threads_.emplace(id, std::move(thread));
}

std::string Recorder::thread_name(uint32_t tid) const {
  if (tid == pid_) {
    return "MainThread";
  }
  std::ifstream file("/proc/" + std::to_string(pid_) + "/task/" + std::to_string(tid) + "/comm");
  std::string name;
  std::getline(file, name);
  return name;
}

void Recorder::end_thread(uint32_t slot_idx, uint64_t end_mono_ns, uint64_t cpu_ns, bool ended) {
  SlotView& view = slots_[slot_idx];
  if (!view.thread) {
    return;
  }
  record::Thread& thread = threads_[*view.thread];
  thread.end_ns = relative_ns(end_mono_ns);
  thread.cpu_ns = std::max(thread.cpu_ns, cpu_ns);
  thread.ended = ended;
  if (const auto creation = creations_.find(view.creation_id); creation != creations_.end()) {
    thread.creator_stack = creation->second;
  }
  if (view.held) {
    writer_.add_sample(*view.held);
  }
  const record::ThreadSlot& slot = region_->slots[slot_idx];
  add_up(view, slot);
  if (const uint64_t run_ns = slot.loop_run_ns.load(); run_ns != 0) {
    writer_.add_loop({*view.thread, run_ns, std::min(slot.loop_idle_ns.load(), run_ns), slot.loop_steps.load()});
  }
  writer_.add_thread(*view.thread, thread);
  threads_.erase(*view.thread);
  view = SlotView{};
}

void Recorder::add_up(SlotView& view, const record::ThreadSlot& slot) {
  record::Counts now;
  now.samples = slot.samples.load();
  now.lost = slot.lost.load();
  now.broken_stacks = slot.broken.load();
  now.repaired_stacks = slot.repaired.load();
  now.throttled = slot.throttled.load();
  now.handler_ns = slot.handler_ns.load();
  now.watch_ns = slot.watch_ns.load();
  counts_.samples += now.samples - view.seen.samples;
  counts_.lost += now.lost - view.seen.lost;
  counts_.broken_stacks += now.broken_stacks - view.seen.broken_stacks;
  counts_.repaired_stacks += now.repaired_stacks - view.seen.repaired_stacks;
  counts_.throttled += now.throttled - view.seen.throttled;
  counts_.handler_ns += now.handler_ns - view.seen.handler_ns;
  counts_.watch_ns += now.watch_ns - view.seen.watch_ns;
  view.seen = now;
}

record::CodeClass Recorder::classify(uint64_t rip, bool alive) {
  record::CodeClass found = modules_.classify(rip);
  if (found == record::CodeClass::Unknown && alive) {
    const uint64_t now_ns = mono_now_ns();
    if (now_ns > vain_refresh_ns_ + kVainRefreshGapNs) {
      vain_refresh_ns_ = now_ns;
      for (record::Module& module : modules_.refresh(pid_)) {
        vain_refresh_ns_ = 0;
        module.process = process_;
        writer_.add_module(module);
      }
      found = modules_.classify(rip);
    }
  }
  return found;
}

uint32_t Recorder::compiled_leaf(uint64_t rip, uint32_t parent) {
  for (const record::CompiledCode& compiled : compiled_) {
    if (rip < compiled.begin || rip >= compiled.end) {
      continue;
    }
    record::StackNode node;
    node.parent = parent;
    record::Code code;
    code.qualname = compiled.function;
    code.first_line = compiled.first_line;
    node.code = names_.code(compiled.file, std::move(code), cwd_);
    node.parent = names_.without_frame_of(node.code, parent);
    node.compiled_line = compiled.first_line;
    for (const auto& [offset, line] : compiled.lines) {
      if (offset <= rip - compiled.begin) {
        node.compiled_line = line;
      }
    }
    return names_.node(node);
  }
  return parent;
}

uint32_t Recorder::code_of(uint32_t probe_code_id) const {
  const auto found = code_ids_.find(probe_code_id);
  return found == code_ids_.end() ? record::kUnknownCode : found->second;
}

uint32_t Recorder::stack_of(const std::vector<record::FrameRef>& frames) {
  return frames.empty() ? 0 : nodes_of(frames).front();
}

/// The node of each frame, likewise innermost first.
std::vector<uint32_t> Recorder::nodes_of(const std::vector<record::FrameRef>& frames) {
  std::vector<uint32_t> nodes(frames.size());
  uint32_t stack = 0;
  for (size_t i = frames.size(); i > 0; --i) {
    const record::FrameRef& frame = frames[i - 1];
    record::StackNode node;
    node.parent = stack;
    if (frame.code_id == record::kFramesOmitted) {
      node.code = record::kOmittedFrames;
    } else {
      node.code = code_of(frame.code_id);
      node.offset = node.code == record::kUnknownCode ? record::kNoOffset : frame.offset;
    }
    nodes[i - 1] = stack = names_.node(node);
  }
  return nodes;
}

uint32_t Recorder::mixed_stack(const NativeSample& native, const std::vector<uint32_t>& python, bool alive) {
  const uint64_t end_place = native.entries.empty() ? 0 : native.entries.back().place;
  NativeFrames walked = native_walk_.walk(native, end_place);
  // What was mapped since the last look is found by looking again, a library after the other.
  for (int looks = 0; walked.unmapped_pc != 0 && looks < 4; ++looks) {
    if (classify(walked.unmapped_pc, alive) == record::CodeClass::Unknown) {
      break;
    }
    walked = native_walk_.walk(native, end_place);
  }
  const std::vector<NativeFrame>& frames = walked.frames;
  const uint32_t python_stack = python.empty() ? 0 : python.front();
  uint32_t mixed = 0;
  for (const MixedFrame& frame : mix(frames, walked.cut, native.entries, static_cast<uint32_t>(python.size()))) {
    record::MixedNode node{mixed, record::kUnknownNative};
    if (frame.kind == MixedFrame::Python) {
      if (frame.index + 1 < python.size() && python[frame.index] == python[frame.index + 1]) {
        continue;  // the interpreter's own
      }
      node.frame = python[frame.index] << 1;
    } else if (frame.kind == MixedFrame::Native) {
      const NativeFrame& here = frames[frame.index];
      const uint32_t leaf = here.compiled ? compiled_leaf(frame.index == 0 ? here.pc : here.pc - 1, python_stack) : 0;
      node.frame =
          here.compiled && leaf != python_stack ? leaf << 1 : names_.native_function(process_, here.function) << 1 | 1;
    }
    mixed = names_.mixed(node);
  }
  return mixed;
}

void Recorder::take_sample(SlotView& view, const uint8_t* bytes, uint32_t length, bool alive) {
  record::SampleRecord raw;
  if (length < sizeof raw) {
    return;
  }
  std::memcpy(&raw, bytes, sizeof raw);
  const uint64_t frame_bytes = static_cast<uint64_t>(raw.frame_count) * sizeof(record::FrameRef);
  if (frame_bytes + raw.native_bytes != length - sizeof raw || !view.thread) {
    return;
  }
  std::vector<record::FrameRef> frames(raw.frame_count);
  std::memcpy(frames.data(), bytes + sizeof raw, frame_bytes);
  record::Sample sample;
  sample.thread = *view.thread;
  sample.time_ns = relative_ns(raw.mono_ns);
  sample.user_ns = raw.weight_ns;
  sample.rip = raw.rip;
  sample.opcode = raw.opcode > 0 && raw.opcode <= 256 ? static_cast<uint8_t>(raw.opcode - 1) : uint8_t{0};
  sample.broken = (raw.flags & record::kBroken) != 0;
  sample.has_gil = (raw.flags & record::kHasGil) != 0;
  sample.collecting = (raw.flags & record::kCollecting) != 0;
  sample.code_class = classify(raw.rip, alive);
  const std::vector<uint32_t> python = nodes_of(frames);
  sample.stack = python.empty() ? 0 : python.front();
  if (const auto task = view.tasks.find(raw.task); task != view.tasks.end()) {
    sample.task = task->second;
  }
  if (sample.code_class == record::CodeClass::Compiled) {
    sample.stack = compiled_leaf(raw.rip, sample.stack);
  } else if (raw.compiled_pc != 0) {
    // Compiled code is called by compiled code or by the extension module that runs it, never by CPython.
    const record::CodeClass caller = classify(raw.compiled_caller, alive);
    if (caller == record::CodeClass::Compiled || caller == record::CodeClass::Extension) {
      sample.stack = compiled_leaf(raw.compiled_pc - 1, sample.stack);  // a call's line, not the next one's
    }
  }
  NativeSample native;
  if (raw.native_bytes != 0 && parse_native_part(bytes + sizeof raw + frame_bytes, raw.native_bytes, &native)) {
    sample.mixed = mixed_stack(native, python, alive);
  }
  const bool earlier = view.held && (raw.flags & record::kInKernel) == 0;
  const uint64_t earlier_ns = earlier ? raw.kernel_ns / 2 : 0;
  sample.kernel_ns = raw.kernel_ns - earlier_ns;
  record::Thread& thread = threads_[*view.thread];
  thread.end_ns = std::max(thread.end_ns, sample.time_ns);
  if (view.held) {
    view.held->kernel_ns += earlier_ns;
    writer_.add_sample(*view.held);
  }
  view.held = sample;
}

void Recorder::take_wait(SlotView& view, const uint8_t* bytes, uint32_t length) {
  record::WaitRecord raw;
  if (length < sizeof raw) {
    return;
  }
  std::memcpy(&raw, bytes, sizeof raw);
  const bool in_loop = (raw.kind & record::kInLoop) != 0;
  raw.kind &= ~record::kInLoop;
  const uint64_t frame_bytes = static_cast<uint64_t>(raw.frame_count) * sizeof(record::FrameRef);
  if (frame_bytes != length - sizeof raw || !view.thread || raw.kind > static_cast<uint32_t>(record::WaitKind::Gil)) {
    return;
  }
  std::vector<record::FrameRef> frames(raw.frame_count);
  std::memcpy(frames.data(), bytes + sizeof raw, frame_bytes);
  record::Wait wait;
  wait.thread = *view.thread;
  wait.stack = stack_of(frames);
  wait.time_ns = relative_ns(raw.mono_ns);
  wait.duration_ns = raw.weight_ns;
  wait.kind = static_cast<record::WaitKind>(raw.kind);
  if (in_loop) {
    if (view.loop_waits.size() >= kLoopWaitsMax) {
      view.loop_waits.clear();
    }
    view.loop_waits.push_back(wait);
  }
  if (wait.kind == record::WaitKind::Gil) {
    writer_.add_wait(wait);  // who held it is found from the very stretch of time
    return;
  }
  const auto [at, is_new] = waits_.try_emplace({wait.thread, wait.stack, wait.kind}, wait);
  if (!is_new) {
    at->second.duration_ns += wait.duration_ns;
  }
}

void Recorder::take_task(SlotView& view, const uint8_t* bytes, uint32_t length) {
  record::TaskRecord raw;
  if (length < sizeof raw) {
    return;
  }
  std::memcpy(&raw, bytes, sizeof raw);
  const uint32_t unit_bytes = raw.name.unit_bytes;
  if ((unit_bytes != 1 && unit_bytes != 2 && unit_bytes != 4) || raw.name.length > length ||
      sizeof raw + record::pad8(raw.name.length * unit_bytes) != length) {
    return;
  }
  record::Task task;
  task.process = process_;
  task.code = code_of(raw.code_id);
  task.name = to_utf8(bytes + sizeof raw, raw.name);
  const auto [at, is_new] = tasks_.try_emplace({task.code, task.name}, 0);
  if (is_new) {
    at->second = names_.new_task();
    writer_.add_task(task);
  }
  view.tasks[raw.id] = at->second;
}

void Recorder::take_await(const SlotView& view, const uint8_t* bytes, uint32_t length) {
  record::AwaitRecord raw;
  if (length < sizeof raw) {
    return;
  }
  std::memcpy(&raw, bytes, sizeof raw);
  const uint64_t frame_bytes = static_cast<uint64_t>(raw.frame_count) * sizeof(record::FrameRef);
  const auto task = view.tasks.find(raw.task);
  if (frame_bytes != length - sizeof raw || !view.thread || task == view.tasks.end()) {
    return;
  }
  std::vector<record::FrameRef> frames(raw.frame_count);
  std::memcpy(frames.data(), bytes + sizeof raw, frame_bytes);
  writer_.add_await({*view.thread, task->second, stack_of(frames), relative_ns(raw.mono_ns), raw.duration_ns,
                     raw.weight_ns, raw.task_number, raw.step_ns});
}

void Recorder::take_loop_block(SlotView& view, const uint8_t* bytes, uint32_t length) {
  record::LoopBlockRecord raw;
  if (length != sizeof raw || !view.thread) {
    return;
  }
  std::memcpy(&raw, bytes, sizeof raw);
  const auto task = view.tasks.find(raw.task);
  const uint64_t begin_ns = relative_ns(raw.mono_ns);
  writer_.add_loop_block(
      {*view.thread, task == view.tasks.end() ? record::kNoTask : task->second, begin_ns, raw.duration_ns});
  for (const record::Wait& wait : view.loop_waits) {
    if (wait.time_ns + wait.duration_ns > begin_ns) {
      writer_.add_loop_wait(wait);
    }
  }
  view.loop_waits.clear();
}

void Recorder::add_outside_sample(const record::Sample& sample) {
  writer_.add_sample(sample);
  ++counts_.samples;
  counts_.broken_stacks += sample.broken ? 1 : 0;
}

void Recorder::take_label(const uint8_t* bytes, uint32_t length) {
  constexpr size_t kLabelCountMax = 10'000;  // a name made of a number, say: what goes beyond is left out
  record::LabelRecord raw;
  if (length < sizeof raw) {
    return;
  }
  std::memcpy(&raw, bytes, sizeof raw);
  if (raw.name_bytes > length - sizeof raw) {
    return;
  }
  const std::string_view name(reinterpret_cast<const char*>(bytes) + sizeof raw, raw.name_bytes);
  auto at = labels_.find(name);
  if (at == labels_.end()) {
    if (labels_.size() == kLabelCountMax) {
      return;
    }
    at = labels_.emplace(name, record::Label{process_, std::string(name), 0, 0, 0}).first;
  }
  at->second.count += 1;
  at->second.wall_ns += raw.wall_ns;
  at->second.cpu_ns += raw.cpu_ns;
  labels_changed_ = true;
}

void Recorder::flush_sums() {
  for (const auto& [key, wait] : waits_) {
    writer_.add_wait(wait);
  }
  waits_.clear();
  if (labels_changed_) {
    for (const auto& [name, label] : labels_) {
      writer_.add_label(label);
    }
    labels_changed_ = false;
  }
}

void Recorder::take_creation(const uint8_t* bytes, uint32_t length) {
  record::CreationRecord raw;
  if (length < sizeof raw) {
    return;
  }
  std::memcpy(&raw, bytes, sizeof raw);
  const uint64_t frame_bytes = static_cast<uint64_t>(raw.frame_count) * sizeof(record::FrameRef);
  if (frame_bytes != length - sizeof raw) {
    return;
  }
  std::vector<record::FrameRef> frames(raw.frame_count);
  std::memcpy(frames.data(), bytes + sizeof raw, frame_bytes);
  creations_[raw.creation_id] = stack_of(frames);
}

void Recorder::take_code(const uint8_t* bytes, uint32_t length) {
  record::CodeRecord raw;
  if (length < sizeof raw) {
    return;
  }
  std::memcpy(&raw, bytes, sizeof raw);
  const auto good_text = [](record::TextRef ref) {
    return (ref.unit_bytes == 1 || ref.unit_bytes == 2 || ref.unit_bytes == 4) && ref.length < 1u << 20;
  };
  if (!good_text(raw.file) || !good_text(raw.qualname) || raw.line_table_bytes > length) {
    return;
  }
  const uint32_t file_bytes = record::pad8(raw.file.length * raw.file.unit_bytes);
  const uint32_t name_bytes = record::pad8(raw.qualname.length * raw.qualname.unit_bytes);
  if (sizeof raw + file_bytes + name_bytes + record::pad8(raw.line_table_bytes) != length) {
    return;
  }
  const uint8_t* at = bytes + sizeof raw;
  record::Code code;
  const std::string file = to_utf8(at, raw.file);
  code.qualname = to_utf8(at + file_bytes, raw.qualname);
  code.first_line = raw.first_line;
  code.flags = raw.flags;
  code.code_bytes = raw.code_bytes;
  const uint8_t* table = at + file_bytes + name_bytes;
  code.line_table.assign(table, table + raw.line_table_bytes);
  code_ids_[raw.code_id] = names_.code(file, std::move(code), cwd_);
}

void Recorder::take_compiled() {
  record::RingState& state = region_->processes[process_slot_].compiled_ring;
  const uint8_t* memory = record::is_empty(state) ? nullptr : owner_.ring(record::compiled_ring_offset(process_slot_));
  if (memory == nullptr) {
    return;
  }
  record::RingReader ring(&state, memory, record::kCompiledRingBytes);
  record::RecordHead head{};
  while (const uint8_t* bytes = ring.peek(&head)) {
    std::vector<uint8_t> copy(bytes, bytes + head.bytes);
    ring.release(head);
    record::CompiledRecord raw;
    if (copy.size() < sizeof raw) {
      continue;
    }
    std::memcpy(&raw, copy.data(), sizeof raw);
    const uint64_t file_bytes = record::pad8(raw.file_bytes);
    const uint64_t function_bytes = record::pad8(raw.function_bytes);
    if (raw.file_bytes > copy.size() || raw.function_bytes > copy.size() || raw.line_count > copy.size() ||
        sizeof raw + file_bytes + function_bytes + raw.line_count * 8ull != copy.size()) {
      continue;
    }
    const uint8_t* at = copy.data() + sizeof raw;
    record::CompiledCode compiled;
    compiled.process = process_;
    compiled.begin = raw.begin;
    compiled.end = raw.end;
    compiled.file.assign(reinterpret_cast<const char*>(at), raw.file_bytes);
    compiled.function.assign(reinterpret_cast<const char*>(at + file_bytes), raw.function_bytes);
    compiled.first_line = raw.first_line;
    const uint8_t* lines = at + file_bytes + function_bytes;
    for (uint32_t i = 0; i < raw.line_count; ++i) {
      uint32_t pair[2];
      std::memcpy(pair, lines + i * 8, sizeof pair);
      compiled.lines.emplace_back(pair[0], pair[1]);
    }
    modules_.add_compiled(compiled.begin, compiled.end);
    writer_.add_compiled(compiled);
    compiled_.push_back(std::move(compiled));
  }
}

std::optional<uint32_t> Recorder::thread_of_slot(uint32_t slot_idx) const { return slots_[slot_idx].thread; }

void Recorder::name_thread(uint32_t thread, std::string name) {
  const auto found = threads_.find(thread);
  if (found != threads_.end() && found->second.tid != pid_) {
    found->second.name = std::move(name);
    writer_.add_thread(thread, found->second);
  }
}

void Recorder::account_thread(uint32_t thread, uint64_t cpu_ns, uint64_t runnable_ns, uint64_t waiting_ns) {
  const auto found = threads_.find(thread);
  if (found != threads_.end()) {
    found->second.cpu_ns = cpu_ns;
    found->second.runnable_ns = runnable_ns;
    found->second.waiting_ns = waiting_ns;
  }
}

void Recorder::finish(uint64_t end_mono_ns) {
  drain(false);
  flush_sums();
  for (uint32_t i = 0; i < record::kSlotCount; ++i) {
    if (slots_[i].thread) {
      end_thread(i, end_mono_ns, 0, false);
    }
    const uint32_t word = region_->slots[i].word.load();
    if (word != 0 && record::slot_process(word) == process_slot_) {
      free_slot(i);
    }
  }
  counts_.unsampled_threads = region_->processes[process_slot_].unsampled_threads.load();
  counts_.tasks_unseen = region_->processes[process_slot_].tasks_unseen.load() != 0;
  writer_.add_counts(counts_);
}

}  // namespace hasten::collect
