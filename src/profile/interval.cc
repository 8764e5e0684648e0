#include "profile/interval.h"

#include <algorithm>
#include <cmath>

namespace hasten::profile {
namespace {
constexpr double kZ95 = 1.959963984540054;
}  // namespace

Share wilson(double share, double effective_count) {
  if (effective_count <= 0) {
    return {share, 0, 1};
  }
  const double z2 = kZ95 * kZ95;
  const double n = effective_count;
  const double scale = 1 / (1 + z2 / n);
  const double centre = (share + z2 / (2 * n)) * scale;
  const double half = kZ95 * std::sqrt(share * (1 - share) / n + z2 / (4 * n * n)) * scale;
  // At 0 and 1 the bound is the share itself; rounding must not put it a hair outside.
  return {share, std::clamp(std::min(centre - half, share), 0.0, 1.0),
          std::clamp(std::max(centre + half, share), 0.0, 1.0)};
}

void PairSums::add_both(double w_i, double w_j) {
  const double d = (w_i - w_j) * (w_i - w_j);
  within += d;
  touched += d;
}

void PairSums::add_one(double inside, double outside) {
  touched += (inside - outside) * (inside - outside);
  aa += inside * inside;
  ab += inside * outside;
  bb += outside * outside;
}

Share share_of(double group_weight, const PairSums& pairs, const Population& population) {
  if (population.weight <= 0) {
    return {0, 0, 1};
  }
  const double p = std::clamp(group_weight / population.weight, 0.0, 1.0);
  const double q = 1 - p;
  const double kish = population.effective_count();
  if (p <= 0 || q <= 0) {
    return wilson(p, kish);
  }
  // e differs by (w_i - w_j) q inside the group, by (w_i - w_j) p outside it, by a q + b p across its edge.
  const double outside = std::max(0.0, population.pair_squares - pairs.touched);
  const double squares =
      pairs.within * q * q + outside * p * p + pairs.aa * q * q + 2 * pairs.ab * p * q + pairs.bb * p * p;
  const double mean_weight = population.weight / static_cast<double>(population.count);
  // However regular the run, the edges of a phase are known to a sample's length at best.
  const double variance = std::max(squares / 2, mean_weight * mean_weight) / (population.weight * population.weight);
  return wilson(p, p * q / variance);
}

}  // namespace hasten::profile
