// The walk over threads that exist only as bytes: whole stacks, and each way in which one can be torn.
#include "pyread/frame_walk.h"

#include <gtest/gtest.h>

#include <array>
#include <map>
#include <vector>

#include "pyread/code_reader.h"
#include "pyread/layout.h"
#include "pyread/thread_list.h"

namespace hasten::pyread {
namespace {

/// A process's memory as a test builds it. Reading what was not written fails, as for an unmapped page.
class Image {
 public:
  template <class T>
  void put(uint64_t address, T value) {
    uint8_t bytes[sizeof value];
    std::memcpy(bytes, &value, sizeof value);
    put_bytes(address, bytes, sizeof value);
  }
  void fill(uint64_t address, uint32_t count, uint8_t value = 0) {
    const std::vector<uint8_t> bytes(count, value);
    put_bytes(address, bytes.data(), bytes.size());
  }
  void put_text(uint64_t address, const std::string& text) {
    put_bytes(address, reinterpret_cast<const uint8_t*>(text.data()), text.size());
  }
  bool read(uint64_t address, void* to, uint32_t count) {
    const Page* page = nullptr;
    for (uint32_t i = 0; i < count; ++i) {
      const uint64_t at = address + i;
      if (page == nullptr || at % kPageBytes == 0) {
        const auto found = pages_.find(at / kPageBytes);
        if (found == pages_.end()) {
          return false;
        }
        page = &found->second;
      }
      if (!page->there[at % kPageBytes]) {
        return false;
      }
      static_cast<uint8_t*>(to)[i] = page->bytes[at % kPageBytes];
    }
    return true;
  }

 private:
  static constexpr uint64_t kPageBytes = 256;
  struct Page {
    uint8_t bytes[kPageBytes];
    bool there[kPageBytes] = {};
  };

  void put_bytes(uint64_t address, const uint8_t* bytes, size_t count) {
    for (size_t i = 0; i < count; ++i) {
      Page& page = pages_[(address + i) / kPageBytes];
      page.bytes[(address + i) % kPageBytes] = bytes[i];
      page.there[(address + i) % kPageBytes] = true;
    }
  }

  std::map<uint64_t, Page> pages_;
};

constexpr uint64_t kThread = 0x10000;

/// A thread with Python frames over one or more C frames, in the layout of one version.
class ThreadImage {
 public:
  explicit ThreadImage(uint32_t version) : layout(*find_layout(version << 16)) { image.fill(kThread, 512); }

  uint64_t frame(uint64_t code, uint64_t previous, bool shim = false, bool entry = false) {
    const uint64_t address = next_;
    next_ += 128;
    image.fill(address, layout.frame_bytes);
    image.put(address + layout.frame_code, code | layout.frame_code_tag);
    image.put(address + layout.frame_previous, previous);
    image.put(address + layout.frame_instr, code + layout.code_start + 4);
    image.put<uint8_t>(address + layout.frame_owner, shim ? layout.owner_shim : 0);
    if (layout.frame_is_entry != kAbsent) {
      image.put<uint8_t>(address + layout.frame_is_entry, entry);
    }
    return address;
  }

  /// Frames of one C frame over `enclosing`, innermost code last. Returns the innermost frame.
  uint64_t evaluate(const std::vector<uint64_t>& codes, uint64_t enclosing) {
    uint64_t previous = enclosing;
    const bool has_shim = layout.frame_is_entry == kAbsent;
    if (has_shim) {
      previous = frame(0, previous, true);
    }
    bool entry = !has_shim;
    for (const uint64_t code : codes) {
      previous = frame(code, previous, false, entry);
      entry = false;
    }
    return previous;
  }

  /// A _PyCFrame on the C stack; returns its address.
  uint64_t cframe(uint64_t frame_address, uint64_t previous) {
    const uint64_t address = next_;
    next_ += 64;
    image.fill(address, 32);
    image.put(address + layout.cframe_frame, frame_address);
    image.put(address + layout.cframe_previous, previous);
    return address;
  }

  uint64_t root() {
    const uint64_t address = kThread + layout.thread_root_cframe;
    return address;
  }

