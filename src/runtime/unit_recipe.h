// How the things that a unit names by address are found again in another process: a recipe for each.
#pragma once

#include <Python.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/hasten_runtime.h"

namespace hasten::runtime {

struct Recipe {
  enum class What : uint8_t {
    None,            ///< there is none: the unit stays in its process
    Constant,        ///< consts[b] of MIR a
    Name,            ///< names[b] of MIR a
    Function,        ///< the Python function of MIR a
    Wrapper,         ///< what stands around it: the object that hasten.jit made
    Code,            ///< its code
    Globals,         ///< its globals
    Cell,            ///< cell b of its closure
    Guarded,         ///< what guard a expects
    Type,            ///< a type of CPython's own, by the name at `a`
    Method,          ///< the C function of method `b` of type `a`
    Singleton,       ///< None, True, False, Ellipsis, NotImplemented
    SmallInts,       ///< the smallest of the ints that exist once
    Character,       ///< the str of code point a
    CharacterTable,  ///< where those are
    Module,          ///< of the name at `a`
  } what = What::None;
  uint32_t a = 0, b = 0;
};

/// What a unit's recipes refer to.
struct RecipeScope {
  std::vector<const mir::MirFunction*> mirs;
  std::vector<PyObject*> wrappers;  ///< of each, borrowed
  std::vector<PyObject*> guarded;   ///< what each guard expects, borrowed
};

/// The recipe for `thing`; the names that it needs are added to `text`, each with its end.
Recipe recipe_for(const void* thing, const RecipeScope& scope, std::string* text);
/// What it makes here (borrowed); null if there is no such thing.
const void* made_by(const Recipe& recipe, const RecipeScope& scope, std::string_view text);

/// A type of CPython's own by its name; null if there is none, or several of that name.
PyTypeObject* own_type(std::string_view name);
/// "math" of math.sqrt, as its C source says; null if `function` is none of a C module.
const char* module_of(PyObject* function);

}  // namespace hasten::runtime
