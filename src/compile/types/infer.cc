#include "compile/types/infer.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "compile/types/buffers.h"
#include "compile/types/counters.h"
#include "compile/types/deferred.h"
#include "compile/types/infer_calls.h"
#include "compile/types/interval.h"
#include "compile/types/methods.h"
#include "compile/types/native_lists.h"
#include "compile/types/sample.h"
#include "compile/types/transfer.h"
#include "compile/types/uses.h"
#include "compile/types/widening.h"

namespace hasten::compile {

using mir::BinaryOp;
using mir::BlockId;
using mir::CompareOp;
using mir::Instr;
using mir::Op;
using mir::UnaryOp;
using mir::ValueId;

namespace {

constexpr int kWidenAfter = 3;
constexpr int kNarrowSweeps = 2;
constexpr int kBoundsRounds = 2;
constexpr int kSweepsMax = 200;
constexpr uint32_t kMissesMax = 3;         // wrong guesses about an operand, after which there are no more
constexpr uint32_t kGlobalChangesMax = 2;  // a number in a global that changed this often is read each time

/// One sweep state over one specialization.
class Sweeper {
 public:
  Sweeper(Unit& unit, Specialization& s) : unit_(unit), s_(s), experience_(unit.experience(s.view.function())) {}

  /// Whether narrowing made a value of another type, not only of a smaller one: 2 ** n is a float once n is known to be -1.
  bool contradicts() const { return contradicts_; }

  /// Returns whether any type changed. `sweep` counts from 0.
  bool sweep(int number, bool narrowing) {
    narrowing_ = narrowing;
    bool changed = false;
    const uint64_t sites_before = unit_.sites.version();
    Type result;
    for (BlockId b : s_.flow.order()) {
      if (b == s_.osr_block)
        changed |= enter_osr();
      for (ValueId v = s_.view.first(b); v < s_.view.end(b); ++v) {
        const Instr& i = s_.view.instr(v);
        if (i.op == Op::Return) {
          result = join(result, use(v, 0), unit_.sites);
          continue;
        }
        Type t = transfer(v, i, b);
        if (is_osr_value(v))
          t = join(t, osr_type(v), unit_.sites);
        if (!narrowing) {
          // A method whose receiver's class is not known after all.
          if (!(t.is_loaded_method() && s_.types[v].only(kMethod)))
            t = join(s_.types[v], t, unit_.sites);
          if (i.op == Op::Phi && number >= kWidenAfter)
            t = widen(s_.types[v], t);
        } else if (!(join(s_.types[v], t, unit_.sites) == s_.types[v])) {
          contradicts_ = true;
          t = s_.types[v];
        }
        if (!(t == s_.types[v])) {
          s_.types[v] = std::move(t);
          changed = true;
        }
      }
    }
    result = without_intervals(std::move(result));
    if (!(result == s_.result)) {
      s_.result = result;
      changed = true;
    }
    return changed || unit_.sites.version() != sites_before;
  }

 private:
  Type use(ValueId v, size_t arg) { return s_.type_at(s_.view.args(v)[arg], s_.view.instr(v).block); }
  bool is_osr_value(ValueId v) const { return std::binary_search(s_.osr_values.begin(), s_.osr_values.end(), v); }
  const Type& osr_type(ValueId v) const {
    const auto at = std::lower_bound(s_.osr_values.begin(), s_.osr_values.end(), v) - s_.osr_values.begin();
    return s_.parameters[static_cast<size_t>(at)];
  }
  bool enter_osr() {
    bool changed = false;
    for (size_t k = 0; k < s_.osr_values.size(); ++k) {
      Type& t = s_.types[s_.osr_values[k]];
      Type wider = join(t, s_.parameters[k], unit_.sites);
      if (!(wider == t)) {
        t = std::move(wider);
        changed = true;
      }
    }
    return changed;
  }
  SiteId fresh_site(ValueId v) {
    const auto found = s_.fresh_sites.find(v);
    if (found != s_.fresh_sites.end())
      return found->second;
    return s_.fresh_sites[v] = unit_.sites.make({});
  }

