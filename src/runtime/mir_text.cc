#include "runtime/mir_text.h"

#include <fmt/format.h>

#include "runtime/object_ref.h"

namespace hasten::runtime {
namespace {

using mir::Op;

constexpr const char* kOps[] = {
    "Param",          "Const",      "Unbound",     "Phi",        "CheckBound",   "GetGlobal",     "GetFree",
    "Unary",          "Binary",     "Inplace",     "Compare",    "Truth",        "GetAttr",       "GetItem",
    "SetItem",        "DelItem",    "BuildList",   "BuildTuple", "BuildSlice",   "ListAppend",    "Unpack",
    "Extract",        "Call",       "CallMethod",  "GetIter",    "IterNext",     "Jump",          "Branch",
    "BranchBound",    "Return",     "Raise",       "SetAttr",    "TakeRaised",   "Handled",       "SetHandled",
    "MatchException", "Reraise",    "StoreGlobal", "DelGlobal",  "MakeFunction", "MakeCell",      "LoadCell",
    "StoreCell",      "DelCell",    "FreeCell",    "DelAttr",    "BuildSet",     "BuildDict",     "SetAdd",
    "DictInsert",     "ListExtend", "SetUpdate",   "DictUpdate", "DictMerge",    "ListToTuple",   "CallUnpacked",
    "UnpackStar",     "ImportName", "ImportFrom",  "NewCell",    "ReadCell",     "MakeGenerator", "FormatValue",
    "BuildText",      "SumAdd",     "SumCarry",    "SumEnd",     "Hold"};
static_assert(std::size(kOps) == static_cast<size_t>(Op::Hold) + 1);
constexpr const char* kUnaryOps[] = {"Neg", "Pos", "Invert", "Not"};
constexpr const char* kBinaryOps[] = {"Add",    "Sub",    "Mul", "TrueDiv", "FloorDiv", "Mod",   "Pow",
                                      "LShift", "RShift", "And", "Or",      "Xor",      "MatMul"};
constexpr const char* kCompareOps[] = {"Lt", "Le", "Eq", "Ne", "Gt", "Ge", "Is", "IsNot", "In", "NotIn"};

std::string text_of(PyObject* object, PyObject* (*convert)(PyObject*)) {
  ObjectRef text = ObjectRef::steal(convert(object));
  const char* utf8 = text ? PyUnicode_AsUTF8(text.get()) : nullptr;
  std::string result = utf8 ? utf8 : "?";
  PyErr_Clear();
  return result;
}

std::string aux_text(const mir::MirFunction& function, const mir::Instr& instr) {
  switch (instr.op) {
    case Op::Const:
      return text_of(function.consts[instr.aux], PyObject_Repr);
    case Op::CheckBound:
    case Op::GetGlobal:
    case Op::GetAttr:
    case Op::SetAttr:
    case Op::DelAttr:
    case Op::ImportName:
    case Op::ImportFrom:
    case Op::CallMethod:
    case Op::StoreGlobal:
    case Op::DelGlobal:
    case Op::LoadCell:
    case Op::DelCell:
      return text_of(function.names[instr.aux], PyObject_Str);
    case Op::MakeFunction:
      return text_of(function.consts[instr.aux], PyObject_Repr);
    case Op::Param:
    case Op::GetFree:
    case Op::FreeCell:
    case Op::Unpack:
    case Op::UnpackStar:
    case Op::Extract:
    case Op::Hold:
      return fmt::format("{}", instr.aux);
    case Op::Call:
      return instr.aux == mir::kNone ? "" : text_of(function.consts[instr.aux], PyObject_Repr);
    default:
      return "";
  }
}

}  // namespace

std::string operation_name(const mir::Instr& instr) {
  std::string name = kOps[static_cast<size_t>(instr.op)];
  switch (instr.op) {
    case Op::Unary:
      return name + "." + kUnaryOps[instr.sub];
    case Op::Binary:
    case Op::Inplace:
      return name + "." + kBinaryOps[instr.sub];
    case Op::Compare:
      return name + "." + kCompareOps[instr.sub];
    default:
      return name;
  }
}

std::string mir_text(const mir::MirFunction& function) {
  std::string out;
  for (mir::BlockId id = 0; id < function.block_count; ++id) {
    const mir::Block& block = function.blocks[id];
    out += fmt::format("b{}:", id);
    for (uint32_t k = 0; k < block.pred_count; ++k) {
      out += fmt::format("{}b{}", k ? ", " : "  ; from ", function.block_ids[block.preds_begin + k]);
    }
    out += block.loop_header ? fmt::format("  ; loop, depth {}\n", block.loop_depth) : "\n";
    for (uint32_t i = block.first; i < block.first + block.count; ++i) {
      const mir::Instr& instr = function.instrs[i];
      std::string line = !defines_nothing(instr.op) ? fmt::format("  v{} = ", i) : "  ";
      line += operation_name(instr);
      for (uint32_t k = 0; k < instr.arg_count; ++k) {
        line += fmt::format("{}v{}", k ? ", " : " ", function.operands[instr.args_begin + k]);
      }
      if (std::string aux = aux_text(function, instr); !aux.empty()) {
        line += " [" + aux + "]";
      }
      if (i + 1 == block.first + block.count) {
        for (uint32_t k = 0; k < block.succ_count; ++k) {
          line += fmt::format("{}b{}", k ? ", " : " -> ", function.block_ids[block.succs_begin + k]);
        }
      }
      if (instr.position.line) {
        line += fmt::format("  ; {}:{}", instr.position.line, instr.position.column);
      }
      out += line + "\n";
    }
  }
  return out;
}

}  // namespace hasten::runtime
