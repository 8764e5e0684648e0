#include "collect/native_walk.h"

#include <elf.h>
#include <sys/auxv.h>
#include <sys/stat.h>

#include <cstring>

namespace hasten::collect {
namespace {

using unwind::Registers;

constexpr size_t kFramesMax = 512;

/// The kernel maps the same vdso into every process; ours is at hand.
unwind::FrameInfo vdso_info() {
  const auto* image = reinterpret_cast<const uint8_t*>(::getauxval(AT_SYSINFO_EHDR));
  if (image == nullptr) {
    return {};
  }
  Elf64_Ehdr head;
  std::memcpy(&head, image, sizeof head);
  const uint64_t bytes = head.e_shoff + static_cast<uint64_t>(head.e_shnum) * head.e_shentsize;
  return unwind::FrameInfo::of_image({image, bytes});
}

/// Code that registered itself keeps a frame pointer. Its first two instructions set it up.
std::optional<Registers> step_compiled(const Registers& frame, uint64_t begin, const unwind::StackPiece& stack) {
  Registers caller = frame;
  uint64_t return_address = 0;
  uint64_t frame_pointer = frame.value[unwind::kRbp];
  uint64_t place = frame_pointer;
  if (frame.pc() == begin) {
    place = frame.sp() - 8;
  } else {
    if (frame.pc() == begin + 1) {  // push rbp has been
      place = frame.sp();
    } else if (!frame.knows(unwind::kRbp) || frame_pointer < frame.sp()) {
      return std::nullopt;
    }
    if (!stack.read(place, &frame_pointer)) {
      return std::nullopt;
    }
  }
  if (!stack.read(place + 8, &return_address)) {
    return std::nullopt;
  }
  caller.set(unwind::kRbp, frame_pointer);
  caller.set(unwind::kRsp, place + 16);
  caller.set(unwind::kReturnAddress, return_address);
  caller.known &= ~(1u << unwind::kRbx | 0xfu << 12);  // what it saved of the others is not known
  return caller;
}

}  // namespace

bool parse_native_part(const uint8_t* bytes, uint32_t length, NativeSample* sample) {
  record::NativePart part;
  if (length < sizeof part) {
    return false;
  }
  std::memcpy(&part, bytes, sizeof part);
  const uint64_t entry_bytes = static_cast<uint64_t>(part.entry_count) * sizeof(record::EntryRef);
  if (part.entry_count > record::kEntryCountMax || sizeof part + entry_bytes + part.stack_bytes != length) {
    return false;
  }
  for (uint32_t i = 0; i < unwind::kRegisterCount; ++i) {
    sample->registers.set(i, part.registers[i]);
  }
  sample->entries.resize(part.entry_count);
  std::memcpy(sample->entries.data(), bytes + sizeof part, entry_bytes);
  sample->stack = {part.stack_begin, {bytes + sizeof part + entry_bytes, part.stack_bytes}};
  return true;
}

unwind::FrameInfo* NativeWalk::info_of(const record::Module& module) {
  const auto [at, is_new] = infos_.try_emplace(module.path);
  if (is_new) {
    struct stat status{};
    if (module.path == "[vdso]") {
      at->second = std::make_unique<unwind::FrameInfo>(vdso_info());
    } else if (::stat(module.path.c_str(), &status) == 0 && status.st_ino == module.inode) {
      at->second = std::make_unique<unwind::FrameInfo>(unwind::FrameInfo::read(module.path));
    }
  }
  return at->second.get();
}

NativeFrames NativeWalk::walk(const NativeSample& sample, uint64_t end_place) {
  NativeFrames walked;
  std::vector<NativeFrame>& frames = walked.frames;
  Registers registers = sample.registers;
  bool interrupted = true;  // the pc is the very instruction, not the one after a call
  while (frames.size() < kFramesMax && registers.pc() != 0) {
    const uint64_t pc = registers.pc();
    const uint64_t place = interrupted ? pc : pc - 1;
    NativeFrame frame{pc, place, registers.sp(), 0, false};
    std::optional<Registers> caller;
    interrupted = false;
    if (const auto range = modules_.compiled_at(place)) {
      frame.compiled = true;
      frame.function = range->first;
      caller = step_compiled(registers, range->first, sample.stack);
    } else {
      const record::Module* module = modules_.module_at(place);
      unwind::FrameInfo* info = module == nullptr ? nullptr : info_of(*module);
      if (module == nullptr) {
        walked.unmapped_pc = place;
        break;
      }
      if (info != nullptr) {
        const uint64_t bias = info->bias(module->begin, module->file_offset);
        const unwind::Row* row = info->row_at(place - bias);
        if (const auto extent = info->extent_of(place - bias)) {
          frame.function = extent->begin + bias;
        }
        if (row != nullptr && row->outermost) {
          frames.push_back(frame);
          walked.cut = false;
          break;
        }
        if (row != nullptr) {
          caller = info->step(*row, registers, sample.stack);
          interrupted = row->signal_frame;
        }
      }
    }
    frame.high = caller ? caller->sp() : 0;
    frames.push_back(frame);
    if (!caller) {
      break;
    }
    registers = *caller;
    if (registers.pc() == 0 || (end_place != 0 && registers.sp() > end_place)) {
      walked.cut = false;
      break;
    }
  }
  return walked;
}

}  // namespace hasten::collect