  /// One call into Python from C, then one more from a C function called by it.
  void two_levels(const std::vector<uint64_t>& outer, const std::vector<uint64_t>& inner) {
    outer_frame = evaluate(outer, 0);
    inner_frame = evaluate(inner, outer_frame);
    if (layout.via_cframe()) {
      outer_cframe = cframe(outer_frame, root());
      inner_cframe = cframe(inner_frame, outer_cframe);
      image.put(kThread + layout.thread_cframe, inner_cframe);
    } else {
      image.put(kThread + layout.thread_frame, inner_frame);
    }
  }

  std::vector<uint64_t> walk(WalkEnd* end) {
    std::array<RawFrame, 64> frames;
    FrameSink<64> sink(frames.data());
    *end = FrameWalk<Image>(layout, image).walk(kThread, sink);
    std::vector<uint64_t> codes;
    entries.clear();
    for (uint32_t i = 0; i < sink.kept(); ++i) {
      codes.push_back(sink.kept_frame(i).code);
      if (sink.kept_frame(i).entry != 0) {
        entries.push_back(sink.kept_frame(i).code);
      }
    }
    return codes;
  }

  const PythonLayout& layout;
  Image image;
  uint64_t outer_frame = 0, inner_frame = 0, outer_cframe = 0, inner_cframe = 0;
  std::vector<uint64_t> entries;  ///< of the last walk: frames with which an evaluation loop began