  Type transfer(ValueId v, const Instr& i, BlockId b) {
    Type t = plain_transfer(v, i, b);
    if (const auto counter = s_.counters.find(v); narrowing_ && counter != s_.counters.end() && (t.kinds & kInt)) {
      t.interval.low = std::max(t.interval.low, counter->second.low);
      t.interval.high = std::min(t.interval.high, counter->second.high);
    }
    if (!experience_ || s_.deferred.contains(v) || has_deferred_operand(s_, v))
      return t;
    const auto seen = experience_->values.find(v);
    if (seen == experience_->values.end())
      return t;
    if (seen->second.overflowed && !t.within(kUnbound)) {
      Type object = Type::any();
      object.kinds = t.kinds & kUnbound;  // a loop's end
      if (seen->second.overflowed > 1 || !may_widen(s_, v))
        return object;
      return widened(unit_, s_, v, std::move(t));
    }
    if (seen->second.overflowed)
      return t;
    if (s_.guesses.contains(v))
      return t;  // what was seen is in the guess
    for (PyObject* cls : seen->second.classes) {
      const Type wider = seen_type(v, cls);
      t = join(t, wider, unit_.sites);
      if (i.op == Op::GetItem) {  // other loads from the same lists will meet it too
        const Type container = use(v, 0);
        if (container.within(kList) || (container.cls && container.site != kNoSite))
          unit_.sites.widen(container.site, wider);
      }
      if (i.op == Op::IterNext) {
        const Type iterator = use(v, 0);
        if (iterator.site != kNoSite && iterator.is_exactly(&PyDictIterKey_Type))
          unit_.sites.widen_key(iterator.site, wider);
        else if (iterator.site != kNoSite && !iterator.is_exactly(&PyDictIterItem_Type))
          unit_.sites.widen(iterator.site, wider);
      }
      if (i.op == Op::LoadCell)
        unit_.sites.widen(unit_.cell_site(s_, s_.view.args(v)[0]), wider);
      if (i.op == Op::GetGlobal && !s_.guards.contains(v))
        unit_.sites.widen(unit_.global_site(s_.view.function(), i.aux), wider);
    }
    return t;
  }

  Type seen_type(ValueId v, PyObject* cls) {
    if (cls == reinterpret_cast<PyObject*>(&PyList_Type))
      return Type::list(fresh_site(v));
    const auto [found, is_new] = s_.seen_types.try_emplace({v, cls});
    if (is_new)
      found->second = type_of_class(cls, unit_.sites);
    return found->second;
  }

  /// Whether a number that comes out of a list does. Once types are narrowed that is decided: how its uses are done depends on it.
  bool stays_object(ValueId v) const { return narrowing_ ? s_.types[v].object : is_wanted_as_object(s_, v); }

  /// The type of a value that is put off, if it is one.
  std::optional<Type> deferred(ValueId v) {
    s_.deferred.erase(v);
    if (narrowing_ && s_.types[v].object)
      return {};
    const Experience::Seen* seen = seen_at(v);
    const Deferral how = deferral_of(s_, v, seen && seen->overflowed);
    if (how == Deferral::None)
      return {};
    s_.deferred[v] = how;
    return how == Deferral::LowBits ? Type::unsigned_wide() : Type::of(kWide);
  }

