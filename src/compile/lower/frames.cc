// The frame that callees see of an activation (runtime/frames.h): taken at entry, given back at every exit, its position stored
// before each call of what may look.
#include <algorithm>
#include <string_view>

#include "compile/lower/body.h"

namespace hasten::compile {

using mir::ValueId;
using Effects = ModuleContext::Effects;
using Place = ModuleContext::Place;
using mir::BlockId;
using runtime::FramePlace;

namespace {

/// Helpers that run no code which could look, or that see to the position themselves.
bool looks_at_nothing(std::string_view name) {
  for (std::string_view one :
       {"hj_leave", "hj_traceback", "hj_raise", "hj_recursion_error", "hj_guards_hold", "hj_guard_holds", "hj_enter",
        "hj_take_over", "hj_enter_frame", "hj_leave_frame", "hj_innermost_frame"}) {
    if (name == one)
      return true;
  }
  return name.starts_with("hj_unbox_");
}

/// Whether the same frames are on the thread's stack, and all but the innermost at the same instructions.
bool have_same_frames(const FramePlace& a, const FramePlace& b) {
  return a.depth == b.depth && std::equal(a.level, a.level + a.depth, b.level) &&
         std::equal(a.offset, a.offset + a.depth - 1, b.offset);
}

constexpr FramePlace kOutermost{true, 1, {0}, {0}};

}  // namespace

/// At the entry of the body.
void BodyLowering::enter_frame() {
  if (!record_.shows_frame)
    return;
  frame_shape_ = m_.frame_shape(&s_.view.function());
  if (s_.osr_block == mir::kNone) {
    frame_ = b.CreateCall(m_.helper("hj_enter_frame", m_.ptr, {m_.ptr, m_.i64}, Effects::Any),
                          {m_.body_address(record_), depth_});
    within_ = &kOutermost;
  } else {  // the interpreter's, wherever it is in it
    frame_ = b.CreateCall(m_.helper("hj_innermost_frame", m_.ptr, {m_.ptr}, Effects::Any), {m_.body_address(record_)});
  }
}

/// Instructions of the function's own code are named by its address: what were computed from the frame would be hoisted out of
/// loops, one register for each of them.
llvm::Value* BodyLowering::at_offset(uint32_t level, uint32_t offset) {
  if (level == 0)
    return llvm::ConstantExpr::getInBoundsGetElementPtr(m_.i8, m_.code_address(s_.view.function()),
                                                        b.getInt64(frame_shape_->bytecode + offset));
  llvm::Value* frame = b.CreateConstInBoundsGEP1_64(m_.i8, frame_, frame_shape_->frame_offsets[level]);
  return b.CreateConstInBoundsGEP1_64(m_.i8, load(m_.ptr, frame, frame_shape_->code, Place::Slot),
                                      frame_shape_->bytecode + offset);
}

/// Where the body ends.
void BodyLowering::leave_frame() {
  if (frame_ && s_.osr_block == mir::kNone)
    b.CreateCall(m_.helper("hj_leave_frame", m_.void_type, {m_.ptr}, Effects::Any), {frame_});
}

/// The frames that `place` is in are on the thread's stack from here on. Loops in place (comprehensions of CPython 3.11,
/// generator expressions) have one of their own: the code changes it where it goes into one and out of it, not at each call.
void BodyLowering::stand_within(const FramePlace* place) {
  if (!frame_ || frame_shape_->frame_count == 1 || (within_ && have_same_frames(*within_, *place)))
    return;
  llvm::Value* innermost = nullptr;
  for (uint32_t k = 0; k < place->depth; ++k) {
    innermost = b.CreateConstInBoundsGEP1_64(m_.i8, frame_, frame_shape_->frame_offsets[place->level[k]]);
    if (k + 1 < place->depth)
      store(at_offset(place->level[k], place->offset[k]), innermost, frame_shape_->position, Place::Slot);
  }
  llvm::Value* block = b.CreateLoad(m_.ptr, b.CreateConstInBoundsGEP1_64(m_.i64, frame_, static_cast<uint64_t>(-1)));
  store(innermost, load(m_.ptr, block, frame_shape_->top, Place::Slot), 0, Place::Slot);
  llvm::Value* budget = load(m_.ptr, block, frame_shape_->budget, Place::Slot);
  llvm::Value* before = load(m_.i32, block, frame_shape_->levels, Place::Slot);
  llvm::Value* levels = b.getInt32(place->depth - 1);
  store(b.CreateAdd(load(m_.i32, budget, 0, Place::Slot), b.CreateSub(before, levels)), budget, 0, Place::Slot);
  store(levels, block, frame_shape_->levels, Place::Slot);
  within_ = place;
}

/// What is emitted from here on is of `v`.
void BodyLowering::stand_at_instr(ValueId v) {
  if (!frame_ || frame_shape_->frame_count == 1)
    return;
  if (const FramePlace* place = m_.frame_place(&s_.view.function(), v); place->depth > 0)
    stand_within(place);
}

/// Within which frames a block begins.
const FramePlace* BodyLowering::place_at_start(BlockId block) const {
  if (!frame_ || frame_shape_->frame_count == 1)
    return &kOutermost;
  for (ValueId v = s_.view.first_after_phis(block); v < s_.view.end(block); ++v) {
    if (const FramePlace* place = m_.frame_place(&s_.view.function(), v); place->depth > 0)
      return place;
  }
  return &kOutermost;
}

/// The activation is at `v` from here on.
void BodyLowering::show_position(ValueId v) {
  if (!frame_ || v == mir::kNone || (shown_in_ == b.GetInsertBlock() && shown_ == v))
    return;
  const FramePlace& at = *m_.frame_place(&s_.view.function(), v);
  if (at.depth > 0) {
    if (frame_shape_->frame_count > 1 && !(within_ && have_same_frames(*within_, at)))
      m_.defect = "an instruction is not within its frames";
    const uint32_t level = at.level[at.depth - 1];
    llvm::Value* frame = b.CreateConstInBoundsGEP1_64(m_.i8, frame_, frame_shape_->frame_offsets[level]);
    store(at_offset(level, at.offset[at.depth - 1]), frame, frame_shape_->position, Place::Slot);
  }
  shown_in_ = b.GetInsertBlock();
  shown_ = v;
}

void BodyLowering::before_helper(const char* name) {
  if (frame_ && !looks_at_nothing(name))
    show_position(current_instr_);
}

}  // namespace hasten::compile
