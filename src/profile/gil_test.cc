#include "profile/gil.h"

#include <gtest/gtest.h>

namespace hasten::profile {
namespace {

constexpr int64_t kMs = 1'000'000;

/// Functions work (line 10) and wait (line 20); stacks 0 and 1 stand in them. Threads 0 and 1 are of process 0, 2 of 1.
Recording two_lines() {
  Recording recording;
  recording.functions = {{"a.py", "work", 10}, {"a.py", "wait", 20}};
  Frame work{0, {}}, wait{1, {}};
  work.position.line = 11;
  wait.position.line = 21;
  recording.stacks = {{work}, {wait}, {}};
  recording.process_of_thread = {0, 0, 1};
  return recording;
}

Sample holding(uint32_t thread, int64_t end_ms, int64_t cpu_ms) {
  Sample sample;
  sample.thread_idx = thread;
  sample.end_ns = end_ms * kMs;
  sample.user_ns = cpu_ms * kMs;
  sample.has_gil = true;
  return sample;
}

Wait waiting(uint32_t thread, int64_t begin_ms, int64_t ms) {
  return {thread, ms * kMs, Sleep::Gil, 1, begin_ms * kMs};
}

TEST(Gil, AHolderIsChargedWhatOthersWaitedMeanwhile) {
  Recording recording = two_lines();
  recording.samples = {holding(0, 1, 1), holding(0, 3, 1), holding(0, 8, 2), holding(0, 20, 1)};
  recording.waits = {waiting(1, 2, 10)};  // 2 to 12 ms: the samples at 3 and 8
  const auto pairs = gil_pairs(recording);
  ASSERT_EQ(pairs.size(), 1u);
  EXPECT_EQ(pairs[0].holder, (LineKey{0, 11}));
  EXPECT_EQ(pairs[0].waiter, (LineKey{1, 21}));
  EXPECT_DOUBLE_EQ(pairs[0].seconds, 0.003);
}

TEST(Gil, NobodyWaitsForItselfForOtherProcessesOrForThreadsWithoutTheGil) {
  Recording recording = two_lines();
  Sample free = holding(1, 3, 1);
  free.has_gil = false;
  recording.samples = {holding(0, 3, 1), free, holding(2, 3, 1)};
  recording.waits = {waiting(0, 0, 10)};
  EXPECT_TRUE(gil_pairs(recording).empty());
}

TEST(Gil, EveryWaiterIsCounted) {
  Recording recording = two_lines();
  recording.process_of_thread = {0, 0, 0};
  recording.samples = {holding(0, 5, 1)};
  recording.waits = {waiting(1, 0, 10), waiting(2, 4, 2)};
  ASSERT_EQ(gil_pairs(recording).size(), 1u);
  EXPECT_DOUBLE_EQ(gil_pairs(recording)[0].seconds, 0.002);
}

}  // namespace
}  // namespace hasten::profile
