#include "profile/interval.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace hasten::profile {
namespace {

// Wilson 1927 by hand: 10 of 20 gives [0.299, 0.701], 0 of 10 gives [0, 0.278].
TEST(Wilson, KnownValues) {
  const Share half = wilson(0.5, 20);
  EXPECT_NEAR(half.low, 0.2993, 5e-4);
  EXPECT_NEAR(half.high, 0.7007, 5e-4);
  const Share none = wilson(0, 10);
  EXPECT_EQ(none.low, 0);
  EXPECT_NEAR(none.high, 0.2775, 5e-4);
}

struct Drawn {
  bool inside;
  double weight;
};

Share share_of_sequence(const std::vector<Drawn>& sequence) {
  Population population;
  PairSums pairs;
  double inside_weight = 0;
  for (size_t i = 0; i < sequence.size(); ++i) {
    const auto& [inside, w] = sequence[i];
    population.weight += w;
    population.weight_squares += w * w;
    ++population.count;
    inside_weight += inside ? w : 0;
    if (i == 0) {
      continue;
    }
    const auto& [was_inside, v] = sequence[i - 1];
    population.pair_squares += (w - v) * (w - v);
    if (inside && was_inside) {
      pairs.add_both(v, w);
    } else if (inside != was_inside) {
      pairs.add_one(inside ? w : v, inside ? v : w);
    }
  }
  return share_of(inside_weight, pairs, population);
}

// How often the interval covers the truth when each sample is drawn anew, as in a loop that is short
// beside the sampling period.
double coverage(double truth, size_t sample_count, bool uneven_weights) {
  std::mt19937_64 random(20261122);
  std::bernoulli_distribution inside(truth);
  std::exponential_distribution<double> kernel(1.0);
  constexpr int kRuns = 2000;
  int covered = 0;
  for (int run = 0; run < kRuns; ++run) {
    std::vector<Drawn> sequence(sample_count);
    for (Drawn& drawn : sequence) {
      drawn = {inside(random), uneven_weights ? 1.0 + kernel(random) : 1.0};
    }
    const Share share = share_of_sequence(sequence);
    covered += share.low <= truth && truth <= share.high ? 1 : 0;
  }
  return static_cast<double>(covered) / kRuns;
}

TEST(Interval, CoversTheTruthInNinetyFivePercent) {
  for (const double truth : {0.25, 0.5, 0.75, 0.05, 0.97}) {
    for (const size_t sample_count : {300u, 2000u}) {
      for (const bool uneven : {false, true}) {
        const double got = coverage(truth, sample_count, uneven);
        EXPECT_GE(got, 0.92) << truth << " of " << sample_count << " uneven " << uneven;
        EXPECT_LE(got, 0.98) << truth << " of " << sample_count << " uneven " << uneven;
      }
    }
  }
}

// One long phase seen at even times: its edges are known to about a sample, whatever the binomial says.
TEST(Interval, APhaseIsKnownToItsEdges) {
  std::vector<Drawn> sequence(1000, {false, 1.0});
  for (size_t i = 300; i < 700; ++i) {
    sequence[i].inside = true;
  }
  const Share share = share_of_sequence(sequence);
  EXPECT_DOUBLE_EQ(share.value, 0.4);
  EXPECT_LT(share.high - share.low, 0.006);
  EXPECT_GT(share.high - share.low, 0.001);
}

TEST(Interval, EverythingSeenInsideIsNotCertainty) {
  const Share share = share_of_sequence(std::vector<Drawn>(50, {true, 1.0}));
  EXPECT_EQ(share.high, 1);
  EXPECT_NEAR(share.low, 50 / (50 + 3.84), 1e-3);
}

TEST(Interval, NoSamplesKnowNothing) {
  const Share share = share_of(0, {}, {});
  EXPECT_EQ(share.low, 0);
  EXPECT_EQ(share.high, 1);
}

}  // namespace
}  // namespace hasten::profile
