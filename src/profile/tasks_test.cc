#include "profile/tasks.h"

#include <gtest/gtest.h>

namespace hasten::profile {
namespace {

constexpr int64_t kMs = 1'000'000;

Frame at(uint32_t function_idx, int32_t line) {
  Frame frame{function_idx, {}};
  frame.position.line = line;
  return frame;
}

/// Task main (line 11) awaits helper (line 21); own code but for the last function.
Recording two_coroutines() {
  Recording recording;
  recording.functions = {
      {"/a/app.py", "main", 10}, {"/a/app.py", "helper", 20}, {"/usr/lib/python3.11/json/x.py", "f", 1}};
  recording.stacks = {{at(1, 21), at(0, 11)}, {at(2, 2), at(1, 22), at(0, 12)}, {at(0, 13)}, {at(0, 14)}};
  recording.tasks = {{0, ""}};
  recording.process_of_thread = {0};
  recording.wall_ns = 1000 * kMs;
  return recording;
}

Await awaiting(int64_t begin_ms, int64_t ms, int64_t weight_ms) {
  return {0, 0, 0, begin_ms * kMs, ms * kMs, weight_ms * kMs};
}

Sample sampled(int64_t end_ms, int64_t cpu_ms, uint32_t stack_idx) {
  Sample sample;
  sample.end_ns = end_ms * kMs;
  sample.user_ns = cpu_ms * kMs;
  sample.stack_idx = stack_idx;
  sample.task_idx = 0;
  return sample;
}

TEST(Tasks, AwaitsOfOneChainAreOneRow) {
  Recording recording = two_coroutines();
  recording.awaits = {awaiting(0, 100, 100), awaiting(50, 100, 100), awaiting(400, 50, 50)};
  const Tasks tasks = tasks_of(recording);
  ASSERT_EQ(tasks.tasks.size(), 1u);
  ASSERT_EQ(tasks.tasks[0].awaits.size(), 1u);
  const AwaitRow& row = tasks.tasks[0].awaits[0];
  EXPECT_NEAR(row.await_s, 0.25, 1e-9);
  EXPECT_NEAR(row.count, 3, 1e-9);
  EXPECT_NEAR(row.longest_s, 0.1, 1e-9);
  EXPECT_NEAR(row.concurrency, 0.25 / 0.2, 1e-9) << "at least one from 0 to 150 and from 400 to 450";
  ASSERT_EQ(row.chain.size(), 2u);
  EXPECT_EQ(row.chain[0].line, 11);
  EXPECT_EQ(row.chain[1].line, 21);
}

TEST(Tasks, DrawnAwaitsStandForMoreAndCloseTheGapsBetweenThem) {
  Recording recording = two_coroutines();
  for (int64_t i = 0; i < 100; ++i) {
    recording.awaits.push_back(
        {0, 0, 0, 2 * i * kMs, kMs / 10, kMs});  // one of ten is drawn: one task half of the time
  }
  const AwaitRow row = tasks_of(recording).tasks[0].awaits[0];
  EXPECT_NEAR(row.await_s, 0.1, 1e-9);
  EXPECT_NEAR(row.count, 1000, 1e-6);
  EXPECT_NEAR(row.concurrency, 0.5, 0.01);
}

TEST(Tasks, TheBlockingLineIsTheInnermostOwnOneOfMostOfTheStretch) {
  Recording recording = two_coroutines();
  recording.loops = {{0, 1000 * kMs, 400 * kMs, 7}};
  recording.loop_blocks = {{0, 0, 100 * kMs, 50 * kMs}, {0, 0, 300 * kMs, 30 * kMs}};
  recording.samples = {sampled(90, 10, 3), sampled(110, 10, 1), sampled(120, 10, 1), sampled(149, 20, 1)};
  recording.loop_waits = {{0, 40 * kMs, Sleep::Io, 1, 295 * kMs}};
  const Tasks tasks = tasks_of(recording);
  ASSERT_EQ(tasks.loops.size(), 1u);
  const LoopRow& loop = tasks.loops[0];
  EXPECT_NEAR(loop.blocked_s, 0.08, 1e-9);
  ASSERT_EQ(loop.blocks.size(), 1u);
  EXPECT_EQ(loop.blocks[0].place.line, 22) << "the library's line is inside of it";
  EXPECT_EQ(loop.blocks[0].count, 2u);
  EXPECT_NEAR(loop.blocks[0].longest_s, 0.05, 1e-9);
  EXPECT_NEAR(loop.blocks[0].wait_s, 0.03, 1e-9);
}

TEST(Tasks, AStretchOverSeveralLinesOfOneFunctionIsItsHeaviestLine) {
  Recording recording = two_coroutines();
  recording.loops = {{0, 1000 * kMs, 0, 1}};
  recording.loop_blocks = {{0, 0, 0, 40 * kMs}};
  recording.samples = {sampled(10, 10, 2), sampled(20, 10, 3), sampled(30, 10, 3)};
  const LoopRow loop = tasks_of(recording).loops[0];
  ASSERT_EQ(loop.blocks.size(), 1u);
  EXPECT_EQ(loop.blocks[0].place.line, 14);
}

TEST(Tasks, AStretchInWhichNothingWasSeenIsNoBlock) {
  Recording recording = two_coroutines();
  recording.loops = {{0, 1000 * kMs, 0, 1}};
  recording.loop_blocks = {{0, 0, 0, 40 * kMs}};
  EXPECT_EQ(tasks_of(recording).loops[0].blocked_s, 0) << "the machine was busy elsewhere";
}

TEST(Tasks, ALineThatBlocksATenthOfTheLoopsTimeIsACause) {
  Recording recording = two_coroutines();
  recording.loops = {{0, 1000 * kMs, 0, 1}};
  recording.loop_blocks = {{0, 0, 0, 200 * kMs}};
  recording.samples = {sampled(100, 200, 0)};
  const auto causes = loop_causes(tasks_of(recording), recording);
  ASSERT_EQ(causes.size(), 1u);
  EXPECT_EQ(causes[0].kind, "loop-blocked");
  EXPECT_EQ(causes[0].line, 21);
  EXPECT_NEAR(causes[0].share, 0.2, 1e-9);
}

}  // namespace
}  // namespace hasten::profile
