#include "compile/types/native_lists.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "runtime/native_list.h"
#include "runtime/planted.h"

namespace hasten::compile {

using mir::BinaryOp;
using mir::BlockId;
using mir::CompareOp;
using mir::Instr;
using mir::Op;
using mir::ValueId;
using runtime::ItemShape;

namespace {

constexpr Kinds kIntegral = kBool | kInt;

/// f for the site of each list in `t`. Lists in objects are objects.
template <class F>
void each_list(const Type& t, const F& f) {
  if (t.object)
    return;
  if ((t.kinds & kList) || ((t.kinds & kListIter) && !t.cls))
    f(t.site);
  if (t.items && (t.kinds & kWithItems)) {
    for (const Type& item : *t.items) each_list(item, f);
  }
}

bool holds_list(const Type& t) {
  bool found = false;
  each_list(t, [&](SiteId) { found = true; });
  return found;
}

bool refers_to_objects(const Type& t) {
  return t.object || (t.kinds & (kList | kListIter)) ||
         (t.items && (t.kinds & kWithItems) && std::any_of(t.items->begin(), t.items->end(), refers_to_objects));
}

/// Of a tuple that is an object, say.
bool walks_object(const Type& iterator) {
  return (iterator.only(kListIter) && iterator.cls) ||
         (iterator.only(kReversed) && walks_object(iterator.items->front()));
}

/// The type in which the callee gets operand `k`.
Type taken_as(const CallPlan& plan, const CallPlan::Source& taker, size_t k) {
  const Type& t = plan.args[static_cast<size_t>(&taker - plan.sources.data())];
  if (taker.packed == mir::kNone)
    return t;
  return t.only(kTuple) ? (*t.items)[k - taker.operand] : Type::any();
}

/// The list itself, or the one that reversed() walks.
Type list_in(const Type& t) { return t.only(kReversed) && !walks_object(t) ? Type::list(t.items->front().site) : t; }

bool makes_iterator(Known known) {
  return known == Known::Enumerate || known == Known::Zip || known == Known::Reversed;
}

bool is_index(const Type& t) { return t.within(kIntegral) && !t.is_union(); }

/// Writes a shape, nibble by nibble.
class ShapeWriter {
 public:
  explicit ShapeWriter(SiteTable& sites) : sites_(sites) {}

  bool write(const Type& t) {
    if (t.object || depth_ > static_cast<int>(runtime::kShapeNibbles))
      return false;
    if (t.never())
      return put(ItemShape::Int);  // nothing is ever put in
    if (t.is_union()) {
      const auto alternatives = t.alternatives();
      if (!put(ItemShape::Union) || !put(alternatives.size()))
        return false;
      return std::all_of(alternatives.begin(), alternatives.end(), [&](const Type& one) { return write(one); });
    }
    switch (t.kinds) {
      case kNoneType:
        return put(ItemShape::None);
      case kBool:
        return put(ItemShape::Bool);
      case kInt:
        return put(ItemShape::Int);
      case kFloat:
        return put(ItemShape::Float);
      case kComplex:
        return put(ItemShape::Complex);
      case kChar:
        return put(ItemShape::Char);
      case kList: {
        ++depth_;  // a list may hold itself
        return put(ItemShape::List) && write(sites_.element(t.site));
      }
      case kTuple:
        return put(ItemShape::Tuple) && put(t.items->size()) &&
               std::all_of(t.items->begin(), t.items->end(), [&](const Type& item) { return write(item); });
      default:
        return false;
    }
  }

  uint64_t shape() const { return shape_; }

 private:
  bool put(ItemShape kind) { return put(static_cast<uint64_t>(kind)); }
  bool put(uint64_t nibble) {
    if (nibble > 15 || count_ == runtime::kShapeNibbles)
      return false;
    shape_ |= nibble << (4 * count_++);
    return true;
  }

  SiteTable& sites_;
  uint64_t shape_ = 0;
  unsigned count_ = 0;
  int depth_ = 0;
};

class Search {
 public:
  explicit Search(Unit& unit)
      : unit_(unit),
        sites_(unit.sites),
        seen_(sites_.count(), 0),
        blocked_(sites_.count(), 0),
        worthwhile_(sites_.count(), 0) {}

  void run() {
    for (auto& s : unit_.specializations) {
      if (s.get() == unit_.specializations.front().get()) {
        for (const Type& t : s->parameters) block(t);
      }
      for (BlockId b : s->flow.order()) {
        for (ValueId v = s->view.first(b); v < s->view.end(b); ++v) look(*s, v);
      }
    }
    settle();
    std::vector<char> native(sites_.count(), 0);
    for (SiteId site = 0; site < native.size(); ++site) {
      const SiteId root = sites_.find(site);
      native[site] = seen_[root] && !blocked_[root];
    }
    sites_.set_native(std::move(native));
  }