  Type plain_transfer(ValueId v, const Instr& i, BlockId b) {
    SiteTable& sites = unit_.sites;
    switch (i.op) {
      case Op::Param:
        return s_.osr_block == mir::kNone ? s_.parameters[i.aux] : Type{};
      case Op::Const:
        return type_of_constant(s_.view.function().consts[i.aux], sites);
      case Op::Unbound:
        return Type::of(kUnbound);
      case Op::Phi: {
        Type t;
        const auto preds = s_.view.preds(b);
        for (size_t p = 0; p < preds.size(); ++p) {
          if (s_.flow.reachable(preds[p]))
            t = join(t, s_.type_at(s_.view.args(v)[p], preds[p]), sites);
        }
        return t;
      }
      case Op::CheckBound:
        return use(v, 0).without(kUnbound);
      case Op::GetGlobal:
        return global(v, i);
      case Op::GetFree: {
        PyObject* closure = PyFunction_GET_CLOSURE(s_.view.function().function);
        return content(unit_.cell_site(PyTuple_GET_ITEM(closure, i.aux)));
      }
      case Op::MakeCell: {
        if (i.arg_count > 0)
          sites.widen(unit_.cell_site(s_, v), use(v, 0));
        return Type::cell(unit_.cell_site(s_, v));
      }
      case Op::FreeCell:
        return Type::cell(unit_.cell_site(s_, v));
      case Op::LoadCell:
        return content(unit_.cell_site(s_, s_.view.args(v)[0]));
      case Op::StoreCell:
        sites.widen(unit_.cell_site(s_, s_.view.args(v)[0]), use(v, 1));
        return {};
      case Op::StoreGlobal:
        sites.widen(unit_.global_site(s_.view.function(), i.aux), use(v, 0));
        return {};
      case Op::MakeFunction: {
        std::vector<Type> cells;
        if (i.sub & mir::kClosure) {
          for (ValueId cell : s_.view.args(s_.view.args(v).back()))
            cells.push_back(Type::cell(unit_.cell_site(s_, cell)));
        }
        PyObject* source = s_.view.function().consts[i.aux];
        return PyCode_Check(source) ? Type::any() : Type::function(source, std::move(cells));
      }
      case Op::Unary: {
        const auto op = static_cast<UnaryOp>(i.sub);
        if (const auto later = deferred(v))
          return *later;
        return over_alternatives(use(v, 0), sites, [&](const Type& a) { return unary_type(op, a); });
      }
      case Op::Binary:
      case Op::Inplace:
        return binary(v, i);
      case Op::Compare: {
        const auto op = static_cast<CompareOp>(i.sub);
        const Type a = use(v, 0), c = use(v, 1);
        if (op == CompareOp::Is || op == CompareOp::IsNot || op == CompareOp::In || op == CompareOp::NotIn) {
          return a.never() || c.never() ? Type{} : Type::of(kBool);
        }
        if (auto guessed = as_numbers(v, a, c))
          return over_pairs(guessed->first, guessed->second, sites,
                            [&](const Type& x, const Type& y) { return compare_type(op, x, y); });
        return over_pairs(a, c, sites, [&](const Type& x, const Type& y) { return compare_type(op, x, y); });
      }
      case Op::Truth:
        return use(v, 0).never() ? Type{} : Type::of(kBool);
      case Op::GetAttr:
        return attribute(v, i);
      case Op::GetItem: {
        Type t = item(v);
        const bool is_from_memory = is_bytes(use(v, 0)) || item_format(use(v, 0));
        return t.within(kNumber) && !is_from_memory && stays_object(v) ? Type::any() : t;
      }
      case Op::SetItem: {
        const Type container = use(v, 0);
        if ((container.only(kList) && use(v, 1).within(kInt | kBool)) ||
            (container.is_dict() && container.site != kNoSite))
          sites.widen(container.site, use(v, 2));
        if (container.is_dict() && container.site != kNoSite)
          sites.widen_key(container.site, use(v, 1));
        return {};
      }
      case Op::BuildList: {
        const SiteId site = fresh_site(v);
        for (size_t k = 0; k < i.arg_count; ++k) sites.widen(site, use(v, k));
        return Type::list(site);
      }
      case Op::ListAppend: {
        const Type list = use(v, 0);
        if (list.only(kList))
          sites.widen(list.site, use(v, 1));
        return {};
      }
      case Op::BuildTuple: {
        std::vector<Type> items;
        for (size_t k = 0; k < i.arg_count; ++k) items.push_back(use(v, k));
        for (const Type& t : items) {
          if (t.never())
            return {};
        }
        if (items.size() > 16)
          return Type::any();
        return Type::with_items(kTuple, std::move(items));
      }
      case Op::Unpack:
        return unpack(use(v, 0), i.aux);
      case Op::Extract: {
        const Type tuple = use(v, 0);
        if (tuple.never())
          return {};
        return tuple.only(kTuple) ? (*tuple.items)[i.aux] : Type::any();
      }
      case Op::Call:
      case Op::CallMethod: {
        std::vector<Type> args;
        for (size_t k = 0; k < i.arg_count; ++k) args.push_back(use(v, k));
        for (const Type& t : args) {
          if (t.never())
            return {};
        }
        if (narrowing_)
          return s_.types[v];  // the targets are settled
        CallPlan plan;
        Type t = plan_call(unit_, s_, v, args, [&] { return fresh_site(v); }, plan);
        s_.calls[v] = std::move(plan);
        return t;
      }
      case Op::GetIter:
        return iterator(v);
      case Op::IterNext: {
        const Type iterator = use(v, 0);
        if (iterator.never())
          return {};
        Type t = item_type(iterator, sites);
        const SiteId walked = iterator.only(kReversed) ? iterator.items->front().site : iterator.site;
        if ((iterator.only(kListIter) || iterator.only(kReversed) || iterator.is_exactly(&PySetIter_Type) ||
             iterator.is_exactly(&PyDictIterKey_Type)) &&
            walked != kNoSite && t.within(kNumber) && stays_object(v))
          t = Type::any();
        t.kinds |= kUnbound;
        return t;
      }
      case Op::BuildSlice:
        return slice(v);
      case Op::BuildDict: {
        const SiteId site = fresh_site(v);
        for (size_t k = 1; k < i.arg_count; k += 2) {
          sites.widen_key(site, use(v, k - 1));
          sites.widen(site, use(v, k));
        }
        return Type::dict(site);
      }
      case Op::DictInsert:
        if (const Type dict = use(v, 0); dict.is_dict() && dict.site != kNoSite) {
          sites.widen_key(dict.site, use(v, 1));
          sites.widen(dict.site, use(v, 2));
        }
        return {};
      case Op::DictUpdate:
        if (const Type dict = use(v, 0), more = use(v, 1); dict.is_dict() && dict.site != kNoSite) {
          const bool is_known = more.is_dict() && more.site != kNoSite;
          sites.widen_key(dict.site, is_known ? sites.key(more.site) : Type::any());
          sites.widen(dict.site, is_known ? sites.element(more.site) : Type::any());
        }
        return {};
      case Op::BuildSet: {
        const SiteId site = fresh_site(v);
        for (size_t k = 0; k < i.arg_count; ++k) sites.widen(site, use(v, k));
        return Type::holder(&PySet_Type, site);
      }
      case Op::SetAdd:
        if (const Type set = use(v, 0); set.is_set() && set.site != kNoSite)
          sites.widen(set.site, use(v, 1));
        return {};
      case Op::SetUpdate:
        if (const Type set = use(v, 0), more = use(v, 1); set.is_set() && set.site != kNoSite)
          sites.widen(set.site, element_of(more, sites));
        return {};
      case Op::ListToTuple:
      case Op::UnpackStar:
        return Type::exact(&PyTuple_Type);
      case Op::FormatValue:
      case Op::BuildText:
        return Type::exact(&PyUnicode_Type);
      case Op::TakeRaised:
      case Op::Handled:
        return Type::any();
      case Op::MatchException:
        return use(v, 0).never() || use(v, 1).never() ? Type{} : Type::of(kBool);
      case Op::SumAdd:
      case Op::SumCarry:
      case Op::SumEnd:
        return sum(v, i.op);
      case Op::ReadCell: {
        Type t = Type::any();
        t.kinds = kUnbound;
        return t;
      }
      case Op::ListExtend: {
        const Type list = use(v, 0), more = use(v, 1);
        if (list.only(kList) && more.only(kList))
          sites.widen(list.site, sites.element(more.site));
        return {};
      }
      default:
        return mir::defines_nothing(i.op) ? Type{} : Type::any();
    }
  }

