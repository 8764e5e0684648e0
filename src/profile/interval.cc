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

Share share_of(double group_weight, const GroupSquares& squares, const Population& population) {
  if (population.weight <= 0) {
    return {0, 0, 1};
  }
  const double p = std::clamp(group_weight / population.weight, 0.0, 1.0);
  const double q = 1 - p;
  if (p <= 0 || q <= 0) {
    return wilson(p, population.effective_count());
  }
  const double others = std::max(0.0, population.drawn_squares - squares.drawn);
  const double drawn = squares.drawn * q * q + others * p * p;
  const double mean_weight = population.weight / static_cast<double>(population.count);
  // However regular the run, the edges of a phase are known to a sample's length at best.
  const double variance = std::max({drawn, squares.edges / 4, mean_weight * mean_weight});
  return wilson(p, p * q / (variance / (population.weight * population.weight)));
}

}  // namespace hasten::profile
