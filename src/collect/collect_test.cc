// The collector's parts on made-up input: names, mappings, and a probe played by threads of the test.
#include <gtest/gtest.h>
#include <stdlib.h>

#include <atomic>
#include <thread>

#include "collect/modules.h"
#include "collect/names.h"
#include "collect/recorder.h"
#include "collect/region_owner.h"
#include "collect/spawn.h"
#include "record/reader.h"
#include "record/writer.h"

namespace hasten::collect {
namespace {

constexpr uint32_t kProcessSlot = 3;

std::string fresh_path() {
  char folder[] = "/tmp/hasten-collect-test-XXXXXX";
  EXPECT_NE(::mkdtemp(folder), nullptr);
  return std::string(folder) + "/x.hasten";
}

TEST(Names, PythonStringsBecomeUtf8) {
  const uint8_t latin[] = {'g', 0xf6, 0xdf};
  EXPECT_EQ(to_utf8(latin, {1, 3}), "g\xc3\xb6\xc3\x9f");
  const uint16_t wide[] = {0x540d, 0x524d, 0xdc80, 0xd800};
  EXPECT_EQ(to_utf8(reinterpret_cast<const uint8_t*>(wide), {2, 4}), "\xe5\x90\x8d\xe5\x89\x8d\x80?");
  const uint32_t wider[] = {0x1f600};
  EXPECT_EQ(to_utf8(reinterpret_cast<const uint8_t*>(wider), {4, 1}), "\xf0\x9f\x98\x80");
}

TEST(Names, OwnFilesAreNeitherLibraryNorPackage) {
  EXPECT_TRUE(is_own_file("/home/u/work.py"));
  EXPECT_FALSE(is_own_file("/usr/lib/python3.11/json/decoder.py"));
  EXPECT_FALSE(is_own_file("/opt/v/lib/python3.12/site-packages/numpy/core.py"));
  EXPECT_FALSE(is_own_file("/usr/lib/python3/dist-packages/apt.py"));
  EXPECT_FALSE(is_own_file("<frozen importlib._bootstrap>"));
  EXPECT_FALSE(is_own_file(""));
}

TEST(Modules, AnInstructionBelongsToItsMapping) {
  ModuleMap map;
  record::PythonPlace python;
  python.eval_begin = 0x1100;
  python.eval_end = 0x1200;
  python.eval_part_begin = 0x1800;
  python.eval_part_end = 0x1900;
  map.set_eval_loop(python);
  map.add_compiled(0x9000, 0x9100);
  const auto modules = map.parse(
      "00001000-00002000 r-xp 00000000 08:01 1    /usr/lib/libpython3.11.so.1.0\n"
      "00002000-00003000 r--p 00000000 08:01 1    /usr/lib/libpython3.11.so.1.0\n"
      "00004000-00005000 r-xp 00000000 08:01 2    /x/a b.cpython-311-x86_64-linux-gnu.so\n"
      "00006000-00007000 rwxp 00000000 00:00 0 \n"
      "7fff0000-7fff1000 r-xp 00000000 00:00 0    [vdso]\n");
  ASSERT_EQ(modules.size(), 4u);
  EXPECT_EQ(modules[1].path, "/x/a b.cpython-311-x86_64-linux-gnu.so");
  EXPECT_EQ(modules[2].path, "");
  EXPECT_EQ(map.classify(0x1150), record::CodeClass::Bytecode);
  EXPECT_EQ(map.classify(0x1850), record::CodeClass::Bytecode);
  EXPECT_EQ(map.classify(0x9001), record::CodeClass::Compiled);
  EXPECT_EQ(map.classify(0x5555), record::CodeClass::Unknown);
}

TEST(Modules, ThisProcessIsMappedAsItIs) {
  ModuleMap map;
  EXPECT_FALSE(map.refresh(static_cast<uint32_t>(::getpid())).empty());
  EXPECT_TRUE(map.refresh(static_cast<uint32_t>(::getpid())).empty());  // nothing new the second time
  EXPECT_EQ(map.classify(reinterpret_cast<uint64_t>(&::getpid)), record::CodeClass::Library);
}

TEST(Spawn, TellingVariablesAreFewAndHoldNoSecrets) {
  const auto telling =
      telling_variables({"PYTHONHASHSEED=0", "AWS_SECRET_ACCESS_KEY=x", "LANG=C", "HOME=/root", "odd"});
  ASSERT_EQ(telling.size(), 2u);
  EXPECT_EQ(telling[0].first, "PYTHONHASHSEED");
}

/// Plays the probe on one slot: a code object, then samples of it, as the handler would write them.
void play_probe(const RegionOwner& owner, uint32_t slot_idx, uint32_t sample_count) {
  record::ThreadSlot& slot = owner.region()->slots[slot_idx];
  slot.tid = 100 + slot_idx;
  slot.word.store(record::slot_word(record::SlotState::Live, kProcessSlot), std::memory_order_release);
  record::RingWriter ring(&slot.ring, owner.map_ring(record::thread_ring_offset(slot_idx)), record::kThreadRingBytes);
  const uint32_t code_id = slot_idx + 1;
  struct {
    record::CodeRecord head;
    char file[8];
    char name[8];
    uint8_t table[8];
  } code{};
  code.head.head = {sizeof code, static_cast<uint32_t>(record::RingRecord::Code)};
  code.head.code_id = code_id;
  code.head.file = {1, 4};
  code.head.qualname = {1, 2};
  code.head.line_table_bytes = 3;
  std::memcpy(code.file, "a.py", 4);
  code.name[0] = 'f';
  code.name[1] = static_cast<char>('0' + slot_idx);
  const auto put = [&](const void* bytes, uint32_t count) {
    uint8_t* to = ring.reserve(count);
    while (to == nullptr) {
      std::this_thread::yield();
      to = ring.reserve(count);
    }
    std::memcpy(to, bytes, count);
    ring.commit(count);
  };
  put(&code, sizeof code);
  for (uint32_t i = 0; i < sample_count; ++i) {
    struct {
      record::SampleRecord head;
      record::FrameRef frames[2];
    } sample{};
    sample.head.head = {sizeof sample, static_cast<uint32_t>(record::RingRecord::Sample)};
    sample.head.mono_ns = 1'000 + i;
    sample.head.weight_ns = 10;
    sample.head.kernel_ns = i == 1 ? 100 : 0;
    sample.head.frame_count = 2;
    sample.frames[0] = {code_id, 4};
    sample.frames[1] = {code_id, 2};
    put(&sample, sizeof sample);
    slot.samples.fetch_add(1);
  }
  slot.end_mono_ns = 5'000;
  slot.end_cpu_ns = 777;
  slot.word.store(record::slot_word(record::SlotState::Ended, kProcessSlot), std::memory_order_release);
}

TEST(Recorder, TakesOverWhatManyThreadsWriteAtOnce) {
  constexpr uint32_t kThreads = 3;
  constexpr uint32_t kSamples = 20'000;
  RegionOwner owner = RegionOwner::create(0, record::Engine::None).value();
  const std::string path = fresh_path();
  record::CaptureWriter writer = record::CaptureWriter::create(path).value();
  writer.add_process(0, record::Process{});
  NameTable names(writer);
  ModuleMap modules;
  Recorder recorder(owner, kProcessSlot, writer, names, modules, 0, 1, "/", 1'000);
  owner.region()->slots_used.store(kThreads);
  std::atomic<uint32_t> running{kThreads};
  std::vector<std::thread> probes;
  for (uint32_t i = 0; i < kThreads; ++i) {
    probes.emplace_back([&, i] {
      play_probe(owner, i, kSamples);
      running.fetch_sub(1);
    });
  }
  while (running.load() > 0) {
    recorder.drain(false);
  }
  for (std::thread& probe : probes) {
    probe.join();
  }
  recorder.finish(9'000);
  ASSERT_TRUE(writer.finish().ok());
  const record::Capture capture = record::read_capture(path).value();
  EXPECT_EQ(capture.samples.size(), kThreads * kSamples);
  EXPECT_EQ(capture.counts[0].samples, kThreads * kSamples);
  EXPECT_EQ(capture.codes.size(), kThreads);
  EXPECT_EQ(capture.files.size(), 1u);
  EXPECT_EQ(capture.stacks.size(), 1 + 2 * kThreads);
  ASSERT_EQ(capture.threads.size(), kThreads);
  uint64_t kernel_ns = 0;
  for (const record::Sample& sample : capture.samples) {
    kernel_ns += sample.kernel_ns;
    EXPECT_LT(sample.kernel_ns, 100u);  // shared between the sample and the one before
  }
  EXPECT_EQ(kernel_ns, kThreads * 100u);
  for (const record::Thread& thread : capture.threads) {
    EXPECT_TRUE(thread.ended);
    EXPECT_EQ(thread.cpu_ns, 777u);
    EXPECT_EQ(thread.end_ns, 4'000u);
  }
}

TEST(Recorder, ScribbledMemoryHarmsNobody) {
  RegionOwner owner = RegionOwner::create(0, record::Engine::None).value();
  const std::string path = fresh_path();
  record::CaptureWriter writer = record::CaptureWriter::create(path).value();
  writer.add_process(0, record::Process{});
  NameTable names(writer);
  ModuleMap modules;
  Recorder recorder(owner, kProcessSlot, writer, names, modules, 0, 1, "/", 0);
  uint64_t random = 1;
  for (uint32_t slot = 0; slot < 64; ++slot) {
    uint8_t* memory = owner.map_ring(record::thread_ring_offset(slot));
    for (uint32_t i = 0; i < 4096; ++i) {
      random = random * 6364136223846793005u + 1442695040888963407u;
      memory[i] = static_cast<uint8_t>(random >> (random >> 61 & 31));
    }
    const uint32_t head[2] = {(slot + 1) * 64, 1 + slot % 3};
    std::memcpy(memory, head, sizeof head);
    owner.region()->slots[slot].ring.written.store(4096);
    owner.region()->slots[slot].word.store(record::slot_word(record::SlotState::Live, kProcessSlot));
  }
  owner.region()->slots_used.store(0xffffffff);
  recorder.drain(false);
  recorder.finish(1);
  ASSERT_TRUE(writer.finish().ok());
  EXPECT_TRUE(record::read_capture(path).ok());
}

}  // namespace
}  // namespace hasten::collect
