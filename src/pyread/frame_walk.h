// The walk over one thread's Python frames, from the innermost outwards.
//
// Input: the address of a PyThreadState, a layout, and a reader: anything with
//     bool read(uint64_t address, void* to, uint32_t bytes)
// that returns false rather than fault. Output: (code object, instruction) pairs into a sink. Neither
// allocates nor locks: the probe runs this in a signal handler, on the very thread that it walks.
//
// Two windows of CPython 3.11 and 3.12 show half-set frames: the evaluation loop's prologue links its C
// frame before it says which frame runs there, and a generator that was just left has lost its
// `previous`. Both are found by one rule: the outermost frame of a C frame must lead to the innermost
// frame of the enclosing C frame, and the last C frame must be the thread's root. Where the rule fails,
// the frames of that C frame are dropped and the walk goes on from the enclosing one: the caller is
// blamed, which is true to within the few instructions of the window.
#pragma once

#include <cstdint>
#include <cstring>

#include "pyread/layout.h"

namespace hasten::pyread {

struct RawFrame {
  uint64_t code;       ///< address of what the frame runs, supposedly a code object
  uint64_t instr;      ///< address of the instruction, or of the code unit before the next one (3.11, 3.12)
  uint64_t entry = 0;  ///< nonzero: an evaluation loop began with this frame; a place within that loop's C frame
};

enum class WalkEnd : uint8_t {
  Complete,  ///< reached the thread's root
  Repaired,  ///< reached it after dropping half-set frames
  Broken,    ///< did not reach it; what was collected may be only the inner part
};

/// Frames kept of a very deep stack: the innermost half, and as many of the outermost.
template <uint32_t kCapacity>
class FrameSink {
 public:
  explicit FrameSink(RawFrame* frames) : frames_(frames) {}

  void push(RawFrame frame) {
    const uint32_t at = count_ < kCapacity ? count_ : kHalf + (count_ - kHalf) % (kCapacity - kHalf);
    frames_[at] = frame;
    last_ = at;
    ++count_;
  }
  /// An evaluation loop began with the frame pushed last.
  void mark_entry(uint64_t place) { frames_[last_].entry = place; }
  uint32_t count() const { return count_; }
  /// Forgets all frames from `count` on. Returns false if they are no longer all there.
  bool drop_to(uint32_t count) {
    if (count_ > kCapacity) {
      return false;
    }
    count_ = count;
    return true;
  }
  uint32_t kept() const { return count_ < kCapacity ? count_ : kCapacity; }
  uint32_t omitted() const { return count_ - kept(); }
  /// Where the omitted frames would stand among the kept ones.
  uint32_t gap_at() const { return kHalf; }
  /// The i-th kept frame, innermost first.
  const RawFrame& kept_frame(uint32_t i) const {
    if (count_ <= kCapacity || i < kHalf) {
      return frames_[i];
    }
    const uint32_t outer = kCapacity - kHalf;
    return frames_[kHalf + (count_ - kHalf + (i - kHalf)) % outer];
  }

 private:
  static constexpr uint32_t kHalf = kCapacity / 2;
  RawFrame* frames_;
  uint32_t count_ = 0;
  uint32_t last_ = 0;
};

/// A walk gives up after so many frames: no honest stack is deeper, and a cycle must end.
inline constexpr uint32_t kWalkedFramesMax = 200'000;

template <class Reader>
class FrameWalk {
 public:
  FrameWalk(const PythonLayout& layout, Reader& reader) : layout_(layout), reader_(reader) {}

  template <class Sink>
  WalkEnd walk(uint64_t thread_state, Sink& sink) {
    return layout_.via_cframe() ? walk_cframes(thread_state, sink) : walk_direct(thread_state, sink);
  }

 private:
  struct Frame {
    uint64_t code;
    uint64_t previous;
    uint64_t instr;
    bool shim;   ///< not a Python frame
    bool entry;  ///< `previous` belongs to the enclosing C frame
  };

  bool read_word(uint64_t address, uint64_t* value) { return reader_.read(address, value, sizeof *value); }

