// Where a suspended coroutine stands: its own frame, that of the coroutine it awaits, and so on to the innermost. A coroutine,
// generator or asynchronous generator holds its frame; while it awaits, what it awaits lies on top of that
// frame's value stack. Whoever walks must know that nothing runs meanwhile (it holds the GIL): the walk
// follows pointers of live objects through the reader, and no other.
#pragma once

#include <cstdint>
#include <cstring>

#include "pyread/layout.h"

namespace hasten::pyread {

/// Offsets in bytes, x86-64, GIL builds. layout_check.cc holds them against the headers.
struct CoroutineLayout {
  uint16_t version = 0;
  // The object, which begins alike for all three kinds
  uint16_t frame_state = 0;  ///< int8
  uint16_t frame = 0;        ///< _PyInterpreterFrame, in the object itself
  // _PyInterpreterFrame
  uint16_t locals = 72;  ///< the frame's slots
  uint16_t stack_top = 64;
  bool stack_top_is_address = false;  ///< behind the last slot in use; else an int32, how many are
  uint8_t awaited_slot = 1;           ///< what is awaited lies so many slots below that
  uint8_t slot_tag = 0;               ///< bits of a slot that are no address
  // Values of frame_state
  int8_t created = 0;
  int8_t suspended = 0;
  int8_t awaiting = 0;  ///< suspended in an await; the same as `suspended` where only the next instruction tells
  // What wraps one of them holds it here: asend(), athrow(), anext(), __await__()
  uint16_t wrapped = 16;
};

/// The table for Py_Version, or nullptr for a version that is not known.
const CoroutineLayout* find_coroutine_layout(uint32_t python_hex);

/// From 3.14 on, Python publishes these offsets too; they overrule the table. `bytes` as for the PythonLayout. Returns
/// false if they make no sense.
bool apply_debug_offsets(const uint8_t* bytes, CoroutineLayout* layout);

/// Types by address.
struct CoroutineTypes {
  uint64_t coroutine = 0;
  uint64_t generator = 0;
  uint64_t async_generator = 0;

  bool has_frame(uint64_t type) const { return type == coroutine || type == generator || type == async_generator; }
};

/// Where one of the chain stands. `instr` as in frame_walk.h.
struct AwaitFrame {
  uint64_t code = 0;
  uint64_t instr = 0;
};

template <class Reader>
class AwaitWalk {
 public:
  AwaitWalk(const PythonLayout& python, const CoroutineLayout& coroutine, const CoroutineTypes& types, Reader& reader)
      : python_(python), coroutine_(coroutine), types_(types), reader_(reader) {}

  /// The frame of a coroutine, suspended or running. False if `object` is none of the three kinds.
  bool frame_of(uint64_t object, AwaitFrame* frame) {
    uint64_t type = 0;
    return word(object + python_.object_type, &type) && types_.has_frame(type) && read_frame(object, frame);
  }

  /// Not yet begun: what was known of another object at this address is void.
  bool is_new(uint64_t object) {
    uint64_t type = 0;
    int8_t state = 0;
    return word(object + python_.object_type, &type) && types_.has_frame(type) &&
           reader_.read(object + coroutine_.frame_state, &state, 1) && state == coroutine_.created;
  }

  /// Writes at most `count_max` frames, outermost first, and returns how many.
  uint32_t walk(uint64_t object, AwaitFrame* to, uint32_t count_max) {
    uint32_t count = 0;
    // A wrapper is a step without a frame: twice as many steps as frames end every walk.
    for (uint32_t steps = 0; object != 0 && count < count_max && steps < 2 * count_max; ++steps) {
      uint64_t type = 0;
      if (!word(object + python_.object_type, &type)) {
        break;
      }
      if (!types_.has_frame(type)) {
        if (!wraps_another(type) || !word(object + coroutine_.wrapped, &object)) {
          break;
        }
        continue;
      }
      if (!read_frame(object, &to[count])) {
        break;
      }
      object = awaited_by(object, to[count++]);
    }
    return count;
  }

 private:
  bool word(uint64_t address, uint64_t* value) { return reader_.read(address, value, sizeof *value); }

  bool read_frame(uint64_t object, AwaitFrame* frame) {
    const uint64_t at = object + coroutine_.frame;
    if (!word(at + python_.frame_code, &frame->code) || !word(at + python_.frame_instr, &frame->instr)) {
      return false;
    }
    frame->code &= ~uint64_t{python_.frame_code_tag};
    return true;
  }

  /// asend(), athrow(), anext(), __await__(): their types have no public names, but names they have.
  bool wraps_another(uint64_t type) {
    constexpr uint64_t kTypeName = 24;  // tp_name
    uint64_t name = 0;
    char text[24] = {};
    if (!word(type + kTypeName, &name) || !reader_.read(name, text, sizeof text - 1)) {
      return false;
    }
    for (const char* wrapper :
         {"async_generator_asend", "async_generator_athrow", "coroutine_wrapper", "anext_awaitable"}) {
      if (std::strcmp(text, wrapper) == 0) {
        return true;
      }
    }
    return false;
  }

  /// What a suspended frame awaits, or 0.
  uint64_t awaited_by(uint64_t object, const AwaitFrame& frame) {
    int8_t state = 0;
    if (!reader_.read(object + coroutine_.frame_state, &state, 1) || state != coroutine_.awaiting) {
      return 0;
    }
    if (coroutine_.awaiting == coroutine_.suspended) {
      // 3.11, 3.12: it goes on with RESUME, whose argument says why it was suspended: 2 yield from, 3 await.
      uint8_t next[2];
      if (!reader_.read(frame.instr + 2, next, sizeof next) || (next[1] & 3) < 2) {
        return 0;
      }
    }
    const uint64_t bottom = object + coroutine_.frame + coroutine_.locals;
    const uint64_t top = top_of_stack(object + coroutine_.frame);
    const uint64_t at = top - 8 * uint64_t{coroutine_.awaited_slot};
    uint64_t awaited = 0;
    return top > bottom && at >= bottom && word(at, &awaited) ? awaited & ~uint64_t{coroutine_.slot_tag} : 0;
  }

  /// The address behind the last slot of the frame's stack that is in use, or 0.
  uint64_t top_of_stack(uint64_t frame) {
    uint64_t top = 0;
    if (coroutine_.stack_top_is_address) {
      return word(frame + coroutine_.stack_top, &top) ? top : 0;
    }
    int32_t count = 0;
    const bool known = reader_.read(frame + coroutine_.stack_top, &count, sizeof count) && count > 0;
    return known ? frame + coroutine_.locals + 8 * static_cast<uint64_t>(count) : 0;
  }

  const PythonLayout& python_;
  const CoroutineLayout& coroutine_;
  const CoroutineTypes& types_;
  Reader& reader_;
};

}  // namespace hasten::pyread
