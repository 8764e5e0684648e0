#include "runtime/line_report.h"

#include <Python.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "runtime/compiled_function.h"
#include "runtime/site_counts.h"
#include "runtime/ticks.h"

namespace hasten::runtime {
namespace {

using Clock = std::chrono::steady_clock;
const Clock::time_point loaded_at = Clock::now();
const uint64_t ticks_at_load = ticks_in_order();

/// The stopwatch of call sites in nanoseconds.
struct Stopwatch {
  double ns_each = 0;             ///< one tick, by the system's clock from loading until now
  double nothing = 0, noise = 0;  ///< ticks that a measurement of nothing takes: mean and standard deviation

  Stopwatch() {
    constexpr int kTimes = 256;
    std::array<double, kTimes> empty;
    for (double& ticks : empty) {
      const uint64_t start = ticks_in_order();
      ticks = static_cast<double>(ticks_in_order() - start);
    }
    std::sort(empty.begin(), empty.end());
    constexpr int kCounted = kTimes - kTimes / 16;  // in the others somebody else had the processor
    for (int k = 0; k < kCounted; ++k) {
      nothing += empty[k] / kCounted;
    }
    for (int k = 0; k < kCounted; ++k) {
      noise += (empty[k] - nothing) * (empty[k] - nothing) / kCounted;
    }
    noise = std::sqrt(noise);
    const auto ticks = static_cast<double>(ticks_in_order() - ticks_at_load);
    ns_each = std::chrono::duration<double, std::nano>(Clock::now() - loaded_at).count() / std::max(ticks, 1.0);
  }
  double ns(double ticks) const { return std::max(0.0, ticks - nothing) * ns_each; }
};

/// No collection meanwhile: its finalizers might take functions apart that are being looked at.
class WithoutCollection {
 public:
  WithoutCollection() : was_on_(PyGC_Disable()) {}
  ~WithoutCollection() {
    if (was_on_) {
      PyGC_Enable();
    }
  }
  WithoutCollection(const WithoutCollection&) = delete;
  WithoutCollection& operator=(const WithoutCollection&) = delete;

