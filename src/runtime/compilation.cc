// How a function gets a native version: its compilation step by step, here or in the background, and what becomes of it.
#include <dlfcn.h>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>

#include "runtime/background.h"
#include "runtime/compiled_function.h"
#include "runtime/hot.h"
#include "runtime/native_unit.h"
#include "runtime/stored_unit.h"
#include "runtime/ticks.h"

namespace hasten::runtime {
namespace {

/// A call of unmodified code comes by way of a trampoline: what gains little by the compiler's reckoning is not worth it.
constexpr double kUnseenGain = 1.5;
// Calls that run as Python take C stack, which in CPython alone they do not, and native code hardly does.
constexpr uint32_t kOriginalDepthMax = 200, kOriginalDepthMaxUnseen = 32;

/// Reads the compiler's library and LLVM, some milliseconds to some hundred of them; importing it is nothing then.
void read_compiler() {
  Dl_info here;
  if (dladdr(reinterpret_cast<void*>(&read_compiler), &here) == 0) {
    return;
  }
  constexpr std::string_view kOwn = "_runtime";
  std::string path = here.dli_fname;
  if (const size_t name = path.rfind(kOwn); name != std::string::npos) {
    path.replace(name, kOwn.size(), "_compile");
    dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);  // what is wrong with it the import tells
  }
}

std::shared_ptr<BackgroundTask>& reading() {
  static auto* task = new std::shared_ptr<BackgroundTask>;
  return *task;
}

}  // namespace

Background background_of_process() {
  static const Background background = [] {
    const char* text = std::getenv("HASTEN_JIT_BACKGROUND");
    const std::string_view value = text ? text : "";
    return value == "1" ? Background::Always : value == "wait" ? Background::WaitedFor : Background::Asked;
  }();
  return background;
}

bool is_compiler_near() {
  if (is_compiler_loaded()) {
    return true;
  }
  if (!reading()) {
    reading() = post(read_compiler);
    if (background_of_process() == Background::WaitedFor) {
      wait_for_compiler();
    }
  }
  return reading()->is_done();
}

void wait_for_compiler() {
  if (!is_compiler_near()) {
    const auto task = reading();
    Py_BEGIN_ALLOW_THREADS wait_for(*task);
    Py_END_ALLOW_THREADS
  }
}

GainWanted CompiledFunction::gain_wanted() const {
  return {is_behind_trampoline_ ? kUnseenGain : 0, tier_from_environment() == Tier::Native && !strict_error_};
}

PreparedUnit* CompiledFunction::prepare(PyObject* const* args, uint32_t count, mir::BlockId osr_block, bool is_quick) {
  ++(osr_block != mir::kNone ? osr_compile_count_ : compile_count_);
  compiling_ = true;
  ++compiles_everywhere_;
  misses_ = 0;
  const uint64_t begin = ticks();
  const double begin_s = thread_cpu_s();
  PyObject* reason = nullptr;
  std::string why;
  const CompileTable* table = load_compiler(&why);  // not yet here if the MIR came out of the cache
  const bool was_unseen = std::exchange(is_compiling_unseen_, is_behind_trampoline_);
  PreparedUnit* unit = table ? table->prepare(mir_, args, count, osr_block, is_quick, gain_wanted(), &reason) : nullptr;
  is_compiling_unseen_ = was_unseen;
  compiling_ = false;
  last_compile_ticks_ = ticks() - begin;
  last_compile_s_ = thread_cpu_s() - begin_s;
  compile_seconds_ += last_compile_s_;
  if (!unit) {
    note_refusal(reason, why, osr_block);
  }
  return unit;
}

NativeVersion* CompiledFunction::finish(PreparedUnit* unit, mir::BlockId osr_block) {
  std::string why;
  PyObject* reason = nullptr;
  NativeVersion* native = load_compiler(&why)->finish(unit, &reason);
  if (!native) {
    note_refusal(reason, why, osr_block);
  }
  return native;
}

NativeVersion* CompiledFunction::compile(PyObject* const* args, uint32_t count, mir::BlockId osr_block, bool is_quick) {
  PreparedUnit* unit = prepare(args, count, osr_block, is_quick);
  if (!unit) {
    return nullptr;
  }
  const uint64_t begin = ticks();
  const double begin_s = thread_cpu_s();
  std::string why;
  compiling_ = true;
  load_compiler(&why)->generate(unit, false);
  NativeVersion* native = finish(unit, osr_block);
  compiling_ = false;
  last_compile_ticks_ += ticks() - begin;
  const double taken_s = thread_cpu_s() - begin_s;
  last_compile_s_ += taken_s;
  compile_seconds_ += taken_s;
  return native;
}

