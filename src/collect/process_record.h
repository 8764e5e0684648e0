// One measured process: from its slot in the region to its rows in the capture.
#pragma once

#include <memory>
#include <optional>

#include "collect/modules.h"
#include "collect/names.h"
#include "collect/recorder.h"
#include "collect/region_owner.h"
#include "collect/thread_watch.h"
#include "record/format.h"
#include "record/region.h"
#include "record/writer.h"

namespace hasten::collect {

/// How a process ended, as waitid() or a status told it.
struct Ending {
  int32_t exit_code = record::kExitUnknown;
  int32_t signal = 0;
};
Ending ending_of(int wait_status);

/// Gives a slot back, for whichever process comes next.
void free_process_slot(record::Region& region, uint32_t slot_idx);

class ProcessRecord {
 public:
  /// `slot_idx`: its slot, whose state is past Claimed. `id`: its index in the capture. `facts`: what is known of it
  /// beforehand; the rest is read from the slot and /proc. `parent`: the record of the process that it was
  /// forked from, or null.
  ProcessRecord(RegionOwner& owner, uint32_t slot_idx, uint32_t id, record::Process facts,
                record::CaptureWriter& writer, NameTable& names, ProcessRecord* parent);
  ~ProcessRecord();
  ProcessRecord(const ProcessRecord&) = delete;
  ProcessRecord& operator=(const ProcessRecord&) = delete;

  uint32_t id() const { return id_; }
  uint32_t pid() const { return facts_.pid; }
  uint64_t start_mono_ns() const { return facts_.start_mono_ns; }
  const record::Process& facts() const { return facts_; }
  uint64_t sample_count() const { return recorder_ ? recorder_->sample_count() : 0; }

  /// Takes over what is ready and looks at its threads.
  void tick(uint64_t now_ns);
  /// Hands on what is added up over some time.
  void flush();
  /// Whether the process has died (or has already been waited for).
  bool is_over() const;
  /// Its memory now, shared pages in proportion; 0 if it cannot be read. Slow for large processes: it paces itself
  /// and gives the last figure in between.
  uint64_t memory_bytes(uint64_t now_ns);

  /// The last samples; frees its slots. Returns what is known of the end, without wall time.
  record::End finish(uint64_t end_mono_ns);

 private:
  void drain(bool alive);
  record::ProcessSlot& slot() const { return region_->processes[slot_idx_]; }

  record::Region* region_;
  uint32_t slot_idx_;
  uint32_t id_;
  record::Process facts_;
  int pidfd_;
  ModuleMap modules_;
  std::unique_ptr<Recorder> recorder_;  ///< null if it could not be sampled
  std::unique_ptr<ThreadWatch> watch_;
  uint64_t cpu_ns_ = 0;  ///< of the whole process, at the last tick
  uint64_t peak_rss_bytes_ = 0;
  uint64_t memory_bytes_ = 0;
  uint64_t next_memory_look_ns_ = 0;
};

}  // namespace hasten::collect