  bool read_frame(uint64_t address, Frame* frame) {
    uint8_t bytes[kFrameBytesMax];
    if (address % 8 != 0 || !reader_.read(address, bytes, layout_.frame_bytes)) {
      return false;
    }
    std::memcpy(&frame->code, bytes + layout_.frame_code, 8);
    frame->code &= ~uint64_t{layout_.frame_code_tag};
    std::memcpy(&frame->previous, bytes + layout_.frame_previous, 8);
    std::memcpy(&frame->instr, bytes + layout_.frame_instr, 8);
    const uint8_t owner = bytes[layout_.frame_owner];
    frame->shim = owner >= layout_.owner_shim;
    frame->entry = layout_.frame_is_entry == kAbsent ? frame->shim : bytes[layout_.frame_is_entry] != 0;
    return owner <= layout_.owner_max && (frame->shim || frame->code % 8 == 0);
  }

  template <class Sink>
  WalkEnd walk_direct(uint64_t thread_state, Sink& sink) {
    uint64_t address = 0;
    if (!read_word(thread_state + layout_.thread_frame, &address)) {
      return WalkEnd::Broken;
    }
    bool outermost_is_shim = true;  // no frame at all is a whole stack
    bool pushed = false;            // since the last shim
    for (uint32_t steps = 0; address != 0; ++steps) {
      Frame frame;
      if (steps == kWalkedFramesMax || !read_frame(address, &frame)) {
        return WalkEnd::Broken;
      }
      if (!frame.shim) {
        sink.push({frame.code, frame.instr});
      } else if (pushed) {
        sink.mark_entry(address);  // the shim is a variable of the loop
      }
      pushed = !frame.shim;
      outermost_is_shim = frame.shim;
      address = frame.previous;
    }
    return outermost_is_shim ? WalkEnd::Complete : WalkEnd::Broken;
  }

  struct CFrame {
    uint64_t address;
    uint64_t frame;
    uint64_t previous;
  };

  bool read_cframe(uint64_t address, CFrame* cframe) {
    cframe->address = address;
    return address != 0 && address % 8 == 0 && read_word(address + layout_.cframe_frame, &cframe->frame) &&
           read_word(address + layout_.cframe_previous, &cframe->previous);
  }

  template <class Sink>
  WalkEnd walk_cframes(uint64_t thread_state, Sink& sink) {
    const uint64_t root = thread_state + layout_.thread_root_cframe;
    uint64_t first = 0;
    CFrame cframe;
    if (!read_word(thread_state + layout_.thread_cframe, &first) || !read_cframe(first, &cframe)) {
      return WalkEnd::Broken;
    }
    WalkEnd end = WalkEnd::Complete;
    uint32_t steps = 0;
    // One turn a C frame.
    while (cframe.address != root) {
      CFrame enclosing;
      if (!read_cframe(cframe.previous, &enclosing)) {
        return WalkEnd::Broken;
      }
      const uint32_t count_before = sink.count();
      const Turn turn = walk_one_cframe(cframe.frame, enclosing.frame, sink, &steps);
      if (turn == Turn::GaveUp) {
        return WalkEnd::Broken;
      }
      if (turn == Turn::Torn) {
        if (!sink.drop_to(count_before)) {
          return WalkEnd::Broken;
        }
        end = WalkEnd::Repaired;
      } else if (sink.count() != count_before) {
        sink.mark_entry(cframe.address);  // likewise
      }
      cframe = enclosing;
      if (++steps >= kWalkedFramesMax) {
        return WalkEnd::Broken;
      }
    }
    return cframe.frame == 0 ? end : WalkEnd::Broken;
  }

  enum class Turn : uint8_t { Good, Torn, GaveUp };

  /// Collects the frames of one C frame. Good if they lead to `enclosing_frame`.
  template <class Sink>
  Turn walk_one_cframe(uint64_t address, uint64_t enclosing_frame, Sink& sink, uint32_t* steps) {
    for (;;) {
      Frame frame;
      if (++*steps >= kWalkedFramesMax) {
        return Turn::GaveUp;
      }
      if (address == 0 || !read_frame(address, &frame)) {
        return Turn::Torn;
      }
      if (!frame.shim) {
        sink.push({frame.code, frame.instr});
      }
      if (frame.entry) {
        return frame.previous == enclosing_frame ? Turn::Good : Turn::Torn;
      }
      address = frame.previous;
    }
  }

  const PythonLayout& layout_;
  Reader& reader_;
};

}  // namespace hasten::pyread
