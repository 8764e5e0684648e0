#include "runtime/compiled_function.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "runtime/experience.h"
#include "runtime/frames.h"
#include "runtime/hot.h"
#include "runtime/line_report.h"
#include "runtime/loop_entry.h"
#include "runtime/native_unit.h"
#include "runtime/object_layout.h"
#include "runtime/planted.h"
#include "runtime/quick_tier.h"
#include "runtime/recursion.h"
#include "runtime/ticks.h"

namespace hasten::runtime {
namespace {

constexpr uint32_t kCompilesMax = 16, kCompilesMaxUnseen = 4;  // per function: beyond, a version that lands stays
constexpr uint64_t kLandingRarity = 64;  // a version that lands less often than once in so many calls stays
constexpr uint32_t kParametersMax = 255;
constexpr uint32_t kPlainCalls = 63;  // as Python, without a look whether native code could do them after all

uint64_t mix(uint64_t hash, const void* pointer) {
  return (hash ^ reinterpret_cast<uintptr_t>(pointer)) * 0x9E3779B97F4A7C15ULL + (hash >> 29);
}

}  // namespace

Tier tier_from_environment() {
  static const Tier tier = [] {
    constexpr std::pair<const char*, Tier> kTiers[] = {{"interpreter", Tier::Interpreter},
                                                       {"python", Tier::Python},
                                                       {"quick", Tier::Quick},
                                                       {"optimized", Tier::Optimized},
                                                       {"changing", Tier::Changing}};
    const char* text = std::getenv("HASTEN_JIT_TIER");
    for (const auto& [name, named] : kTiers) {
      if (text && std::strcmp(text, name) == 0) {
        return named;
      }
    }
    return kPlantsBugs ? Tier::Quick : Tier::Native;
  }();
  return tier;
}

CompiledFunction::CompiledFunction(PyObject* function, PyObject* strict_error, bool is_template)
    : function_(function),
      code_(PyFunction_GET_CODE(function)),
      strict_error_(strict_error),
      is_template_(is_template),
      is_in_background_(background_of_process() != Background::Asked) {}

CompiledFunction::~CompiledFunction() {
  discard_under_way();
  for (const Version& version : versions_) {
    release_unit(version.native);
  }
  for (auto* list : {&osr_versions_, &retired_}) {
    for (NativeVersion* native : *list) {
      release_unit(native);
    }
  }
  release_mir();
}

int CompiledFunction::traverse(visitproc visit, void* arg) const {
  if (mir_) {  // strong references of ours, through the MIR
    Py_VISIT(mir_->function);
    for (uint32_t k = 0; k < mir_->const_count; ++k) {
      Py_VISIT(mir_->consts[k]);
    }
  }
  for (const Version& version : versions_) {
    if (const int stop = traverse_unit(version.native, visit, arg)) {
      return stop;
    }
  }
  for (const auto* list : {&osr_versions_, &retired_}) {
    for (const NativeVersion* native : *list) {
      if (const int stop = traverse_unit(native, visit, arg)) {
        return stop;
      }
    }
  }
  return 0;
}

FramePool& CompiledFunction::frames() {
  if (!frames_) {
    const KeepError keep;
    auto made = std::make_unique<FramePool>(*mir_, is_behind_trampoline_);
    if (!frames_) {  // another thread may have been faster
      frames_ = std::move(made);
    }
  }
  return *frames_;
}

bool CompiledFunction::is_current() const { return PyFunction_GET_CODE(function_) == code_; }

void CompiledFunction::add_reason(PyObject* reason) {
  for (const ObjectRef& known : reasons_) {
    if (PyObject_RichCompareBool(known.get(), reason, Py_EQ) == 1) {
      return;
    }
  }
  reasons_.push_back(ObjectRef::share(reason));
}

bool CompiledFunction::raise_strict(PyObject* reason) {
  ObjectRef error = ObjectRef::steal(PyObject_CallOneArg(strict_error_, reason));
  if (error) {
    PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(error.get())), error.get());
  }
  return false;
}

