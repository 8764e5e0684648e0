#include "collect/pending_calls.h"

#include <sys/uio.h>

#include <cerrno>
#include <cstring>
#include <optional>

#include "collect/outside_walk.h"
#include "collect/proc.h"
#include "collect/python_place.h"
#include "collect/refusal.h"
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

PendingCall::PendingCall(uint32_t pid, const record::PythonPlace& python)
    : pid_(pid), python_(python), layout_(pyread::find_pending_layout(python.version_hex)) {}

bool PendingCall::write(uint64_t address, const void* from, uint64_t bytes) const {
  const iovec local{const_cast<void*>(from), bytes};
  const iovec remote{reinterpret_cast<void*>(address), bytes};
  return ::process_vm_writev(static_cast<pid_t>(pid_), &local, 1, &remote, 1, 0) == static_cast<ssize_t>(bytes);
}

Result<void> PendingCall::ask(const std::string& source) {
  const Error unsupported{
      "attach.unsupported",
      fmt::format("Python {} of process {} cannot be entered", version_text(python_.version_hex), pid_),
      "measure it without --inject"};
  if (layout_ == nullptr) {
    return unsupported;
  }
  const pyread::PendingLayout& layout = *layout_;
  const std::optional<uint64_t> run = python_symbol(pid_, "PyRun_SimpleString");
  const TargetMemory memory(pid_);
  const auto interpreter = at<uint64_t>(memory, python_.runtime_address + layout.runtime_main);
  const uint64_t ring = interpreter + layout.pending;
  const bool known = layout.most == 0 || at<uint32_t>(memory, ring + layout.most) == layout.count;
  if (!run || interpreter == 0 || !known || source.size() >= kSourceBytesMax) {
    return unsupported;
  }
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
  const pyread::PendingLayout& layout = *layout_;
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

bool PendingCall::take_back() {
  const char nothing = '\0';
  return source_address_ != 0 && write(source_address_, &nothing, sizeof nothing);
}

}  // namespace hasten::collect