 private:
  int was_on_;
};

constexpr std::array<const char*, 4> kClassNames = {"native", "checked", "boxed", "python call"};

bool append(const ObjectRef& list, PyObject* item) {
  const bool ok = item && PyList_Append(list.get(), item) == 0;
  Py_XDECREF(item);
  return ok;
}

/// (calls, how many were timed, mean ns or None, [ns of the last timed ones], ns of noise in each)
PyObject* call_facts(const CallSite& site, const Stopwatch& watch) {
  ObjectRef recent = ObjectRef::steal(PyList_New(0));
  if (!recent) {
    return nullptr;
  }
  for (uint64_t k = 0; k < std::min<uint64_t>(site.timed, CallSite::kKept); ++k) {
    // Not below 0 would make the mean of short calls too large.
    const double ns = (static_cast<double>(site.recent[k]) - watch.nothing) * watch.ns_each;
    if (!append(recent, PyFloat_FromDouble(ns))) {
      return nullptr;
    }
  }
  ObjectRef mean = site.timed > 0 ? ObjectRef::steal(PyFloat_FromDouble(watch.ns(site.ticks / site.weight)))
                                  : ObjectRef::share(Py_None);
  return mean
             ? Py_BuildValue("(KKOOd)", site.calls(), site.timed, mean.get(), recent.get(), watch.noise * watch.ns_each)
             : nullptr;
}

/// (line, end line, column, end column, class, why, hint, whether it is a call, whether it may be one in rare cases)
PyObject* site_facts(const NativeVersion& body, const Site& site) {
  const mir::MirFunction& function = *body.function;
  const auto words = [&](uint32_t at) { return at == 0 ? nullptr : body.text + at; };
  const mir::Instr& instr = function.instrs[site.instr];
  const mir::Position& at = instr.position;
  const bool is_call = instr.op == mir::Op::Call || instr.op == mir::Op::CallUnpacked;
  return Py_BuildValue("(IIiiszzii)", at.line, at.end_line, static_cast<int>(at.column),
                       static_cast<int>(at.end_column), kClassNames[static_cast<size_t>(site.what)], words(site.why),
                       words(site.hint), is_call ? 1 : 0, site.may_call ? 1 : 0);
}

/// Appends (line, end line, column, end column, facts) of each call through CPython that was made.
bool append_calls(const mir::MirFunction& function, const SiteCounts& counts, const ObjectRef& list) {
  for (const CallSite* site = counts.calls; site; site = site->next) {
    if (site->calls() == 0) {
      continue;
    }
    const mir::Position& at = function.instrs[site->instr].position;
    static const Stopwatch watch;  // once: two reports of the same calls are the same
    ObjectRef facts = ObjectRef::steal(call_facts(*site, watch));
    if (!facts || !append(list, Py_BuildValue("(IIiiO)", at.line, at.end_line, static_cast<int>(at.column),
                                              static_cast<int>(at.end_column), facts.get()))) {
      return false;
    }
  }
  return true;
}

/// Appends (line, why, how often) of where native code has left for the interpreter.
bool append_left(const mir::MirFunction& function, const SiteCounts& counts, const ObjectRef& list) {
  for (const LeftCount* left = counts.left; left; left = left->next) {
    const char* why = reason_name(static_cast<DeoptReason>(left->reason));
    if (!append(list, Py_BuildValue("(IsK)", function.instrs[left->instr].position.line, why, left->count))) {
      return false;
    }
  }
  return true;
}

bool is_among(PyObject* tuple, PyObject* object) {
  for (Py_ssize_t k = 0; k < PyTuple_GET_SIZE(tuple); ++k) {
    if (PyTuple_GET_ITEM(tuple, k) == object) {
      return true;
    }
  }
  return false;
}

}  // namespace

const char* reason_name(DeoptReason reason) {
  switch (reason) {
    case DeoptReason::Overflow:
      return "integer beyond 64 bits";
    case DeoptReason::WideOverflow:
      return "integer beyond 128 bits";
    case DeoptReason::Type:
      return "another type than before";
    case DeoptReason::Result:
      return "a call returned another type than before";
    case DeoptReason::Generic:
      break;
  }
  return "a case that is left to the interpreter";
}

PyObject* CompiledFunction::line_facts(PyObject* nested_codes) const {
  const WithoutCollection quiet;
  ObjectRef bodies = ObjectRef::steal(PyList_New(0)), lines = ObjectRef::steal(PyList_New(0));
  ObjectRef called = ObjectRef::steal(PyList_New(0)), left = ObjectRef::steal(PyList_New(0));
  if (!bodies || !lines || !called || !left) {
    return nullptr;
  }
  const auto result = [&] {
    return Py_BuildValue("{sOsOsOsO}", "bodies", bodies.get(), "lines", lines.get(), "calls", called.get(), "left",
                         left.get());
  };
  if (!mir_) {
    return result();
  }
  std::set<uint32_t> computing;
  for (uint32_t k = 0; k < mir_->instr_count; ++k) {
    if (mir_->instrs[k].op > mir::Op::Phi) {
      computing.insert(mir_->instrs[k].position.line);
    }
  }
  for (uint32_t line : computing) {
    if (!append(lines, PyLong_FromUnsignedLong(line))) {
      return nullptr;
    }
  }
  const auto is_nested = [&](const mir::MirFunction* function) {
    return function->is_template && is_among(nested_codes, PyFunction_GET_CODE(function->function));
  };
  const auto add_body = [&](const CompiledFunction& owner, const NativeVersion& root, const NativeVersion& body,
                            const char* kind, uint64_t calls, uint64_t landings) {
    ObjectRef sites = ObjectRef::steal(PyList_New(0));
    for (uint32_t k = 0; k < body.site_count; ++k) {
      if (!sites || !append(sites, site_facts(body, body.sites[k]))) {
        return false;
      }
    }
    ObjectRef name = ObjectRef::steal(PyObject_GetAttrString(owner.function_, "__qualname__"));
    if (!sites || !name) {
      return false;
    }
    return append(
        bodies, Py_BuildValue("{sssisisisisOsssKsKsnsO}", "kind", kind, "is_nested", body.function != mir_, "is_quick",
                              root.is_quick != 0, "is_own", &owner == this, "is_entered", &body == &root, "owner",
                              name.get(), "parameter_types", body.parameter_types, "calls", calls, "landings", landings,
                              "code_bytes", static_cast<Py_ssize_t>(root.code_bytes), "sites", sites.get()));
  };
  const auto add_unit = [&](const CompiledFunction& owner, const NativeVersion& root, const char* kind,
                            uint64_t calls = 0, uint64_t landings = 0) {
    const auto is_ours = [&](const NativeVersion* body) { return body->function == mir_; };
    if (std::none_of(root.bodies, root.bodies + root.body_count, is_ours)) {
      return true;
    }
    return std::all_of(root.bodies, root.bodies + root.body_count, [&](const NativeVersion* body) {
      return (!is_ours(body) && !is_nested(body->function)) || add_body(owner, root, *body, kind, calls, landings);
    });
  };
  for (const CompiledFunction* owner : all()) {
    bool ok = true;
    for (const Version& version : owner->versions_) {
      ok = ok && add_unit(*owner, *version.native, "call", version.calls, version.landings);
    }
    for (const NativeVersion* native : owner->osr_versions_) {
      ok = ok && add_unit(*owner, *native, "loop");
    }
    for (const NativeVersion* native : owner->retired_) {
      ok = ok && add_unit(*owner, *native, "retired");
    }
    if (owner == this || is_nested(owner->mir_)) {
      const SiteCounts counts = counts_of(owner->mir_);
      ok = ok && append_calls(*owner->mir_, counts, called) && append_left(*owner->mir_, counts, left);
    }
    if (!ok) {
      return nullptr;
    }
  }
  return result();
}

}  // namespace hasten::runtime
