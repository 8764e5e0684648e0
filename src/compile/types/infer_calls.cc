#include "compile/types/infer_calls.h"

#include <algorithm>
#include <string_view>

#include "compile/types/buffers.h"
#include "compile/types/interval.h"
#include "compile/types/methods.h"
#include "compile/types/transfer.h"
#include "runtime/defaults.h"
#include "runtime/instances.h"

namespace hasten::compile {

using mir::BinaryOp;
using mir::Instr;
using mir::Op;
using mir::ValueId;

namespace {

constexpr Kinds kIntegral = kBool | kInt;
constexpr Kinds kReal = kIntegral | kFloat;

bool all_within(std::span<const Type> args, Kinds mask) {
  return std::all_of(args.begin(), args.end(), [&](const Type& t) { return t.within(mask); });
}

Interval hull_of(const Type& t) {
  return t.only(kBool)       ? Interval{0, 1}
         : (t.kinds & kBool) ? Interval{std::min<int64_t>(0, t.interval.low), std::max<int64_t>(1, t.interval.high)}
                             : t.interval;
}

Type range_type(std::span<const Type> args) {
  Type r = Type::of(kRange);
  const Interval start = args.size() == 1 ? Interval{0, 0} : hull_of(args[0]);
  const Interval stop = hull_of(args.size() == 1 ? args[0] : args[1]);
  const Interval step = args.size() == 3 ? hull_of(args[2]) : Interval{1, 1};
  const Interval all;
  // Items lie between start (reached) and stop (not reached), on the side that the step's sign tells.
  r.interval = {std::min(start.low, stop.low), std::max(start.high, stop.high)};
  if (step.low > 0 || (planted_bug(Plant::RangeStepSign) && step.high > 0))
    r.interval = {start.low, std::max(start.low, stop.high == all.low ? all.low : stop.high - 1)};
  if (step.high < 0)
    r.interval = {std::min(start.high, stop.low == all.high ? all.high : stop.low + 1), start.high};
  return r;
}

bool is_true_or_not(const Type& t) { return t.within(kNoneType | kReal) && !t.is_union(); }

/// Of numbers that are added up without the help of objects.
std::optional<Type> sum_type(const std::vector<Type>& items) {
  Type sum = Type::constant(0);
  for (const Type& item : items) {
    if (!item.within(kReal) || item.is_union())
      return {};
    if (sum.only(kFloat) || item.only(kFloat)) {
      sum = Type::of(kFloat);
      continue;
    }
    const Interval one = hull_of(item);
    if (__builtin_add_overflow(sum.interval.low, one.low, &sum.interval.low) ||
        __builtin_add_overflow(sum.interval.high, one.high, &sum.interval.high))
      sum = Type::of(kInt);
  }
  return sum;
}

/// The type of builtin `known` when it is emitted natively for these arguments; nothing if it is not.
std::optional<Type> native_type(Known known, std::span<const Type> args, SiteTable& sites) {
  const size_t n = args.size();
  const auto one_real = [&] { return n == 1 && args[0].within(kReal); };
  switch (known) {
    case Known::Abs:
      if (n != 1 || !args[0].within(kNumber | kWide))
        return {};
      return over_alternatives(args[0], sites, abs_type);
    case Known::Min:
    case Known::Max: {
      if (n == 1 && args[0].only(kTuple) && !args[0].items->empty())
        return args[0].items->size() == 1
                   ? native_type(known, {{args[0].items->front(), args[0].items->front()}}, sites)
                   : native_type(known, *args[0].items, sites);
      if (n < 2 || n > 8 || !all_within(args, kReal))
        return {};
      Type t;
      for (const Type& a : args) t = join(t, a, sites);
      const bool min = known == Known::Min;
      if (t.only(kInt) && all_within(args, kInt)) {  // either bound of the extreme value is the extreme of the bounds
        for (const Type& a : args) {
          t.interval.low = min ? t.interval.low : std::max(t.interval.low, a.interval.low);
          t.interval.high = min ? std::min(t.interval.high, a.interval.high) : t.interval.high;
        }
      }
      return t;
    }
    case Known::Sum:
      return n == 1 && args[0].only(kTuple) ? sum_type(*args[0].items) : std::nullopt;
    case Known::Any:
    case Known::All:
      if (n != 1 || !args[0].only(kTuple) || !std::all_of(args[0].items->begin(), args[0].items->end(), is_true_or_not))
        return {};
      return Type::of(kBool);
    case Known::Len:
      if (n != 1)
        return {};
      if (args[0].only(kTuple))
        return Type::constant(static_cast<int64_t>(args[0].items->size()));
      if (args[0].only(kChar))
        return Type::constant(1);
      if (args[0].only(kList) || is_text(args[0]))
        return Type::integer(planted_bug(Plant::LenAtLeastOne) ? 1 : 0, int64_t{1} << 60);
      if (args[0].object && !args[0].may_be_unbound())
        return Type::integer(0, Interval{}.high);
      return {};
    case Known::Range:
      if (n < 1 || n > 3 || !all_within(args, kIntegral))
        return {};
      return range_type(args);
    case Known::Enumerate: {
      if (n < 1 || n > 2 || (n == 2 && !args[1].within(kIntegral)))
        return {};
      const Type inner = iterator_type(args[0], sites);
      if (inner.object || inner.never())
        return {};
      Type t = Type::with_items(kEnumerate, {inner});
      const Interval start = n == 2 ? hull_of(args[1]) : Interval{0, 0};
      t.interval = {start.low, Interval{}.high};
      return t;
    }
    case Known::Zip: {
      if (n < 1 || n > 4)
        return {};
      std::vector<Type> iterators;
      for (const Type& a : args) {
        iterators.push_back(iterator_type(a, sites));
        if (iterators.back().object || iterators.back().never())
          return {};
      }
      return Type::with_items(kZip, std::move(iterators));
    }
    case Known::Reversed:
      return n == 1 ? reversed_type(args[0], sites) : std::nullopt;
    case Known::Ord:
      return n == 1 && args[0].only(kChar) ? std::optional(Type::integer(0, 0x10ffff)) : std::nullopt;
    case Known::Chr:
      return n == 1 && args[0].within(kIntegral) && !args[0].is_union() ? std::optional(Type::of(kChar)) : std::nullopt;
    case Known::Str:
      return n == 1 && is_text(args[0]) ? std::optional(args[0]) : std::nullopt;
    case Known::Int:
      if (n == 1 && args[0].only(kChar))
        return Type::integer(0, 9);
      if (n == 1 && is_text(args[0]))
        return Type::of(kInt);
      if (n == 1 && args[0].only(kWide))
        return args[0];
      if (!one_real())
        return {};
      if (args[0].within(kIntegral)) {
        const Interval r = hull_of(args[0]);
        return Type::integer(r.low, r.high);
      }
      return Type::of(kInt);
    case Known::Float:
      if (n == 1 && is_text(args[0]) && !args[0].only(kChar))
        return Type::of(kFloat);
      return n == 1 && args[0].within(kReal | kWide) ? std::optional(Type::of(kFloat)) : std::nullopt;
    case Known::Bool:
      return n == 1 && args[0].within(kScalar | kWide) ? std::optional(Type::of(kBool)) : std::nullopt;
    case Known::Complex:
      if (n < 1 || n > 2 || !all_within(args, kReal))
        return {};
      return Type::of(kComplex);
    case Known::Round:
      if (!one_real())
        return {};
      return Type::of(kInt);
    case Known::Divmod: {
      if (n != 2 || !args[0].within(kReal) || !args[1].within(kReal) || args[0].is_union() || args[1].is_union())
        return {};
      const Type q = binary_type(BinaryOp::FloorDiv, args[0], args[1], sites, kNoSite);
      const Type r = binary_type(BinaryOp::Mod, args[0], args[1], sites, kNoSite);
      return Type::with_items(kTuple, {q, r});
    }
    case Known::Fabs:
    case Known::Degrees:
    case Known::Radians:
      return one_real() ? std::optional(Type::of(kFloat)) : std::nullopt;
    case Known::Floor:
    case Known::Ceil:
    case Known::Trunc:
      return one_real() ? std::optional(Type::of(kInt)) : std::nullopt;
    case Known::Atan2:
    case Known::Copysign:
      return n == 2 && all_within(args, kReal) ? std::optional(Type::of(kFloat)) : std::nullopt;
    case Known::Isnan:
    case Known::Isinf:
    case Known::Isfinite:
      return one_real() ? std::optional(Type::of(kBool)) : std::nullopt;
    default:
      if (Known::MathUnaryFirst < known && known < Known::MathUnaryLast && one_real())
        return Type::of(kFloat);
      return {};
  }
}

/// Whether the iterator that the call `v` makes is only iterated, once, there and then. Native code keeps an iterator
/// as numbers and copies them: nobody else may know it, or a step here would have to be seen there.
bool is_only_iterated(const Specialization& s, ValueId v) {
  if (planted_bug(Plant::IteratorCopied))
    return true;
  const Type& maker = s.types[s.view.args(v)[0]];
  const bool is_reversed = maker.only(kKnown) && known_of(maker.known) == Known::Reversed;
  size_t uses = 0;
  for (ValueId user = 0; user < s.view.instr_count(); ++user) {
    const Instr& i = s.view.instr(user);
    for (ValueId arg : s.view.args(user)) {
      if (arg != v)
        continue;
      const Type& callee = s.types[s.view.args(user)[0]];
      const bool wraps = i.op == Op::Call && arg != s.view.args(user)[0] && callee.only(kKnown) &&
                         (known_of(callee.known) == Known::Zip || known_of(callee.known) == Known::Enumerate ||
                          (known_of(callee.known) == Known::List && is_reversed));
      if (++uses > 1 || i.block != s.view.instr(v).block || (i.op != Op::GetIter && !wraps))
        return false;
    }
  }
  return true;
}

constexpr uint32_t kMoreMax = 16;           // operands that one parameter `*args` takes
constexpr uint32_t kDefaultChangesMax = 2;  // a default that changed this often is left to CPython

/// Whether the call gives each parameter of `f` one value, and which (CallPlan::sources). What it leaves out are defaults,
/// pinned by guards; those of a template are each function object's own, and not known. If not, CPython says what is wrong.
/// `operand_count`: with the receiver of a method, which comes first.
bool find_sources(Unit& unit, const mir::MirFunction& f, PyObject* callee, const Specialization& s, ValueId v,
                  size_t operand_count, CallPlan& plan) {
  const auto* code = reinterpret_cast<PyCodeObject*>(PyFunction_GET_CODE(f.function));
  if (code->co_flags & CO_VARKEYWORDS)
    return false;
  const bool takes_more = code->co_flags & CO_VARARGS;
  const Instr& i = s.view.instr(v);
  PyObject* const names = i.aux == mir::kNone ? nullptr : s.view.function().consts[i.aux];
  const auto named = names ? static_cast<uint32_t>(PyTuple_GET_SIZE(names)) : 0;
  const uint32_t given = static_cast<uint32_t>(operand_count) - named;
  const auto positional_max = static_cast<uint32_t>(code->co_argcount);
  const uint32_t count = positional_max + static_cast<uint32_t>(code->co_kwonlyargcount);
  const uint32_t positional = std::min(given, positional_max), more = given - positional;
  if (more > (takes_more ? kMoreMax : 0))
    return false;
  plan.sources.assign(count, {0});
  for (uint32_t k = 0; k < positional; ++k) plan.sources[k].operand = k + 1;
  for (uint32_t k = 0; k < named; ++k) {
    auto at = static_cast<uint32_t>(code->co_posonlyargcount);
    while (at < count &&
           PyUnicode_Compare(PyTuple_GET_ITEM(code->co_localsplusnames, at), PyTuple_GET_ITEM(names, k)) != 0)
      ++at;
    if (at == count || plan.sources[at].operand != 0)
      return false;
    plan.sources[at].operand = given + k + 1;
  }
  const Experience* experience = unit.experience(f);
  for (uint32_t k = 0; k < count; ++k) {
    if (plan.sources[k].operand != 0)
      continue;
    PyObject* const plain = PyFunction_Check(callee) ? callee : nullptr;
    PyObject* value = f.is_template ? nullptr : runtime::default_of(plain ? plain : f.function, k);
    const auto changes = experience->global_changes.find(runtime::default_key(k));
    if (!value || (changes != experience->global_changes.end() && changes->second >= kDefaultChangesMax))
      return false;
    plan.sources[k].guard = unit.add_guard({Guard::What::Default, &f, k, plain, nullptr, value, {}});
  }
  if (takes_more)
    plan.sources.push_back({.operand = positional + 1, .packed = more});
  return true;
}

Type packed(std::span<const Type> items) { return Type::with_items(kTuple, {items.begin(), items.end()}); }

/// The specialization that the call runs if its callee is `callable`; null if it stays one through CPython.
Specialization* find_target(Unit& unit, const Specialization& s, ValueId v, const Type& callee,
                            std::span<const Type> operands, CallPlan& plan) {
  const mir::MirFunction* f = unit.mir_of_callee(callee.known);
  if (!f || !find_sources(unit, *f, callee.known, s, v, operands.size(), plan)) {
    plan.sources.clear();
    return nullptr;
  }
  std::vector<Type> args;
  for (const CallPlan::Source& source : plan.sources)
    args.push_back(source.guard != kNoGuard      ? unit.guards[source.guard].type
                   : source.packed == mir::kNone ? operands[source.operand - 1]
                                                 : packed(operands.subspan(source.operand - 1, source.packed)));
  if (f->is_template)
    args.insert(args.end(), callee.items->begin(), callee.items->end());
  plan.target = unit.callee(callee.known, std::move(args));
  if (!plan.target) {
    plan.sources.clear();
    return nullptr;
  }
  plan.args = plan.target->parameters;
  return plan.target;
}

/// A call of what is predicted to be a function under hasten.jit, or one made from the code of a template.
Type plan_predicted(Unit& unit, const Specialization& s, ValueId v, const Type& callee, std::span<const Type> operands,
                    CallPlan& plan) {
  if (PyFunction_Check(callee.known) || !find_target(unit, s, v, callee, operands, plan))
    return Type::any();
  const mir::MirFunction* f = &plan.target->view.function();
  if (!f->is_template) {
    unit.add_guard({Guard::What::FunctionCode, nullptr, 0, f->function, nullptr, PyFunction_GET_CODE(f->function), {}});
    unit.kept.push_back(callee.known);
  }
  plan.how = CallPlan::How::Predicted;
  plan.predicted = callee.known;
  return plan.target->result;
}

/// The guard of the target's code: of `callee`, where that is the plain function whose companion the target is.
uint32_t guard_code(Unit& unit, PyObject* callee, const Specialization& target) {
  PyObject* const function = target.view.function().function;
  PyObject* const guarded = PyFunction_Check(callee) ? callee : function;
  return unit.add_guard({Guard::What::FunctionCode, nullptr, 0, guarded, nullptr, PyFunction_GET_CODE(function), {}});
}

/// A call of the function under hasten.jit that the callee is known to be, or of the companion of a plain one.
Type plan_direct(Unit& unit, const Specialization& s, ValueId v, const Type& callee, std::span<const Type> operands,
                 CallPlan& plan) {
  if (!find_target(unit, s, v, callee, operands, plan))
    return Type::any();
  plan.code_guard = guard_code(unit, callee.known, *plan.target);
  plan.how = CallPlan::How::Direct;
  return plan.target->result;
}

std::vector<Type> with_receiver(std::span<const Type> operands) {
  std::vector<Type> all{Type::any()};
  all.insert(all.end(), operands.begin(), operands.end());
  return all;
}

/// A call of a method of an object whose class is not known: predicted to be the one of that name.
Type plan_method(Unit& unit, const Specialization& s, ValueId v, std::span<const Type> operands, CallPlan& plan) {
  const Instr& attribute = s.view.instr(s.view.args(v)[0]);
  PyObject* const method = attribute.op == Op::GetAttr && unit.predicts_methods
                               ? unit.likely_method(s.view.function(), s.view.function().names[attribute.aux])
                               : nullptr;
  if (!method || !find_target(unit, s, v, Type::known_object(method), with_receiver(operands), plan))
    return Type::any();
  plan.code_guard = guard_code(unit, method, *plan.target);
  unit.kept.push_back(method);
  unit.has_predicted_methods = true;
  plan.how = CallPlan::How::Predicted;
  plan.predicted = method;
  return plan.target->result;
}

/// A new instance of a plain class whose __init__ can be called natively.
Type plan_instance(Unit& unit, const Specialization& s, ValueId v, PyTypeObject* made, std::span<const Type> operands,
                   CallPlan& plan) {
  PyObject* const init = unit.predicts_methods ? runtime::plain_constructor(made) : nullptr;
  if (!init || !find_target(unit, s, v, Type::known_object(init), with_receiver(operands), plan))
    return Type::any();
  if (!plan.target->result.never() && !plan.target->result.only(kNoneType)) {
    plan.sources.clear();  // CPython raises TypeError
    plan.target = nullptr;
    return Type::any();
  }
  plan.code_guard = guard_code(unit, init, *plan.target);
  unit.kept.push_back(init);
  unit.has_predicted_methods = true;
  plan.how = CallPlan::How::Instance;
  plan.predicted = init;
  return Type::any();
}

}  // namespace

PyObject* find_global(const mir::MirFunction& f, uint32_t name) {
  PyObject* const function = f.function;
  PyObject* object = PyDict_GetItemWithError(PyFunction_GET_GLOBALS(function), f.names[name]);
  if (!object && !PyErr_Occurred()) {
    PyObject* builtins = reinterpret_cast<PyFunctionObject*>(function)->func_builtins;
    if (PyDict_Check(builtins))
      object = PyDict_GetItemWithError(builtins, f.names[name]);
  }
  PyErr_Clear();
  return object;
}

Type plan_call(Unit& unit, Specialization& s, ValueId v, const std::vector<Type>& args,
               const std::function<SiteId()>& fresh, CallPlan& plan) {
  const Instr& i = s.view.instr(v);
  Type callee = args[0];
  const std::span<const Type> operands(args.data() + 1, args.size() - 1);
  if (i.op == Op::CallMethod) {
    PyObject* name = s.view.function().names[i.aux];
    if (callee.only(kKnown) && is_module(callee.known)) {
      auto guard = s.guards.find(v);
      if (guard == s.guards.end()) {
        PyObject* object = PyDict_GetItemWithError(PyModule_GetDict(callee.known), name);
        if (!object) {
          PyErr_Clear();
          return Type::any();
        }
        s.guards[v] = unit.add_guard({Guard::What::ModuleAttribute, nullptr, 0, callee.known, name, object, {}});
        guard = s.guards.find(v);
      }
      callee = unit.guards[guard->second].type;
    } else if (callee.only(kList)) {
      if (operands.size() == 1 && PyUnicode_CompareWithASCIIString(name, "append") == 0) {
        plan.how = CallPlan::How::ListAppend;
        unit.sites.widen(callee.site, operands[0]);
        return Type::of(kNoneType);
      }
      if (PyUnicode_CompareWithASCIIString(name, "pop") == 0)
        return unit.sites.element(callee.site);
      if (PyUnicode_CompareWithASCIIString(name, "copy") == 0) {
        const SiteId site = fresh();
        unit.sites.widen(site, unit.sites.element(callee.site));
        return Type::list(site);
      }
      for (const char* method : {"sort", "reverse", "extend", "insert", "clear", "remove"}) {
        if (PyUnicode_CompareWithASCIIString(name, method) == 0) {
          if (std::string_view(method) == "insert" && operands.size() == 2)
            unit.sites.widen(callee.site, operands[1]);
          if (std::string_view(method) == "extend" && operands.size() == 1 && operands[0].only(kList)) {
            unit.sites.widen(callee.site, unit.sites.element(operands[0].site));
          }
          return Type::of(kNoneType);
        }
      }
      if (PyUnicode_CompareWithASCIIString(name, "index") == 0 ||
          PyUnicode_CompareWithASCIIString(name, "count") == 0) {
        return Type::integer(0, int64_t{1} << 60);
      }
      return Type::any();
    } else {
      if (callee.only(kFloat) && PyUnicode_CompareWithASCIIString(name, "is_integer") == 0)
        return Type::of(kBool);
      if (callee.only(kComplex) && PyUnicode_CompareWithASCIIString(name, "conjugate") == 0)
        return Type::of(kComplex);
      return Type::any();
    }
  }
  if (i.op == Op::Call && callee.only(kMethod) && !callee.is_loaded_method()) {
    const Type& receiver = callee.items->front();
    const auto method = method_of(receiver, callee.known);
    if (!method)
      return Type::any();
    if (method->id == MethodId::ListAppend && i.aux == mir::kNone && operands.size() == 1) {
      plan.how = CallPlan::How::ListAppend;
      unit.sites.widen(receiver.site, operands[0]);
      return Type::of(kNoneType);
    }
    if (i.aux == mir::kNone || (method->definition->ml_flags & METH_KEYWORDS)) {
      plan.how = CallPlan::How::Method;
      plan.method = *method;
    }
    // `for x in lists.get(key, ())`: no list is as good as an empty one.
    if (method->id == MethodId::DictGet && operands.size() == 2 && operands[1].only(kTuple) &&
        operands[1].items->empty() && receiver.site != kNoSite && unit.sites.element(receiver.site).only(kList) &&
        is_only_iterated(s, v))
      return unit.sites.element(receiver.site);
    return method_result(class_of(receiver), method->definition->ml_name, receiver, operands, unit.sites, fresh);
  }
  if (callee.is_loaded_method() && i.op == Op::Call)
    return plan_method(unit, s, v, operands, plan);
  if (callee.object && callee.known && callee.items && i.op == Op::Call)
    return plan_predicted(unit, s, v, callee, operands, plan);
  if (!callee.only(kKnown))
    return Type::any();
  plan.known = known_of(callee.known);
  if (i.op == Op::Call && i.aux != mir::kNone && !PyType_Check(callee.known))  // keywords
    return plan.known == Known::Other ? plan_direct(unit, s, v, callee, operands, plan) : Type::any();
  if (i.op == Op::Call && i.aux != mir::kNone)
    return plan.known == Known::Other && !followed_class(reinterpret_cast<PyTypeObject*>(callee.known))
               ? plan_instance(unit, s, v, reinterpret_cast<PyTypeObject*>(callee.known), operands, plan)
               : Type::any();
  if (plan.known == Known::Other) {
    const auto* made = reinterpret_cast<PyTypeObject*>(callee.known);
    if ((made == &PySet_Type || made == &PyFrozenSet_Type) && operands.size() <= 1) {
      const SiteId site = fresh();
      if (operands.size() == 1)
        unit.sites.widen(site, element_of(operands[0], unit.sites));
      return Type::holder(reinterpret_cast<PyTypeObject*>(callee.known), site);
    }
    if (PyType_Check(callee.known) && is_deque(made) && operands.size() <= 1) {
      const SiteId site = fresh();
      if (operands.size() == 1)
        unit.sites.widen(site, element_of(operands[0], unit.sites));
      return Type::holder(reinterpret_cast<PyTypeObject*>(callee.known), site);
    }
    if (PyType_Check(callee.known) && is_default_dict(made) && operands.size() == 1) {
      if (operands[0].only(kKnown) && operands[0].known == reinterpret_cast<PyObject*>(&PyLong_Type))
        unit.sites.widen(fresh(), Type::of(kInt));
      return Type::holder(reinterpret_cast<PyTypeObject*>(callee.known), fresh());
    }
    if (made == &PyDict_Type && operands.empty())
      return Type::dict(fresh());
    if (PyType_Check(callee.known)) {
      auto* const cls = reinterpret_cast<PyTypeObject*>(callee.known);
      return followed_class(cls) ? made_buffer(cls, operands.empty() ? nullptr : &operands[0])
                                 : plan_instance(unit, s, v, cls, operands, plan);
    }
    if (PyCFunction_Check(callee.known))
      return Type::any();
    return plan_direct(unit, s, v, callee, operands, plan);
  }
  if (plan.known == Known::Pow && operands.size() == 2 && all_within(operands, kNumber)) {
    plan.how = CallPlan::How::Native;
    return over_pairs(operands[0], operands[1], unit.sites, [&](const Type& a, const Type& b) {
      return binary_type(BinaryOp::Pow, a, b, unit.sites, kNoSite);
    });
  }
  if ((plan.known == Known::HeapPush || plan.known == Known::HeapPop) && !operands.empty() && operands[0].only(kList)) {
    if (plan.known == Known::HeapPop)
      return operands.size() == 1 ? unit.sites.element(operands[0].site) : Type::any();
    if (operands.size() == 2)
      unit.sites.widen(operands[0].site, operands[1]);
    return Type::of(kNoneType);
  }
  const bool makes_iterator =
      plan.known == Known::Zip || plan.known == Known::Enumerate || plan.known == Known::Reversed;
  if (makes_iterator && !is_only_iterated(s, v))
    return Type::any();
  if (auto native = native_type(plan.known, operands, unit.sites)) {
    plan.how = CallPlan::How::Native;
    return *native;
  }
  const bool makes_list = plan.known == Known::List || plan.known == Known::Sorted;
  return called_result(plan.known, operands, unit.sites, makes_list ? fresh() : kNoSite);
}

}  // namespace hasten::compile
