#include "profile/capture.h"

#include <gtest/gtest.h>

#include "profile/facts.h"
#include "profile/model.h"

namespace hasten::profile {
namespace {

constexpr uint64_t kMs = 1'000'000;

/// One process with one thread that runs app.py: line 2 calls nothing; its table has two instructions.
record::Capture small_capture() {
  record::Capture capture;
  record::Process process;
  process.pid = 100;
  process.parent_pid = 1;
  process.python_version = "3.11.7";
  process.engine = record::Engine::PerfClock;
  process.rate_hz = 1000;
  process.sample_cost_ns = 20'000;
  capture.processes.push_back(process);
  record::Thread thread;
  thread.tid = 100;
  thread.cpu_ns = 10 * kMs;
  capture.threads.push_back(thread);
  capture.files.push_back({"/home/u/app.py", true, false, "", ""});
  // Two code units: line 10 (no columns), then line 12 (no columns).
  capture.codes.push_back({0, "work", 10, 0, 4, {0x80 | (13 << 3), 0x00, 0x80 | (13 << 3), 0x04}});
  capture.stacks.push_back({0, 0, 2, 0});  // node 1: work at offset 2, line 12
  return capture;
}

record::Sample sample_at(uint64_t time_ms, uint32_t stack) {
  record::Sample sample;
  sample.stack = stack;
  sample.time_ns = time_ms * kMs;
  sample.user_ns = kMs;
  sample.code_class = record::CodeClass::Runtime;
  return sample;
}

record::End end_of(uint32_t process, uint64_t wall_ms) {
  record::End end;
  end.process = process;
  end.wall_ns = wall_ms * kMs;
  end.cpu_user_ns = wall_ms * kMs;
  end.peak_rss_bytes = 1000;
  return end;
}

TEST(Capture, OffsetsBecomeLines) {
  record::Capture capture = small_capture();
  capture.samples = {sample_at(1, 1), sample_at(2, 1)};
  capture.ends = {end_of(0, 10)};
  const Profile profile = build_profile(recording_of(capture));
  ASSERT_EQ(profile.lines.size(), 1u);
  EXPECT_EQ(profile.lines[0].line, 12);
  EXPECT_EQ(profile.functions[0].function, (Function{"/home/u/app.py", "work", 10}));
  EXPECT_DOUBLE_EQ(profile.functions[0].cost.split_s[static_cast<size_t>(Side::Runtime)], 0.002);
  EXPECT_DOUBLE_EQ(profile.wall_s, 0.010);
}

// The same function compiled twice (a module imported by two processes) is one row.
TEST(Capture, EqualCodeObjectsAreOneFunction) {
  record::Capture capture = small_capture();
  capture.codes.push_back(capture.codes[0]);
  capture.stacks.push_back({0, 1, 2, 0});
  capture.samples = {sample_at(1, 1), sample_at(2, 2)};
  const Profile profile = build_profile(recording_of(capture));
  ASSERT_EQ(profile.functions.size(), 1u);
  EXPECT_DOUBLE_EQ(profile.functions[0].cost.self.value, 1);
}

TEST(Capture, CompiledLinesAndUnknownFrames) {
  record::Capture capture = small_capture();
  capture.stacks.push_back({1, 0, record::kNoOffset, 33});                      // node 2: compiled line 33, called by 1
  capture.stacks.push_back({2, record::kUnknownCode, record::kNoOffset, 0});    // node 3
  capture.stacks.push_back({1, record::kOmittedFrames, record::kNoOffset, 0});  // node 4
  capture.samples = {sample_at(1, 2), sample_at(2, 3), sample_at(3, 4)};
  const Recording recording = recording_of(capture);
  EXPECT_EQ(recording.stacks[recording.samples[0].stack_idx].front().position.line, 33);
  const auto& unknown = recording.stacks[recording.samples[1].stack_idx];
  EXPECT_EQ(recording.functions[unknown.front().function_idx].file, "<unknown>");
  EXPECT_EQ(recording.stacks[recording.samples[2].stack_idx].size(), 1u) << "left-out frames are no row";
}

// Whatever a damaged capture names, the walk ends and stays inside the tables.
TEST(Capture, LinksThatLeadNowhere) {
  record::Capture capture = small_capture();
  capture.stacks.push_back({2, 0, 2, 0});     // its own parent
  capture.stacks.push_back({900, 77, 2, 0});  // no such parent, no such code
  capture.samples = {sample_at(1, 2), sample_at(2, 3), sample_at(3, 4000)};
  capture.samples[1].thread = 55;
  EXPECT_EQ(build_profile(recording_of(capture)).sample_count, 3u);
}

// --repeat: two runs one after the other in one capture. Wall times add up, a child's does not.
TEST(Capture, RunsAddUpAndChildrenDoNot) {
  record::Capture capture = small_capture();
  record::Process child = capture.processes[0];
  child.pid = 101;
  child.parent_pid = 100;
  record::Process second = capture.processes[0];
  second.pid = 200;
  second.start_mono_ns = 50 * kMs;
  capture.processes.push_back(child);
  capture.processes.push_back(second);
  capture.threads.push_back({2, 200, "MainThread", 0, 0, 10 * kMs, 0, 0, true});
  capture.ends = {end_of(0, 10), end_of(1, 5), end_of(2, 12)};
  capture.samples = {sample_at(1, 1), sample_at(1, 1)};
  capture.samples[1].thread = 1;
  const CaptureFacts facts = facts_of(capture);
  EXPECT_EQ(facts.run_count, 2u);
  EXPECT_NEAR(build_profile(recording_of(capture)).wall_s, 0.022, 1e-12);
  EXPECT_NEAR(*facts.cpu_s, 0.027, 1e-12) << "three processes, none of which counts another's time";
  capture.ends[0].children_in_cpu = capture.ends[2].children_in_cpu = true;
  EXPECT_NEAR(*facts_of(capture).cpu_s, 0.022, 1e-12) << "the first process's account includes its child";
}

// Drawn samples may add up to more than the thread used; what they leave of the wall time must not vanish.
TEST(Capture, SamplesStandForNoMoreWallTimeThanThereWas) {
  record::Capture capture = small_capture();
  capture.threads[0].runnable_ns = 10 * kMs;  // 10 ms on a CPU, 10 ms in the queue
  for (uint64_t i = 1; i <= 12; ++i) {
    capture.samples.push_back(sample_at(i * 20 / 12, i <= 9 ? 1 : 0));  // 12 ms of CPU time; 9 of them in work
  }
  capture.ends = {end_of(0, 20)};
  const Profile profile = build_profile(recording_of(capture));
  ASSERT_EQ(profile.functions.size(), 1u);
  EXPECT_NEAR(profile.functions[0].ceiling.value_or(0), 4.0, 1e-4);  // lengths are whole nanoseconds
}

// A program that waits for its children may well wait for code: nothing is said of its threads' idleness.
TEST(Capture, WorkInOtherProcessesLeavesBusinessUnknown) {
  record::Capture capture = small_capture();  // one thread, 10 ms
  capture.ends = {end_of(0, 1000)};
  capture.ends[0].cpu_user_ns = 12 * kMs;
  EXPECT_NEAR(facts_of(capture).busy_s, 0.012, 1e-12);
  capture.ends[0].cpu_user_ns = 600 * kMs;
  EXPECT_EQ(facts_of(capture).busy_s, 0);
}

TEST(Capture, APeakThatNobodyReadIsAbsent) {
  record::Capture capture = small_capture();
  capture.ends = {end_of(0, 10)};
  EXPECT_EQ(facts_of(capture).peak_rss_bytes, 1000u);
  capture.ends[0].peak_rss_bytes = 0;
  EXPECT_FALSE(facts_of(capture).peak_rss_bytes.has_value());
  EXPECT_FALSE(facts_of(capture).processes[0].peak_rss_bytes.has_value());
}

TEST(Capture, WhatIsNotKnownIsAbsent) {
  const CaptureFacts facts = facts_of(small_capture());
  EXPECT_FALSE(facts.cpu_s.has_value());
  EXPECT_FALSE(facts.peak_rss_bytes.has_value());
  EXPECT_FALSE(facts.processes[0].exit_code.has_value());
}

TEST(Capture, CountsAreCumulative) {
  record::Capture capture = small_capture();
  record::Counts counts;
  counts.samples = 100;
  capture.counts.push_back(counts);
  counts.samples = 300;
  counts.lost = 2;
  counts.watch_ns = 7'000;
  capture.counts.push_back(counts);
  const CaptureFacts facts = facts_of(capture);
  EXPECT_EQ(facts.lost, 2u);
  EXPECT_EQ(facts.sampling_cost_ns, 300u * 20'000u + 7'000u);
}

}  // namespace
}  // namespace hasten::profile
