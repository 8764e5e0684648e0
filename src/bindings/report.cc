// The model of a run as plain Python values, under the keys that `hasten run --json` documents. A figure
// that was not measured has no key.
#include <nanobind/nanobind.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <map>
#include <utility>

#include "bindings/core.h"
#include "profile/capture.h"
#include "profile/causes.h"
#include "profile/facts.h"
#include "profile/gil.h"
#include "profile/model.h"
#include "profile/native_paths.h"
#include "profile/native_threads.h"
#include "profile/tasks.h"
#include "record/reader.h"

namespace nb = nanobind;
using namespace nb::literals;

namespace hasten::bindings {
namespace {

using profile::Profile;

/// Native paths shown of one line.
constexpr size_t kPathsMax = 8;

nb::list interval_of(const profile::Share& share) {
  nb::list interval;
  interval.append(share.low);
  interval.append(share.high);
  return interval;
}

/// Seconds as shares of all CPU time.
nb::dict split_of(const profile::Split& split_s, double whole_s) {
  nb::dict split;
  for (size_t side = 0; side < profile::kSideCount; ++side) {
    split[profile::kSideNames[side]] = whole_s > 0 ? split_s[side] / whole_s : 0.0;
  }
  return split;
}

template <class Seconds>
nb::dict waits_of(const Seconds& seconds) {
  nb::dict waits;
  for (size_t kind = 0; kind < profile::kSleepCount; ++kind) {
    waits[profile::kSleepNames[kind]] = seconds[kind];
  }
  return waits;
}

struct ReportParts {
  Profile model;
  profile::CaptureFacts facts;
  std::vector<profile::Cause> causes;
  std::vector<profile::GilPair> gil;
  std::vector<profile::ThreadOrigin> origins;  ///< by thread
  profile::Tasks tasks;
  std::vector<profile::Function> recorded_functions;  ///< what the indices of pairs, origins and tasks mean
  profile::Sources sources;
  bool waits_measured = false;
  bool has_native_stacks = false;
  std::map<std::pair<profile::Function, int32_t>, std::vector<profile::NativePath>> native_paths;  ///< by line
};

void put_cost(nb::dict& row, const profile::Cost& cost, const ReportParts& parts) {
  row["cpu_share"] = cost.self.value;
  row["cpu_share_interval"] = interval_of(cost.self);
  row["total_share"] = cost.total_share;
  row["self_cpu_s"] = cost.self_cpu_s;
  row["total_cpu_s"] = cost.total_cpu_s;
  if (parts.facts.split_known) {
    row["split"] = split_of(cost.split_s, parts.model.sampled_cpu_s);
  }
  if (cost.native_in_call_s + cost.native_started_s > 0) {
    nb::dict native;
    native["in_call_s"] = cost.native_in_call_s;
    native["started_s"] = cost.native_started_s;
    row["native_threads"] = native;
  }
  row["samples"] = cost.sample_count;
  if (parts.waits_measured) {
    row["wait_s"] = waits_of(cost.wait_s);
  }
}

void put_called(nb::dict& row, const profile::Called& called, const ReportParts& parts) {
  if (called.cpu_s <= 0 && called.wait_s <= 0) {
    return;
  }
  nb::dict out;
  out["cpu_share"] = parts.model.sampled_cpu_s > 0 ? called.cpu_s / parts.model.sampled_cpu_s : 0.0;
  out["through"] = called.through.name;
  if (parts.waits_measured) {
    out["wait_s"] = called.wait_s;
  }
  row["called"] = out;
}

nb::list functions_of(const ReportParts& parts) {
  nb::list rows;
  for (const profile::FunctionRow& function : parts.model.functions) {
    nb::dict row;
    row["file"] = function.function.file;
    row["function"] = function.function.name;
    row["first_line"] = function.function.first_line;
    row["origin"] = nb::str(profile::to_text(function.origin.kind).data());
    if (!function.origin.name.empty()) {
      row["package"] = function.origin.name;
    }
    put_cost(row, function.cost, parts);
    put_called(row, function.called, parts);
    row["ceiling"] = function.ceiling ? nb::object(nb::float_(*function.ceiling)) : nb::none();
    rows.append(row);
  }
  return rows;
}

/// The lines of every source that the capture holds.
class SourceLines {
 public:
  explicit SourceLines(const profile::Sources& sources) {
    for (const auto& [file, text] : sources) {
      std::vector<std::string>& lines = lines_[file];
      for (size_t at = 0; at < text.size();) {
        const size_t end = std::min(text.find('\n', at), text.size());
        lines.push_back(text.substr(at, end - at));
        at = end + 1;
      }
    }
  }
  const std::string* at(const std::string& file, int32_t line) const {
    const auto found = lines_.find(file);
    const bool known = found != lines_.end() && line >= 1 && static_cast<size_t>(line) <= found->second.size();
    return known ? &found->second[static_cast<size_t>(line) - 1] : nullptr;
  }