 private:
  uint64_t next_ = 0x20000;
};

using Codes = std::vector<uint64_t>;

class EveryVersion : public testing::TestWithParam<uint32_t> {};
class WithCFrames : public testing::TestWithParam<uint32_t> {};
INSTANTIATE_TEST_SUITE_P(FrameWalk, EveryVersion, testing::Values(0x030b, 0x030c, 0x030d, 0x030e, 0x030f));
INSTANTIATE_TEST_SUITE_P(FrameWalk, WithCFrames, testing::Values(0x030b, 0x030c));

TEST_P(EveryVersion, ReadsAWholeStackInnermostFirst) {
  ThreadImage thread(GetParam());
  thread.two_levels({0x800, 0x900}, {0xa00, 0xb00, 0xc00});
  WalkEnd end;
  EXPECT_EQ(thread.walk(&end), (Codes{0xc00, 0xb00, 0xa00, 0x900, 0x800}));
  EXPECT_EQ(end, WalkEnd::Complete);
  EXPECT_EQ(thread.entries, (Codes{0xa00, 0x800}));
}

TEST_P(EveryVersion, AThreadOutsidePythonHasAWholeEmptyStack) {
  ThreadImage thread(GetParam());
  if (thread.layout.via_cframe()) {
    thread.image.put(kThread + thread.layout.thread_cframe, thread.root());
  }
  WalkEnd end;
  EXPECT_TRUE(thread.walk(&end).empty());
  EXPECT_EQ(end, WalkEnd::Complete);
}

TEST_P(EveryVersion, AGeneratorThatLostItsCallerIsNoWholeStack) {
  ThreadImage thread(GetParam());
  thread.two_levels({0x800}, {0xa00, 0xb00});
  thread.image.put(thread.inner_frame + thread.layout.frame_previous, uint64_t{0});
  WalkEnd end;
  const Codes codes = thread.walk(&end);
  if (thread.layout.via_cframe()) {
    EXPECT_EQ(end, WalkEnd::Repaired);
    EXPECT_EQ(codes, (Codes{0x800}));
  } else {
    EXPECT_EQ(end, WalkEnd::Broken);
    EXPECT_EQ(codes, (Codes{0xb00}));
  }
}

TEST_P(EveryVersion, AFrameThatCannotBeReadEndsTheWalk) {
  ThreadImage thread(GetParam());
  thread.two_levels({0x800}, {0xa00});
  thread.image.put(thread.outer_frame + thread.layout.frame_previous, uint64_t{0xdeadbeef0});
  WalkEnd end;
  thread.walk(&end);
  EXPECT_NE(end, WalkEnd::Complete);
}

TEST_P(EveryVersion, ACycleEnds) {
  ThreadImage thread(GetParam());
  thread.two_levels({0x800}, {0xa00, 0xb00, 0xc00});
  thread.image.put(thread.inner_frame + thread.layout.frame_previous, thread.inner_frame);
  WalkEnd end;
  thread.walk(&end);
  EXPECT_EQ(end, WalkEnd::Broken);
}

TEST_P(EveryVersion, AnOwnerThatDoesNotExistIsNoFrame) {
  ThreadImage thread(GetParam());
  thread.two_levels({0x800}, {0xa00});
  thread.image.put<uint8_t>(thread.inner_frame + thread.layout.frame_owner, 200);
  WalkEnd end;
  const Codes codes = thread.walk(&end);
  EXPECT_NE(end, WalkEnd::Complete);
  EXPECT_TRUE(codes.empty() || codes == Codes{0x800});
}

// The evaluation loop's prologue: tstate->cframe already points to the new C frame, whose current_frame is
// still whatever lay on the C stack.
TEST_P(WithCFrames, TheProloguesGarbageIsReplacedByTheCaller) {
  for (const uint64_t garbage : {uint64_t{0}, uint64_t{0x123456789abcdef0}, uint64_t{7}}) {
    ThreadImage thread(GetParam());
    thread.two_levels({0x800, 0x900}, {0xa00});
    thread.image.put(thread.inner_cframe + thread.layout.cframe_frame, garbage);
    WalkEnd end;
    EXPECT_EQ(thread.walk(&end), (Codes{0x900, 0x800})) << garbage;
    EXPECT_EQ(end, WalkEnd::Repaired);
  }
}

TEST_P(WithCFrames, AStaleFrameOfAnEarlierCallIsNotBelieved) {
  ThreadImage thread(GetParam());
  thread.two_levels({0x800, 0x900}, {0xa00});
  // The same depth of C stack once ran 0xf00, called by a frame that is long gone.
  const uint64_t stale = thread.evaluate({0xf00}, 0x777000);
  thread.image.put(thread.inner_cframe + thread.layout.cframe_frame, stale);
  WalkEnd end;
  EXPECT_EQ(thread.walk(&end), (Codes{0x900, 0x800}));
  EXPECT_EQ(end, WalkEnd::Repaired);
}

TEST_P(WithCFrames, AnUnreadableCFrameIsBroken) {
  ThreadImage thread(GetParam());
  thread.two_levels({0x800}, {0xa00});
  thread.image.put(thread.inner_cframe + thread.layout.cframe_previous, uint64_t{0x5550});
  WalkEnd end;
  thread.walk(&end);
  EXPECT_EQ(end, WalkEnd::Broken);
}

TEST(FrameSink, KeepsTheInnermostAndTheOutermost) {
  std::array<RawFrame, 8> frames;
  FrameSink<8> sink(frames.data());
  for (uint64_t i = 0; i < 21; ++i) {
    sink.push({i, 0});
  }
  EXPECT_EQ(sink.kept(), 8u);
  EXPECT_EQ(sink.omitted(), 13u);
  Codes kept;
  for (uint32_t i = 0; i < 8; ++i) {
    kept.push_back(sink.kept_frame(i).code);
  }
  EXPECT_EQ(kept, (Codes{0, 1, 2, 3, 17, 18, 19, 20}));
}

TEST(Layout, KnowsItsVersionsOnly) {
  EXPECT_EQ(find_layout(0x030a0000), nullptr);
  EXPECT_EQ(find_layout(0x030b07f0)->frame_code, 32);
  EXPECT_EQ(find_layout(0x030c01f0)->code_start, 192);
  EXPECT_EQ(find_layout(0x030d00f0)->thread_frame, 72);
  EXPECT_EQ(find_layout(0x030e08f0)->frame_owner, 74);
  EXPECT_EQ(find_layout(0x030f00f0)->thread_native_id, 184);
  EXPECT_EQ(find_layout(0x03100000), nullptr);
}

TEST(Layout, PublishedOffsetsOverruleTheTableIfTheyMakeSense) {
  std::array<uint8_t, kDebugOffsetsBytes> bytes{};
  PythonLayout layout = *find_layout(0x030d0000);
  EXPECT_FALSE(apply_debug_offsets(bytes.data(), 0x030d00f0, &layout));  // no cookie
  std::memcpy(bytes.data(), "xdebugpy", 8);
  const auto set = [&](int word, uint64_t value) { std::memcpy(bytes.data() + 8 * word, &value, 8); };
  set(1, 0x030d01f0);
  set(23, 80);  // current_frame
  set(43, 208);
  EXPECT_TRUE(apply_debug_offsets(bytes.data(), 0x030d01f0, &layout));
  EXPECT_EQ(layout.thread_frame, 80);
  EXPECT_EQ(layout.code_start, 208);
  set(30, 5000);  // a frame is not that long
  EXPECT_FALSE(apply_debug_offsets(bytes.data(), 0x030d01f0, &layout));
  set(30, 0);
  set(2, 1);  // free-threaded
  EXPECT_FALSE(apply_debug_offsets(bytes.data(), 0x030d01f0, &layout));
}

class CodeImage : public testing::TestWithParam<uint32_t> {
 protected:
  static constexpr uint64_t kType = 0x5000, kCode = 0x6000, kFile = 0x7000, kName = 0x8000, kTable = 0x9000;

