// Frames of CPython's for code that runs without them, so that callees who look see what they would see: sys._getframe(),
// warnings with a stacklevel, logging, inspect.stack(), the module of a caller, the line that allocated.
//
// An activation of compiled code that calls what may look puts one _PyInterpreterFrame on the thread's stack of frames and
// keeps the position in it up to date, by one store before each such call. Nothing is in its local variables. CPython makes
// frame objects for frames when somebody asks; when the activation ends while somebody still holds the object, that gets
// the frame's data, as CPython does it at the end of a call.
//
// The frames of a function lie ready in its pool, filled in but for their place on the stack: coming and going costs a few
// loads and stores. They are not on C stacks, which greenlets move away.
#pragma once

#include <Python.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "runtime/code_places.h"
#include "runtime/hasten_runtime.h"

namespace hasten::runtime {

class FramePool {
 public:
  /// is_hidden: there is a frame already, that of a trampoline: nobody sees ours. Runs Python code.
  FramePool(const mir::MirFunction& function, bool is_hidden);
  ~FramePool();
  FramePool(const FramePool&) = delete;
  FramePool& operator=(const FramePool&) = delete;

  /// The frame of a new activation, which is the thread's innermost from now on. calls_left: the Python calls that are left in
  /// it, or -1: the thread's budget knows already. Native code that calls native code counts by itself.
  void* enter(int64_t calls_left);
  /// Takes away what enter() gave. May run Python code; keeps an exception that is set.
  static void leave(void* frame);
  /// The frame of the activation that is the innermost. REQUIRES: it is one of this function's.
  void* innermost();
  /// `frame` is at instruction `index` from now on.
  void move(void* frame, uint32_t index);
  /// Where instruction `index` stands. Runs Python code when it is asked for the first time.
  const FramePlace& place(uint32_t index);
  const FrameShape& shape() const { return shape_; }
  bool is_hidden() const { return unseen_ != nullptr; }

 private:
  struct Block;
  /// One of the codes whose frames an activation may have: the function's own, then those of comprehensions (CPython 3.11)
  /// and generator expressions that are loops in place.
  struct Level {
    ObjectRef code;
    uint32_t outer;   ///< the level around it
    uint32_t offset;  ///< of its frame, from the first one, in bytes
  };

  void add_level(PyCodeObject* code, uint32_t outer);
  Block* new_block();
  static void settle(Block* block);
  void free_block(Block* block);

  const mir::MirFunction& function_;
  CodePlaces places_;
  std::vector<Level> levels_;
  std::vector<FramePlace> known_places_;
  std::vector<uint32_t> offsets_;
  FrameShape shape_ = {};
  uint32_t block_bytes_ = 0;
  Block* free_ = nullptr;
  Block* unseen_ = nullptr;  ///< if they are hidden: the same for all activations
};

/// An activation's frame for as long as this lives.
class ShownFrame {
 public:
  /// is_there: the code that was left for the interpreter has put one there.
  ShownFrame(FramePool& pool, bool is_there)
      : pool_(pool), frame_(is_there ? pool.innermost() : pool.enter(-1)), is_ours_(!is_there) {}
  ~ShownFrame() {
    if (is_ours_) {
      FramePool::leave(frame_);
    }
  }
  ShownFrame(const ShownFrame&) = delete;
  ShownFrame& operator=(const ShownFrame&) = delete;

  void move(uint32_t index) { pool_.move(frame_, index); }

 private:
  FramePool& pool_;
  void* frame_;
  bool is_ours_;
};

}  // namespace hasten::runtime
