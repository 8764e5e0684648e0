#include "collect/pending_calls.h"

#include <sys/uio.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <vector>

#include "collect/outside_walk.h"
#include "collect/proc.h"
#include "collect/python_place.h"
#include "collect/refusal.h"
#include "pyread/layout.h"
#include "pyread/pending.h"

namespace hasten::collect {
namespace {

constexpr int kRingTries = 1000;
/// Calls that may come up beside ours before ours is made; their places are left to them. With the longest text there is
/// room for both in a ring of 32, wherever the next call goes.
constexpr uint32_t kPlacesLeft = 4;
static_assert(2 * (kPlacesLeft + kSourceBytesMax / 16) <= 32);

Error not_allowed(uint32_t pid) {
  return Error{"attach.not_allowed",
               fmt::format("the memory of process {} cannot be written: {}", pid, std::strerror(errno)),
               "run Hasten as root or with CAP_SYS_PTRACE, or measure without --inject"};
}

template <class T>
T at(const TargetMemory& memory, uint64_t address) {
  T value{};
  memory.read(address, &value, sizeof value);
  return value;
}

}  // namespace

bool PendingCall::write(uint64_t address, const void* from, uint64_t bytes) const {
  const iovec local{const_cast<void*>(from), bytes};
  const iovec remote{reinterpret_cast<void*>(address), bytes};
  return ::process_vm_writev(static_cast<pid_t>(pid_), &local, 1, &remote, 1, 0) == static_cast<ssize_t>(bytes);
}

Result<void> PendingCall::ask(const std::string& source, const std::string& script) {
  return pyread::find_pending_layout(python_.version_hex) != nullptr ? ask_by_call(source) : ask_by_debugger(script);
}

Result<void> PendingCall::ask_by_call(const std::string& source) {
  const pyread::PendingLayout& layout = *pyread::find_pending_layout(python_.version_hex);
  const std::optional<uint64_t> run = python_symbol(pid_, "PyRun_SimpleString");
  const TargetMemory memory(pid_);
  const auto interpreter = at<uint64_t>(memory, python_.runtime_address + layout.runtime_main);
  if (!run || interpreter == 0 || source.size() >= kSourceBytesMax) {
    return Error{"attach.unsupported", fmt::format("process {} has no Python that can be asked", pid_), ""};
  }
  const uint64_t ring = interpreter + layout.pending;
  uint32_t last = 0;
  for (int tries = 0;; ++tries) {
    last = at<uint32_t>(memory, ring + layout.last);
    const bool any = last != at<uint32_t>(memory, ring + layout.first);
    const bool told = at<uint32_t>(memory, ring + layout.to_do) != 0;
    if (last < layout.count && !any && !told) {
      break;
    }
    if (any && !told) {
      signal(interpreter);  // whoever asked was killed before this
    }
    if (tries == kRingTries) {
      return Error{"attach.busy", fmt::format("process {} does not make the calls that it was asked for before", pid_),
                   "its main thread waits or runs native code: try again while it works, or measure without --inject"};
    }
    const timespec moment{0, 1'000'000};
    ::nanosleep(&moment, nullptr);
  }
  // The text lies in places of the ring that are far from being used.
  const uint32_t places = (kSourceBytesMax + layout.call_bytes - 1) / layout.call_bytes;
  const uint32_t text_place = last + kPlacesLeft + places <= layout.count ? last + kPlacesLeft : kPlacesLeft;
  source_address_ = ring + layout.calls + text_place * layout.call_bytes;
  const uint64_t call[2] = {*run, source_address_};
  const uint64_t place = ring + layout.calls + last * layout.call_bytes;
  const uint32_t next = (last + 1) % layout.count;
  const uint32_t no_flags = 0;
  const bool written = write(source_address_, source.c_str(), source.size() + 1) &&
                       (layout.call_bytes == sizeof call || write(place + sizeof call, &no_flags, sizeof no_flags)) &&
                       write(place, call, sizeof call) && write(ring + layout.last, &next, sizeof next) &&
                       signal(interpreter);
  return written ? Result<void>() : not_allowed(pid_);
}

bool PendingCall::signal(uint64_t interpreter) const {
  const pyread::PendingLayout& layout = *pyread::find_pending_layout(python_.version_hex);
  const uint32_t one = 1;
  if (!write(interpreter + layout.pending + layout.to_do, &one, sizeof one)) {
    return false;
  }
  if (layout.breaker_bit == 0) {
    return write(interpreter + layout.breaker, &one, sizeof one);
  }
  // Each thread has a breaker of its own. Only the byte with the bits of requests is written: what stands above is Python's.
  const TargetMemory memory(pid_);
  uint64_t thread = at<uint64_t>(memory, interpreter + layout.threads);
  for (int i = 0; thread != 0 && i < 100'000; ++i) {
    const uint8_t bits = at<uint8_t>(memory, thread + layout.breaker) | layout.breaker_bit;
    write(thread + layout.breaker, &bits, sizeof bits);
    thread = at<uint64_t>(memory, thread + layout.thread_next);
  }
  return true;
}

Result<void> PendingCall::ask_by_debugger(const std::string& script) {
  const TargetMemory memory(pid_);
  std::array<uint8_t, pyread::kDebugOffsetsBytes> bytes;
  const bool read = memory.read(python_.runtime_address, bytes.data(), bytes.size());
  const std::optional<pyread::DebuggerLayout> layout =
      read ? pyread::debugger_layout(bytes.data(), python_.version_hex) : std::nullopt;
  if (!layout) {
    return Error{"attach.unsupported",
                 fmt::format("Python {} of process {} cannot be entered", version_text(python_.version_hex), pid_),
                 "measure it without --inject"};
  }
  const auto interpreter = at<uint64_t>(memory, python_.runtime_address + layout->runtime_interpreters);
  if (at<uint32_t>(memory, interpreter + layout->enabled) != 1) {
    return Error{
        "attach.not_allowed", fmt::format("process {} was started with remote debugging switched off", pid_),
        "measure it without --inject, or start it without PYTHON_DISABLE_REMOTE_DEBUG and -X disable-remote-debug"};
  }
  const auto thread = at<uint64_t>(memory, interpreter + layout->interpreter_main_thread);
  if (thread == 0 || script.size() + 1 > layout->path_bytes) {
    return Error{"attach.busy", fmt::format("process {} has no main thread", pid_), "measure it without --inject"};
  }
  const uint64_t support = thread + layout->support;
  asked_flag_ = support + layout->asked;
  const uint32_t one = 1;
  const uint8_t bits = at<uint8_t>(memory, thread + layout->breaker) | layout->breaker_bit;
  const bool written = write(support + layout->path, script.c_str(), script.size() + 1) &&
                       write(asked_flag_, &one, sizeof one) && write(thread + layout->breaker, &bits, sizeof bits);
  return written ? Result<void>() : not_allowed(pid_);
}

bool PendingCall::take_back() {
  const TargetMemory memory(pid_);
  if (asked_flag_ != 0) {
    const uint32_t none = 0;
    return at<uint32_t>(memory, asked_flag_) == 1 && write(asked_flag_, &none, sizeof none);
  }
  const char nothing = '\0';
  return source_address_ != 0 && write(source_address_, &nothing, sizeof nothing);
}

}  // namespace hasten::collect