 private:
  void block(const Type& t) {
    each_list(t, [&](SiteId site) {
      if (site != kNoSite)
        blocked_[sites_.find(site)] = 1;
    });
  }
  /// Both are native, or none.
  void tie(const Type& a, const Type& b) {
    if (a.site == kNoSite || b.site == kNoSite) {
      block(a);
      block(b);
    } else {
      ties_.emplace_back(a.site, b.site);
    }
  }
  void gains(const Type& t) {
    each_list(t, [&](SiteId site) {
      if (site != kNoSite)
        worthwhile_[sites_.find(site)] = 1;
    });
  }

  void look(Specialization& s, ValueId v) {
    const auto args = s.view.args(v);
    const auto see = [&](const Type& t) {
      each_list(t, [&](SiteId site) {
        if (site != kNoSite)
          seen_[sites_.find(site)] = 1;
      });
    };
    for (size_t k = 0; k < args.size(); ++k) {
      const Type& t = s.types[args[k]];
      see(t);
      if (holds_list(t) && !uses(s, v, k))
        block(t);
    }
    const Type& t = s.types[v];
    see(t);
    if (holds_list(t) && !makes(s, v))
      block(t);
    if (const auto plan = s.calls.find(v); plan != s.calls.end()) {
      if (plan->second.target && must_box(plan->second.target->result, t))
        block(plan->second.target->result);  // an object here, whatever the callee makes
      for (const CallPlan::Source& source : plan->second.sources) {
        if (source.guard != kNoGuard)
          block(unit_.guards[source.guard].type);  // the function has it
      }
    }
  }

  /// As `v` meets it: narrowed by the branches that lead there.
  Type type(const Specialization& s, ValueId v, size_t arg) const {
    return s.type_at(s.view.args(v)[arg], s.view.instr(v).block);
  }

  /// Whether items of the list may come out as `t`.
  bool gives(const Type& list, const Type& t) {
    const Type& item = sites_.element(list.site);
    return !holds_list(item) || !must_box(item, t);
  }

  /// Whether the list holds `t` as it is; what its items have no common form for becomes objects.
  bool takes(const Type& list, const Type& t) { return !must_box(t, sites_.element(list.site)); }

  /// Whether operand `k` of `v`, in which there are lists, may be one of native lists.
  bool uses(Specialization& s, ValueId v, size_t k) {
    const Instr& i = s.view.instr(v);
    const Type &t = s.types[v], operand = type(s, v, k);
    switch (i.op) {
      case Op::Phi:
        return !must_box(operand, t);
      case Op::Hold:  // one that must be held is an object
        return dies_quietly(operand, sites_, [](const Type&) { return true; });
      case Op::CheckBound:
      case Op::Truth:
      case Op::BranchBound:
        return true;
      case Op::Return:
        return k > 0 || !must_box(operand, s.result);
      case Op::Extract:
        return operand.only(kTuple);
      case Op::Unpack:
        gains(operand);
        return t.only(kTuple) &&
               (operand.only(kTuple) ? !must_box(operand, t) : operand.only(kList) && gives_all(operand, t));
      case Op::BuildTuple:
        return t.only(kTuple) && !must_box(operand, (*t.items)[k]);
      case Op::GetItem:
        return k == 0 && get_item(s, v);
      case Op::SetItem:
        gains(type(s, v, 0));
        return k != 1 && type(s, v, 0).only(kList) && is_index(type(s, v, 1)) &&
               (k == 0 || takes(type(s, v, 0), operand));
      case Op::DelItem:
        return k == 0 && operand.only(kList) && is_index(type(s, v, 1));
      case Op::BuildList:
        return t.only(kList) && takes(t, operand);
      case Op::ListAppend:
        return type(s, v, 0).only(kList) && (k == 0 || takes(type(s, v, 0), operand));
      case Op::ListExtend:
        if (!type(s, v, 0).only(kList) || !type(s, v, 1).only(kList))
          return false;
        tie(type(s, v, 0), type(s, v, 1));
        return takes(type(s, v, 0), sites_.element(type(s, v, 1).site));
      case Op::Binary:
      case Op::Inplace:
        return binary(s, v);
      case Op::Compare:
        return compare(s, v, k);
      case Op::GetIter:
        gains(operand);
        return t.within(kIterators) && !walks_object(t);
      case Op::IterNext:
        return operand.within(kIterators) && !t.object && !must_box(item_type(operand, sites_), t);
      case Op::GetAttr:
        return operand.only(kList) && t.only(kMethod) && t.known;
      case Op::Call:
        return call(s, v, k);
      default:
        return false;
    }
  }

