#include "unwind/frame_info.h"

#include <elf.h>

#include <algorithm>
#include <fstream>
#include <map>

#include "unwind/cursor.h"

namespace hasten::unwind {
namespace {

constexpr uint64_t kTableBytesMax = 256u << 20;  // a longer table is damage
constexpr size_t kRowsMax = 1u << 16;

}  // namespace

/// Reads the table out of a file or an image in memory.
class FrameInfoReader {
 public:
  /// `read(offset, bytes, to)` gives what stands in the file.
  template <class Read>
  static FrameInfo parse(const Read& read) {
    FrameInfo info;
    Elf64_Ehdr head;
    if (!read(0, sizeof head, &head) || std::memcmp(head.e_ident, ELFMAG, SELFMAG) != 0 ||
        head.e_ident[EI_CLASS] != ELFCLASS64 || head.e_machine != EM_X86_64 || head.e_phnum > 4096) {
      return info;
    }
    std::vector<Elf64_Phdr> segments(head.e_phnum);
    if (!read(head.e_phoff, segments.size() * sizeof(Elf64_Phdr), segments.data())) {
      return info;
    }
    const Elf64_Phdr* index = nullptr;
    for (const Elf64_Phdr& segment : segments) {
      if (segment.p_type == PT_LOAD) {
        info.segments_.push_back({segment.p_vaddr, segment.p_offset, segment.p_filesz, (segment.p_flags & PF_X) != 0});
      } else if (segment.p_type == PT_GNU_EH_FRAME) {
        index = &segment;
      }
    }
    uint8_t start[16] = {};
    if (index == nullptr || index->p_filesz < sizeof start || !read(index->p_offset, sizeof start, start)) {
      return info;
    }
    // The index is not needed: it only leads to the table.
    Cursor cursor(start, 4, sizeof start);
    const uint64_t table = cursor.get_encoded(start[1], index->p_vaddr);
    for (const FrameInfo::Segment& segment : info.segments_) {
      const uint64_t inside = table - segment.address;
      if (cursor.ok() && table >= segment.address && inside < segment.file_bytes &&
          segment.file_bytes - inside <= kTableBytesMax) {
        info.bytes_address_ = table;
        info.bytes_.resize(segment.file_bytes - inside);
        if (read(segment.file_offset + inside, info.bytes_.size(), info.bytes_.data())) {
          parse_table(info);
        }
        break;
      }
    }
    return info;
  }

 private:
  static void parse_table(FrameInfo& info) {
    std::map<size_t, uint32_t> cies;  // by place
    size_t at = 0;
    while (at + 8 <= info.bytes_.size()) {
      Cursor cursor(info.bytes_, at, info.bytes_.size());
      uint64_t length = cursor.get<uint32_t>();
      if (length == 0) {
        break;
      }
      if (length == 0xffffffff) {
        length = cursor.get<uint64_t>();
      }
      const size_t body = cursor.at();
      if (!cursor.ok() || length > info.bytes_.size() - body) {
        break;
      }
      const size_t end = body + length;
      Cursor entry(info.bytes_, body, end);
      const uint32_t back = entry.get<uint32_t>();
      if (back != 0 && back <= body) {
        const size_t cie_at = body - back;
        auto cie = cies.find(cie_at);
        if (cie == cies.end()) {
          cie = cies.emplace(cie_at, parse_cie(info, cie_at)).first;
        }
        parse_function(info, cie->second, entry, end);
      }
      at = end;
    }
    std::sort(info.functions_.begin(), info.functions_.end(),
              [](const auto& a, const auto& b) { return a.begin < b.begin; });
    // What the table is not needed for any more, the rest of the segment, would only take memory.
    info.bytes_.resize(std::min(at, info.bytes_.size()));
    info.bytes_.shrink_to_fit();
  }

