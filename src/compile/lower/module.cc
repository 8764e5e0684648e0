#include "compile/lower/module.h"

#include <algorithm>

#include <llvm/IR/Module.h>

#include "compile/lower/body.h"
#include "compile/types/native_lists.h"

namespace hasten::compile {

using mir::Instr;
using mir::Op;
using mir::ValueId;

namespace {

/// Whether a guard watches what `module.name = value` binds, in the globals of `f`.
bool guards_attribute_of(const Unit& unit, const mir::MirFunction& f) {
  for (const Guard& g : unit.guards) {
    if (g.what == Guard::What::ModuleAttribute && PyModule_GetDict(g.holder) == PyFunction_GET_GLOBALS(f.function))
      return true;
  }
  return false;
}

/// Whether the end of such a value runs no code.
bool ends_quietly(Unit& unit, const Type& t, int depth) {
  if (t.within(kNoneType | kNumber | kWide | kChar) || is_text(t))
    return true;
  return depth < 4 && t.only(kList) && !t.object && ends_quietly(unit, unit.sites.element(t.site), depth + 1);
}

/// Whether comparisons with such a value ask nobody's code.
bool compares_quietly(const Type& t) {
  if (t.only(kTuple) && !t.object)
    return std::all_of(t.items->begin(), t.items->end(), compares_quietly);
  return t.within(kScalar | kWide | kChar) || is_text(t);
}

bool instr_runs_foreign_code(Unit& unit, Specialization& s, ValueId v) {
  const Instr& i = s.view.instr(v);
  for (ValueId arg : s.view.args(v)) {
    if (holds_native_list(s.types[arg], unit.sites))
      return false;  // nobody's code is asked
  }
  switch (i.op) {
    case Op::Param:
    case Op::Const:
    case Op::Unbound:
    case Op::Phi:
    case Op::CheckBound:
    case Op::Return:
    case Op::Jump:
    case Op::Branch:
    case Op::BranchBound:
    case Op::BuildList:
    case Op::BuildTuple:
    case Op::ListAppend:
    case Op::Extract:
    case Op::GetFree:
    case Op::GetGlobal:
    case Op::MakeFunction:
    case Op::MakeCell:
    case Op::FreeCell:
    case Op::LoadCell:
    case Op::Hold:
      return false;
    case Op::StoreGlobal:  // looks itself at what its old value's end may have changed
      return guards_attribute_of(unit, s.view.function());
    case Op::DelGlobal:
    case Op::DelCell:
      return true;
    case Op::StoreCell:
      return !stores_plain_cell(unit, s, v);
    case Op::SetItem:  // of a list of numbers it looks itself at what the end of an item that is none may have changed
      return !s.types[s.view.args(v)[0]].only(kList) || !s.type_at(s.view.args(v)[1], i.block).within(kInt | kBool) ||
             !unit.sites.element(s.types[s.view.args(v)[0]].site).within(kNoneType | kNumber | kWide);
    case Op::DelItem:
      return true;
    case Op::NewCell:
    case Op::ReadCell:
      return false;
    case Op::GetAttr:  // a class may be asked by code of its metaclass
      if (s.types[s.view.args(v)[0]].only(kKnown) && !s.guards.contains(v))
        return true;
      break;
    case Op::SetAttr:  // also a function's code and defaults
    case Op::DelAttr:
    case Op::ListExtend:
    case Op::SetUpdate:
    case Op::DictUpdate:
    case Op::DictMerge:
    case Op::CallUnpacked:
    case Op::UnpackStar:
    case Op::ImportName:
    case Op::ImportFrom:
    case Op::MakeGenerator:
      return true;
    case Op::Call:
    case Op::CallMethod: {
      const auto plan = s.calls.find(v);
      if (plan == s.calls.end())
        return true;
      if (plan->second.known == Known::Len && plan->second.how == CallPlan::How::Native)
        return s.types[s.view.args(v)[1]].object;
      if (plan->second.method.id == MethodId::TextSearch) {
        for (ValueId arg : s.view.args(v).subspan(1)) {
          if (!s.types[arg].within(kScalar | kChar) && !is_text(s.types[arg]))
            return true;
        }
        return false;
      }
      if (plan->second.how == CallPlan::How::Method && plan->second.method.id == MethodId::ListPop)
        return !ends_quietly(unit, s.types[v], 0);  // nobody else may have it
      if (plan->second.how == CallPlan::How::Method)
        return plan->second.method.id == MethodId::Other || plan->second.method.id == MethodId::ListSort ||
               plan->second.method.id == MethodId::DictGet || plan->second.method.id == MethodId::DictSetDefault ||
               plan->second.method.id == MethodId::SetAdd;
      if (plan->second.how == CallPlan::How::Instance)
        return true;
      if (plan->second.how != CallPlan::How::Boxed)
        return false;
      if (plan->second.known == Known::Other)
        return true;
      for (size_t k = 1; k < i.arg_count; ++k) {
        if (!s.types[s.view.args(v)[k]].within(kScalar | kWide | kRange))
          return true;
      }
      return false;
    }
    default:
      break;
  }
  if (s.guesses.contains(v))
    return false;
  for (ValueId arg : s.view.args(v)) {
    if (s.types[arg].object && s.types[arg].cls != &PyUnicode_Type)
      return true;
  }
  if (i.op == Op::Compare) {
    const auto args = s.view.args(v);
    return !std::all_of(args.begin(), args.end(), [&](ValueId arg) { return compares_quietly(s.types[arg]); });
  }
  return false;
}

/// Whether it has CPython walk over a range. That runs nobody's code, but handlers of signals see the function there and later, as
/// they do in any that leaves work to CPython.
bool walks_range(const Specialization& s, ValueId v) {
  const auto plan = s.calls.find(v);
  const auto args = s.view.args(v);
  return plan != s.calls.end() && plan->second.how == CallPlan::How::Boxed &&
         std::any_of(args.begin(), args.end(), [&](ValueId arg) { return s.types[arg].only(kRange); });
}

}  // namespace

bool runs_foreign_code(Unit& unit) {
  for (auto& s : unit.specializations) {
    for (mir::BlockId b : s->flow.order()) {
      for (ValueId v = s->view.first(b); v < s->view.end(b); ++v) {
        if (instr_runs_foreign_code(unit, *s, v))
          return true;
      }
    }
  }
  return false;
}

/// Which bodies show callees a frame: those that call what may look at frames, and those that call such bodies.
std::vector<bool> bodies_with_frames(Unit& unit, const runtime::RuntimeTable& runtime) {
  const auto& all = unit.specializations;
  std::vector<bool> shows(all.size());
  const auto calls_one = [&](Specialization& s, ValueId v) {
    const auto plan = s.calls.find(v);
    return plan != s.calls.end() && plan->second.target && shows[plan->second.target->index];
  };
  for (bool changed = true; changed;) {
    changed = false;
    for (size_t k = 0; k < all.size(); ++k) {
      Specialization& s = *all[k];
      for (mir::BlockId b : s.flow.order()) {
        for (ValueId v = s.view.first(b); !shows[k] && v < s.view.end(b); ++v) {
          const auto plan = s.calls.find(v);
          const bool may_call_another = plan != s.calls.end() && plan->second.how == CallPlan::How::Predicted;
          shows[k] = may_call_another || instr_runs_foreign_code(unit, s, v) || walks_range(s, v) || calls_one(s, v);
          changed |= shows[k];
        }
      }
    }
  }
  for (size_t k = 0; k < all.size(); ++k) shows[k] = shows[k] && runtime.frame_shape(&all[k]->view.function());
  return shows;
}

std::unique_ptr<llvm::Module> lower_unit(llvm::LLVMContext& context, Unit& unit, UnitRecord& record,
                                         const runtime::RuntimeTable& runtime, std::string& defect) {
  auto module = std::make_unique<llvm::Module>("hasten", context);
  record.unit_runs_foreign_code = runs_foreign_code(unit);
  record.add_data(runtime::UnitData{});
  for (size_t k = 0; k < unit.guards.size(); ++k) record.add_data(runtime::GuardCache{});
  const std::vector<bool> shows_frame = bodies_with_frames(unit, runtime);
  for (auto& s : unit.specializations) {
    auto body = std::make_unique<BodyRecord>();
    body->shows_frame = shows_frame[s->index];
    body->function = &s->view.function();
    body->osr_block = s->osr_block;
    body->index = static_cast<uint32_t>(record.bodies.size());
    body->symbol = s->symbol;
    body->osr_values = s->osr_values;
    record.bodies.push_back(std::move(body));
  }
  ModuleContext shared(*module, unit, record, *runtime.layout);
  shared.dict_version = runtime.dict_version;
  if (runtime.wants_lines) {
    shared.debug = std::make_unique<llvm::DIBuilder>(*module);
    module->addModuleFlag(llvm::Module::Warning, "Debug Info Version", llvm::DEBUG_METADATA_VERSION);
    module->addModuleFlag(llvm::Module::Warning, "Dwarf Version", 4);
  }
  shared.frame_shape = runtime.frame_shape;
  shared.frame_place = runtime.frame_place;
  for (size_t k = 0; k < unit.specializations.size(); ++k) {
    BodyLowering(shared, *unit.specializations[k], *record.bodies[k]).lower();
  }
  BodyLowering(shared, *unit.specializations.front(), *record.bodies.front()).lower_entry(kEntrySymbol);
  shared.separate_native_lists();
  defect = shared.defect;
  if (shared.debug)
    shared.debug->finalize();
  for (size_t k = 0; k < unit.specializations.size(); ++k) {
    std::string types;
    for (const Type& t : unit.specializations[k]->parameters)
      types += (types.empty() ? "" : ", ") + describe(t, unit.sites);
    record.bodies[k]->parameter_types = std::move(types);
  }
  return module;
}

}  // namespace hasten::compile
