#include "collect/outside_walk.h"

#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "collect/proc.h"
#include "collect/refusal.h"
#include "pyread/code_reader.h"
#include "pyread/frame_walk.h"
#include "pyread/thread_list.h"
#include "pyread/thread_name.h"

namespace hasten::collect {
namespace {

constexpr uint32_t kFrameCountMax = record::kFrameCountMax;

}  // namespace

bool TargetMemory::hold(uint64_t address, uint32_t bytes) {
  held_.clear();
  std::vector<uint8_t> copy(bytes);
  if (!read(address, copy.data(), bytes)) {
    return false;
  }
  held_ = std::move(copy);
  held_address_ = address;
  return true;
}

bool TargetMemory::read(uint64_t address, void* to, uint32_t bytes) const {
  if (address >= held_address_ && address + bytes <= held_address_ + held_.size()) {
    std::memcpy(to, held_.data() + (address - held_address_), bytes);
    return true;
  }
  const iovec local{to, bytes};
  const iovec remote{reinterpret_cast<void*>(address), bytes};
  return ::process_vm_readv(static_cast<pid_t>(pid_), &local, 1, &remote, 1, 0) == static_cast<ssize_t>(bytes);
}

OutsideWalk::OutsideWalk(const record::PythonPlace& python, uint32_t pid, Recorder& recorder)
    : memory_(pid),
      pid_(pid),
      has_own_numbers_(has_own_numbers(pid)),
      recorder_(recorder),
      runtime_address_(python.runtime_address),
      code_type_(python.code_type_address) {
  const pyread::PythonLayout* layout = pyread::find_layout(python.version_hex);
  if (layout == nullptr) {
    return;
  }
  layout_ = *layout;
  usable_ = true;
  if (layout_.publishes_offsets()) {
    std::array<uint8_t, pyread::kDebugOffsetsBytes> bytes;
    usable_ = memory_.read(runtime_address_, bytes.data(), bytes.size()) &&
              pyread::apply_debug_offsets(bytes.data(), python.version_hex, &layout_);
  }
}

uint32_t OutsideWalk::own_number(uint32_t tid) {
  if (!has_own_numbers_) {
    return tid;
  }
  const auto [known, is_new] = own_numbers_.try_emplace(tid, 0);
  if (is_new) {
    known->second = own_number_of_thread(pid_, tid);
  }
  return known->second;
}

std::optional<uint64_t> OutsideWalk::thread_state(uint32_t our_tid) {
  const uint32_t tid = own_number(our_tid);
  uint64_t native_id = 0;
  const auto known = thread_states_.find(tid);
  if (known != thread_states_.end() && memory_.read(known->second + layout_.thread_native_id, &native_id, 8) &&
      native_id == tid) {
    return known->second;
  }
  thread_states_.clear();
  pyread::visit_thread_states(layout_, runtime_address_, memory_, [&](uint64_t id, uint64_t state) {
    thread_states_.emplace(static_cast<uint32_t>(id), state);
  });
  const auto found = thread_states_.find(tid);
  if (found == thread_states_.end()) {
    own_numbers_.erase(our_tid);  // its number may have come to another thread
    return std::nullopt;
  }
  return found->second;
}

std::optional<OutsideWalk::KnownCode> OutsideWalk::code_at(uint64_t address) {
  pyread::CodeReader reader(layout_, code_type_, memory_);
  pyread::CodeFields fields;
  if (!reader.read(address, &fields)) {
    return std::nullopt;
  }
  const uint64_t fingerprint = fields.file.address * 31 + fields.qualname.address * 17 + fields.line_table_address * 7 +
                               fields.line_table_bytes * 5ull + fields.first_line;
  const auto known = codes_.find(address);
  if (known != codes_.end() && known->second.fingerprint == fingerprint) {
    return known->second;
  }
  constexpr uint32_t kNameBytesMax = 1u << 20;
  if (fields.file.byte_count() > kNameBytesMax || fields.qualname.byte_count() > kNameBytesMax ||
      fields.line_table_bytes > kNameBytesMax) {
    return std::nullopt;
  }
  std::vector<uint8_t> file(fields.file.byte_count());
  std::vector<uint8_t> qualname(fields.qualname.byte_count());
  record::Code code;
  code.line_table.resize(fields.line_table_bytes);
  if (!memory_.read(fields.file.address, file.data(), fields.file.byte_count()) ||
      !memory_.read(fields.qualname.address, qualname.data(), fields.qualname.byte_count()) ||
      !memory_.read(fields.line_table_address, code.line_table.data(), fields.line_table_bytes)) {
    return std::nullopt;
  }
  code.qualname = to_utf8(qualname.data(), {fields.qualname.unit_bytes, fields.qualname.length});
  code.first_line = fields.first_line;
  code.flags = fields.flags;
  code.code_bytes = fields.code_bytes;
  const std::string path = to_utf8(file.data(), {fields.file.unit_bytes, fields.file.length});
  const KnownCode found{fingerprint, recorder_.names().code(path, std::move(code), recorder_.cwd()), fields.code_bytes};
  codes_[address] = found;
  return found;
}

std::optional<uint64_t> OutsideWalk::innermost_frame(uint64_t state) const {
  uint64_t address = 0;
  if (!layout_.via_cframe()) {
    return memory_.read(state + layout_.thread_frame, &address, 8) ? std::optional(address) : std::nullopt;
  }
  uint64_t cframe = 0;
  if (!memory_.read(state + layout_.thread_cframe, &cframe, 8) ||
      !memory_.read(cframe + layout_.cframe_frame, &address, 8)) {
    return std::nullopt;
  }
  return address;
}

std::optional<uint32_t> OutsideWalk::moving_stack_of(uint32_t tid) {
  constexpr int kAttempts = 8;
  constexpr uint64_t kHeldBytesMax = 256u << 10;
  for (int attempt = 0; usable_ && attempt < kAttempts; ++attempt) {
    memory_.release();
    const std::optional<uint64_t> state = thread_state(tid);
    if (!state) {
      return 0;
    }
    const std::optional<uint64_t> before = innermost_frame(*state);
    uint64_t chunk = 0;
    uint64_t size = 0;
    if (!before || !memory_.read(*state + layout_.thread_chunk, &chunk, 8)) {
      continue;
    }
    if (chunk != 0 && memory_.read(chunk + layout_.chunk_size, &size, 8) && size <= kHeldBytesMax) {
      memory_.hold(chunk, static_cast<uint32_t>(size));
    }
    const std::optional<uint32_t> stack = stack_of(tid);
    memory_.release();
    if (stack && innermost_frame(*state) == before) {
      return stack;
    }
  }
  return std::nullopt;
}

std::optional<uint32_t> OutsideWalk::stack_of(uint32_t tid) {
  if (!usable_) {
    return std::nullopt;
  }
  const std::optional<uint64_t> state = thread_state(tid);
  if (!state) {
    return 0;
  }
  std::vector<pyread::RawFrame> frames(kFrameCountMax);
  pyread::FrameSink<kFrameCountMax> sink(frames.data());
  pyread::FrameWalk<const TargetMemory> walk(layout_, memory_);
  if (walk.walk(*state, sink) != pyread::WalkEnd::Complete) {
    return std::nullopt;
  }
  uint32_t stack = 0;
  for (uint32_t i = sink.kept(); i > 0; --i) {
    const pyread::RawFrame& frame = sink.kept_frame(i - 1);
    record::StackNode node;
    const std::optional<KnownCode> code = code_at(frame.code);
    if (!code) {
      if (layout_.any_executable()) {
        continue;
      }
      return std::nullopt;
    }
    const int64_t offset = static_cast<int64_t>(frame.instr - frame.code) - layout_.code_start;
    node.parent = stack;
    node.code = code->code;
    node.offset = offset >= 0 && offset < code->code_bytes ? static_cast<uint32_t>(offset) : record::kNoOffset;
    stack = recorder_.names().node(node);
    if (sink.omitted() != 0 && i - 1 == sink.gap_at()) {
      record::StackNode gap;
      gap.parent = stack;
      gap.code = record::kOmittedFrames;
      stack = recorder_.names().node(gap);
    }
  }
  return stack;
}

std::optional<std::string> OutsideWalk::thread_name(uint32_t tid) {
  constexpr uint16_t kTellsTheSystem = 0x030e;
  constexpr uint32_t kNameBytesMax = 1024;
  const std::optional<uint64_t> state = usable_ && layout_.version < kTellsTheSystem ? thread_state(tid) : std::nullopt;
  pyread::ThreadNameReader<const TargetMemory> reader(layout_, code_type_, memory_);
  pyread::TextPlace name;
  if (!state || !reader.find(*state, &name) || name.byte_count() > kNameBytesMax) {
    return std::nullopt;
  }
  std::vector<uint8_t> bytes(name.byte_count());
  pyread::TextPlace again;
  // The thread holds the Thread, which holds its name: what is still there has been there.
  if (!memory_.read(name.address, bytes.data(), name.byte_count()) || !reader.find(*state, &again) ||
      again.address != name.address) {
    return std::nullopt;
  }
  return to_utf8(bytes.data(), {name.unit_bytes, name.length});
}

}  // namespace hasten::collect
