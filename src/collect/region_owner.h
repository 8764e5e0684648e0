// The shared region from the collector's side: an anonymous file in memory, which the targets open through /proc. It has
// no name, and it lives as long as one of the processes does. Only its head is mapped, and the rings that are read: a shell may
// limit addresses (ulimit -v), and all rings together take 1.6 GB of them.
#pragma once

#include <string>
#include <unordered_map>

#include "base/result.h"
#include "record/format.h"
#include "record/region.h"

namespace hasten::collect {

class RegionOwner {
 public:
  /// `rate_hz` 0: from the measured cost. `engine`: None for the best there is.
  static Result<RegionOwner> create(uint32_t rate_hz, record::Engine engine, bool native = false);

  RegionOwner(RegionOwner&& other) noexcept;
  RegionOwner& operator=(RegionOwner&& other) noexcept;
  RegionOwner(const RegionOwner&) = delete;
  RegionOwner& operator=(const RegionOwner&) = delete;
  ~RegionOwner();

  record::Region* region() const { return region_; }
  int fd() const { return fd_; }

  /// The ring that lies there in the region, mapped when first asked for. Null if there are no addresses for it. Valid until
  /// the next call. For one thread.
  const uint8_t* ring(uint64_t offset);
  /// Maps it once more, for the caller to unmap: as a probe does.
  uint8_t* map_ring(uint64_t offset) const;

 private:
  RegionOwner(int fd, record::Region* region) : fd_(fd), region_(region) {}
  int fd_ = -1;
  record::Region* region_ = nullptr;
  std::unordered_map<uint64_t, uint8_t*> rings_;  ///< mapped, by offset

  void unmap_rings();
};

}  // namespace hasten::collect