  /// Numbers are added as numbers. A sum that has met something else goes on with objects.
  Type sum(ValueId v, Op op) {
    const Type total = use(v, 0), carry = use(v, 1), item = op == Op::SumEnd ? Type::of(kInt) : use(v, 2);
    if (total.never() || carry.never() || item.never())
      return {};
    if (!carry.only(kFloat) || !total.within(kInt | kFloat) || !item.within(kInt | kBool | kFloat))
      return Type::any();
    if (op == Op::SumCarry)
      return carry;
    if (op == Op::SumEnd)
      return total;
    return over_pairs(total, item, unit_.sites, [&](const Type& x, const Type& y) {
      return binary_type(BinaryOp::Add, x, y, unit_.sites, kNoSite);
    });
  }

  /// The operands, where one is a number and the other an object that is taken for a number too.
  std::optional<std::pair<Type, Type>> as_numbers(ValueId v, Type a, Type b) {
    Type *object = a.object ? &a : &b, *number = a.object ? &b : &a;
    s_.guesses.erase(v);
    if (narrowing_ && s_.types[v].object)
      return {};  // narrowing is for intervals alone
    if (a.object && b.object)
      return two_numbers(v, a, b);
    if (!object->object || object->cls || object->may_be_unbound() || !number->within(kInt | kFloat))
      return {};
    Kinds kinds = number->kinds & kFloat ? kFloat : kInt;
    if (const Experience::Seen* seen = seen_at(v)) {
      if (seen->overflowed || seen->misses > kMissesMax)
        return {};
      if (seen->misses > 0)
        kinds = kBool | kInt | kFloat;
    }
    s_.guesses[v] = kinds;
    *object = Type::of(kinds);
    return std::pair{a, b};
  }