  /// Whether the result of `v`, in which there are lists, may be one of native lists. What it depends on is asked of its uses.
  bool makes(Specialization& s, ValueId v) {
    const Instr& i = s.view.instr(v);
    const Type& t = s.types[v];
    switch (i.op) {
      case Op::Phi:
      case Op::CheckBound:
      case Op::BuildTuple:
      case Op::Extract:
      case Op::Unpack:
      case Op::GetIter:
        return true;
      case Op::IterNext:
        return !takes_out_of_objects(type(s, v, 0), t);
      case Op::BuildList:
        return t.only(kList);
      case Op::Param:
        return &s != unit_.specializations.front().get() && s.osr_block == mir::kNone;
      case Op::GetItem: {
        const Type container = type(s, v, 0), key = type(s, v, 1);
        return container.only(kTuple) ||
               (container.only(kList) && (is_index(key) || (key.only(kSlice) && is_plain_slice(key))));
      }
      case Op::GetAttr:
        return t.only(kMethod) && t.known && type(s, v, 0).only(kList);
      case Op::Binary:
      case Op::Inplace:
        return binary(s, v);
      case Op::Call: {
        const auto plan = s.calls.find(v);
        if (plan == s.calls.end())
          return false;
        if (plan->second.how == CallPlan::How::Direct)
          return plan->second.target && !must_box(plan->second.target->result, t);
        if (plan->second.how == CallPlan::How::Native)
          return makes_iterator(plan->second.known);
        if (plan->second.how == CallPlan::How::Method)
          return true;  // decided by its receiver
        return t.only(kList) && plan->second.known == Known::List && i.arg_count == 2 && i.aux == mir::kNone &&
               (type(s, v, 1).only(kRange) || list_in(type(s, v, 1)).only(kList));
      }
      default:
        return false;
    }
  }

  /// Whether the iterator, or one that it goes along with, gives lists that are in objects, as the items of a dict. `given`: what
  /// it gives, surprises that have been met included.
  bool takes_out_of_objects(const Type& iterator, const Type& given) {
    if (iterator.object || walks_object(iterator))
      return holds_list(given);
    if (!iterator.only(kZip) && !iterator.only(kEnumerate))
      return false;
    const size_t first = iterator.only(kEnumerate) ? 1 : 0;
    for (size_t k = 0; k < iterator.items->size(); ++k) {
      const bool is_tuple = given.items && given.items->size() == iterator.items->size() + first;
      if (takes_out_of_objects((*iterator.items)[k], is_tuple ? (*given.items)[k + first] : given))
        return true;
    }
    return false;
  }

  bool gives_all(const Type& list, const Type& tuple) {
    return std::all_of(tuple.items->begin(), tuple.items->end(), [&](const Type& t) { return gives(list, t); });
  }

  bool get_item(Specialization& s, ValueId v) {
    const Type container = type(s, v, 0), key = type(s, v, 1), &t = s.types[v];
    gains(container);
    if (container.only(kTuple))
      return key.is_constant() && !t.object &&
             !must_box(container, Type::with_items(kTuple, std::vector<Type>(container.items->size(), t)));
    if (!container.only(kList))
      return false;
    if (is_index(key))
      return gives(container, t);
    if (!key.only(kSlice) || !t.only(kList) || !is_plain_slice(key))
      return false;
    tie(container, t);
    return true;
  }

  bool binary(Specialization& s, ValueId v) {
    const Instr& i = s.view.instr(v);
    const auto op = static_cast<BinaryOp>(i.sub);
    const Type a = type(s, v, 0), b = type(s, v, 1), &t = s.types[v];
    if (!t.only(kList))
      return false;
    if (op == BinaryOp::Add && a.only(kList) && b.only(kList)) {
      tie(a, t);
      tie(b, t);
      return true;
    }
    if (op != BinaryOp::Mul || i.op == Op::Inplace)
      return false;
    if ((a.only(kList) && is_index(b)) || (b.only(kList) && is_index(a))) {
      tie(a.only(kList) ? a : b, t);
      return true;
    }
    return false;
  }

  /// Whether two items are equal if, and only if, they are the same words.
  bool is_equal_by_words(const Type& item, int depth = 0) {
    if (item.only(kList))
      return depth < 4 && is_equal_by_words(sites_.element(item.site), depth + 1);
    if (item.only(kTuple))
      return std::all_of(item.items->begin(), item.items->end(),
                         [&](const Type& one) { return !one.only(kList) && is_equal_by_words(one, depth); });
    return item.never() || item.only(kInt) || item.only(kBool) || item.only(kChar) || item.only(kNoneType);
  }

