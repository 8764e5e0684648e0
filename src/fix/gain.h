// How much faster: gains from paired times, with an interval that says how sure, and Amdahl's prediction.
//
// A pair is one measurement of the old and one of the new, taken side by side, so that a slow minute of the
// machine hits both. Whole-program runs are few (3 to 30): the gain is the geometric mean of the ratios
// before/after; its 95 % interval is Student's on the logarithms, widened from 8 pairs on by a studentized
// bootstrap, which follows the skew that a shared machine gives. Calls are many and unequal: their gain is
// the ratio of the sums, with Cochran's linearised variance. Wrong when: the pairs are not independent
// (a machine that gets slower with every run); the order within a pair is therefore diced by whoever measures.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/result.h"

namespace hasten::fix {

/// before/after: 2 means twice as fast. With one pair nothing is known: low is 0 and high is infinite.
struct Gain {
  double ratio = 1;
  double low = 0;
  double high = 0;
  std::size_t pair_count = 0;
};

/// Bounds of a gain before anything was measured.
struct Prediction {
  double low = 1;
  double high = 1;
};

/// Gain of whole runs. Fails if the spans differ in length, are empty, or hold a time that is not above 0.
Result<Gain> gain_of_runs(std::span<const double> before_s, std::span<const double> after_s, std::uint64_t seed);

/// Gain over calls of unequal length: sum of the times before / sum of the times after. Fails likewise.
Result<Gain> gain_of_calls(std::span<const double> before_ns, std::span<const double> after_ns);

/// The gain of a program of whose time `share_ratio` (0 to 1) becomes `factor_low` to `factor_high` times faster.
Prediction predict_gain(double share_ratio, double factor_low, double factor_high);

/// The gain of removing that share altogether; infinite from 1 on.
double ceiling_of_share(double share_ratio);

/// Student's t: the quantile of 0.975 for that many degrees of freedom. REQUIRES: degrees >= 1.
double student_t_975(std::size_t degrees);

}  // namespace hasten::fix