  /// Two objects under an operator that is little used but for numbers. One miss is enough.
  std::optional<std::pair<Type, Type>> two_numbers(ValueId v, const Type& a, const Type& b) {
    const Instr& i = s_.view.instr(v);
    const auto op = static_cast<BinaryOp>(i.sub);
    const bool is_likely =
        i.op == Op::Binary && (op == BinaryOp::Mul || op == BinaryOp::Sub || op == BinaryOp::TrueDiv);
    const Experience::Seen* seen = seen_at(v);
    if (!is_likely || a.cls || b.cls || a.may_be_unbound() || b.may_be_unbound() ||
        (seen && (seen->overflowed || seen->misses > 0)))
      return {};
    s_.guesses[v] = kInt | kFloat;
    return std::pair{Type::of(kInt | kFloat), Type::of(kInt | kFloat)};
  }

  const Experience::Seen* seen_at(ValueId v) const {
    if (!experience_)
      return nullptr;
    const auto found = experience_->values.find(v);
    return found == experience_->values.end() ? nullptr : &found->second;
  }

  /// Whether a number and an object under `op` are likely to be two numbers.
  static bool is_arithmetic(BinaryOp op, const Type& a, const Type& b) {
    switch (op) {
      case BinaryOp::MatMul:
        return false;
      case BinaryOp::LShift:
      case BinaryOp::RShift:
      case BinaryOp::And:
      case BinaryOp::Or:
      case BinaryOp::Xor:
        return a.only(kInt) || b.only(kInt);
      default:
        return true;
    }
  }

  Type binary(ValueId v, const Instr& i) {
    const auto op = static_cast<BinaryOp>(i.sub);
    Type a = use(v, 0), b = use(v, 1);
    if (const auto later = deferred(v))
      return *later;
    if (is_arithmetic(op, a, b)) {
      if (auto guessed = as_numbers(v, a, b))
        std::tie(a, b) = *guessed;
    }
    // `list += x` keeps the list and extends it by any iterable.
    if (i.op == Op::Inplace && op == BinaryOp::Add && a.only(kList)) {
      if (b.only(kList))
        unit_.sites.widen(a.site, unit_.sites.element(b.site));
      return a;
    }
    if (i.op == Op::Inplace && op == BinaryOp::Mul && a.only(kList))
      return a;
    // Sets and tuples whose items are known make one whose items are known.
    const auto is_tuple = [](const Type& t) {
      return t.only(kTuple) || (t.is_exactly(&PyTuple_Type) && t.site != kNoSite);
    };
    const bool sets = a.is_set() && b.is_set() && a.site != kNoSite && b.site != kNoSite;
    const bool tuples =
        is_tuple(a) && ((op == BinaryOp::Add && is_tuple(b)) || (op == BinaryOp::Mul && b.within(kInt | kBool)));
    if (sets || tuples) {
      Type t = binary_type(op, a, b, unit_.sites, kNoSite);
      if (t.cls && t.cls == class_of(a)) {
        t.site = fresh_site(v);
        unit_.sites.widen(t.site, element_of(a, unit_.sites));
        if (op != BinaryOp::Mul)
          unit_.sites.widen(t.site, element_of(b, unit_.sites));
        if (sets && i.op == Op::Inplace)
          t.site = unit_.sites.unify(t.site, a.site);
      }
      return t;
    }
    return over_pairs(a, b, unit_.sites, [&](const Type& x, const Type& y) {
      const bool lists = x.only(kList) || y.only(kList);
      return binary_type(op, x, y, unit_.sites, lists ? fresh_site(v) : kNoSite);
    });
  }

