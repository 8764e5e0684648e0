// Turns what the rings hold into what the capture holds, for one measured process.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "collect/modules.h"
#include "collect/names.h"
#include "collect/native_walk.h"
#include "collect/region_owner.h"
#include "record/format.h"
#include "record/region.h"
#include "record/writer.h"

namespace hasten::collect {

/// Kernel time is noticed at the sample that follows it. The recorder keeps a thread's last sample back until
/// the next one, and shares such time among the two: the system calls lay somewhere between them.
class Recorder {
 public:
  /// `process_slot` is the process's index in the region, `process` the one in the capture; times are counted
  /// from `start_mono_ns`.
  Recorder(RegionOwner& owner, uint32_t process_slot, record::CaptureWriter& writer, NameTable& names,
           ModuleMap& modules, uint32_t process, uint32_t pid, std::string cwd, uint64_t start_mono_ns);

  /// What a fork has from its parent: machine code that the parent registered.
  void inherit(const Recorder& parent);

  /// Takes everything that is ready. `alive`: /proc/PID can still be asked.
  void drain(bool alive);
  /// After the process has died: the last samples, all threads as they ended, and the counts. Frees its thread slots.
  void finish(uint64_t end_mono_ns);

  /// The capture's id of the thread in this slot, or nullopt.
  std::optional<uint32_t> thread_of_slot(uint32_t slot_idx) const;
  /// Gives a thread the name that the program has for it.
  void name_thread(uint32_t thread, std::string name);
  /// Sets what the scheduler says of a thread, since its watch began.
  void account_thread(uint32_t thread, uint64_t cpu_ns, uint64_t runnable_ns, uint64_t waiting_ns);
  void add_wait(const record::Wait& wait) { writer_.add_wait(wait); }
  /// Writes the waits and labels that were added up since the last time.
  void flush_sums();
  /// The capture's stack for frames read from outside, outermost node last resolved.
  uint32_t stack_of(const std::vector<record::FrameRef>& frames);
  /// The capture's code for an id of the probe; kUnknownCode if it was never described.
  uint32_t code_of(uint32_t probe_code_id) const;
  NameTable& names() { return names_; }
  const std::string& cwd() const { return cwd_; }
  /// A sample that was taken from outside.
  void add_outside_sample(const record::Sample& sample);
  uint64_t sample_count() const { return counts_.samples; }
  uint64_t relative_ns(uint64_t mono_ns) const { return mono_ns > start_mono_ns_ ? mono_ns - start_mono_ns_ : 0; }

 private:
  struct SlotView {
    std::optional<uint32_t> thread;
    bool given_up = false;     ///< the ring made no sense
    uint32_t creation_id = 0;  ///< see record::ThreadSlot
    std::optional<record::Sample> held;
    record::Counts seen;                           ///< the slot's counters when last added up (slots are reused)
    std::unordered_map<uint32_t, uint32_t> tasks;  ///< the thread's id of a task's group to the capture's
    std::vector<record::Wait> loop_waits;          ///< in which a loop stood still; written if that made a block
  };

  /// False if it stopped at a record that names code which another thread's ring describes; `last`: it goes on all the same.
  bool drain_slot(uint32_t slot_idx, bool alive, bool last);
  bool knows_code_of(const record::RecordHead& head, const uint8_t* bytes) const;
  bool is_drained_here(uint32_t word) const;
  void begin_thread(uint32_t slot_idx);
  void free_slot(uint32_t slot_idx);
  void end_thread(uint32_t slot_idx, uint64_t end_mono_ns, uint64_t cpu_ns, bool ended);
  void take_sample(SlotView& view, const uint8_t* bytes, uint32_t length, bool alive);
  void take_wait(SlotView& view, const uint8_t* bytes, uint32_t length);
  void take_task(SlotView& view, const uint8_t* bytes, uint32_t length);
  void take_await(const SlotView& view, const uint8_t* bytes, uint32_t length);
  void take_loop_block(SlotView& view, const uint8_t* bytes, uint32_t length);
  void take_creation(const uint8_t* bytes, uint32_t length);
  void take_label(const uint8_t* bytes, uint32_t length);
  void take_code(const uint8_t* bytes, uint32_t length);
  void take_compiled();
  record::CodeClass classify(uint64_t rip, bool alive);
  uint32_t compiled_leaf(uint64_t rip, uint32_t parent);
  std::vector<uint32_t> nodes_of(const std::vector<record::FrameRef>& frames);
  uint32_t mixed_stack(const NativeSample& native, const std::vector<uint32_t>& python, bool alive);
  void add_up(SlotView& view, const record::ThreadSlot& slot);
  std::string thread_name(uint32_t tid) const;

  RegionOwner& owner_;
  record::Region* region_;
  uint32_t process_slot_;
  record::CaptureWriter& writer_;
  NameTable& names_;
  ModuleMap& modules_;
  NativeWalk native_walk_{modules_};
  uint32_t process_;
  uint32_t pid_;
  std::string cwd_;
  uint64_t start_mono_ns_;
  uint64_t vain_refresh_ns_ = 0;
  std::vector<SlotView> slots_;
  std::unordered_map<uint32_t, record::Thread> threads_;  ///< by the capture's id
  std::unordered_map<uint32_t, uint32_t> code_ids_;       ///< the probe's id to the capture's
  std::unordered_map<uint32_t, uint32_t> creations_;      ///< the probe's id of a creation to the stack it was in
  std::vector<record::CompiledCode> compiled_;
  std::map<std::tuple<uint32_t, uint32_t, record::WaitKind>, record::Wait> waits_;  ///< by thread, stack and kind
  std::map<std::pair<uint32_t, std::string>, uint32_t> tasks_;  ///< by code and name, to the capture's id
  std::map<std::string, record::Label, std::less<>> labels_;
  bool labels_changed_ = false;
  record::Counts counts_;
};

}  // namespace hasten::collect
