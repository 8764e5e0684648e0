#include "profile/model.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <unordered_map>

#include "base/check.h"
#include "profile/ceilings.h"

namespace hasten::profile {
namespace {

constexpr double kSecondsPerNs = 1e-9;

/// What one row gathers while the samples pass by.
struct Tally {
  double self_ns = 0;
  double total_ns = 0;
  Split split_ns{};
  uint64_t sample_count = 0;
  GroupSquares squares;
  double native_ns[3] = {};  ///< by Charge
  Waits wait_ns{};
  std::map<uint32_t, double> called_ns;       ///< by the group that was called
  std::map<uint32_t, double> called_wait_ns;  ///< likewise
  uint64_t last_sample_seen = ~uint64_t{0};   ///< so that recursion counts a sample once
};

double weight_of(const Sample& sample) { return static_cast<double>(sample.cpu_ns()); }

void add_self(Tally& tally, const Sample& sample) {
  tally.self_ns += weight_of(sample);
  const Side kernel_side = sample.charge == Charge::Own ? Side::Kernel : sample.side;
  tally.split_ns[static_cast<size_t>(sample.side)] += static_cast<double>(sample.user_ns);
  tally.split_ns[static_cast<size_t>(kernel_side)] += static_cast<double>(sample.kernel_ns);
  tally.native_ns[static_cast<size_t>(sample.charge)] += weight_of(sample);
  if (!sample.elapsed) {
    tally.squares.drawn += weight_of(sample) * weight_of(sample);
  }
  ++tally.sample_count;
}

void add_total(Tally& tally, const Sample& sample, uint64_t sample_idx) {
  if (tally.last_sample_seen != sample_idx) {
    tally.last_sample_seen = sample_idx;
    tally.total_ns += weight_of(sample);
  }
}

/// Notes two neighbouring samples of one thread for the rows that each belongs to.
void add_edge(std::vector<Tally>& tallies, uint32_t row_i, uint32_t row_j, double squares) {
  if (row_i != row_j) {
    tallies[row_i].squares.edges += squares;
    tallies[row_j].squares.edges += squares;
  }
}

bool is_worth_a_row(const Tally& tally) {
  return tally.total_ns > 0 || !tally.called_wait_ns.empty() ||
         std::any_of(tally.wait_ns.begin(), tally.wait_ns.end(), [](double ns) { return ns > 0; });
}

Cost cost_of(const Tally& tally, const Population& population) {
  Cost cost;
  cost.self = share_of(tally.self_ns, tally.squares, population);
  cost.total_share = population.weight > 0 ? tally.total_ns / population.weight : 0;
  cost.self_cpu_s = tally.self_ns * kSecondsPerNs;
  cost.total_cpu_s = tally.total_ns * kSecondsPerNs;
  for (size_t side = 0; side < kSideCount; ++side) {
    cost.split_s[side] = tally.split_ns[side] * kSecondsPerNs;
  }
  for (size_t kind = 0; kind < kSleepCount; ++kind) {
    cost.wait_s[kind] = tally.wait_ns[kind] * kSecondsPerNs;
  }
  cost.sample_count = tally.sample_count;
  cost.native_in_call_s = tally.native_ns[static_cast<size_t>(Charge::InCall)] * kSecondsPerNs;
  cost.native_started_s = tally.native_ns[static_cast<size_t>(Charge::Started)] * kSecondsPerNs;
  return cost;
}

/// Gives every distinct key the next index.
template <class Key>
class Numbering {
 public:
  uint32_t index_of(const Key& key) {
    const auto [at, is_new] = index_.try_emplace(key, static_cast<uint32_t>(keys_.size()));
    if (is_new) {
      keys_.push_back(key);
    }
    return at->second;
  }
  const std::vector<Key>& keys() const { return keys_; }

 private:
  std::map<Key, uint32_t> index_;
  std::vector<Key> keys_;
};

using LineKey = std::tuple<uint32_t, int32_t>;  // function, line
using GroupKey = std::tuple<OriginKind, std::string>;
using SpotKey = std::tuple<uint32_t, int32_t, int32_t, int32_t, int32_t, uint32_t,
                           pyread::OpcodeMeaning>;  // function, position, native, instruction

/// A frame's rows. The row after the last is `outside`: native code without any Python frame.
struct FrameRows {
  uint32_t function, line, group;
};

class Builder {
 public:
  explicit Builder(const Recording& recording) : recording_(recording) {
    number_stacks();
    functions_.resize(recording_.functions.size() + 1);
    lines_.resize(line_numbers_.keys().size() + 1);
    groups_.resize(group_numbers_.keys().size() + 1);
  }

  Profile build() {
    for (size_t i = 0; i < recording_.samples.size(); ++i) {
      add_sample(i);
    }
    for (const Wait& wait : recording_.waits) {
      add_wait(wait);
    }
    Profile profile;
    profile.wall_s = static_cast<double>(recording_.wall_ns) * kSecondsPerNs;
    profile.sampled_cpu_s = population_.weight * kSecondsPerNs;
    profile.sample_count = population_.count;
    profile.effective_count = population_.effective_count();
    profile.outside = cost_of(functions_.back(), population_);
    profile.collecting = cost_of(collecting_, population_);
    fill_functions(profile);
    fill_lines(profile);
    fill_groups(profile);
    fill_spots(profile);
    return profile;
  }

