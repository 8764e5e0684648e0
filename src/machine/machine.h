// What this machine is: its CPU, caches and memory, and what of them this process may use.
//
// Everything is read from the kernel's text files (/proc, /sys), below a root that a test can replace. Nothing is
// measured here and nothing is guessed: what the kernel does not say stays 0 or empty, which means "unknown".
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace hasten::machine {

enum class CacheKind : uint8_t { Data, Instruction, Unified };

/// One level of cache as the first CPU sees it.
struct Cache {
  uint32_t level = 0;  ///< 1 is nearest to the core
  CacheKind kind = CacheKind::Unified;
  uint64_t size_bytes = 0;         ///< of the whole cache, not of one CPU's share; 0 = unknown
  uint32_t line_bytes = 0;         ///< 0 = unknown
  uint32_t sharing_cpu_count = 0;  ///< logical CPUs that share it, this one included; 0 = unknown
};

/// What detect() found. 0 and empty mean "unknown", except where a field says otherwise.
struct Machine {
  std::string architecture;    ///< as uname says, e.g. "x86_64"
  std::string kernel_release;  ///< as uname says
  std::string cpu_model;
  uint32_t logical_cpu_count = 0;    ///< that are online
  uint32_t physical_core_count = 0;  ///< as /proc/cpuinfo tells them apart
  uint32_t usable_cpu_count = 0;     ///< by this process's affinity
  double cpu_limit = 0;              ///< CPUs' worth of time by the control group; 0 = no limit found
  std::vector<std::string> simd;     ///< kernel's names of the vector extensions, smallest first
  std::vector<Cache> caches;         ///< nearest first
  uint64_t memory_bytes = 0;
  uint64_t memory_available_bytes = 0;
  uint64_t memory_limit_bytes = 0;  ///< by the control group; 0 = no limit found
  bool is_virtual = false;          ///< the CPU says that it runs under a hypervisor; false may be "not said"
};

/// Reads everything. `root` is put before every path ("" for this machine); the CPU affinity and uname are always
/// those of this process.
/// Never fails: what cannot be read stays unknown. Takes about a millisecond.
Machine detect(const std::string& root = "");

}  // namespace hasten::machine
