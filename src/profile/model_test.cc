#include "profile/model.h"

#include <gtest/gtest.h>

#include "base/check.h"
#include "profile/ceilings.h"
#include "profile/text_recording.h"

namespace hasten::profile {
namespace {

const FunctionRow& function_row(const Profile& profile, const std::string& name) {
  for (const FunctionRow& row : profile.functions) {
    if (row.function.name == name) {
      return row;
    }
  }
  CHECK(false, "no function {}", name);
}

const LineRow& line_row(const Profile& profile, const std::string& function, int32_t line) {
  for (const LineRow& row : profile.lines) {
    if (profile.functions[row.function_row].function.name == function && row.line == line) {
      return row;
    }
  }
  CHECK(false, "no line {} of {}", line, function);
}

TEST(Model, SelfSharesOfFunctionsAndLines) {
  const Profile profile = build_profile(recording_from_text(R"(
    main:1   main:2    main:2    main:2
    load:12  solve:20  solve:21  solve:21
  )"));
  EXPECT_EQ(profile.sample_count, 4u);
  EXPECT_DOUBLE_EQ(profile.sampled_cpu_s, 0.004);
  EXPECT_EQ(profile.functions.front().function.name, "solve");
  EXPECT_DOUBLE_EQ(function_row(profile, "solve").cost.self.value, 0.75);
  EXPECT_DOUBLE_EQ(function_row(profile, "load").cost.self.value, 0.25);
  EXPECT_DOUBLE_EQ(function_row(profile, "main").cost.self.value, 0);
  EXPECT_DOUBLE_EQ(function_row(profile, "main").cost.total_share, 1);
  EXPECT_DOUBLE_EQ(line_row(profile, "solve", 21).cost.self.value, 0.5);
  EXPECT_DOUBLE_EQ(line_row(profile, "main", 2).cost.total_share, 0.75);
}

TEST(Model, RecursionCountsASampleOnce) {
  const Profile profile = build_profile(recording_from_text(R"(
    main:1  main:1  main:1  main:1
    fib:3   fib:3   fib:3   fib:2
    fib:3   fib:3   fib:2   .
    fib:2   fib:3   .       .
  )"));
  EXPECT_DOUBLE_EQ(function_row(profile, "fib").cost.total_share, 1);
  EXPECT_DOUBLE_EQ(line_row(profile, "fib", 3).cost.total_share, 0.75);
  EXPECT_DOUBLE_EQ(line_row(profile, "fib", 3).cost.self.value, 0.25);
  EXPECT_DOUBLE_EQ(line_row(profile, "fib", 2).cost.self.value, 0.75);
}

TEST(Model, PackagesFoldAndOwnCodeComesFirst) {
  const Profile profile = build_profile(recording_from_text(R"(
    main   main       main       main       main
    .      numpy/dot  numpy/dot  numpy/dot  std/loads
    .      .          numpy/mul  .          .
  )"));
  ASSERT_EQ(profile.groups.size(), 3u);
  EXPECT_EQ(profile.groups[0].origin.kind, OriginKind::Own);
  EXPECT_DOUBLE_EQ(profile.groups[0].cost.self.value, 0.2);
  EXPECT_DOUBLE_EQ(profile.groups[0].cost.total_share, 1);
  EXPECT_EQ(profile.groups[1].origin.name, "numpy");
  EXPECT_DOUBLE_EQ(profile.groups[1].cost.self.value, 0.6);
  EXPECT_DOUBLE_EQ(profile.groups[1].cost.total_share, 0.6);
  EXPECT_EQ(profile.functions[profile.groups[1].heaviest_function_row].function.name, "dot");
  EXPECT_EQ(profile.groups[2].origin.kind, OriginKind::Standard);
}

TEST(Model, CalledTimeGoesToTheInnermostOwnLine) {
  const Profile profile = build_profile(recording_from_text(R"(
    main:1  main:1       main:1        main:1
    work:7  work:8       work:8        work:8
    .       pandas/mean  pandas/mean   std/loads
    .       .            numpy/add     .
  )"));
  const Called& called = line_row(profile, "work", 8).called;
  EXPECT_DOUBLE_EQ(called.cpu_s, 0.003);
  EXPECT_EQ(called.through.name, "pandas") << "numpy was called by pandas, not by own code";
  EXPECT_DOUBLE_EQ(line_row(profile, "work", 7).called.cpu_s, 0);
  EXPECT_DOUBLE_EQ(line_row(profile, "main", 1).called.cpu_s, 0);
}

TEST(Model, SplitFollowsTheSideOfTheLeaf) {
  const Profile profile = build_profile(recording_from_text(R"(
    main    main@r  main@r  main@e  main@l  main@k  main@c
  )"));
  const Split& split = profile.functions.front().cost.split_s;
  const Split expected{0.001, 0.002, 0.001, 0.001, 0.001, 0.001, 0};
  for (size_t side = 0; side < kSideCount; ++side) {
    EXPECT_DOUBLE_EQ(split[side], expected[side]) << kSideNames[side];
  }
}

TEST(Model, KernelTimeIsCarriedByTheSampleBesideIt) {
  Recording recording = recording_from_text("read compute");
  recording.samples[0].kernel_ns = 3'000'000;
  const Profile profile = build_profile(recording);
  EXPECT_DOUBLE_EQ(function_row(profile, "read").cost.self.value, 0.8);
  EXPECT_DOUBLE_EQ(function_row(profile, "read").cost.split_s[static_cast<size_t>(Side::Kernel)], 0.003);
  EXPECT_LT(profile.effective_count, 2) << "unequal weights are worth fewer samples";
}

TEST(Model, StacksWithoutPythonAreOutside) {
  Recording recording = recording_from_text("main main main .");
  const Profile profile = build_profile(recording);
  EXPECT_DOUBLE_EQ(profile.outside.self.value, 0.25);
  EXPECT_DOUBLE_EQ(function_row(profile, "main").cost.self.value, 0.75);
}

TEST(Model, NothingSampledIsNotACrash) {
  const Profile profile = build_profile(Recording{});
  EXPECT_EQ(profile.sample_count, 0u);
  EXPECT_TRUE(profile.functions.empty());
}

// Two threads, f and g, overlap for two of their four milliseconds each; only the rest is f's alone.
TEST(Ceilings, OnlyTheTimeAloneCanBeWon) {
  Recording recording = recording_from_text("f f f f");
  add_thread_from_text(recording, "g g g g", 2);
  const std::vector<double> solo = solo_wall_s(recording);
  EXPECT_NEAR(solo[0], 0.002, 1e-9);
  EXPECT_NEAR(solo[1], 0.002, 1e-9);
  EXPECT_NEAR(*build_profile(recording).functions.front().ceiling, 6.0 / 4.0, 1e-9);
}

// The same function in both threads at once is still only that function.
TEST(Ceilings, TheSameFunctionInTwoThreadsIsAlone) {
  Recording recording = recording_from_text("f f f f");
  add_thread_from_text(recording, "f f f f", 0);
  recording.wall_ns = 8'000'000;
  // 8 ms of CPU time in 4 ms of wall time: what can be won is wall time.
  EXPECT_NEAR(solo_wall_s(recording)[0], 0.004, 1e-9);
}

TEST(Ceilings, WaitingIsNotWon) {
  Recording recording = recording_from_text("f f f f");
  recording.wall_ns = 40'000'000;  // 36 ms asleep
  EXPECT_NEAR(*build_profile(recording).functions.front().ceiling, 40.0 / 36.0, 1e-9);
}

// A busy machine makes everything slower, not less worth removing: 4 ms of CPU time in 8 ms of wall time.
TEST(Ceilings, WaitingForACpuGoesWithTheCodeThatNeededIt) {
  Recording recording = recording_from_text("f f f g");
  for (Sample& sample : recording.samples) {
    sample.end_ns *= 2;
  }
  recording.wall_ns = 8'000'000;
  recording.crowding = {2.0};
  EXPECT_NEAR(*build_profile(recording).functions.front().ceiling, 4.0, 1e-9);
}

TEST(Ceilings, BeyondAMillionIsNothing) {
  EXPECT_EQ(ceiling_of(1.0, 1.0), std::nullopt);
  EXPECT_EQ(ceiling_of(0.0, 0.0), std::nullopt);
  EXPECT_DOUBLE_EQ(*ceiling_of(1.0, 0.5), 2.0);
}

}  // namespace
}  // namespace hasten::profile
