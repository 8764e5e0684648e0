#include "collect/mixed_stack.h"

#include <gtest/gtest.h>

#include <string>

namespace hasten::collect {
namespace {

/// Native frames of 0x100 bytes each, the innermost at 0x1000.
std::vector<NativeFrame> frames(uint32_t count) {
  std::vector<NativeFrame> all;
  for (uint64_t i = 0; i < count; ++i) {
    all.push_back({0x40 + i, 0x40, 0x1000 + i * 0x100, 0x1100 + i * 0x100, false});
  }
  return all;
}

/// Outermost first: p0 is the innermost Python frame, n0 the innermost native one, ? an unknown stretch.
std::string text(const std::vector<MixedFrame>& mixed) {
  std::string out;
  for (const MixedFrame& frame : mixed) {
    out.append(out.empty() ? "" : " ");
    if (frame.kind == MixedFrame::Unknown) {
      out.append("?");
    } else {
      out.append(frame.kind == MixedFrame::Python ? "p" : "n").append(std::to_string(frame.index));
    }
  }
  return out;
}

TEST(MixedStack, ALoopStandsForItsPythonFrames) {
  // n0 n1 called by the loop n2, which runs p0 and p1.
  EXPECT_EQ(text(mix(frames(3), false, {{0x1210, 1}}, 2)), "p1 p0 n1 n0");
}

TEST(MixedStack, NativeFramesStandBetweenTwoLoops) {
  // The loop n0 runs p0; n1 n2 lead to it from the loop n3, which runs p1 p2; n4 called that.
  EXPECT_EQ(text(mix(frames(5), false, {{0x1080, 0}, {0x1300, 2}}, 3)), "p2 p1 n2 n1 p0");
}

TEST(MixedStack, WhatWasCutIsSaid) {
  // The walk ended before the loop.
  EXPECT_EQ(text(mix(frames(1), true, {{0x1900, 0}}, 1)), "p0 ? n0");
  // It ended between the first loop and the second.
  EXPECT_EQ(text(mix(frames(3), true, {{0x1110, 0}, {0x1900, 1}}, 2)), "p1 ? n2 p0 n0");
  EXPECT_EQ(text(mix({}, true, {{0x1900, 0}}, 1)), "p0 ?");
}

TEST(MixedStack, WithoutPythonAllNativeFramesStay) {
  EXPECT_EQ(text(mix(frames(3), false, {}, 0)), "n2 n1 n0");
  EXPECT_EQ(text(mix(frames(2), true, {}, 0)), "? n1 n0");
}

TEST(MixedStack, EntriesThatContradictTheFramesAreNotFollowed) {
  EXPECT_EQ(text(mix(frames(3), false, {{0x1010, 7}}, 1)), "p0 ? n2 n1 n0");
  EXPECT_EQ(text(mix(frames(3), false, {{0x1110, 1}, {0x1010, 2}}, 3)), "p2 ? n2 p1 p0 n0");
}

}  // namespace
}  // namespace hasten::collect
