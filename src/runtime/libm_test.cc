#include "runtime/libm.h"

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

namespace hasten::runtime {
namespace {

std::vector<double> points() {
  std::vector<double> all = {0.0, 1.0, 0.5, 2.0, 709.78, 709.79, 745.2, 1e300, 1024.0, 1075.0};
  for (const double edge : {std::numeric_limits<double>::max(), std::numeric_limits<double>::min(),
                            std::numeric_limits<double>::denorm_min(), std::numeric_limits<double>::infinity(),
                            std::numeric_limits<double>::quiet_NaN()})
    all.push_back(edge);
  uint64_t seed = 1;
  for (int k = 0; k < 20'000; ++k) {
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    all.push_back(std::bit_cast<double>(seed));                                                 // any bits
    all.push_back(std::ldexp(static_cast<double>(seed >> 11), static_cast<int>(k % 24) - 64));  // of ordinary size
  }
  return all;
}

double computed(const LibmSymbol& one, void* function, double x, double y) {
  return one.takes_two ? reinterpret_cast<Binary>(function)(x, y) : reinterpret_cast<Unary>(function)(x);
}

TEST(Libm, IsTheSameWithoutItsWrapper) {
  const std::vector<double> values = points();
  for (const LibmSymbol& one : libm_symbols()) {
    if (one.direct == one.ordinary)
      continue;
    for (const double x : values) {
      for (const double signed_x : {x, -x}) {
        for (const double y :
             one.takes_two ? std::vector<double>{2.0, 3.0, 4.0, 0.5, -1.5, 1e9, x} : std::vector{0.0}) {
          const double a = computed(one, one.ordinary, signed_x, y), b = computed(one, one.direct, signed_x, y);
          if (std::isnan(a) && std::isnan(b))
            continue;
          ASSERT_EQ(std::bit_cast<uint64_t>(a), std::bit_cast<uint64_t>(b))
              << one.name << '(' << signed_x << ", " << y << ')';
        }
      }
    }
  }
}

TEST(Libm, NamesEachOnce) {
  for (const LibmSymbol& one : libm_symbols()) {
    int times = 0;
    for (const LibmSymbol& other : libm_symbols()) times += one.ordinary == other.ordinary;
    EXPECT_EQ(times, 1) << one.name;
  }
}

#if defined(__GLIBC__) && defined(__x86_64__)
TEST(Libm, GivesThemAway) {
  for (const LibmSymbol& one : libm_symbols()) {
    if (one.ordinary == reinterpret_cast<void*>(static_cast<Unary>(&std::log10))) {
      EXPECT_NE(one.direct, one.ordinary);  // a wrapper in every glibc
    }
  }
}
#endif

}  // namespace
}  // namespace hasten::runtime
