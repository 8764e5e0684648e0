#include "record/writer.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "record/block.h"
#include "record/pack.h"

namespace hasten::record {
namespace {

constexpr size_t kBatchBytes = 64u << 10;
constexpr size_t kPendingBytes = 1u << 20;

/// Writes all of it, or says why not.
int write_all(int fd, const char* bytes, size_t count) {
  while (count > 0) {
    const ssize_t written = ::write(fd, bytes, count);
    if (written < 0) {
      if (errno == EINTR) {
        continue;
      }
      return errno;
    }
    bytes += written;
    count -= static_cast<size_t>(written);
  }
  return 0;
}

void pack_wait(const Wait& wait, std::string& batch) {
  Packer pack(batch);
  pack.put(wait.thread);
  pack.put(wait.stack);
  pack.put(wait.time_ns);
  pack.put(wait.duration_ns);
  pack.put(static_cast<uint8_t>(wait.kind));
}

/// A file that has no name yet, in the folder of `path`; -1 where its file system has none of these.
int open_nameless(const std::string& path) {
  const size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  return ::open(folder.c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
}

/// Gives it its name; 0 or errno. What has that name already stays.
int name_file(int fd, const std::string& path) {
  const std::string self = fmt::format("/proc/self/fd/{}", fd);
  return ::linkat(AT_FDCWD, self.c_str(), AT_FDCWD, path.c_str(), AT_SYMLINK_FOLLOW) == 0 ? 0 : errno;
}

std::span<const uint8_t> as_bytes(const std::string& text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

}  // namespace

Result<CaptureWriter> CaptureWriter::create(const std::string& path) {
  const bool has_descriptor = path.starts_with("/proc/self/fd/");
  uint8_t header[kFileHeaderBytes];
  pack_file_header(FileHeader{}, header);
  const auto write_header = [&header](int fd) {
    return write_all(fd, reinterpret_cast<const char*>(header), sizeof header);
  };
  // Killed at any moment, there is no file or a capture: the header is written before the name.
  int fd = has_descriptor ? -1 : open_nameless(path);
  int write_errno = fd < 0 ? 0 : write_header(fd);
  int refusal = fd < 0 ? 0 : name_file(fd, path);
  if (refusal != 0) {
    ::close(fd);
    fd = -1;
  }
  if (fd < 0 && refusal != EEXIST) {
    fd = ::open(path.c_str(), O_WRONLY | O_CLOEXEC | (has_descriptor ? O_TRUNC : O_CREAT | O_EXCL), 0600);
    refusal = fd < 0 ? errno : 0;
    write_errno = fd < 0 ? 0 : write_header(fd);
  }
  if (refusal == EEXIST) {
    return Error{"record.exists", fmt::format("{} exists already", path), "choose another name with --out"};
  }
  if (fd < 0) {
    return Error{"record.create", fmt::format("cannot create {}: {}", path, std::strerror(refusal)),
                 "choose a directory that can be written with --out"};
  }
  CaptureWriter writer(fd, path);
  writer.write_errno_ = write_errno;
  writer.file_bytes_ = sizeof header;
  return writer;
}

Result<CaptureWriter> CaptureWriter::reopen(const std::string& path) {
  const auto failed = [&path](const char* why) {
    return Error{"record.reopen", fmt::format("cannot add to {}: {}", path, why), "record the program again"};
  };
  const int fd = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
  if (fd < 0) {
    return failed(std::strerror(errno));
  }
  CaptureWriter writer(fd, path);
  uint8_t bytes[kFileHeaderBytes];
  FileHeader header;
  const off_t end = ::lseek(fd, 0, SEEK_END);
  if (::pread(fd, bytes, sizeof bytes, 0) != static_cast<ssize_t>(sizeof bytes) ||
      unpack_file_header(bytes, &header) != HeaderState::Good || header.major != kMajorVersion ||
      header.finished_bytes != static_cast<uint64_t>(end)) {
    return failed("it is no finished capture");
  }
  header.finished_bytes = 0;
  pack_file_header(header, bytes);
  if (::pwrite(fd, bytes, sizeof bytes, 0) != static_cast<ssize_t>(sizeof bytes)) {
    return failed(std::strerror(errno));
  }
  writer.file_bytes_ = static_cast<uint64_t>(end);
  return writer;
}

CaptureWriter::CaptureWriter(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}

CaptureWriter::CaptureWriter(CaptureWriter&& other) noexcept { *this = std::move(other); }

CaptureWriter& CaptureWriter::operator=(CaptureWriter&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(path_, other.path_);
  std::swap(pending_, other.pending_);
  std::swap(stacks_, other.stacks_);
  std::swap(natives_, other.natives_);
  std::swap(mixed_, other.mixed_);
  std::swap(samples_, other.samples_);
  std::swap(mixed_of_samples_, other.mixed_of_samples_);
  std::swap(any_mixed_, other.any_mixed_);
  std::swap(sample_tasks_, other.sample_tasks_);
  std::swap(waits_, other.waits_);
  std::swap(awaits_, other.awaits_);
  std::swap(await_steps_, other.await_steps_);
  std::swap(loop_blocks_, other.loop_blocks_);
  std::swap(loop_waits_, other.loop_waits_);
  std::swap(sample_count_, other.sample_count_);
  std::swap(file_bytes_, other.file_bytes_);
  std::swap(write_errno_, other.write_errno_);
  return *this;
}

CaptureWriter::~CaptureWriter() {
  if (fd_ >= 0) {
    (void)flush();  // what was added should be there even if nobody finished the capture
    ::close(fd_);
  }
}

void CaptureWriter::block(BlockKind kind, const std::string& payload) {
  CHECK(payload.size() <= kBlockBytesMax, "block of kind {} has {} bytes", static_cast<uint32_t>(kind), payload.size());
  uint8_t header[kBlockHeaderBytes];
  store_u32(header, static_cast<uint32_t>(kind));
  store_u32(header + 4, static_cast<uint32_t>(payload.size()));
  store_u64(header + 8, block_checksum(kind, as_bytes(payload)));
  pending_.append(reinterpret_cast<const char*>(header), sizeof header);
  pending_.append(payload);
  file_bytes_ += sizeof header + payload.size();
  if (pending_.size() >= kPendingBytes && write_errno_ == 0) {
    write_errno_ = write_all(fd_, pending_.data(), pending_.size());
    pending_.clear();
  }
}

void CaptureWriter::seal(BlockKind kind, std::string& batch) {
  if (!batch.empty()) {
    block(kind, batch);
    batch.clear();
  }
}

void CaptureWriter::add_process(uint32_t id, const Process& process) {
  std::string payload;
  Packer pack(payload);
  pack.put(id);
  pack.put_text(HASTEN_VERSION);
  pack.put(process.pid);
  pack.put(process.parent_pid);
  pack.put(process.command.size());
  for (const std::string& word : process.command) {
    pack.put_text(word);
  }
  pack.put_text(process.cwd);
  pack.put_text(process.executable);
  pack.put_text(process.python_version);
  pack.put_signed(process.start_wall_ns);
  pack.put(process.start_mono_ns);
  pack.put(static_cast<uint8_t>(process.stdin_kind));
  pack.put(static_cast<uint8_t>(process.engine));
  pack.put_double(process.rate_hz);
  pack.put(process.rate_fixed ? 1 : 0);
  pack.put(process.sample_cost_ns);
  pack.put(process.environment.size());
  for (const auto& [name, value] : process.environment) {
    pack.put_text(name);
    pack.put_text(value);
  }
  pack.put_text(process.why_not_sampled);
  pack.put(process.continues ? 1 : 0);
  block(BlockKind::Process, payload);
}

void CaptureWriter::add_thread(uint32_t id, const Thread& thread) {
  std::string payload;
  Packer pack(payload);
  pack.put(id);
  pack.put(thread.process);
  pack.put(thread.tid);
  pack.put_text(thread.name);
  pack.put(thread.start_ns);
  pack.put(thread.end_ns);
  pack.put(thread.cpu_ns);
  pack.put(thread.runnable_ns);
  pack.put(thread.waiting_ns);
  pack.put(thread.ended ? 1 : 0);
  pack.put(thread.creator_tid);
  pack.put(thread.creator_stack);
  pack.put(thread.routine);
  if (thread.creator_stack != 0) {
    seal(BlockKind::Stack, stacks_);
  }
  block(BlockKind::Thread, payload);
}

void CaptureWriter::add_file(const SourceFile& file) {
  std::string payload;
  Packer pack(payload);
  pack.put_text(file.path);
  pack.put(file.own ? 1 : 0);
  pack.put(file.has_text ? 1 : 0);
  pack.put_text(file.hash);
  pack.put_text(file.text);
  block(BlockKind::File, payload);
}

void CaptureWriter::add_code(const Code& code) {
  std::string payload;
  Packer pack(payload);
  pack.put(code.file);
  pack.put_text(code.qualname);
  pack.put(code.first_line);
  pack.put(code.flags);
  pack.put(code.code_bytes);
  pack.put_text({reinterpret_cast<const char*>(code.line_table.data()), code.line_table.size()});
  block(BlockKind::Code, payload);
}

void CaptureWriter::add_module(const Module& module) {
  std::string payload;
  Packer pack(payload);
  pack.put(module.process);
  pack.put(module.begin);
  pack.put(module.end);
  pack.put(static_cast<uint8_t>(module.kind));
  pack.put_text(module.path);
  pack.put(module.file_offset);
  block(BlockKind::Module, payload);
}

void CaptureWriter::add_compiled(const CompiledCode& compiled) {
  std::string payload;
  Packer pack(payload);
  pack.put(compiled.process);
  pack.put(compiled.begin);
  pack.put(compiled.end);
  pack.put_text(compiled.file);
  pack.put_text(compiled.function);
  pack.put(compiled.first_line);
  pack.put(compiled.lines.size());
  for (const auto& [offset, line] : compiled.lines) {
    pack.put(offset);
    pack.put(line);
  }
  block(BlockKind::CompiledCode, payload);
}

void CaptureWriter::add_stack(const StackNode& node) {
  Packer pack(stacks_);
  pack.put(node.parent);
  pack.put(node.code);
  pack.put(node.offset);
  pack.put(node.compiled_line);
  if (stacks_.size() >= kBatchBytes) {
    seal(BlockKind::Stack, stacks_);
  }
}

void CaptureWriter::add_native_function(const NativeFunction& function) {
  Packer pack(natives_);
  pack.put(function.process);
  pack.put(function.address);
  if (natives_.size() >= kBatchBytes) {
    seal(BlockKind::NativeFunction, natives_);
  }
}

void CaptureWriter::add_mixed(const MixedNode& node) {
  Packer pack(mixed_);
  pack.put(node.parent);
  pack.put(node.frame);
  if (mixed_.size() >= kBatchBytes) {
    seal_stacks();
  }
}

void CaptureWriter::seal_stacks() {
  seal(BlockKind::Stack, stacks_);
  seal(BlockKind::NativeFunction, natives_);
  seal(BlockKind::MixedStack, mixed_);
}

void CaptureWriter::seal_samples() {
  seal_stacks();
  seal(BlockKind::FlaggedSample, samples_);
  if (any_mixed_) {
    seal(BlockKind::MixedStackOfSample, mixed_of_samples_);
  }
  mixed_of_samples_.clear();
  any_mixed_ = false;
  seal(BlockKind::SampleTask, sample_tasks_);
}

void CaptureWriter::add_sample(const Sample& sample) {
  Packer pack(samples_);
  pack.put(sample.thread);
  pack.put(sample.stack);
  pack.put(sample.time_ns);
  pack.put(sample.user_ns);
  pack.put(sample.kernel_ns);
  pack.put(static_cast<uint8_t>(sample.code_class));
  pack.put((sample.broken ? 1u : 0u) | (sample.has_gil ? 2u : 0u) | (sample.collecting ? 4u : 0u));
  pack.put(sample.rip);
  pack.put(sample.opcode);
  Packer(mixed_of_samples_).put(sample.mixed);
  any_mixed_ = any_mixed_ || sample.mixed != 0;
  if (sample.task != kNoTask) {
    Packer mark(sample_tasks_);
    mark.put(sample_count_);
    mark.put(sample.task);
  }
  ++sample_count_;
  if (samples_.size() >= kBatchBytes) {
    seal_samples();
  }
}

void CaptureWriter::add_wait(const Wait& wait) {
  pack_wait(wait, waits_);
  if (waits_.size() >= kBatchBytes) {
    seal(BlockKind::Stack, stacks_);
    seal(BlockKind::Wait, waits_);
  }
}

void CaptureWriter::add_task(const Task& task) {
  std::string payload;
  Packer pack(payload);
  pack.put(task.process);
  pack.put(task.code);
  pack.put_text(task.name);
  block(BlockKind::Task, payload);
}

void CaptureWriter::add_await(const Await& await) {
  Packer pack(awaits_);
  pack.put(await.thread);
  pack.put(await.task);
  pack.put(await.stack);
  pack.put(await.time_ns);
  pack.put(await.duration_ns);
  pack.put(await.weight_ns);
  Packer steps(await_steps_);
  steps.put(await.task_number);
  steps.put(await.step_ns);
  if (awaits_.size() >= kBatchBytes) {
    seal(BlockKind::Stack, stacks_);
    seal_awaits();
  }
}

void CaptureWriter::seal_awaits() {
  seal(BlockKind::Await, awaits_);
  seal(BlockKind::AwaitStep, await_steps_);
}

void CaptureWriter::add_loop_block(const LoopBlock& stretch) {
  Packer pack(loop_blocks_);
  pack.put(stretch.thread);
  pack.put(stretch.task);
  pack.put(stretch.time_ns);
  pack.put(stretch.duration_ns);
}

void CaptureWriter::add_loop_wait(const Wait& wait) {
  pack_wait(wait, loop_waits_);
  if (loop_waits_.size() >= kBatchBytes) {
    seal(BlockKind::Stack, stacks_);
    seal(BlockKind::LoopWait, loop_waits_);
  }
}

void CaptureWriter::add_loop(const Loop& loop) {
  std::string payload;
  Packer pack(payload);
  pack.put(loop.thread);
  pack.put(loop.run_ns);
  pack.put(loop.idle_ns);
  pack.put(loop.steps);
  block(BlockKind::Loop, payload);
}

void CaptureWriter::add_counts(const Counts& counts) {
  std::string payload;
  Packer pack(payload);
  pack.put(counts.process);
  pack.put(counts.samples);
  pack.put(counts.lost);
  pack.put(counts.broken_stacks);
  pack.put(counts.repaired_stacks);
  pack.put(counts.throttled);
  pack.put(counts.unsampled_threads);
  pack.put(counts.handler_ns);
  pack.put(counts.tasks_unseen ? 1 : 0);
  pack.put(counts.watch_ns);
  block(BlockKind::Counts, payload);
}

void CaptureWriter::add_end(const End& end) {
  std::string payload;
  Packer pack(payload);
  pack.put(end.process);
  pack.put_signed(end.exit_code);
  pack.put_signed(end.signal);
  pack.put(end.wall_ns);
  pack.put(end.cpu_user_ns);
  pack.put(end.cpu_system_ns);
  pack.put(end.peak_rss_bytes);
  pack.put(end.children_in_cpu ? 1 : 0);
  pack.put(end.own_cpu_ns);
  block(BlockKind::End, payload);
}

void CaptureWriter::add_memory(const TreeMemory& memory) {
  std::string payload;
  Packer pack(payload);
  pack.put(memory.mono_ns);
  pack.put(memory.bytes);
  pack.put(memory.process_count);
  block(BlockKind::TreeMemory, payload);
}

void CaptureWriter::add_label(const Label& label) {
  std::string payload;
  Packer pack(payload);
  pack.put(label.process);
  pack.put_text(label.name);
  pack.put(label.count);
  pack.put(label.wall_ns);
  pack.put(label.cpu_ns);
  block(BlockKind::Label, payload);
}

void CaptureWriter::add_function_count(const FunctionCount& count) {
  std::string payload;
  Packer pack(payload);
  pack.put_text(count.file);
  pack.put_text(count.function);
  pack.put(count.first_line);
  pack.put(count.process_count);
  pack.put(count.calls);
  pack.put(count.lines.size());
  for (const LineCount& line : count.lines) {
    pack.put(line.line);
    pack.put(line.times);
    pack.put(line.looked);
    pack.put(line.made.size());
    for (const Made& made : line.made) {
      pack.put_text(made.kind);
      pack.put_double(made.each);
      pack.put_double(made.low);
      pack.put_double(made.high);
    }
  }
  block(BlockKind::FunctionCount, payload);
}

Result<void> CaptureWriter::flush() {
  seal_samples();
  seal(BlockKind::Wait, waits_);
  seal_awaits();
  seal(BlockKind::LoopBlock, loop_blocks_);
  seal(BlockKind::LoopWait, loop_waits_);
  if (write_errno_ == 0) {
    write_errno_ = write_all(fd_, pending_.data(), pending_.size());
  }
  pending_.clear();
  if (write_errno_ != 0) {
    return Error{"record.write", fmt::format("cannot write {}: {}", path_, std::strerror(write_errno_)),
                 "free some space or choose another place with --out"};
  }
  return {};
}

Result<void> CaptureWriter::finish() {
  Result<void> flushed = flush();
  if (flushed) {
    FileHeader header;
    header.finished_bytes = file_bytes_;
    uint8_t bytes[kFileHeaderBytes];
    pack_file_header(header, bytes);
    if (::pwrite(fd_, bytes, sizeof bytes, 0) != static_cast<ssize_t>(sizeof bytes)) {
      flushed = Error{"record.write", fmt::format("cannot finish {}: {}", path_, std::strerror(errno)), ""};
    }
  }
  ::close(std::exchange(fd_, -1));
  return flushed;
}

}  // namespace hasten::record