  void SetUp() override {
    image.fill(kCode, 256);
    image.put(kCode + layout.object_type, kType);
    image.put(kCode + layout.var_size, uint64_t{20});
    image.put(kCode + layout.code_first_line, uint32_t{42});
    image.put(kCode + layout.code_file, kFile);
    image.put(kCode + layout.code_qualname, kName);
    image.put(kCode + layout.code_line_table, kTable);
    text(kFile, 3, 1, true);
    text(kName, 5, 2, false);
    image.fill(kTable, 64);
    image.put(kTable + layout.var_size, uint64_t{9});
  }
  void text(uint64_t address, uint64_t length, uint32_t kind, bool ascii) {
    image.fill(address, 80);
    image.put(address + layout.text_length, length);
    image.put(address + layout.text_state,
              kind << 2 | layout.text_compact_mask | (ascii ? layout.text_ascii_mask : 0u));
  }

  PythonLayout layout = *find_layout(GetParam() << 16);
  Image image;
};
INSTANTIATE_TEST_SUITE_P(CodeReader, CodeImage, testing::Values(0x030b, 0x030c, 0x030d, 0x030e, 0x030f));

TEST_P(CodeImage, NamesAndTablesAreFound) {
  CodeFields fields;
  ASSERT_TRUE((CodeReader<Image>(layout, kType, image).read(kCode, &fields)));
  EXPECT_EQ(fields.first_line, 42u);
  EXPECT_EQ(fields.code_bytes, 40u);
  EXPECT_EQ(fields.file.address, kFile + layout.text_ascii_data);
  EXPECT_EQ(fields.qualname.address, kName + layout.text_compact_data);
  EXPECT_EQ(fields.qualname.byte_count(), 10u);
  EXPECT_EQ(fields.line_table_bytes, 9u);
}

TEST_P(CodeImage, AnythingElseIsRefused) {
  CodeFields fields;
  CodeReader<Image> reader(layout, kType, image);
  EXPECT_FALSE(reader.read(kFile, &fields));   // another type
  EXPECT_FALSE(reader.read(0x1234, &fields));  // nothing there
  image.put(kName + layout.text_length, uint64_t{1} << 40);
  EXPECT_FALSE(reader.read(kCode, &fields));
}

TEST(ThreadList, FindsThreadsOfAllInterpretersAndEndsOnACycle) {
  const PythonLayout& layout = *find_layout(0x030c0000);
  Image image;
  const auto thread = [&](uint64_t address, uint64_t id, uint64_t next) {
    image.put(address + layout.thread_native_id, id);
    image.put(address + layout.thread_next, next);
  };
  image.put(0x1000 + layout.runtime_interpreters, uint64_t{0x2000});
  image.put(0x2000 + layout.interpreter_threads, uint64_t{0x3000});
  image.put(0x2000 + layout.interpreter_next, uint64_t{0x4000});
  image.put(0x4000 + layout.interpreter_threads, uint64_t{0x5000});
  image.put(0x4000 + layout.interpreter_next, uint64_t{0x2000});
  thread(0x3000, 11, 0x3800);
  thread(0x3800, 12, 0);
  thread(0x5000, 13, 0);
  std::map<uint64_t, uint64_t> found;
  visit_thread_states(layout, 0x1000, image, [&](uint64_t id, uint64_t address) { found[id] = address; });
  EXPECT_EQ(found, (std::map<uint64_t, uint64_t>{{11, 0x3000}, {12, 0x3800}, {13, 0x5000}}));
}

}  // namespace
}  // namespace hasten::pyread
