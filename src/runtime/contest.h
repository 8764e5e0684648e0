// Whether native code pays, found out on the program's own calls: some run natively, some as Python, each by one of
// the two alone, so that what a call does happens once.
//
// Calls differ in their arguments, so two heaps of times say nothing. They are drawn in pairs that stand close together,
// and which of the two runs as Python is random: whatever makes calls long falls on both sides alike. The judgement is
// a signed-rank test over the pairs (Wilcoxon 1945), which a few interrupted calls do not sway.
//
// Numbers only: nothing here knows Python.
#pragma once

#include <cstdint>
#include <vector>

namespace hasten::runtime {

/// Times of calls in pairs, in ticks of whatever clock.
class PairedTimes {
 public:
  static constexpr uint32_t kPairsMax = 64;
  static constexpr double kLossMin = 1.05;  ///< native code that is slower by less stays

  void add(uint64_t native_ticks, uint64_t python_ticks);
  uint32_t count() const { return static_cast<uint32_t>(logs_.size()); }
  /// Native loses by more than kLossMin, beyond doubt: one such verdict in some thousand is by chance. Also the sums
  /// say so: many short calls must not decide against a few long ones.
  bool native_loses() const;
  /// Native takes less than `most` of Python's time, in all likelihood.
  bool native_wins(double most) const;
  /// Whether there are at least `count` pairs and each has a ratio of native / Python above `least` (below `most`).
  bool all_above(uint32_t count, double least) const;
  bool all_below(uint32_t count, double most) const;
  /// The median of native / Python; 0 without pairs.
  double ratio() const;

 private:
  double signed_rank_score(double shift) const;

  std::vector<double> logs_;  ///< of native / Python
  double native_sum_ = 0, python_sum_ = 0;
};

/// The contest of one native version. `begin()` starts or resumes it at a call's number; each call asks next() whose turn
/// it is, and reports its time.
class Contest {
 public:
  enum class Turn : uint8_t {
    Untimed,  ///< natively
    Native,   ///< natively: report with ran_natively()
    Python,   ///< report with ran_as_python()
  };
  enum class State : uint8_t {
    Open,
    Resting,  ///< what it may cost is used up: go on at resume_at()
    Kept,     ///< native code wins, or neither: again at resume_at()
    Lost,     ///< drop it
  };

  /// expected_gain: how many times faster the compiler takes the version to be; compile_ticks: what it cost.
  /// python_is_usual: nobody asked for native code. Then every second call runs as Python until the first judgement, which
  /// needs few pairs if they agree, and what does not win loses.
  Contest(double expected_gain, uint64_t compile_ticks, uint64_t seed, bool python_is_usual = false)
      : expected_gain_(expected_gain),
        compile_ticks_(compile_ticks),
        random_(seed | 1),
        is_warm_(python_is_usual),
        python_is_usual_(python_is_usual),
        must_win_(python_is_usual) {}

  /// Of the call with this number (from 1).
  Turn next(uint64_t call);
  /// Whether a call with arguments of these sizes may take the turn of Python. False if one is much larger than any that
  /// ran natively: it takes the turn natively then.
  bool admits(const std::vector<uint64_t>& sizes);
  /// was_interrupted: others had the processor meanwhile; `ticks` are its own alone. Then a short call does not count.
  void ran_natively(uint64_t ticks, const std::vector<uint64_t>& sizes, bool was_interrupted = false);
  /// Likewise, but what it has cost counts.
  void ran_as_python(uint64_t ticks, bool was_interrupted = false);
  /// The call was compiled in, or landed: it does not count.
  void disturbed() { broken_ = true; }

  State state() const { return state_; }
  uint64_t resume_at() const { return resume_at_; }
  void resume();
  const PairedTimes& pairs() const { return pairs_; }
  uint64_t longest_python() const { return longest_python_; }

 private:
  bool may_cost(uint64_t call);
  void begin_block();
  void end_block();
  bool has_lost() const;
  bool has_won() const;
  void settle(State state, uint64_t call_factor);
  uint64_t draw(uint64_t below);

  double expected_gain_;
  uint64_t compile_ticks_;
  uint64_t random_;
  State state_ = State::Open;
  uint64_t call_ = 0, resume_at_ = 0;
  uint32_t block_ = 0, position_ = 0, native_at_ = 0, python_at_ = 0;
  uint64_t native_ticks_ = 0, python_ticks_ = 0;  ///< of this block; 0: not yet
  bool broken_ = false;
  bool is_warm_, python_is_usual_, must_win_;
  uint64_t native_count_ = 0, python_count_ = 0;
  double native_sum_ = 0, python_sum_ = 0, excess_ = 0;
  uint64_t longest_python_ = 0;
  std::vector<uint64_t> largest_;
  PairedTimes pairs_;
};

}  // namespace hasten::runtime
