#include "runtime/native_unit.h"

#include <algorithm>
#include <cstring>
#include <string_view>
#include <unordered_map>

#include "runtime/compiled_function.h"
#include "runtime/defaults.h"
#include "runtime/helpers.h"
#include "runtime/hot.h"
#include "runtime/object_layout.h"
#include "runtime/planted.h"
#include "runtime/site_counts.h"
#include "runtime/stored_unit.h"
#include "runtime/support.h"

namespace hasten::runtime {
namespace {

/// The C functions that code may call.
void* function_named(const char* name) {
  static const auto* all = [] {
    auto* map = new std::unordered_map<std::string_view, void*>;
    for (const auto symbols : support_symbols()) {
      for (const SupportSymbol& symbol : symbols) map->emplace(symbol.name, symbol.address);
    }
    return map;
  }();
  const auto found = all->find(name);
  return found == all->end() ? nullptr : found->second;
}

NativeGuard guard_from(const GuardFacts& facts, const void* const* objects, const mir::MirFunction* const* mirs) {
  const auto object = [&](uint32_t address) {
    return address == kNoIndex ? nullptr : reinterpret_cast<PyObject*>(const_cast<void*>(objects[address]));
  };
  return {facts.what,
          facts.mir == kNoIndex ? nullptr : mirs[facts.mir],
          facts.name,
          object(facts.holder),
          object(facts.attribute),
          object(facts.expected)};
}

/// Null: there is no such thing in this process.
void* address_of(const AddressFacts& facts, NativeUnit& unit, const void* object, const mir::MirFunction* const* mirs) {
  switch (facts.kind) {
    case AddressKind::Object:
      return const_cast<void*>(object);
    case AddressKind::Function:
      return function_named(unit.part<char>(unit.facts().text) + facts.a);
    case AddressKind::Unit:
      return &unit;
    case AddressKind::Body:
      return &unit.bodies[facts.a];
    case AddressKind::Mir:
      return const_cast<mir::MirFunction*>(mirs[facts.a]);
    case AddressKind::Code:
      unit.references.push_back(Py_NewRef(PyFunction_GET_CODE(mirs[facts.a]->function)));
      return unit.references.back();
    case AddressKind::CallSite:
      return call_site(mirs[facts.a], facts.b);
    case AddressKind::Uncounted:
      return &call_site(mirs[facts.a], facts.b)->untimed;
    case AddressKind::Data:
      return reinterpret_cast<uint8_t*>(unit.data.data()) + facts.a;
    case AddressKind::DictCount: {
      const GuardCounters counters = counters_of(unit.guards[facts.a]);
      return const_cast<uint64_t*>(facts.b == 0 ? counters.first : counters.second);
    }
  }
  return nullptr;
}

void keep(NativeUnit& unit, PyObject* object) {
  if (object) {
    unit.references.push_back(Py_NewRef(object));
  }
}

void add_counters(NativeUnit& unit, uint32_t index) {
  const GuardCounters counters = counters_of(unit.guards[index]);
  if (!counters.first) {
    unit.uncounted_guards.push_back(index);
  }
  PyObject* const holder = unit.guards[index].holder;
  if (unit.guards[index].what == GuardFacts::What::ModuleAttribute &&
      std::find(unit.guarded_modules.begin(), unit.guarded_modules.end(), holder) == unit.guarded_modules.end()) {
    unit.guarded_modules.push_back(holder);
  }
  for (const uint64_t* counter : {counters.first, counters.second}) {
    const bool is_known = std::any_of(unit.guarded_dicts.begin(), unit.guarded_dicts.end(),
                                      [counter](const GuardedDict& dict) { return dict.counter == counter; });
    if (counter && !is_known) {
      unit.guarded_dicts.push_back({counter, 0});
    }
  }
}

void set_up_bodies(NativeUnit& unit, const mir::MirFunction* const* mirs) {
  const UnitFacts& facts = unit.facts();
  const auto* bodies = unit.part<BodyFacts>(facts.bodies);
  const char* text = unit.part<char>(facts.text);
  unit.body_count = facts.bodies.count;
  unit.bodies = std::make_unique<NativeBody[]>(unit.body_count);
  for (uint32_t k = 0; k < unit.body_count; ++k) {
    NativeBody& body = unit.bodies[k];
    NativeVersion& v = body.version;
    v.function = mirs[bodies[k].mir];
    v.osr_block = bodies[k].osr_block;
    v.shows_frame = bodies[k].shows_frame;
    v.osr_values = unit.part<mir::ValueId>(bodies[k].osr_values);
    v.osr_count = bodies[k].osr_values.count;
    v.points = unit.part<DeoptPoint>(bodies[k].points);
    v.point_count = bodies[k].points.count;
    v.live = unit.part<LiveValue>(bodies[k].live);
    v.live_count = bodies[k].live.count;
    v.sites = unit.part<Site>(bodies[k].sites);
    v.site_count = bodies[k].sites.count;
    v.text = text;
    v.parameter_types = text + bodies[k].parameter_types;
    body.owned = unit.part<OwnedSlots>(bodies[k].owned);
    body.owned_slots = unit.part<uint16_t>(bodies[k].owned_slots);
    body.unit = &unit;
    body.is_root = k == 0;
    unit.versions.push_back(&v);
  }
}

}  // namespace

NativeUnit::~NativeUnit() {
  if (told_debugger) {
    forget_debug_object(told_debugger);
  }
  code.reset();
  for (PyObject* object : references) {
    Py_DECREF(object);
  }
}

Result<NativeVersion*> load_unit(std::unique_ptr<NativeUnit> unit, const CodeSource& source, const void* const* objects,
                                 const mir::MirFunction* const* mirs) {
  const UnitFacts& facts = unit->facts();
  unit->data.resize((facts.data.count + sizeof(uint64_t) - 1) / sizeof(uint64_t));
  std::memcpy(unit->data.data(), unit->part<uint8_t>(facts.data), facts.data.count);
  set_up_bodies(*unit, mirs);
  const auto* guards = unit->part<GuardFacts>(facts.guards);
  for (uint32_t k = 0; k < facts.guards.count; ++k) {
    const NativeGuard& guard = unit->guards.emplace_back(guard_from(guards[k], objects, mirs));
    keep(*unit, guard.expected);
    keep(*unit, guard.holder);
    add_counters(*unit, k);
  }
  for (uint32_t k = 1; k < unit->body_count; ++k) {  // no guard knows the companion of a function
    CompiledFunction* const called = CompiledFunction::of(unit->bodies[k].version.function);
    if (called && called->is_behind_trampoline() &&
        unit->bodies[k].version.function != unit->bodies[0].version.function) {
      keep(*unit, called->wrapper());
    }
  }
  const auto* kept = unit->part<uint32_t>(facts.kept);
  for (uint32_t k = 0; k < facts.kept.count; ++k) {
    keep(*unit, reinterpret_cast<PyObject*>(const_cast<void*>(objects[kept[k]])));
  }
  auto code = source.bytes
                  ? NativeCode::copy(source.bytes, facts.text_bytes, facts.code_bytes, facts.slots.count)
                  : NativeCode::map(source.file, source.offset, facts.text_bytes, facts.code_bytes, facts.slots.count);
  if (!code) {
    return code.error();
  }
  unit->code = std::move(code).value();
  const auto* addresses = unit->part<AddressFacts>(facts.addresses);
  const auto* slots = unit->part<uint32_t>(facts.slots);
  for (uint32_t k = 0; k < facts.slots.count; ++k) {
    const AddressFacts& address = addresses[slots[k]];
    void* found = address_of(address, *unit, objects[slots[k]], mirs);
    if (!found) {
      const bool is_function = address.kind == AddressKind::Function;
      return Error{"runtime.unit",
                   "compiled code needs something that is not here" +
                       (is_function ? std::string(": ") + (unit->part<char>(facts.text) + address.a) : std::string()),
                   "please report it with the function"};
    }
    unit->code->slots()[k] = found;
  }
  if (auto sealed = unit->code->seal(facts.unwind, facts.unwind_bytes); !sealed) {
    return sealed.error();
  }
  NativeVersion& root = unit->bodies[0].version;
  const uint8_t* const begin = unit->code->begin();
  root.entry = reinterpret_cast<NativeEntry>(reinterpret_cast<uintptr_t>(begin + facts.entry));
  root.code_begin = begin;
  root.code_end = begin + facts.text_bytes;
  root.code_bytes = facts.entry_bytes;
  for (uint32_t k = 0; k < unit->body_count; ++k) {
    root.code_bytes += unit->part<BodyFacts>(facts.bodies)[k].code_bytes;
  }
  root.expected_gain = facts.expected_gain;
  root.is_quick = facts.is_quick;
  root.bodies = unit->versions.data();
  root.body_count = unit->body_count;
  announce(*unit);
  root.owner = unit.release();
  return &root;
}

Result<NativeVersion*> load_unit(const UnitParts& parts) {
  auto unit = std::make_unique<NativeUnit>();
  unit->own_facts.assign(parts.facts, parts.facts + parts.facts_bytes);
  unit->facts_begin = unit->own_facts.data();
  auto loaded = load_unit(std::move(unit), {parts.code}, parts.objects, parts.mirs);
  if (loaded && parts.debug_object) {
    auto& made = *static_cast<NativeUnit*>(loaded.value()->owner);
    made.told_debugger = tell_debugger(parts.debug_object, parts.debug_bytes, made.code->begin());
  }
  if (loaded) {
    store_unit(parts);
  }
  return loaded;
}

void release_unit(NativeVersion* root) { delete static_cast<NativeUnit*>(root->owner); }

int traverse_unit(const NativeVersion* root, visitproc visit, void* arg) {
  for (PyObject* object : static_cast<const NativeUnit*>(root->owner)->references) {
    Py_VISIT(object);
  }
  return 0;
}

GuardCounters counters_of(const NativeGuard& guard) {
  const auto counter = [](PyObject* dict) { return dict && PyDict_CheckExact(dict) ? dict_version(dict) : nullptr; };
  if (guard.what == GuardFacts::What::ModuleAttribute) {
    return {counter(PyModule_GetDict(guard.holder)), nullptr};
  }
  if (guard.what != GuardFacts::What::Global) {
    return {};
  }
  PyObject* const function = guard.function->function;
  const GuardCounters counters{counter(PyFunction_GET_GLOBALS(function)),
                               counter(reinterpret_cast<PyFunctionObject*>(function)->func_builtins)};
  return counters.first && counters.second ? counters : GuardCounters{};
}

/// A trampoline may be put in its place, which calls it.
bool has_code(PyObject* function, PyObject* code) {
  PyObject* const now = PyFunction_GET_CODE(function);
  if (now == code) {
    return true;
  }
  PyObject* const original = original_of_trampoline(now);
  return original && PyFunction_GET_CODE(original) == code;
}

bool guard_holds(const NativeGuard& guard) {
  switch (guard.what) {
    case GuardFacts::What::Global:
      return hrt_peek_global(guard.function, guard.name) == guard.expected;
    case GuardFacts::What::ModuleAttribute: {
      if (!PyModule_CheckExact(guard.holder)) {
        return false;  // its new class may answer otherwise
      }
      PyObject* now = PyDict_GetItemWithError(PyModule_GetDict(guard.holder), guard.attribute);
      if (!now) {
        PyErr_Clear();
      }
      return now == guard.expected;
    }
    case GuardFacts::What::FunctionCode:
      return has_code(guard.holder, guard.expected);
    case GuardFacts::What::Default:
      return default_of(guard.holder ? guard.holder : guard.function->function, guard.name) == guard.expected;
  }
  return false;
}

/// Loops ask some hundred thousand times a second: names are not looked up as long as nobody has changed a dict.
bool guards_hold(NativeUnit& unit) {
  std::vector<GuardedDict>& dicts = unit.guarded_dicts;
  if (unit.guards_held &&
      std::all_of(dicts.begin(), dicts.end(), [](const GuardedDict& dict) { return *dict.counter == dict.then; }) &&
      std::all_of(unit.guarded_modules.begin(), unit.guarded_modules.end(),
                  [](PyObject* module) { return PyModule_CheckExact(module); })) {
    return std::all_of(unit.uncounted_guards.begin(), unit.uncounted_guards.end(),
                       [&unit](uint32_t index) { return guard_holds(unit.guards[index]); });
  }
  unit.guards_held = false;  // before the look, which may run code that asks in turn
  for (GuardedDict& dict : dicts) {
    dict.then = *dict.counter;
  }
  unit.guards_held = std::all_of(unit.guards.begin(), unit.guards.end(), guard_holds);
  return unit.guards_held;
}

}  // namespace hasten::runtime
