#include "collect/region_owner.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <random>
#include <utility>

#include "collect/proc.h"

namespace hasten::collect {
namespace {

/// Of a thread's C stack, per sample: enough for some fifty frames of C; copying it takes some 10 us on a busy machine.
constexpr uint32_t kNativeBytes = 16u << 10;

constexpr uint32_t kRingBytes = record::kThreadRingBytes;
static_assert(kRingBytes == record::kCompiledRingBytes);

/// What would help: a limit of this process stands in the way more often than a machine without memory.
std::string remedy(int reason) {
  rlimit limit;
  constexpr double kGigabyte = 1e9;
  if (reason == ENOMEM && ::getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY) {
    return fmt::format("this shell allows {:.0f} MB of addresses a process: ulimit -v unlimited",
                       static_cast<double>(limit.rlim_cur) / 1e6);
  }
  if (reason == EFBIG && ::getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY) {
    return fmt::format(
        "they are a file in memory of {:.1f} GB, mostly empty, and this shell allows files of {:.1f} GB: ulimit -f "
        "unlimited",
        static_cast<double>(record::kRegionBytes) / kGigabyte, static_cast<double>(limit.rlim_cur) / kGigabyte);
  }
  return reason == EMFILE ? "raise the limit of open files: ulimit -n" : "free some memory";
}

Error no_memory(const char* what) {
  const int reason = errno;
  return Error{"collect.region", fmt::format("cannot {} the sample buffers: {}", what, std::strerror(reason)),
               remedy(reason)};
}

}  // namespace

Result<RegionOwner> RegionOwner::create(uint32_t rate_hz, record::Engine engine, bool native) {
  const int fd = ::memfd_create("hasten-samples", MFD_CLOEXEC);
  if (fd < 0) {
    return no_memory("create");
  }
  void* memory = MAP_FAILED;
  if (::ftruncate(fd, static_cast<off_t>(record::kRegionBytes)) == 0) {
    memory = ::mmap(nullptr, record::kRegionHeadBytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  }
  if (memory == MAP_FAILED) {
    Error error = no_memory("map");
    ::close(fd);
    return error;
  }
  auto* region = static_cast<record::Region*>(memory);
  region->magic = record::kRegionMagic;
  region->version = record::kRegionVersion;
  region->heard_mono_ns.store(mono_now_ns());
  region->wanted_rate_hz = rate_hz;
  region->force_engine = static_cast<uint32_t>(engine);
  region->native_bytes = native ? kNativeBytes : 0;
  struct stat own_namespace;
  region->pid_namespace =
      ::stat("/proc/self/ns/pid", &own_namespace) == 0 ? static_cast<uint32_t>(own_namespace.st_ino) : 0;
  region->token = (static_cast<uint64_t>(std::random_device{}()) << 32 | std::random_device{}()) | 1;
  return RegionOwner(fd, region);
}

uint8_t* RegionOwner::map_ring(uint64_t offset) const {
  void* const memory = ::mmap(nullptr, kRingBytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd_, static_cast<off_t>(offset));
  return memory == MAP_FAILED ? nullptr : static_cast<uint8_t*>(memory);
}

const uint8_t* RegionOwner::ring(uint64_t offset) {
  const auto known = rings_.find(offset);
  if (known != rings_.end()) {
    return known->second;
  }
  uint8_t* memory = map_ring(offset);
  if (memory == nullptr) {
    unmap_rings();  // most are of threads that have nothing to tell now
    memory = map_ring(offset);
  }
  if (memory != nullptr) {
    rings_.emplace(offset, memory);
  }
  return memory;
}

void RegionOwner::unmap_rings() {
  for (const auto& [offset, memory] : rings_) {
    ::munmap(memory, kRingBytes);
  }
  rings_.clear();
}

RegionOwner::RegionOwner(RegionOwner&& other) noexcept { *this = std::move(other); }

RegionOwner& RegionOwner::operator=(RegionOwner&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(region_, other.region_);
  std::swap(rings_, other.rings_);
  return *this;
}

RegionOwner::~RegionOwner() {
  if (region_ != nullptr) {
    region_->closed.store(1);  // processes that outlive us need not go on
    unmap_rings();
    ::munmap(region_, record::kRegionHeadBytes);
    // A process that outlives us may keep the region mapped: it shall not keep its memory.
    ::fallocate(fd_, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, static_cast<off_t>(record::kRegionHeadBytes),
                static_cast<off_t>(record::kRegionBytes - record::kRegionHeadBytes));
    ::close(fd_);
  }
}

}  // namespace hasten::collect
