// MIR: the mid-level IR of one Python function. SSA, typeless, with the exact semantics of CPython.
//
// One MIR serves three readers. The interpreter (runtime/interpreter.h) runs it on boxed PyObject*
// values through the C API, so it is right by construction. Type inference (compile/types) annotates its
// values for one set of argument types. Lowering (compile/lower) turns the annotated MIR into LLVM IR.
// Because all three agree on value numbers, a guard that fails in native code hands the live values, boxed,
// to the interpreter, which continues at the same instruction.
//
// Plain arrays and numbers only: a MirFunction crosses from _compile.so to _runtime.so, and no C++ type may.
// Every instruction defines at most one value; its number is the instruction's index in `instrs`.
// Operands live in one pool: operands[args_begin .. args_begin + arg_count).
#pragma once

#include <cstdint>

typedef struct _object PyObject;  // as in Python.h; the compiler's passes only pass it along

namespace hasten::mir {

using ValueId = uint32_t;
using BlockId = uint32_t;
inline constexpr uint32_t kNone = 0xffffffffu;

enum class Op : uint16_t {
  // Values that need no computation.
  Param,    ///< aux = parameter index
  Const,    ///< aux = index into consts
  Unbound,  ///< a local that has no value on this path; only Phi and CheckBound may use it
  Phi,      ///< one operand per predecessor, in the order of Block::preds; first in its block
  // Names.
  CheckBound,  ///< args: v. v itself; raises UnboundLocalError for the local names[aux] if v is Unbound
  GetGlobal,   ///< aux = name: globals, then builtins; raises NameError
  GetFree,     ///< aux = index of the free variable (closure cell contents); raises NameError if empty
  // Arithmetic. sub = Unary / Binary / Compare below.
  Unary,    ///< args: v
  Binary,   ///< args: a, b
  Inplace,  ///< args: a, b; `a op= b` (for int, float, complex the same as Binary)
  Compare,  ///< args: a, b
  Truth,    ///< args: v; bool(v) as True/False
  // Objects.
  GetAttr,  ///< args: v; aux = name. sub = 1: it is called and nothing else: a method of the class is not bound to v, but
            ///< called with v as its first argument (LOAD_METHOD). The value holds both then: a method object
  GetItem,     ///< args: container, key
  SetItem,     ///< args: container, key, value; defines nothing
  DelItem,     ///< args: container, key; defines nothing
  BuildList,   ///< args: items
  BuildTuple,  ///< args: items
  BuildSlice,  ///< args: start, stop, step (Const None where absent)
  ListAppend,  ///< args: list, item; the append of a list comprehension (list is exact); defines nothing
  Unpack,      ///< args: sequence; aux = count; checks the length, defines a tuple of exactly aux items
  Extract,     ///< args: an Unpack value; aux = index
  Call,        ///< args: callee, positional...; keyword names: consts[aux] is a tuple of str, or aux = kNone
  CallMethod,  ///< args: receiver, positional...; aux = name; as LOAD_METHOD + CALL. Today's builder emits
               ///< GetAttr, then the arguments, then Call instead: Python looks the method up before the arguments
  GetIter,     ///< args: v; iter(v)
  IterNext,    ///< args: iterator; the next item, or Unbound when it is exhausted (StopIteration cleared)
  // Terminators: the last instruction of each block, and only there. Targets are in Block::succs.
  Jump,         ///< succs[0]
  Branch,       ///< args: a Truth, Compare or `not` result that is exactly True or False; succs[0] if True
  BranchBound,  ///< args: v; succs[0] if v is bound, else succs[1]  (the end of a for loop)
  Return,       ///< args: v, and what must live until then
  Raise,        ///< args: exception [, cause]; `raise` as Python does it (class or instance)
  // Later additions (the numbers above stay).
  SetAttr,  ///< args: v, value; aux = name; `v.name = value`; defines nothing
  // Exceptions that are handled in the function, see Block::handler.
  TakeRaised,      ///< the exception that is being raised, which it is no longer; the first of a handler
  Handled,         ///< the exception that is being handled (sys.exception()), or None
  SetHandled,      ///< args: v; makes it the exception that is being handled, None: none; defines nothing
  MatchException,  ///< args: exception, type; whether `except type` handles it, True or False; TypeError
  Reraise,         ///< a terminator. args: exception, which goes on with its traceback as it is; or none: bare `raise`
  // Scopes. A cell is the object that closures share; the value of MakeCell, or a Const for a cell of the closure.
  StoreGlobal,   ///< args: value; aux = name; defines nothing
  DelGlobal,     ///< aux = name; raises NameError; defines nothing
  MakeFunction,  ///< aux into consts: its code, or a template of it (MirFunction below); sub = FunctionPart bits, args: a tuple for each, in the order of the bits
  MakeCell,      ///< args: what is in it, or none: it is empty
  LoadCell,      ///< args: cell; aux = name; sub as CheckBound. Raises UnboundLocalError (NameError) if it is empty
  StoreCell,     ///< args: cell, value; defines nothing
  DelCell,       ///< args: cell; aux = name; sub as CheckBound. Raises as LoadCell; defines nothing
  FreeCell,      ///< aux = index of the free variable: its cell
  DelAttr,       ///< args: v; aux = name; `del v.name`; defines nothing
  BuildSet,      ///< args: items, added in this order
  BuildDict,     ///< args: key, value, key, value...
  SetAdd,        ///< args: set, item; of a set that is being made; defines nothing
  DictInsert,    ///< args: dict, key, value; of a dict that is being made; defines nothing
  ListExtend,    ///< args: list, iterable; `*iterable` in a display or a call; defines nothing
  SetUpdate,     ///< args: set, iterable; likewise
  DictUpdate,    ///< args: dict, mapping; `**mapping` in a display; defines nothing
  DictMerge,     ///< args: dict, mapping, callee; `**mapping` in a call of callee; defines nothing
  ListToTuple,   ///< args: list
  CallUnpacked,  ///< args: callee, iterable of the positional arguments [, dict of the others]
  UnpackStar,    ///< args: sequence; aux = count before the star | count after it << 8; defines a tuple: what stands
                 ///< before, the list in the middle, what stands after
  ImportName,    ///< args: level, names that are wanted of it or None; aux = name of the module
  ImportFrom,    ///< args: module; aux = name
  NewCell,       ///< args: value, or none
  ReadCell,      ///< args: cell; its value, or Unbound if it has none
  MakeGenerator,  ///< args: iterator, cells...; the generator of an expression. consts[aux] is a tuple: its code, then
  ///< for each free variable of the code a number: a cell of the function's own, or -1: the next one given
  FormatValue,  ///< args: value [, format specification]; `{value!r:spec}`; sub = 's', 'r', 'a' or 0
  BuildText,    ///< args: str...; what they are together
  // sum() of a generator expression, as the function adds: `carry` is None once it adds objects like any others, until
  // then a float, what the additions of floats have lost.
  SumAdd,    ///< args: total, carry, item; the next total
  SumCarry,  ///< args: total, carry, item, next total; the next carry
  SumEnd,    ///< args: total, carry; the sum
  Hold,  ///< args: value, or none; aux = slot. The local variable with this slot holds the value (nothing) from here on: the
         ///< object lives until the slot's next Hold or the end of the function, whoever reads it. Defines nothing
};

constexpr bool is_terminator(Op op) { return (op >= Op::Jump && op <= Op::Raise) || op == Op::Reraise; }

/// Whether instructions of this kind define no value (terminators do not either).
constexpr bool defines_nothing(Op op) {
  switch (op) {
    case Op::SetItem:
    case Op::DelItem:
    case Op::ListAppend:
    case Op::SetAttr:
    case Op::DelAttr:
    case Op::SetAdd:
    case Op::DictInsert:
    case Op::ListExtend:
    case Op::SetUpdate:
    case Op::DictUpdate:
    case Op::DictMerge:
    case Op::SetHandled:
    case Op::StoreGlobal:
    case Op::DelGlobal:
    case Op::StoreCell:
    case Op::DelCell:
    case Op::Hold:
      return true;
    default:
      return is_terminator(op);
  }
}

inline constexpr uint8_t kInCall = 0x80;  ///< of Instr::scope

enum class UnaryOp : uint8_t { Neg, Pos, Invert, Not };
enum class BinaryOp : uint8_t { Add, Sub, Mul, TrueDiv, FloorDiv, Mod, Pow, LShift, RShift, And, Or, Xor, MatMul };
/// What a function is made with, besides its code.
enum FunctionPart : uint8_t {
  kDefaults = 1,     ///< the tuple __defaults__
  kKwNames = 2,      ///< the keys of __kwdefaults__, and then
  kKwDefaults = 4,   ///< its values
  kAnnotations = 8,  ///< name, annotation, name, annotation...
  kClosure = 16,     ///< cells, in the order of co_freevars
};
enum class CompareOp : uint8_t { Lt, Le, Eq, Ne, Gt, Ge, Is, IsNot, In, NotIn };

struct Position {
  uint32_t line;      ///< 1-based line in the file; 0 = none
  uint32_t end_line;  ///< 1-based
  uint16_t column;    ///< 0-based UTF-8 byte offset, as in ast
  uint16_t end_column;
};

struct Instr {
  Op op;
  uint8_t sub =
      0;  ///< UnaryOp, BinaryOp or CompareOp; FormatValue: conversion; CheckBound, LoadCell, DelCell: 1 = say "free variable"; GetAttr
  uint8_t scope =
      0;  ///< how many code objects of comprehensions (CPython 3.11) and generator expressions it stands in;
          ///< with kInCall: what a C function does that is called at its position
  uint32_t aux = kNone;
  uint32_t args_begin = 0;
  uint32_t arg_count = 0;
  BlockId block = 0;
  Position position = {};
};

struct Block {
  uint32_t first = 0;                        ///< first instruction (instructions of a block are contiguous)
  uint32_t count = 0;                        ///< >= 1; the last one is the terminator
  uint32_t preds_begin = 0, pred_count = 0;  ///< into block_ids
  uint32_t succs_begin = 0, succ_count = 0;  ///< into block_ids
  uint8_t loop_header = 0;                   ///< target of a back edge: where hot loops are counted and entered (OSR)
  uint16_t loop_depth = 0;
  /// Where an exception that an instruction of this block raises goes on, or kNone: out of the function. It is the last
  /// of succs then. No variable changes within such a block, so the operands of the handler's phis are known before
  /// the block's first instruction.
  BlockId handler = kNone;
};

/// One function. Of a nested function there may be a template: a function under hasten.jit that nobody calls, for its MIR.
/// That takes the cells of the free variables as further parameters, so that it is the same for every function object
/// made from the code, and native code calls it directly.
/// All arrays are owned by whoever made it (compile/syntax); objects are strong references.
struct MirFunction {
  uint32_t abi_version;
  uint32_t param_count;
  uint32_t is_template;
  uint32_t instr_count, block_count, operand_count, block_id_count, const_count, name_count;
  uint32_t held_count;  ///< slots of Hold
  const Instr* instrs;
  const Block* blocks;  ///< blocks[0] is the entry; it has no predecessors
  const ValueId* operands;
  const BlockId* block_ids;
  PyObject* const* consts;
  PyObject* const* names;  ///< interned str
  PyObject* function;      ///< the original Python function (its code, globals, builtins, closure)
};

inline constexpr uint32_t kMirAbiVersion = 3;

}  // namespace hasten::mir
