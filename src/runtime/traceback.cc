// An entry is types.TracebackType(next, frame, lasti, lineno) with a frame object that never ran. `lasti` must be the
// offset of the bytecode instruction that would have raised: traceback printers ask the code object for its columns.
// We look for it by position among the opcodes that the MIR instruction comes from. The positions of a few opcodes
// differ between CPython 3.11, 3.12 and 3.13 (FOR_ITER: the whole loop or only its iterable), hence two passes: the
// very position first, then the smallest range around it.
#include "runtime/traceback.h"

#include <frameobject.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/object_layout.h"
#include "runtime/object_ref.h"

namespace hasten::runtime {
namespace {

using mir::Op;
using mir::Position;

/// Beginnings of the names of the opcodes that an instruction can come from.
std::vector<std::string_view> opcode_names(Op op) {
  switch (op) {
    case Op::CheckBound:
    case Op::GetFree:
      return {"LOAD_FAST", "LOAD_DEREF", "LOAD_CLOSURE", "LOAD_CLASSDEREF", "DELETE_FAST"};
    case Op::GetGlobal:
      return {"LOAD_GLOBAL", "LOAD_NAME"};
    case Op::Binary:
    case Op::Inplace:
      return {"BINARY_OP"};
    case Op::Unary:
      return {"UNARY_", "TO_BOOL", "CALL_INTRINSIC_1"};
    case Op::Compare:
      return {"COMPARE_OP", "CONTAINS_OP", "IS_OP"};
    case Op::Truth:
      return {"TO_BOOL", "POP_JUMP_", "JUMP_IF_", "UNARY_NOT", "COMPARE_OP"};
    case Op::GetAttr:
    case Op::SetAttr:
    case Op::DelAttr:
      return {"LOAD_ATTR", "LOAD_METHOD", "STORE_ATTR", "LOAD_SUPER_ATTR", "DELETE_ATTR"};
    case Op::GetItem:
      return {"BINARY_SUBSCR", "BINARY_SLICE", "BINARY_OP"};
    case Op::SetItem:
    case Op::DelItem:
      return {"STORE_SUBSCR", "STORE_SLICE", "DELETE_SUBSCR"};
    case Op::Call:
    case Op::CallMethod:
    case Op::CallUnpacked:
      return {"CALL", "PRECALL"};
    case Op::Unpack:
    case Op::UnpackStar:
      return {"UNPACK_"};
    case Op::FormatValue:
      return {"FORMAT_", "CONVERT_VALUE"};
    case Op::BuildText:
      return {"BUILD_STRING"};
    case Op::ImportName:
    case Op::ImportFrom:
      return {"IMPORT_"};
    case Op::GetIter:
      return {"GET_ITER"};
    case Op::IterNext:
      return {"FOR_ITER"};
    case Op::Raise:
      return {"RAISE_VARARGS"};
    default:
      return {"BUILD_", "LIST_", "SET_", "MAP_ADD", "DICT_", "CALL_INTRINSIC_1"};
  }
}

/// names[opcode], from the standard module `opcode`; empty if it cannot be read now (deep in a recursion, say).
const std::vector<std::string>& opcode_table() {
  static auto* names = new std::vector<std::string>;
  if (!names->empty()) {
    return *names;
  }
  ObjectRef module = ObjectRef::steal(PyImport_ImportModule("opcode"));
  ObjectRef list = ObjectRef::steal(module ? PyObject_GetAttrString(module.get(), "opname") : nullptr);
  for (Py_ssize_t i = 0; list && PyList_Check(list.get()) && i < PyList_GET_SIZE(list.get()); ++i) {
    const char* name = PyUnicode_AsUTF8(PyList_GET_ITEM(list.get(), i));
    names->push_back(name ? name : "");
  }
  PyErr_Clear();
  return *names;
}

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

bool matches(std::string_view name, const std::vector<std::string_view>& prefixes) {
  for (std::string_view prefix : prefixes) {
    if (name.substr(0, prefix.size()) == prefix) {
      return true;
    }
  }
  return false;
}

struct Found {
  int offset = -1;
  bool exact = false;
  int line = 0;  ///< of the bytecode instruction
};

Range range_of(const Position& position) {
  return {static_cast<int>(position.line), position.column, static_cast<int>(position.end_line), position.end_column};
}

/// The bytecode instruction of `code` for an MIR instruction at `wanted`. `around`: one whose range is larger.
Found find_offset(PyCodeObject* code, Op op, const Range& wanted, bool around) {
  ObjectRef bytes = ObjectRef::steal(PyCode_GetCode(code));
  if (!bytes) {
    PyErr_Clear();
    return {};
  }
  const auto& names = opcode_table();
  const auto prefixes = opcode_names(op);
  Found best, same_line;
  int64_t best_size = INT64_MAX;
  const char* units = PyBytes_AS_STRING(bytes.get());
  for (int offset = 0; offset + 1 < PyBytes_GET_SIZE(bytes.get()); offset += 2) {
    auto opcode = static_cast<unsigned char>(units[offset]);
    // Without the table any opcode will do: the position says nearly as much.
    if (!names.empty() && (opcode >= names.size() || !matches(names[opcode], prefixes))) {
      continue;
    }
    Range range{};
    if (!PyCode_Addr2Location(code, offset, &range.line, &range.column, &range.end_line, &range.end_column)) {
      continue;
    }
    if (range == wanted && around) {
      continue;
    }
    if (range == wanted) {
      return {offset, true, range.line};
    }
    if (range.contains(wanted) && range.size() < best_size) {
      best_size = range.size();
      best = {offset, false, range.line};
    }
    if (range.line == wanted.line && same_line.offset < 0) {
      same_line = {offset, false, range.line};
    }
  }
  return best.offset >= 0 ? best : same_line;
}

bool is_named(PyCodeObject* code, const char* name) {
  return PyUnicode_CompareWithASCIIString(code->co_name, name) == 0;
}

/// The code of a comprehension (CPython 3.11) or generator expression inside `code` that has the instruction. `whole`
/// becomes its range.
PyCodeObject* comprehension_at(PyCodeObject* code, const Range& wanted, Range* whole) {
  for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(code->co_consts); ++i) {
    PyObject* item = PyTuple_GET_ITEM(code->co_consts, i);
    if (!PyCode_Check(item)) {
      continue;
    }
    auto* inner = reinterpret_cast<PyCodeObject*>(item);
    if (!is_named(inner, "<listcomp>") && !is_named(inner, "<setcomp>") && !is_named(inner, "<dictcomp>") &&
        !is_named(inner, "<genexpr>")) {
      continue;
    }
    // BUILD_LIST and the like, or LOAD_FAST of the iterator, among the first, has the range of the whole.
    constexpr int kUnits = 64;
    for (int offset = 0; offset < kUnits; offset += 2) {
      Range range{};
      if (PyCode_Addr2Location(inner, offset, &range.line, &range.column, &range.end_line, &range.end_column) &&
          range.size() > 0 && range.contains(wanted)) {
        *whole = range;
        return inner;
      }
    }
  }
  return nullptr;
}

/// What comes out of a generator that let StopIteration through.
void raise_from_stop_iteration() {
  PyObject *type, *value, *trace;
  PyErr_Fetch(&type, &value, &trace);
  PyErr_NormalizeException(&type, &value, &trace);
  if (trace) {
    PyException_SetTraceback(value, trace);
  }
  Py_XDECREF(type);
  Py_XDECREF(trace);
  PyErr_SetString(PyExc_RuntimeError, "generator raised StopIteration");
  PyObject *new_type, *new_value, *new_trace;
  PyErr_Fetch(&new_type, &new_value, &new_trace);
  PyErr_NormalizeException(&new_type, &new_value, &new_trace);
  PyException_SetCause(new_value, Py_NewRef(value));
  PyException_SetContext(new_value, value);
  PyErr_Restore(new_type, new_value, new_trace);
}

void push_entry(PyCodeObject* code, PyObject* function, int offset, int line) {
  PyObject *type, *value, *trace;
  PyErr_Fetch(&type, &value, &trace);
  PyFrameObject* frame = PyFrame_New(PyThreadState_Get(), code, PyFunction_GET_GLOBALS(function), nullptr);
  ObjectRef entry;
  if (frame) {
    set_frame_line(frame, line);
    entry = ObjectRef::steal(PyObject_CallFunction(reinterpret_cast<PyObject*>(&PyTraceBack_Type), "OOii",
                                                   trace ? trace : Py_None, frame, offset, line));
    Py_DECREF(frame);
  }
  if (entry) {
    Py_XSETREF(trace, entry.release());
  } else {
    PyErr_Clear();  // out of memory: the exception matters more than its traceback
  }
  PyErr_Restore(type, value, trace);
}

}  // namespace

