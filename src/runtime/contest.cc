#include "runtime/contest.h"

#include <algorithm>
#include <cmath>

namespace hasten::runtime {
namespace {

constexpr uint32_t kPairsToLoseMin = 15, kPairsToWinMin = 7;
constexpr double kLosingScore = 3.3, kWinningScore = -2.3;  // one-sided: 1 in 2000, 1 in 100
constexpr uint64_t kFirstNativeCalls = 4;
// Where Python is usual, a wrong judgement costs little, and calls may be few and long.
constexpr uint32_t kPairsThatAgree = 4, kPairsIfGreat = 2;
constexpr double kClearWin = 0.8, kGreatWin = 0.5;
// What others had the processor for is known to some 10 us: of a call so long, its own time tells enough.
constexpr uint64_t kLongTicks = 5'000'000;
// There, less of a gain is not worth the trampoline: what the way to native code costs is known to some 10 ns only.
constexpr double kWorthwhile = 0.9;
// A version that has won is asked again, but rarely: what the program does may change.
constexpr uint64_t kAgainAfterWin = 16, kAgainAfterDraw = 8;
// What running as Python has cost more may reach this part of the time that compiling and running took.
constexpr double kCostShare = 1.0 / 256;
// CPython specialises a function's instructions in its first calls, or rounds of its loops: these do not count.
constexpr uint64_t kWarmCalls = 12;
constexpr double kWarmTicks = 1e6;  // some 400 us

}  // namespace

void PairedTimes::add(uint64_t native_ticks, uint64_t python_ticks) {
  const auto native = static_cast<double>(std::max<uint64_t>(native_ticks, 1));
  const auto python = static_cast<double>(std::max<uint64_t>(python_ticks, 1));
  logs_.push_back(std::log(native / python));
  native_sum_ += native;
  python_sum_ += python;
}

/// The normal score of Wilcoxon's sum of positive ranks of log ratio - shift: above 0, native takes longer.
double PairedTimes::signed_rank_score(double shift) const {
  std::vector<double> differences;
  for (double log : logs_) {
    differences.push_back(log - shift);
  }
  std::sort(differences.begin(), differences.end(), [](double a, double b) { return std::abs(a) < std::abs(b); });
  double positive = 0;
  for (size_t i = 0; i < differences.size(); ++i) {
    positive += differences[i] > 0 ? static_cast<double>(i + 1) : 0;
  }
  const auto n = static_cast<double>(differences.size());
  return n == 0 ? 0 : (positive - n * (n + 1) / 4) / std::sqrt(n * (n + 1) * (2 * n + 1) / 24);
}

bool PairedTimes::native_loses() const {
  return count() >= kPairsToLoseMin && native_sum_ > kLossMin * python_sum_ &&
         signed_rank_score(std::log(kLossMin)) > kLosingScore;
}

bool PairedTimes::native_wins(double most) const {
  return count() >= kPairsToWinMin && signed_rank_score(std::log(most)) < kWinningScore;
}

bool PairedTimes::all_above(uint32_t count, double least) const {
  return this->count() >= count &&
         std::all_of(logs_.begin(), logs_.end(), [&](double log) { return log > std::log(least); });
}

bool PairedTimes::all_below(uint32_t count, double most) const {
  return this->count() >= count &&
         std::all_of(logs_.begin(), logs_.end(), [&](double log) { return log < std::log(most); });
}

double PairedTimes::ratio() const {
  if (logs_.empty()) {
    return 0;
  }
  std::vector<double> sorted = logs_;
  std::sort(sorted.begin(), sorted.end());
  const size_t n = sorted.size();
  return std::exp((sorted[(n - 1) / 2] + sorted[n / 2]) / 2);
}

uint64_t Contest::draw(uint64_t below) {
  random_ ^= random_ << 13;
  random_ ^= random_ >> 7;
  random_ ^= random_ << 17;
  return (random_ >> 20) % below;
}

void Contest::resume() {
  if (state_ == State::Kept) {
    pairs_ = {};
    native_count_ = 0, native_sum_ = 0;  // calls may have become longer; what Python has cost is remembered
  }
  state_ = State::Open;
  block_ = position_ = 0;
}

/// Whether one more call may run as Python. If not, the contest rests until enough has run natively.
bool Contest::may_cost(uint64_t call) {
  const double native = native_sum_ / static_cast<double>(native_count_);
  double next = native * (2 * std::max(0.0, expected_gain_ - 1) + 0.25);
  if (python_count_ > 0) {
    next = std::max(0.0, python_sum_ / static_cast<double>(python_count_) - native);
  }
  const double wanted = (excess_ + next) / kCostShare - static_cast<double>(compile_ticks_);
  if (wanted <= native * static_cast<double>(call)) {
    return true;
  }
  const double more = std::min(1e15, wanted / std::max(1.0, native));
  resume_at_ = std::max(call + 1, static_cast<uint64_t>(more));
  state_ = State::Resting;
  return false;
}

void Contest::begin_block() {
  position_ = 0;
  native_ticks_ = python_ticks_ = 0;
  broken_ = false;
  block_ = python_is_usual_ ? 2 : 4;
  if (is_warm_ && !python_is_usual_) {
    const double ratio = pairs_.ratio();
    block_ = pairs_.count() < 3 ? 8 : ratio > 1 ? 2 : 16;
  }
  native_at_ = 1 + static_cast<uint32_t>(draw(block_));
  python_at_ = 1 + static_cast<uint32_t>(draw(block_ - 1));
  python_at_ += python_at_ >= native_at_;
}

bool Contest::admits(const std::vector<uint64_t>& sizes) {
  for (size_t i = 0; i < sizes.size(); ++i) {
    if (!python_is_usual_ && sizes[i] > 2 * (i < largest_.size() ? largest_[i] : 0) + 1) {
      position_ = block_;  // the pair is drawn anew
      return false;
    }
  }
  return true;
}

Contest::Turn Contest::next(uint64_t call) {
  call_ = call;
  if (native_count_ < kFirstNativeCalls && !python_is_usual_) {
    return Turn::Native;
  }
  if (position_ == block_) {
    if (!python_is_usual_ && !may_cost(call)) {
      return Turn::Untimed;
    }
    begin_block();
  }
  ++position_;
  if (position_ == native_at_) {
    return Turn::Native;
  }
  return position_ == python_at_ ? Turn::Python : Turn::Untimed;
}

void Contest::ran_natively(uint64_t ticks, const std::vector<uint64_t>& sizes, bool was_interrupted) {
  if (broken_ || (was_interrupted && ticks < kLongTicks)) {
    broken_ = false;
    position_ = block_;
    return;
  }
  ++native_count_;
  native_sum_ += static_cast<double>(ticks);
  largest_.resize(sizes.size());
  for (size_t i = 0; i < sizes.size(); ++i) {
    largest_[i] = std::max(largest_[i], sizes[i]);
  }
  native_ticks_ = ticks;
  end_block();
}

void Contest::ran_as_python(uint64_t ticks, bool was_interrupted) {
  if (!python_is_usual_) {
    const double native = native_sum_ / static_cast<double>(native_count_);
    excess_ += std::max(0.0, static_cast<double>(ticks) - native);
  }
  if (broken_ || (was_interrupted && ticks < kLongTicks)) {
    broken_ = false;
    position_ = block_;
    return;
  }
  ++python_count_;
  python_sum_ += static_cast<double>(ticks);
  longest_python_ = std::max(longest_python_, ticks);
  if (is_warm_) {
    python_ticks_ = ticks;
    end_block();
  } else if (python_count_ >= kWarmCalls || python_sum_ >= kWarmTicks) {
    is_warm_ = true;
    python_sum_ = static_cast<double>(ticks), python_count_ = 1;
    position_ = block_;
  }
}

void Contest::end_block() {
  if (native_ticks_ == 0 || python_ticks_ == 0) {
    return;
  }
  pairs_.add(native_ticks_, python_ticks_);
  native_ticks_ = python_ticks_ = 0;
  if (has_lost()) {
    state_ = State::Lost;
  } else if (has_won()) {
    settle(State::Kept, kAgainAfterWin);
  } else if (pairs_.count() >= PairedTimes::kPairsMax) {
    settle(State::Kept, kAgainAfterDraw);
  }
}

bool Contest::has_lost() const {
  if (pairs_.native_loses()) {
    return true;
  }
  const bool agree = python_is_usual_ && pairs_.all_above(kPairsThatAgree, PairedTimes::kLossMin);
  return must_win_ && (agree || (pairs_.count() >= PairedTimes::kPairsMax && !has_won()));
}

bool Contest::has_won() const {
  return pairs_.native_wins(must_win_ ? kWorthwhile : 1.0) ||
         (python_is_usual_ &&
          (pairs_.all_below(kPairsThatAgree, kClearWin) || pairs_.all_below(kPairsIfGreat, kGreatWin)));
}

void Contest::settle(State state, uint64_t call_factor) {
  state_ = state;
  resume_at_ = call_ * call_factor;
  python_is_usual_ = false;
}

}  // namespace hasten::runtime
