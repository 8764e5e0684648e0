// Depends on the version of CPython: its own header of frames says how they lie.
#define Py_BUILD_CORE 1
#include <Python.h>
#include <internal/pycore_frame.h>

#include "runtime/frames.h"

#include <cstddef>
#include <cstring>

#include "runtime/object_layout.h"
#include "runtime/object_ref.h"

#pragma GCC diagnostic ignored "-Winvalid-offsetof"

namespace hasten::runtime {
namespace {

using Frame = _PyInterpreterFrame;

template <class Thread>
Frame** top_of(Thread* thread) {
  if constexpr (requires { thread->cframe; }) {
    return &thread->cframe->current_frame;
  } else {
    return &thread->current_frame;
  }
}

template <class F>
constexpr size_t position_in() {
  if constexpr (requires(F f) { f.prev_instr; }) {
    return offsetof(F, prev_instr);
  } else {
    return offsetof(F, instr_ptr);
  }
}
template <class F>
constexpr size_t code_in() {
  if constexpr (requires(F f) { f.f_code; }) {
    return offsetof(F, f_code);
  } else {
    return offsetof(F, f_executable);
  }
}
template <class F>
constexpr size_t function_in() {
  if constexpr (requires(F f) { f.f_funcobj; }) {
    return offsetof(F, f_funcobj);
  } else {
    return offsetof(F, f_func);
  }
}
constexpr size_t kPosition = position_in<Frame>(), kCode = code_in<Frame>(), kFunction = function_in<Frame>();

template <class F>
void clear_marks(F* frame) {
  if constexpr (requires { frame->is_entry; }) {
    frame->is_entry = false;
  } else {
    frame->return_offset = 0;
  }
}

template <class T>
T& field(Frame* frame, size_t offset) {
  return *reinterpret_cast<T*>(reinterpret_cast<char*>(frame) + offset);
}

char* code_of(PyCodeObject* code) { return code->co_code_adaptive; }

void fill(Frame* frame, PyCodeObject* code, PyObject* function, PyObject* closure) {
  auto* as_function = reinterpret_cast<PyFunctionObject*>(function);
  field<PyCodeObject*>(frame, kCode) = code;
  field<PyObject*>(frame, kFunction) = function;
  clear_marks(frame);
  frame->f_globals = as_function->func_globals;
  frame->f_builtins = as_function->func_builtins;
  frame->f_locals = nullptr;
  frame->frame_obj = nullptr;
  frame->previous = nullptr;
  frame->owner = FRAME_OWNED_BY_THREAD;
  frame->stacktop = code->co_nlocalsplus;
  field<char*>(frame, kPosition) = code_of(code) + sizeof(_Py_CODEUNIT) * static_cast<size_t>(code->_co_firsttraceable);
  std::memset(frame->localsplus, 0, sizeof(PyObject*) * static_cast<size_t>(code->co_nlocalsplus));
  // CPython reads cells of free variables without asking whether they are there. Those of a closure live as long as it.
  PyObject** free = frame->localsplus + code->co_nlocalsplus - code->co_nfreevars;
  for (int i = 0; i < code->co_nfreevars; ++i) {
    free[i] = closure && i < PyTuple_GET_SIZE(closure) ? PyTuple_GET_ITEM(closure, i) : PyCell_New(nullptr);
  }
}

uint32_t bytes_of(const PyCodeObject* code) {
  return static_cast<uint32_t>(offsetof(Frame, localsplus) +
                               sizeof(PyObject*) * static_cast<size_t>(code->co_nlocalsplus));
}

/// The end of a frame whose object somebody else holds too, as CPython does it.
void give_to_object(Frame* frame, PyFrameObject* object) {
  PyFrameObject* back = PyFrame_GetBack(object);
  auto* code = field<PyCodeObject*>(frame, kCode);
  auto* own = reinterpret_cast<Frame*>(object->_f_frame_data);
  std::memcpy(own, frame, bytes_of(code));
  Py_INCREF(code);
  Py_INCREF(field<PyObject*>(own, kFunction));
  frame->f_locals = nullptr;
  for (int i = code->co_nlocalsplus - code->co_nfreevars; i < code->co_nlocalsplus; ++i) {
    Py_XINCREF(own->localsplus[i]);
  }
  own->owner = FRAME_OWNED_BY_FRAME_OBJECT;
  own->frame_obj = object;
  own->previous = nullptr;
  object->f_frame = own;
  Py_XSETREF(object->f_back, back);
  if (!PyObject_GC_IsTracked(reinterpret_cast<PyObject*>(object))) {
    PyObject_GC_Track(object);
  }
}

bool is_loop_in_place(PyCodeObject* code) {
  return is_named(code, "<listcomp>") || is_named(code, "<setcomp>") || is_named(code, "<dictcomp>") ||
         is_named(code, "<genexpr>");
}

}  // namespace

/// The frames of one activation, each after the address of the block.
struct FramePool::Block {
  FramePool* pool;
  Block* next;  ///< of the free ones
  // While it is in use:
  Frame** top;  ///< of the thread
  int* budget;  ///< likewise
  int charge;   ///< Python calls that native code did not take off the budget, and are now
  int levels;   ///< and those that are frames in the first one
  Frame* frame(uint32_t offset) {
    return reinterpret_cast<Frame*>(reinterpret_cast<char*>(this + 1) + sizeof(void*) + offset);
  }
  static Block* of(void* frame) { return static_cast<Block**>(frame)[-1]; }
};

FramePool::FramePool(const mir::MirFunction& function, bool is_hidden)
    : function_(function), places_(reinterpret_cast<PyCodeObject*>(PyFunction_GET_CODE(function.function))) {
  auto* code = reinterpret_cast<PyCodeObject*>(PyFunction_GET_CODE(function.function));
  known_places_.resize(function.instr_count);
  add_level(code, 0);
  for (uint32_t k = 0; k < levels_.size(); ++k) {
    auto* around = reinterpret_cast<PyCodeObject*>(levels_[k].code.get());
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(around->co_consts); ++i) {
      PyObject* item = PyTuple_GET_ITEM(around->co_consts, i);
      if (PyCode_Check(item) && is_loop_in_place(reinterpret_cast<PyCodeObject*>(item))) {
        add_level(reinterpret_cast<PyCodeObject*>(item), k);
      }
    }
  }
  for (const Level& level : levels_) {
    offsets_.push_back(level.offset);
  }
  shape_.frame_offsets = offsets_.data();
  shape_.frame_count = static_cast<uint32_t>(levels_.size());
  shape_.code = kCode;
  shape_.position = kPosition;
  shape_.bytecode = offsetof(PyCodeObject, co_code_adaptive);
  shape_.top = offsetof(Block, top);
  shape_.budget = offsetof(Block, budget);
  shape_.levels = offsetof(Block, levels);
  static Frame* nowhere = nullptr;
  static int no_budget = 0;
  if (is_hidden) {
    unseen_ = new_block();
    unseen_->top = &nowhere;
    unseen_->budget = &no_budget;
    unseen_->levels = 0;
    unseen_->charge = 0;
  }
}

