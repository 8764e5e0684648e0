// How sure a share is: 95 % intervals for weighted samples taken at regular times within one run.
//
// The share of a group A is p = sum of the weights of its samples / sum of all weights. Weights vary,
// because the kernel time of a thread is carried by the samples beside it, so p is a ratio and its
// error that of e_i = w_i (1[i in A] - p). A binomial formula would be wrong twice: it takes every
// weight as equal, and it takes every sample as drawn by lot although they come at even times, which
// makes the share of a long phase far better known than that of an inner loop.
// Method: variance by successive differences, sum (e_i - e_{i+1})^2 / 2 over neighbours in a thread,
// the standard estimator for systematic samples (Wolter, Introduction to Variance Estimation, ch. 8).
// Where neighbours are unrelated, as in a loop shorter than the sampling period, it equals the
// binomial one. The variance is turned into the number of equal samples that would have it, and
// Wilson's formula gives the interval, which stays inside [0, 1] and is never empty at 0 or 1.
// Wrong when: the program's own rhythm locks to the sampling period; the probe's jitter prevents that.
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

/// What one group needs to know about the neighbouring pairs that touch it. Pairs of a thread's
/// consecutive samples; `a` is the weight inside the group, `b` the weight outside.
struct PairSums {
  double within = 0;              ///< sum (w_i - w_j)^2 over pairs with both samples in the group
  double touched = 0;             ///< sum (w_i - w_j)^2 over pairs with at least one
  double aa = 0, ab = 0, bb = 0;  ///< sums of products over pairs with exactly one

  void add_both(double w_i, double w_j);
  void add_one(double inside, double outside);
};

/// The whole sample: all that a group's interval needs besides its own sums.
struct Population {
  double weight = 0;          ///< sum of w
  double weight_squares = 0;  ///< sum of w^2
  double pair_squares = 0;    ///< sum (w_i - w_j)^2 over all neighbouring pairs
  uint64_t count = 0;

  /// Kish's effective number of samples.
  double effective_count() const { return weight_squares > 0 ? weight * weight / weight_squares : 0; }
};

/// The share of a group that weighs `group_weight`, with its interval.
Share share_of(double group_weight, const PairSums& pairs, const Population& population);

}  // namespace hasten::profile
