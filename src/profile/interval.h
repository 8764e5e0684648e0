// How sure a share is: 95 % intervals for weighted samples taken at random times within one run.
//
// The share of a group A is p = sum of the weights of its samples / sum of all weights. What chance does to it depends on
// what a weight is, and so on the clock (probe/gaps.h: exponential gaps):
//
//   drawn        every sample counts for the mean gap (perf clock). The number of samples in any stretch is Poisson, so a
//                long phase is known no better than an inner loop: the error of the ratio is that of
//                e_i = w_i (1[i in A] - p), variance sum e_i^2; with equal weights, the binomial one.
//   elapsed      every sample counts for the time since the one before it (thread clocks). All time is accounted for
//                whatever the gaps were; only where neighbours differ is it open to whom the time between them
//                belongs. Variance by successive differences of the indicator: sum (w_i^2 + w_{i+1}^2) / 4 over
//                neighbours of which one is in A (Wolter, Introduction to Variance Estimation, ch. 8). In a loop shorter
//                than the gaps that is twice the binomial one, in a long phase nearly nothing.
//
// Where a recording has both, the larger counts. The variance is turned into the number of equal samples that would
// have it, and Wilson's formula gives the interval, which stays inside [0, 1] and is never empty at 0 or 1.
#pragma once

#include <cstdint>

namespace hasten::profile {

struct Share {
  double value = 0;
  double low = 0;  ///< 95 %, within this run
  double high = 0;
};

/// Wilson's 95 % interval for a share seen in `effective_count` equal samples (need not be whole).
Share wilson(double share, double effective_count);

/// What one group's interval needs besides its weight.
struct GroupSquares {
  double drawn = 0;  ///< sum of w^2 over its samples of the first kind
  double edges = 0;  ///< sum of w_i^2 + w_j^2 over neighbours of the second kind of which one is inside
};

/// The whole sample: all that a group's interval needs besides its own sums.
struct Population {
  double weight = 0;          ///< sum of w
  double weight_squares = 0;  ///< sum of w^2
  double drawn_squares = 0;   ///< of that, of samples that count for the mean gap
  uint64_t count = 0;

  /// Kish's effective number of samples.
  double effective_count() const { return weight_squares > 0 ? weight * weight / weight_squares : 0; }
};

/// The share of a group that weighs `group_weight`, with its interval.
Share share_of(double group_weight, const GroupSquares& squares, const Population& population);

}  // namespace hasten::profile
