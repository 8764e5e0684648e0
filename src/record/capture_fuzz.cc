// Any bytes at all: the reader refuses or returns a capture whose references all hold. Every input is tried as
// it is and with its checksums made right, so that the fuzzer gets past them.
#include <cstdlib>
#include <vector>

#include "record/block.h"
#include "record/reader.h"

namespace {

void must(bool holds) {
  if (!holds) {
    std::abort();
  }
}

void check(const hasten::record::Capture& capture) {
  for (const auto& code : capture.codes) {
    must(code.file < capture.files.size());
  }
  for (size_t i = 1; i < capture.stacks.size(); ++i) {
    must(capture.stacks[i].parent < i);
  }
  for (const auto& sample : capture.samples) {
    must(sample.thread < capture.threads.size() && sample.stack < capture.stacks.size());
  }
}

void read(const std::vector<uint8_t>& bytes) {
  const auto capture = hasten::record::parse_capture(bytes, "fuzz");
  if (capture.ok()) {
    check(capture.value());
  }
}

/// The same blocks under a good header and good checksums.
void make_right(std::vector<uint8_t>& bytes) {
  using namespace hasten::record;
  uint8_t header[kFileHeaderBytes];
  pack_file_header(FileHeader{}, header);
  bytes.resize(std::max<size_t>(bytes.size(), kFileHeaderBytes));
  std::copy(header, header + sizeof header, bytes.begin());
  for (size_t at = kFileHeaderBytes; at + kBlockHeaderBytes <= bytes.size();) {
    store_u32(bytes.data() + at, load_u32(bytes.data() + at) % 12);
    const uint32_t left = static_cast<uint32_t>(bytes.size() - at - kBlockHeaderBytes);
    const uint32_t length = std::min(load_u32(bytes.data() + at + 4) % 256, left);
    store_u32(bytes.data() + at + 4, length);
    const auto payload = std::span<const uint8_t>(bytes).subspan(at + kBlockHeaderBytes, length);
    store_u64(bytes.data() + at + 8, block_checksum(static_cast<BlockKind>(load_u32(bytes.data() + at)), payload));
    at += kBlockHeaderBytes + length;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::vector<uint8_t> bytes(data, data + size);
  read(bytes);
  make_right(bytes);
  read(bytes);
  return 0;
}
