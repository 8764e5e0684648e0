// What iterating over a value of some type gives.
#include "compile/types/buffers.h"
#include "compile/types/infer.h"

namespace hasten::compile {

Type iterator_type(const Type& t, SiteTable& sites) {
  if (t.never())
    return {};
  if (t.only(kRange)) {
    Type r = Type::of(kRangeIter);
    r.interval = t.interval;
    return r;
  }
  if (t.only(kList)) {
    Type r = Type::of(kListIter);
    r.site = t.site;
    return r;
  }
  if (is_text(t) || (!t.may_be_unbound() && (class_of(t) == &PyBytes_Type || (t.object && t.cls == &PyTuple_Type)))) {
    Type r = Type::of(kListIter);
    r.cls = class_of(t);
    if (t.object && t.cls == &PyTuple_Type)
      r.site = t.site;
    return r;
  }
  if (item_format(t) && !is_memory_view(t.cls)) {
    Type r = Type::of(kListIter);
    r.cls = t.cls, r.code = t.code;
    return r;
  }
  if (t.is_set() && t.site != kNoSite)
    return Type::holder(&PySetIter_Type, t.site);
  if ((t.is_dict() || t.is_exactly(&PyDictKeys_Type)) && t.site != kNoSite)
    return Type::holder(&PyDictIterKey_Type, t.site);
  if (t.is_exactly(&PyDictItems_Type) && t.site != kNoSite)
    return Type::holder(&PyDictIterItem_Type, t.site);
  if (t.is_exactly(&PyDictValues_Type) && t.site != kNoSite)
    return Type::holder(&PyDictIterValue_Type, t.site);
  if (t.only(kTuple)) {
    Type common;
    for (const Type& one : *t.items) common = join(common, one, sites);
    const bool in_place = !must_box(t, Type::with_items(kTuple, std::vector<Type>(t.items->size(), common)));
    if (in_place && !t.items->empty() && (common.within(kScalar) || common.only(kTuple))) {
      return Type::with_items(kTupleIter, *t.items);
    }
    return Type::any();
  }
  if (t.within(kIterators & ~(kListIter | kTupleIter)) && !t.is_union())
    return t;
  if (t.within(kScalar))
    return {};
  return Type::any();
}

std::optional<Type> reversed_type(const Type& t, SiteTable& sites) {
  if (t.within(kIterators))
    return {};
  const Type forward = iterator_type(t, sites);
  if (forward.only(kRangeIter))
    return forward;
  if (forward.only(kListIter))
    return Type::with_items(kReversed, {forward});
  if (forward.only(kTupleIter))
    return Type::with_items(kTupleIter, {forward.items->rbegin(), forward.items->rend()});
  return {};
}

Type item_type(const Type& iterator, SiteTable& sites) {
  if (iterator.only(kRangeIter))
    return Type::integer(iterator.interval.low, iterator.interval.high);
  if (iterator.only(kListIter) && iterator.cls == &PyUnicode_Type)
    return Type::of(kChar);
  if (iterator.only(kListIter) && iterator.cls == &PyBytes_Type)
    return Type::integer(0, 255);
  if (iterator.only(kListIter) && iterator.cls) {
    Type walked = Type::exact(iterator.cls);
    walked.code = iterator.code;
    if (const auto format = item_format(walked))
      return format->type();
  }
  if (iterator.only(kListIter))
    return iterator.site == kNoSite ? Type::any() : sites.element(iterator.site);
  if (iterator.only(kTupleIter)) {
    Type common;
    for (const Type& one : *iterator.items) common = join(common, one, sites);
    return common;
  }
  if (iterator.only(kReversed))
    return item_type(iterator.items->front(), sites);
  if (iterator.only(kEnumerate)) {
    Type inner = item_type(iterator.items->front(), sites);
    if (inner.never())
      return {};
    return Type::with_items(kTuple, {Type::integer(iterator.interval.low, iterator.interval.high), std::move(inner)});
  }
  if (iterator.only(kZip)) {
    std::vector<Type> items;
    for (const Type& one : *iterator.items) {
      items.push_back(item_type(one, sites));
      if (items.back().never())
        return {};
    }
    return Type::with_items(kTuple, std::move(items));
  }
  return iterator.object ? element_of(iterator, sites) : Type::any();
}

}  // namespace hasten::compile
