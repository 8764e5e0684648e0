#include "record/block.h"

#include <cstring>

#include <fmt/format.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "record/source_hash.h"

namespace hasten::record {

void store_u32(uint8_t* to, uint32_t value) {
  for (int i = 0; i < 4; ++i) {
    to[i] = static_cast<uint8_t>(value >> (8 * i));
  }
}

void store_u64(uint8_t* to, uint64_t value) {
  store_u32(to, static_cast<uint32_t>(value));
  store_u32(to + 4, static_cast<uint32_t>(value >> 32));
}

uint32_t load_u32(const uint8_t* from) {
  return static_cast<uint32_t>(from[0]) | static_cast<uint32_t>(from[1]) << 8 | static_cast<uint32_t>(from[2]) << 16 |
         static_cast<uint32_t>(from[3]) << 24;
}

uint64_t load_u64(const uint8_t* from) {
  return static_cast<uint64_t>(load_u32(from)) | static_cast<uint64_t>(load_u32(from + 4)) << 32;
}

uint64_t block_checksum(BlockKind kind, std::span<const uint8_t> payload) {
  const uint64_t seed = static_cast<uint64_t>(kind) << 32 | payload.size();
  return XXH3_64bits_withSeed(payload.data(), payload.size(), seed);
}

void pack_file_header(const FileHeader& header, uint8_t (&bytes)[kFileHeaderBytes]) {
  std::memset(bytes, 0, sizeof bytes);
  std::memcpy(bytes, kMagic, sizeof kMagic);
  store_u32(bytes + 8, static_cast<uint32_t>(header.major) | static_cast<uint32_t>(header.minor) << 16);
  store_u64(bytes + 16, header.finished_bytes);
  store_u64(bytes + 24, XXH3_64bits(bytes, 24));
}

HeaderState unpack_file_header(std::span<const uint8_t> bytes, FileHeader* header) {
  if (bytes.size() < sizeof kMagic || std::memcmp(bytes.data(), kMagic, sizeof kMagic) != 0) {
    return HeaderState::NotACapture;
  }
  if (bytes.size() < kFileHeaderBytes || load_u64(bytes.data() + 24) != XXH3_64bits(bytes.data(), 24)) {
    return HeaderState::Damaged;
  }
  const uint32_t versions = load_u32(bytes.data() + 8);
  header->major = static_cast<uint16_t>(versions);
  header->minor = static_cast<uint16_t>(versions >> 16);
  header->finished_bytes = load_u64(bytes.data() + 16);
  return HeaderState::Good;
}

std::string source_hash(std::string_view text) {
  const XXH128_hash_t hash = XXH3_128bits(text.data(), text.size());
  return fmt::format("{:016x}{:016x}", hash.high64, hash.low64);
}

}  // namespace hasten::record