bool CompiledFunction::bind(PyObject* const* args, size_t nargs, PyObject* keyword_names, PyObject** bound,
                            ObjectRef* more_positional, ObjectRef* more_keywords) const {
  auto* code = reinterpret_cast<PyCodeObject*>(code_);
  const bool takes_more = code->co_flags & CO_VARARGS, takes_keywords = code->co_flags & CO_VARKEYWORDS;
  auto positional_max = static_cast<size_t>(code->co_argcount);
  const uint32_t named_count = param_count_ - (takes_more ? 1 : 0) - (takes_keywords ? 1 : 0);
  if (nargs > positional_max && !takes_more) {
    return false;
  }
  const size_t named = std::min(nargs, positional_max);
  std::copy(args, args + named, bound);
  std::fill(bound + named, bound + param_count_, nullptr);
  if (takes_more) {
    *more_positional = ObjectRef::steal(PyTuple_New(static_cast<Py_ssize_t>(nargs - named)));
    for (size_t i = named; *more_positional && i < nargs; ++i) {
      PyTuple_SET_ITEM(more_positional->get(), static_cast<Py_ssize_t>(i - named), Py_NewRef(args[i]));
    }
    bound[named_count] = more_positional->get();
  }
  if (takes_keywords) {
    *more_keywords = ObjectRef::steal(PyDict_New());
    bound[param_count_ - 1] = more_keywords->get();
  }
  ObjectRef names = ObjectRef::steal(PyCode_GetVarnames(code));
  if (!names || (takes_more && !*more_positional) || (takes_keywords && !*more_keywords)) {
    PyErr_Clear();
    return false;
  }
  Py_ssize_t keyword_count = keyword_names ? PyTuple_GET_SIZE(keyword_names) : 0;
  for (Py_ssize_t k = 0; k < keyword_count; ++k) {
    PyObject* name = PyTuple_GET_ITEM(keyword_names, k);
    PyObject* value = args[nargs + static_cast<size_t>(k)];
    uint32_t index = planted_bug(Plant::PositionalOnlyByName) ? 0 : static_cast<uint32_t>(code->co_posonlyargcount);
    while (index < named_count && PyUnicode_Compare(PyTuple_GET_ITEM(names.get(), index), name) != 0) {
      ++index;
    }
    if (index < named_count ? bound[index] != nullptr
                            : !takes_keywords || PyDict_Contains(more_keywords->get(), name) != 0 ||
                                  PyDict_SetItem(more_keywords->get(), name, value) < 0) {
      PyErr_Clear();
      return false;
    }
    if (index < named_count) {
      bound[index] = value;
    }
  }
  PyObject* defaults = PyFunction_GET_DEFAULTS(function_);
  size_t default_count = defaults ? static_cast<size_t>(PyTuple_GET_SIZE(defaults)) : 0;
  PyObject* keyword_defaults = PyFunction_GET_KW_DEFAULTS(function_);
  for (uint32_t i = 0; i < named_count; ++i) {
    if (bound[i] && !(planted_bug(Plant::KwonlyIgnored) && i >= positional_max && keyword_defaults)) {
      continue;
    }
    if (i < positional_max) {
      if (i + default_count < positional_max) {
        return false;
      }
      bound[i] = PyTuple_GET_ITEM(defaults, static_cast<Py_ssize_t>(i + default_count - positional_max));
    } else {
      bound[i] = keyword_defaults ? PyDict_GetItem(keyword_defaults, PyTuple_GET_ITEM(names.get(), i)) : nullptr;
      if (!bound[i]) {
        return false;
      }
    }
  }
  return true;
}

PyObject* CompiledFunction::call_original(PyObject* const* args, size_t nargsf, PyObject* keyword_names) {
  ++original_calls_;
  ++original_depth_;
  PyObject* result = run_original(args, nargsf, keyword_names);
  --original_depth_;
  return result;
}

PyObject* CompiledFunction::run_original(PyObject* const* args, size_t nargsf, PyObject* keyword_names) {
  if (stack_is_low()) {  // calls of Python functions from C take C stack, which CPython does not count
    PyErr_SetString(PyExc_RecursionError, "maximum recursion depth exceeded");
    return nullptr;
  }
  return PyObject_Vectorcall(function_, args, nargsf, keyword_names);
}

