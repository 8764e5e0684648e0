#include "collect/proc.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <time.h>
#include <unistd.h>

#include <climits>
#include <cstdlib>
#include <cstring>
#include <sstream>

namespace hasten::collect {

uint64_t mono_now_ns() {
  timespec now;
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000u + static_cast<uint64_t>(now.tv_nsec);
}

std::string proc_path(uint32_t pid, const char* name) { return fmt::format("/proc/{}/{}", pid, name); }

std::string version_text(uint32_t python_hex) {
  return python_hex == 0 ? "an unknown version"
                         : fmt::format("{}.{}.{}", python_hex >> 24, python_hex >> 16 & 0xff, python_hex >> 8 & 0xff);
}

std::optional<uint64_t> process_cpu_ns(uint32_t pid) {
  // The kernel's name for the CPU clock of another process (clock_getcpuclockid).
  const auto clock = static_cast<clockid_t>((~pid << 3) | 2u);
  timespec cpu;
  if (::clock_gettime(clock, &cpu) != 0) {
    return std::nullopt;
  }
  return static_cast<uint64_t>(cpu.tv_sec) * 1'000'000'000u + static_cast<uint64_t>(cpu.tv_nsec);
}

uint32_t own_number_of_thread(uint32_t pid, uint32_t tid) {
  std::istringstream lines(read_text(fmt::format("/proc/{}/task/{}/status", pid, tid)));
  std::string line;
  while (std::getline(lines, line)) {
    if (line.starts_with("NSpid:")) {
      return static_cast<uint32_t>(std::strtoul(line.c_str() + line.find_last_of(" \t") + 1, nullptr, 10));
    }
  }
  return tid;
}

std::string foreign_root(uint32_t pid) {
  const std::string theirs = link_target(proc_path(pid, "ns/mnt"));
  return theirs.empty() || theirs == link_target("/proc/self/ns/mnt") ? "" : proc_path(pid, "root");
}

std::string read_text(const std::string& path) {
  std::string text;
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    return text;
  }
  char bytes[4096];
  for (ssize_t got = ::read(fd, bytes, sizeof bytes); got > 0; got = ::read(fd, bytes, sizeof bytes)) {
    text.append(bytes, static_cast<size_t>(got));
  }
  ::close(fd);
  return text;
}

std::string link_target(const std::string& link) {
  char path[PATH_MAX];
  const ssize_t length = ::readlink(link.c_str(), path, sizeof path);
  return length < 0 ? std::string() : std::string(path, static_cast<size_t>(length));
}

std::vector<std::string> command_line(uint32_t pid) {
  const std::string text = read_text(proc_path(pid, "cmdline"));
  std::vector<std::string> words;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\0', at), text.size());
    words.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return words;
}

uint64_t status_bytes(const std::string& path, const char* label) {
  std::istringstream lines(read_text(path));
  std::string line;
  while (std::getline(lines, line)) {
    if (line.starts_with(label)) {
      return std::strtoull(line.c_str() + std::strlen(label), nullptr, 10) * 1024;
    }
  }
  return 0;
}

}  // namespace hasten::collect
