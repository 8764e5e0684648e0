// Why an instruction is not native, and what would help, in words. A hint stands only where it is true of this place.
#include <array>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "compile/lower/site_recorder.h"

namespace hasten::compile {

using mir::BinaryOp;
using mir::CompareOp;
using mir::Instr;
using mir::Op;
using mir::UnaryOp;
using mir::ValueId;
using runtime::SiteClass;

namespace {

constexpr std::array<const char*, 13> kBinarySigns = {"+",  "-",  "*", "/", "//", "%", "**",
                                                      "<<", ">>", "&", "|", "^",  "@"};
constexpr std::array<const char*, 4> kUnarySigns = {"-", "+", "~", "not"};
constexpr std::array<const char*, 10> kCompareSigns = {"<",  "<=", "==",     "!=", ">",
                                                       ">=", "is", "is not", "in", "not in"};

/// The words for one instruction.
class Words {
 public:
  Words(Unit& unit, const Specialization& s, ValueId v, const Emitted& emitted)
      : unit_(unit), s_(s), v_(v), i_(s.view.instr(v)), e_(emitted) {}

  SiteWords checked() const {
    std::string why;
    const auto add = [&](const std::string& phrase) {
      if (!phrase.empty() && why.find(phrase) == std::string::npos)
        why += fmt::format("{}{}", why.empty() ? "checked: " : "; ", phrase);
    };
    if (e_.overflow)
      add(i_.op == Op::Call ? "the result may be beyond 64 bits" : "an integer may be beyond 64 bits");
    if (e_.wide_overflow)
      add("an integer may be beyond 128 bits");
    if (e_.other_type)
      add(surprise());
    if (e_.rare_case)
      add(rare_case());
    if (e_.made)
      add("a float object is made where the old one is somebody else's too");
    if (e_.rarely_boxed && !e_.is_rare_call)
      add(left_to_cpython());
    if (e_.is_rare_call)
      add("`{callee}` may be another function, which is called through CPython");
    return {why, ""};
  }

  SiteWords python_call() const {
    if (i_.op == Op::CallUnpacked)
      return {"`{callee}` is called through CPython: with `*` or `**`", ""};
    const Type& callee = s_.types[s_.view.args(v_)[0]];
    if (callee.is_loaded_method() || (callee.object && s_.view.instr(s_.view.args(v_)[0]).op == Op::GetAttr))
      return {"`{callee}`, a method that is found when it is called, is called through CPython", ""};
    PyObject* object = callee.only(kKnown) ? callee.known : nullptr;
    if (!object)
      return {"`{callee}`, whatever it holds then, is called through CPython", ""};
    if (PyType_Check(object))
      return {"`{callee}`, a class, is called through CPython", ""};
    if (PyFunction_Check(object))
      return {"`{callee}`, a Python function that is not compiled, is called through CPython",
              "put @hasten.jit on `{callee}`: a call from compiled code is native then, if it can be compiled"};
    if (const mir::MirFunction* f = unit_.mir_of(object)) {
      if (reinterpret_cast<PyCodeObject*>(PyFunction_GET_CODE(f->function))->co_flags & CO_VARKEYWORDS)
        return {"`{callee}` is compiled, but takes any number of arguments: called through CPython", ""};
      return {"`{callee}` is compiled, but not for these arguments: called through CPython", ""};
    }
    return {"`{callee}` is called through CPython", ""};
  }

  SiteWords boxed() const {
    if (!e_.boxed)
      return made();
    SiteWords words = operation();
    words.why = fmt::format("on objects: {}", words.why);
    return words;
  }

