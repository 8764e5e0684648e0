#include "probe/own_stack.h"

#include <cstring>

#include "probe/code_table.h"
#include "probe/own_memory.h"

namespace hasten::probe {
namespace {

/// Turns raw frames into ids, from the innermost. A frame whose code cannot be named keeps id 0.
struct Naming {
  uint32_t written = 0;
  uint32_t entries = 0;
  uint32_t opcode = 0;
  bool broken = false;
};

uint32_t instruction_offset(const pyread::RawFrame& frame, const CodeRef& code, bool* broken) {
  const int64_t offset = static_cast<int64_t>(frame.instr - frame.code) - g_process.layout.code_start;
  if (offset < 0) {
    *broken = *broken || offset < -2;
    return record::kNoOffset;  // -2: called, but not begun
  }
  if (offset >= code.code_bytes) {
    *broken = true;
    return record::kNoOffset;
  }
  return static_cast<uint32_t>(offset);
}

template <class Sink>
Naming name_frames(const Sink& sink, bool whole, Watch& watch, record::FrameRef* to) {
  Naming naming;
  uint64_t last_address = 0;
  CodeRef last;
  for (uint32_t i = 0; i < sink.kept(); ++i) {
    if (sink.omitted() != 0 && i == sink.gap_at()) {
      to[naming.written++] = {record::kFramesOmitted, sink.omitted()};
    }
    const pyread::RawFrame frame = sink.kept_frame(i);
    if (frame.code != last_address) {
      last = find_code(frame.code, whole, watch);
      last_address = frame.code;
    }
    if (last.not_code && g_process.layout.any_executable()) {
      continue;
    }
    naming.broken = naming.broken || last.id == 0;
    const uint32_t offset = last.id == 0 ? record::kNoOffset : instruction_offset(frame, last, &naming.broken);
    if (naming.written == 0 && offset != record::kNoOffset) {
      // The code object is alive, for this frame runs it: its first byte is the opcode as it is specialised now.
      uint8_t opcode;
      std::memcpy(&opcode, reinterpret_cast<const void*>(frame.instr), 1);
      naming.opcode = opcode + 1u;
    }
    if (frame.entry != 0 && naming.entries < record::kEntryCountMax) {
      watch.entries[naming.entries++] = {frame.entry, naming.written};
    }
    to[naming.written++] = {last.id, offset};
  }
  return naming;
}

/// Whether the interpreter collects garbage now. A place out of our table is only believed if what stands around it is
/// the collector's state: it holds a pointer to its own youngest generation.
bool is_collecting(uint64_t python_state) {
  enum Believed : int { kNotAsked = 0, kYes, kNo };
  static std::atomic<int> believed{kNotAsked};
  const pyread::PythonLayout& layout = g_process.layout;
  if (layout.interpreter_collecting == 0 || believed.load(std::memory_order_relaxed) == kNo) {
    return false;
  }
  uint64_t interpreter;
  std::memcpy(&interpreter, reinterpret_cast<const void*>(python_state + layout.thread_interpreter), 8);
  const uint64_t flag = interpreter + layout.interpreter_collecting;
  if (layout.collecting_pointer != pyread::kAbsent && believed.load(std::memory_order_relaxed) == kNotAsked) {
    uint64_t youngest = 0;
    const bool good = OwnMemory::read_foreign(flag - layout.collecting_pointer, &youngest, sizeof youngest) &&
                      youngest == flag - layout.collecting_pointee;
    believed.store(good ? kYes : kNo, std::memory_order_relaxed);
    if (!good) {
      return false;
    }
  }
  int collecting;
  std::memcpy(&collecting, reinterpret_cast<const void*>(flag), sizeof collecting);
  return collecting == 1;
}

struct OwnState {
  uint64_t address = 0;  ///< 0: none
  bool has_gil = false;
};

/// The thread state that the calling thread runs with. While it executes a sub-interpreter that is another one than
/// PyGILState_GetThisThreadState tells. 3.11 knows one running state for all threads: it may be another thread's.
OwnState own_state(const Watch& watch, bool may_have_gil) {
  OwnState own{reinterpret_cast<uint64_t>(g_process.own_python_state()), false};
  const uint64_t running = may_have_gil && g_process.running_python_state != nullptr
                               ? reinterpret_cast<uint64_t>(g_process.running_python_state())
                               : 0;
  if (running == 0 || running == own.address) {
    own.has_gil = running != 0;
    return own;
  }
  uint64_t native_id = 0;
  if (OwnMemory::read_foreign(running + g_process.layout.thread_native_id, &native_id, sizeof native_id) &&
      native_id == watch.tid) {
    return {running, true};
  }
  return own;
}

}  // namespace

OwnStack read_own_stack(Watch& watch, uint64_t stack_pointer, bool may_have_gil) {
  using Sink = pyread::FrameSink<record::kFrameCountMax>;
  OwnStack stack;
  Sink sink(watch.frames);
  pyread::WalkEnd end = pyread::WalkEnd::Complete;
  const OwnState own = own_state(watch, may_have_gil);
  stack.python_state = own.address;
  if (stack.python_state != 0) {
    OwnMemory memory(watch, stack_pointer, stack.python_state);
    pyread::FrameWalk<OwnMemory> walk(g_process.layout, memory);
    end = walk.walk(stack.python_state, sink);
    stack.has_gil = own.has_gil;
    stack.collecting = stack.has_gil && is_collecting(stack.python_state);
  }
  // Descriptions of new code objects go into the ring first, so that no record names the unknown.
  const Naming naming = name_frames(sink, end == pyread::WalkEnd::Complete, watch, watch.refs);
  stack.broken = end == pyread::WalkEnd::Broken || naming.broken;
  stack.repaired = end == pyread::WalkEnd::Repaired;
  stack.frame_count = naming.written;
  stack.entry_count = naming.entries;
  stack.opcode = naming.opcode;
  return stack;
}

uint32_t name_awaits(Watch& watch, const pyread::AwaitFrame* frames, uint32_t count) {
  for (uint32_t i = 0; i < count; ++i) {
    const pyread::AwaitFrame& frame = frames[count - 1 - i];
    const CodeRef code = find_code(frame.code, true, watch);
    bool broken = false;
    const uint32_t offset =
        code.id == 0 ? record::kNoOffset : instruction_offset({frame.code, frame.instr}, code, &broken);
    watch.refs[i] = {code.id, offset};
  }
  return count;
}

}  // namespace hasten::probe