void CompiledFunction::note_refusal(PyObject* reason, const std::string& why, mir::BlockId osr_block) {
  ObjectRef kept_reason = ObjectRef::steal(reason);
  if (PyErr_Occurred()) {
    return;
  }
  if (!reason) {
    kept_reason = ObjectRef::steal(PyUnicode_FromString(why.empty() ? "the compiler gave no reason" : why.c_str()));
  }
  if (kept_reason) {
    add_reason(kept_reason.get());
    if (strict_error_ && osr_block == mir::kNone) {
      raise_strict(kept_reason.get());
    }
  }
}

void CompiledFunction::settle(NativeVersion* native, uint64_t shape, NativeVersion* old) {
  if (old && version_of(old)) {
    retire(old);
    std::erase_if(versions_, [&](const Version& one) { return one.native == old; });
  }
  if (native) {
    const uint64_t contest_at = native->is_quick ? kNoContest : is_behind_trampoline_ ? 2 : kContestFirst;
    versions_.insert(versions_.begin(), Version{native, shape, 0, 0, contest_at, last_compile_ticks_});
  } else if (!PyErr_Occurred()) {
    refuse(shape);
  }
}

void CompiledFunction::refuse(uint64_t shape) {
  refused_.push_back(shape);
  if (is_behind_trampoline_ && versions_.empty()) {
    tell_lost(function_);
  }
}

void CompiledFunction::set_in_background() {
  is_in_background_ = true;
  if (is_behind_trampoline_ || !is_cached(this)) {
    is_compiler_near();
  }
}

bool CompiledFunction::leaves_it_to_the_background() const {
  return is_in_background_ && original_depth_ < (is_behind_trampoline_ ? kOriginalDepthMaxUnseen : kOriginalDepthMax) &&
         tier_from_environment() != Tier::Interpreter;
}

bool CompiledFunction::waits_for_compiler() {
  return leaves_it_to_the_background() && !mir_tried_ && !load_cached() && !mir_tried_ && !is_compiler_near();
}

bool CompiledFunction::compile_in_background(PyObject* const* args, uint32_t count, uint64_t shape,
                                             mir::BlockId osr_block, NativeVersion* replaces) {
  if (!is_compiler_near()) {
    return true;
  }
  PreparedUnit* unit = prepare(args, count, osr_block, false);
  if (!unit) {
    return false;
  }
  std::string why;
  const CompileTable* table = load_compiler(&why);
  under_way_.push_back(
      {unit, post([table, unit] { table->generate(unit, true); }), shape, osr_block, replaces, last_compile_ticks_});
  if (background_of_process() == Background::WaitedFor) {
    wait_for_background();
    return take_finished();
  }
  return true;
}

const CompiledFunction::Compilation* CompiledFunction::under_way(uint64_t shape, mir::BlockId osr_block) const {
  const auto found = std::find_if(under_way_.begin(), under_way_.end(), [&](const Compilation& one) {
    return one.shape == shape && one.osr_block == osr_block;
  });
  return found == under_way_.end() ? nullptr : &*found;
}

bool CompiledFunction::take_finished() {
  const auto next = [&] {
    return std::find_if(under_way_.begin(), under_way_.end(), [](const auto& one) { return one.task->is_done(); });
  };
  for (auto found = next(); found != under_way_.end(); found = next()) {
    const Compilation done = std::move(*found);
    under_way_.erase(found);
    const uint64_t begin = ticks();
    const double begin_s = thread_cpu_s();
    NativeVersion* native = finish(done.unit, done.osr_block);
    compile_seconds_ += thread_cpu_s() - begin_s;
    last_compile_ticks_ = done.ticks + (ticks() - begin);
    if (done.osr_block == mir::kNone) {
      settle(native, done.shape, done.replaces);
    } else if (native) {
      osr_versions_.insert(osr_versions_.begin(), native);
    }
    if (PyErr_Occurred()) {
      return false;
    }
  }
  return true;
}

void CompiledFunction::wait_for_background() {
  if (is_in_background_ && !mir_tried_) {
    wait_for_compiler();
  }
  std::vector<std::shared_ptr<BackgroundTask>> tasks;
  for (const Compilation& one : under_way_) {
    tasks.push_back(one.task);
  }
  Py_BEGIN_ALLOW_THREADS for (const auto& task : tasks) { wait_for(*task); }
  Py_END_ALLOW_THREADS
}

void CompiledFunction::discard_under_way() {
  std::string why;
  for (Compilation& one : under_way_) {
    withdraw(one.task);
    load_compiler(&why)->discard(one.unit);
  }
  under_way_.clear();
}

}  // namespace hasten::runtime
