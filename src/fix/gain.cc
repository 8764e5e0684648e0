#include "fix/gain.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include <fmt/format.h>

namespace hasten::fix {
namespace {

constexpr std::size_t kBootstrapFrom = 8;
constexpr int kResampleCount = 4000;

struct Moments {
  double mean = 0;
  double standard_error = 0;
};

Moments moments_of(std::span<const double> values) {
  const auto count = static_cast<double>(values.size());
  double sum = 0;
  for (double v : values) sum += v;
  const double mean = sum / count;
  double squares = 0;
  for (double v : values) squares += (v - mean) * (v - mean);
  return {mean, values.size() < 2 ? 0 : std::sqrt(squares / (count - 1) / count)};
}

Result<void> check_times(std::span<const double> before, std::span<const double> after) {
  if (before.empty() || before.size() != after.size()) {
    return Error{"fix.pairs", fmt::format("{} times before and {} after are no pairs", before.size(), after.size()),
                 ""};
  }
  for (std::span<const double> times : {before, after}) {
    for (double t : times) {
      if (!(t > 0) || !std::isfinite(t))
        return Error{"fix.time", fmt::format("{} is not a time", t), ""};
    }
  }
  return {};
}

/// Quantile of an ascending sample, between its points.
double quantile(const std::vector<double>& sorted, double p) {
  const double at = p * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(at);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (at - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

/// The 95 % interval of the mean by a studentized bootstrap.
std::pair<double, double> bootstrap_interval(std::span<const double> values, const Moments& whole, std::uint64_t seed) {
  std::mt19937_64 dice(seed);
  std::uniform_int_distribution<std::size_t> pick(0, values.size() - 1);
  std::vector<double> resample(values.size());
  std::vector<double> pivots;
  pivots.reserve(kResampleCount);
  for (int round = 0; round < kResampleCount; ++round) {
    for (double& value : resample) value = values[pick(dice)];
    const Moments part = moments_of(resample);
    // A resample of one repeated value has no spread; its pivot is unbounded and says nothing.
    if (part.standard_error > 1e-3 * whole.standard_error) {
      pivots.push_back((part.mean - whole.mean) / part.standard_error);
    }
  }
  std::sort(pivots.begin(), pivots.end());
  return {whole.mean - quantile(pivots, 0.975) * whole.standard_error,
          whole.mean - quantile(pivots, 0.025) * whole.standard_error};
}

}  // namespace

double student_t_975(std::size_t degrees) {
  CHECK(degrees >= 1, "Student's t needs a degree of freedom, got {}", degrees);
  constexpr std::array<double, 30> kTable{12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228,
                                          2.201,  2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086,
                                          2.080,  2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042};
  if (degrees <= kTable.size())
    return kTable[degrees - 1];
  // Cornish-Fisher around the normal quantile z; exact to 4 digits from 30 degrees on.
  constexpr double z = 1.959964;
  const auto n = static_cast<double>(degrees);
  return z + (z * z * z + z) / (4 * n) + (5 * std::pow(z, 5) + 16 * z * z * z + 3 * z) / (96 * n * n);
}

Result<Gain> gain_of_runs(std::span<const double> before_s, std::span<const double> after_s, std::uint64_t seed) {
  if (auto ok = check_times(before_s, after_s); !ok)
    return ok.error();
  std::vector<double> logs(before_s.size());
  for (std::size_t i = 0; i < logs.size(); ++i) logs[i] = std::log(before_s[i] / after_s[i]);
  const Moments whole = moments_of(logs);
  Gain gain{std::exp(whole.mean), 0, std::numeric_limits<double>::infinity(), logs.size()};
  if (logs.size() < 2)
    return gain;
  double low = whole.mean;
  double high = whole.mean;
  if (whole.standard_error > 0) {
    const double half = student_t_975(logs.size() - 1) * whole.standard_error;
    low = whole.mean - half;
    high = whole.mean + half;
    if (logs.size() >= kBootstrapFrom) {
      // The wider end of the two: Student's is short on skewed noise, the bootstrap on rare long delays.
      const auto [bootstrap_low, bootstrap_high] = bootstrap_interval(logs, whole, seed);
      low = std::min(low, bootstrap_low);
      high = std::max(high, bootstrap_high);
    }
  }
  gain.low = std::exp(low);
  gain.high = std::exp(high);
  return gain;
}

Result<Gain> gain_of_calls(std::span<const double> before_ns, std::span<const double> after_ns) {
  if (auto ok = check_times(before_ns, after_ns); !ok)
    return ok.error();
  double before = 0;
  double after = 0;
  for (std::size_t i = 0; i < before_ns.size(); ++i) {
    before += before_ns[i];
    after += after_ns[i];
  }
  Gain gain{before / after, 0, std::numeric_limits<double>::infinity(), before_ns.size()};
  if (before_ns.size() < 2)
    return gain;
  double squares = 0;
  for (std::size_t i = 0; i < before_ns.size(); ++i) {
    const double residual = before_ns[i] - gain.ratio * after_ns[i];
    squares += residual * residual;
  }
  const auto count = static_cast<double>(before_ns.size());
  const double relative_error = std::sqrt(squares * count / (count - 1)) / before;
  const double half = student_t_975(before_ns.size() - 1) * relative_error;
  gain.low = gain.ratio * std::exp(-half);  // on the logarithm: a gain is never below 0
  gain.high = gain.ratio * std::exp(half);
  return gain;
}

Prediction predict_gain(double share_ratio, double factor_low, double factor_high) {
  const double share = std::clamp(share_ratio, 0.0, 1.0);
  return {1 / (1 - share + share / factor_low), 1 / (1 - share + share / factor_high)};
}

double ceiling_of_share(double share_ratio) {
  return share_ratio >= 1 ? std::numeric_limits<double>::infinity() : 1 / (1 - std::max(share_ratio, 0.0));
}

}  // namespace hasten::fix
