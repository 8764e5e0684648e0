// Evidence needed, rule by rule:
//   boxed-numbers      >= 25 % of an own function's time in the runtime's number objects (float_mul,
//                      PyFloat_FromDouble, complex_dealloc, ...), 20 samples or more. Of the heaviest line it names the operations
//                      that were seen at work in a function which makes its result: each makes one object each time, or (an
//                      integer that CPython keeps, from 3.12 on a float that takes a temporary's place) none.
//   list-membership    list_contains or tuplecontains hit at a stretch of source that says `in`.
//   text-concatenation PyUnicode_Append or PyUnicode_Concat hit at a stretch that adds, >= 20 % of the function.
//   not-specialised    >= 5 % of all CPU time on one line in BINARY_OP (+ - *), COMPARE_OP or LOAD_ATTR that ran in their
//                      general form in most of their samples, 20 or more; and most of that time in the evaluation loop, the runtime's
//                      dispatch or its numbers, not in what was called (an array's addition, a getter in C).
//   interpreter        >= 60 % of an own function's time in the evaluation loop itself.
//   package            >= 50 % of all CPU time in one package below own code.
//   imports            >= 40 % of CPU time below the import system.
//   garbage-collector  >= 10 % of CPU time in the cycle collector's functions.
//   waiting            all threads together ran, or were ready to, for less than half of the wall time.
// Wrong when: the interpreter is stripped, because then only exported functions have names and rules that
// need one stay silent; or a C extension copies CPython's names.
#include "profile/causes.h"

#include <algorithm>
#include <array>
#include <map>
#include <string_view>

#include <fmt/format.h>

