// What `hasten fix` needs of a capture besides the report, and the judge's statistics.
#include <nanobind/nanobind.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <array>
#include <tuple>
#include <utility>
#include <vector>

#include "bindings/core.h"
#include "fix/fence.h"
#include "fix/gain.h"
#include "fix/system_calls.h"
#include "record/reader.h"

namespace nb = nanobind;
using namespace nb::literals;

namespace hasten::bindings {
namespace {

nb::object path_text(const std::string& bytes) {
  return nb::steal(PyUnicode_DecodeFSDefaultAndSize(bytes.data(), static_cast<Py_ssize_t>(bytes.size())));
}

const char* stdin_name(record::StdinKind kind) {
  constexpr std::array kNames{"unknown", "terminal", "pipe", "file", "null", "socket", "closed"};
  const auto idx = static_cast<size_t>(kind);
  return idx < kNames.size() ? kNames[idx] : "unknown";
}

/// How the recorded program was started and how it ended, with the own sources as they were.
nb::dict read_program(const std::string& path) {
  const record::Capture capture = or_raise(record::read_capture(path));
  nb::dict out;
  if (capture.processes.empty()) {
    return out;
  }
  const record::Process& process = capture.processes.front();
  nb::list command;
  for (const std::string& word : process.command) {
    command.append(path_text(word));
  }
  out["command"] = command;
  out["cwd"] = path_text(process.cwd);
  out["executable"] = path_text(process.executable);
  out["python"] = process.python_version;
  out["stdin"] = stdin_name(process.stdin_kind);
  nb::dict environment;
  for (const auto& [name, value] : process.environment) {
    environment[path_text(name)] = path_text(value);
  }
  out["environment"] = environment;
  for (const record::End& end : capture.ends) {
    if (end.process == 0) {
      out["exit_code"] = end.exit_code;
      out["signal"] = end.signal;
    }
  }
  nb::dict sources;
  for (const record::SourceFile& file : capture.files) {
    if (file.own && file.has_text) {
      sources[path_text(file.path)] = nb::bytes(file.text.data(), file.text.size());
    }
  }
  out["sources"] = sources;
  return out;
}

nb::tuple tuple_of(const fix::Fence& fence) {
  nb::list answers;
  nb::list firsts;
  for (const size_t hole : fence.answer_holes) {
    answers.append(hole);
  }
  for (const size_t hole : fence.first_holes) {
    firsts.append(hole);
  }
  return nb::make_tuple(
      nb::bytes(static_cast<const void*>(fence.program.data()), fence.program.size() * sizeof(sock_filter)), answers,
      firsts);
}

/// None where there is no filter for this machine. The dict goes to the program's own Python, which puts the filter up.
nb::object fence() {
  const fix::Fence asking = fix::make_fence(fix::Stop::kAsk);
  if (asking.program.empty()) {
    return nb::none();
  }
  nb::dict calls;
  for (const fix::SystemCall& call : fix::system_calls()) {
    calls[nb::int_(call.number)] = nb::make_tuple(call.name, call.reason, call.arguments);
  }
  nb::dict out;
  out["ask"] = tuple_of(asking);
  out["kill"] = tuple_of(fix::make_fence(fix::Stop::kKill));
  out["calls"] = calls;
  return out;
}

using GainTuple = std::tuple<double, double, double>;

GainTuple tuple_of(const fix::Gain& gain) { return {gain.ratio, gain.low, gain.high}; }

}  // namespace

void bind_fix(nb::module_& m) {
  m.def("read_program", &read_program, "path"_a,
        "How the program of a capture was started and ended, and the text of its own sources.");
  m.def(
      "fence", &fence,
      "The system-call filter of a forked copy: {'ask' and 'kill': (program, numbers of the instructions that take the "
      "descriptor of the answer, numbers of those that take the first descriptor of the copy's own), 'calls': {number: "
      "(name, reason, letters of its arguments)}}; None on other machines than x86-64.");
  m.def(
      "gain_of_runs",
      [](const std::vector<double>& before_s, const std::vector<double>& after_s, uint64_t seed) {
        return tuple_of(or_raise(fix::gain_of_runs(before_s, after_s, seed)));
      },
      "before_s"_a, "after_s"_a, "seed"_a = 1,
      "(gain, low, high) of paired whole-program runs: geometric mean of before/after and its 95 % interval.");
  m.def(
      "gain_of_calls",
      [](const std::vector<double>& before_ns, const std::vector<double>& after_ns) {
        return tuple_of(or_raise(fix::gain_of_calls(before_ns, after_ns)));
      },
      "before_ns"_a, "after_ns"_a,
      "(gain, low, high) of paired calls of unequal length: ratio of the sums and its 95 % interval.");
  m.def(
      "predict_gain",
      [](double share_ratio, double factor_low, double factor_high) {
        const fix::Prediction prediction = fix::predict_gain(share_ratio, factor_low, factor_high);
        return std::pair{prediction.low, prediction.high};
      },
      "share_ratio"_a, "factor_low"_a, "factor_high"_a,
      "(low, high) gain of a program when this share of its time becomes so many times faster.");
  m.def("ceiling_of_share", &fix::ceiling_of_share, "share_ratio"_a,
        "The gain of a program when this share of its time is removed; infinite from 1 on.");
}

}  // namespace hasten::bindings
