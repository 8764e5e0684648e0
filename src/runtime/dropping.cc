// Versions come to an end: one that loses against Python is dropped, one that is not called makes room for others, and the
// code of both is freed when no call runs it any more.
#include <sys/resource.h>

#include <algorithm>
#include <ctime>
#include <optional>

#include "runtime/compiled_function.h"
#include "runtime/hot.h"
#include "runtime/native_unit.h"
#include "runtime/object_layout.h"
#include "runtime/quick_tier.h"
#include "runtime/ticks.h"

namespace hasten::runtime {
namespace {

constexpr size_t kVersionsMax = 16;  // of a function, at one time
constexpr uint32_t kFreeCompiles = 16, kFreeCompilesUnseen = 4;
constexpr uint64_t kCallsThatTell = 1'000;      // as Python: the next ones are expected to run so too
constexpr uint64_t kMissesForLook = 64;         // of unmodified code: whether another compilation can be afforded
constexpr uint64_t kMissesForCompile = 10'000;  // beyond these, a compilation must be wanted by so many calls
// Within a call that runs as Python so do the calls that it makes of itself, as they will when the version is dropped; but
// they take C stack, and CPython has a limit for that which native code does not have.
constexpr uint32_t kPythonDepthMax = 200;
// Where a trampoline leads to native code: what the way there costs more than a call within CPython, which is not timed, and what a
// call by way of C, which is timed, costs Python more than a call within CPython. Some 100 ns, measured on functions that do little.
constexpr uint64_t kTrampolineTicks = 260;
// A dropped function that once takes so much longer than what was compared does something else now: native again.
constexpr uint64_t kLongFactor = 16, kLongTicks = 25'000'000;  // some 10 ms

uint64_t nanoseconds(clockid_t clock) {
  timespec at{};
  clock_gettime(clock, &at);
  return static_cast<uint64_t>(at.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(at.tv_nsec);
}

/// What others have had of this thread's time.
class Interruptions {
 public:
  Interruptions()
      : count_(so_far()), begin_(nanoseconds(CLOCK_MONOTONIC)), own_begin_(nanoseconds(CLOCK_THREAD_CPUTIME_ID)) {}
  bool any() const { return so_far() != count_; }
  /// Of so much time since then, the thread's own.
  uint64_t own(uint64_t taken) const {
    const auto passed = static_cast<double>(nanoseconds(CLOCK_MONOTONIC) - begin_);
    const auto own = static_cast<double>(nanoseconds(CLOCK_THREAD_CPUTIME_ID) - own_begin_);
    return own < passed ? static_cast<uint64_t>(static_cast<double>(taken) * own / passed) : taken;
  }

 private:
  static long so_far() {
    rusage usage;
    return getrusage(RUSAGE_THREAD, &usage) == 0 ? usage.ru_nivcsw : 0;
  }

  long count_;
  uint64_t begin_, own_begin_;
};

}  // namespace

/// Whether another compilation like the last one is a small part of what the process has computed.
bool CompiledFunction::can_afford_another() const {
  constexpr double kShare = 0.01, kShareInBackground = 0.02;  // of what is not done there
  timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return compile_seconds_ + last_compile_s_ <=
         (is_in_background_ ? kShareInBackground : kShare) *
             (static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec));
}

CompiledFunction::Version* CompiledFunction::version_of(const NativeVersion* native) {
  auto found = std::find_if(versions_.begin(), versions_.end(), [&](const Version& v) { return v.native == native; });
  return found == versions_.end() ? nullptr : &*found;
}

bool CompiledFunction::python_has_the_turn(uint64_t shape, PythonTurn* turn) const {
  if (python_depth_ >= kPythonDepthMax) {
    return false;
  }
  if (timed_as_python_ && timed_thread_ == PyThreadState_Get()) {
    turn->is_within = true;
  } else if (std::any_of(dropped_.begin(), dropped_.end(), [&](const Dropped& one) { return one.shape == shape; })) {
    turn->is_dropped = true;
    turn->shape = shape;
  }
  return static_cast<bool>(*turn);
}

bool CompiledFunction::stays_python() const {
  return mir_ && original_calls_ > kCallsThatTell && versions_.empty() && under_way_.empty() && !compiling_ &&
         !timed_thread_ && !strict_error_ && !is_behind_trampoline_ && !(refused_.empty() && dropped_.empty()) &&
         std::none_of(mir_->blocks, mir_->blocks + mir_->block_count,
                      [](const mir::Block& block) { return block.loop_depth > 0; });
}

PyObject* CompiledFunction::enter_in_contest(size_t index, PyObject* const* args, PythonTurn* turn) {
  Version& version = versions_[index];
  NativeVersion* const native = version.native;
  if (timed_thread_ || is_traced(PyThreadState_Get())) {
    return enter(native, args);  // within one that is timed; or what is told of a call takes longer than the call
  }
  if (!version.contest) {
    version.contest =
        std::make_unique<Contest>(native->expected_gain, version.compile_ticks, ticks(), is_behind_trampoline_);
  } else if (version.contest->state() != Contest::State::Open) {
    version.contest->resume();
  }
  const Contest::Turn whose = version.contest->next(version.calls);
  if (whose == Contest::Turn::Untimed) {
    if (version.contest->state() == Contest::State::Resting) {
      version.contest_at = version.contest->resume_at();
    }
    return enter(native, args);
  }
  std::vector<uint64_t> sizes(param_count_);
  std::transform(args, args + param_count_, sizes.begin(), size_of_argument);
  if (whose == Contest::Turn::Python && version.contest->admits(sizes)) {
    turn->contestant = native;
    return kGuardMiss;
  }
  const uint64_t landings = version.landings, compiles = compiles_everywhere_;
  timed_thread_ = PyThreadState_Get();
  const Interruptions interruptions;
  const uint64_t begin = ticks();
  PyObject* result = enter(native, args);
  const uint64_t taken = ticks() - begin;
  timed_thread_ = nullptr;
  Version* after = version_of(native);
  if (after && after->contest) {
    // Where a wider version may take over, a call that landed tells nothing. Where none will, it is as good as the version gets.
    const bool has_landed = after->landings != landings && may_replace_narrow();
    if (result == kGuardMiss || has_landed || compiles_everywhere_ != compiles) {
      after->contest->disturbed();
    }
    const bool was_interrupted = interruptions.any();
    after->contest->ran_natively(
        (was_interrupted ? interruptions.own(taken) : taken) + (is_behind_trampoline_ ? kTrampolineTicks : 0), sizes,
        was_interrupted);
    after_turn(after);
  }
  return result;
}

PyObject* CompiledFunction::call_in_turn(const PythonTurn& turn, PyObject* const* args, size_t nargsf,
                                         PyObject* keyword_names) {
  ++(turn.is_dropped ? original_calls_ : contest_calls_);
  const uint64_t compiles = compiles_everywhere_;
  if (turn.contestant) {
    timed_thread_ = PyThreadState_Get();
    timed_as_python_ = true;
  }
  ++python_depth_;
  std::optional<Interruptions> interruptions;
  if (turn.contestant) {
    interruptions.emplace();
  }
  const uint64_t begin = ticks();
  PyObject* result = run_original(args, nargsf, keyword_names);
  const uint64_t taken = ticks() - begin;
  --python_depth_;
  if (turn.contestant) {
    timed_thread_ = nullptr;
    timed_as_python_ = false;
    Version* version = version_of(turn.contestant);
    if (version && version->contest) {
      if (compiles_everywhere_ != compiles) {
        version->contest->disturbed();
      }
      const bool was_interrupted = interruptions->any();
      version->contest->ran_as_python(was_interrupted ? interruptions->own(taken) : taken, was_interrupted);
      after_turn(version);
    }
  } else if (turn.is_dropped && taken > kLongTicks) {
    std::erase_if(dropped_, [&](const Dropped& one) {
      return one.shape == turn.shape && taken > kLongFactor * one.longest_ticks;
    });
  }
  return result;
}

void CompiledFunction::after_turn(Version* version) {
  switch (version->contest->state()) {
    case Contest::State::Open:
      break;
    case Contest::State::Resting:
    case Contest::State::Kept:
      version->contest_at = version->contest->resume_at();
      break;
    case Contest::State::Lost:
      drop(version);
      break;
  }
}

void CompiledFunction::drop(Version* version) {
  const KeepError keep;  // of the call
  const PairedTimes& pairs = version->contest->pairs();
  auto* code = reinterpret_cast<PyCodeObject*>(code_);
  const double ratio = pairs.ratio();
  char text[100];
  if (ratio < PairedTimes::kLossMin) {
    PyOS_snprintf(text, sizeof text, "dropped: %.2f of Python's time over %u calls", ratio, 2 * pairs.count());
  } else {
    PyOS_snprintf(text, sizeof text, "dropped: %.*fx slower than Python over %u calls", ratio < 1.15 ? 2 : 1, ratio,
                  2 * pairs.count());
  }
  ObjectRef reason = ObjectRef::steal(PyUnicode_FromFormat("%U:%d: %s", code->co_filename, code->co_firstlineno, text));
  if (reason) {
    add_reason(reason.get());
  } else {
    PyErr_Clear();
  }
  dropped_.push_back({version->shape, version->contest->longest_python()});
  NativeVersion* native = version->native;
  versions_.erase(versions_.begin() + (version - versions_.data()));
  retire(native);
  free_retired();
  if (is_behind_trampoline_ && versions_.empty()) {
    tell_lost(function_);
  }
}

void CompiledFunction::retire(NativeVersion* native) {
  ++retired_count_;
  retired_.push_back(native);
}

void CompiledFunction::free_retired() {
  std::vector<NativeVersion*> idle;
  std::erase_if(retired_, [&](NativeVersion* native) {
    if (native->active == 0) {
      idle.push_back(native);
    }
    return native->active == 0;
  });
  const KeepError keep;  // what it refers to may run code when it goes
  for (NativeVersion* native : idle) {
    release_unit(native);
  }
}

bool CompiledFunction::may_compile() {
  ++misses_;
  if (compile_count_ >= (is_behind_trampoline_ ? kFreeCompilesUnseen : kFreeCompiles) && misses_ < kMissesForCompile) {
    return false;
  }
  if (is_behind_trampoline_ && compile_count_ > 0 && (misses_ % kMissesForLook != 1 || !can_afford_another())) {
    return false;
  }
  if (versions_.size() >= kVersionsMax) {
    auto least = std::min_element(versions_.begin(), versions_.end(), [](const Version& a, const Version& b) {
      return a.calls - a.calls_before < b.calls - b.calls_before;
    });
    retire(least->native);
    versions_.erase(least);
    for (Version& version : versions_) {
      version.calls_before = version.calls;
    }
  }
  free_retired();
  return true;
}

}  // namespace hasten::runtime
