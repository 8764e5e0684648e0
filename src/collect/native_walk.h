// The native frames of one sample, from its registers and the piece of stack that was copied with it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "collect/modules.h"
#include "record/region.h"
#include "unwind/frame_info.h"

namespace hasten::collect {

struct NativeFrame {
  uint64_t pc = 0;        ///< for all but the innermost: the address after the call
  uint64_t function = 0;  ///< where the function begins; the pc if that is not known
  uint64_t low = 0;       ///< its part of the stack; high 0: not known
  uint64_t high = 0;
  bool compiled = false;  ///< code that registered itself
};

struct NativeFrames {
  std::vector<NativeFrame> frames;
  bool cut = true;           ///< the walk did not come to its end
  uint64_t unmapped_pc = 0;  ///< it was cut because nothing is known to be mapped there
};

/// What a sample told of the C stack, checked.
struct NativeSample {
  unwind::Registers registers;
  unwind::StackPiece stack;
  std::vector<record::EntryRef> entries;  ///< innermost first
};

/// False if the bytes are not a record::NativePart and what belongs to it. `sample` refers to `bytes`.
bool parse_native_part(const uint8_t* bytes, uint32_t length, NativeSample* sample);

/// Walks stacks of one process. Tables of files are read when they are first needed, and kept.
class NativeWalk {
 public:
  explicit NativeWalk(ModuleMap& modules) : modules_(modules) {}

  /// Innermost first. The walk ends at the thread's begin, past `end_place` (an address on the stack; 0: go on), or
  /// where nothing more is known.
  NativeFrames walk(const NativeSample& sample, uint64_t end_place);

 private:
  unwind::FrameInfo* info_of(const record::Module& module);

  ModuleMap& modules_;
  std::unordered_map<std::string, std::unique_ptr<unwind::FrameInfo>> infos_;  ///< by path; null: not to be trusted
};

}  // namespace hasten::collect
