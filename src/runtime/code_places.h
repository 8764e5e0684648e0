// Which bytecode an MIR instruction stands for: that of a traceback's entry, and of a frame that is looked at. Printers ask
// the code object for its columns.
#pragma once

#include <Python.h>

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "runtime/mir.h"
#include "runtime/object_ref.h"

namespace hasten::runtime {

struct CodePlace {
  PyCodeObject* code;  ///< the function's, or one in its constants
  int offset;          ///< of the instruction, in bytes; 0 if it is not known
  int line;
  int near;  ///< the offset, or if it is not known that of any instruction about there; -1: none is
};

bool is_named(PyCodeObject* code, const char* name);

/// For one function's code, and that of the comprehensions (CPython 3.11) and generator expressions in it.
class CodePlaces {
 public:
  /// Runs Python code.
  explicit CodePlaces(PyCodeObject* code) : code_(ObjectRef::share(reinterpret_cast<PyObject*>(code))) {}

  /// Where instruction `index` of `function`, which has this code, stands: innermost last. Runs Python code.
  std::vector<CodePlace> find(const mir::MirFunction& function, uint32_t index);

  struct Range {
    int line, column, end_line, end_column;
    bool operator==(const Range&) const = default;
    bool contains(const Range& other) const {
      auto at = [](int l, int c) { return static_cast<int64_t>(l) * 0x100000 + c; };
      return at(line, column) <= at(other.line, other.column) &&
             at(end_line, end_column) >= at(other.end_line, other.end_column);
    }
    int64_t size() const { return static_cast<int64_t>(end_line - line) * 0x100000 + end_column - column; }
  };
  struct CodeUnit {
    Range range;  ///< line 0: none
    uint8_t opcode;
  };

 private:
  const std::vector<CodeUnit>& units_of(PyCodeObject* code);
  PyCodeObject* comprehension_at(PyCodeObject* code, const Range& wanted, Range* whole);

  ObjectRef code_;
  std::unordered_map<PyCodeObject*, std::vector<CodeUnit>> units_;
};

}  // namespace hasten::runtime