namespace hasten::profile {
namespace {

using Names = std::initializer_list<std::string_view>;

constexpr double kFunctionShareMin = 0.05;  // lighter functions are not worth a cause
constexpr double kWaitingWallLeastS = 0.5;  // below this a busy disk at start-up looks like waiting
constexpr uint64_t kSamplesMin = 20;        // fewer are no evidence, of a function or of the program
constexpr uint64_t kMakerSamplesMin = 3;    // one may be a neighbour's: an instruction that had just begun
constexpr size_t kShownSourceMax = 60;      // longer ones make no sense within a sentence

bool starts_with_any(std::string_view name, Names prefixes) {
  return std::any_of(prefixes.begin(), prefixes.end(),
                     [name](std::string_view prefix) { return name.starts_with(prefix); });
}

bool is_any(std::string_view name, Names names) { return std::find(names.begin(), names.end(), name) != names.end(); }

bool is_complex(std::string_view name) {
  return starts_with_any(name, {"complex_", "PyComplex_", "_Py_c_", "_PyComplex_"});
}
bool is_float(std::string_view name) { return starts_with_any(name, {"float_", "PyFloat_", "_PyFloat_"}); }
bool is_int(std::string_view name) {
  return starts_with_any(name,
                         {"long_", "PyLong_", "_PyLong_", "x_add", "x_sub", "k_mul", "l_mod", "l_divmod", "x_divrem"});
}
/// Functions of numbers that make none.
bool only_reads_numbers(std::string_view name) {
  return name.ends_with("ealloc") || name.ends_with("_free") || name.ends_with("_richcompare") ||
         name.ends_with("_hash") || name.ends_with("_bool") || name.find("_As") != std::string_view::npos;
}
/// What the general form of an instruction goes through before it reaches the code of a type.
bool is_dispatch(std::string_view name) {
  return starts_with_any(name, {"PyNumber_", "binary_op", "binary_iop", "PyObject_RichCompare", "do_richcompare",
                                "PyObject_GetAttr", "_PyObject_GenericGetAttr", "PyObject_GenericGetAttr",
                                "_PyType_Lookup", "find_name_in_mro", "_PyObject_GetMethod", "_PyEval_EvalFrame"});
}
/// Where the object of a result comes from.
bool is_allocation(std::string_view name) {
  return is_any(name, {"PyObject_Malloc", "_PyObject_Malloc", "pymalloc_alloc", "_PyObject_New", "_Py_NewReference"});
}
bool is_collector(std::string_view name) {
  return starts_with_any(name, {"gc_collect", "deduce_unreachable", "visit_", "update_refs", "subtract_refs",
                                "move_unreachable", "untrack_tuples"}) ||
         name.ends_with("_traverse") || name.ends_with("traverse");
}

/// Seconds by native name, heaviest first.
using Natives = std::vector<std::pair<std::string_view, double>>;

template <class Keep>
Natives natives_of(const Profile& profile, Keep keep) {
  std::map<std::string_view, double> sums;
  for (const SpotRow& spot : profile.spots) {
    if (!spot.native.empty() && keep(spot)) {
      // Kernel time was carried to the sample; the native function did not spend it.
      sums[spot.native] += spot.self_cpu_s - spot.split_s[static_cast<size_t>(Side::Kernel)];
    }
  }
  Natives natives(sums.begin(), sums.end());
  std::stable_sort(natives.begin(), natives.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
  return natives;
}

template <class Keep>
double seconds(const Natives& natives, Keep keep) {
  double sum = 0;
  for (const auto& [name, s] : natives) {
    sum += keep(name) ? s : 0;
  }
  return sum;
}

/// "float_mul 21 %, PyFloat_FromDouble 12 %": the heaviest three that count, as shares of `whole_s`.
template <class Keep>
std::string listing(const Natives& natives, double whole_s, Keep keep) {
  std::string text;
  int count = 0;
  for (const auto& [name, s] : natives) {
    if (keep(name) && count < 3 && s > 0) {
      text += fmt::format("{}{} {:.0f} %", count++ == 0 ? "" : ", ", name, 100 * s / whole_s);
    }
  }
  return text;
}

class Finder {
 public:
  Finder(const Profile& profile, const Sources& sources, double busy_s)
      : profile_(profile), sources_(sources), busy_s_(busy_s) {}

  std::vector<Cause> find() {
    if (profile_.sampled_cpu_s > 0 && profile_.sample_count >= kSamplesMin) {
      for (uint32_t f = 0; f < profile_.functions.size(); ++f) {
        const FunctionRow& row = profile_.functions[f];
        if (row.origin.kind == OriginKind::Own && row.cost.self.value >= kFunctionShareMin &&
            row.cost.sample_count >= kSamplesMin) {
          explain_function(f);
        }
      }
      packages();
      imports();
      collector();
    }
    waiting();
    std::stable_sort(causes_.begin(), causes_.end(), [](const Cause& a, const Cause& b) { return a.share > b.share; });
    return std::move(causes_);
  }

 private:
  double share(double s) const { return s / profile_.sampled_cpu_s; }

  void explain_function(uint32_t f) {
    const size_t before = causes_.size();
    for (const auto& [position, position_s] : positions_of(f)) {
      const Natives natives = natives_of(
          profile_, [&, p = position](const SpotRow& spot) { return spot.function_row == f && spot.position == p; });
      membership(f, position, position_s, natives);
      concatenation(f, position, position_s, natives);
    }
    const size_t named = causes_.size();
    // A named mistake in the code explains more than what the interpreter does with it.
    if (named == before) {
      const Natives natives = natives_of(profile_, [f](const SpotRow& spot) { return spot.function_row == f; });
      if (!boxing(f, natives)) {
        interpreter(f);
      }
    }
    not_specialised(f);
  }

  /// Stretches of a function's source that take 5 % of the program or more.
  std::vector<std::pair<Position, double>> positions_of(uint32_t f) const {
    std::vector<std::pair<Position, double>> positions;
    for (const SpotRow& spot : profile_.spots) {
      if (spot.function_row != f) {
        continue;
      }
      const auto at = std::find_if(positions.begin(), positions.end(),
                                   [&](const auto& known) { return known.first == spot.position; });
      if (at == positions.end()) {
        positions.emplace_back(spot.position, spot.self_cpu_s);
      } else {
        at->second += spot.self_cpu_s;
      }
    }
    std::erase_if(positions, [this](const auto& p) { return share(p.second) < kFunctionShareMin; });
    return positions;
  }

  void membership(uint32_t f, const Position& position, double position_s, const Natives& natives) {
    const auto counts = [](std::string_view name) { return is_any(name, {"list_contains", "tuplecontains"}); };
    const std::string source = source_of(f, position);
    if (seconds(natives, counts) <= 0 || source.find(" in ") == std::string::npos) {
      return;
    }
    const bool tuple = seconds(natives, [](std::string_view name) { return name == "tuplecontains"; }) > 0;
    add(f, position.line, "list-membership",
        fmt::format("`{}` searches a {} from its start every time", source, tuple ? "tuple" : "list"),
        fmt::format("{:.0f} % of CPU time at this test, {}", 100 * share(position_s),
                    listing(natives, position_s, [](std::string_view) { return true; })),
        share(position_s));
  }

  void concatenation(uint32_t f, const Position& position, double position_s, const Natives& natives) {
    const auto counts = [](std::string_view name) {
      return is_any(name, {"PyUnicode_Append", "PyUnicode_Concat", "unicode_concatenate", "resize_compact"});
    };
    const std::string source = source_of(f, position);
    if (seconds(natives, counts) <= 0 || source.find('+') == std::string::npos) {
      return;
    }
    add(f, position.line, "text-concatenation",
        fmt::format("`{}` builds text piece by piece; a step may copy all that is there", source),
        fmt::format("{:.0f} % of CPU time at this addition, {}", 100 * share(position_s),
                    listing(natives, position_s, [](std::string_view) { return true; })),
        share(position_s));
  }

  /// What the samples say of one kind of instruction, at a stretch of source or on a line.
  struct Forms {
    uint64_t general = 0;
    uint64_t all = 0;
    double general_s = 0;
    double own_s = 0;  ///< of that, what the general form itself costs
  };

  void not_specialised(uint32_t f) {
    struct Family {
      pyread::Instruction instruction;
      const char* name;
      const char* because;
    };
    static constexpr std::array<Family, 3> kFamilies{{
        {pyread::Instruction::BinaryOp, "BINARY_OP",
         "its operands are of two types, of one without a fast form, or (from 3.15 on) ints beyond 2**30"},
        {pyread::Instruction::CompareOp, "COMPARE_OP",
         "its operands are of two types, of one without a fast form, or ints beyond 2**30"},
        {pyread::Instruction::LoadAttr, "LOAD_ATTR", "the objects' classes change, or code finds the attribute"},
    }};
    for (const Family& family : kFamilies) {
      struct Line {
        Forms forms;
        std::string heaviest;
        double heaviest_s = 0;
      };
      std::map<int32_t, Line> lines;
      for (const auto& [position, forms] : forms_of(f, family.instruction)) {
        const std::string source = source_of(f, position);
        const bool general = 2 * forms.general > forms.all && 2 * forms.own_s > forms.general_s;
        if (!general || (family.instruction == pyread::Instruction::BinaryOp && !is_plain_arithmetic(source))) {
          continue;
        }
        Line& line = lines[position.line];
        line.forms.general += forms.general;
        line.forms.all += forms.all;
        line.forms.general_s += forms.general_s;
        if (forms.general_s > line.heaviest_s) {
          line.heaviest_s = forms.general_s;
          line.heaviest = source;
        }
      }
      for (const auto& [number, line] : lines) {
        if (line.forms.general < kSamplesMin || share(line.forms.general_s) < kFunctionShareMin) {
          continue;
        }
        const std::string what = line.heaviest.empty() ? "this line" : fmt::format("`{}`", line.heaviest);
        add(f, number, "not-specialised",
            fmt::format("{} runs in the interpreter's slow general form: {}", what, family.because),
            fmt::format("{} was not specialised in {} of {} samples, {:.0f} % of CPU time", family.name,
                        line.forms.general, line.forms.all, 100 * share(line.forms.general_s)),
            share(line.forms.general_s));
      }
    }
  }

  std::vector<std::pair<Position, Forms>> forms_of(uint32_t f, pyread::Instruction instruction) const {
    std::vector<std::pair<Position, Forms>> all;
    for (const SpotRow& spot : profile_.spots) {
      if (spot.function_row != f || spot.opcode.instruction != instruction) {
        continue;
      }
      auto at = std::find_if(all.begin(), all.end(), [&](const auto& known) { return known.first == spot.position; });
      if (at == all.end()) {
        at = all.insert(all.end(), {spot.position, {}});
      }
      Forms& forms = at->second;
      forms.all += spot.sample_count;
      if (!spot.opcode.specialised) {
        // A number's operation makes its result; a getter that allocates is code that was called.
        const bool makes_result = instruction == pyread::Instruction::BinaryOp && is_allocation(spot.native);
        const bool own = is_dispatch(spot.native) || is_float(spot.native) || is_int(spot.native) ||
                         is_complex(spot.native) || makes_result;
        forms.general += spot.sample_count;
        forms.general_s += spot.self_cpu_s;
        forms.own_s += spot.split_s[static_cast<size_t>(Side::Bytecode)] +
                       (own ? spot.split_s[static_cast<size_t>(Side::Runtime)] : 0);
      }
    }
    return all;
  }

  /// Whether the operator can only be +, - or *, the only ones that have fast forms in every version. A subscript is no
  /// arithmetic (3.14 has one instruction for both), whatever is computed between its brackets.
  static bool is_plain_arithmetic(const std::string& source) {
    return outside_brackets(source).find_first_of("+-*") != std::string::npos &&
           source.find_first_of("%/@&|^") == std::string::npos && source.find("**") == std::string::npos &&
           source.find("<<") == std::string::npos && source.find(">>") == std::string::npos &&
           !source.ends_with(" ...");
  }

  static std::string outside_brackets(const std::string& source) {
    std::string outside;
    int depth = 0;
    for (const char c : source) {
      depth -= c == ')' || c == ']' || c == '}' ? 1 : 0;
      if (depth == 0) {
        outside += c;
      }
      depth += c == '(' || c == '[' || c == '{' ? 1 : 0;
    }
    return outside;
  }

  bool boxing(uint32_t f, const Natives& natives) {
    const Cost& cost = profile_.functions[f].cost;
    struct Kind {
      const char* noun;
      bool (*counts)(std::string_view);
    };
    constexpr std::array<Kind, 3> kKinds{{{"complex number", is_complex}, {"float", is_float}, {"integer", is_int}}};
    const auto any_number = [](std::string_view name) { return is_complex(name) || is_float(name) || is_int(name); };
    const double numbers_s = seconds(natives, any_number);
    if (numbers_s < 0.25 * cost.self_cpu_s) {
      return false;
    }
    const Kind& kind = *std::max_element(kKinds.begin(), kKinds.end(), [&](const Kind& a, const Kind& b) {
      return seconds(natives, a.counts) < seconds(natives, b.counts);
    });
    const int32_t line = heaviest_line(f);
    add(f, line, "boxed-numbers", fmt::format("the interpreter makes an object of every {} here", kind.noun),
        fmt::format("{:.0f} % of the function's time in the runtime's number objects: {}{}",
                    100 * numbers_s / cost.self_cpu_s, listing(natives, cost.self_cpu_s, any_number),
                    makers_listing(f, line, any_number)),
        cost.self.value);
    return true;
  }

  /// "; 2 operations make one each time they run: `z * z`, `z * z + c`", or nothing where none was seen at it.
  template <class Keep>
  std::string makers_listing(uint32_t f, int32_t line, Keep any_number) const {
    std::map<Position, uint64_t> seen;
    for (const SpotRow& spot : profile_.spots) {
      if (spot.function_row == f && spot.position.line == line &&
          spot.opcode.instruction == pyread::Instruction::BinaryOp && any_number(spot.native) &&
          !only_reads_numbers(spot.native)) {
        seen[spot.position] += spot.sample_count;
      }
    }
    std::string text;
    size_t count = 0;
    for (const auto& [position, samples] : seen) {
      const std::string source = source_of(f, position);
      if (samples >= kMakerSamplesMin && !source.empty() && source.size() <= kShownSourceMax) {
        text += fmt::format("{}`{}`", count++ == 0 ? "" : ", ", source);
      }
    }
    if (count == 0) {
      return {};
    }
    return count == 1 ? fmt::format("; {} makes one each time it runs", text)
                      : fmt::format("; {} operations make one each time they run: {}", count, text);
  }

  void interpreter(uint32_t f) {
    const Cost& cost = profile_.functions[f].cost;
    const double bytecode_s = cost.split_s[static_cast<size_t>(Side::Bytecode)];
    if (bytecode_s >= 0.6 * cost.self_cpu_s) {
      add(f, heaviest_line(f), "interpreter",
          "the time is the interpreter stepping through this code, not what it calls",
          fmt::format("{:.0f} % of the function's time in the evaluation loop", 100 * bytecode_s / cost.self_cpu_s),
          cost.self.value);
    }
  }

  void packages() {
    for (const GroupRow& group : profile_.groups) {
      if (group.origin.kind == OriginKind::Own || group.origin.kind == OriginKind::Generated ||
          group.cost.self.value < 0.5) {
        continue;
      }
      const LineRow* caller = nullptr;
      for (const LineRow& line : profile_.lines) {
        if (line.called.through == group.origin && (caller == nullptr || line.called.cpu_s > caller->called.cpu_s)) {
          caller = &line;
        }
      }
      Cause cause{"",
                  0,
                  "",
                  "package",
                  fmt::format("the time is inside {}, not in the program's own lines", group.origin.name),
                  fmt::format("{:.0f} % of CPU time in {}", 100 * group.cost.self.value, group.origin.name),
                  group.cost.self.value};
      if (caller != nullptr) {
        const Function& function = profile_.functions[caller->function_row].function;
        cause.file = function.file;
        cause.function = function.name;
        cause.line = caller->line;
        cause.evidence += fmt::format(", {:.0f} % called from this line", 100 * share(caller->called.cpu_s));
      }
      causes_.push_back(std::move(cause));
    }
  }

  void imports() {
    for (const FunctionRow& row : profile_.functions) {
      if (row.function.file == "<frozen importlib._bootstrap>" && row.function.name == "_find_and_load" &&
          row.cost.total_share >= 0.4) {
        causes_.push_back({"", 0, "", "imports", "much of the run is importing modules",
                           fmt::format("{:.0f} % of CPU time ({:.2f} s) below import statements",
                                       100 * row.cost.total_share, row.cost.total_cpu_s),
                           row.cost.total_share});
      }
    }
  }

  void collector() {
    const Natives natives = natives_of(profile_, [](const SpotRow&) { return true; });
    const double collector_s = seconds(natives, is_collector);
    if (share(collector_s) >= 0.1) {
      causes_.push_back({"", 0, "", "garbage-collector", "the cycle collector keeps walking the live objects",
                         fmt::format("{:.0f} % of CPU time in it: {}", 100 * share(collector_s),
                                     listing(natives, profile_.sampled_cpu_s, is_collector)),
                         share(collector_s)});
    }
  }

  void waiting() {
    // All threads together: whatever they overlap, the program waited for the rest of the wall time at least.
    if (profile_.wall_s < kWaitingWallLeastS || busy_s_ <= 0 || busy_s_ >= 0.5 * profile_.wall_s) {
      return;
    }
    const double idle_share = 1 - busy_s_ / profile_.wall_s;
    Cause cause{
        "",
        0,
        "",
        "waiting",
        "the program mostly waits; faster code would not help much",
        fmt::format("all threads ran or were ready to for {:.2f} s of {:.2f} s of wall time", busy_s_, profile_.wall_s),
        idle_share};
    // The line that waits longest, if waiting was measured.
    double longest_s = 0;
    for (const LineRow& line : profile_.lines) {
      double wait_s = line.called.wait_s;
      for (const double s : line.cost.wait_s) {
        wait_s += s;
      }
      const FunctionRow& row = profile_.functions[line.function_row];
      if (row.origin.kind == OriginKind::Own && wait_s > longest_s) {
        longest_s = wait_s;
        cause.file = row.function.file;
        cause.function = row.function.name;
        cause.line = line.line;
      }
    }
    if (longest_s > 0) {
      cause.evidence += fmt::format("; {:.2f} s of waiting at this line", longest_s);
    }
    causes_.push_back(std::move(cause));
  }

  int32_t heaviest_line(uint32_t f) const {
    for (const LineRow& line : profile_.lines) {
      if (line.function_row == f) {
        return line.line;
      }
    }
    return profile_.functions[f].function.first_line;
  }

  std::string source_of(uint32_t f, const Position& position) const {
    return source_at(sources_, profile_.functions[f].function.file, position);
  }

  void add(uint32_t f, int32_t line, std::string kind, std::string cause, std::string evidence, double cause_share) {
    const Function& function = profile_.functions[f].function;
    causes_.push_back(
        {function.file, line, function.name, std::move(kind), std::move(cause), std::move(evidence), cause_share});
  }

  const Profile& profile_;
  const Sources& sources_;
  double busy_s_;
  std::vector<Cause> causes_;
};

}  // namespace

std::string source_at(const Sources& sources, const std::string& file, const Position& position) {
  const auto at = sources.find(file);
  if (at == sources.end() || position.line < 1 || position.column < 0 || position.end_column < 0) {
    return {};
  }
  std::string_view rest = at->second;
  for (int32_t line = 1; line < position.line; ++line) {
    const size_t end = rest.find('\n');
    if (end == std::string_view::npos) {
      return {};
    }
    rest.remove_prefix(end + 1);
  }
  std::string_view line = rest.substr(0, rest.find('\n'));
  const auto column = static_cast<size_t>(position.column);
  if (column >= line.size()) {
    return {};
  }
  if (position.end_line > position.line) {
    return std::string(line.substr(column)) + " ...";
  }
  return std::string(line.substr(column, static_cast<size_t>(std::max(0, position.end_column - position.column))));
}

std::vector<Cause> find_causes(const Profile& profile, const Sources& sources, double busy_s) {
  return Finder(profile, sources, busy_s).find();
}

}  // namespace hasten::profile
