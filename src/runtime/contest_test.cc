// What pairs of times decide, and what a contest may cost.
#include "runtime/contest.h"

#include <gtest/gtest.h>

namespace hasten::runtime {
namespace {

/// Wilcoxon's table: 15 pairs of one sign have a chance of 2^-15.
TEST(PairedTimes, FifteenOfOneSignLoseAndFourteenDoNot) {
  PairedTimes times;
  for (int i = 0; i < 14; ++i) {
    times.add(130, 100);
    EXPECT_FALSE(times.native_loses()) << i;
  }
  times.add(130, 100);
  EXPECT_TRUE(times.native_loses());
  EXPECT_FALSE(times.native_wins(1));
  EXPECT_NEAR(times.ratio(), 1.3, 1e-9);
}

TEST(PairedTimes, ALossWithinTheMarginStays) {
  PairedTimes times;
  for (int i = 0; i < 64; ++i) {
    times.add(104, 100);
  }
  EXPECT_FALSE(times.native_loses());
}

TEST(PairedTimes, InterruptedCallsDoNotDecide) {
  PairedTimes times;
  for (int i = 0; i < 40; ++i) {
    times.add(i % 10 == 0 ? 10'000'000 : 100, 100);
  }
  EXPECT_FALSE(times.native_loses());
}

TEST(PairedTimes, ShortCallsDoNotDecideAgainstLongOnes) {
  PairedTimes times;
  for (int i = 0; i < 40; ++i) {
    times.add(i % 10 == 0 ? 10'000 : 130, i % 10 == 0 ? 90'000 : 100);
  }
  EXPECT_FALSE(times.native_loses());
}

TEST(PairedTimes, SevenOfOneSignWin) {
  PairedTimes times;
  for (int i = 0; i < 7; ++i) {
    EXPECT_FALSE(times.native_wins(1));
    times.add(50, 100);
  }
  EXPECT_TRUE(times.native_wins(1));
}

struct Told {
  uint64_t native_calls = 0, python_calls = 0;
  double total = 0, excess = 0;
};

/// Plays `calls` calls of a function that grows with each of them: native costs `native`, Python `python` a unit.
Told play(Contest& contest, uint64_t calls, uint64_t native, uint64_t python, uint64_t compile) {
  Told told;
  told.total = static_cast<double>(compile);
  for (uint64_t call = 8; call < calls && contest.state() != Contest::State::Lost; ++call) {
    const uint64_t size = 100 + call / 50;
    Contest::Turn turn = Contest::Turn::Untimed;
    if (contest.state() == Contest::State::Open || call >= contest.resume_at()) {
      if (contest.state() != Contest::State::Open) {
        contest.resume();
      }
      turn = contest.next(call);
    }
    if (turn == Contest::Turn::Python && contest.admits({size})) {
      contest.ran_as_python(python * size);
      ++told.python_calls;
      told.excess += static_cast<double>((python - std::min(python, native)) * size);
    } else {
      ++told.native_calls;
      if (turn != Contest::Turn::Untimed) {
        contest.ran_natively(native * size, {size});
      }
    }
    told.total += static_cast<double>(native * size);
  }
  return told;
}

TEST(Contest, ALoserIsFoundInSomeHundredCalls) {
  Contest contest(1.1, 20'000'000, 1);
  const Told told = play(contest, 100'000, 130, 100, 20'000'000);
  EXPECT_EQ(contest.state(), Contest::State::Lost);
  EXPECT_LT(told.native_calls, 300);
}

TEST(Contest, ALoserOfLongCallsAsWell) {
  Contest contest(1.1, 20'000'000, 1);
  const Told told = play(contest, 100'000, 1'300'000, 1'000'000, 20'000'000);
  EXPECT_EQ(contest.state(), Contest::State::Lost);
  EXPECT_LT(told.native_calls, 400);
}

TEST(Contest, TenTimesFasterCodeIsAskedForLessThanOnePercent) {
  for (uint64_t native : {10, 1000, 100'000}) {
    Contest contest(10, 20'000'000, native);
    const Told told = play(contest, 200'000, native, 10 * native, 20'000'000);
    EXPECT_NE(contest.state(), Contest::State::Lost);
    EXPECT_LT(told.excess, 0.01 * told.total) << native;
  }
}

TEST(Contest, WherePythonIsUsualFourPairsThatAgreeDecide) {
  Contest loser(3, 20'000'000, 1, true);
  EXPECT_LE(play(loser, 100, 1'300'000, 1'000'000, 20'000'000).python_calls, 4u);
  EXPECT_EQ(loser.state(), Contest::State::Lost);
  Contest winner(3, 20'000'000, 1, true);
  EXPECT_LE(play(winner, 60, 500'000, 1'000'000, 20'000'000).python_calls, 4u);
  EXPECT_EQ(winner.state(), Contest::State::Kept);
}

/// On a busy machine all long calls are interrupted.
TEST(Contest, LongCallsCountAlsoIfInterrupted) {
  Contest contest(3, 20'000'000, 1, true);
  uint64_t call = 1;
  for (; call < 6 && contest.state() == Contest::State::Open; ++call) {
    switch (contest.next(call)) {
      case Contest::Turn::Native:
        contest.ran_natively(20'000'000, {10}, true);
        break;
      case Contest::Turn::Python:
        contest.ran_as_python(200'000'000, true);
        break;
      case Contest::Turn::Untimed:
        break;
    }
  }
  EXPECT_EQ(contest.state(), Contest::State::Kept);
}

TEST(Contest, WherePythonIsUsualNativeCodeMustGainATenth) {
  const auto verdict = [](bool python_is_usual, uint64_t native) {
    Contest contest(3, 20'000'000, 1, python_is_usual);
    play(contest, 20'000, native, 1'000'000, 20'000'000);
    return contest.state();
  };
  EXPECT_EQ(verdict(true, 950'000), Contest::State::Lost);
  EXPECT_NE(verdict(true, 850'000), Contest::State::Lost);
  EXPECT_NE(verdict(false, 950'000), Contest::State::Lost);
}

/// The compiler's guess was wrong: the first call that runs as Python costs much, the next ones are then put off.
TEST(Contest, AWrongGuessIsPaidOnce) {
  Contest contest(1.0, 20'000'000, 3);
  const Told told = play(contest, 20'000, 100'000, 5'000'000, 20'000'000);
  EXPECT_LT(told.excess, 0.02 * told.total);
}

/// What others had the processor for meanwhile is no cost of the call.
TEST(Contest, AnInterruptedCallDoesNotPutOffTheOthers) {
  Contest contest(1.1, 20'000'000, 1);
  uint64_t call = 8;
  for (Contest::Turn turn; (turn = contest.next(call)) != Contest::Turn::Python; ++call) {
    if (turn == Contest::Turn::Native) {
      contest.ran_natively(1300, {10});
    }
  }
  contest.ran_as_python(1000, true);
  EXPECT_EQ(contest.state(), Contest::State::Open);
  EXPECT_EQ(contest.pairs().count(), 0u);
  play(contest, 100'000, 1300, 1000, 20'000'000);
  EXPECT_EQ(contest.state(), Contest::State::Lost);
}

/// Long calls are hardly ever not interrupted.
TEST(Contest, AnInterruptedCallIsPaid) {
  Contest contest(1.1, 20'000'000, 1);
  uint64_t call = 8;
  const auto run_natively = [&] {
    Contest::Turn turn;
    for (; (turn = contest.next(call)) == Contest::Turn::Native || (turn == Contest::Turn::Untimed && call < 100);
         ++call) {
      if (turn == Contest::Turn::Native) {
        contest.ran_natively(1300, {10});
      }
    }
    return turn;
  };
  ASSERT_EQ(run_natively(), Contest::Turn::Python);
  contest.ran_as_python(500'000'000, true);
  EXPECT_EQ(run_natively(), Contest::Turn::Untimed);
  EXPECT_EQ(contest.state(), Contest::State::Resting);
  EXPECT_GT(contest.resume_at(), 1'000'000u);
}

TEST(Contest, ALargerCallThanEverDoesNotRunAsPython) {
  Contest contest(1.0, 20'000'000, 1);
  for (uint64_t call = 8; call < 12; ++call) {
    ASSERT_EQ(contest.next(call), Contest::Turn::Native);
    contest.ran_natively(100, {10});
  }
  uint64_t call = 12;
  while (contest.next(call++) != Contest::Turn::Python) {
    contest.ran_natively(100, {10});
  }
  EXPECT_FALSE(contest.admits({22}));
  EXPECT_TRUE(contest.admits({21}));
}

}  // namespace
}  // namespace hasten::runtime
