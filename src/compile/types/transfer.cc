#include "compile/types/transfer.h"

#include <algorithm>

#include "compile/types/buffers.h"
#include "compile/types/interval.h"
#include "compile/types/methods.h"
#include "runtime/planted.h"

namespace hasten::compile {

using mir::BinaryOp;
using mir::CompareOp;
using mir::UnaryOp;

namespace {

constexpr Kinds kIntegral = kBool | kInt;
constexpr Kinds kReal = kIntegral | kFloat;

Interval interval_of(const Type& t) { return t.only(kBool) ? Interval{0, 1} : t.interval; }

/// Of whole numbers of one kind each, of which some may be wide. `never`: it raises; an object: it is left to CPython.
Type whole_binary(BinaryOp op, const Type& a, const Type& b) {
  bool overflows = false;
  WideInterval x = a.whole_interval(), y = b.whole_interval();
  switch (op) {
    case BinaryOp::TrueDiv:
      return Type::of(kFloat);
    case BinaryOp::MatMul:
      return {};
    case BinaryOp::Pow:
      if (!(y == WideInterval{2, 2}))
        return Type::any();
      op = BinaryOp::Mul;
      y = x;
      break;
    default:
      break;
  }
  return Type::whole(wide_interval(op, x, y, &overflows));
}

/// Whether no result at all is an int64: it is no use to hope for one.
bool is_surely_wide(BinaryOp op, Interval x, Interval y) {
  const bool shifts = op == BinaryOp::LShift && y.low >= 0 && y.high <= 126;
  if (op != BinaryOp::Add && op != BinaryOp::Sub && op != BinaryOp::Mul && !shifts)
    return false;
  bool overflows = false;
  const WideInterval r = wide_interval(op, {x.low, x.high}, {y.low, y.high}, &overflows);
  return r.low > Interval{}.high || r.high < Interval{}.low;
}

Type integral_binary(BinaryOp op, const Type& a, const Type& b) {
  const Interval x = interval_of(a), y = interval_of(b);
  switch (op) {
    case BinaryOp::TrueDiv:
      return Type::of(kFloat);
    case BinaryOp::MatMul:
      return {};
    case BinaryOp::And:
    case BinaryOp::Or:
    case BinaryOp::Xor:
      if (a.only(kBool) && b.only(kBool) && !planted_bug(Plant::BoolIsInt))
        return Type::of(kBool);
      break;
    case BinaryOp::Pow:
      // A negative exponent gives a float: predicted only where it is sure; elsewhere it deoptimises once.
      if (y.high < 0)
        return Type::of(kFloat);
      return Type::of(kInt);
    default:
      break;
  }
  if (is_surely_wide(op, x, y))
    return whole_binary(op, a, b);
  const Interval r = result_interval(op, x, y);
  return Type::integer(r.low, r.high);
}

Type number_binary(BinaryOp op, const Type& a, const Type& b) {
  if (a.is_whole() && b.is_whole() && (a.only(kWide) || b.only(kWide)))
    return whole_binary(op, a, b);
  if (a.within(kIntegral) && b.within(kIntegral))
    return integral_binary(op, a, b);
  const bool complex = a.only(kComplex) || b.only(kComplex);
  switch (op) {
    case BinaryOp::Add:
    case BinaryOp::Sub:
    case BinaryOp::Mul:
    case BinaryOp::TrueDiv:
    case BinaryOp::Pow:
      return Type::of(complex ? kComplex : kFloat);
    case BinaryOp::FloorDiv:
    case BinaryOp::Mod:
      return complex ? Type{} : Type::of(kFloat);
    default:
      return {};
  }
}

}  // namespace

Type binary_type(BinaryOp op, const Type& a, const Type& b, SiteTable& sites, SiteId fresh) {
  if (a.within(kNumber | kWide) && b.within(kNumber | kWide))
    return number_binary(op, a, b);
  if (op == BinaryOp::Add && a.only(kTuple) && b.only(kTuple) && a.items->size() + b.items->size() <= 8) {
    std::vector<Type> items = *a.items;
    items.insert(items.end(), b.items->begin(), b.items->end());
    return Type::with_items(kTuple, std::move(items));
  }
  if (is_text(a) && op == BinaryOp::Mod)
    return Type::exact(&PyUnicode_Type);
  if (op == BinaryOp::Add || op == BinaryOp::Mul) {
    const auto is_sequence = [](const Type& t) {
      const PyTypeObject* cls = t.may_be_unbound() ? nullptr : class_of(t);
      return cls == &PyUnicode_Type || cls == &PyBytes_Type || cls == &PyByteArray_Type || is_array(cls) ||
             (cls == &PyTuple_Type && (t.object || t.only(kTuple)));
    };
    const auto another = [](const Type& t) {
      Type made = Type::exact(class_of(t));
      made.code = t.object ? t.code : '\0';
      return made;
    };
    const bool same = op == BinaryOp::Add
                          ? class_of(a) == class_of(b) || (a.cls == &PyByteArray_Type && class_of(b) == &PyBytes_Type)
                          : b.within(kIntegral);
    if (same && is_sequence(a) && !b.may_be_unbound())
      return another(a);
    if (op == BinaryOp::Mul && is_sequence(b) && a.within(kIntegral))
      return another(b);
    // What is added to bytes is most likely more of them. The result is looked at.
    if (op == BinaryOp::Add && !a.may_be_unbound() && class_of(a) == &PyBytes_Type && b.object && !b.cls &&
        !b.may_be_unbound())
      return Type::exact(&PyBytes_Type);
  }
  if (a.cls == &PySet_Type && b.cls == &PySet_Type &&
      (op == BinaryOp::And || op == BinaryOp::Or || op == BinaryOp::Xor || op == BinaryOp::Sub))
    return Type::exact(&PySet_Type);
  if (a.within(kScalar) && b.within(kScalar))
    return {};  // None or unbound with a number
  if (op == BinaryOp::Add && a.only(kList) && b.only(kList)) {
    sites.widen(fresh, sites.element(a.site));
    sites.widen(fresh, sites.element(b.site));
    return Type::list(fresh);
  }
  if (op == BinaryOp::Mul && ((a.only(kList) && b.within(kIntegral)) || (b.only(kList) && a.within(kIntegral)))) {
    sites.widen(fresh, sites.element(a.only(kList) ? a.site : b.site));
    return Type::list(fresh);
  }
  return Type::any();
}

Type unary_type(UnaryOp op, const Type& a) {
  if (op == UnaryOp::Not)
    return Type::of(kBool);
  if (a.within(kIntegral)) {
    const Interval x = interval_of(a);
    if (op == UnaryOp::Neg) {
      const Interval r = result_interval(BinaryOp::Sub, {0, 0}, x);
      return Type::integer(r.low, r.high);
    }
    if (op == UnaryOp::Pos)
      return Type::integer(x.low, x.high);
    return Type::integer(~x.high, ~x.low);
  }
  if (a.only(kWide)) {
    if (op == UnaryOp::Pos)
      return a;
    if (op == UnaryOp::Invert)
      return Type::whole({~a.wide.high, ~a.wide.low});
    bool overflows = false;
    return Type::whole(wide_interval(BinaryOp::Sub, {0, 0}, a.wide, &overflows));
  }
  if (a.within(kFloat | kComplex))
    return op == UnaryOp::Invert ? Type{} : a;
  if (a.within(kScalar))
    return {};
  return Type::any();
}

Type compare_type(CompareOp op, const Type& a, const Type& b) {
  switch (op) {
    case CompareOp::Is:
    case CompareOp::IsNot:
    case CompareOp::In:
    case CompareOp::NotIn:
    case CompareOp::Eq:
    case CompareOp::Ne:
      break;
    default:
      if (a.within(kScalar) && b.within(kScalar) && !(a.within(kReal) && b.within(kReal)))
        return {};
      break;
  }
  if (op == CompareOp::Is || op == CompareOp::IsNot || op == CompareOp::In || op == CompareOp::NotIn) {
    return Type::of(kBool);
  }
  const auto compares_to_bool = [](const Type& t) {
    return !t.object || ((t.cls == &PyUnicode_Type || t.cls == &PyBytes_Type) && !t.may_be_unbound());
  };
  if (!compares_to_bool(a) || !compares_to_bool(b))
    return Type::any();  // __lt__ may return anything
  return Type::of(kBool);
}

Type abs_type(const Type& a) {
  if (a.within(kIntegral)) {
    const Interval x = interval_of(a);
    if (x.low >= 0)
      return Type::integer(x.low, x.high);
    const Interval n = result_interval(BinaryOp::Sub, {0, 0}, x);
    return Type::integer(std::max<int64_t>({0, x.low, n.low}), std::max(x.high, n.high));
  }
  if (a.only(kWide)) {
    bool overflows = false;
    const WideInterval n = wide_interval(BinaryOp::Sub, {0, 0}, a.wide, &overflows);
    return a.wide.low >= 0 ? a : Type::whole({std::max<Wide>({0, a.wide.low, n.low}), std::max(a.wide.high, n.high)});
  }
  if (a.within(kFloat | kComplex))
    return Type::of(kFloat);
  if (a.within(kScalar))
    return {};
  return Type::any();
}

namespace {

/// Whether it is a list, or another container whose items are predicted.
bool has_items(const Type& t) {
  return t.only(kList) || (t.object && t.site != kNoSite && t.cls && !t.may_be_unbound());
}

}  // namespace

Type called_result(Known known, std::span<const Type> args, SiteTable& sites, SiteId fresh) {
  const Type int_type = Type::of(kInt), float_type = Type::of(kFloat);
  switch (known) {
    case Known::Len:
      return Type::integer(0, int64_t{1} << 60);
    case Known::Int:
    case Known::MathInt:
    case Known::Floor:
    case Known::Ceil:
    case Known::Trunc:
    case Known::Ord:
      return int_type;
    case Known::Chr:
      return Type::of(kChar);
    case Known::Str:
    case Known::Bin:
    case Known::ToText:
      return Type::exact(&PyUnicode_Type);
    case Known::Tuple:
      return Type::exact(&PyTuple_Type);
    case Known::Float:
    case Known::MathFloat:
    case Known::Fabs:
    case Known::Atan2:
    case Known::Copysign:
    case Known::Degrees:
    case Known::Radians:
      return float_type;
    case Known::Bool:
    case Known::MathBool:
    case Known::Isnan:
    case Known::Isinf:
    case Known::Isfinite:
    case Known::Isinstance:
    case Known::Any:
    case Known::All:
      return Type::of(kBool);
    case Known::Complex:
    case Known::CmathComplex:
      return Type::of(kComplex);
    case Known::Round:
      if (args.size() == 1 && args[0].only(kFloat))
        return int_type;
      if (args.size() == 2 && args[0].only(kFloat))
        return args[1].only(kNoneType) ? int_type : float_type;
      if (args.size() == 2 && args[0].within(kIntegral))
        return int_type;
      return Type::any();
    case Known::Pow:
      if (args.size() == 3 && args[0].within(kIntegral) && args[1].within(kIntegral) && args[2].within(kIntegral)) {
        return int_type;
      }
      if (args.size() == 3 && args[0].is_whole() && args[1].is_whole() && args[2].is_whole())
        return whole_binary(BinaryOp::Mod, args[0], args[2]);
      return Type::any();
    case Known::List:
    case Known::Sorted: {
      if (args.size() != 1)
        return Type::any();
      if (args[0].within(kList))
        sites.widen(fresh, sites.element(args[0].site));
      else if (args[0].only(kRange))
        sites.widen(fresh, Type::of(kInt));
      else if (args[0].only(kReversed))
        sites.widen(fresh,
                    args[0].items->front().site == kNoSite ? Type::any() : sites.element(args[0].items->front().site));
      else if (is_text(args[0]))
        sites.widen(fresh, Type::of(kChar));
      else if (args[0].object && args[0].site != kNoSite && !args[0].may_be_unbound())
        sites.widen(fresh, element_of(args[0], sites));
      return Type::list(fresh);
    }
    case Known::Sum:
      if (args.size() == 1 && has_items(args[0])) {
        const Type element = element_of(args[0], sites);
        if (element.within(kBool))
          return int_type;
        if (element.within(kInt))
          return int_type;
        if (element.only(kFloat) || element.only(kComplex))
          return element;
      }
      return Type::any();
    case Known::Min:
    case Known::Max:
      if (args.size() == 1 && has_items(args[0])) {
        Type element = element_of(args[0], sites);
        if (element.within(kNumber)) {
          if (element.kinds & kInt)
            element.interval = {};
          return element;
        }
        if (is_text(element))
          return Type::exact(&PyUnicode_Type);
      }
      return Type::any();
    default:
      if (Known::MathUnaryFirst < known && known < Known::MathUnaryLast)
        return float_type;
      return Type::any();
  }
}

}  // namespace hasten::compile
