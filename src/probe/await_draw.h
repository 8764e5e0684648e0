// Which awaits are written. One of at least `stratum` is always, and counts for itself. Shorter ones are laid end to end and cut
// into pieces of that length; a random point in each piece draws the await that it falls into, which then counts for
// the whole piece. So sums are right, and the total of one line differs from the truth by a piece at most.
// The length of a piece follows the number of awaits written, so that writing them costs little however many there are.
#pragma once

#include <cstdint>

namespace hasten::probe {

class AwaitDraw {
 public:
  /// For how much an await counts that ended now; 0: it is not written.
  uint64_t weight(uint64_t duration_ns, uint64_t now_ns, uint64_t* random_state) {
    if (stratum_ns_ == 0 || now_ns - window_begin_ns_ >= kWindowNs) {
      begin_window(now_ns, random_state);
    }
    const uint64_t weight_ns = duration_ns >= stratum_ns_ ? duration_ns : drawn(duration_ns, random_state);
    if (weight_ns != 0 && ++written_ >= kWrittenMax) {
      set_stratum(2 * stratum_ns_, random_state);
    }
    return weight_ns;
  }

 private:
  static constexpr uint64_t kShortestStratumNs = 1'000'000;
  static constexpr uint64_t kWindowNs = 100'000'000;
  static constexpr uint32_t kWrittenMax = 400;  ///< a window: at about 0.5 us each, 0.2 % of a CPU

  void begin_window(uint64_t now_ns, uint64_t* random_state) {
    window_begin_ns_ = now_ns;
    if (stratum_ns_ == 0) {
      set_stratum(kShortestStratumNs, random_state);
    } else if (written_ < kWrittenMax / 4 && stratum_ns_ > kShortestStratumNs) {
      set_stratum(stratum_ns_ / 2, random_state);
    }
    written_ = 0;
  }

  void set_stratum(uint64_t stratum_ns, uint64_t* random_state) {
    stratum_ns_ = stratum_ns;
    written_ = 0;
    passed_ns_ = 0;
    begin_piece(random_state);
  }

  void begin_piece(uint64_t* random_state) {
    uint64_t x = *random_state;
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    *random_state = x;
    point_ns_ = (x >> 11) % stratum_ns_;
  }

  uint64_t drawn(uint64_t duration_ns, uint64_t* random_state) {
    uint64_t weight_ns = passed_ns_ <= point_ns_ && point_ns_ < passed_ns_ + duration_ns ? stratum_ns_ : 0;
    passed_ns_ += duration_ns;
    if (passed_ns_ >= stratum_ns_) {
      passed_ns_ -= stratum_ns_;
      begin_piece(random_state);
      weight_ns += point_ns_ < passed_ns_ ? stratum_ns_ : 0;
    }
    return weight_ns;
  }

  uint64_t stratum_ns_ = 0;
  uint64_t window_begin_ns_ = 0;
  uint64_t passed_ns_ = 0;  ///< of the piece
  uint64_t point_ns_ = 0;
  uint32_t written_ = 0;
};

}  // namespace hasten::probe