  bool compare(Specialization& s, ValueId v, size_t k) {
    const Type a = type(s, v, 0), b = type(s, v, 1);
    if (s.types[v].object)
      return false;  // left to Python's own code
    switch (static_cast<CompareOp>(s.view.instr(v).sub)) {
      case CompareOp::Is:
      case CompareOp::IsNot:
        return (a.within(kList | kNoneType) && b.within(kList | kNoneType));
      case CompareOp::In:
      case CompareOp::NotIn: {
        gains(b);
        if (k != 1 || !b.only(kList) || !is_index(a))
          return false;
        const Type& item = sites_.element(b.site);
        return item.only(kInt) || item.only(kBool);
      }
      case CompareOp::Eq:
      case CompareOp::Ne: {
        if (!a.only(kList) || !b.only(kList))
          return false;
        const Type &x = sites_.element(a.site), &y = sites_.element(b.site);
        const auto one = item_shape(x, sites_), other = item_shape(y, sites_);
        if (!one || (one != other && !planted_bug(Plant::NativeShapesEqual)) || !is_equal_by_words(x) ||
            !is_equal_by_words(y))
          return false;
        tie(a, b);
        return true;
      }
      default:
        return false;
    }
  }

  /// Numbers of one kind, which functions for whole lists know.
  bool has_numbers(const Type& list, bool floats) {
    const Type& item = sites_.element(list.site);
    return item.only(kInt) || item.only(kBool) || (floats && item.only(kFloat));
  }

  bool call(Specialization& s, ValueId v, size_t k) {
    const auto found = s.calls.find(v);
    const Instr& i = s.view.instr(v);
    if (found == s.calls.end() || (i.aux != mir::kNone && found->second.how != CallPlan::How::Direct))
      return false;
    const CallPlan& plan = found->second;
    const Type &t = s.types[v], operand = type(s, v, k);
    const Type callee = type(s, v, 0);
    if (k == 0 && !callee.only(kMethod))
      return false;
    switch (plan.how) {
      case CallPlan::How::ListAppend:
        return k == 0 || (callee.only(kMethod) && takes(callee.items->front(), operand));
      case CallPlan::How::Direct: {
        const auto taker = std::find_if(plan.sources.begin(), plan.sources.end(),
                                        [&](const CallPlan::Source& one) { return one.takes(k); });
        // An exception that is handled here may have passed through code that went on with objects.
        return plan.target && taker != plan.sources.end() && !must_box(operand, taken_as(plan, *taker, k)) &&
               (planted_bug(Plant::NativeCallHandled) || s.view.block(i.block).handler == mir::kNone);
      }
      case CallPlan::How::Native:
        gains(operand);
        return plan.known == Known::Len || (makes_iterator(plan.known) && !t.object);
      case CallPlan::How::Boxed:
        gains(operand);
        if (i.arg_count == 2 && plan.known == Known::List && t.only(kList) && list_in(operand).only(kList)) {
          tie(list_in(operand), t);
          return true;
        }
        return i.arg_count == 2 && operand.only(kList) && has_numbers(operand, true) &&
               (plan.known == Known::Sum || plan.known == Known::Min || plan.known == Known::Max);
      case CallPlan::How::Method:
        return method(s, v, k);
      default:
        return false;
    }
  }

  /// A method of a list: its name is that of the GetAttr's result.
  bool method(Specialization& s, ValueId v, size_t k) {
    const Type callee = type(s, v, 0), &t = s.types[v];
    const Type& list = callee.items->front();
    if (!list.only(kList))
      return false;
    const char* text = PyUnicode_AsUTF8(callee.known);
    const std::string_view name = text ? text : "";
    PyErr_Clear();
    const size_t count = s.view.instr(v).arg_count - 1;
    gains(list);
    if (name == "append")
      return count == 1 && (k == 0 || takes(list, type(s, v, k)));
    if (name == "pop")
      return k == 0 && (count == 0 || (count == 1 && is_index(type(s, v, 1)))) && gives(list, t);
    if (name == "insert")
      return count == 2 && is_index(type(s, v, 1)) && (k == 0 || takes(list, type(s, v, k)));
    if (name == "reverse" || name == "clear")
      return count == 0;
    if (name == "sort")
      return count == 0 && has_numbers(list, true);
    if (name == "index" || name == "count")
      return k == 0 && count == 1 && is_index(type(s, v, 1)) && has_numbers(list, false);
    if (name == "copy" && count == 0 && t.only(kList)) {
      tie(list, t);
      return true;
    }
    if (name == "extend" && count == 1 && type(s, v, 1).only(kList)) {
      if (!planted_bug(Plant::NativeExtendUntied))
        tie(list, type(s, v, 1));
      return takes(list, sites_.element(type(s, v, 1).site));
    }
    return false;
  }

