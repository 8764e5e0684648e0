// Objects whose items are numbers in one piece of memory: bytearray, array.array, memoryview. Native code reads and writes them there.
#pragma once

#include <optional>

#include "compile/types/type.h"

namespace hasten::compile {

/// How an item lies in memory.
struct ItemFormat {
  unsigned bytes = 1;
  bool is_float = false;
  bool is_signed = false;

  /// What an int must be within to be written; not of floats.
  WideInterval range() const;
  /// What is read.
  Type type() const;
};

/// array.array, if the program has it and it is laid out as expected; else null.
PyTypeObject* array_class();
bool is_array(const PyTypeObject* cls);
bool is_memory_view(const PyTypeObject* cls);

/// The typecode of an array, the format of a memoryview of one dimension without gaps; 0: of other objects, or not known here.
char item_code_of(PyObject* object);
/// The format of the items of a value that is exactly such an object; nothing if they are not known.
std::optional<ItemFormat> item_format(const Type& t);

/// What calling the class `made` gives: the code of array("d", ...), memoryview(data).
Type made_buffer(PyTypeObject* made, const Type* first);

/// Where an array keeps what.
inline constexpr unsigned kArrayItems = sizeof(PyVarObject);
inline constexpr unsigned kArrayAllocated = sizeof(PyVarObject) + sizeof(void*);
inline constexpr unsigned kArrayDescription = sizeof(PyVarObject) + 2 * sizeof(void*);
inline constexpr unsigned kArrayExports = sizeof(PyVarObject) + 4 * sizeof(void*);
inline constexpr unsigned kDescriptionCode = 0;

}  // namespace hasten::compile