  /// Its index; one that is not understood has no instructions and names no return register.
  static uint32_t parse_cie(FrameInfo& info, size_t at) {
    FrameInfo::Cie cie;
    cie.return_register = kRegisterCount;
    Cursor cursor(info.bytes_, at, info.bytes_.size());
    uint64_t length = cursor.get<uint32_t>();
    if (length == 0xffffffff) {
      length = cursor.get<uint64_t>();
    }
    const size_t end = cursor.at() + std::min<uint64_t>(length, info.bytes_.size());
    cursor.skip(4);
    const auto version = cursor.get<uint8_t>();
    std::string augmentation;
    for (auto c = cursor.get<uint8_t>(); c != 0 && cursor.ok(); c = cursor.get<uint8_t>()) {
      augmentation.push_back(static_cast<char>(c));
    }
    cie.code_align = cursor.get_unsigned();
    cie.data_align = cursor.get_signed();
    const uint64_t return_register = version == 1 ? cursor.get<uint8_t>() : cursor.get_unsigned();
    bool understood = cursor.ok() && (version == 1 || version == 3);
    if (augmentation.starts_with('z')) {
      cie.has_augmentation = true;
      const uint64_t bytes = cursor.get_unsigned();
      const size_t augmentation_end = cursor.at() + bytes;
      for (const char c : augmentation.substr(1)) {
        if (c == 'R') {
          cie.pointer_encoding = cursor.get<uint8_t>();
        } else if (c == 'P') {
          const auto encoding = cursor.get<uint8_t>();
          cursor.get_encoded(encoding, info.bytes_address_);
        } else if (c == 'L') {
          cursor.get<uint8_t>();
        } else if (c == 'S') {
          cie.signal_frame = true;
        } else if (c != 'B') {
          understood = false;
        }
      }
      cie.instructions = static_cast<uint32_t>(augmentation_end);
    } else {
      understood = understood && augmentation.empty();
      cie.instructions = static_cast<uint32_t>(cursor.at());
    }
    cie.instructions_end = static_cast<uint32_t>(std::min(end, info.bytes_.size()));
    if (understood && cursor.ok() && cie.instructions <= cie.instructions_end) {
      cie.return_register = static_cast<uint32_t>(std::min<uint64_t>(return_register, kRegisterCount));
    } else {
      cie.instructions = cie.instructions_end = 0;
    }
    info.cies_.push_back(cie);
    return static_cast<uint32_t>(info.cies_.size() - 1);
  }

  static void parse_function(FrameInfo& info, uint32_t cie_idx, Cursor& entry, size_t end) {
    const FrameInfo::Cie& cie = info.cies_[cie_idx];
    if (cie.return_register != kReturnAddress) {
      return;
    }
    FrameInfo::Function function{};
    function.begin = entry.get_encoded(cie.pointer_encoding, info.bytes_address_);
    function.end = function.begin + entry.get_encoded(cie.pointer_encoding & 0x0f, 0);
    if (cie.has_augmentation) {
      entry.skip(entry.get_unsigned());
    }
    function.cie = cie_idx;
    function.instructions = static_cast<uint32_t>(entry.at());
    function.instructions_end = static_cast<uint32_t>(end);
    // Functions that the linker dropped stand at 0.
    if (entry.ok() && function.begin != 0 && function.end > function.begin) {
      info.functions_.push_back(function);
    }
  }
};

FrameInfo FrameInfo::read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return FrameInfoReader::parse([&file](uint64_t offset, uint64_t bytes, void* to) {
    file.clear();
    file.seekg(static_cast<std::streamoff>(offset));
    file.read(static_cast<char*>(to), static_cast<std::streamsize>(bytes));
    return file && static_cast<uint64_t>(file.gcount()) == bytes;
  });
}

FrameInfo FrameInfo::of_image(std::span<const uint8_t> image) {
  return FrameInfoReader::parse([image](uint64_t offset, uint64_t bytes, void* to) {
    if (offset > image.size() || bytes > image.size() - offset) {
      return false;
    }
    std::memcpy(to, image.data() + offset, bytes);
    return true;
  });
}

uint64_t FrameInfo::bias(uint64_t begin, uint64_t file_offset) const {
  for (const Segment& segment : segments_) {
    // A mapping begins on the page of the segment's first byte, which may hold the end of another segment too.
    const uint64_t page = segment.file_offset & ~uint64_t{4095};
    if (segment.executable && file_offset >= page && file_offset < segment.file_offset + segment.file_bytes) {
      return begin - file_offset + segment.file_offset - segment.address;
    }
  }
  return begin - file_offset;
}

const FrameInfo::Function* FrameInfo::function_of(uint64_t address) const {
  const auto after = std::upper_bound(functions_.begin(), functions_.end(), address,
                                      [](uint64_t a, const Function& function) { return a < function.begin; });
  if (after == functions_.begin() || address >= std::prev(after)->end) {
    return nullptr;
  }
  return &*std::prev(after);
}

std::optional<Extent> FrameInfo::extent_of(uint64_t address) const {
  const Function* function = function_of(address);
  return function == nullptr ? std::nullopt : std::optional(Extent{function->begin, function->end});
}

const Row* FrameInfo::row_at(uint64_t address) {
  if (rows_.size() > kRowsMax) {
    rows_.clear();
  }
  const auto [at, is_new] = rows_.try_emplace(address);
  if (is_new) {
    const Function* function = function_of(address);
    Row row;
    if (function != nullptr && run(*function, address, &row)) {
      at->second = row;
    }
  }
  return at->second ? &*at->second : nullptr;
}

}  // namespace hasten::unwind
