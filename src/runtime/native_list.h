// Lists that native code keeps for itself: numbers, texts of one character, tuples of them, and lists of these, side by
// side and without objects. Only the compiler makes them, where it has proved that nobody else can see the list
// (compile/types/native_lists.h). Where native code leaves, the list that Python shall see is made of it.
//
// One begins as a list object does, so that code which asks for its size or walks it need not know which it is; it is
// counted as objects are.
#pragma once

#include <Python.h>

#include <cstdint>
#include <span>

namespace hasten::runtime {

struct SupportSymbol;

/// What the items are, in nibbles from the lowest on: Tuple and Union are followed by a count and as many shapes, List
/// by that of its items. An item takes 8 bytes for each part (Complex has two, None none, Union a tag and the parts of
/// all its alternatives), but a list of nothing but bools one byte an item.
enum class ItemShape : uint8_t { End, None, Bool, Int, Float, Complex, Tuple, List, Char, Union };
inline constexpr unsigned kShapeNibbles = 16;

struct NativeList {
  PyObject_VAR_HEAD char* items;
  Py_ssize_t allocated;
  uint64_t shape;
  PyObject* object;  ///< the list object that has been made of it, or null
};

/// Before the first one is made. False: an exception is set.
bool prepare_native_lists();
/// The list object that stands for it from now on, always the same one: for code that goes on without it. A new
/// reference; null: an exception is set.
PyObject* object_of_native_list(PyObject* list);
/// The functions that native code calls.
std::span<const SupportSymbol> native_list_symbols();

}  // namespace hasten::runtime
