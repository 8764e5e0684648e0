#include "machine/machine.h"

#include <sched.h>
#include <sys/utsname.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <fstream>
#include <set>
#include <sstream>
#include <string_view>
#include <utility>

#include "base/check.h"

namespace hasten::machine {
namespace {

constexpr std::array kSimdSmallestFirst = {"sse2",     "sse4_1",   "sse4_2",   "avx",      "fma",   "avx2", "avx512f",
                                           "avx512dq", "avx512bw", "avx512vl", "amx_tile", "asimd", "sve",  "sve2"};

/// The whole file, or "" if it cannot be read.
std::string read_text(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return file ? std::move(text).str() : std::string();
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t\n";
  const size_t begin = text.find_first_not_of(kBlank);
  if (begin == std::string_view::npos) {
    return {};
  }
  return text.substr(begin, text.find_last_not_of(kBlank) - begin + 1);
}

/// The number that `text` begins with; 0 if it begins with none or is too large.
uint64_t parse_number(std::string_view text) {
  uint64_t number = 0;
  text = trimmed(text);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() ? number : 0;
}

/// "512K" or "64M", as /sys writes cache sizes.
uint64_t parse_size(std::string_view text) {
  text = trimmed(text);
  const uint64_t number = parse_number(text);
  switch (text.empty() ? '\0' : text.back()) {
    case 'K':
      return number << 10;
    case 'M':
      return number << 20;
    case 'G':
      return number << 30;
    default:
      return number;
  }
}

/// How many CPUs a list like "0-3,8" names.
uint32_t parse_cpu_count(std::string_view list) {
  uint32_t count = 0;
  list = trimmed(list);
  while (!list.empty()) {
    const std::string_view range = list.substr(0, list.find(','));
    const size_t dash = range.find('-');
    const uint64_t first = parse_number(range);
    const uint64_t last = dash == std::string_view::npos ? first : parse_number(range.substr(dash + 1));
    count += last >= first ? static_cast<uint32_t>(last - first + 1) : 0;
    list.remove_prefix(std::min(list.size(), range.size() + 1));
  }
  return count;
}

/// Calls `each(name, value)` for the "name : value" lines of a file of /proc.
template <class Each>
void for_each_field(const std::string& text, Each each) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const size_t colon = line.find(':');
    if (colon != std::string::npos) {
      const std::string_view view(line);
      each(trimmed(view.substr(0, colon)), trimmed(view.substr(colon + 1)));
    }
  }
}

void read_cpu(const std::string& root, Machine& machine) {
  std::set<std::pair<std::string, std::string>> cores;  // (package, core)
  std::set<std::string> flags;
  std::string package;
  for_each_field(read_text(root + "/proc/cpuinfo"), [&](std::string_view name, std::string_view value) {
    if (name == "processor") {
      ++machine.logical_cpu_count;
    } else if (name == "model name" && machine.cpu_model.empty()) {
      machine.cpu_model = value;
    } else if (name == "physical id") {
      package = value;
    } else if (name == "core id") {
      cores.emplace(package, value);
    } else if ((name == "flags" || name == "Features") && flags.empty()) {
      std::istringstream words{std::string(value)};
      for (std::string word; words >> word;) {
        flags.insert(word);
      }
    }
  });
  machine.physical_core_count = static_cast<uint32_t>(cores.size());
  machine.is_virtual = flags.contains("hypervisor");
  for (const char* name : kSimdSmallestFirst) {
    if (flags.contains(name)) {
      machine.simd.emplace_back(name);
    }
  }
}

std::vector<Cache> read_caches(const std::string& root) {
  std::vector<Cache> caches;
  for (int index = 0;; ++index) {
    const std::string place = fmt::format("{}/sys/devices/system/cpu/cpu0/cache/index{}/", root, index);
    const std::string level = read_text(place + "level");
    if (level.empty()) {
      break;
    }
    const std::string text = read_text(place + "type");
    const std::string_view type = trimmed(text);
    caches.push_back({.level = static_cast<uint32_t>(parse_number(level)),
                      .kind = type == "Data"          ? CacheKind::Data
                              : type == "Instruction" ? CacheKind::Instruction
                                                      : CacheKind::Unified,
                      .size_bytes = parse_size(read_text(place + "size")),
                      .line_bytes = static_cast<uint32_t>(parse_number(read_text(place + "coherency_line_size"))),
                      .sharing_cpu_count = parse_cpu_count(read_text(place + "shared_cpu_list"))});
  }
  std::stable_sort(caches.begin(), caches.end(), [](const Cache& a, const Cache& b) { return a.level < b.level; });
  return caches;
}

void read_memory(const std::string& root, Machine& machine) {
  for_each_field(read_text(root + "/proc/meminfo"), [&](std::string_view name, std::string_view value) {
    if (name == "MemTotal") {
      machine.memory_bytes = parse_number(value) << 10;
    } else if (name == "MemAvailable") {
      machine.memory_available_bytes = parse_number(value) << 10;
    }
  });
}

/// The limits that a container's own control group shows at the top of its file system (version 2, then 1).
/// A group further up may be stricter still, which cannot be seen from inside.
void read_limits(const std::string& root, Machine& machine) {
  const std::string group = root + "/sys/fs/cgroup/";
  const std::string cpu_max = read_text(group + "cpu.max");  // "150000 100000" or "max 100000"
  uint64_t quota_us = parse_number(cpu_max);
  uint64_t period_us = parse_number(std::string_view(cpu_max).substr(std::min(cpu_max.find(' '), cpu_max.size())));
  if (cpu_max.empty()) {
    quota_us = parse_number(read_text(group + "cpu/cpu.cfs_quota_us"));  // -1: no limit, parsed as 0
    period_us = parse_number(read_text(group + "cpu/cpu.cfs_period_us"));
  }
  if (quota_us != 0 && period_us != 0) {
    machine.cpu_limit = static_cast<double>(quota_us) / static_cast<double>(period_us);
  }
  uint64_t limit = parse_number(read_text(group + "memory.max"));  // "max" is parsed as 0
  if (limit == 0) {
    limit = parse_number(read_text(group + "memory/memory.limit_in_bytes"));
  }
  // Version 1 writes "no limit" as a number beyond any memory.
  machine.memory_limit_bytes = machine.memory_bytes != 0 && limit >= machine.memory_bytes ? 0 : limit;
}

}  // namespace

Machine detect(const std::string& root) {
  Machine machine;
  utsname name;
  if (uname(&name) == 0) {
    machine.architecture = name.machine;
    machine.kernel_release = name.release;
  }
  cpu_set_t usable;
  if (sched_getaffinity(0, sizeof(usable), &usable) == 0) {
    machine.usable_cpu_count = static_cast<uint32_t>(CPU_COUNT(&usable));
  }
  read_cpu(root, machine);
  machine.caches = read_caches(root);
  read_memory(root, machine);
  read_limits(root, machine);
  return machine;
}

}  // namespace hasten::machine
