#include "profile/merge.h"

#include <gtest/gtest.h>

#include <cstdio>

#include "profile/capture.h"
#include "profile/facts.h"
#include "profile/model.h"
#include "record/reader.h"

namespace hasten::profile {
namespace {

/// A run of 10 ms of FILE's `work`, one sample at line 10.
record::Capture run_of(const std::string& file, uint32_t pid) {
  record::Capture capture;
  record::Process process;
  process.pid = pid;
  process.parent_pid = 1;
  capture.processes.push_back(process);
  capture.threads.emplace_back();
  capture.threads[0].tid = pid;
  capture.files.push_back({file, true, true, "", "text of " + file});
  capture.codes.push_back({0, "work", 10, 0, 2, {0x80 | (13 << 3), 0x00}});
  capture.stacks.push_back({0, 0, 0, 0});
  record::Sample sample;
  sample.stack = 1;
  sample.user_ns = 1'000'000;
  sample.time_ns = 5'000'000;
  sample.code_class = record::CodeClass::Bytecode;
  capture.samples = {sample};
  record::End end;
  end.wall_ns = 10'000'000;
  capture.ends = {end};
  capture.labels = {{0, "load", 2, 3'000'000, 1'000'000}};
  capture.function_counts = {{file, "work", 10, 1, 5, {{10, 7, 0, {}}, {100 + pid, 1, 0, {}}}}};
  return capture;
}

TEST(Merge, TwoRunsAreOneCapture) {
  record::Capture merged = run_of("/a/app.py", 10);
  append(merged, run_of("/a/app.py", 20));
  append(merged, run_of("/a/other.py", 30));
  const std::string path = testing::TempDir() + "/merged.hasten";
  std::remove(path.c_str());
  ASSERT_TRUE(write_capture(merged, path).ok());
  const auto read = record::read_capture(path);
  ASSERT_TRUE(read.ok()) << read.error().line();
  const CaptureFacts facts = facts_of(read.value());
  EXPECT_EQ(facts.run_count, 3u);
  ASSERT_EQ(facts.labels.size(), 1u);
  EXPECT_EQ(facts.labels[0].count, 6u);
  EXPECT_NEAR(facts.labels[0].wall_s, 0.009, 1e-12);
  ASSERT_EQ(facts.counted.size(), 2u);
  EXPECT_EQ(facts.counted[0].calls, 10u);
  EXPECT_EQ(facts.counted[0].process_count, 2u);
  ASSERT_EQ(facts.counted[0].lines.size(), 3u);
  EXPECT_EQ(facts.counted[0].lines[0].times, 14u);
  EXPECT_EQ(facts.counted[0].lines[2].line, 120u);
  const Profile profile = build_profile(recording_of(read.value()));
  EXPECT_NEAR(profile.wall_s, 0.030, 1e-12);
  ASSERT_EQ(profile.functions.size(), 2u) << "the same function in two runs is one row";
  EXPECT_NEAR(profile.functions[0].cost.self.value, 2.0 / 3, 1e-12);
  EXPECT_EQ(profile.functions[1].function.file, "/a/other.py");
  EXPECT_FALSE(write_capture(merged, path).ok()) << "captures are never overwritten";
}

}  // namespace
}  // namespace hasten::profile
