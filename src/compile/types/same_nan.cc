#include "compile/types/same_nan.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

namespace hasten::compile {

using mir::BlockId;
using mir::CompareOp;
using mir::Op;
using mir::ValueId;

namespace {

constexpr int kDepthMax = 6;  // lists may hold themselves

/// Whether the object is no NaN, and none can ever be found in it.
bool is_free_of_nan(PyObject* object) {
  if (PyFloat_Check(object))
    return !std::isnan(PyFloat_AS_DOUBLE(object));
  if (PyComplex_Check(object))
    return !std::isnan(PyComplex_RealAsDouble(object)) && !std::isnan(PyComplex_ImagAsDouble(object));
  if (PyTuple_CheckExact(object)) {
    for (Py_ssize_t k = 0; k < PyTuple_GET_SIZE(object); ++k) {
      if (!is_free_of_nan(PyTuple_GET_ITEM(object, k)))
        return false;
    }
    return true;
  }
  if (PyFrozenSet_CheckExact(object)) {
    bool is_free = true;
    PyObject* items = PyObject_GetIter(object);
    while (PyObject* item = items ? PyIter_Next(items) : nullptr) {
      is_free = is_free && is_free_of_nan(item);
      Py_DECREF(item);
    }
    is_free = is_free && items;
    Py_XDECREF(items);
    PyErr_Clear();
    return is_free;
  }
  return PyLong_CheckExact(object) || PyBool_Check(object) || PyUnicode_CheckExact(object) ||
         PyBytes_CheckExact(object) || PyRange_Check(object) || object == Py_None;
}

class Question {
 public:
  Question(Unit& unit, const Specialization& s, ValueId v) : unit_(unit), s_(s), v_(v) {}

  bool asks() {
    const mir::Instr& i = s_.view.instr(v_);
    switch (i.op) {
      case Op::Compare:
        return compare(static_cast<CompareOp>(i.sub));
      case Op::GetItem:
      case Op::SetItem:
      case Op::DelItem:  // the key of a dict
        return (type(0).object || type(0).only(kKnown)) && has_nan(1);
      case Op::SetAdd:
      case Op::DictInsert:
        return has_nan(1);
      case Op::BuildSet:
      case Op::BuildDict:
        for (size_t k = 0; k < i.arg_count; k += i.op == Op::BuildDict ? 2 : 1) {
          if (has_nan(k))
            return true;
        }
        return false;
      case Op::Call:
        return call();
      default:
        return false;
    }
  }

 private:
  Type type(size_t arg) const { return s_.type_at(s_.view.args(v_)[arg], s_.view.instr(v_).block); }

  /// A NaN in `t`, or `t` itself, may have lost its identity.
  bool may_be_nan(const Type& t, int depth = 0) { return (t.kinds & (kFloat | kComplex)) != 0 || holds_nan(t, depth); }
  bool holds_nan(const Type& t, int depth = 0) {
    if (depth > kDepthMax)
      return true;
    if ((t.kinds & kList) && may_be_nan(unit_.sites.element(t.site), depth + 1))
      return true;
    return (t.kinds & kTuple) &&
           std::any_of(t.items->begin(), t.items->end(), [&](const Type& item) { return may_be_nan(item, depth + 1); });
  }
  /// Whether a NaN as CPython made it may be found in `t`: what is predicted of the items of a list is no promise.
  bool may_have_any(const Type& t) {
    return t.object || (t.kinds & kList) != 0 || (t.only(kKnown) && !is_free_of_nan(t.known)) ||
           ((t.kinds & kTuple) != 0 && std::any_of(t.items->begin(), t.items->end(), [&](const Type& item) {
              return may_be_nan(item) || may_have_any(item);
            }));
  }
  bool holds_holder(const Type& t) {
    if ((t.kinds & kList) && holds_nan(unit_.sites.element(t.site)))
      return true;
    return (t.kinds & kTuple) &&
           std::any_of(t.items->begin(), t.items->end(), [&](const Type& item) { return holds_nan(item); });
  }
  bool is_free_constant(size_t arg) const {
    PyObject* object = constant_object(s_, unit_, s_.view.args(v_)[arg]);
    return object && is_free_of_nan(object);
  }
  bool has_nan(size_t arg) { return may_be_nan(type(arg)) && !is_free_constant(arg); }

  bool compare(CompareOp op) {
    const Type a = type(0), b = type(1);
    if (op == CompareOp::In || op == CompareOp::NotIn) {
      if (is_free_constant(0) || is_free_constant(1))
        return false;
      return (may_be_nan(a) && may_have_any(b)) || (may_have_any(a) && holds_nan(b));
    }
    if (op == CompareOp::Is || op == CompareOp::IsNot || is_free_constant(0) || is_free_constant(1))
      return false;
    if (is_made_after(0, 1) || is_made_after(1, 0))
      return false;
    return (holds_nan(a) && may_have_any(b)) || (may_have_any(a) && holds_nan(b));
  }

  /// Whether operand `made` is a tuple of floats that have been computed since operand `other` was there: they are new
  /// objects, none of which `other` has.
  bool is_made_after(size_t made, size_t other) {
    const ValueId tuple = s_.view.args(v_)[made], before = s_.view.args(v_)[other];
    if (s_.view.instr(tuple).op != Op::BuildTuple)
      return false;
    for (ValueId item : s_.view.args(tuple)) {
      const mir::Instr& i = s_.view.instr(item);
      const Type& t = s_.types[item];
      if (!may_be_nan(t))
        continue;
      const bool is_new = t.within(kNumber) && (i.op == Op::Binary || i.op == Op::Inplace);
      const BlockId here = s_.view.instr(before).block;
      if (!is_new || !s_.flow.dominates(here, i.block) || (here == i.block && before >= item))
        return false;
    }
    return true;
  }

  bool call() {
    const ValueId callee = s_.view.args(v_)[0];
    const size_t count = s_.view.args(v_).size();
    const mir::Instr& attribute = s_.view.instr(callee);
    if (attribute.op == Op::GetAttr) {
      static constexpr std::array<std::string_view, 8> kSearching = {"index",   "count", "remove",     "add",
                                                                     "discard", "get",   "setdefault", "pop"};
      const Type receiver = s_.type_at(s_.view.args(callee)[0], attribute.block);
      const char* text = PyUnicode_AsUTF8(s_.view.function().names[attribute.aux]);
      const std::string_view name = text ? text : "";
      PyErr_Clear();
      if (name == "sort")
        return holds_holder(receiver);
      return std::find(kSearching.begin(), kSearching.end(), name) != kSearching.end() && count > 1 &&
             may_have_any(receiver) && has_nan(1);
    }
    const Type& known = s_.types[callee];
    if (!known.only(kKnown))
      return false;
    const Known which = known_of(known.known);
    if (which != Known::Sorted && which != Known::Min && which != Known::Max)
      return false;
    for (size_t k = 1; k < count; ++k) {
      if (count == 2 ? holds_holder(type(k)) : holds_nan(type(k)))
        return true;
    }
    return false;
  }

  Unit& unit_;
  const Specialization& s_;
  ValueId v_;
};

}  // namespace

bool asks_for_same_nan(Unit& unit, const Specialization& s, ValueId v) { return Question(unit, s, v).asks(); }

}  // namespace hasten::compile
