// What native lists hold at most: everything that is ever put in is known.
#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "compile/types/native_lists.h"
#include "runtime/planted.h"

namespace hasten::compile {

using mir::BlockId;
using mir::Instr;
using mir::Op;
using mir::ValueId;

namespace {

/// The least interval of the ints in each native list.
class Bounds {
 public:
  explicit Bounds(Unit& unit) : unit_(unit), sites_(unit.sites), of_(sites_.count()) {}

  bool run() {
    for (auto& s : unit_.specializations) {
      for (BlockId b : s->flow.order()) {
        for (ValueId v = s->view.first(b); v < s->view.end(b); ++v) look(*s, v);
      }
    }
    for (bool changed = true; changed;) {
      changed = false;
      for (const auto& [from, to] : moves_) changed |= of_[from] && put(to, *of_[from]);
    }
    bool narrower = false;
    for (SiteId site = 0; site < of_.size(); ++site) {
      if (!of_[site] || sites_.find(site) != site || !sites_.is_native(site) || !holds_ints(site) ||
          sites_.element(site).interval == *of_[site])
        continue;
      sites_.bound_items(site, *of_[site]);
      narrower = true;
    }
    return narrower;
  }

 private:
  bool holds_ints(SiteId site) {
    const Type& item = sites_.element(site);
    return (item.kinds & kInt) && item.within(kNumber | kNoneType);
  }
  /// Whether that is more than was known.
  bool put(SiteId root, Interval interval) {
    std::optional<Interval>& known = of_[root];
    const Interval wider =
        known ? Interval{std::min(known->low, interval.low), std::max(known->high, interval.high)} : interval;
    const bool changed = !known || !(*known == wider);
    known = wider;
    return changed;
  }
  bool is_native(const Type& t) const { return is_native_list(t, sites_); }

  void item(const Type& list, const Type& value) {
    if (is_native(list) && (value.kinds & kInt))
      put(sites_.find(list.site), value.interval);
  }
  /// The same of an argument: what has been an item of a native list is bounded as these are, not as it is known until now.
  void item(const Type& list, const Specialization& s, ValueId v, size_t arg) {
    const ValueId value = s.view.args(v)[arg];
    const Instr& made = s.view.instr(value);
    const Type from = made.op == Op::GetItem ? s.type_at(s.view.args(value)[0], made.block) : Type{};
    const Type type = s.type_at(value, s.view.instr(v).block);
    if (is_native(list) && is_native(from) && (type.kinds & kInt))
      items(list, from);
    else
      item(list, type);
  }
  void items(const Type& to, const Type& from) {
    if (is_native(to) && is_native(from) && sites_.find(to.site) != sites_.find(from.site))
      moves_.emplace_back(sites_.find(from.site), sites_.find(to.site));
  }

  void look(const Specialization& s, ValueId v) {
    const Instr& i = s.view.instr(v);
    const Type& t = s.types[v];
    const auto type = [&](size_t k) { return s.type_at(s.view.args(v)[k], i.block); };
    switch (i.op) {
      case Op::BuildList:
        for (size_t k = 0; k < i.arg_count; ++k) item(t, s, v, k);
        break;
      case Op::SetItem:
        item(type(0), s, v, 2);
        break;
      case Op::ListAppend:
        item(type(0), s, v, 1);
        break;
      case Op::ListExtend:
        items(type(0), type(1));
        break;
      case Op::Binary:
      case Op::Inplace:
        for (size_t k = 0; k < 2; ++k) items(t, type(k));
        break;
      case Op::GetItem:
        items(t, type(0));
        break;
      case Op::Call: {
        const Type callee = type(0);
        if (callee.only(kMethod) && callee.items->front().only(kList)) {
          for (size_t k = 1; k < i.arg_count; ++k) {
            if (k == 1 || !planted_bug(Plant::NativeBoundInsert))
              item(callee.items->front(), s, v, k);
            if (!planted_bug(Plant::NativeBoundExtend))
              items(callee.items->front(), type(k));
          }
          items(t, callee.items->front());
        }
        for (size_t k = 1; k < i.arg_count; ++k) {
          if (type(k).only(kRange))
            item(t, Type::integer(type(k).interval.low, type(k).interval.high));
          items(t, type(k));
        }
        break;
      }
      default:
        break;
    }
  }

  Unit& unit_;
  SiteTable& sites_;
  std::vector<std::optional<Interval>> of_;
  std::vector<std::pair<SiteId, SiteId>> moves_;  ///< items of the first get into the second
};

}  // namespace

bool bound_native_items(Unit& unit) { return Bounds(unit).run(); }

}  // namespace hasten::compile
