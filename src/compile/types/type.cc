#include "compile/types/type.h"

#include <algorithm>
#include <bit>

namespace hasten::compile {
namespace {

constexpr int kAlternativeCountMax = 4;  // more in a union cost more than boxing
constexpr int kDepthMax = 6;             // tuples in tuples deeper than this are boxed
constexpr size_t kTupleItemsMax = 16;

int depth(const Type& t) {
  int deepest = 0;
  if (t.items) {
    for (const Type& item : *t.items) deepest = std::max(deepest, depth(item));
  }
  return deepest + 1;
}

Type boxed(const Type& a, const Type& b) {
  Type t = Type::any();
  t.kinds = static_cast<Kinds>((a.kinds | b.kinds) & kUnbound);
  if (a.only(kUnbound) || b.only(kUnbound)) {
    const Type& bound = a.only(kUnbound) ? b : a;
    t.cls = bound.cls, t.code = bound.code, t.site = t.cls ? bound.site : kNoSite;
  } else if (PyTypeObject* cls = class_of(a); cls && cls == class_of(b)) {
    t.cls = followed_class(cls);
    t.code = a.code == b.code ? a.code : '\0';
  }
  return t;
}

/// A list that ends up in a plain object may be changed through it: nothing to predict, every load is checked.
bool join_items(const Type& a, const Type& b, Type& into, SiteTable& sites) {
  if (!a.items || !b.items || a.items->size() != b.items->size() || a.items->size() > kTupleItemsMax)
    return false;
  std::vector<Type> items;
  for (size_t i = 0; i < a.items->size(); ++i) items.push_back(join((*a.items)[i], (*b.items)[i], sites));
  into.items = std::make_shared<const std::vector<Type>>(std::move(items));
  return depth(into) <= kDepthMax;
}

}  // namespace

Type Type::without(Kinds mask) const {
  Type t = *this;
  t.kinds = static_cast<Kinds>(t.kinds & ~mask);
  if (!t.object && !(t.kinds & kWithItems))
    t.items = nullptr;
  return t;
}

Type Type::alternative(Kinds kind) const {
  Type t = of(kind);
  if (kind & kWithInterval)
    t.interval = interval;
  if (kind == kWide)
    t.wide = wide;
  if (kind == kList || kind == kListIter)
    t.site = site;
  if (kind == kListIter)
    t.cls = cls, t.code = code;
  if (kind == kKnown || kind == kMethod)
    t.known = known;
  if (kind & kWithItems)
    t.items = items;
  return t;
}

std::vector<Type> Type::alternatives() const {
  if (object)
    return {*this};
  std::vector<Type> result;
  for (int bit = 0; bit < static_cast<int>(kKindCount); ++bit) {
    const auto kind = static_cast<Kinds>(1u << bit);
    if (kinds & kind)
      result.push_back(alternative(kind));
  }
  return result;
}

bool operator==(const Type& a, const Type& b) {
  if (a.kinds != b.kinds || a.object != b.object || a.site != b.site || a.known != b.known || a.cls != b.cls ||
      a.code != b.code)
    return false;
  if ((a.kinds & kWithInterval) && !(a.interval == b.interval))
    return false;
  if ((a.kinds & kWide) && !(a.wide == b.wide))
    return false;
  if (!a.items || !b.items)
    return !a.items == !b.items;
  return a.items == b.items || *a.items == *b.items;
}

namespace {

WideInterval hull_of_wide(const Type& a, const Type& b) {
  WideInterval hull{WideInterval::kHighest, WideInterval::kLowest};
  for (const Type* t : {&a, &b}) {
    if (!(t->kinds & (kInt | kWide)))
      continue;
    const WideInterval one = t->kinds & kWide ? t->wide : WideInterval{t->interval.low, t->interval.high};
    hull = {std::min(hull.low, one.low), std::max(hull.high, one.high)};
  }
  return hull;
}

/// The same in steps, so that few forms are met: 64 bits without a sign, or 128.
WideInterval coarse(const WideInterval& interval) {
  return interval.is_unsigned() ? WideInterval{0, WideInterval::kUnsignedHighest} : WideInterval{};
}

}  // namespace

Type join(const Type& a, const Type& b, SiteTable& sites) {
  if (a.never())
    return b;
  if (b.never())
    return a;
  if (a.object && b.object) {
    Type t = boxed(a, b);
    if (a.cls == b.cls && a.site != kNoSite && b.site != kNoSite)
      t.site = a.site == b.site ? a.site : sites.unify(a.site, b.site);
    if (a.known == b.known && a.known && join_items(a, b, t, sites))
      t.known = a.known;
    else
      t.items = nullptr;
    return t;
  }
  if (a.object || b.object) {
    const Type &held = a.object ? a : b, &other = a.object ? b : a;
    if (held.cls == &PyTuple_Type && held.site != kNoSite && (other.kinds & ~kUnbound) == kTuple) {
      for (const Type& item : *other.items) sites.widen(held.site, item);
      Type t = held;
      t.kinds = (a.kinds | b.kinds) & kUnbound;
      return t;
    }
    return boxed(a, b);
  }
  if (const int64_t one = char_of(a.kinds == kChar ? b : a); one >= 0 && ((a.kinds | b.kinds) == (kChar | kKnown)))
    return Type::of(kChar);
  Type t;
  t.kinds = a.kinds | b.kinds;
  if (t.kinds & kWide) {
    t.wide = hull_of_wide(a, b);
    t.kinds &= ~static_cast<Kinds>(kInt);
  }
  if (std::popcount(static_cast<unsigned>(t.kinds & ~kUnbound)) > kAlternativeCountMax)
    return boxed(a, b);
  if (t.kinds & kWithInterval) {
    if (!(a.kinds & kWithInterval))
      t.interval = b.interval;
    else if (!(b.kinds & kWithInterval))
      t.interval = a.interval;
    else
      t.interval = {std::min(a.interval.low, b.interval.low), std::max(a.interval.high, b.interval.high)};
  }
  // Kinds with detail: both sides must agree, and only one such kind fits into one value.
  constexpr Kinds kDetailed = static_cast<Kinds>(~(kScalar | kChar | kWide));
  const auto detailed = static_cast<Kinds>(t.kinds & kDetailed);
  if (std::popcount(static_cast<unsigned>(detailed)) > 1)
    return boxed(a, b);
  if (detailed) {
    const bool in_both = (a.kinds & detailed) && (b.kinds & detailed);
    const Type& one = (a.kinds & detailed) ? a : b;
    t.site = one.site;
    t.known = one.known;
    t.cls = one.cls;
    t.code = one.code;
    t.items = one.items;
    if (in_both) {
      if (a.known != b.known || a.cls != b.cls || a.code != b.code || (a.site == kNoSite) != (b.site == kNoSite))
        return boxed(a, b);
      if (a.site != b.site)
        t.site = sites.unify(a.site, b.site);
      if ((a.items || b.items) && !(a.items == b.items) && !join_items(a, b, t, sites))
        return boxed(a, b);
    }
  }
  return t;
}

Type widen(const Type& before, const Type& next) {
  Type t = next;
  if ((before.kinds & kWithInterval) && (t.kinds & kWithInterval)) {
    if (t.interval.low < before.interval.low)
      t.interval.low = Interval{}.low;
    if (t.interval.high > before.interval.high)
      t.interval.high = Interval{}.high;
  }
  if ((before.kinds & kWide) && (t.kinds & kWide)) {
    if (t.wide.low < before.wide.low)
      t.wide.low = t.wide.low >= 0 ? 0 : t.wide.low >= Interval{}.low ? Wide{Interval{}.low} : WideInterval::kLowest;
    if (t.wide.high > before.wide.high)
      t.wide.high =
          t.wide.high <= WideInterval::kUnsignedHighest ? WideInterval::kUnsignedHighest : WideInterval::kHighest;
  }
  if (before.items && t.items && before.items != t.items && before.items->size() == t.items->size()) {
    std::vector<Type> items;
    for (size_t i = 0; i < t.items->size(); ++i) items.push_back(widen((*before.items)[i], (*t.items)[i]));
    t.items = std::make_shared<const std::vector<Type>>(std::move(items));
  }
  return t;
}

bool must_box(const Type& from, const Type& to) {
  if (from.object || from.never() || from.only(kUnbound))
    return false;
  if (to.object)
    return true;
  if (!from.items || !to.items || from.items == to.items || !(from.kinds & to.kinds & kWithItems))
    return false;
  for (size_t i = 0; i < std::min(from.items->size(), to.items->size()); ++i) {
    if (must_box((*from.items)[i], (*to.items)[i]))
      return true;
  }
  return false;
}

namespace {

/// What lists remember of an item. Not its interval: anybody may put another number there. Nor kinds that code
/// cannot read back from an object.
Type stored(Type t) {
  t.kinds = static_cast<Kinds>(t.kinds & ~kUnbound);
  if (t.kinds & static_cast<Kinds>(~(kNoneType | kNumber | kWide | kTuple | kList)))
    return Type::exact(followed_class(class_of(t)));
  t.interval = {};
  t.wide = coarse(t.wide);
  if (t.items) {
    std::vector<Type> items;
    for (const Type& one : *t.items) items.push_back(stored(one));
    t.items = std::make_shared<const std::vector<Type>>(std::move(items));
  }
  return t;
}

}  // namespace

Type without_intervals(Type t) {
  t.interval = {};
  t.wide = coarse(t.wide);
  if (t.items) {
    std::vector<Type> items;
    for (const Type& one : *t.items) items.push_back(without_intervals(one));
    t.items = std::make_shared<const std::vector<Type>>(std::move(items));
  }
  return t;
}

SiteId SiteTable::make(Type element) {
  parents_.push_back(static_cast<SiteId>(parents_.size()));
  elements_.push_back(stored(std::move(element)));
  keys_.emplace_back();
  return parents_.back();
}

SiteId SiteTable::find(SiteId site) {
  while (parents_[site] != site) site = parents_[site] = parents_[parents_[site]];
  return site;
}

namespace {

/// Keys that are NaN are found by what object they are: such stay objects.
bool holds_floats(const Type& t) {
  return (t.kinds & (kFloat | kComplex)) ||
         (t.items && std::any_of(t.items->begin(), t.items->end(), [](const Type& one) { return holds_floats(one); }));
}

}  // namespace

bool SiteTable::widen_in(std::vector<Type> SiteTable::* predictions, SiteId site, const Type& type) {
  const SiteId root = find(site);
  Type item = stored(type);
  if (is_native(root) && item.within(kNumber | kNoneType))
    item.interval = type.interval;  // nobody else puts anything in
  Type wider = join((this->*predictions)[root], item, *this);
  const SiteId after = find(root);  // a list of lists of itself: the join may have merged this very site
  if (wider == (this->*predictions)[after])
    return false;
  (this->*predictions)[after] = std::move(wider);
  ++version_;
  return true;
}

bool SiteTable::widen(SiteId site, const Type& element) { return widen_in(&SiteTable::elements_, site, element); }
bool SiteTable::widen_key(SiteId site, const Type& key) {
  return widen_in(&SiteTable::keys_, site, holds_floats(key) ? Type::any() : key);
}

SiteId SiteTable::unify(SiteId a, SiteId b) {
  a = find(a);
  b = find(b);
  if (a == b)
    return a;
  const SiteId kept = std::min(a, b), gone = std::max(a, b);
  parents_[gone] = kept;
  ++version_;
  const Type other = elements_[gone], other_key = keys_[gone];
  widen(kept, other);
  widen_key(kept, other_key);
  return find(kept);
}

namespace {

std::string describe_to(const Type& type, SiteTable& sites, int levels) {
  if (levels == 0)
    return "...";
  if (type.never())
    return "never";
  if (type.object)
    return type.cls ? type.cls->tp_name : "object";
  std::string text;
  for (const Type& one : type.alternatives()) {
    if (!text.empty())
      text += " | ";
    const auto items = [&] {
      std::string inner;
      for (const Type& item : *one.items) inner += (inner.empty() ? "" : ", ") + describe_to(item, sites, levels - 1);
      return inner;
    };
    switch (one.kinds) {
      case kUnbound:
        text += "unbound";
        break;
      case kNoneType:
        text += "None";
        break;
      case kBool:
        text += "bool";
        break;
      case kInt:
      case kWide:
        text += "int";
        break;
      case kFloat:
        text += "float";
        break;
      case kComplex:
        text += "complex";
        break;
      case kChar:
        text += "str";
        break;
      case kSlice:
        text += "slice";
        break;
      case kTuple:
        text += "tuple of (" + items() + ")";
        break;
      case kList:
        text += one.site == kNoSite ? "list" : "list of " + describe_to(sites.element(one.site), sites, levels - 1);
        break;
      case kRange:
        text += "range";
        break;
      case kKnown:
        text += "constant";
        break;
      case kMethod:
        text += "method";
        break;
      default:
        text += "iterator";
        break;
    }
  }
  return text;
}

}  // namespace

std::string describe(const Type& type, SiteTable& sites) { return describe_to(type, sites, 5); }

}  // namespace hasten::compile
