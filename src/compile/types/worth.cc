#include "compile/types/worth.h"

#include <algorithm>
#include <cmath>

#include "compile/types/buffers.h"
#include "compile/types/native_lists.h"
#include "compile/types/same_nan.h"
#include "compile/types/sample.h"
#include "runtime/walked_by.h"

namespace hasten::compile {

using mir::Instr;
using mir::Op;
using mir::ValueId;

namespace {

constexpr double kGainWanted = 1.15;
constexpr double kBoxedNs = 40, kPlainNs = 25, kNativeNs = 1;
constexpr double kGlobalStoreNs = 40;  // it looks whether the old one ran code
constexpr double kArgumentNs = 35;     // to make an object of a number for a function that is known at run time only
constexpr double kPythonEntryNs = 40;  // to run a Python function from C, beyond what it costs in the interpreter

const char* operation_name(Op op) {
  switch (op) {
    case Op::GetAttr:
      return "an attribute";
    case Op::SetAttr:
    case Op::DelAttr:
      return "an attribute";
    case Op::GetItem:
      return "an item of an object that is no list of numbers";
    case Op::SetItem:
      return "an assignment to an item of an object that is no list";
    case Op::Call:
    case Op::CallMethod:
    case Op::CallUnpacked:
      return "a call of a function that is not compiled";
    case Op::MakeFunction:
      return "the making of a function";
    case Op::GetGlobal:
    case Op::StoreGlobal:
    case Op::DelGlobal:
      return "a global that is written here or changes often";
    case Op::BuildSet:
    case Op::BuildDict:
    case Op::SetAdd:
    case Op::DictInsert:
      return "a set or dict that is made";
    case Op::MakeGenerator:
      return "a generator expression";
    case Op::IterNext:
      return "an iteration over an object that is no list or range";
    default:
      return "an operation on objects that are no numbers";
  }
}

std::string place(const Specialization& s, const Instr& i) {
  const mir::MirFunction& f = s.view.function();
  auto* code = reinterpret_cast<PyCodeObject*>(PyFunction_GET_CODE(f.function));
  const char* file = PyUnicode_AsUTF8(code->co_filename);
  if (!file) {
    PyErr_Clear();
    file = "?";
  }
  return std::string(file) + ":" + std::to_string(i.position.line);
}

PyObject* first_item(PyObject* container) {
  if (container && PyList_CheckExact(container) && PyList_GET_SIZE(container) > 0)
    return PyList_GET_ITEM(container, 0);
  if (container && PyTuple_CheckExact(container) && PyTuple_GET_SIZE(container) > 0)
    return PyTuple_GET_ITEM(container, 0);
  return nullptr;
}

/// An object like those that `v` of the root will be, as far as the values at its entry tell (borrowed), or null.
PyObject* sampled(const Specialization& root, PyObject* const* args, ValueId v) {
  const Instr& i = root.view.instr(v);
  const auto osr = std::lower_bound(root.osr_values.begin(), root.osr_values.end(), v);
  if (osr != root.osr_values.end() && *osr == v)
    return args[osr - root.osr_values.begin()];
  const auto operand = [&] { return root.view.args(v)[0]; };
  switch (i.op) {
    case Op::Param:
      return root.osr_block == mir::kNone ? args[i.aux] : nullptr;
    case Op::CheckBound:
    case Op::GetIter:  // stands for what it iterates over
      return sampled(root, args, operand());
    case Op::GetItem:
      return first_item(sampled(root, args, operand()));
    case Op::IterNext: {
      PyObject* iterated = sampled(root, args, operand());
      if (!iterated || Py_TYPE(iterated) != &PyListIter_Type)
        return first_item(iterated);
      PyObject* list = runtime::walked_by(iterated);
      PyObject* item = first_item(list);
      Py_XDECREF(list);  // the iterator keeps it
      return item;
    }
    default:
      return nullptr;
  }
}

/// Whether the call, which stays one of an object, runs a Python function.
bool enters_python(const Unit& unit, const Specialization& s, PyObject* const* args, ValueId call) {
  if (s.view.instr(call).op != Op::Call)
    return false;
  const ValueId callee = s.view.args(call)[0];
  if (s.types[callee].only(kKnown))
    return PyFunction_Check(s.types[callee].known);
  if (s.types[callee].object && &s == unit.specializations.front().get()) {
    PyObject* object = sampled(s, args, callee);
    return object && PyFunction_Check(object);
  }
  if (!s.types[callee].is_loaded_method() || &s != unit.specializations.front().get())
    return false;
  PyObject* receiver = sampled(s, args, s.view.args(callee)[0]);
  PyObject* method =
      receiver ? _PyType_Lookup(Py_TYPE(receiver), s.view.function().names[s.view.instr(callee).aux]) : nullptr;
  return method && PyFunction_Check(method);
}

/// The blocks that are reached as long as nothing raises: what is rare must not decide what is worth it.
std::vector<mir::BlockId> blocks_without_exception(const Specialization& s) {
  std::vector<mir::BlockId> reached{s.flow.start()};
  std::vector<char> seen(s.view.block_count(), 0);
  seen[s.flow.start()] = 1;
  for (size_t at = 0; at < reached.size(); ++at) {
    for (mir::BlockId to : s.view.normal_succs(reached[at])) {
      if (!seen[to]) {
        seen[to] = 1;
        reached.push_back(to);
      }
    }
  }
  return reached;
}

/// How many numbers become objects for a call of whatever a parameter or a local holds.
int boxed_arguments(const Specialization& s, ValueId call) {
  if (s.view.instr(call).op != Op::Call || !s.types[s.view.args(call)[0]].object)
    return 0;
  int count = 0;
  for (ValueId arg : s.view.args(call).subspan(1))
    count += s.view.instr(arg).op != Op::Const && s.types[arg].within((kNumber & ~kBool) | kUnbound);
  return count;
}

/// Whether a function without loops, all of whose calls come from CPython, reads or writes attributes, and saves less by its numbers than
/// the way to native code costs. CPython has attributes at once where it has seen the class before.
bool loses_by_attributes(Unit& unit) {
  constexpr double kEntryNs = 30, kAttributeNs = 4, kObjectNs = 15, kOperationNs = 8, kGuessNs = 2, kMethodNs = 15;
  const Specialization& s = *unit.specializations.front();
  const auto makes_instance = [](const auto& call) { return call.second.how == CallPlan::How::Instance; };
  const auto instances = std::count_if(s.calls.begin(), s.calls.end(), makes_instance);
  if (unit.specializations.size() > 1 + static_cast<size_t>(instances))
    return false;
  double saved = 0, lost = kEntryNs;
  bool has_attribute = false;
  for (mir::BlockId b : blocks_without_exception(s)) {
    for (ValueId v = s.view.first(b); v < s.view.end(b); ++v) {
      const Op op = s.view.instr(v).op;
      const bool is_attribute = op == Op::GetAttr || op == Op::SetAttr;
      const auto plan = s.calls.find(v);
      if (stays_boxed(unit, s, v)) {
        has_attribute |= is_attribute;
        lost += is_attribute ? kAttributeNs : 0;
        lost += op == Op::SetAttr && s.types[s.view.args(v)[1]].only(kFloat) ? kObjectNs : 0;
        lost += kObjectNs * boxed_arguments(s, v);
      } else if (op == Op::Call && plan != s.calls.end()) {
        saved += plan->second.how == CallPlan::How::Instance ? 0 : kMethodNs;  // CPython makes one as fast
      } else if (op == Op::Binary || op == Op::Inplace || op == Op::Compare || op == Op::Unary || op == Op::GetItem ||
                 op == Op::SetItem) {
        saved += s.guesses.contains(v) ? kGuessNs : kOperationNs;
      }
    }
  }
  return has_attribute && saved < lost;
}

}  // namespace

bool stays_boxed(Unit& unit, const Specialization& s, ValueId v) {
  const Instr& i = s.view.instr(v);
  for (ValueId arg : s.view.args(v)) {
    if (holds_native_list(s.types[arg], unit.sites))
      return false;
  }
  const auto type = [&](size_t k) { return s.type_at(s.view.args(v)[k], i.block); };
  switch (i.op) {
    case Op::Unary:
    case Op::Truth:
      return !type(0).within(kScalar | kWide | kTuple | kList | kChar) && !class_of(type(0));
    case Op::Binary:
    case Op::Inplace:
    case Op::Compare:
      if (s.guesses.contains(v))
        return false;
      if (s.types[v].object)
        return true;
      if (i.op == Op::Compare && (static_cast<mir::CompareOp>(i.sub) == mir::CompareOp::Is ||
                                  static_cast<mir::CompareOp>(i.sub) == mir::CompareOp::IsNot))
        return false;
      if (i.op == Op::Compare && static_cast<mir::CompareOp>(i.sub) >= mir::CompareOp::In)
        return !class_of(type(0)) || !class_of(type(1));
      if (i.op == Op::Compare && is_text(type(0)) && is_text(type(1)))
        return false;
      return !type(0).within(kScalar | kWide) || !type(1).within(kScalar | kWide);
    case Op::GetAttr:
      return !s.guards.contains(v) && (!s.types[v].only(kMethod) || s.types[v].is_loaded_method()) &&
             !type(0).only(kComplex);
    case Op::GetGlobal:
      return !s.guards.contains(v);
    case Op::SumAdd:
    case Op::SumCarry:
    case Op::SumEnd:
      return s.types[v].object;
    case Op::GetFree:
    case Op::LoadCell:
      return s.types[v].object;
    case Op::BuildSlice:
      return s.types[v].object;
    case Op::SetAttr:
    case Op::DelItem:
    case Op::StoreGlobal:
    case Op::DelGlobal:
    case Op::DelCell:
    case Op::MakeFunction:
    case Op::MakeCell:
    case Op::FreeCell:
    case Op::DelAttr:
    case Op::BuildSet:
    case Op::BuildDict:
    case Op::SetAdd:
    case Op::DictInsert:
    case Op::ListExtend:
    case Op::SetUpdate:
    case Op::DictUpdate:
    case Op::DictMerge:
    case Op::ListToTuple:
    case Op::CallUnpacked:
    case Op::UnpackStar:
    case Op::ImportName:
    case Op::ImportFrom:
    case Op::MakeGenerator:
      return true;
    case Op::FormatValue:
      return !type(0).only(kInt) && !is_text(type(0));
    case Op::BuildText:
      return false;
    case Op::StoreCell:
      return !type(1).within(kNoneType | kNumber);
    case Op::GetItem:
      return !(type(0).within(kList | kTuple) && type(1).within(kInt | kBool)) && !class_of(type(0));
    case Op::SetItem:
      return !(type(0).only(kList) && type(1).within(kInt | kBool)) && !is_mapping(class_of(type(0))) &&
             !(item_format(type(0)) && type(1).within(kInt | kBool) && type(2).within(kNumber));
    case Op::IterNext:
      return !type(0).within(kIterators) && !class_of(type(0));
    case Op::Call:
    case Op::CallMethod: {
      const auto plan = s.calls.find(v);
      return plan == s.calls.end() || plan->second.how == CallPlan::How::Boxed ||
             (s.types[v].object && plan->second.how != CallPlan::How::Method &&
              plan->second.how != CallPlan::How::Predicted && plan->second.how != CallPlan::How::Instance);
    }
    default:
      return false;
  }
}

std::optional<std::string> why_not_exact(Unit& unit) {
  // Unboxed, these have no identity left: two equal ones may be one object or two.
  constexpr Kinds kNoIdentity = kInt | kWide | kFloat | kComplex | kTuple | kChar;
  for (auto& s : unit.specializations) {
    for (mir::BlockId b : s->flow.order()) {
      for (ValueId v = s->view.first(b); v < s->view.end(b); ++v) {
        const Instr& i = s->view.instr(v);
        if (asks_for_same_nan(unit, *s, v)) {
          return place(*s, i) +
                 ": whether two NaN are equal here depends on which objects they are, and native code does not keep "
                 "floats as objects; compare number by number instead";
        }
        if (i.op != Op::Compare)
          continue;
        const auto op = static_cast<mir::CompareOp>(i.sub);
        if (op != mir::CompareOp::Is && op != mir::CompareOp::IsNot)
          continue;
        const Type left = s->type_at(s->view.args(v)[0], b), right = s->type_at(s->view.args(v)[1], b);
        const Kinds of_left = left.kinds & kNoIdentity, of_right = right.kinds & kNoIdentity;
        const bool of_char = ((left.kinds & kChar) && (right.kinds & (kChar | kKnown))) ||
                             ((right.kinds & kChar) && (left.kinds & kKnown));
        if (of_char || (of_left & of_right) || (of_left && right.object) || (of_right && left.object)) {
          return place(*s, i) +
                 ": `is` between numbers or tuples asks which object it is, and native code does not keep "
                 "them as objects; compare with == instead";
        }
      }
    }
  }
  return {};
}

std::optional<std::string> why_not_worth(Unit& unit, PyObject* const* args, runtime::GainWanted wanted, double* gain) {
  double plain_ns = 0, native_ns = 0, worst_ns = 0;
  bool has_loop = false;
  const Specialization* worst_in = nullptr;
  ValueId worst = mir::kNone;
  for (auto& s : unit.specializations) {
    for (mir::BlockId b : blocks_without_exception(*s)) {
      const int depth = s->view.block(b).loop_depth;
      has_loop |= depth > 0;
      const double weight = std::pow(10.0, std::min(depth, 6));
      for (ValueId v = s->view.first(b); v < s->view.end(b); ++v) {
        const Op op = s->view.instr(v).op;
        if (op == Op::Const || op == Op::Phi || op == Op::Jump || op == Op::Param || op == Op::Unbound ||
            op == Op::CheckBound)
          continue;
        if (stays_boxed(unit, *s, v)) {
          const double ns = weight * kBoxedNs;
          plain_ns += ns;
          native_ns += op == Op::StoreGlobal ? weight * kGlobalStoreNs : ns * 1.1;
          if (enters_python(unit, *s, args, v))
            native_ns += weight * kPythonEntryNs;
          native_ns += weight * kArgumentNs * boxed_arguments(*s, v);
          if (ns > worst_ns) {
            worst_ns = ns;
            worst_in = s.get();
            worst = v;
          }
        } else {
          plain_ns += weight * kPlainNs;
          native_ns += weight * kNativeNs;
        }
      }
    }
  }
  *gain = plain_ns / std::max(native_ns, 1.0);
  const bool is_accessor = wanted.declines_accessors && !has_loop && loses_by_attributes(unit);
  if (!is_accessor &&
      ((!has_loop && wanted.least == 0) || !worst_in || plain_ns >= std::max(kGainWanted, wanted.least) * native_ns))
    return {};
  const Instr& i = worst_in->view.instr(worst);
  return place(*worst_in, i) + ": " + operation_name(i.op) +
         " stays a Python call, and little else is left to compile: native code would not be faster";
}

}  // namespace hasten::compile
