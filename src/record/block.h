// The frame around every block, and the file header: the few bytes that must never change within a
// major version.
#pragma once

#include <cstdint>
#include <span>

#include "record/format.h"

namespace hasten::record {

/// Checksum of a block; kind and length take part, so that a damaged header is noticed as well.
uint64_t block_checksum(BlockKind kind, std::span<const uint8_t> payload);

struct FileHeader {
  uint16_t major = kMajorVersion;
  uint16_t minor = kMinorVersion;
  uint64_t finished_bytes = 0;  ///< length of the whole file, 0 while it is being written
};

void pack_file_header(const FileHeader& header, uint8_t (&bytes)[kFileHeaderBytes]);

enum class HeaderState { Good, NotACapture, Damaged };
HeaderState unpack_file_header(std::span<const uint8_t> bytes, FileHeader* header);

void store_u32(uint8_t* to, uint32_t value);
void store_u64(uint8_t* to, uint64_t value);
uint32_t load_u32(const uint8_t* from);
uint64_t load_u64(const uint8_t* from);

}  // namespace hasten::record
