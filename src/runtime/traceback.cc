// An entry is what types.TracebackType(next, frame, lasti, lineno) makes, with a frame object that never ran. `lasti` must be the
// offset of the bytecode instruction that would have raised: traceback printers ask the code object for its columns.
// We look for it by position among the opcodes that the MIR instruction comes from. The positions of a few opcodes
// differ between CPython 3.11, 3.12 and 3.13 (FOR_ITER: the whole loop or only its iterable), hence two passes: the
// very position first, then the smallest range around it.
#include "runtime/traceback.h"

#include <frameobject.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "runtime/object_layout.h"
#include "runtime/object_ref.h"
#include "runtime/operations.h"
#include "runtime/planted.h"

namespace hasten::runtime {
namespace {

using mir::Op;
using mir::Position;

/// Beginnings of the names of the opcodes that an instruction can come from.
std::vector<std::string_view> opcode_names(Op op) {
  switch (op) {
    case Op::CheckBound:
    case Op::GetFree:
    case Op::LoadCell:
    case Op::DelCell:
      return {"LOAD_FAST", "LOAD_DEREF", "LOAD_CLOSURE", "LOAD_CLASSDEREF", "DELETE_FAST", "DELETE_DEREF"};
    case Op::GetGlobal:
      return {"LOAD_GLOBAL", "LOAD_NAME"};
    case Op::StoreGlobal:
    case Op::DelGlobal:
      return {"STORE_GLOBAL", "DELETE_GLOBAL"};
    case Op::MakeFunction:
    case Op::MakeCell:
    case Op::StoreCell:
      return {"MAKE_FUNCTION", "MAKE_CELL", "STORE_DEREF"};
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
    case Op::Reraise:
      return {"RAISE_VARARGS"};
    case Op::MatchException:
      return {"CHECK_EXC_MATCH"};
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
  PyObject* stop = take_raised();
  PyErr_SetString(PyExc_RuntimeError, "generator raised StopIteration");
  PyObject* error = take_raised();
  PyException_SetCause(error, Py_NewRef(stop));
  PyException_SetContext(error, stop);
  PyErr_Restore(Py_NewRef(Py_TYPE(error)), error, PyException_GetTraceback(error));
}

struct Entry {
  PyCodeObject* code;  ///< the function's, or one in its constants
  int offset, line;
  ObjectRef frame;  ///< of the last traceback: made again only if somebody still looks at that
};

/// As PyTraceBack_Here does, with a frame that has not run.
void push_entry(Entry& entry, PyObject* function) {
  PyObject *type, *value, *trace;
  PyErr_Fetch(&type, &value, &trace);
  if (!entry.frame || Py_REFCNT(entry.frame.get()) > 1) {
    PyObject* globals = PyFunction_GET_GLOBALS(function);
    entry.frame =
        ObjectRef::steal(reinterpret_cast<PyObject*>(PyFrame_New(PyThreadState_Get(), entry.code, globals, nullptr)));
    if (entry.frame) {
      const bool is_own = reinterpret_cast<PyObject*>(entry.code) == PyFunction_GET_CODE(function);
      set_frame_closure(reinterpret_cast<PyFrameObject*>(entry.frame.get()), entry.code,
                        is_own ? PyFunction_GET_CLOSURE(function) : nullptr);
    }
  }
  PyTracebackObject* made = entry.frame ? PyObject_GC_New(PyTracebackObject, &PyTraceBack_Type) : nullptr;
  if (made) {
    auto* frame = reinterpret_cast<PyFrameObject*>(Py_NewRef(entry.frame.get()));
    set_frame_line(frame, entry.line);
    made->tb_next = reinterpret_cast<PyTracebackObject*>(std::exchange(trace, reinterpret_cast<PyObject*>(made)));
    made->tb_frame = frame;
    made->tb_lasti = entry.offset;
    made->tb_lineno = entry.line;
    PyObject_GC_Track(made);
  } else {
    PyErr_Clear();  // out of memory: the exception matters more than its traceback
  }
  PyErr_Restore(type, value, trace);
}

}  // namespace

namespace {

/// What is known of the instructions of a function that have raised: to find it takes longer than all the rest.
struct Places {
  ObjectRef code;
  std::unordered_map<uint32_t, std::vector<Entry>> entries;
};

std::unordered_map<const mir::MirFunction*, Places>& places() {
  static auto* map = new std::unordered_map<const mir::MirFunction*, Places>;
  return *map;
}

/// Innermost last. Runs Python code.
std::vector<Entry> find_entries(const mir::MirFunction& function, PyCodeObject* code, uint32_t index) {
  // A signal may come where a loop begins, at an instruction that stands for no code: then it is the next one's line.
  while (function.instrs[index].position.line == 0 && index + 1 < function.instr_count) {
    ++index;
  }
  const mir::Instr& instr = function.instrs[index];
  const Position& position = instr.position;
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
    entries.push_back({codes[i], found.offset, line ? line : codes[i]->co_firstlineno, {}});
  }
  return entries;
}

}  // namespace

void add_traceback(const mir::MirFunction& function, uint32_t index) {
  index -= planted_bug(Plant::TracebackPrevious) && index > 0;
  auto* code = reinterpret_cast<PyCodeObject*>(PyFunction_GET_CODE(function.function));
  Places& known = places()[&function];  // stays where it is until forget_tracebacks
  if (!known.code) {
    known.code = ObjectRef::share(reinterpret_cast<PyObject*>(code));
  }
  const bool same_code = known.code.get() == reinterpret_cast<PyObject*>(code);
  auto found = known.entries.find(index);
  std::vector<Entry> of_other_code;
  if (!same_code || found == known.entries.end()) {
    std::vector<Entry> fresh;
    {
      const KeepError keep;  // the lookups run Python code
      fresh = find_entries(function, code, index);
    }
    if (same_code) {
      found = known.entries.try_emplace(index, std::move(fresh)).first;  // that Python code may have raised here too
    } else {
      of_other_code = std::move(fresh);
    }
  }
  std::vector<Entry>& entries = same_code ? found->second : of_other_code;
  for (auto entry = entries.rbegin(); entry != entries.rend(); ++entry) {
    push_entry(*entry, function.function);
    if (is_named(entry->code, "<genexpr>") && PyErr_ExceptionMatches(PyExc_StopIteration)) {
      raise_from_stop_iteration();
    }
  }
}

void forget_tracebacks(const mir::MirFunction* function) { places().erase(function); }

}  // namespace hasten::runtime
