// The frame that callees see of an activation (runtime/frames.h): taken at entry, given back at every exit, its position stored
// before each call of what may look.
#include <string_view>

#include "compile/lower/body.h"

namespace hasten::compile {

using mir::ValueId;
using Effects = ModuleContext::Effects;
using Place = ModuleContext::Place;

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

}  // namespace

/// At the entry of the body.
void BodyLowering::enter_frame() {
  if (!record_.shows_frame)
    return;
  frame_shape_ = m_.frame_shape(&s_.view.function());
  frame_ = s_.osr_block == mir::kNone
               ? b.CreateCall(m_.helper("hj_enter_frame", m_.ptr, {m_.ptr, m_.i64}, Effects::Any),
                              {m_.body_address(record_), depth_})
               : b.CreateCall(m_.helper("hj_innermost_frame", m_.ptr, {m_.ptr}, Effects::Any),
                              {m_.body_address(record_)});  // the interpreter's
  bytecode_ = bytecode_of(frame_);
}

llvm::Value* BodyLowering::bytecode_of(llvm::Value* frame) {
  llvm::Value* code = load(m_.ptr, frame, frame_shape_->code, Place::Slot);
  return b.CreateConstInBoundsGEP1_64(m_.i8, code, frame_shape_->bytecode);
}

/// Where the body ends.
void BodyLowering::leave_frame() {
  if (frame_ && s_.osr_block == mir::kNone)
    b.CreateCall(m_.helper("hj_leave_frame", m_.void_type, {m_.ptr}, Effects::Any), {frame_});
}

/// The activation is at `v` from here on.
void BodyLowering::show_position(ValueId v) {
  if (!frame_ || v == mir::kNone || (shown_in_ == b.GetInsertBlock() && shown_ == v))
    return;
  const runtime::FramePlace& at = *m_.frame_place(&s_.view.function(), v);
  llvm::Value* innermost = nullptr;
  for (uint32_t k = 0; k < at.depth; ++k) {
    innermost = b.CreateConstInBoundsGEP1_64(m_.i8, frame_, frame_shape_->frame_offsets[at.level[k]]);
    llvm::Value* bytecode = k == 0 ? bytecode_ : bytecode_of(innermost);
    store(b.CreateConstInBoundsGEP1_64(m_.i8, bytecode, at.offset[k]), innermost, frame_shape_->position, Place::Slot);
  }
  if (innermost && frame_shape_->frame_count > 1) {
    llvm::Value* block = b.CreateLoad(m_.ptr, b.CreateConstInBoundsGEP1_64(m_.i64, frame_, static_cast<uint64_t>(-1)));
    llvm::Value* top = load(m_.ptr, block, frame_shape_->top, Place::Slot);
    store(innermost, top, 0, Place::Slot);
    llvm::Value* budget = load(m_.ptr, block, frame_shape_->budget, Place::Slot);
    llvm::Value* before = load(m_.i32, block, frame_shape_->levels, Place::Slot);
    llvm::Value* levels = b.getInt32(at.depth - 1);
    store(b.CreateAdd(load(m_.i32, budget, 0, Place::Slot), b.CreateSub(before, levels)), budget, 0, Place::Slot);
    store(levels, block, frame_shape_->levels, Place::Slot);
  }
  shown_in_ = b.GetInsertBlock();
  shown_ = v;
}

void BodyLowering::before_helper(const char* name) {
  if (frame_ && !looks_at_nothing(name))
    show_position(current_instr_);
}

}  // namespace hasten::compile
