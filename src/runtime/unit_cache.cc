#include "runtime/unit_cache.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <utility>

#include "runtime/native_unit.h"
#include "runtime/unit_format.h"

namespace hasten::runtime {
namespace {

constexpr char kMagic[8] = {'H', 'A', 'S', 'T', 'E', 'N', 'u', '1'};
constexpr uint64_t kBytesMax = 256u << 20;  // of all files together
// Looking at all files takes some 20 ms where there are ten thousand. One unit in so many makes its writer look, whichever
// process that is: the fingerprint draws the lot.
constexpr uint64_t kUnitsBetweenLooks = 64;

struct FileHead {
  char magic[8];
  Fingerprint fingerprint;
  uint64_t checksum;  ///< of facts and code, with the other numbers as its seed
  uint64_t facts_bytes, code_offset, code_bytes;
};

uint64_t checksum(const FileHead& head, const uint8_t* facts, const uint8_t* code) {
  const uint64_t seed = head.facts_bytes ^ (head.code_offset << 24) ^ (head.code_bytes << 40) ^ head.fingerprint[0];
  return checksum_of(code, head.code_bytes, checksum_of(facts, head.facts_bytes, seed));
}

/// Whether nobody but this user and root can have written it.
bool is_trusted(const struct stat& status) {
  return (status.st_uid == geteuid() || status.st_uid == 0) && (status.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

bool is_own_directory(const std::string& path) {
  struct stat status = {};
  return stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode) && is_trusted(status);
}

/// Makes it with all that leads there. False: it is not there, or not ours alone.
bool make_directory(const std::string& path) {
  for (size_t at = path.find('/', 1); at != std::string::npos; at = path.find('/', at + 1)) {
    mkdir(path.substr(0, at).c_str(), 0700);
  }
  mkdir(path.c_str(), 0700);
  return is_own_directory(path);
}

bool read_all(int file, void* to, size_t count, size_t offset) {
  auto* bytes = static_cast<char*>(to);
  while (count > 0) {
    const ssize_t got = pread(file, bytes, count, static_cast<off_t>(offset));
    if (got <= 0) {
      if (got < 0 && errno == EINTR) {
        continue;
      }
      return false;
    }
    bytes += got, offset += static_cast<size_t>(got), count -= static_cast<size_t>(got);
  }
  return true;
}

bool write_all(int file, const void* from, size_t count) {
  const auto* bytes = static_cast<const char*>(from);
  while (count > 0) {
    const ssize_t put = write(file, bytes, count);
    if (put <= 0) {
      if (put < 0 && errno == EINTR) {
        continue;
      }
      return false;
    }
    bytes += put, count -= static_cast<size_t>(put);
  }
  return true;
}

/// Empty: nothing is kept.
std::string directory_from_environment() {
  const auto text = [](const char* name) {
    const char* value = std::getenv(name);
    return std::string(value ? value : "");
  };
  const std::string wanted = text("HASTEN_JIT_CACHE");
  if (wanted == "off" || wanted == "0") {
    return {};
  }
  if (!wanted.empty()) {
    return wanted;
  }
  std::string base = text("XDG_CACHE_HOME");
  if (base.empty() || base[0] != '/') {
    base = text("HOME");
    base = base.empty() || base[0] != '/' ? "" : base + "/.cache";
  }
  if (!base.empty() && make_directory(base + "/hasten/jit")) {
    return base + "/hasten/jit";
  }
  std::string temporary = text("TMPDIR");
  return (temporary.empty() ? "/tmp" : temporary) + "/hasten-" + std::to_string(geteuid());
}

}  // namespace

CachedFile::~CachedFile() {
  if (file_ >= 0) {
    close(file_);
  }
}

CachedFile::CachedFile(CachedFile&& other) noexcept
    : file_(std::exchange(other.file_, -1)), facts_(std::move(other.facts_)), code_offset_(other.code_offset_) {}

UnitCache* UnitCache::of_process() {
  static UnitCache* const cache = []() -> UnitCache* {
    const std::string directory = directory_from_environment();
    if (directory.empty() || wants_debug_object() || !make_directory(directory) || process_key().empty()) {
      return nullptr;
    }
    return new UnitCache(directory);
  }();
  return cache;
}

std::string UnitCache::path_of(const Fingerprint& fingerprint, uint32_t slot) const {
  char name[64];
  // tidy: printf: a name of fixed length in a buffer.
  std::snprintf(name, sizeof name, "/%016lx%016lx-%u.unit", static_cast<unsigned long>(fingerprint[0]),
                static_cast<unsigned long>(fingerprint[1]), slot);
  return directory_ + name;
}

std::optional<CachedFile> UnitCache::find(const Fingerprint& fingerprint, uint32_t slot) const {
  const int file = open(path_of(fingerprint, slot).c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (file < 0) {
    return std::nullopt;
  }
  CachedFile opened(file);
  struct stat status = {};
  FileHead head = {};
  if (fstat(file, &status) != 0 || !S_ISREG(status.st_mode) || !is_trusted(status) ||
      !read_all(file, &head, sizeof head, 0) || std::memcmp(head.magic, kMagic, sizeof kMagic) != 0 ||
      head.fingerprint != fingerprint) {
    return std::nullopt;
  }
  const auto size = static_cast<uint64_t>(status.st_size);
  if (head.facts_bytes > size || head.code_bytes > size || head.code_offset > size || head.code_offset % kPage != 0 ||
      head.code_offset < sizeof head + head.facts_bytes || head.code_offset + head.code_bytes != size) {
    return std::nullopt;
  }
  opened.code_offset_ = head.code_offset;
  opened.facts_.resize(head.facts_bytes);
  std::vector<uint8_t> code(head.code_bytes);
  if (!read_all(file, opened.facts_.data(), head.facts_bytes, sizeof head) ||
      !read_all(file, code.data(), code.size(), head.code_offset) ||
      checksum(head, opened.facts_.data(), code.data()) != head.checksum) {
    return std::nullopt;
  }
  return opened;
}

void UnitCache::store(const Fingerprint& fingerprint, std::optional<uint32_t> wanted, const std::vector<uint8_t>& facts,
                      const uint8_t* code, size_t code_bytes) {
  if (!can_write_) {
    return;
  }
  uint32_t slot = wanted.value_or(0);
  while (!wanted && slot + 1 < kSlots && access(path_of(fingerprint, slot).c_str(), F_OK) == 0) {
    ++slot;
  }
  FileHead head = {};
  std::memcpy(head.magic, kMagic, sizeof kMagic);
  head.fingerprint = fingerprint;
  head.facts_bytes = facts.size();
  head.code_bytes = code_bytes;
  head.code_offset = (sizeof head + facts.size() + kPage - 1) / kPage * kPage;
  head.checksum = checksum(head, facts.data(), code);
  std::string temporary = directory_ + "/.new-XXXXXX";
  const int file = mkostemp(temporary.data(), O_CLOEXEC);  // for this user alone
  if (file < 0) {
    can_write_ = false;
    return;
  }
  const std::vector<uint8_t> gap(head.code_offset - sizeof head - facts.size());
  const bool is_whole = write_all(file, &head, sizeof head) && write_all(file, facts.data(), facts.size()) &&
                        write_all(file, gap.data(), gap.size()) && write_all(file, code, code_bytes);
  close(file);
  if (!is_whole || rename(temporary.c_str(), path_of(fingerprint, slot).c_str()) != 0) {
    unlink(temporary.c_str());
    can_write_ = false;
    return;
  }
  if (fingerprint[0] % kUnitsBetweenLooks == 0) {
    make_room();
  }
}

/// The oldest files go when all together are too large.
void UnitCache::make_room() const {
  struct Entry {
    std::string path;
    uint64_t bytes;
    timespec changed;
  };
  DIR* directory = opendir(directory_.c_str());
  if (!directory) {
    return;
  }
  std::vector<Entry> entries;
  uint64_t all = 0;
  while (const dirent* one = readdir(directory)) {
    const std::string_view name = one->d_name;
    struct stat status = {};
    if ((name.ends_with(".unit") || name.starts_with(".new-")) &&
        fstatat(dirfd(directory), one->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(status.st_mode)) {
      entries.push_back({directory_ + "/" + std::string(name), static_cast<uint64_t>(status.st_size), status.st_mtim});
      all += entries.back().bytes;
    }
  }
  closedir(directory);
  if (all <= kBytesMax) {
    return;
  }
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
    return std::pair(a.changed.tv_sec, a.changed.tv_nsec) < std::pair(b.changed.tv_sec, b.changed.tv_nsec);
  });
  for (const Entry& entry : entries) {
    if (all <= kBytesMax / 2) {
      return;
    }
    if (unlink(entry.path.c_str()) == 0) {
      all -= entry.bytes;
    }
  }
}

}  // namespace hasten::runtime
