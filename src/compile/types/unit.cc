// What is compiled together: the specializations of a root call, what their guards pin, which cells and globals they share.
#include <algorithm>

#include "compile/types/infer.h"
#include "compile/types/infer_calls.h"
#include "compile/types/sample.h"

namespace hasten::compile {

using mir::BlockId;
using mir::Instr;
using mir::Op;
using mir::ValueId;

namespace {

constexpr size_t kSpecializationsMax = 24;

/// Whether two types have the same form, lists in them the same predicted content (or only their kinds compared).
bool alike(const Type& a, const Type& b, SiteTable& sites, int depth, bool only_kinds) {
  if (a.kinds != b.kinds || a.object != b.object || a.known != b.known || a.cls != b.cls)
    return false;
  if ((a.kinds & kWide) && !(a.wide == b.wide))
    return false;
  if (a.items || b.items) {
    if (!a.items || !b.items || a.items->size() != b.items->size())
      return false;
    for (size_t k = 0; k < a.items->size(); ++k) {
      if (!alike((*a.items)[k], (*b.items)[k], sites, depth, only_kinds))
        return false;
    }
  }
  if (a.site == kNoSite || b.site == kNoSite || sites.find(a.site) == sites.find(b.site) || only_kinds)
    return true;
  const auto same = [&](const Type& x, const Type& y) {
    return x.never() || y.never() || depth >= 4 || alike(x, y, sites, depth + 1, false);
  };
  const Type key = sites.key(a.site), other_key = sites.key(b.site);
  const Type element = sites.element(a.site), other_element = sites.element(b.site);
  return same(key, other_key) && same(element, other_element);
}

/// Of an int's interval no more than that it is not negative: then divisions and shifts need not mend a sign.
Type with_sign_alone(Type t) {
  const bool is_int = (t.kinds & kWithInterval) == kInt, is_negative = t.interval.low < 0;
  t = without_intervals(std::move(t));
  if (is_int && !is_negative)
    t.interval.low = 0;
  return t;
}

}  // namespace

Specialization& Unit::make(const mir::MirFunction& f, std::vector<Type> parameters, BlockId osr_block) {
  specializations.push_back(std::make_unique<Specialization>(f, std::move(parameters), osr_block));
  Specialization& s = *specializations.back();
  s.index = static_cast<uint32_t>(specializations.size() - 1);
  s.symbol = "hasten_body_" + std::to_string(s.index);
  // Constants stand in the entry block, which an entry in mid-loop never passes.
  for (ValueId v = 0; v < f.instr_count; ++v) {
    if (f.instrs[v].op == Op::Const)
      s.types[v] = type_of_constant(f.consts[f.instrs[v].aux], sites);
    if (f.instrs[v].op == Op::Unbound)
      s.types[v] = Type::of(kUnbound);
  }
  return s;
}

Specialization* Unit::callee(PyObject* function, std::vector<Type> args) {
  const mir::MirFunction* f = mir_of_callee(function);
  if (!f || f->param_count != args.size())
    return nullptr;
  for (Type& t : args) t = with_sign_alone(std::move(t));
  // Lists of equal content share a specialization (and from then on their predictions): a recursive function that
  // makes lists would otherwise need a new one at each level.
  size_t of_same_function = 0;
  Specialization* last = nullptr;
  for (auto& s : specializations) {
    if (s->osr_block != mir::kNone || &s->view.function() != f)
      continue;
    if (s->parameters == args)
      return s.get();
    bool same = true;
    for (size_t k = 0; k < args.size(); ++k) same = same && alike(s->parameters[k], args[k], sites, 0, false);
    bool same_kinds = true;
    for (size_t k = 0; k < args.size(); ++k)
      same_kinds = same_kinds && alike(s->parameters[k], args[k], sites, 0, true);
    if (same_kinds) {
      ++of_same_function;
      last = s.get();
    }
    if (!same)
      continue;
    take(*s, args);
    return s.get();
  }
  if (last && of_same_function >= 2) {
    take(*last, args);
    return last;
  }
  if (specializations.size() >= kSpecializationsMax)
    return nullptr;
  return &make(*f, std::move(args), mir::kNone);
}

/// One more call of `s`, with arguments like its parameters: what lists hold, and signs, become what both may be.
void Unit::take(Specialization& s, const std::vector<Type>& args) {
  for (size_t k = 0; k < args.size(); ++k) {
    const Type both = join(s.parameters[k], args[k], sites);
    if (s.parameters[k].interval == both.interval)
      continue;
    s.parameters[k].interval = both.interval;
    has_wider_parameters_ = true;
  }
}

SiteId Unit::cell_site(PyObject* cell) {
  const auto found = cell_sites_.find(cell);
  if (found != cell_sites_.end())
    return found->second;
  PyObject* content = PyCell_GET(cell);
  return cell_sites_[cell] = sites.make(content ? type_of_argument(content, sites) : Type{});
}

SiteId Unit::cell_site(Specialization& s, ValueId v) {
  const Instr& i = s.view.instr(v);
  if (i.op == Op::FreeCell)
    return cell_site(PyTuple_GET_ITEM(PyFunction_GET_CLOSURE(s.view.function().function), i.aux));
  if (i.op == Op::Param && s.types[v].site != kNoSite)
    return s.types[v].site;
  const auto found = s.fresh_sites.find(v);
  return found != s.fresh_sites.end() ? found->second : s.fresh_sites[v] = sites.make({});
}

SiteId Unit::global_site(const mir::MirFunction& f, uint32_t name) {
  const auto [found, is_new] = global_sites_.try_emplace({PyFunction_GET_GLOBALS(f.function), f.names[name]}, kNoSite);
  if (is_new) {
    PyObject* content = find_global(f, name);
    found->second = sites.make(content ? type_of_argument(content, sites) : Type{});
  }
  return found->second;
}

PyObject* Unit::likely_method(const mir::MirFunction& f, PyObject* name) {
  PyObject* const globals = PyFunction_GET_GLOBALS(f.function);
  const auto [known, is_new] = likely_methods_.try_emplace({globals, name}, nullptr);
  if (!is_new)
    return known->second;
  PyObject *key = nullptr, *value = nullptr, *found = nullptr;
  for (Py_ssize_t at = 0; PyDict_Next(globals, &at, &key, &value);) {
    if (!PyType_Check(value) || !PyType_HasFeature(reinterpret_cast<PyTypeObject*>(value), Py_TPFLAGS_HEAPTYPE))
      continue;
    PyObject* method = PyDict_GetItemWithError(reinterpret_cast<PyTypeObject*>(value)->tp_dict, name);
    PyErr_Clear();
    if (!method || method == found)
      continue;
    if (found)
      return nullptr;
    found = method;
  }
  return known->second = found && mir_of_callee(found) ? found : nullptr;
}

bool Unit::writes_global(const mir::MirFunction& f, uint32_t name) const {
  for (const auto& s : specializations) {
    if (!s->written_globals.empty() &&
        PyFunction_GET_GLOBALS(s->view.function().function) == PyFunction_GET_GLOBALS(f.function) &&
        std::find(s->written_globals.begin(), s->written_globals.end(), f.names[name]) != s->written_globals.end())
      return true;
  }
  return false;
}

/// A function that writes a global may have joined the unit after another one had taken the global for a constant.
void Unit::drop_guards_of_written_globals() {
  std::vector<uint32_t> moved(guards.size());
  std::vector<Guard> remaining;
  for (size_t k = 0; k < guards.size(); ++k) {
    const Guard& g = guards[k];
    moved[k] = static_cast<uint32_t>(remaining.size());
    if (g.what != Guard::What::Global || !writes_global(*g.function, g.name))
      remaining.push_back(g);
  }
  for (auto& s : specializations) {
    for (auto& [v, guard] : s->guards) guard = moved[guard];
    for (auto& [v, plan] : s->calls) {
      if (plan.code_guard != kNoGuard)
        plan.code_guard = moved[plan.code_guard];
      for (CallPlan::Source& source : plan.sources) {
        if (source.guard != kNoGuard)
          source.guard = moved[source.guard];
      }
    }
  }
  guards = std::move(remaining);
}

uint32_t Unit::add_guard(const Guard& guard) {
  for (size_t k = 0; k < guards.size(); ++k) {
    const Guard& g = guards[k];
    if (g.what == guard.what && g.expected == guard.expected && g.holder == guard.holder &&
        g.attribute == guard.attribute && g.function == guard.function && g.name == guard.name) {
      return static_cast<uint32_t>(k);
    }
  }
  guards.push_back(guard);
  Type& t = guards.back().type;
  t = PyList_CheckExact(guard.expected) ? type_of_argument(guard.expected, sites)
                                        : type_of_constant(guard.expected, sites);
  // A default is taken for what it would be as an argument, unless it is more use as the very thing that it is.
  if (guard.what == Guard::What::Default && t.only(kKnown) && !PyUnicode_CheckExact(guard.expected) &&
      !PyBytes_CheckExact(guard.expected) && !PyCallable_Check(guard.expected) && !PyModule_CheckExact(guard.expected))
    t = type_of_argument(guard.expected, sites);
  return static_cast<uint32_t>(guards.size() - 1);
}

}  // namespace hasten::compile