  Type item(ValueId v) {
    const Type container = use(v, 0), key = use(v, 1);
    if (container.never() || key.never())
      return {};
    if (container.only(kList)) {
      if (key.within(kInt | kBool))
        return unit_.sites.element(container.site);
      if (s_.view.instr(s_.view.args(v)[1]).op == Op::BuildSlice) {
        const SiteId site = fresh_site(v);
        unit_.sites.widen(site, unit_.sites.element(container.site));
        return Type::list(site);
      }
      return Type::any();
    }
    if (container.is_dict()) {
      if (container.site != kNoSite && is_default_dict(container.cls))
        unit_.sites.widen_key(container.site, key);  // which it may put in
      return container.site == kNoSite ? Type::any() : unit_.sites.element(container.site);
    }
    if (is_text(container) && key.within(kInt | kBool) && !key.is_union())
      return Type::of(kChar);
    if (is_text(container) && key.only(kSlice))
      return Type::exact(&PyUnicode_Type);
    if (is_bytes(container) && key.within(kInt | kBool) && !key.is_union())
      return Type::integer(0, 255);
    if (key.only(kSlice) && is_bytes(container))
      return Type::exact(class_of(container));
    if (const auto format = item_format(container)) {
      if (key.within(kInt | kBool) && !key.is_union())
        return format->type();
      return s_.view.instr(s_.view.args(v)[1]).op == Op::BuildSlice && !is_memory_view(container.cls) ? container
                                                                                                      : Type::any();
    }
    if (key.only(kSlice) && (container.only(kTuple) || container.is_exactly(&PyTuple_Type))) {
      unit_.sites.widen(fresh_site(v), element_of(container, unit_.sites));
      return Type::holder(&PyTuple_Type, fresh_site(v));
    }
    if (container.is_exactly(&PyTuple_Type) && key.within(kInt | kBool) && !key.is_union())
      return element_of(container, unit_.sites);
    if (container.only(kTuple) && key.within(kInt)) {
      const auto count = static_cast<int64_t>(container.items->size());
      if (key.is_constant()) {
        const int64_t at = key.interval.low < 0 ? key.interval.low + count : key.interval.low;
        return at < 0 || at >= count ? Type{} : (*container.items)[static_cast<size_t>(at)];
      }
      Type t;
      for (const Type& one : *container.items) t = join(t, one, unit_.sites);
      return t;
    }
    return Type::any();
  }

  Type unpack(const Type& sequence, uint32_t count) {
    if (sequence.never())
      return {};
    if (sequence.only(kTuple))
      return sequence.items->size() == count ? sequence : Type{};
    if (sequence.is_exactly(&PyTuple_Type) && sequence.site != kNoSite && count <= 16) {
      const Type one = unit_.sites.element(sequence.site);
      return one.never() ? Type{} : Type::with_items(kTuple, std::vector<Type>(count, one));
    }
    if (sequence.only(kList) && count <= 16) {
      const Type one = unit_.sites.element(sequence.site);
      if (!one.never())
        return Type::with_items(kTuple, std::vector<Type>(count, one));
    }
    if (sequence.within(kScalar))
      return {};
    return Type::any();
  }

  /// What a cell or a written global is predicted to hold. One that nothing is known of may hold anything.
  Type content(SiteId site) {
    const Type& t = unit_.sites.element(site);
    return t.never() ? Type::any() : t;
  }

  /// A global that is read each time. A function under hasten.jit that was there, or is now, is most often what is called: others
  /// are put there for a while.
  Type changing_global(uint32_t name) {
    PyObject* object = find_global(s_.view.function(), name);
    if (experience_) {
      const auto usual = experience_->usual_functions.find(name);
      object = usual == experience_->usual_functions.end() ? object : usual->second;
    }
    if (object && unit_.mir_of(object))
      return Type::function(object, {});
    return content(unit_.global_site(s_.view.function(), name));
  }

  Type global(ValueId v, const Instr& i) {
    if (unit_.writes_global(s_.view.function(), i.aux)) {
      s_.guards.erase(v);
      return changing_global(i.aux);
    }
    const auto guarded = s_.guards.find(v);
    if (guarded != s_.guards.end())
      return guarded_type(unit_.guards[guarded->second]);
    PyObject* object = find_global(s_.view.function(), i.aux);
    if (!object)
      return Type::any();  // NameError, or it will be bound later
    if (experience_) {
      const auto changes = experience_->global_changes.find(i.aux);
      if (changes != experience_->global_changes.end() && changes->second >= kGlobalChangesMax) {
        s_.guards.erase(v);
        return changing_global(i.aux);
      }
    }
    s_.guards[v] = unit_.add_guard({Guard::What::Global, &s_.view.function(), i.aux, nullptr, nullptr, object, {}});
    return guarded_type(unit_.guards[s_.guards[v]]);
  }

  Type guarded_type(const Guard& guard) { return guard.type; }