 private:
  SiteWords operation() const {
    if (was_too_big())
      return {fmt::format("an integer that was beyond {} bits", experience(v_)->overflowed > 1 ? 128 : 64),
              is_growing() ? "if only a remainder is wanted, take it (%) in every round: the numbers stay below 64 bits"
                           : ""};
    switch (i_.op) {
      case Op::Binary:
      case Op::Inplace: {
        return {fmt::format("`{}{}` of {} and {}", kBinarySigns[i_.sub], i_.op == Op::Inplace ? "=" : "", operand(0),
                            operand(1)),
                ""};
      }
      case Op::Unary:
        return {fmt::format("`{}` of {}", kUnarySigns[i_.sub], operand(0)), ""};
      case Op::Compare:
        return {fmt::format("`{}` of {} and {}", kCompareSigns[i_.sub], operand(0), operand(1)), ""};
      case Op::Truth:
        return {fmt::format("whether {} is true", operand(0)), ""};
      case Op::GetAttr:
        return {fmt::format("the attribute `{}`", name()), outside_loop()};
      case Op::SetAttr:
      case Op::DelAttr:
        return {fmt::format("writing the attribute `{}`", name()), ""};
      case Op::GetItem:
        return {fmt::format("{} of {}", makes_slice() ? "a slice" : "an item", operand(0)), ""};
      case Op::SetItem:
      case Op::DelItem:
        return {fmt::format("writing an item of {}", operand(0)), ""};
      case Op::GetIter:
        return {fmt::format("an iterator of {}", operand(0)), ""};
      case Op::IterNext:
        return {fmt::format("the next item of {}", operand(0)), ""};
      case Op::Unpack:
      case Op::UnpackStar:
      case Op::Extract:
        return {fmt::format("the items of {}", operand(0)), ""};
      case Op::Call:
        return {"`{callee}`", ""};
      case Op::GetGlobal:
        return {fmt::format("the global `{}`, which is written here or changes often", name()),
                in_loop()
                    ? fmt::format("keep `{}` in a local during the loop, if nobody else writes it meanwhile", name())
                    : ""};
      case Op::StoreGlobal:
      case Op::DelGlobal:
        return {
            fmt::format("writing the global `{}`", name()),
            in_loop()
                ? fmt::format("keep `{}` in a local and write it after the loop, if nobody reads it meanwhile", name())
                : ""};
      case Op::GetFree:
      case Op::LoadCell:
      case Op::StoreCell:
      case Op::DelCell:
      case Op::MakeCell:
      case Op::FreeCell:
      case Op::NewCell:
      case Op::ReadCell:
        return {"a variable that a nested function shares", ""};
      case Op::BuildList:
      case Op::ListAppend:
      case Op::ListExtend:
        return {"making or growing a list", ""};
      case Op::BuildTuple:
      case Op::ListToTuple:
        return {"making a tuple", ""};
      case Op::BuildSet:
      case Op::SetAdd:
      case Op::SetUpdate:
        return {"making or growing a set", ""};
      case Op::BuildDict:
      case Op::DictInsert:
      case Op::DictUpdate:
      case Op::DictMerge:
        return {"making or growing a dict", ""};
      case Op::BuildSlice:
        return {"making a slice object", ""};
      case Op::FormatValue:
      case Op::BuildText:
        return {"making text", ""};
      case Op::MakeFunction:
        return {"making a function object", ""};
      case Op::MakeGenerator:
        return {"making a generator, which runs as Python",
                "a list comprehension in its place is compiled; it makes all items at once"};
      case Op::ImportName:
      case Op::ImportFrom:
        return {"an import", in_loop() ? "import before the loop" : ""};
      case Op::Raise:
      case Op::Reraise:
      case Op::TakeRaised:
      case Op::Handled:
      case Op::SetHandled:
      case Op::MatchException:
        return {"raising or handling an exception", ""};
      default:
        return {"an operation on objects", ""};
    }
  }

