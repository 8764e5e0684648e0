// Reads a thread's Python stack from outside, by process_vm_readv. A thread that sleeps changes
// nothing of its stack; whether it slept through the whole reading, the caller must check afterwards. A thread
// that runs must be caught between two looks at its innermost frame.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "collect/recorder.h"
#include "pyread/layout.h"
#include "record/region.h"

namespace hasten::collect {

/// Another process's memory. Reads fail rather than fault.
class TargetMemory {
 public:
  explicit TargetMemory(uint32_t pid) : pid_(pid) {}
  bool read(uint64_t address, void* to, uint32_t bytes) const;

  /// Copies a stretch of memory in one go, from which reads are then served. False if it cannot be read.
  bool hold(uint64_t address, uint32_t bytes);
  void release() { held_.clear(); }

 private:
  uint32_t pid_;
  uint64_t held_address_ = 0;
  std::vector<uint8_t> held_;
};

class OutsideWalk {
 public:
  OutsideWalk(const record::PythonPlace& python, uint32_t pid, Recorder& recorder);

  /// The capture's stack of the thread with this native id. 0: it runs no Python. nullopt: it could not be
  /// read whole.
  std::optional<uint32_t> stack_of(uint32_t tid);
  /// The same of a thread that runs; tries a few times to see it unchanged.
  std::optional<uint32_t> moving_stack_of(uint32_t tid);

  /// What the program calls a thread of `threading`, where the operating system is not told (before 3.14). nullopt: it is
  /// none, or it has not begun yet.
  std::optional<std::string> thread_name(uint32_t tid);

 private:
  struct KnownCode {
    uint64_t fingerprint;
    uint32_t code;  ///< the capture's id
    uint32_t code_bytes;
  };

  std::optional<uint64_t> thread_state(uint32_t tid);
  /// Address and instruction of the innermost frame: what changes whenever a thread calls or returns.
  std::optional<uint64_t> innermost_frame(uint64_t state) const;
  std::optional<KnownCode> code_at(uint64_t address);

  uint32_t own_number(uint32_t tid);

  TargetMemory memory_;
  uint32_t pid_;
  bool has_own_numbers_;
  std::unordered_map<uint32_t, uint32_t> own_numbers_;  ///< of its threads, where they are others than ours
  Recorder& recorder_;
  pyread::PythonLayout layout_;
  bool usable_ = false;
  uint64_t runtime_address_;
  uint64_t code_type_;
  std::unordered_map<uint32_t, uint64_t> thread_states_;
  std::unordered_map<uint64_t, KnownCode> codes_;
};

}  // namespace hasten::collect
