// The ring between a producer that must not wait and a consumer that trusts nothing.
#include "record/ring.h"

#include <gtest/gtest.h>

#include <memory>
#include <thread>
#include <vector>

namespace hasten::record {
namespace {

constexpr uint32_t kCapacity = 1024;

struct Shared {
  RingState state{};
  alignas(8) uint8_t memory[kCapacity] = {};
};

bool put(RingWriter& ring, uint32_t words, uint64_t value) {
  const uint32_t bytes = 8 + 8 * words;
  uint8_t* to = ring.reserve(bytes);
  if (to == nullptr) {
    return false;
  }
  const RecordHead head{bytes, 1};
  std::memcpy(to, &head, sizeof head);
  for (uint32_t i = 0; i < words; ++i) {
    std::memcpy(to + 8 + 8 * i, &value, 8);
  }
  ring.commit(bytes);
  return true;
}

TEST(Ring, EmptyAtFirst) {
  Shared shared;
  RingReader reader(&shared.state, shared.memory, kCapacity);
  RecordHead head;
  EXPECT_EQ(reader.peek(&head), nullptr);
}

TEST(Ring, ReservedIsNotYetVisible) {
  Shared shared;
  RingWriter writer(&shared.state, shared.memory, kCapacity);
  RingReader reader(&shared.state, shared.memory, kCapacity);
  ASSERT_NE(writer.reserve(64), nullptr);
  RecordHead head;
  EXPECT_EQ(reader.peek(&head), nullptr);
}

TEST(Ring, FullRefusesAndLosesNothing) {
  Shared shared;
  RingWriter writer(&shared.state, shared.memory, kCapacity);
  RingReader reader(&shared.state, shared.memory, kCapacity);
  uint64_t stored = 0;
  while (put(writer, 4, stored)) {
    ++stored;
  }
  EXPECT_GE(stored, kCapacity / 40 - 1);
  RecordHead head;
  for (uint64_t i = 0; i < stored; ++i) {
    const uint8_t* bytes = reader.peek(&head);
    ASSERT_NE(bytes, nullptr);
    uint64_t value;
    std::memcpy(&value, bytes + 8, 8);
    EXPECT_EQ(value, i);
    reader.release(head);
  }
  EXPECT_EQ(reader.peek(&head), nullptr);
  EXPECT_TRUE(put(writer, 4, 0));
}

TEST(Ring, ReaderStopsAtNonsense) {
  for (const RecordHead bad : {RecordHead{0, 1}, RecordHead{4, 1}, RecordHead{12, 1}, RecordHead{1u << 30, 1}}) {
    Shared shared;
    RingWriter writer(&shared.state, shared.memory, kCapacity);
    ASSERT_TRUE(put(writer, 2, 5));
    std::memcpy(shared.memory, &bad, sizeof bad);
    RingReader reader(&shared.state, shared.memory, kCapacity);
    RecordHead head;
    EXPECT_EQ(reader.peek(&head), nullptr);
    EXPECT_TRUE(reader.damaged());
  }
}

TEST(Ring, ReaderStopsAtPositionsThatCannotBe) {
  Shared shared;
  shared.state.written.store(1u << 20);
  RingReader reader(&shared.state, shared.memory, kCapacity);
  RecordHead head;
  EXPECT_EQ(reader.peek(&head), nullptr);
  EXPECT_TRUE(reader.damaged());
}

TEST(Ring, TwoThreadsPassEveryRecordInOrder) {
  auto shared = std::make_unique<Shared>();
  constexpr uint64_t kRecordCount = 200'000;
  std::thread producer([&] {
    RingWriter writer(&shared->state, shared->memory, kCapacity);
    for (uint64_t i = 0; i < kRecordCount;) {
      if (put(writer, 1 + static_cast<uint32_t>(i % 9), i)) {
        ++i;
      } else {
        std::this_thread::yield();
      }
    }
  });
  RingReader reader(&shared->state, shared->memory, kCapacity);
  RecordHead head;
  for (uint64_t expected = 0; expected < kRecordCount;) {
    const uint8_t* bytes = reader.peek(&head);
    if (bytes == nullptr) {
      ASSERT_FALSE(reader.damaged());
      std::this_thread::yield();
      continue;
    }
    ASSERT_EQ(head.bytes, 8 + 8 * (1 + expected % 9));
    uint64_t last;
    std::memcpy(&last, bytes + head.bytes - 8, 8);
    ASSERT_EQ(last, expected);
    reader.release(head);
    ++expected;
  }
  producer.join();
}

}  // namespace
}  // namespace hasten::record