  Type attribute(ValueId v, const Instr& i) {
    const Type base = use(v, 0);
    if (base.never())
      return {};
    PyObject* name = s_.view.function().names[i.aux];
    if (base.only(kKnown) && is_module(base.known)) {
      const auto guarded = s_.guards.find(v);
      if (guarded != s_.guards.end())
        return guarded_type(unit_.guards[guarded->second]);
      PyObject* object = PyDict_GetItemWithError(PyModule_GetDict(base.known), name);
      if (!object) {
        PyErr_Clear();
        return Type::any();
      }
      s_.guards[v] = unit_.add_guard({Guard::What::ModuleAttribute, nullptr, 0, base.known, name, object, {}});
      return guarded_type(unit_.guards[s_.guards[v]]);
    }
    if (base.only(kList) && PyUnicode_CompareWithASCIIString(name, "append") == 0) {
      Type t = Type::with_items(kMethod, {base});
      t.known = name;
      return t;
    }
    if (is_only_called(s_, v) && method_of(base, name)) {
      Type t = Type::with_items(kMethod, {base});
      t.known = name;
      return t;
    }
    if (base.only(kComplex)) {
      if (PyUnicode_CompareWithASCIIString(name, "real") == 0 || PyUnicode_CompareWithASCIIString(name, "imag") == 0) {
        return Type::of(kFloat);
      }
    }
    return is_only_called(s_, v) ? Type::loaded_method() : Type::any();
  }

  /// A tuple that stays none in native code is walked as the object that it is.
  Type iterator(ValueId v) {
    const Type t = use(v, 0), it = iterator_type(t, unit_.sites);
    if (!it.object || it.cls || !t.only(kTuple))
      return it;
    unit_.sites.widen(fresh_site(v), element_of(t, unit_.sites));
    Type walk = Type::of(kListIter);
    walk.cls = &PyTuple_Type, walk.site = fresh_site(v);
    return walk;
  }

  static bool is_bytes(const Type& t) { return !t.may_be_unbound() && class_of(t) == &PyBytes_Type; }

  /// A slice that only indexes, there and then, is no object.
  Type slice(ValueId v) {
    std::vector<Type> items;
    for (size_t k = 0; k < 3; ++k) {
      items.push_back(use(v, k));
      if (items.back().never())
        return {};
    }
    ValueId user = mir::kNone;
    for (ValueId at = v + 1; at < s_.view.instr_count(); ++at) {
      for (ValueId arg : s_.view.args(at)) {
        if (arg == v && std::exchange(user, at) != mir::kNone)
          return Type::any();
      }
    }
    if (user == mir::kNone || s_.view.instr(user).op != Op::GetItem || s_.view.args(user)[1] != v ||
        s_.view.instr(user).block != s_.view.instr(v).block)
      return Type::any();
    return Type::with_items(kSlice, std::move(items));
  }

  Unit& unit_;
  Specialization& s_;
  const Experience* experience_;
  bool narrowing_ = false;
  bool contradicts_ = false;
};

}  // namespace

void Unit::infer() {
  bool changed = true;
  for (int number = 0; changed && number < kSweepsMax; ++number) {
    changed = false;
    for (size_t k = 0; k < specializations.size(); ++k) {
      Sweeper sweeper(*this, *specializations[k]);
      for (int inner = 0; inner < kSweepsMax && sweeper.sweep(number + inner, false); ++inner) changed = true;
    }
    changed |= std::exchange(has_wider_parameters_, false);
  }
  narrow();
  drop_guards_of_written_globals();
  find_native_lists(*this);
  for (int k = 0; k < kBoundsRounds && bound_native_items(*this); ++k) narrow();
}

void Unit::narrow() {
  for (auto& s : specializations) {
    s->counters = counters_of(*s);
    const std::vector<Type> before = s->types;
    const Type result_before = s->result;
    const auto guesses_before = s->guesses;
    const auto deferred_before = s->deferred;
    Sweeper sweeper(*this, *s);
    for (int k = 0; k < kNarrowSweeps; ++k) sweeper.sweep(0, true);
    if (sweeper.contradicts()) {
      s->types = before;
      s->result = result_before;
      s->guesses = guesses_before;
      s->deferred = deferred_before;
    }
  }
}

PyObject* constant_object(const Specialization& s, const Unit& unit, ValueId v) {
  const Instr& i = s.view.instr(v);
  if (i.op == Op::Const)
    return s.view.function().consts[i.aux];
  const auto guard = s.guards.find(v);
  return guard == s.guards.end() ? nullptr : unit.guards[guard->second].expected;
}

}  // namespace hasten::compile
