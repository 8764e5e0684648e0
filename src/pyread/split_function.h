// The part of a function that the compiler has moved away from its entry. CPython's evaluation loop is one function, but
// an optimising build may leave only its beginning and its end under the symbol (1 KB of 85 in Debian's 3.14 and 3.15)
// and put the loop among the unlikely code, where no symbol names it. The unwind table has an entry for each part, and
// branches lead from one into the middle of the other: no function is entered there.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

namespace hasten::pyread {

struct CodeRange {
  uint64_t begin = 0;
  uint64_t end = 0;  ///< 0: there is none

  bool has(uint64_t address) const { return address >= begin && address < end; }
};

/// Looks up the unwind table's entries, by way of its sorted index (.eh_frame_hdr).
template <class Reader>
class UnwindIndex {
 public:
  UnwindIndex(uint64_t address, Reader& reader) : address_(address), reader_(reader) {
    // What every linker writes: both pointers signed, of 4 bytes, the index sorted and relative to its own begin.
    constexpr std::array<uint8_t, 4> kUsual{1, 0x1b, 0x03, 0x3b};
    std::array<uint8_t, 4> head{};
    if (!reader_.read(address, head.data(), 4) || head != kUsual || !reader_.read(address + 8, &count_, 4)) {
      count_ = 0;
    }
  }

  /// The part that holds an address; an empty range if there is none.
  CodeRange part_with(uint64_t pc) const {
    uint32_t low = 0;
    uint32_t high = count_;
    while (low < high) {
      const uint32_t middle = low + (high - low) / 2;
      if (entry(middle).begin <= pc) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    if (low == 0) {
      return {};
    }
    const Entry found = entry(low - 1);
    struct {
      uint32_t length, cie;
      int32_t begin;
      uint32_t bytes;
    } description;
    if (!reader_.read(found.description, &description, sizeof description) ||
        found.description + 8 + static_cast<uint64_t>(int64_t{description.begin}) != found.begin) {
      return {};
    }
    const CodeRange part{found.begin, found.begin + description.bytes};
    return part.has(pc) ? part : CodeRange{};
  }

 private:
  struct Entry {
    uint64_t begin = ~uint64_t{0};
    uint64_t description = 0;
  };

  Entry entry(uint32_t i) const {
    std::array<int32_t, 2> offsets{};
    if (!reader_.read(address_ + 12 + 8ull * i, offsets.data(), 8)) {
      return {};
    }
    return {address_ + static_cast<uint64_t>(int64_t{offsets[0]}),
            address_ + static_cast<uint64_t>(int64_t{offsets[1]})};
  }

  uint64_t address_;
  Reader& reader_;
  uint32_t count_ = 0;
};

/// The other part of the function in `known`, or an empty range. `unwind_index` is the address of .eh_frame_hdr. Reads all
/// of the function's code, a microsecond a KB.
template <class Reader>
CodeRange other_part(CodeRange known, uint64_t unwind_index, Reader& reader) {
  struct Candidate {
    CodeRange part;
    uint32_t branch_count = 0;
  };
  constexpr uint32_t kBranchesMin = 2;  // bytes that only look like a branch lead anywhere, but not twice to one part
  const UnwindIndex<Reader> index(unwind_index, reader);
  std::array<Candidate, 16> candidates{};
  std::array<uint8_t, 6> bytes{};
  for (uint64_t at = known.begin; at + bytes.size() <= known.end; ++at) {
    if (!reader.read(at, bytes.data(), bytes.size())) {
      return {};
    }
    const bool jump = bytes[0] == 0xe9;
    if (!jump && (bytes[0] != 0x0f || (bytes[1] & 0xf0) != 0x80)) {
      continue;
    }
    int32_t distance;
    std::memcpy(&distance, bytes.data() + (jump ? 1 : 2), 4);
    const uint64_t target = at + (jump ? 5 : 6) + static_cast<uint64_t>(int64_t{distance});
    if (known.has(target)) {
      continue;
    }
    const CodeRange part = index.part_with(target);
    if (part.end == 0 || target == part.begin || part.has(known.begin)) {
      continue;  // nowhere, or the begin of a function: a call in tail position
    }
    const auto place = std::find_if(candidates.begin(), candidates.end(), [&](const Candidate& candidate) {
      return candidate.branch_count == 0 || candidate.part.begin == part.begin;
    });
    if (place != candidates.end()) {
      *place = {part, place->branch_count + 1};
    }
  }
  const auto most = std::max_element(candidates.begin(), candidates.end(), [](const Candidate& a, const Candidate& b) {
    return a.branch_count < b.branch_count;
  });
  return most->branch_count >= kBranchesMin ? most->part : CodeRange{};
}

}  // namespace hasten::pyread
