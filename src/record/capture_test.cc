// A capture that was written reads back the same; one that was cut, changed or made by a later Hasten is
// opened with a statement, or refused. Cut and changed means: at every byte.
#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <cstring>
#include <fstream>
#include <iterator>

#include "record/block.h"
#include "record/pack.h"
#include "record/reader.h"
#include "record/source_hash.h"
#include "record/writer.h"

namespace hasten::record {
namespace {

std::string fresh_path() {
  char folder[] = "/tmp/hasten-capture-test-XXXXXX";
  EXPECT_NE(::mkdtemp(folder), nullptr);
  return std::string(folder) + "/x.hasten";
}

std::vector<uint8_t> bytes_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

void fill(CaptureWriter& writer, int sample_count) {
  Process process;
  process.pid = 4711;
  process.parent_pid = 4710;
  process.command = {"python", "a b.py", ""};
  process.cwd = "/home/u";
  process.python_version = "3.11.7";
  process.start_wall_ns = -5;
  process.start_mono_ns = 1'000'000;
  process.stdin_kind = StdinKind::Pipe;
  process.engine = Engine::PerfClock;
  process.rate_hz = 333.25;
  process.sample_cost_ns = 45'000;
  process.environment = {{"PYTHONHASHSEED", "0"}};
  writer.add_process(0, process);
  Thread thread;
  thread.tid = 4711;
  thread.name = "MainThread";
  writer.add_thread(0, thread);
  SourceFile file;
  file.path = "/home/u/a b.py";
  file.own = true;
  file.has_text = true;
  file.text = std::string("x\0y\n", 4);
  file.hash = source_hash(file.text);
  writer.add_file(file);
  Code code;
  code.qualname = "f.<locals>.g\xc3\xa9";
  code.first_line = 7;
  code.code_bytes = 40;
  code.line_table = {0x80, 0x00, 0xff};
  writer.add_code(code);
  writer.add_module({0, 0x1000, 0x2000, ModuleKind::Python, "/usr/lib/libpython3.11.so"});
  writer.add_compiled({0, 0x9000, 0x9100, "/home/u/a b.py", "f", 7, {{0, 8}, {16, 9}}});
  writer.add_stack({0, 0, 12, 0});
  writer.add_stack({1, kOmittedFrames, kNoOffset, 0});
  writer.add_native_function({0, 0x1040});
  writer.add_mixed({0, 1 << 1});
  writer.add_mixed({1, 0 << 1 | 1});
  writer.add_mixed({2, kUnknownNative});
  for (int i = 0; i < sample_count; ++i) {
    writer.add_sample({0, static_cast<uint32_t>(i % 3), static_cast<uint64_t>(i) * 1'000'000, 1'000'000, 7,
                       CodeClass::Bytecode, i == 1, i == 2, i == 3, 0x1234, 122, i == 4 ? 3u : 0u});
  }
  writer.add_wait({0, 2, 5, 70'000'000, WaitKind::Gil});
  writer.add_task({0, 0, "consumer"});
  writer.add_await({0, 0, 1, 10, 2'000'000, 2'000'000, 1, 30});
  writer.add_await({0, 0, 2, 20, 3'000'000, 3'000'000, 2, 40});
  writer.add_label({0, "load", 3, 5'000'000'000, 40});
  writer.add_function_count(
      {"/home/u/a b.py", "f", 7, 2, 6, {{8, 18, 0, {}}, {9, 1ull << 40, 20, {{"floats", 1.5, 1.25, 1.75}}}}});
  Counts counts;
  counts.samples = static_cast<uint64_t>(sample_count);
  counts.lost = 3;
  counts.watch_ns = 4;
  writer.add_counts(counts);
  thread.cpu_ns = 99;
  thread.ended = true;
  thread.creator_tid = 4712;
  thread.creator_stack = 2;
  thread.routine = 0x1080;
  writer.add_thread(0, thread);
  End end;
  end.exit_code = -1;
  end.signal = 9;
  end.wall_ns = 5'000'000'000;
  end.peak_rss_bytes = 1 << 20;
  writer.add_end(end);
}

std::vector<uint8_t> finished_capture(int sample_count = 3) {
  const std::string path = fresh_path();
  CaptureWriter writer = CaptureWriter::create(path).value();
  fill(writer, sample_count);
  EXPECT_TRUE(writer.finish().ok());
  return bytes_of(path);
}

TEST(Capture, ReadsBackWhatWasWritten) {
  const Capture capture = parse_capture(finished_capture(5), "x").value();
  ASSERT_EQ(capture.processes.size(), 1u);
  EXPECT_EQ(capture.processes[0].command, (std::vector<std::string>{"python", "a b.py", ""}));
  EXPECT_EQ(capture.processes[0].start_wall_ns, -5);
  EXPECT_EQ(capture.processes[0].stdin_kind, StdinKind::Pipe);
  EXPECT_DOUBLE_EQ(capture.processes[0].rate_hz, 333.25);
  EXPECT_EQ(capture.processes[0].environment[0].second, "0");
  ASSERT_EQ(capture.threads.size(), 1u);
  EXPECT_EQ(capture.threads[0].cpu_ns, 99u);  // the later description replaces the earlier
  EXPECT_TRUE(capture.threads[0].ended);
  EXPECT_EQ(capture.threads[0].creator_tid, 4712u);
  EXPECT_EQ(capture.threads[0].creator_stack, 2u);
  EXPECT_EQ(capture.threads[0].routine, 0x1080u);
  EXPECT_EQ(capture.files[0].text, std::string("x\0y\n", 4));
  EXPECT_EQ(capture.codes[0].line_table, (std::vector<uint8_t>{0x80, 0x00, 0xff}));
  EXPECT_EQ(capture.modules[0].kind, ModuleKind::Python);
  EXPECT_EQ(capture.compiled[0].lines[1], (std::pair<uint32_t, uint32_t>{16, 9}));
  ASSERT_EQ(capture.stacks.size(), 3u);
  EXPECT_EQ(capture.stacks[2].parent, 1u);
  EXPECT_EQ(capture.stacks[2].code, kOmittedFrames);
  ASSERT_EQ(capture.mixed.size(), 4u);
  EXPECT_EQ(capture.native_functions[capture.mixed[2].frame >> 1].address, 0x1040u);
  EXPECT_EQ(capture.mixed[3].frame, kUnknownNative);
  ASSERT_EQ(capture.samples.size(), 5u);
  EXPECT_EQ(capture.samples[4].mixed, 3u);
  EXPECT_EQ(capture.samples[3].mixed, 0u);
  EXPECT_TRUE(capture.samples[1].broken);
  EXPECT_EQ(capture.samples[4].time_ns, 4'000'000u);
  EXPECT_EQ(capture.waits[0].kind, WaitKind::Gil);
  EXPECT_EQ(capture.counts[0].lost, 3u);
  EXPECT_EQ(capture.counts[0].watch_ns, 4u);
  EXPECT_EQ(capture.ends[0].exit_code, -1);
  EXPECT_EQ(capture.ends[0].signal, 9);
  ASSERT_EQ(capture.labels.size(), 1u);
  EXPECT_EQ(capture.labels[0].wall_ns, 5'000'000'000u);
  ASSERT_EQ(capture.function_counts.size(), 1u);
  EXPECT_EQ(capture.function_counts[0].calls, 6u);
  ASSERT_EQ(capture.function_counts[0].lines.size(), 2u);
  EXPECT_EQ(capture.function_counts[0].lines[1].times, 1ull << 40);
  EXPECT_EQ(capture.function_counts[0].lines[1].made[0].kind, "floats");
  EXPECT_DOUBLE_EQ(capture.function_counts[0].lines[1].made[0].high, 1.75);
  EXPECT_TRUE(capture.completeness.finished);
  EXPECT_EQ(capture.completeness.what, "");
}

TEST(Capture, AwaitsComeBackWithTheStepsBeforeThem) {
  const Capture capture = parse_capture(finished_capture(), "x").value();
  ASSERT_EQ(capture.awaits.size(), 2u);
  EXPECT_EQ(capture.tasks.at(0).name, "consumer");
  EXPECT_EQ(capture.awaits[0].duration_ns, 2'000'000u);
  EXPECT_EQ(capture.awaits[0].task_number, 1u);
  EXPECT_EQ(capture.awaits[0].step_ns, 30u);
  EXPECT_EQ(capture.awaits[1].task_number, 2u);
  EXPECT_EQ(capture.awaits[1].step_ns, 40u);
}

TEST(Capture, HundredThousandSamplesCrossBlocks) {
  const Capture capture = parse_capture(finished_capture(100'000), "x").value();
  ASSERT_EQ(capture.samples.size(), 100'000u);
  EXPECT_EQ(capture.samples[99'999].time_ns, 99'999'000'000u);
}

TEST(Capture, CutAtEveryByteOpensAndSaysWhatIsMissingOrIsRefused) {
  const std::vector<uint8_t> whole = finished_capture();
  for (size_t length = 0; length < whole.size(); ++length) {
    const Result<Capture> read = parse_capture(std::span(whole).first(length), "x");
    if (length < kFileHeaderBytes) {
      EXPECT_FALSE(read.ok()) << length;
      continue;
    }
    ASSERT_TRUE(read.ok()) << length << ": " << read.error().what;
    EXPECT_EQ(read.value().completeness.missing_bytes, whole.size() - length);
    EXPECT_NE(read.value().completeness.what.find("bytes are missing"), std::string::npos);
  }
}

TEST(Capture, UnfinishedOneOpensWithAStatement) {
  const std::string path = fresh_path();
  {
    CaptureWriter writer = CaptureWriter::create(path).value();
    fill(writer, 3);
    ASSERT_TRUE(writer.flush().ok());
    const Capture capture = read_capture(path).value();  // while it is being written
    EXPECT_EQ(capture.samples.size(), 3u);
    EXPECT_FALSE(capture.completeness.finished);
    EXPECT_NE(capture.completeness.what.find("never finished"), std::string::npos);
  }
}

TEST(Capture, EveryFlippedBitIsNoticed) {
  std::vector<uint8_t> bytes = finished_capture();
  for (size_t at = 0; at < bytes.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      bytes[at] ^= static_cast<uint8_t>(1 << bit);
      const Result<Capture> read = parse_capture(bytes, "x");
      EXPECT_FALSE(read.ok()) << "byte " << at << " bit " << bit;
      bytes[at] ^= static_cast<uint8_t>(1 << bit);
    }
  }
}

TEST(Capture, BytesAfterTheEndAreRefused) {
  std::vector<uint8_t> bytes = finished_capture();
  bytes.push_back(0);
  EXPECT_EQ(parse_capture(bytes, "x").error().code, "record.damaged");
}

/// A capture with one more block in front of its end, and the header made right again.
std::vector<uint8_t> with_block(uint32_t kind, const std::string& payload) {
  std::vector<uint8_t> bytes = finished_capture();
  const std::span<const uint8_t> data{reinterpret_cast<const uint8_t*>(payload.data()), payload.size()};
  uint8_t head[kBlockHeaderBytes];
  store_u32(head, kind);
  store_u32(head + 4, static_cast<uint32_t>(payload.size()));
  store_u64(head + 8, block_checksum(static_cast<BlockKind>(kind), data));
  bytes.insert(bytes.end(), head, head + sizeof head);
  bytes.insert(bytes.end(), data.begin(), data.end());
  FileHeader header;
  header.finished_bytes = bytes.size();
  uint8_t packed[kFileHeaderBytes];
  pack_file_header(header, packed);
  std::copy(packed, packed + sizeof packed, bytes.begin());
  return bytes;
}

TEST(Capture, UnknownKindsAreSkipped) {
  const Capture capture = parse_capture(with_block(4'000'000, "from the future"), "x").value();
  EXPECT_EQ(capture.samples.size(), 3u);
}

TEST(Capture, FieldsAppendedByALaterMinorVersionAreSkipped) {
  std::string payload;
  Packer pack(payload);
  for (int i = 0; i < 8; ++i) {
    pack.put(0);
  }
  pack.put(1);
  pack.put(77);  // two fields that this version does not know
  EXPECT_TRUE(parse_capture(with_block(static_cast<uint32_t>(BlockKind::Counts), payload), "x").ok());
}

TEST(Capture, ReferencesIntoNowhereAreDamageEvenWithAGoodChecksum) {
  for (const auto& [thread, stack] : {std::pair{9u, 0u}, std::pair{0u, 9u}}) {
    std::string payload;
    Packer pack(payload);
    pack.put(thread);
    pack.put(stack);
    for (int i = 0; i < 5; ++i) {
      pack.put(0);
    }
    const auto bytes = with_block(static_cast<uint32_t>(BlockKind::Sample), payload);
    EXPECT_EQ(parse_capture(bytes, "x").error().code, "record.damaged");
  }
}

TEST(Capture, NewerMajorVersionIsRefusedByName) {
  std::vector<uint8_t> bytes = finished_capture();
  FileHeader header;
  header.major = kMajorVersion + 1;
  header.finished_bytes = bytes.size();
  uint8_t packed[kFileHeaderBytes];
  pack_file_header(header, packed);
  std::copy(packed, packed + sizeof packed, bytes.begin());
  const Result<Capture> read = parse_capture(bytes, "new.hasten");
  ASSERT_FALSE(read.ok());
  EXPECT_EQ(read.error().code, "record.newer");
  EXPECT_NE(read.error().what.find("new.hasten"), std::string::npos);
}

TEST(Capture, AnythingElseIsNotACapture) {
  for (const std::string text : {"", "x", "#!/usr/bin/python\nprint(1)\n", "\x89HASTEN"}) {
    const std::span<const uint8_t> bytes{reinterpret_cast<const uint8_t*>(text.data()), text.size()};
    EXPECT_EQ(parse_capture(bytes, "x").error().code, "record.not_a_capture") << text;
  }
}

TEST(CaptureWriter, NeverOverwrites) {
  const std::string path = fresh_path();
  {
    ASSERT_TRUE(CaptureWriter::create(path).ok());
  }
  EXPECT_EQ(CaptureWriter::create(path).error().code, "record.exists");
}

TEST(CaptureWriter, LeavesACaptureWheneverItIsKilled) {
  const std::string path = fresh_path();
  const auto created = CaptureWriter::create(path);
  ASSERT_TRUE(created.ok());
  const auto read = read_capture(path);
  ASSERT_TRUE(read.ok());
  EXPECT_FALSE(read.value().completeness.finished);
  const std::string empty = fresh_path();
  std::ofstream{empty};
  EXPECT_EQ(read_capture(empty).error().what, empty + " is empty");
}

TEST(CaptureWriter, AddsToAFinishedOne) {
  const std::string path = fresh_path();
  auto created = CaptureWriter::create(path);
  fill(created.value(), 3);
  ASSERT_TRUE(created.value().finish());
  {
    auto again = CaptureWriter::reopen(path);
    ASSERT_TRUE(again.ok());
    EXPECT_FALSE(read_capture(path).value().completeness.finished) << "whoever is killed here leaves it unfinished";
    again.value().add_label({0, "load", 4, 6, 41});  // cumulative: in place of the first
    again.value().add_label({0, "solve", 1, 2, 3});
    ASSERT_TRUE(again.value().finish());
  }
  const Capture capture = read_capture(path).value();
  EXPECT_TRUE(capture.completeness.what.empty());
  EXPECT_EQ(capture.samples.size(), 3u);
  ASSERT_EQ(capture.labels.size(), 2u);
  EXPECT_EQ(capture.labels[0].count, 4u);
  EXPECT_EQ(capture.labels[1].name, "solve");
}

TEST(CaptureWriter, AddsToNothingElse) {
  const std::string path = fresh_path();
  EXPECT_EQ(CaptureWriter::reopen(path).error().code, "record.reopen");
  auto unfinished = CaptureWriter::create(path);
  ASSERT_TRUE(unfinished.value().flush());
  EXPECT_EQ(CaptureWriter::reopen(path).error().code, "record.reopen");
}

TEST(CaptureWriter, NeverWritesThroughALink) {
  const std::string path = fresh_path();
  ASSERT_EQ(::symlink("/dev/full", path.c_str()), 0);
  EXPECT_EQ(CaptureWriter::create(path).error().code, "record.exists");
}

TEST(Pack, NumbersKeepTheirValues) {
  std::string bytes;
  Packer pack(bytes);
  const int64_t numbers[] = {0, 1, -1, 63, -64, 64, INT64_MAX, INT64_MIN};
  for (const int64_t number : numbers) {
    pack.put_signed(number);
  }
  pack.put(UINT64_MAX);
  pack.put_double(-0.1);
  Unpacker in({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()});
  for (const int64_t number : numbers) {
    EXPECT_EQ(in.get_signed(), number);
  }
  EXPECT_EQ(in.get(), UINT64_MAX);
  EXPECT_EQ(in.get_double(), -0.1);
  EXPECT_TRUE(in.ok() && in.at_end());
  EXPECT_EQ(in.get(), 0u);
  EXPECT_FALSE(in.ok());
}

TEST(Pack, ElevenByteVarintIsRefused) {
  const std::vector<uint8_t> bytes(11, 0xff);
  Unpacker in(bytes);
  in.get();
  EXPECT_FALSE(in.ok());
}

}  // namespace
}  // namespace hasten::record
