// What a signal of the collector's carries.
#include "record/region.h"

#include <gtest/gtest.h>

namespace hasten::record {
namespace {

constexpr uint64_t kToken = 0x1122334455667788;

TEST(SignalValue, IsKnownByTheToken) {
  EXPECT_TRUE(is_signal_value(kToken, signal_value(kToken, 123'456'789)));
  EXPECT_FALSE(is_signal_value(kToken, signal_value(kToken + (1ull << 32), 123'456'789)));
}

TEST(SignalValue, TellsItsAge) {
  EXPECT_EQ(signal_age_ns(signal_value(kToken, 5 << 10), 5 << 10), 0);
  EXPECT_EQ(signal_age_ns(signal_value(kToken, 5 << 10), 2005 << 10), 2000 << 10);
}

TEST(SignalValue, TellsItsAgeWhereTheCounterComesRound) {
  const uint64_t sent_ns = (1ull << 42) - (3 << 10);
  EXPECT_EQ(signal_age_ns(signal_value(kToken, sent_ns), sent_ns + (10 << 10)), 10 << 10);
}

}  // namespace
}  // namespace hasten::record
