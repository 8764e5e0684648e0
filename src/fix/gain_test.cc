#include "fix/gain.h"

#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace hasten::fix {
namespace {

TEST(StudentT, AgreesWithTables) {
  EXPECT_NEAR(student_t_975(1), 12.706, 1e-3);
  EXPECT_NEAR(student_t_975(10), 2.228, 1e-3);
  EXPECT_NEAR(student_t_975(40), 2.0211, 1e-3);
  EXPECT_NEAR(student_t_975(120), 1.9799, 1e-3);
}

TEST(Prediction, IsAmdahlsLaw) {
  const Prediction half = predict_gain(0.5, 2, 10);
  EXPECT_NEAR(half.low, 4.0 / 3, 1e-12);
  EXPECT_NEAR(half.high, 1 / 0.55, 1e-12);
  EXPECT_DOUBLE_EQ(ceiling_of_share(0.9), 10);
  EXPECT_TRUE(std::isinf(ceiling_of_share(1.0)));
  EXPECT_DOUBLE_EQ(ceiling_of_share(-0.1), 1);
}

TEST(GainOfRuns, EqualRatiosGiveAPointInterval) {
  const Gain gain = gain_of_runs(std::vector{2.0, 4.0, 8.0}, std::vector{1.0, 2.0, 4.0}, 1).value();
  EXPECT_DOUBLE_EQ(gain.ratio, 2);
  EXPECT_NEAR(gain.low, 2, 1e-12);
  EXPECT_NEAR(gain.high, 2, 1e-12);
}

TEST(GainOfRuns, OnePairProvesNothing) {
  const Gain gain = gain_of_runs(std::vector{9.0}, std::vector{1.0}, 1).value();
  EXPECT_DOUBLE_EQ(gain.ratio, 9);
  EXPECT_EQ(gain.low, 0);
  EXPECT_TRUE(std::isinf(gain.high));
}

TEST(GainOfRuns, RefusesWhatIsNoPair) {
  EXPECT_FALSE(gain_of_runs({}, {}, 1).ok());
  EXPECT_FALSE(gain_of_runs(std::vector{1.0}, std::vector{1.0, 2.0}, 1).ok());
  EXPECT_FALSE(gain_of_runs(std::vector{1.0}, std::vector{0.0}, 1).ok());
  EXPECT_FALSE(gain_of_calls(std::vector{std::nan("")}, std::vector{1.0}).ok());
}

// A share needs many comparisons; what a sanitizer looks for shows in a few, and each takes it ten times as long.
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
constexpr int kComparisons = 100;
#else
constexpr int kComparisons = 2000;
#endif

/// Four standard errors of a share near 95 %.
const double kLeeway = 4 * std::sqrt(0.95 * 0.05 / kComparisons);

/// Share of the simulated comparisons of a true gain whose 95 % interval covers it.
template <class Noise>
double coverage(std::size_t pair_count, double true_gain, Noise noise) {
  std::mt19937_64 dice(20261122);
  int covered = 0;
  std::vector<double> before(pair_count);
  std::vector<double> after(pair_count);
  for (int i = 0; i < kComparisons; ++i) {
    for (std::size_t j = 0; j < pair_count; ++j) {
      before[j] = true_gain * std::exp(noise(dice));
      after[j] = std::exp(noise(dice));
    }
    const Gain gain = gain_of_runs(before, after, static_cast<std::uint64_t>(i)).value();
    covered += gain.low <= true_gain && true_gain <= gain.high;
  }
  return covered / static_cast<double>(kComparisons);
}

TEST(GainOfRuns, IntervalsCoverTheTruthUnderNormalNoise) {
  std::normal_distribution<double> normal(0, 0.05);
  for (std::size_t pair_count : {3u, 5u, 8u, 15u}) {
    const double share = coverage(pair_count, 1.3, [&](auto& dice) { return normal(dice); });
    EXPECT_GE(share, 0.95 - kLeeway) << pair_count << " pairs";
    EXPECT_LE(share, 0.96 + kLeeway) << pair_count << " pairs";
  }
}

TEST(GainOfRuns, IntervalsCoverTheTruthOnABusyMachine) {
  // Now and then a run is held up by a neighbour: only ever slower, so the noise is skewed.
  std::normal_distribution<double> normal(0, 0.02);
  std::exponential_distribution<double> held_up(5);
  std::bernoulli_distribution neighbour(0.3);
  for (std::size_t pair_count : {3u, 6u, 10u}) {
    const double share =
        coverage(pair_count, 1.05, [&](auto& dice) { return normal(dice) + (neighbour(dice) ? held_up(dice) : 0); });
    EXPECT_GE(share, 0.94 - kLeeway) << pair_count << " pairs";
  }
}

TEST(GainOfCalls, WeighsCallsByTheirTime) {
  // A long call that doubled in speed outweighs short ones that did not change.
  const Gain gain = gain_of_calls(std::vector{1000.0, 1.0, 1.0}, std::vector{500.0, 1.0, 1.0}).value();
  EXPECT_NEAR(gain.ratio, 1002.0 / 502, 1e-12);
  EXPECT_LT(gain.low, gain.ratio);
  EXPECT_GT(gain.high, gain.ratio);
}

TEST(GainOfCalls, EqualRatiosGiveAPointInterval) {
  const Gain gain = gain_of_calls(std::vector{30.0, 3.0, 9.0}, std::vector{10.0, 1.0, 3.0}).value();
  EXPECT_NEAR(gain.low, 3, 1e-9);
  EXPECT_NEAR(gain.high, 3, 1e-9);
}

}  // namespace
}  // namespace hasten::fix
