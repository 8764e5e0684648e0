#include "machine/machine.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

namespace hasten::machine {
namespace {

struct File {
  std::string path;
  std::string text;
};

/// What detect() says of a machine with these files of the kernel (and no other).
Machine detect_from(std::initializer_list<File> files) {
  std::string name = (std::filesystem::temp_directory_path() / "hasten-machine-XXXXXX").string();
  const std::filesystem::path root = mkdtemp(name.data());
  for (const File& file : files) {
    std::filesystem::create_directories((root / file.path).parent_path());
    std::ofstream(root / file.path) << file.text;
  }
  const Machine machine = detect(root.string());
  std::filesystem::remove_all(root);
  return machine;
}

std::string processor(int number, int package, int core, const std::string& flags) {
  return "processor\t: " + std::to_string(number) +
         "\nmodel name\t: Some CPU @ 2.60GHz\nphysical id\t: " + std::to_string(package) +
         "\ncore id\t\t: " + std::to_string(core) + "\nflags\t\t: " + flags + "\n\n";
}

TEST(Machine, TellsCoresFromHardwareThreadsAndPackages) {
  std::string cpuinfo;
  for (int package = 0; package < 2; ++package) {
    for (int thread = 0; thread < 4; ++thread) {
      cpuinfo += processor(package * 4 + thread, package, thread % 2, "fpu sse2 avx avx2 fma");
    }
  }
  const Machine machine = detect_from({{"proc/cpuinfo", cpuinfo}});
  EXPECT_EQ(machine.cpu_model, "Some CPU @ 2.60GHz");
  EXPECT_EQ(machine.logical_cpu_count, 8u);
  EXPECT_EQ(machine.physical_core_count, 4u);
  EXPECT_EQ(machine.simd, (std::vector<std::string>{"sse2", "avx", "fma", "avx2"}));
  EXPECT_FALSE(machine.is_virtual);
}

TEST(Machine, SaysThatItIsVirtual) {
  EXPECT_TRUE(detect_from({{"proc/cpuinfo", processor(0, 0, 0, "sse2 hypervisor")}}).is_virtual);
}

TEST(Machine, NamesOfFlagsAreWholeWords) {
  EXPECT_TRUE(detect_from({{"proc/cpuinfo", processor(0, 0, 0, "xsse2 avx2x avx512f_other")}}).simd.empty());
}

TEST(Machine, ReadsTheFlagsOfArm) {
  const Machine machine = detect_from({{"proc/cpuinfo", "processor\t: 0\nFeatures\t: fp asimd sve\n"}});
  EXPECT_EQ(machine.simd, (std::vector<std::string>{"asimd", "sve"}));
  EXPECT_EQ(machine.cpu_model, "");
  EXPECT_EQ(machine.physical_core_count, 0u);  // not said, so not known
}

TEST(Machine, ReadsCachesNearestFirst) {
  const std::string at = "sys/devices/system/cpu/cpu0/cache/index";
  const Machine machine = detect_from({{at + "0/level", "3\n"},
                                       {at + "0/type", "Unified\n"},
                                       {at + "0/size", "32M\n"},
                                       {at + "0/coherency_line_size", "64\n"},
                                       {at + "0/shared_cpu_list", "0-3,8-11\n"},
                                       {at + "1/level", "1\n"},
                                       {at + "1/type", "Data\n"},
                                       {at + "1/size", "48K\n"},
                                       {at + "1/shared_cpu_list", "0,8\n"}});
  ASSERT_EQ(machine.caches.size(), 2u);
  EXPECT_EQ(machine.caches[0].level, 1u);
  EXPECT_EQ(machine.caches[0].kind, CacheKind::Data);
  EXPECT_EQ(machine.caches[0].size_bytes, 48u << 10);
  EXPECT_EQ(machine.caches[0].line_bytes, 0u);
  EXPECT_EQ(machine.caches[0].sharing_cpu_count, 2u);
  EXPECT_EQ(machine.caches[1].size_bytes, 32u << 20);
  EXPECT_EQ(machine.caches[1].line_bytes, 64u);
  EXPECT_EQ(machine.caches[1].sharing_cpu_count, 8u);
}

TEST(Machine, ReadsMemoryAndTheLimitsOfAContainer) {
  const Machine machine = detect_from({{"proc/meminfo", "MemTotal:       16384 kB\nMemAvailable:    8192 kB\n"},
                                       {"sys/fs/cgroup/cpu.max", "150000 100000\n"},
                                       {"sys/fs/cgroup/memory.max", "1048576\n"}});
  EXPECT_EQ(machine.memory_bytes, 16u << 20);
  EXPECT_EQ(machine.memory_available_bytes, 8u << 20);
  EXPECT_EQ(machine.memory_limit_bytes, 1u << 20);
  EXPECT_DOUBLE_EQ(machine.cpu_limit, 1.5);
}

TEST(Machine, AnAbsentLimitIsNoLimit) {
  const Machine second = detect_from({{"proc/meminfo", "MemTotal: 16384 kB\n"},
                                      {"sys/fs/cgroup/cpu.max", "max 100000\n"},
                                      {"sys/fs/cgroup/memory.max", "max\n"}});
  EXPECT_EQ(second.memory_limit_bytes, 0u);
  EXPECT_EQ(second.cpu_limit, 0);
  const Machine first = detect_from({{"proc/meminfo", "MemTotal: 16384 kB\n"},
                                     {"sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1\n"},
                                     {"sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n"},
                                     {"sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n"}});
  EXPECT_EQ(first.memory_limit_bytes, 0u);
  EXPECT_EQ(first.cpu_limit, 0);
}

TEST(Machine, ReadsTheLimitsOfControlGroupsVersion1) {
  const Machine machine = detect_from({{"proc/meminfo", "MemTotal: 16384 kB\n"},
                                       {"sys/fs/cgroup/cpu/cpu.cfs_quota_us", "50000\n"},
                                       {"sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n"},
                                       {"sys/fs/cgroup/memory/memory.limit_in_bytes", "4096\n"}});
  EXPECT_DOUBLE_EQ(machine.cpu_limit, 0.5);
  EXPECT_EQ(machine.memory_limit_bytes, 4096u);
}

TEST(Machine, WhatTheKernelDoesNotSayStaysUnknown) {
  const Machine machine = detect_from({{"proc/cpuinfo", "\n:::\nprocessor\n\xff\xfe"},
                                       {"proc/meminfo", "MemTotal: many kB\n"},
                                       {"sys/fs/cgroup/cpu.max", "150000"},
                                       {"sys/devices/system/cpu/cpu0/cache/index0/level", "?"},
                                       {"sys/devices/system/cpu/cpu0/cache/index0/shared_cpu_list", ",,3-1,"}});
  EXPECT_EQ(machine.logical_cpu_count, 0u);
  EXPECT_EQ(machine.memory_bytes, 0u);
  EXPECT_EQ(machine.cpu_limit, 0);
  ASSERT_EQ(machine.caches.size(), 1u);
  EXPECT_EQ(machine.caches[0].size_bytes, 0u);
}

TEST(Machine, AgreesWithTheSystemLibraryOnThisMachine) {
  const Machine machine = detect();
  EXPECT_EQ(machine.logical_cpu_count, static_cast<uint32_t>(sysconf(_SC_NPROCESSORS_ONLN)));
  EXPECT_LE(machine.usable_cpu_count, machine.logical_cpu_count);
  EXPECT_GE(machine.usable_cpu_count, 1u);
  const auto pages = static_cast<uint64_t>(sysconf(_SC_PHYS_PAGES)) * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  EXPECT_NEAR(static_cast<double>(machine.memory_bytes), static_cast<double>(pages), 1e-3 * static_cast<double>(pages));
}

}  // namespace
}  // namespace hasten::machine