 private:
  void number_stacks() {
    group_of_function_.reserve(recording_.functions.size());
    for (const Function& function : recording_.functions) {
      Origin origin = origin_of(function.file, recording_.string_is_own);
      group_of_function_.push_back(group_numbers_.index_of({origin.kind, origin.name}));
    }
    stack_rows_.resize(recording_.stacks.size());
    for (size_t s = 0; s < recording_.stacks.size(); ++s) {
      for (const Frame& frame : recording_.stacks[s]) {
        CHECK(frame.function_idx < recording_.functions.size(), "frame of function {} of {}", frame.function_idx,
              recording_.functions.size());
        stack_rows_[s].push_back({frame.function_idx, line_numbers_.index_of({frame.function_idx, line_of(frame)}),
                                  group_of_function_[frame.function_idx]});
      }
    }
  }

  /// Code without a line is the function's set-up: its first line.
  int32_t line_of(const Frame& frame) const {
    return frame.position.line >= 0 ? frame.position.line : recording_.functions[frame.function_idx].first_line;
  }

  FrameRows leaf_rows(const Sample& sample) const {
    const auto& rows = stack_rows_[sample.stack_idx];
    return rows.empty() ? outside_rows() : rows.front();
  }

  FrameRows outside_rows() const {
    return {static_cast<uint32_t>(functions_.size() - 1), static_cast<uint32_t>(lines_.size() - 1),
            static_cast<uint32_t>(groups_.size() - 1)};
  }

  void add_sample(size_t i) {
    const Sample& sample = recording_.samples[i];
    CHECK(sample.stack_idx < stack_rows_.size(), "stack {} of {}", sample.stack_idx, stack_rows_.size());
    const double weight = weight_of(sample);
    population_.weight += weight;
    population_.weight_squares += weight * weight;
    population_.drawn_squares += sample.elapsed ? 0 : weight * weight;
    ++population_.count;

    const FrameRows leaf = leaf_rows(sample);
    add_self(functions_[leaf.function], sample);
    add_self(lines_[leaf.line], sample);
    add_self(groups_[leaf.group], sample);
    for (const FrameRows& rows : stack_rows_[sample.stack_idx]) {
      add_total(functions_[rows.function], sample, i);
      add_total(lines_[rows.line], sample, i);
      add_total(groups_[rows.group], sample, i);
    }
    add_called(sample);
    add_spot(sample);
    if (sample.collecting) {
      add_self(collecting_, sample);
    }

    if (sample.elapsed && i > 0 && recording_.samples[i - 1].thread_idx == sample.thread_idx) {
      const Sample& before = recording_.samples[i - 1];
      const FrameRows other = leaf_rows(before);
      const double squares = weight * weight + weight_of(before) * weight_of(before);
      add_edge(functions_, other.function, leaf.function, squares);
      add_edge(lines_, other.line, leaf.line, squares);
      add_edge(groups_, other.group, leaf.group, squares);
      if (sample.collecting != before.collecting) {
        collecting_.squares.edges += squares;
      }
    }
  }

  void add_wait(const Wait& wait) {
    const auto& rows = stack_rows_[wait.stack_idx];
    const FrameRows leaf = rows.empty() ? outside_rows() : rows.front();
    const auto ns = static_cast<double>(wait.duration_ns);
    functions_[leaf.function].wait_ns[static_cast<size_t>(wait.kind)] += ns;
    lines_[leaf.line].wait_ns[static_cast<size_t>(wait.kind)] += ns;
    groups_[leaf.group].wait_ns[static_cast<size_t>(wait.kind)] += ns;
    if (const CallSite site = call_site(rows); site.found) {
      functions_[site.caller.function].called_wait_ns[site.called_group] += ns;
      lines_[site.caller.line].called_wait_ns[site.called_group] += ns;
    }
  }

  /// The innermost own frame of a stack whose top is not own code, and what it called.
  struct CallSite {
    bool found = false;
    FrameRows caller{};
    uint32_t called_group = 0;
  };
  CallSite call_site(const std::vector<FrameRows>& rows) const {
    for (size_t depth = 0; depth < rows.size(); ++depth) {
      if (std::get<OriginKind>(group_numbers_.keys()[rows[depth].group]) == OriginKind::Own) {
        return depth == 0 ? CallSite{} : CallSite{true, rows[depth], rows[depth - 1].group};
      }
    }
    return {};
  }

  void add_called(const Sample& sample) {
    if (const CallSite site = call_site(stack_rows_[sample.stack_idx]); site.found) {
      functions_[site.caller.function].called_ns[site.called_group] += weight_of(sample);
      lines_[site.caller.line].called_ns[site.called_group] += weight_of(sample);
    }
  }