  /// Blocks what hangs together with what is blocked, until nothing more does.
  void settle() {
    // Where nothing is ever read, a list object is as good, and need not be made of another.
    for (SiteId site = 0; site < blocked_.size(); ++site) {
      const SiteId root = sites_.find(site);
      if (!worthwhile_[root])
        continue;
      each_list(sites_.element(root), [&](SiteId inner) {
        if (inner != kNoSite)
          worthwhile_[sites_.find(inner)] = 1;
      });
    }
    for (bool changed = true; changed;) {
      changed = false;
      for (const auto& [a, b] : ties_) {
        char &x = worthwhile_[sites_.find(a)], &y = worthwhile_[sites_.find(b)];
        changed |= x != y;
        x = y = x | y;
      }
    }
    for (SiteId site = 0; site < blocked_.size(); ++site) {
      const SiteId root = sites_.find(site);
      if (seen_[root] && (!worthwhile_[root] || !item_shape(sites_.element(root), sites_)))
        blocked_[root] = 1;
    }
    for (bool changed = true; changed;) {
      changed = false;
      const auto bind = [&](SiteId a, SiteId b) {
        char &x = blocked_[sites_.find(a)], &y = blocked_[sites_.find(b)];
        changed |= x != y;
        x = y = x | y;
      };
      for (const auto& [a, b] : ties_) bind(a, b);
      for (SiteId site = 0; site < blocked_.size(); ++site) {
        if (seen_[sites_.find(site)])
          each_list(sites_.element(site), [&](SiteId inner) {
            if (inner != kNoSite)
              bind(site, inner);
          });
      }
    }
  }

  Unit& unit_;
  SiteTable& sites_;
  std::vector<char> seen_, blocked_, worthwhile_;  ///< of sites that stand for themselves
  std::vector<std::pair<SiteId, SiteId>> ties_;
};

}  // namespace

void find_native_lists(Unit& unit) { Search(unit).run(); }

bool holds_native_list(const Type& t, const SiteTable& sites) {
  bool found = false;
  each_list(t, [&](SiteId site) { found |= site != kNoSite && sites.is_native(site); });
  return found;
}

bool dies_quietly(const Type& t, SiteTable& sites, const std::function<bool(const Type&)>& is_native, int depth) {
  constexpr int kNestingMax = 4;
  if (t.object) {
    const PyTypeObject* cls = class_of(t);
    return cls == &PyUnicode_Type || cls == &PyLong_Type || cls == &PyFloat_Type || cls == &PyBool_Type ||
           cls == &PyComplex_Type || cls == &PyBytes_Type || cls == &PyByteArray_Type || cls == &PyRange_Type;
  }
  const auto is_quiet = [&](const Type& one) {
    if (!refers_to_objects(one) || (one.only(kList) && is_native(one)))
      return true;
    if (depth == kNestingMax)
      return false;
    if (one.only(kList))
      return dies_quietly(sites.element(one.site), sites, is_native, depth + 1);
    if (one.only(kMethod) && one.items)  // of a native list: it is none but a reference to that
      return one.items->front().only(kList) && is_native(one.items->front());
    return one.only(kTuple) && std::all_of(one.items->begin(), one.items->end(), [&](const Type& item) {
             return dies_quietly(item, sites, is_native, depth + 1);
           });
  };
  const auto alternatives = t.alternatives();
  return std::all_of(alternatives.begin(), alternatives.end(), is_quiet);
}

std::optional<uint64_t> item_shape(const Type& item, SiteTable& sites) {
  ShapeWriter writer(sites);
  if (!writer.write(item))
    return {};
  return writer.shape();
}

bool is_plain_slice(const Type& slice) {
  const auto is_bound = [](const Type& t) { return t.only(kNoneType) || is_index(t); };
  const Type& step = (*slice.items)[2];
  return is_backwards(slice) || (is_bound((*slice.items)[0]) && is_bound((*slice.items)[1]) &&
                                 (step.only(kNoneType) || (step.is_constant() && step.interval.low == 1)));
}

bool is_backwards(const Type& slice) {
  const auto& parts = *slice.items;
  return parts[0].only(kNoneType) && parts[1].only(kNoneType) && parts[2].is_constant() && parts[2].interval.low == -1;
}

}  // namespace hasten::compile
