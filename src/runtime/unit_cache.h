// Compiled units on disk: files under a fingerprint, in a directory of this user's. A file that is not whole, not ours or not
// readable is as good as none; nothing here is ever an error.
//
// HASTEN_JIT_CACHE=off: none is read or written; =DIR: there. Else $XDG_CACHE_HOME/hasten/jit, ~/.cache/hasten/jit, or
// hasten-UID in the directory for temporary files.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "runtime/code_key.h"

namespace hasten::runtime {

/// A file of the cache, open.
class CachedFile {
 public:
  explicit CachedFile(int file) : file_(file) {}
  ~CachedFile();
  CachedFile(CachedFile&& other) noexcept;
  CachedFile(const CachedFile&) = delete;
  CachedFile& operator=(const CachedFile&) = delete;
  CachedFile& operator=(CachedFile&&) = delete;

  int file() const { return file_; }
  const std::vector<uint8_t>& facts() const { return facts_; }
  size_t code_offset() const { return code_offset_; }  ///< a multiple of the page size

 private:
  friend class UnitCache;

  int file_;
  std::vector<uint8_t> facts_;
  size_t code_offset_ = 0;
};

class UnitCache {
 public:
  /// The cache of this process; null if there is none.
  static UnitCache* of_process();

  /// How many units of one function are kept.
  static constexpr uint32_t kSlots = 4;

  std::optional<CachedFile> find(const Fingerprint& fingerprint, uint32_t slot) const;
  /// Puts it into `slot`, or into the first free one; the last one gives way if there is none.
  void store(const Fingerprint& fingerprint, std::optional<uint32_t> slot, const std::vector<uint8_t>& facts,
             const uint8_t* code, size_t code_bytes);

 private:
  explicit UnitCache(std::string directory) : directory_(std::move(directory)) {}
  std::string path_of(const Fingerprint& fingerprint, uint32_t slot) const;
  void make_room() const;

  std::string directory_;
  bool can_write_ = true;
};

}  // namespace hasten::runtime