FramePool::~FramePool() {
  while (free_) {
    Block* block = free_;
    free_ = block->next;
    free_block(block);
  }
  if (unseen_) {
    free_block(unseen_);
  }
}

void FramePool::free_block(Block* block) {
  for (size_t k = 1; k < levels_.size(); ++k) {
    auto* code = reinterpret_cast<PyCodeObject*>(levels_[k].code.get());
    Frame* frame = block->frame(levels_[k].offset);
    for (int i = code->co_nlocalsplus - code->co_nfreevars; i < code->co_nlocalsplus; ++i) {
      Py_XDECREF(frame->localsplus[i]);
    }
  }
  PyMem_Free(block);
}

void FramePool::add_level(PyCodeObject* code, uint32_t outer) {
  constexpr size_t kLevelsMax = 32;
  if (levels_.size() >= kLevelsMax) {
    return;
  }
  levels_.push_back({ObjectRef::share(reinterpret_cast<PyObject*>(code)), outer, block_bytes_});
  block_bytes_ += bytes_of(code) + static_cast<uint32_t>(sizeof(void*));
}

FramePool::Block* FramePool::new_block() {
  auto* block = static_cast<Block*>(PyMem_Malloc(sizeof(Block) + block_bytes_));
  if (!block) {
    Py_FatalError("hasten: no memory for a frame");
  }
  block->pool = this;
  for (const Level& level : levels_) {
    Frame* frame = block->frame(level.offset);
    reinterpret_cast<Block**>(frame)[-1] = block;
    fill(frame, reinterpret_cast<PyCodeObject*>(level.code.get()), function_.function,
         level.offset == 0 ? PyFunction_GET_CLOSURE(function_.function) : nullptr);
    if (level.offset != 0) {
      frame->previous = block->frame(levels_[level.outer].offset);
    }
  }
  return block;
}