 private:
  std::unordered_map<std::string, std::vector<std::string>> lines_;
};

nb::list native_of(const std::vector<profile::NativePath>& paths, double whole_s) {
  nb::list rows;
  for (const profile::NativePath& path : paths) {
    nb::dict row;
    nb::list names;
    for (const std::string& name : path.names) {
      names.append(text_of(name));
    }
    row["path"] = names;
    if (!path.module.empty()) {
      row["module"] = text_of(path.module);
    }
    row["cpu_s"] = path.cpu_s;
    row["cpu_share"] = whole_s > 0 ? path.cpu_s / whole_s : 0.0;
    rows.append(row);
  }
  return rows;
}

nb::list lines_of(const ReportParts& parts) {
  const SourceLines sources(parts.sources);
  nb::list rows;
  for (const profile::LineRow& line : parts.model.lines) {
    const profile::Function& function = parts.model.functions[line.function_row].function;
    nb::dict row;
    row["file"] = function.file;
    row["line"] = line.line;
    row["function"] = function.name;
    row["first_line"] = function.first_line;
    put_cost(row, line.cost, parts);
    put_called(row, line.called, parts);
    if (const std::string* text = sources.at(function.file, line.line)) {
      row["source"] = text_of(*text);
    }
    const auto native = parts.native_paths.find({function, line.line});
    if (native != parts.native_paths.end()) {
      row["native"] = native_of(native->second, parts.model.sampled_cpu_s);
    }
    rows.append(row);
  }
  return rows;
}

nb::list groups_of(const ReportParts& parts) {
  nb::list rows;
  for (const profile::GroupRow& group : parts.model.groups) {
    nb::dict row;
    row["origin"] = nb::str(profile::to_text(group.origin.kind).data());
    row["name"] = group.origin.name;
    put_cost(row, group.cost, parts);
    if (!parts.model.functions.empty()) {
      const profile::Function& heaviest = parts.model.functions[group.heaviest_function_row].function;
      nb::dict function;
      function["file"] = heaviest.file;
      function["function"] = heaviest.name;
      function["first_line"] = heaviest.first_line;
      row["heaviest"] = function;
    }
    rows.append(row);
  }
  return rows;
}

nb::list processes_of(const profile::CaptureFacts& facts) {
  nb::list rows;
  for (const profile::ProcessFacts& process : facts.processes) {
    nb::dict row;
    row["pid"] = process.pid;
    row["parent_pid"] = process.parent_pid;
    nb::list command;
    for (const std::string& word : process.command) {
      command.append(text_of(word));
    }
    row["command"] = command;
    if (process.signal) {
      row["exit"] = -*process.signal;
    } else if (process.exit_code) {
      row["exit"] = *process.exit_code;
    }
    row["start_s"] = process.start_s;
    if (process.wall_s) {
      row["wall_s"] = *process.wall_s;
    }
    if (!process.python.empty()) {
      row["python"] = process.python;
    }
    if (process.continues) {
      row["after_exec"] = true;
    }
    if (process.cpu_s) {
      row["cpu_s"] = *process.cpu_s;
    }
    if (process.peak_rss_bytes) {
      row["peak_rss_bytes"] = *process.peak_rss_bytes;
    }
    if (!process.why_not_sampled.empty()) {
      row["why_not_sampled"] = process.why_not_sampled;
    }
    rows.append(row);
  }
  return rows;
}

nb::list workers_of(const profile::CaptureFacts& facts) {
  nb::list rows;
  for (const profile::Workers& workers : facts.workers) {
    nb::dict row;
    row["parent_pid"] = workers.parent_pid;
    row["pids"] = workers.pids;
    row["mean_cpu_s"] = workers.mean_cpu_s;
    row["most_cpu_s"] = workers.most_cpu_s;
    rows.append(row);
  }
  return rows;
}

nb::dict place_of(const profile::Function& function, int32_t line) {
  nb::dict place;
  place["file"] = function.file;
  place["line"] = line;
  place["function"] = function.name;
  return place;
}

nb::list threads_of(const ReportParts& parts) {
  nb::list rows;
  for (size_t t = 0; t < parts.facts.threads.size(); ++t) {
    const profile::ThreadFacts& thread = parts.facts.threads[t];
    const profile::ThreadOrigin& origin = parts.origins[t];
    nb::dict row;
    row["pid"] = thread.pid;
    row["tid"] = thread.tid;
    row["name"] = text_of(thread.name);
    row["cpu_s"] = thread.cpu_s;
    row["wall_s"] = thread.wall_s;
    row["runnable_s"] = thread.runnable_s;
    row["wait_s"] = waits_of(thread.wait_s);  // whoever samples a thread sees its waits too: none is 0, not absent
    row["unexplained_s"] = thread.unexplained_s;
    if (origin.known) {
      nb::dict creator = place_of(parts.recorded_functions[origin.function_idx], origin.line);
      creator["tid"] = origin.creator_tid;
      row["creator"] = creator;
    }
    if (origin.in_call_s + origin.started_s > 0) {
      nb::dict native;
      native["in_call_s"] = origin.in_call_s;
      native["started_s"] = origin.started_s;
      row["native_threads"] = native;
    }
    rows.append(row);
  }
  return rows;
}

/// Of the pairs that matter: a program of many threads and lines has thousands.
nb::list gil_of(const ReportParts& parts) {
  constexpr size_t kPairsMax = 100;
  const auto place = [&](const profile::LineKey& key) {
    return place_of(parts.recorded_functions[key.function_idx], key.line);
  };
  nb::list rows;
  for (size_t i = 0; i < std::min(parts.gil.size(), kPairsMax); ++i) {
    nb::dict row;
    row["holder"] = place(parts.gil[i].holder);
    row["waiter"] = place(parts.gil[i].waiter);
    row["seconds"] = parts.gil[i].seconds;
    rows.append(row);
  }
  return rows;
}

nb::dict place_of(const ReportParts& parts, const profile::PlaceRow& at) {
  return place_of(parts.recorded_functions[at.function_idx], at.line);
}

/// Of a group's ways to await the heaviest: recursion can make very many.
nb::list tasks_of(const ReportParts& parts) {
  constexpr size_t kAwaitsMax = 100;
  nb::list rows;
  for (const profile::TaskRow& task : parts.tasks.tasks) {
    nb::dict row;
    if (!task.name.empty()) {
      row["name"] = text_of(task.name);
    }
    if (task.function_idx) {
      const profile::Function& function = parts.recorded_functions[*task.function_idx];
      row["file"] = function.file;
      row["function"] = function.name;
      row["first_line"] = function.first_line;
    }
    row["await_s"] = task.await_s;
    row["cpu_s"] = task.cpu_s;
    nb::list awaits;
    for (size_t i = 0; i < std::min(task.awaits.size(), kAwaitsMax); ++i) {
      const profile::AwaitRow& await = task.awaits[i];
      nb::dict way;
      nb::list chain;
      for (const profile::PlaceRow& at : await.chain) {
        chain.append(place_of(parts, at));
      }
      way["chain"] = chain;
      way["await_s"] = await.await_s;
      way["awaits"] = await.count;
      way["longest_s"] = await.longest_s;
      way["concurrency"] = await.concurrency;
      awaits.append(way);
    }
    row["awaits"] = awaits;
    rows.append(row);
  }
  return rows;
}

nb::list loops_of(const ReportParts& parts) {
  nb::list rows;
  for (const profile::LoopRow& loop : parts.tasks.loops) {
    const profile::ThreadFacts& thread = parts.facts.threads[loop.thread_idx];
    nb::dict row;
    row["pid"] = thread.pid;
    row["tid"] = thread.tid;
    row["thread"] = text_of(thread.name);
    row["run_s"] = loop.run_s;
    row["idle_s"] = loop.idle_s;
    row["blocked_s"] = loop.blocked_s;
    row["steps"] = loop.step_count;
    nb::list blocks;
    for (const profile::BlockRow& block : loop.blocks) {
      nb::dict at = place_of(parts, block.place);
      at["blocked_s"] = block.blocked_s;
      at["count"] = block.count;
      at["longest_s"] = block.longest_s;
      at["wait_s"] = block.wait_s;
      blocks.append(at);
    }
    row["blocks"] = blocks;
    rows.append(row);
  }
  return rows;
}

nb::list causes_of(const std::vector<profile::Cause>& causes) {
  nb::list rows;
  for (const profile::Cause& cause : causes) {
    nb::dict row;
    if (!cause.file.empty()) {
      row["file"] = cause.file;
      row["line"] = cause.line;
      row["function"] = cause.function;
    }
    row["kind"] = cause.kind;
    row["cause"] = text_of(cause.cause);
    row["evidence"] = text_of(cause.evidence);
    row["share"] = cause.share;
    rows.append(row);
  }
  return rows;
}

nb::list labels_of(const profile::CaptureFacts& facts) {
  nb::list rows;
  for (const profile::LabelFacts& label : facts.labels) {
    nb::dict row;
    row["label"] = text_of(label.name);
    row["count"] = label.count;
    row["wall_s"] = label.wall_s;
    row["cpu_s"] = label.cpu_s;
    rows.append(row);
  }
  return rows;
}

nb::list counts_of(const ReportParts& parts) {
  const SourceLines sources(parts.sources);
  nb::list rows;
  for (const record::FunctionCount& count : parts.facts.counted) {
    nb::dict row;
    row["file"] = text_of(count.file);
    row["function"] = text_of(count.function);
    row["first_line"] = count.first_line;
    row["processes"] = count.process_count;
    row["calls"] = count.calls;
    nb::list lines;
    for (const record::LineCount& line : count.lines) {
      nb::dict one;
      one["line"] = line.line;
      one["hits"] = line.times;
      if (line.looked > 0) {
        nb::dict makes;
        makes["executions"] = line.looked;
        for (const record::Made& made : line.made) {
          nb::dict kind;
          kind["each"] = made.each;
          nb::list interval;
          interval.append(made.low);
          interval.append(made.high);
          kind["interval"] = interval;
          makes[nb::str(made.kind.c_str())] = kind;
        }
        one["makes"] = makes;
      }
      if (const std::string* text = sources.at(count.file, static_cast<int32_t>(line.line))) {
        one["source"] = text_of(*text);
      }
      lines.append(one);
    }
    row["lines"] = lines;
    rows.append(row);
  }
  return rows;
}

void put_facts(nb::dict& report, const record::Capture& capture, const ReportParts& parts) {
  const profile::CaptureFacts& facts = parts.facts;
  report["schema"] = "hasten-run/1";
  report["hasten"] = capture.hasten_version;
  report["python"] = facts.python;
  if (!facts.processes.empty()) {
    const profile::ProcessFacts& first = facts.processes.front();
    nb::list command;
    for (const std::string& word : first.command) {
      command.append(text_of(word));
    }
    report["command"] = command;
    const profile::ProcessFacts* last = &first;  // image of the same process
    for (const profile::ProcessFacts& process : facts.processes) {
      last = process.continues && process.pid == first.pid ? &process : last;
    }
    if (last->signal) {
      report["exit_code"] = -*last->signal;
      report["signal"] = *last->signal;
    } else if (last->exit_code) {
      report["exit_code"] = *last->exit_code;
    }
    report["cwd"] = text_of(capture.processes.front().cwd);
  }
  report["runs"] = facts.run_count;
  report["wall_s"] = parts.model.wall_s;
  if (facts.cpu_s) {
    report["cpu_s"] = *facts.cpu_s;
  }
  if (facts.peak_rss_bytes) {
    report["peak_rss_bytes"] = *facts.peak_rss_bytes;
  }
  if (facts.tree_peak_bytes) {
    report["peak_tree_bytes"] = *facts.tree_peak_bytes;
  }
  report["samples"] = parts.model.sample_count;
  report["effective_samples"] = parts.model.effective_count;
  report["sampled_cpu_s"] = parts.model.sampled_cpu_s;
  report["interval"] = "95 %, within this run";
  report["engine"] = facts.engine;
  report["rate_hz"] = facts.rate_hz;
  report["lost"] = facts.lost;
  report["native_stacks"] = parts.has_native_stacks;
  report["broken_stacks"] = facts.broken_stacks;
  report["unsampled_threads"] = facts.unsampled_threads;
  const double cpu_s = facts.cpu_s.value_or(parts.model.sampled_cpu_s);
  // From outside the program pays nothing, and what it costs beside it is not measured.
  if (cpu_s > 0 && facts.sampling_cost_ns > 0) {
    report["sampling_cost"] = static_cast<double>(facts.sampling_cost_ns) * 1e-9 / cpu_s;
  }
  for (const profile::FunctionRow& row : parts.model.functions) {
    if (row.function.file == "<frozen importlib._bootstrap>" && row.function.name == "_find_and_load") {
      report["import_s"] = row.cost.total_cpu_s;
    }
  }
  report["complete"] = capture.completeness.what.empty();
  if (!capture.completeness.what.empty()) {
    report["missing"] = capture.completeness.what;
  }
}

}  // namespace

nb::dict read_report(const std::string& path) {
  ReportParts parts;
  record::Capture capture;
  {
    nb::gil_scoped_release unlocked;  // reads a file and computes; touches no Python object
    auto read = record::read_capture(path);
    if (!read.ok()) {
      nb::gil_scoped_acquire locked;
      raise_error(read.error());
    }
    capture = std::move(read).value();
    profile::Recording recording = profile::recording_of(capture);
    parts.model = build_profile(recording);
    parts.gil = profile::gil_pairs(recording);
    parts.origins = profile::thread_origins(capture, recording);
    parts.has_native_stacks = recording.has_native_stacks;
    for (auto& [line, paths] : profile::native_paths(recording, kPathsMax)) {
      parts.native_paths[{recording.functions[line.first], line.second}] = std::move(paths);
    }
    parts.tasks = profile::tasks_of(recording);
    const std::vector<profile::Cause> loop_causes = profile::loop_causes(parts.tasks, recording);
    parts.recorded_functions = std::move(recording.functions);
    parts.facts = profile::facts_of(capture);
    for (record::SourceFile& file : capture.files) {
      if (file.has_text) {
        parts.sources.emplace(file.path, std::move(file.text));
      }
    }
    parts.causes = profile::find_causes(parts.model, parts.sources, parts.facts.busy_s);
    parts.causes.insert(parts.causes.end(), loop_causes.begin(), loop_causes.end());
    std::stable_sort(parts.causes.begin(), parts.causes.end(),
                     [](const profile::Cause& a, const profile::Cause& b) { return a.share > b.share; });
    if (!parts.facts.split_known) {
      std::erase_if(parts.causes, [](const profile::Cause& cause) { return cause.kind != "waiting"; });
    }
    parts.waits_measured = !capture.waits.empty();
  }
  nb::dict report;
  put_facts(report, capture, parts);
  report["processes"] = processes_of(parts.facts);
  report["workers"] = workers_of(parts.facts);
  report["threads"] = threads_of(parts);
  report["functions"] = functions_of(parts);
  report["lines"] = lines_of(parts);
  report["groups"] = groups_of(parts);
  nb::dict outside;
  put_cost(outside, parts.model.outside, parts);
  report["outside_python"] = outside;
  if (parts.waits_measured) {
    report["gil"] = gil_of(parts);
  }
  if (!parts.tasks.loops.empty()) {
    report["loops"] = loops_of(parts);
    report["tasks"] = tasks_of(parts);
  }
  if (parts.facts.tasks_unseen) {
    report["tasks_unseen"] = true;
  }
  if (parts.model.collecting.sample_count > 0) {
    nb::dict collecting;
    put_cost(collecting, parts.model.collecting, parts);
    collecting.attr("pop")("wait_s", nb::none());
    report["garbage_collection"] = collecting;
    report["gc_s"] = parts.model.collecting.self_cpu_s;
  }
  report["causes"] = causes_of(parts.causes);
  if (!parts.facts.labels.empty()) {
    report["labels"] = labels_of(parts.facts);
  }
  if (!parts.facts.counted.empty()) {
    report["counts"] = counts_of(parts);
  }
  return report;
}

}  // namespace hasten::bindings