void add_traceback(const mir::MirFunction& function, uint32_t index) {
  const mir::Instr& instr = function.instrs[index];
  Position position = instr.position;
  // The lookups below run Python code; they must not see the exception.
  PyObject *type, *value, *trace;
  PyErr_Fetch(&type, &value, &trace);
  auto* code = reinterpret_cast<PyCodeObject*>(PyFunction_GET_CODE(function.function));
  const Range wanted = range_of(position);
  std::vector<PyCodeObject*> codes{code};
  std::vector<Range> ranges{wanted};  // of each code but the first
  for (int depth = 0; depth < (instr.scope & ~mir::kInCall); ++depth) {
    Range whole{};
    if (PyCodeObject* inner = comprehension_at(codes.back(), wanted, &whole)) {
      codes.push_back(inner);
      ranges.push_back(whole);
    }
  }
  struct Entry {
    PyCodeObject* code;
    int offset, line;
  };
  std::vector<Entry> entries;
  const Op own_op = instr.scope & mir::kInCall ? Op::Call : instr.op;
  for (size_t i = 0; i < codes.size(); ++i) {
    const bool innermost = i + 1 == codes.size();
    // A generator runs in the call that it is given to: the one around it.
    const bool to_generator = !innermost && is_named(codes[i + 1], "<genexpr>");
    Found found =
        find_offset(codes[i], innermost ? own_op : Op::Call, to_generator ? ranges[i + 1] : wanted, to_generator);
    int line = static_cast<int>(position.line);
    if (found.offset < 0) {
      found.offset = 0;
    } else if (!found.exact) {
      line = found.line;
    }
    entries.push_back({codes[i], found.offset, line ? line : codes[i]->co_firstlineno});
  }
  PyErr_Restore(type, value, trace);
  for (auto entry = entries.rbegin(); entry != entries.rend(); ++entry) {
    push_entry(entry->code, function.function, entry->offset, entry->line);
    if (is_named(entry->code, "<genexpr>") && PyErr_ExceptionMatches(PyExc_StopIteration)) {
      raise_from_stop_iteration();
    }
  }
}

}  // namespace hasten::runtime