void* FramePool::enter(int64_t calls_left) {
  if (unseen_) {
    return unseen_->frame(0);
  }
  Block* block = free_ ? free_ : new_block();
  if (block == free_) {
    free_ = block->next;
  }
  Frame* frame = block->frame(0);
  PyThreadState* const thread = PyThreadState_Get();
  block->top = top_of(thread);
  block->budget = python_call_budget(thread);
  block->charge = calls_left < 0 ? 0 : *block->budget - static_cast<int>(calls_left);
  block->levels = 0;
  *block->budget -= block->charge;
  frame->previous = *block->top;
  *block->top = frame;
  return frame;
}

void FramePool::settle(Block* block) {
  const KeepError keep;
  const std::vector<Level>& levels = block->pool->levels_;
  for (size_t k = levels.size(); k-- > 0;) {  // the inner ones first: they ask for the object of the outer one
    Frame* frame = block->frame(levels[k].offset);
    if (PyFrameObject* object = frame->frame_obj) {
      if (Py_REFCNT(object) > 1) {
        give_to_object(frame, object);
      }
      frame->frame_obj = nullptr;
      Py_DECREF(object);
    }
    Py_CLEAR(frame->f_locals);
  }
}

void FramePool::leave(void* frame) {
  const auto has_objects = [](Frame* one) { return one->frame_obj != nullptr || one->f_locals != nullptr; };
  Block* block = Block::of(frame);
  FramePool* pool = block->pool;
  if (block == pool->unseen_) {
    return;
  }
  bool is_seen = has_objects(static_cast<Frame*>(frame));
  for (uint32_t k = 1; k < pool->levels_.size(); ++k) {
    is_seen |= has_objects(block->frame(pool->levels_[k].offset));
  }
  if (is_seen) {
    settle(block);
  }
  *block->top = static_cast<Frame*>(frame)->previous;
  *block->budget += block->charge + block->levels;
  block->next = pool->free_;
  pool->free_ = block;
}

void* FramePool::innermost() { return unseen_ ? unseen_->frame(0) : Block::of(*top_of(PyThreadState_Get()))->frame(0); }

const FramePlace& FramePool::place(uint32_t index) {
  FramePlace& place = known_places_[index];
  if (place.is_known) {
    return place;
  }
  FramePlace found{true, 0, {}, {}};
  const KeepError keep;
  uint32_t level = 0;
  for (const CodePlace& at : places_.find(function_, index)) {
    if (found.depth == FramePlace::kDepthMax || at.near < 0) {
      break;
    }
    if (found.depth > 0) {
      uint32_t inner = level + 1;
      while (inner < levels_.size() &&
             (levels_[inner].outer != level || levels_[inner].code.get() != reinterpret_cast<PyObject*>(at.code))) {
        ++inner;
      }
      if (inner == levels_.size()) {
        break;
      }
      level = inner;
    }
    found.level[found.depth] = level;
    found.offset[found.depth++] = static_cast<uint32_t>(at.near);
  }
  known_places_[index] = found;
  return known_places_[index];
}

void FramePool::move(void* frame, uint32_t index) {
  if (unseen_) {
    return;
  }
  const FramePlace& at = known_places_[index].is_known ? known_places_[index] : place(index);
  Block* block = Block::of(frame);
  Frame* innermost = nullptr;
  for (uint32_t k = 0; k < at.depth; ++k) {
    innermost = block->frame(levels_[at.level[k]].offset);
    field<char*>(innermost, kPosition) = code_of(field<PyCodeObject*>(innermost, kCode)) + at.offset[k];
  }
  if (innermost && levels_.size() > 1) {
    *block->top = innermost;
    const int levels = static_cast<int>(at.depth) - 1;
    *block->budget += block->levels - levels;
    block->levels = levels;
  }
}

}  // namespace hasten::runtime
