#include "base/result.h"

#include <gtest/gtest.h>

namespace hasten {
namespace {

Result<int> half(int n) {
  if (n % 2 != 0) {
    return Error{"odd", fmt::format("{} is odd", n), "pass an even number"};
  }
  return n / 2;
}

TEST(Result, CarriesTheValue) { EXPECT_EQ(half(6).value(), 3); }

TEST(Result, CarriesTheErrorAndItsRemedy) {
  Result<int> result = half(7);
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().line(), "7 is odd. pass an even number");
}

TEST(ResultDeathTest, ValueOfAFailureEndsTheProcess) { EXPECT_DEATH((void)half(7).value(), "7 is odd"); }

}  // namespace
}  // namespace hasten
