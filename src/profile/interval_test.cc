#include "profile/interval.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

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

/// A program of two parts: `period` CPU-seconds of which the first `truth` are inside, over and over.
struct Part {
  double truth;
  double period;
  bool inside_at(double t) const { return t / period - std::floor(t / period) < truth; }
};

/// Samples it at exponential gaps of mean 1 until `length`, by either kind of weight; returns the share.
Share sampled(const Part& part, double length, bool elapsed, std::mt19937_64& random) {
  std::exponential_distribution<double> gap(1.0);
  Population population;
  GroupSquares squares;
  double inside_weight = 0;
  double weight_before = 0;
  bool inside_before = false;
  for (double t = gap(random), last = 0; t < length; last = t, t += gap(random)) {
    const double weight = elapsed ? t - last : 1;
    const bool inside = part.inside_at(t);
    population.weight += weight;
    population.weight_squares += weight * weight;
    population.drawn_squares += elapsed ? 0 : weight * weight;
    inside_weight += inside ? weight : 0;
    squares.drawn += inside && !elapsed ? weight * weight : 0;
    if (elapsed && population.count > 0 && inside != inside_before) {
      squares.edges += weight * weight + weight_before * weight_before;
    }
    ++population.count;
    weight_before = weight;
    inside_before = inside;
  }
  return share_of(inside_weight, squares, population);
}

// A share needs many runs; what a sanitizer looks for shows in a few, and each takes it ten times as long.
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
constexpr int kRuns = 100;
#else
constexpr int kRuns = 1000;
#endif

/// How far a share of fewer runs than 1000 may lie beyond the bounds for these: four of its standard errors.
const double kLeeway = kRuns < 1000 ? 4 * std::sqrt(0.95 * 0.05 / kRuns) : 0;

double coverage(const Part& part, double length, bool elapsed) {
  std::mt19937_64 random(20261125);
  int covered = 0;
  for (int run = 0; run < kRuns; ++run) {
    const Share share = sampled(part, length, elapsed, random);
    covered += share.low <= part.truth && part.truth <= share.high ? 1 : 0;
  }
  return static_cast<double>(covered) / kRuns;
}

// An inner loop, a loop of some samples a turn, and one long phase after the other.
TEST(Interval, CoversTheTruthWhateverTheRhythm) {
  for (const double truth : {0.25, 0.5, 0.75, 0.05}) {
    for (const double length : {300.0, 2000.0}) {
      for (const double period : {0.1, 3.0, length / 10, length}) {
        const double got = coverage({truth, period}, length, false);
        EXPECT_GE(got, 0.92 - kLeeway) << truth << " period " << period << " of " << length;
        EXPECT_LE(got, 0.98 + kLeeway) << truth << " period " << period << " of " << length;
      }
    }
  }
}

// By elapsed time an interval may be a little wide where parts are about as long as gaps, never narrow; a long
// phase's two edges are too few to estimate a variance from, so there it is only asked to hold.
TEST(Interval, CoversTheTruthByElapsedTime) {
  for (const double truth : {0.25, 0.5, 0.75}) {
    for (const double length : {300.0, 2000.0}) {
      for (const double period : {0.1, 3.0, length / 10}) {
        const double got = coverage({truth, period}, length, true);
        EXPECT_GE(got, 0.92 - kLeeway) << truth << " period " << period << " of " << length;
      }
      EXPECT_LE(coverage({truth, 0.1}, length, true), 0.98 + kLeeway) << truth << " of " << length;
    }
  }
}

// One long phase by elapsed time: its edges are known to about a gap, whatever the binomial says.
TEST(Interval, APhaseIsKnownToItsEdges) {
  std::mt19937_64 random(7);
  const Share share = sampled({0.4, 1000}, 1000, true, random);
  EXPECT_NEAR(share.value, 0.4, 0.005);
  EXPECT_LT(share.high - share.low, 0.02);
  EXPECT_GT(share.high - share.low, 0.001);
  const Share drawn = sampled({0.4, 1000}, 1000, false, random);
  EXPECT_NEAR(drawn.high - drawn.low, 2 * 1.96 * std::sqrt(0.4 * 0.6 / 1000), 0.006);
}

TEST(Interval, EverythingSeenInsideIsNotCertainty) {
  Population population;
  population.count = 50;
  population.weight = population.weight_squares = population.drawn_squares = 50;
  const Share share = share_of(50, {50, 0}, population);
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