PyObject* CompiledFunction::call(PyObject* const* args, size_t nargsf, PyObject* keyword_names) {
  if (!is_behind_trampoline_) {
    return call_counted(args, nargsf, keyword_names);
  }
  // Recursion through trampolines takes C stack, which in Python alone takes none.
  constexpr uint32_t kDepthMax = 64;
  if (++trampoline_depth_ == kDepthMax) {
    give_up_now(function_);
  }
  PyThreadState* const thread = PyThreadState_Get();
  credit_trampoline(thread, 1);
  PyObject* result = call_counted(args, nargsf, keyword_names);
  credit_trampoline(thread, -1);
  --trampoline_depth_;
  return result;
}

PyObject* CompiledFunction::call_counted(PyObject* const* args, size_t nargsf, PyObject* keyword_names) {
  if (plain_calls_ > 0 && original_depth_ == 0) {
    --plain_calls_;
    return call_original(args, nargsf, keyword_names);
  }
  size_t nargs = static_cast<size_t>(PyVectorcall_NARGS(nargsf));
  if (!mir_ || !is_current()) {
    if (tier_from_environment() == Tier::Python || !is_current() || mir_tried_ || compiling_) {
      return call_original(args, nargsf, keyword_names);
    }
    if (waits_for_compiler() || !mir()) {
      if (PyErr_Occurred()) {
        return nullptr;
      }
      return call_original(args, nargsf, keyword_names);
    }
  }
  if (!expected_names_.hold()) {
    return call_original(args, nargsf, keyword_names);
  }
  PyObject* bound[kParametersMax + 1];
  ObjectRef more_positional, more_keywords;  // *args and **kwargs
  PyObject* const* in_order = args;
  const auto* code = reinterpret_cast<PyCodeObject*>(code_);
  if (keyword_names || nargs != param_count_ || code->co_kwonlyargcount != 0 ||
      (code->co_flags & (CO_VARARGS | CO_VARKEYWORDS))) {
    if (param_count_ > kParametersMax || !bind(args, nargs, keyword_names, bound, &more_positional, &more_keywords)) {
      return call_original(args, nargsf, keyword_names);  // which raises the TypeError
    }
    in_order = bound;
  }
  if (tier_from_environment() == Tier::Interpreter) {
    return call_interpreter(in_order);
  }
  PythonTurn turn;
  PyObject* result = call_bound(in_order, &turn);
  if (result != kGuardMiss) {
    return result;
  }
  if (stays_python()) {
    plain_calls_ = kPlainCalls;
  }
  return turn ? call_in_turn(turn, args, nargsf, keyword_names) : call_original(args, nargsf, keyword_names);
}

PyObject* CompiledFunction::call_interpreter(PyObject* const* args) {
  ActiveCall active;
  if (!active) {
    return nullptr;
  }
  ++interpreter_calls_;
  ValueTable values(*mir_);
  for (uint32_t i = 0; i < param_count_; ++i) {
    values.set(i, Py_NewRef(args[i]));  // the parameters are the first instructions
  }
  ShownFrame shown(frames(), false);
  return interpret(*mir_, plan(), values, {0}, nullptr, shown);
}

PyObject* CompiledFunction::call_bound(PyObject* const* args, PythonTurn* turn) {
  ActiveCall active;
  if (!active) {
    return nullptr;
  }
  bool is_vague = false;
  uint64_t shape = shape_of(args, &is_vague);
  if (python_has_the_turn(shape, turn)) {
    return kGuardMiss;
  }
  if (!under_way_.empty()) {
    if (!take_finished()) {
      return nullptr;
    }
    if (const Compilation* one = under_way(shape, mir::kNone)) {  // what leaves often is no faster than Python
      if (leaves_it_to_the_background()) {
        return one->replaces ? kGuardMiss : try_versions(args, shape, false, turn);
      }
      wait_for_background();
      if (!take_finished()) {
        return nullptr;
      }
    }
  }
  if (!replace_version(args, shape)) {
    return nullptr;
  }
  PyObject* result = try_versions(args, shape, true, turn);
  if (result != kGuardMiss || *turn || (is_vague && (result = try_versions(args, shape, false, turn)) != kGuardMiss)) {
    return result;
  }
  if (compiling_ || was_refused(shape) || !may_compile()) {
    return try_versions(args, shape, false, turn);
  }
  if (load_cached() && (result = try_versions(args, shape, true, turn)) != kGuardMiss) {
    return result;
  }
  const bool in_background = leaves_it_to_the_background();
  NativeVersion* native = nullptr;
  if (in_background ? !compile_in_background(args, param_count_, shape, mir::kNone, nullptr)
                    : !(native = compile(args, param_count_, mir::kNone, begins_quickly(args)))) {
    if (PyErr_Occurred()) {
      return nullptr;
    }
    refuse(shape);
    return kGuardMiss;
  }
  if (in_background) {
    return try_versions(args, shape, true, turn);  // none, but if it was waited for
  }
  versions_.insert(versions_.begin(), Version{native, shape, 1, 0,
                                              native->is_quick        ? kNoContest
                                              : is_behind_trampoline_ ? 2
                                                                      : kContestFirst,
                                              last_compile_ticks_});
  return enter(native, args);
}

