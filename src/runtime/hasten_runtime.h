// The C table through which _compile.so and _runtime.so meet. No C++ type crosses; either side refuses the
// other if kRuntimeAbiVersion differs. _runtime.so exports it as the capsule "hasten._runtime._table".
//
// Native code that the compiler emits has one boxed entry per version:
//     PyObject* entry(NativeVersion*, PyObject* const* args)
// It checks and unboxes the arguments, runs, boxes the result (a new reference), or returns nullptr with an
// exception set, or returns kGuardMiss (no effect had happened; the dispatcher tries another version).
#pragma once

#include <cstddef>
#include <cstdint>

#include "runtime/mir.h"
#include "runtime/sites.h"

namespace hasten::runtime {

inline constexpr uint32_t kRuntimeAbiVersion = 12;

/// How a live value lies in the raw slots (8 bytes each) that native code passes to `deopt`.
enum class SlotKind : uint8_t {
  Int,        ///< 1 slot: int64
  Float,      ///< 1 slot: double
  Complex,    ///< 2 slots: real, imaginary
  Bool,       ///< 1 slot: 0 or 1
  None,       ///< 0 slots
  Unbound,    ///< 0 slots
  Object,     ///< 1 slot: PyObject*, borrowed (deopt takes its own reference); null means Unbound
  RangeIter,  ///< 3 slots: next value, step, items left. Boxed as a real range iterator in that state
  ListIter,   ///< 2 slots: list or other sequence (borrowed), next index. Boxed as its real iterator in that state
  Tuple,      ///< `count` values follow as the next entries of the table; boxed as a tuple
  Union,      ///< 1 slot: tag; `count` alternatives follow as the next entries, the tag-th is the value
  Method,     ///< 1 slot: receiver, borrowed. `value` is a GetAttr: boxed as the attribute names[aux] of it
  // Of a list that native code keeps for itself (runtime/native_list.h), in the places of Object, ListIter and Method.
  NativeList,
  NativeListIter,
  NativeMethod,
};

struct LiveValue {
  mir::ValueId value;
  SlotKind kind;
  uint8_t count;  ///< Tuple, Union: entries that follow and belong to this one (their `value` is kNone)
  uint16_t slot;  ///< first slot
};

/// Why native code left: Overflow of 64 bits, WideOverflow of 128. The compiler reads it to choose the next version's types.
enum class DeoptReason : uint8_t { Overflow, Type, Result, Generic, WideOverflow };

/// One place where native code may leave: the interpreter continues at `resume`, an instruction index.
/// If `result` is not kNone, the instruction `result` has been done and its boxed value is passed besides.
/// Const and Unbound values need not be listed: the interpreter makes them itself (nor at OSR entries, below).
struct DeoptPoint {
  uint32_t resume;
  mir::ValueId result;
  DeoptReason reason;
  uint32_t live_begin, live_count;  ///< into NativeVersion::live; the count includes entries that belong to others
};

struct NativeVersion;
using NativeEntry = PyObject* (*)(NativeVersion*, PyObject* const* args);

/// Machine code of one function for one set of argument types (runtime/native_unit.h).
struct NativeVersion {
  const mir::MirFunction* function;
  NativeEntry entry;
  mir::BlockId osr_block;  ///< kNone, or the loop header at which `entry` starts; args are then osr_values
  uint32_t osr_count;
  const mir::ValueId* osr_values;  ///< the values live into osr_block, in the order of args
  const DeoptPoint* points;
  uint32_t point_count;
  const LiveValue* live;
  uint32_t live_count;
  const void* code_begin;
  const void* code_end;
  size_t code_bytes;    ///< of all its bodies
  void* owner;          ///< its NativeUnit, if it is a root
  float expected_gain;  ///< how many times faster than Python the compiler takes it to be
  uint32_t active;      ///< the runtime's: how many calls run it now
  uint32_t is_quick;    ///< see quick_tier.h, which counts
  uint64_t entered_ticks, spent_ticks;
  // For the report.
  const Site* sites;
  uint32_t site_count;
  const char* text;                    ///< what the sites say
  const char* parameter_types;         ///< in words
  const NativeVersion* const* bodies;  ///< of what is entered from outside: all that was compiled with it, itself first
  uint32_t body_count;
  uint32_t shows_frame;  ///< 1: an activation has a frame that callees can look at (runtime/frames.h)
};

/// Where an instruction stands, for the frames of its activation: in the function's code, and in those of the comprehensions
/// and generator expressions around it that CPython runs in frames of their own.
struct FramePlace {
  static constexpr uint32_t kDepthMax = 4;
  bool is_known;
  uint32_t depth;              ///< 0: nowhere in particular
  uint32_t level[kDepthMax];   ///< outermost first: which of the function's frames
  uint32_t offset[kDepthMax];  ///< into that one's bytecode, in bytes
};

/// How the frames of an activation lie, from the first one on, in bytes.
struct FrameShape {
  const uint32_t* frame_offsets;  ///< of each of them
  uint32_t frame_count;
  uint32_t code, position;  ///< into a frame
  uint32_t bytecode;        ///< into the code
  // Into the block that a word before the first frame points to: where the thread keeps its innermost frame, and its budget of
  // Python calls; of that, how much the frames around the first one take, an int.
  uint32_t top, budget, levels;
};

/// Offsets into CPython's objects, measured and self-tested at import: the compiler bakes them into code.
struct ObjectLayout {
  uint32_t refcount, type;      ///< PyObject
  uint32_t type_version;        ///< PyTypeObject::tp_version_tag, uint32
  uint32_t immortal_refcounts;  ///< 1 from CPython 3.12: refcount's low 32 bits < 0 => leave alone
  uint32_t float_value, complex_real, complex_imag;
  uint32_t var_size;  ///< PyVarObject::ob_size (list, tuple length)
  uint32_t list_items, tuple_items;
  uint32_t long_is_tagged;                 ///< 0: ob_size and digits (3.11); 1: lv_tag (3.12+)
  uint32_t long_size_or_tag, long_digits;  ///< digits are uint32 of 30 bits
  int32_t small_int_min, small_int_max;    ///< cached ints, contiguous from small_ints
  uint32_t small_int_stride;               ///< 0 if the self-test failed: call box_int instead
  PyObject* small_ints;                    ///< the object of small_int_min
  uint32_t sum_compensates;                ///< 1: sum() keeps account of what additions of floats lose
  // str: where (state & text_latin_mask) == text_latin, one byte a character follows the object's head, which is shorter
  // where (state & text_ascii) is set.
  uint32_t text_length, text_state, text_latin_mask, text_latin, text_ascii, text_ascii_head, text_latin_head;
  PyObject* const* characters;  ///< the str of each of the first 256 code points: there is only one
  uint32_t bytes_head;          ///< where the bytes of a bytes object begin
  uint32_t dict_used, set_used;
  /// 1: table_probe.h reads the tables, and the iterators over items, of this CPython rightly
  uint32_t probes_dicts, probes_sets, steps_items;
  // A dict's version tag, 64 bits. Whoever changes a value in place gives it one that CPython never gives; where a bit of
  // the mask is set somebody watches the dict, and it must be changed by CPython.
  uint32_t dict_version, dict_watch_mask;
  PyObject *true_object, *false_object, *none_object;
  PyObject *long_type, *float_type, *complex_type, *bool_type, *list_type, *tuple_type, *range_type, *text_type;
};

/// What is known of one value of a function, or of one global of it, because predictions failed.
struct Lesson {
  mir::ValueId value;        ///< or kNone:
  uint32_t name;             ///< index of a guarded global's name
  uint32_t overflowed;       ///< 1: the value left int64; 2: and 128 bits
  uint32_t misses;           ///< how often an operand was no number as had been guessed, or the global had changed
  PyObject* const* classes;  ///< of results that were not predicted (borrowed); of a global: the function that it was
  uint32_t class_count;
};

struct UnitParts;     // unit_format.h
struct PreparedUnit;  // the compiler's: a compilation under way
struct CompileTable;  // what _compile offers to _runtime: bindings/compile.cc fills it, runtime calls it

struct RuntimeTable {
  uint32_t abi_version;
  const ObjectLayout* layout;
  void (*set_compiler)(const CompileTable*);
  /// The MIR of a function under hasten.jit (built now if need be), or null without an exception: not such a
  /// function, or not covered. Whoever bakes it into code must hold a reference to `callable`.
  const mir::MirFunction* (*mir_of)(PyObject* callable);
  /// A template (mir.h) of the nested function whose code `function` has. A new reference.
  PyObject* (*new_template)(PyObject* function);
  /// Makes of a compiled unit a version that can be entered. Null with *reason (a new str).
  NativeVersion* (*load_unit)(const UnitParts& parts, PyObject** reason);
  /// Hands what native code has shown about `function` to `take`, piece by piece.
  void (*lessons)(const mir::MirFunction* function, void* taker, void (*take)(void* taker, const Lesson& lesson));
  uint32_t wants_lines, wants_debug_object;  ///< somebody looks at compiled code: see native_unit.h
  /// See object_layout.h.
  const uint64_t* (*dict_version)(PyObject* dict);
  /// The frames of activations of `function`; null: it shows none.
  const FrameShape* (*frame_shape)(const mir::MirFunction* function);
  const FramePlace* (*frame_place)(const mir::MirFunction* function, uint32_t instr);
};

/// Native code left because a prediction failed.
struct Feedback {
  mir::ValueId value;  ///< the value (an instruction) whose prediction failed
  DeoptReason reason;
  PyObject* seen;  ///< the result, if there is one (borrowed)
};

struct GainWanted {
  double least;  ///< 0, or refuse what the compiler does not take to be so many times faster, also without loops
  bool declines_accessors;  ///< refuse what reads and writes attributes and does little else: the way to it costs more
};

struct CompileTable {
  uint32_t abi_version;
  /// Parses the function's source and builds its MIR. Returns nullptr with *reason (a new str "FILE:LINE: why")
  /// when the language is not covered, or nullptr with a Python exception set on failure. Needs the GIL.
  mir::MirFunction* (*build_mir)(PyObject* function, bool is_template, PyObject** reason);
  void (*release_mir)(mir::MirFunction*);
  /// A compilation has three steps. This one does all that needs `function` and `args`.
  /// Compiles `function` for the exact types of `args` (sampled values; lists are looked into), or for entry at
  /// `osr_block` with the live values `args`: those of runtime/liveness.h live_into(osr_block), in that order (the
  /// block's own phis included and already evaluated); a null entry is an Unbound value. What the runtime has learnt
  /// (RuntimeTable::lessons) makes the version wider.
  /// is_quick: without optimization, in a fraction of the time.
  /// Null with *reason when it would not be faster or cannot be done.
  /// What it names is kept alive until it is finished or discarded, but for `function`, whose owner must be.
  PreparedUnit* (*prepare)(const mir::MirFunction* function, PyObject* const* args, uint32_t arg_count,
                           mir::BlockId osr_block, bool is_quick, GainWanted gain_wanted, PyObject** reason);
  /// The longest step, once a unit; touches nothing of Python: needs no GIL. In the background one thread may do this while one
  /// that holds the GIL does it for another unit in the foreground.
  void (*generate)(PreparedUnit* unit, bool is_in_background);
  /// After generate. Ends the unit. Null with *reason.
  NativeVersion* (*finish)(PreparedUnit* unit, PyObject** reason);
  void (*discard)(PreparedUnit* unit);
};

/// What `NativeEntry` returns when an argument does not have the type that it was compiled for.
inline PyObject* const kGuardMiss = reinterpret_cast<PyObject*>(1);

}  // namespace hasten::runtime
