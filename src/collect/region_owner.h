// The shared region from the collector's side: an anonymous file in memory, which the targets open through /proc. It has
// no name, and it lives as long as one of the processes does.
#pragma once

#include <string>

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

 private:
  RegionOwner(int fd, record::Region* region) : fd_(fd), region_(region) {}
  int fd_ = -1;
  record::Region* region_ = nullptr;
};

}  // namespace hasten::collect
