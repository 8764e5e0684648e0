// Writes a capture, block after block. Append only, so that whatever was flushed can be read after a crash.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "record/format.h"

namespace hasten::record {

/// One capture file being written. One thread at a time.
class CaptureWriter {
 public:
  /// Creates `path`, mode 0600. An existing file is an error (record.exists): captures are never overwritten. Whoever
  /// reads it from then on finds a capture, of nothing as yet. "/proc/self/fd/N" is written to as it is.
  static Result<CaptureWriter> create(const std::string& path);

  /// Opens a finished capture to add to it: what is told only after the run. It counts as unfinished until finish().
  static Result<CaptureWriter> reopen(const std::string& path);

  CaptureWriter(CaptureWriter&& other) noexcept;
  CaptureWriter& operator=(CaptureWriter&& other) noexcept;
  CaptureWriter(const CaptureWriter&) = delete;
  CaptureWriter& operator=(const CaptureWriter&) = delete;
  ~CaptureWriter();

  /// Each adds the next item of its kind; items of one kind get ids 0, 1, 2, ... in this order (a repeated
  /// process or thread id replaces the earlier description; stacks begin at 1, node 0 is the root).
  void add_process(uint32_t id, const Process& process);
  void add_thread(uint32_t id, const Thread& thread);
  void add_file(const SourceFile& file);
  void add_code(const Code& code);
  void add_module(const Module& module);
  void add_compiled(const CompiledCode& compiled);
  void add_stack(const StackNode& node);
  void add_native_function(const NativeFunction& function);
  void add_mixed(const MixedNode& node);  ///< begin at 1 too
  void add_sample(const Sample& sample);
  void add_wait(const Wait& wait);
  void add_task(const Task& task);
  void add_await(const Await& await);
  void add_loop_block(const LoopBlock& block);
  void add_loop_wait(const Wait& wait);
  void add_loop(const Loop& loop);
  void add_counts(const Counts& counts);
  void add_end(const End& end);
  void add_memory(const TreeMemory& memory);
  void add_label(const Label& label);
  void add_function_count(const FunctionCount& count);

  /// Makes everything added so far durable against the death of this process.
  Result<void> flush();
  /// Flushes, notes the final length in the file header and closes. The writer is then unusable.
  Result<void> finish();

  uint64_t bytes_written() const { return file_bytes_; }

 private:
  CaptureWriter(int fd, std::string path);
  void block(BlockKind kind, const std::string& payload);
  void seal(BlockKind kind, std::string& batch);
  void seal_stacks();
  void seal_samples();
  void seal_awaits();

  int fd_ = -1;
  std::string path_;
  std::string pending_;  ///< whole blocks not yet handed to the kernel
  // Batches of small items; a batch is one block. What an item names is always written before it.
  std::string stacks_, natives_, mixed_, samples_, mixed_of_samples_, sample_tasks_, waits_, awaits_, await_steps_,
      loop_blocks_, loop_waits_;
  bool any_mixed_ = false;  ///< among mixed_of_samples_
  uint64_t sample_count_ = 0;
  uint64_t file_bytes_ = 0;
  int write_errno_ = 0;
};

}  // namespace hasten::record
