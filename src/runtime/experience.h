// What native code has shown about the values of a function when its predictions failed: the next version is made with it.
// It belongs to the MIR and outlives all versions.
#pragma once

#include <Python.h>

#include <map>
#include <vector>

#include "runtime/hasten_runtime.h"

namespace hasten::runtime {

struct Experience {
  struct Seen {
    uint8_t overflowed = 0;          ///< 1: left int64; 2: and 128 bits, stays boxed from now on
    uint32_t misses = 0;             ///< how often an operand was no number as had been guessed
    std::vector<PyObject*> classes;  ///< classes of results that were not predicted; strong references
  };
  std::map<mir::ValueId, Seen> values;
  /// Name index -> how often a guarded global had changed; and see default_key().
  std::map<uint32_t, uint32_t> global_changes;
  /// What a guarded global was before it changed first, if that was a function under hasten.jit: it is likely to be put back. Only
  /// an address: the function may be gone.
  std::map<uint32_t, const mir::MirFunction*> usual_functions;
};

/// Made if there is none.
Experience& experience_of(const mir::MirFunction* function);
/// `cls`: a class, or of tuples a tuple of what their items are.
void add_seen_class(Experience::Seen& seen, PyObject* cls);
/// Overflow or WideOverflow.
void add_overflow(Experience::Seen& seen, DeoptReason reason);
/// How far the int is beyond native ones, as Experience::Seen::overflowed; of another object: 0.
uint8_t overflow_of(PyObject* object);
/// What `object` is. Tuples of too many forms are any tuples.
void add_seen(Experience::Seen& seen, PyObject* object);
/// The global `name` of `function`, which was `before` when code was compiled for it, is something else now.
void add_global_change(const mir::MirFunction* function, uint32_t name, PyObject* before);
/// Something was learnt when native code left, perhaps inside another function's version that calls it natively.
void learn(const mir::MirFunction* function, const Feedback& feedback);
void forget_experience(const mir::MirFunction* function);
/// See RuntimeTable::lessons.
void lessons(const mir::MirFunction* function, void* taker, void (*take)(void* taker, const Lesson& lesson));

}  // namespace hasten::runtime