bool CompiledFunction::begins_quickly(PyObject* const* args) const {
  switch (tier_from_environment()) {
    case Tier::Quick:
    case Tier::Changing:
      return true;
    case Tier::Native:
      return !is_behind_trampoline_ && !is_in_background_ && is_little_work(args, param_count_);
    default:
      return false;
  }
}

PyObject* CompiledFunction::enter(NativeVersion* native, PyObject* const* args) {
  NativeEntryScope scope{this, native, innermost_entry, nullptr, nullptr};
  innermost_entry = &scope;
  const QuickRun run(native);
  ++native->active;
  PyObject* result = native->entry(native, args);
  --native->active;
  innermost_entry = scope.outer;
  return result;
}

PyObject* CompiledFunction::try_versions(PyObject* const* args, uint64_t shape, bool same_shape, PythonTurn* turn) {
  for (size_t i = 0; i < versions_.size(); ++i) {
    const bool is_new = versions_[i].shape == kAnyShape;
    if ((is_new || versions_[i].shape == shape) != same_shape) {
      continue;
    }
    NativeVersion* native = versions_[i].native;
    ++versions_[i].calls;  // before the call: a landing inside compares with it
    const bool in_contest = same_shape && versions_[i].calls >= versions_[i].contest_at;
    PyObject* result = in_contest ? enter_in_contest(i, args, turn) : enter(native, args);
    const bool is_there = i < versions_.size() && versions_[i].native == native;
    if (result != kGuardMiss && is_new && is_there) {
      versions_[i].shape = shape;
    }
    if (result != kGuardMiss || *turn) {
      return result;
    }
    if (is_there) {
      --versions_[i].calls;
    }
  }
  return kGuardMiss;
}

uint64_t CompiledFunction::shape_of(PyObject* const* args, bool* is_vague) const {
  constexpr int kDepth = 2;
  uint64_t shape = 0;
  for (uint32_t i = 0; i < param_count_; ++i) {
    PyObject* object = args[i];
    shape = mix(shape, Py_TYPE(object));
    for (int depth = 0; depth < kDepth && PyList_CheckExact(object); ++depth) {
      if (PyList_GET_SIZE(object) == 0) {
        *is_vague = true;
        break;
      }
      object = PyList_GET_ITEM(object, 0);
      shape = mix(shape, Py_TYPE(object));
    }
  }
  return shape;
}

bool CompiledFunction::was_refused(uint64_t shape) const {
  return std::find(refused_.begin(), refused_.end(), shape) != refused_.end();
}

bool CompiledFunction::may_replace_narrow() const {
  if (is_behind_trampoline_ && compile_count_ > 1) {
    return compile_count_ < kCompilesMaxUnseen && can_afford_another();
  }
  return compile_count_ < kCompilesMax;
}

bool CompiledFunction::lands_often(const Version& version) {
  return version.landings > 0 && version.landings * kLandingRarity >= version.calls;
}

