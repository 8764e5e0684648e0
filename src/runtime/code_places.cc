// A position of the source is looked for among the opcodes that the MIR instruction comes from. The positions of a few opcodes
// differ between CPython 3.11, 3.12 and 3.13 (FOR_ITER: the whole loop or only its iterable), hence two passes: the
// very position first, then the smallest range around it.
#include "runtime/code_places.h"

#include <bitset>
#include <iterator>
#include <string>
#include <string_view>

namespace hasten::runtime {
namespace {

using mir::Op;
using mir::Position;
using Range = CodePlaces::Range;
using CodeUnit = CodePlaces::CodeUnit;

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

/// names[opcode] of the CPython that this is built for. Not asked of its module `opcode` at run time: whoever imports runs Python code, in
/// which the exception of a signal's handler, or of another thread, would end.
constexpr std::string_view kOpcodeNames[] = {
#include "runtime/opcode_names.inc"
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

/// The opcodes that an instruction can come from.
const std::bitset<256>& opcodes_of(Op op) {
  static auto* known = new std::unordered_map<Op, std::bitset<256>>;
  auto [found, is_new] = known->try_emplace(op);
  if (is_new) {
    const auto prefixes = opcode_names(op);
    for (size_t opcode = 0; opcode < std::size(kOpcodeNames) && opcode < 256; ++opcode) {
      found->second[opcode] = matches(kOpcodeNames[opcode], prefixes);
    }
  }
  return found->second;
}

Range range_of(const Position& position) {
  return {static_cast<int>(position.line), position.column, static_cast<int>(position.end_line), position.end_column};
}

/// The bytecode instruction among `units` for an MIR instruction at `wanted`. `around`: one whose range is larger.
Found find_offset(const std::vector<CodeUnit>& units, const std::bitset<256>& opcodes, const Range& wanted,
                  bool around) {
  Found best, same_line;
  int64_t best_size = INT64_MAX;
  for (size_t k = 0; k < units.size(); ++k) {
    const Range& range = units[k].range;
    // Without the table any opcode will do: the position says nearly as much.
    if ((opcodes.any() && !opcodes[units[k].opcode]) || range.line <= 0 || (range == wanted && around)) {
      continue;
    }
    const int offset = static_cast<int>(2 * k);
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

}  // namespace

bool is_named(PyCodeObject* code, const char* name) {
  return PyUnicode_CompareWithASCIIString(code->co_name, name) == 0;
}

const std::vector<CodeUnit>& CodePlaces::units_of(PyCodeObject* code) {
  auto [found, is_new] = units_.try_emplace(code);
  std::vector<CodeUnit>& units = found->second;
  if (!is_new) {
    return units;
  }
  ObjectRef bytes = ObjectRef::steal(PyCode_GetCode(code));
  ObjectRef positions =
      ObjectRef::steal(PyObject_CallMethod(reinterpret_cast<PyObject*>(code), "co_positions", nullptr));
  const Py_ssize_t size = bytes ? PyBytes_GET_SIZE(bytes.get()) / 2 : 0;
  for (Py_ssize_t k = 0; positions && k < size; ++k) {
    ObjectRef tuple = ObjectRef::steal(PyIter_Next(positions.get()));
    if (!tuple || !PyTuple_Check(tuple.get()) || PyTuple_GET_SIZE(tuple.get()) != 4) {
      break;
    }
    const auto number = [&](Py_ssize_t i, int otherwise) {
      PyObject* item = PyTuple_GET_ITEM(tuple.get(), i);
      return PyLong_Check(item) ? static_cast<int>(PyLong_AsLong(item)) : otherwise;
    };
    const Range range{number(0, 0), number(2, -1), number(1, -1), number(3, -1)};
    units.push_back({range, static_cast<uint8_t>(PyBytes_AS_STRING(bytes.get())[2 * k])});
  }
  PyErr_Clear();
  return units;
}

/// The code of a comprehension (CPython 3.11) or generator expression inside `code` that has the instruction. `whole`
/// becomes its range.
PyCodeObject* CodePlaces::comprehension_at(PyCodeObject* code, const Range& wanted, Range* whole) {
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
    const std::vector<CodeUnit>& units = units_of(inner);
    for (size_t k = 0; k < 32 && k < units.size(); ++k) {
      const Range& range = units[k].range;
      if (range.size() > 0 && range.contains(wanted)) {
        *whole = range;
        return inner;
      }
    }
  }
  return nullptr;
}

std::vector<CodePlace> CodePlaces::find(const mir::MirFunction& function, uint32_t index) {
  // A signal may come where a loop begins, at an instruction that stands for no code: then it is the next one's line.
  while (function.instrs[index].position.line == 0 && index + 1 < function.instr_count) {
    ++index;
  }
  const mir::Instr& instr = function.instrs[index];
  const Position& position = instr.position;
  const Range wanted = range_of(position);
  std::vector<PyCodeObject*> codes{reinterpret_cast<PyCodeObject*>(code_.get())};
  std::vector<Range> ranges{wanted};  // of each code but the first
  for (int depth = 0; depth < (instr.scope & ~mir::kInCall); ++depth) {
    Range whole{};
    if (PyCodeObject* inner = comprehension_at(codes.back(), wanted, &whole)) {
      codes.push_back(inner);
      ranges.push_back(whole);
    }
  }
  std::vector<CodePlace> places;
  const Op own_op = instr.scope & mir::kInCall ? Op::Call : instr.op;
  for (size_t i = 0; i < codes.size(); ++i) {
    const bool innermost = i + 1 == codes.size();
    // A generator runs in the call that it is given to: the one around it.
    const bool to_generator = !innermost && is_named(codes[i + 1], "<genexpr>");
    const std::vector<CodeUnit>& units = units_of(codes[i]);
    Found found = find_offset(units, opcodes_of(innermost ? own_op : Op::Call), to_generator ? ranges[i + 1] : wanted,
                              to_generator);
    const int near = found.offset < 0 ? find_offset(units, {}, wanted, false).offset : found.offset;
    int line = static_cast<int>(position.line);
    if (found.offset < 0) {
      found.offset = 0;
    } else if (!found.exact) {
      line = found.line;
    }
    places.push_back({codes[i], found.offset, line ? line : codes[i]->co_firstlineno, near});
  }
  return places;
}

}  // namespace hasten::runtime
