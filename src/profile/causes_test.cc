#include "profile/causes.h"

#include <gtest/gtest.h>

#include "profile/text_recording.h"

namespace hasten::profile {
namespace {

constexpr const char* kApp = "/home/user/app.py";

struct Hit {
  const char* native;
  int count;
};

/// `count` samples of one function at columns [column, end_column) of a line, in each native function.
void add_hits(Recording& recording, const char* function, Position position, Side side,
              std::initializer_list<Hit> hits) {
  recording.functions.push_back({kApp, function, position.line});
  recording.stacks.push_back({{static_cast<uint32_t>(recording.functions.size() - 1), position}});
  for (const Hit& hit : hits) {
    recording.natives.emplace_back(hit.native);
    for (int i = 0; i < hit.count; ++i) {
      recording.wall_ns += 1'000'000;
      Sample sample;
      sample.end_ns = recording.wall_ns;
      sample.user_ns = 1'000'000;
      sample.side = side;
      sample.stack_idx = static_cast<uint32_t>(recording.stacks.size() - 1);
      sample.native_idx = static_cast<uint32_t>(recording.natives.size() - 1);
      recording.samples.push_back(sample);
    }
  }
}

std::vector<Cause> causes_in(const Recording& recording, const std::string& text) {
  const Profile profile = build_profile(recording);
  return find_causes(profile, {{kApp, text}}, profile.sampled_cpu_s);
}

pyread::OpcodeMeaning op(pyread::Instruction instruction, bool specialised) { return {instruction, specialised}; }

/// Gives the recording's samples these meanings, in turn.
Recording with_opcodes(Recording recording, std::initializer_list<pyread::OpcodeMeaning> meanings) {
  for (size_t i = 0; i < recording.samples.size(); ++i) {
    recording.samples[i].opcode = meanings.begin()[i % meanings.size()];
  }
  return recording;
}

TEST(Causes, BoxedFloatsNameTheirEvidence) {
  Recording recording;
  add_hits(recording, "step", {2, 2, 4, 9}, Side::Runtime,
           {{"float_mul", 20}, {"PyFloat_FromDouble", 15}, {"_PyEval_EvalFrameDefault", 50}});
  const auto causes = causes_in(recording, "def step():\n    x * y\n");
  ASSERT_EQ(causes.size(), 1u);
  EXPECT_EQ(causes[0].kind, "boxed-numbers");
  EXPECT_NE(causes[0].cause.find("float"), std::string::npos);
  EXPECT_NE(causes[0].evidence.find("float_mul 24 %"), std::string::npos) << causes[0].evidence;
  EXPECT_EQ(causes[0].line, 2);
}

TEST(Causes, BoxedNumbersNameTheOperationsThatMakeThem) {
  const pyread::OpcodeMeaning arithmetic = op(pyread::Instruction::BinaryOp, true);
  Recording recording;
  add_hits(recording, "step", {2, 2, 4, 9}, Side::Runtime, {{"PyFloat_FromDouble", 20}});
  // The temporary is given back here; this operation was not seen to make anything.
  add_hits(recording, "step", {2, 2, 4, 13}, Side::Runtime, {{"_PyFloat_ExactDealloc", 20}});
  recording.stacks[1][0].function_idx = 0;
  const std::string text = "def step():\n    x * y + z\n";
  auto causes = causes_in(with_opcodes(recording, {arithmetic}), text);
  ASSERT_EQ(causes.size(), 1u);
  EXPECT_TRUE(causes[0].evidence.ends_with("; `x * y` makes one each time it runs")) << causes[0].evidence;

  add_hits(recording, "step", {2, 2, 4, 13}, Side::Runtime, {{"float_add", 10}});
  recording.stacks[2][0].function_idx = 0;
  causes = causes_in(with_opcodes(recording, {arithmetic}), text);
  ASSERT_EQ(causes.size(), 1u);
  EXPECT_TRUE(causes[0].evidence.ends_with("; 2 operations make one each time they run: `x * y`, `x * y + z`"))
      << causes[0].evidence;
}

TEST(Causes, MembershipNeedsTheNativeAndTheSource) {
  const std::string text = "def f():\n    if name in seen:\n";
  Recording recording;
  add_hits(recording, "f", {2, 2, 7, 19}, Side::Runtime, {{"list_contains", 30}, {"PyObject_RichCompare", 60}});
  const auto causes = causes_in(recording, text);
  ASSERT_EQ(causes.size(), 1u);
  EXPECT_EQ(causes[0].kind, "list-membership");
  EXPECT_NE(causes[0].cause.find("`name in seen`"), std::string::npos) << causes[0].cause;

  Recording dict;
  add_hits(dict, "f", {2, 2, 7, 19}, Side::Runtime, {{"PyDict_Contains", 90}});
  EXPECT_TRUE(causes_in(dict, text).empty()) << "membership in a dict is no cause";
}

TEST(Causes, TextGrownPieceByPiece) {
  Recording recording;
  add_hits(recording, "f", {2, 2, 4, 13}, Side::Library, {{"PyUnicode_Append", 10}, {"__memmove_avx_unaligned", 60}});
  const auto causes = causes_in(recording, "def f():\n    text += x\n");
  ASSERT_EQ(causes.size(), 1u);
  EXPECT_EQ(causes[0].kind, "text-concatenation");
}

TEST(Causes, AnInstructionThatStayedGeneral) {
  using pyread::Instruction;
  const auto says = [](const Recording& recording, const std::string& line) {
    std::string evidence;
    for (const Cause& cause : causes_in(recording, "def f():\n" + line)) {
      evidence += cause.kind == "not-specialised" ? cause.cause + "; " + cause.evidence : "";
    }
    return evidence;
  };
  Recording numbers;
  add_hits(numbers, "f", {2, 2, 4, 9}, Side::Runtime, {{"float_mul", 20}, {"binary_op1", 20}});
  const auto general = op(Instruction::BinaryOp, false);
  const auto fast = op(Instruction::BinaryOp, true);

  EXPECT_EQ(says(with_opcodes(numbers, {general}), "    i * x\n"),
            "`i * x` runs in the interpreter's slow general form: its operands are of two types, of one without a fast "
            "form, or (from 3.15 on) ints beyond 2**30; BINARY_OP was not specialised in 40 of 40 samples, 100 % of "
            "CPU time");
  EXPECT_NE(says(with_opcodes(numbers, {general, general, general, fast}), "    i * x\n").find("30 of 40"),
            std::string::npos);
  EXPECT_EQ(says(with_opcodes(numbers, {general, fast}), "    i * x\n"), "") << "half is not most";
  EXPECT_EQ(says(with_opcodes(numbers, {fast}), "    i * x\n"), "");
  EXPECT_EQ(says(with_opcodes(numbers, {general}), "    i % x\n"), "") << "% has no fast form";
  EXPECT_EQ(says(with_opcodes(numbers, {general}), "    i ** x"), "");
  EXPECT_EQ(says(with_opcodes(numbers, {general}), "    a[i+1]"), "") << "a subscript, since 3.14 also a BINARY_OP";
  EXPECT_NE(says(with_opcodes(numbers, {general}), "    a[1]+x"), "");
  EXPECT_EQ(says(numbers, "    i * x\n"), "") << "an opcode that is not known";

  Recording arrays;
  add_hits(arrays, "f", {2, 2, 4, 9}, Side::Extension, {{"DOUBLE_multiply", 40}});
  EXPECT_EQ(says(with_opcodes(arrays, {general}), "    i * x\n"), "") << "the time is the array's, not the dispatch's";
}

TEST(Causes, NothingIsSaidWithoutEvidence) {
  Recording recording;
  add_hits(recording, "f", {2, 2, 4, 13}, Side::Extension, {{"", 100}});
  EXPECT_TRUE(causes_in(recording, "").empty());
  Recording few;
  add_hits(few, "f", {2, 2, 4, 13}, Side::Bytecode, {{"float_mul", 9}});
  EXPECT_TRUE(causes_in(few, "").empty()) << "nine samples are no evidence";
}

TEST(Causes, ThePackageBelowOwnCode) {
  Recording recording = recording_from_text(R"(
    main:1  main:4       main:4       main:4
    .       numpy/dot    numpy/dot    numpy/dot
  )");
  EXPECT_TRUE(find_causes(build_profile(recording), {}, 0.004).empty()) << "four samples are no evidence";
  for (int i = 0; i < 3; ++i) {
    recording.samples.insert(recording.samples.end(), recording.samples.begin(), recording.samples.end());
  }
  const Profile profile = build_profile(recording);
  const auto causes = find_causes(profile, {}, profile.sampled_cpu_s);
  ASSERT_EQ(causes.size(), 1u);
  EXPECT_EQ(causes[0].kind, "package");
  EXPECT_EQ(causes[0].line, 4);
  EXPECT_DOUBLE_EQ(causes[0].share, 0.75);
}

TEST(Causes, WaitingIsSaidOfWallTime) {
  Recording recording = recording_from_text("main main main main");
  recording.wall_ns = 1'000'000'000;
  const Profile profile = build_profile(recording);
  const auto causes = find_causes(profile, {}, 0.1);
  ASSERT_EQ(causes.size(), 1u);
  EXPECT_EQ(causes[0].kind, "waiting");
  EXPECT_DOUBLE_EQ(causes[0].share, 0.9);
  EXPECT_TRUE(find_causes(profile, {}, 0.9).empty());
}

TEST(Causes, SourceOfAPosition) {
  const Sources sources{{"a.py", "one\nx = [i for\n     i in y]\n"}};
  EXPECT_EQ(source_at(sources, "a.py", {1, 1, 0, 3}), "one");
  EXPECT_EQ(source_at(sources, "a.py", {2, 3, 4, 11}), "[i for ...");
  EXPECT_EQ(source_at(sources, "a.py", {9, 9, 0, 3}), "");
  EXPECT_EQ(source_at(sources, "a.py", {1, 1, -1, -1}), "");
  EXPECT_EQ(source_at(sources, "b.py", {1, 1, 0, 3}), "");
}

}  // namespace
}  // namespace hasten::profile