bool CompiledFunction::replace_version(PyObject* const* args, uint64_t shape) {
  for (size_t i = 0; i < versions_.size() && !compiling_; ++i) {
    const Version& version = versions_[i];
    const bool is_over = has_been_quick_enough(*version.native);
    if (version.shape != shape || !(is_over || (landing_depth_ == 0 && lands_often(version) && may_replace_narrow()))) {
      continue;
    }
    NativeVersion* const old = version.native;
    if (!is_over && leaves_it_to_the_background()) {
      return under_way(shape, mir::kNone) || compile_in_background(args, param_count_, shape, mir::kNone, old) ||
             (settle(nullptr, shape, old), !PyErr_Occurred());
    }
    NativeVersion* native = compile(args, param_count_, mir::kNone, tier_from_environment() == Tier::Quick);
    if (is_over) {
      --compile_count_;  // of the same code
    }
    if (is_over && !native && !PyErr_Occurred()) {
      old->is_quick = 0;  // it stays for good
      return true;
    }
    settle(native, shape, old);
    if (is_over) {
      free_retired();
    }
    return !PyErr_Occurred();
  }
  return true;
}

void CompiledFunction::learn(const DeoptPoint& point, PyObject* object) {
  // What stands here is kept for the life of the function; a loop over many types must not make it long.
  constexpr size_t kLearntMax = 64;
  mir::ValueId value = point.result != mir::kNone ? point.result : point.resume;
  runtime::learn(mir_, {value, point.reason, object});
  auto* const seen = object ? reinterpret_cast<PyObject*>(Py_TYPE(object)) : nullptr;
  for (Learnt& known : learnt_) {
    if (known.value == value && known.reason == point.reason && known.seen.get() == seen) {
      ++known.count;
      return;
    }
  }
  if (learnt_.size() < kLearntMax) {
    learnt_.push_back({value, point.reason, ObjectRef::share(seen)});
  }
}

PyObject* CompiledFunction::report() const {
  ObjectRef versions = ObjectRef::steal(PyList_New(0));
  ObjectRef reasons = ObjectRef::steal(PyList_New(0));
  ObjectRef landings = ObjectRef::steal(PyList_New(0));
  if (!versions || !reasons || !landings) {
    return nullptr;
  }
  auto append = [](const ObjectRef& list, PyObject* item) {
    bool ok = item && PyList_Append(list.get(), item) == 0;
    Py_XDECREF(item);
    return ok;
  };
  for (const Version& version : versions_) {
    if (!append(versions, Py_BuildValue("{sKsKsn}", "calls", version.calls, "landings", version.landings, "code_bytes",
                                        static_cast<Py_ssize_t>(version.native->code_bytes)))) {
      return nullptr;
    }
  }
  for (const ObjectRef& reason : reasons_) {
    if (!append(reasons, Py_NewRef(reason.get()))) {
      return nullptr;
    }
  }
  for (const Learnt& learnt : learnt_) {
    PyObject* seen = learnt.seen ? learnt.seen.get() : Py_None;
    if (!append(landings, Py_BuildValue("{sIsssOsK}", "line", mir_->instrs[learnt.value].position.line, "why",
                                        reason_name(learnt.reason), "seen", seen, "count", learnt.count))) {
      return nullptr;
    }
  }
  const char* tier = !mir_ && !mir_tried_     ? (original_calls_ > 0 ? "python" : "not called yet")
                     : !versions_.empty()     ? "native"
                     : interpreter_calls_ > 0 ? "interpreter"
                                              : "python";
  return Py_BuildValue("{sssOsOsOsKsKsKsIsIsKsnsnsKsKsKsOsn}", "tier", tier, "versions", versions.get(), "reasons",
                       reasons.get(), "landings", landings.get(), "python_calls", original_calls_, "interpreter_calls",
                       interpreter_calls_, "loop_entries", osr_entries_, "compiles", compile_count_, "loop_compiles",
                       osr_compile_count_, "retired", retired_count_, "kept_retired",
                       static_cast<Py_ssize_t>(retired_.size()), "dropped", static_cast<Py_ssize_t>(dropped_.size()),
                       "compared_calls", contest_calls_, "cache_loaded", loaded_count_, "cache_stored", stored_count_,
                       "background", is_in_background_ ? Py_True : Py_False, "under_way",
                       static_cast<Py_ssize_t>(under_way_.size()));
}

}  // namespace hasten::runtime