  /// Only objects are made of numbers, by no operation.
  SiteWords made() const {
    std::string what = "makes ";
    bool is_first = true;
    const auto add = [&](Kinds kind, const char* word) {
      if (e_.made & kind)
        what += fmt::format("{}{}", std::exchange(is_first, false) ? "" : " and ", word);
    };
    add(kInt, "an int object");
    add(kFloat, "a float object");
    add(kComplex, "a complex object");
    add(kRange, "a range object");
    add(kTuple, "a tuple object");
    add(kSlice, "a slice object");
    add(kListIter, "an iterator object");
    what += ": ";
    switch (i_.op) {
      case Op::SetItem:
      case Op::ListAppend:
      case Op::BuildList:
        return {what + "a list holds objects", ""};
      case Op::StoreCell:
      case Op::MakeCell:
      case Op::NewCell:
        return {what + "a variable that a nested function shares holds objects", ""};
      case Op::Call:
        if (is_list_append())
          return {what + "a list holds objects", ""};
        return {what + "`{callee}` wants an object", ""};
      case Op::Return:
        return {what + "the function may return other objects too", ""};
      case Op::Jump:
      case Op::Branch:
      case Op::BranchBound:
        return {what + "the variable may hold other objects too", "give what has another type a variable of its own"};
      default:
        return {what + "objects are wanted here", ""};
    }
  }

  bool makes_slice() const {
    const ValueId key = s_.view.args(v_)[1];
    return s_.types[key].only(kSlice) || s_.view.instr(key).op == Op::BuildSlice;
  }

  bool is_list_append() const {
    const auto plan = s_.calls.find(v_);
    return plan != s_.calls.end() &&
           (plan->second.how == CallPlan::How::ListAppend || plan->second.method.id == MethodId::ListAppend);
  }

  std::string left_to_cpython() const {
    if (i_.op == Op::ListAppend || is_list_append())
      return "the list may have to grow, by CPython";
    if (i_.op == Op::GetAttr)
      return fmt::format("`{}` may have to be looked up, by CPython", name());
    return "rare cases are left to CPython";
  }

  std::string surprise() const {
    const std::string type = describe(s_.types[v_].without(kUnbound), unit_.sites);
    switch (i_.op) {
      case Op::GetItem:
      case Op::IterNext:
      case Op::Extract:
      case Op::Unpack:
        return fmt::format("an item may be of another type than {}", type);
      case Op::Call:
        return fmt::format("the result may be of another type than {}", type);
      case Op::Binary:
      case Op::Inplace:
      case Op::Compare:
      case Op::Unary:
        return s_.guesses.contains(v_) ? "an operand may be no number"
                                       : fmt::format("the result may be of another type than {}", type);
      default:
        return fmt::format("the value may be of another type than {}", type);
    }
  }

  std::string rare_case() const {
    switch (i_.op) {
      case Op::GetItem:
      case Op::SetItem:
        return "the index may be out of range";
      case Op::IterNext:
        return "the count may be beyond 64 bits";
      case Op::Unpack:
        return "the number of items may be another";
      case Op::CheckBound:
        return "the variable may have no value";
      case Op::GetGlobal:
      case Op::GetAttr:
        return fmt::format("`{}` may be bound to something else now", name());
      case Op::GetFree:
      case Op::LoadCell:
        return "the variable may have no value";
      case Op::Raise:
        return "an exception is raised, which the interpreter does";
      case Op::Binary:
      case Op::Inplace:
        switch (static_cast<BinaryOp>(i_.sub)) {
          case BinaryOp::TrueDiv:
          case BinaryOp::FloorDiv:
          case BinaryOp::Mod:
            return "the divisor may be 0";
          case BinaryOp::LShift:
          case BinaryOp::RShift:
            return "the shift may be negative";
          default:
            return "an operand may be no number";
        }
      case Op::Unary:
      case Op::Compare:
      case Op::Truth:
        return "an operand may be of another kind";
      case Op::Call: {
        const auto plan = s_.calls.find(v_);
        if (plan == s_.calls.end())
          return "what it calls may bind names anew";
        if (plan->second.target)
          return e_.is_rare_call ? "" : "`{callee}`, called natively, may leave";
        if (Known::MathUnaryFirst < plan->second.known && plan->second.known < Known::MathUnaryLast)
          return "the argument may be outside the domain of `{callee}`";
        return "a rare case of `{callee}`";
      }
      default:
        return "a rare case";
    }
  }