  Called called_of(const Tally& tally) const {
    Called called;
    double most_ns = 0;
    const auto consider = [&](uint32_t group, double ns) {
      if (ns > most_ns) {
        most_ns = ns;
        const auto& [kind, name] = group_numbers_.keys()[group];
        called.through = {kind, name};
      }
    };
    for (const auto& [group, ns] : tally.called_ns) {
      called.cpu_s += ns * kSecondsPerNs;
      consider(group, ns);
    }
    for (const auto& [group, ns] : tally.called_wait_ns) {
      called.wait_s += ns * kSecondsPerNs;
      if (called.cpu_s <= 0) {
        consider(group, ns);
      }
    }
    return called;
  }

  void add_spot(const Sample& sample) {
    const auto& stack = recording_.stacks[sample.stack_idx];
    if (stack.empty() || sample.charge != Charge::Own) {
      return;
    }
    const Position& p = stack.front().position;
    add_self(spots_[{stack.front().function_idx, p.line, p.column, p.end_line, p.end_column, sample.native_idx,
                     sample.opcode}],
             sample);
  }

  void fill_functions(Profile& profile) {
    const std::vector<double> solo_s = solo_wall_s(recording_);
    std::vector<uint32_t> order;
    for (uint32_t f = 0; f < recording_.functions.size(); ++f) {
      if (is_worth_a_row(functions_[f])) {
        order.push_back(f);
      }
    }
    std::stable_sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) {
      return std::tie(functions_[a].self_ns, functions_[a].total_ns) >
             std::tie(functions_[b].self_ns, functions_[b].total_ns);
    });
    row_of_function_.assign(recording_.functions.size(), 0);
    for (const uint32_t f : order) {
      row_of_function_[f] = static_cast<uint32_t>(profile.functions.size());
      profile.functions.push_back(
          {recording_.functions[f], origin_of(recording_.functions[f].file, recording_.string_is_own),
           cost_of(functions_[f], population_), called_of(functions_[f]), ceiling_of(profile.wall_s, solo_s[f])});
    }
  }

  void fill_lines(Profile& profile) const {
    for (uint32_t l = 0; l < line_numbers_.keys().size(); ++l) {
      if (is_worth_a_row(lines_[l])) {
        const auto [function, line] = line_numbers_.keys()[l];
        profile.lines.push_back(
            {row_of_function_[function], line, cost_of(lines_[l], population_), called_of(lines_[l])});
      }
    }
    std::stable_sort(profile.lines.begin(), profile.lines.end(), [](const LineRow& a, const LineRow& b) {
      return std::tie(a.cost.self_cpu_s, a.cost.total_cpu_s) > std::tie(b.cost.self_cpu_s, b.cost.total_cpu_s);
    });
  }

  void fill_groups(Profile& profile) const {
    for (uint32_t g = 0; g < group_numbers_.keys().size(); ++g) {
      if (!is_worth_a_row(groups_[g])) {
        continue;
      }
      const auto& [kind, name] = group_numbers_.keys()[g];
      GroupRow row{{kind, name}, cost_of(groups_[g], population_), 0};
      // Functions are sorted by self time, so the first of the group is its heaviest.
      for (uint32_t f = 0; f < profile.functions.size(); ++f) {
        if (profile.functions[f].origin == row.origin) {
          row.heaviest_function_row = f;
          break;
        }
      }
      profile.groups.push_back(std::move(row));
    }
    std::stable_sort(profile.groups.begin(), profile.groups.end(), [](const GroupRow& a, const GroupRow& b) {
      const bool a_other = a.origin.kind != OriginKind::Own;
      const bool b_other = b.origin.kind != OriginKind::Own;
      return a_other != b_other ? b_other : a.cost.self_cpu_s > b.cost.self_cpu_s;
    });
  }

  void fill_spots(Profile& profile) const {
    for (const auto& [key, tally] : spots_) {
      const auto [function, line, column, end_line, end_column, native, opcode] = key;
      const Cost cost = cost_of(tally, population_);
      profile.spots.push_back({row_of_function_[function], Position{line, end_line, column, end_column},
                               recording_.natives[native], opcode, cost.self_cpu_s, cost.split_s, tally.sample_count});
    }
    std::stable_sort(profile.spots.begin(), profile.spots.end(),
                     [](const SpotRow& a, const SpotRow& b) { return a.self_cpu_s > b.self_cpu_s; });
  }

  const Recording& recording_;
  Population population_;
  Numbering<LineKey> line_numbers_;
  Numbering<GroupKey> group_numbers_;
  std::vector<uint32_t> group_of_function_;
  std::vector<std::vector<FrameRows>> stack_rows_;
  std::vector<Tally> functions_, lines_, groups_;
  Tally collecting_;
  std::map<SpotKey, Tally> spots_;
  std::vector<uint32_t> row_of_function_;
};

}  // namespace

Profile build_profile(const Recording& recording) { return Builder(recording).build(); }

}  // namespace hasten::profile
