// The MIR of a compiled function: out of the cache, with versions, or from the compiler; and which function a MIR is of.
#include <new>
#include <unordered_map>
#include <utility>

#include "runtime/compiled_function.h"
#include "runtime/constant_dicts.h"
#include "runtime/experience.h"
#include "runtime/native_unit.h"
#include "runtime/site_counts.h"
#include "runtime/stored_unit.h"
#include "runtime/ticks.h"
#include "runtime/traceback.h"

namespace hasten::runtime {
namespace {

const CompileTable* compiler = nullptr;

std::unordered_map<const mir::MirFunction*, CompiledFunction*>& functions_by_mir() {
  static auto* map = new std::unordered_map<const mir::MirFunction*, CompiledFunction*>;
  return *map;
}

}  // namespace

void set_compiler(const CompileTable* table) { compiler = table; }

bool is_compiler_loaded() { return compiler != nullptr; }

const CompileTable* load_compiler(std::string* why) {
  static bool tried = false;
  if (!compiler && !tried) {
    ObjectRef module = ObjectRef::steal(PyImport_ImportModule("hasten._compile"));  // calls set_compiler
    if (!module && !PyErr_ExceptionMatches(PyExc_ImportError)) {
      return nullptr;
    }
    PyErr_Clear();
    tried = true;
  }
  if (!compiler) {
    *why = "the compiler (hasten._compile) is not installed";
  }
  return compiler;
}

CompiledFunction* CompiledFunction::of(const mir::MirFunction* function) {
  auto found = functions_by_mir().find(function);
  return found == functions_by_mir().end() ? nullptr : found->second;
}

std::vector<CompiledFunction*> CompiledFunction::all() {
  std::vector<CompiledFunction*> functions;
  for (const auto& [mir, function] : functions_by_mir()) {
    functions.push_back(function);
  }
  return functions;
}

void CompiledFunction::publish_mir(mir::MirFunction* made) {
  mir_tried_ = true;
  mir_ = made;
  param_count_ = made->param_count;
  expected_names_ = ExpectedNames(*made);
  functions_by_mir()[made] = this;
}

bool CompiledFunction::take_mir(std::unique_ptr<StoredMir> made) {
  if (mir_tried_) {
    return false;
  }
  stored_mir_ = std::move(made);
  publish_mir(stored_mir_.get());
  return true;
}

const InterpreterPlan& CompiledFunction::plan() {
  if (!plan_) {
    plan_ = std::make_unique<InterpreterPlan>(*mir_);
  }
  return *plan_;
}

bool CompiledFunction::load_cached() {
  if (std::exchange(cache_tried_, true) ||
      !(tier_from_environment() == Tier::Native || tier_from_environment() == Tier::Optimized) || !wrapper_) {
    return false;
  }
  const double begin_s = thread_cpu_s();
  try {
    for (NativeVersion* native : cached_units(this, wrapper_)) {
      if (native->is_quick && (is_in_background_ || tier_from_environment() == Tier::Optimized)) {
        release_unit(native);
        continue;
      }
      versions_.push_back({native, kAnyShape, 0, 0, native->is_quick ? kNoContest : kContestFirst});
      ++loaded_count_;
    }
  } catch (const std::bad_alloc&) {  // it runs as Python, or is compiled once there is room
  }
  compile_seconds_ += thread_cpu_s() - begin_s;
  return loaded_count_ > 0;
}

const mir::MirFunction* CompiledFunction::mir() {
  if (!mir_tried_) {
    load_cached();
  }
  if (mir_tried_) {
    return mir_;
  }
  std::string why;
  const CompileTable* table = load_compiler(&why);
  if (!table && PyErr_Occurred()) {
    return nullptr;
  }
  PyObject* reason = nullptr;
  const double begin_s = thread_cpu_s();
  mir::MirFunction* made = table ? table->build_mir(function_, is_template_, &reason) : nullptr;
  compile_seconds_ += thread_cpu_s() - begin_s;
  if (!made && PyErr_Occurred()) {
    return nullptr;
  }
  if (mir_tried_) {  // another thread was faster
    if (made) {
      table->release_mir(made);
    }
    Py_XDECREF(reason);
    return mir_;
  }
  if (made) {
    publish_mir(made);
  } else {
    mir_tried_ = true;
    if (!reason) {
      reason = PyUnicode_FromString(why.c_str());
    }
    if (reason) {
      add_reason(reason);
    }
  }
  Py_XDECREF(reason);
  return mir_;
}

bool CompiledFunction::check_strict() {
  if (!mir() && !PyErr_Occurred() && !reasons_.empty()) {
    return raise_strict(reasons_.front().get());
  }
  return !PyErr_Occurred();
}

void CompiledFunction::release_mir() {
  if (!mir_) {
    return;
  }
  functions_by_mir().erase(mir_);
  forget_tracebacks(mir_);
  forget_experience(mir_);
  forget_counts(mir_);
  forget_constant_dicts(mir_);
  if (!stored_mir_) {
    compiler->release_mir(mir_);
  }
}

}  // namespace hasten::runtime