  const Experience::Seen* experience(ValueId v) const {
    const Experience* all = unit_.experience(s_.view.function());
    const auto found = all ? all->values.find(v) : decltype(all->values.find(v)){};
    return all && found != all->values.end() ? &found->second : nullptr;
  }

  bool was_too_big() const {
    const Experience::Seen* seen = experience(v_);
    return seen && seen->overflowed;
  }

  bool is_growing() const {
    return in_loop() && (i_.op == Op::Binary || i_.op == Op::Inplace) &&
           (i_.sub == static_cast<uint8_t>(BinaryOp::Add) || i_.sub == static_cast<uint8_t>(BinaryOp::Mul));
  }

  /// "int", "an object", "an object (str was seen)".
  std::string operand(size_t arg) const {
    const ValueId v = s_.view.args(v_)[arg];
    const Type t = s_.type_at(v, i_.block);
    if (t.only(kKnown) && t.known)
      return Py_TYPE(t.known)->tp_name;
    if (t.only(kTuple))
      return "a tuple";
    if (!t.object || t.cls)
      return describe(t, unit_.sites);
    const Experience::Seen* seen = experience(v);
    std::string among;
    if (seen && seen->overflowed)
      among = fmt::format("an int beyond {} bits", seen->overflowed > 1 ? 128 : 64);
    for (size_t k = 0; seen && k < seen->classes.size() && k < 3; ++k) {
      PyObject* one = seen->classes[k];
      const auto* cls = PyTuple_Check(one) ? &PyTuple_Type : reinterpret_cast<PyTypeObject*>(one);
      among += fmt::format("{}{}", among.empty() ? "" : ", ", cls->tp_name);
    }
    return among.empty() ? "an object" : fmt::format("an object ({} was seen)", among);
  }

  std::string name() const {
    const char* text = PyUnicode_AsUTF8(s_.view.function().names[i_.aux]);
    if (!text)
      PyErr_Clear();
    return text ? text : "?";
  }

  uint16_t depth_of(ValueId v) const { return s_.view.block(s_.view.instr(v).block).loop_depth; }
  bool in_loop() const { return depth_of(v_) > 0; }

  /// Whether the function has one of these instructions with this name.
  bool has(Op one, Op another) const {
    for (ValueId at = 0; at < s_.view.instr_count(); ++at) {
      const Instr& other = s_.view.instr(at);
      if ((other.op == one || other.op == another) && other.aux == i_.aux)
        return true;
    }
    return false;
  }

  /// For an attribute that is read in a loop, of an object that is the same in all its rounds.
  std::string outside_loop() const {
    const ValueId base = s_.view.args(v_)[0];
    if (s_.types[v_].is_loaded_method() || !in_loop())
      return "";
    ValueId origin = base;
    while (s_.view.instr(origin).op == Op::CheckBound) origin = s_.view.args(origin)[0];
    if (s_.view.instr(origin).op == Op::Phi || depth_of(origin) >= depth_of(v_) || has(Op::SetAttr, Op::DelAttr))
      return "";
    return fmt::format("read `{}` into a local before the loop, if nothing changes it meanwhile", name());
  }

  Unit& unit_;
  const Specialization& s_;
  ValueId v_;
  const Instr& i_;
  const Emitted& e_;
};

}  // namespace

SiteWords site_words(Unit& unit, const Specialization& s, ValueId v, const Emitted& emitted, SiteClass what) {
  const Words words(unit, s, v, emitted);
  if (what == SiteClass::PythonCall)
    return words.python_call();
  return what == SiteClass::Boxed ? words.boxed() : words.checked();
}

}  // namespace hasten::compile
