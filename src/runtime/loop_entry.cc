#include "runtime/loop_entry.h"

#include <algorithm>
#include <bit>

#include "runtime/frames.h"
#include "runtime/landing.h"
#include "runtime/liveness.h"
#include "runtime/operations.h"
#include "runtime/planted.h"
#include "runtime/quick_tier.h"
#include "runtime/traceback.h"

namespace hasten::runtime {
namespace {

constexpr uint32_t kOsrCompilesMax = 8;    // per function
constexpr uint32_t kLandingDepthMax = 16;  // native code entered from a landing inside a landing ...

/// What native code returns that has left for the interpreter that entered it.
PyObject* const kLeft = reinterpret_cast<PyObject*>(2);

/// A loop header is hot after so many visits: compiling costs as much as interpreting some 20 000 instructions.
constexpr uint32_t kHotVisits = 1000;

bool is_computing(mir::Op op) {
  return op != mir::Op::Phi && op != mir::Op::Param && op != mir::Op::Unbound &&
         (op < mir::Op::Jump || op > mir::Op::Raise);
}

/// Executes one instruction on the table.
bool execute_into(const mir::MirFunction& function, const InterpreterPlan& plan, uint32_t index, ValueTable* values) {
  const mir::Instr& instr = function.instrs[index];
  std::vector<PyObject*> operands(instr.arg_count);
  for (uint32_t k = 0; k < instr.arg_count; ++k) {
    operands[k] = values->get(function.operands[instr.args_begin + k]);
  }
  PyObject* result = nullptr;
  if (!execute(function, index, operands.data(), &result)) {
    return false;
  }
  note_wide(function, plan, index, operands.data(), result);
  values->set(index, result);
  return true;
}

void collect(const std::vector<mir::ValueId>& ids, const ValueTable& values, std::vector<PyObject*>* live) {
  live->clear();
  for (mir::ValueId id : ids) {
    live->push_back(values.get(id));
  }
}

}  // namespace

bool OsrEntry::wants(mir::BlockId block, bool after_exception) {
  if (is_eager_) {
    return true;
  }
  if (!after_exception) {
    visits_.resize(function_->mir_->block_count);
    return ++visits_[block] % kHotVisits == 0;
  }
  // Loops that raise now and then come here for a few rounds each time: their visits count together.
  function_->visits_after_exception_.resize(function_->mir_->block_count);
  if (++function_->visits_after_exception_[block] % kHotVisits == 0) {
    return true;
  }
  const auto& versions = function_->osr_versions_;
  return std::any_of(versions.begin(), versions.end(), [&](const auto* one) { return one->osr_block == block; });
}

HotLoop::Outcome OsrEntry::enter(mir::BlockId block, ValueTable* values, PyObject** result, Start* start) {
  if (!function_->take_finished()) {
    *result = nullptr;
    return Outcome::Finished;
  }
  std::vector<PyObject*> live;
  const std::vector<NativeVersion*> versions = function_->osr_versions_;  // a landing inside changes the list
  const auto is_there = [&](const NativeVersion* native) {
    const auto& now = function_->osr_versions_;
    return std::find(now.begin(), now.end(), native) != now.end();
  };
  for (NativeVersion* native : versions) {
    if (!is_there(native) || native->osr_block != block) {
      continue;
    }
    if (Outcome outcome = run(native, values, &live, result, start); outcome != Outcome::Declined) {
      return outcome;
    }
  }
  is_eager_ = false;
  if (function_->compiling_ || function_->osr_compile_count_ >= kOsrCompilesMax) {
    return Outcome::Declined;
  }
  const bool in_background = function_->leaves_it_to_the_background();
  if (in_background && function_->under_way(CompiledFunction::kAnyShape, block)) {
    return Outcome::Declined;
  }
  collect(live_into(*function_->mir_, block), *values, &live);
  if (in_background) {
    const auto count = static_cast<uint32_t>(live.size());
    if (!function_->compile_in_background(live.data(), count, CompiledFunction::kAnyShape, block, nullptr) &&
        PyErr_Occurred()) {
      *result = nullptr;
      return Outcome::Finished;
    }
    return Outcome::Declined;
  }
  NativeVersion* native = function_->compile(live.data(), static_cast<uint32_t>(live.size()), block,
                                             tier_from_environment() == Tier::Quick);
  if (!native) {
    *result = nullptr;
    return PyErr_Occurred() ? Outcome::Finished : Outcome::Declined;
  }
  function_->osr_versions_.insert(function_->osr_versions_.begin(), native);
  return run(native, values, &live, result, start);
}

HotLoop::Outcome OsrEntry::run(NativeVersion* native, ValueTable* values, std::vector<PyObject*>* live,
                               PyObject** result, Start* start) {
  collect({native->osr_values, native->osr_values + native->osr_count}, *values, live);
  NativeEntryScope scope{function_, native, innermost_entry, values, start};
  innermost_entry = &scope;
  ++native->active;
  *result = native->entry(native, live->data());
  --native->active;
  innermost_entry = scope.outer;
  if (*result == kGuardMiss) {
    return Outcome::Declined;
  }
  ++function_->osr_entries_;
  return *result == kLeft ? Outcome::Left : Outcome::Finished;
}

void CompiledFunction::note_landing(NativeVersion* native) {
  for (Version& version : versions_) {
    if (version.native == native) {
      ++version.landings;
      // It has won its contest before it landed: again.
      constexpr uint64_t kLandingsToAsk = 16;
      if (version.landings >= kLandingsToAsk && std::has_single_bit(version.landings) && !may_replace_narrow() &&
          lands_often(version)) {
        version.contest_at = std::min(version.contest_at, version.calls + 1);
      }
      return;
    }
  }
  // An entry in mid-loop: the next one will be made with what was learnt.
  auto found = std::find(osr_versions_.begin(), osr_versions_.end(), native);
  if (found != osr_versions_.end()) {
    osr_versions_.erase(found);
    retire(native);
  }
}

PyObject* CompiledFunction::land(NativeVersion* native, uint32_t point_index, const uint64_t* slots,
                                 std::span<const uint16_t> owned, PyObject* result) {
  const DeoptPoint& point = native->points[point_index];
  const mir::MirFunction& function = *native->function;
  if (innermost_entry && point.reason != DeoptReason::Generic) {
    innermost_entry->function->note_landing(innermost_entry->native);
  }
  ValueTable values(function);
  ShownFrame shown(frames(), native->shows_frame);
  shown.move(point.result != mir::kNone ? point.result : point.resume);
  const bool is_boxed = box_live_values(*native, point, slots, &values);
  drop_owned(slots, owned);  // now, so that what dies from here on dies in the interpreter
  if (!is_boxed) {
    Py_XDECREF(result);
    add_traceback(function, point.resume);
    return nullptr;
  }
  Start start{point.resume};
  if (point.result != mir::kNone) {
    learn(point, result);
    values.set(point.result, result);
    release_dead(function, plan(), point.result, &values);
    start.instr -= planted_bug(Plant::LandingTwice);
  } else if (point.reason == DeoptReason::Type && is_computing(function.instrs[start.instr].op)) {
    // Do the instruction now: the type of its value is what the compiler has to learn.
    if (execute_into(function, plan(), start.instr, &values)) {
      learn(point, values.get(start.instr));
      release_dead(function, plan(), start.instr, &values);
      ++start.instr;
    } else {
      add_traceback(function, start.instr);
      start.raised = true;
    }
  } else if (point.reason != DeoptReason::Generic) {
    learn(point, nullptr);
  }
  if (innermost_entry && innermost_entry->native == native && innermost_entry->values) {
    *innermost_entry->start = start;
    innermost_entry->values->swap(values);
    const KeepError keep;  // what the values take along may run Python code
    values.clear();
    return kLeft;
  }
  OsrEntry osr(this, innermost_entry && has_been_quick_enough(*innermost_entry->native));
  ++landing_depth_;
  PyObject* answer =
      interpret(function, plan(), values, start, landing_depth_ > kLandingDepthMax ? nullptr : &osr, shown);
  --landing_depth_;
  return answer;
}

}  // namespace hasten::runtime
