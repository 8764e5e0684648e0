// A function in two parts, as an image of code and unwind table; the layout is that of the System V ABI for x86-64.
#include "pyread/split_function.h"

#include <gtest/gtest.h>

#include <map>
#include <vector>

namespace hasten::pyread {
namespace {

constexpr uint64_t kIndex = 0x900000;
constexpr CodeRange kEntry{0x500000, 0x500400};  // what the symbol names
constexpr CodeRange kLoop{0x440000, 0x454000};   // where the loop went
constexpr CodeRange kOther{0x600000, 0x600800};  // a function that it calls last

class Code {
 public:
  Code() {
    uint64_t description = 0xa00000;
    std::vector<std::pair<CodeRange, uint64_t>> parts;
    for (const CodeRange part : {kLoop, kEntry, kOther}) {
      put(description, uint32_t{16});
      put(description + 8, static_cast<int32_t>(part.begin - (description + 8)));
      put(description + 12, static_cast<uint32_t>(part.end - part.begin));
      parts.emplace_back(part, description);
      description += 32;
    }
    put(kIndex, uint32_t{0x3b031b01});
    put(kIndex + 8, static_cast<uint32_t>(parts.size()));
    for (size_t i = 0; i < parts.size(); ++i) {
      put(kIndex + 12 + 8 * i, static_cast<int32_t>(parts[i].first.begin - kIndex));
      put(kIndex + 16 + 8 * i, static_cast<int32_t>(parts[i].second - kIndex));
    }
    for (uint64_t at = kEntry.begin; at < kEntry.end; ++at) {
      bytes_[at] = 0x90;
    }
  }
  /// A jump, plain or on a condition, from an offset in the entry.
  void jump(uint64_t offset, uint64_t target, bool conditional = false) {
    uint64_t at = kEntry.begin + offset;
    if (conditional) {
      bytes_[at++] = 0x0f;
    }
    bytes_[at++] = conditional ? 0x84 : 0xe9;
    put(at, static_cast<int32_t>(target - (at + 4)));
  }
  template <class T>
  void put(uint64_t address, T value) {
    uint8_t raw[sizeof value];
    std::memcpy(raw, &value, sizeof value);
    for (size_t i = 0; i < sizeof value; ++i) {
      bytes_[address + i] = raw[i];
    }
  }
  bool read(uint64_t address, void* to, uint32_t count) const {
    for (uint32_t i = 0; i < count; ++i) {
      const auto found = bytes_.find(address + i);
      static_cast<uint8_t*>(to)[i] = found == bytes_.end() ? 0 : found->second;
    }
    return true;
  }
  uint64_t loop_begin() const { return other_part(kEntry, kIndex, *this).begin; }

 private:
  std::map<uint64_t, uint8_t> bytes_;
};

TEST(SplitFunction, BranchesIntoTheMiddleLeadToTheOtherPart) {
  Code code;
  code.jump(0x10, kLoop.begin + 0x45);
  code.jump(0x80, kLoop.begin + 0x1200, true);
  code.jump(0x90, kOther.begin);
  const CodeRange part = other_part(kEntry, kIndex, code);
  EXPECT_EQ(part.begin, kLoop.begin);
  EXPECT_EQ(part.end, kLoop.end);
}

TEST(SplitFunction, CallsInTailPositionAreNoParts) {
  Code code;
  code.jump(0x10, kOther.begin);
  code.jump(0x20, kOther.begin, true);
  code.jump(0x30, kEntry.begin + 0x200);
  EXPECT_EQ(code.loop_begin(), 0u);
}

TEST(SplitFunction, OneBranchMayBeBytesThatOnlyLookLikeOne) {
  Code code;
  code.jump(0x10, kLoop.begin + 0x45);
  EXPECT_EQ(code.loop_begin(), 0u);
  code.jump(0x20, 0x480000);  // between two functions
  code.jump(0x30, 0x480010);
  EXPECT_EQ(code.loop_begin(), 0u);
}

TEST(SplitFunction, AnUnwindTableOfAnotherFormIsLeftAlone) {
  Code code;
  code.jump(0x10, kLoop.begin + 0x45);
  code.jump(0x20, kLoop.begin + 0x45);
  EXPECT_EQ(code.loop_begin(), kLoop.begin);
  code.put(kIndex, uint32_t{0x00031b01});
  EXPECT_EQ(code.loop_begin(), 0u);
  EXPECT_EQ(other_part(kEntry, 0, code).end, 0u);
}

}  // namespace
}  // namespace hasten::pyread
