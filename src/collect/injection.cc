#include "collect/injection.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <fstream>
#include <optional>
#include <sstream>
#include <utility>

#include "collect/outside_walk.h"
#include "collect/pending_calls.h"
#include "collect/proc.h"
#include "collect/python_place.h"
#include "collect/refusal.h"
#include "record/region.h"

namespace hasten::collect {
namespace {

using record::ProbeState;

/// What the probe calls itself (src/probe/CMakeLists.txt).
const std::string kProbeName = fmt::format("/hasten/probe-{}", record::kRegionVersion);
constexpr uint64_t kPatienceNs = 10'000'000'000;
constexpr int kLookGapMs = 5;

/// A file in memory, which the target opens through /proc.
class MemoryFile {
 public:
  MemoryFile(const char* name, const std::string& content) : fd_(::memfd_create(name, MFD_CLOEXEC)) {
    good_ = fd_ >= 0 && ::write(fd_, content.data(), content.size()) == static_cast<ssize_t>(content.size());
  }
  ~MemoryFile() {
    if (fd_ >= 0) {
      ::close(fd_);
    }
  }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;

  bool is_good() const { return good_; }
  std::string path() const { return fmt::format("/proc/{}/fd/{}", ::getpid(), fd_); }
  std::string content() const { return read_text(path()); }

 private:
  int fd_;
  bool good_ = false;
};

/// A Python literal.
std::string quoted(const std::string& text) {
  std::string literal = "b'";
  for (const char letter : text) {
    literal += fmt::format("\\x{:02x}", static_cast<unsigned char>(letter));
  }
  return literal + "'";
}

/// What the target runs. The probe is no module: that its import fails without an exception is how it succeeds. One that an
/// earlier visit has left there goes by its name, and is taken up again. The invitation goes by the thread's name: the script of
/// somebody who was killed meanwhile may run on another thread.
std::string visit(const RegionOwner& owner, const std::string& probe_path, const std::string& probe_copy,
                  const std::string& answer) {
  const std::string invitation = fmt::format("{}:{}:{}:{}", record::kRegionVersion, ::getpid(), owner.fd(), probe_path);
  return fmt::format(
      "import sys, _imp, _thread\n"
      "from _frozen_importlib import ModuleSpec\n"
      "def enter(path):\n"
      "    try:\n"
      "        _imp.create_dynamic(ModuleSpec('_hasten_probe', None, origin=path))\n"
      "    except SystemError:\n"
      "        pass\n"
      "name = f'_hasten_probe_{{_thread.get_native_id()}}'\n"
      "setattr(sys, name, {}.decode('utf-8', 'surrogateescape'))\n"
      "try:\n"
      "    try:\n"
      "        enter('{}')\n"
      "    except ImportError as error:\n"
      "        if '{}' not in str(error):\n"
      "            raise\n"
      "        enter('{}')\n"
      "except BaseException as error:\n"
      "    with open('{}', 'w') as file:\n"
      "        file.write(str(error))\n"
      "finally:\n"
      "    delattr(sys, name)\n",
      quoted(invitation), kProbeName, kProbeName, probe_copy, answer);
}

/// What a safe point of the target calls with its text: runs the script, and tells what went wrong in the same file. All
/// that it uses is always imported, and no name of the program stands in between.
std::string call_of(const std::string& script) {
  return fmt::format(
      "try:\n"
      " __import__('builtins').exec(__import__('_frozen_importlib_external').SourceFileLoader('','').get_data('{}'),{{}"
      "})\n"
      "except BaseException:pass\n",
      script);
}

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

bool is_mapped(uint32_t pid, const std::string& name) {
  return read_text(proc_path(pid, "maps")).find("/" + name) != std::string::npos;
}

/// The target must be able to open what is ours.
std::optional<Error> why_unreachable(uint32_t pid) {
  struct stat target;
  if (::stat(proc_path(pid, "exe").c_str(), &target) != 0 ||
      ::stat(fmt::format("/proc/{}", pid).c_str(), &target) != 0) {
    return why_not_readable(pid);
  }
  if (target.st_uid != ::geteuid() && target.st_uid != 0) {
    return Error{"attach.not_allowed",
                 fmt::format("process {} runs as user {} and may not read what Hasten hands to it", pid, target.st_uid),
                 fmt::format("run Hasten as that user (sudo -u '#{}' hasten ...), or without --inject", target.st_uid)};
  }
  if (has_own_numbers(pid)) {
    return Error{"attach.not_allowed", fmt::format("process {} is in a container and does not see Hasten", pid),
                 "run Hasten inside the container, or without --inject"};
  }
  if (is_mapped(pid, "libhasten_probe.so")) {
    return Error{"attach.busy", fmt::format("process {} runs under `hasten run` already", pid), "use that capture"};
  }
  return std::nullopt;
}

ProbeState state_of(const record::Region& region) {
  return static_cast<ProbeState>(region.processes[0].state.load(std::memory_order_acquire));
}

bool has_settled(const record::Region& region) {
  const ProbeState state = state_of(region);
  return region.processes[0].pid.load() != 0 && state != ProbeState::Waiting && state != ProbeState::Claimed;
}

}  // namespace

Result<void> inject(uint32_t pid, const RegionOwner& owner, const std::string& probe_path) {
  Result<record::PythonPlace> python = find_python(pid);
  if (!python) {
    return python.error();
  }
  if (std::optional<Error> why = why_unreachable(pid)) {
    return *why;
  }
  std::ifstream library(probe_path, std::ios::binary);
  std::stringstream bytes;
  bytes << library.rdbuf();
  const MemoryFile probe("hasten-probe", bytes.str());
  const MemoryFile answer("hasten-answer", "");
  const MemoryFile script("hasten-visit", visit(owner, probe_path, probe.path(), answer.path()));
  if (!probe.is_good() || !answer.is_good() || !script.is_good() || bytes.str().empty()) {
    return Error{"attach.refused", fmt::format("cannot read {} into memory", probe_path), "install Hasten anew"};
  }
  PendingCall call(pid, python.value());
  if (Result<void> made = call.ask(call_of(script.path())); !made) {
    return made.error();
  }
  const uint64_t begin_ns = mono_now_ns();
  while (!has_settled(*owner.region())) {
    owner.region()->heard_mono_ns.store(mono_now_ns(), std::memory_order_relaxed);
    const bool gone = ::access(proc_path(pid, "exe").c_str(), F_OK) != 0;
    const std::string said = answer.content();
    if (gone || !said.empty()) {
      return Error{"attach.refused",
                   gone ? fmt::format("process {} ended", pid)
                        : fmt::format("the Python of process {} did not take the probe in: {}", pid, first_line(said)),
                   gone ? "" : "measure it without --inject"};
    }
    if (mono_now_ns() - begin_ns > kPatienceNs && call.take_back()) {
      return Error{"attach.busy",
                   fmt::format("process {} ran no Python code for {} s that could let the probe in", pid,
                               kPatienceNs / 1'000'000'000),
                   "its main thread waits or runs native code: try again while it works, or measure without --inject"};
    }
    ::poll(nullptr, 0, kLookGapMs);
  }
  return {};
}

}  // namespace hasten::collect
