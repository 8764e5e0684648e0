// The collector for Python: run a program under the probe, and what sampling would be like here.
#include <dlfcn.h>
#include <nanobind/nanobind.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>
#include <sys/prctl.h>

#include <set>
#include <tuple>

#include "bindings/core.h"
#include "collect/attach.h"
#include "collect/names.h"
#include "collect/proc.h"
#include "collect/python_place.h"
#include "collect/session.h"
#include "record/reader.h"
#include "record/writer.h"

namespace nb = nanobind;
using namespace nb::literals;

namespace hasten::bindings {
namespace {

/// The probe stands beside this module.
std::string installed_probe_path() {
  Dl_info object;
  if (::dladdr(reinterpret_cast<void*>(&installed_probe_path), &object) == 0 || object.dli_fname == nullptr) {
    return {};
  }
  const std::string here = object.dli_fname;
  return here.substr(0, here.rfind('/') + 1) + "libhasten_probe.so";
}

record::Engine engine_named(const std::string& name) {
  if (name == "perf") {
    return record::Engine::PerfClock;
  }
  if (name == "threads") {
    return record::Engine::ThreadClocks;
  }
  if (!name.empty()) {
    raise_error(Error{"collect.engine", "no such sampling clock: " + name, "use perf or threads"});
  }
  return record::Engine::None;
}

collect::Outcome collect_run(std::vector<std::string> command, std::string capture, double rate_hz,
                             std::vector<std::string> environment, const std::string& engine, bool native,
                             std::string probe_path) {
  if (command.empty()) {
    raise_error(Error{"collect.spawn", "there is no program to run", ""});
  }
  collect::Plan plan;
  plan.command = std::move(command);
  plan.capture_path = std::move(capture);
  plan.rate_hz = rate_hz;
  plan.environment = std::move(environment);
  plan.engine = engine_named(engine);
  plan.native = native;
  plan.probe_path = probe_path.empty() ? installed_probe_path() : std::move(probe_path);
  Result<collect::Outcome> outcome = [&] {
    nb::gil_scoped_release released;
    return collect::run(plan);
  }();
  return or_raise(std::move(outcome));
}

collect::Outcome enter(uint32_t pid, std::string capture, double rate_hz, double seconds, const std::string& engine,
                       bool native) {
  collect::Plan plan;
  plan.inject_pid = pid;
  plan.capture_path = std::move(capture);
  plan.rate_hz = rate_hz;
  plan.seconds = seconds;
  plan.engine = engine_named(engine);
  plan.native = native;
  plan.probe_path = installed_probe_path();
  Result<collect::Outcome> outcome = [&] {
    nb::gil_scoped_release released;
    return collect::run(plan);
  }();
  return or_raise(std::move(outcome));
}

collect::Outcome attach_to(uint32_t pid, std::string capture, double rate_hz, double seconds, int stop_fd,
                           int ready_fd) {
  const collect::AttachPlan plan{pid, std::move(capture), rate_hz, seconds, stop_fd, ready_fd};
  Result<collect::Outcome> outcome = [&] {
    nb::gil_scoped_release released;
    return collect::attach(plan);
  }();
  return or_raise(std::move(outcome));
}

void add_labels(const std::string& path,
                const std::vector<std::tuple<std::string, uint64_t, uint64_t, uint64_t>>& labels) {
  record::CaptureWriter writer = or_raise(record::CaptureWriter::reopen(path));
  for (const auto& [name, count, wall_ns, cpu_ns] : labels) {
    writer.add_label({0, name, count, wall_ns, cpu_ns});
  }
  or_raise(writer.finish());
}

void add_counts(const std::string& path, const nb::list& functions) {
  const record::Capture capture = or_raise(record::read_capture(path));
  std::set<std::string> known;
  for (const record::SourceFile& file : capture.files) {
    known.insert(file.path);
  }
  record::CaptureWriter writer = or_raise(record::CaptureWriter::reopen(path));
  for (const nb::handle function : functions) {
    record::FunctionCount count;
    count.file = nb::cast<std::string>(function["file"]);
    count.function = nb::cast<std::string>(function["function"]);
    count.first_line = nb::cast<uint32_t>(function["first_line"]);
    count.process_count = nb::cast<uint32_t>(function["processes"]);
    count.calls = nb::cast<uint64_t>(function["calls"]);
    for (const nb::handle line : nb::list(function["lines"])) {
      record::LineCount& one = count.lines.emplace_back();
      one.line = nb::cast<uint32_t>(line["line"]);
      one.times = nb::cast<uint64_t>(line["hits"]);
      if (nb::cast<nb::dict>(line).contains("makes")) {
        for (const auto& [key, value] : nb::dict(line["makes"])) {
          const auto name = nb::cast<std::string>(key);
          if (name == "executions") {
            one.looked = nb::cast<uint64_t>(value);
          } else {
            one.made.push_back({name, nb::cast<double>(value["each"]), nb::cast<double>(value["interval"][0]),
                                nb::cast<double>(value["interval"][1])});
          }
        }
      }
    }
    if (known.insert(count.file).second) {  // no sample was in it
      writer.add_file(collect::source_file(count.file, capture.processes.front().cwd));
    }
    writer.add_function_count(count);
  }
  or_raise(writer.finish());
}

using ProbeLabel = int (*)(const char*, uint64_t, uint64_t);

/// Not kept: the probe is there from the start of a process, or never.
ProbeLabel find_probe_label() { return reinterpret_cast<ProbeLabel>(::dlsym(RTLD_DEFAULT, "hasten_probe_label")); }

bool probe_label(const char* name, uint64_t wall_ns, uint64_t cpu_ns) {
  static const ProbeLabel label = find_probe_label();
  return label != nullptr && label(name, wall_ns, cpu_ns) != 0;
}

}  // namespace

void bind_collect(nb::module_& m) {
  nb::class_<collect::Outcome>(m, "CollectOutcome", "How a measured program ended.")
      .def_ro("pid", &collect::Outcome::pid)
      .def_ro("exit_code", &collect::Outcome::exit_code)
      .def_ro("signal", &collect::Outcome::signal, "The signal that ended it, or 0.")
      .def_ro("wall_s", &collect::Outcome::wall_s)
      .def_ro("samples", &collect::Outcome::samples)
      .def_ro("capture_bytes", &collect::Outcome::capture_bytes)
      .def_ro("interrupts", &collect::Outcome::interrupts, "Ctrl-C seen while it ran.")
      .def_ro("why_not_sampled", &collect::Outcome::why_not_sampled, "Empty when it was sampled.")
      .def_ro("capture_failure", &collect::Outcome::capture_failure, "Empty, or why the capture is not whole.");
  m.def("collect", &collect_run, "command"_a, "capture"_a, nb::kw_only(), "rate_hz"_a = 0.0,
        "environment"_a = std::vector<std::string>(), "engine"_a = "", "native"_a = false, "probe_path"_a = "",
        "Runs `command` to its end under the probe and leaves a capture at `capture`, which must not exist.\n\n"
        "rate_hz 0: as many samples as cost 1 % of CPU time. environment: \"NAME=VALUE\" entries, empty for\n"
        "this process's own. engine: \"perf\", \"threads\" or \"\" for the best there is. native: with C stacks.\n"
        "Signals to this process are forwarded meanwhile; Ctrl-C reaches the program by the terminal.\n"
        "Raises HastenError if the program was not started or the capture cannot be made.");
  m.def(
      "python_version_of",
      [](uint32_t pid) { return collect::version_text(or_raise(collect::find_python(pid)).version_hex); }, "pid"_a,
      "The version of the Python that runs in a process, like \"3.11.7\". Raises HastenError as attach does.");
  m.def("attach", &attach_to, "pid"_a, "capture"_a, nb::kw_only(), "rate_hz"_a = 0.0, "seconds"_a = 0.0,
        "stop_fd"_a = -1, "ready_fd"_a = -1,
        "Measures a running Python from outside, reading only, and leaves a capture at `capture`.\n\n"
        "rate_hz 0: 200 looks a second. seconds 0: until Ctrl-C or the end of the process.\n"
        "stop_fd ends it when there is something to read; ready_fd gets \"ready\\n\" once it has begun.\n"
        "Raises HastenError: attach.no_process, attach.not_allowed, attach.not_python, attach.unsupported.");
  m.def("enter", &enter, "pid"_a, "capture"_a, nb::kw_only(), "rate_hz"_a = 0.0, "seconds"_a = 0.0, "engine"_a = "",
        "native"_a = false,
        "Measures a running Python from inside: it takes the probe in at its next safe point. Arguments as of collect "
        "and attach.\n"
        "Blocks for up to ten seconds more. Raises HastenError: those of attach, attach.busy, attach.refused.");
  m.def("add_labels", &add_labels, "path"_a, "labels"_a,
        "Adds (name, count, wall ns, CPU ns) of the first process to a finished capture.");
  m.def("add_counts", &add_counts, "path"_a, "functions"_a,
        "Adds the counts of functions, as the report's `counts` has them, to a finished capture, with their source.");
  m.def(
      "let_read", [](uint32_t pid) { ::prctl(PR_SET_PTRACER, static_cast<unsigned long>(pid), 0, 0, 0); }, "pid"_a,
      "Lets that process read this one where the kernel asks for it (kernel.yama.ptrace_scope=1); 0: nobody any more.");
  m.def("probe_label", &probe_label, "name"_a, "wall_ns"_a, "cpu_ns"_a,
        "Tells the probe in this process of a labelled stretch that ended. False if nobody is recording.");
  m.def("is_probed", [] { return find_probe_label() != nullptr; }, "Whether this process runs under `hasten run`.");
}

}  // namespace hasten::bindings
