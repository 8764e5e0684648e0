// Names and stacks of one recording, each written to the capture once: files with their text, code
// objects, and the tree of stacks; and the numbers of its threads. All processes share them.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include "record/format.h"
#include "record/region.h"
#include "record/writer.h"

namespace hasten::collect {

/// A Python string's bytes as UTF-8. Halves of surrogate pairs that stand for undecodable bytes of a file
/// name (surrogateescape) become those bytes again.
std::string to_utf8(const uint8_t* bytes, record::TextRef ref);

/// The program's own, as opposed to the standard library and installed packages.
bool is_own_file(const std::string& path);

/// The file with its text, if it is the program's own; as it is on disk now. `cwd` is where a relative path begins,
/// `root` the directory that the program has for its root, if that is another than ours.
record::SourceFile source_file(const std::string& path, const std::string& cwd, const std::string& root = "");

/// What code() answers for code of the interpreter's own, whose frames are no rows of a stack.
inline constexpr uint32_t kInterpretersOwn = 0xfffffffdu;

class NameTable {
 public:
  explicit NameTable(record::CaptureWriter& writer, std::string root = "") : writer_(writer), root_(std::move(root)) {}

  /// The capture's id of this code object; equal ones are one. `cwd` is where relative paths begin.
  uint32_t code(const std::string& file, record::Code code, const std::string& cwd);
  /// The stack node under `parent`; `parent` itself for a frame of the interpreter's own.
  uint32_t node(const record::StackNode& node);
  /// Compiled code shows a frame of its own to whoever looks (runtime/frames.h), and stands on the stack itself: `node`, or
  /// what is around it if it is such a frame, of the function with this code.
  uint32_t without_frame_of(uint32_t code, uint32_t node) const;
  /// The capture's id of the native function at that address of a process.
  uint32_t native_function(uint32_t process, uint64_t address);
  /// The node of the mixed tree under `parent`.
  uint32_t mixed(const record::MixedNode& node);
  /// The capture's next thread id.
  uint32_t new_thread() { return thread_count_++; }
  /// The capture's next task id.
  uint32_t new_task() { return task_count_++; }

 private:
  uint32_t file(const std::string& path, const std::string& cwd);

  using CodeKey = std::tuple<uint32_t, std::string, uint32_t, uint32_t, std::vector<uint8_t>>;
  struct NodeKey {
    uint32_t parent, code, offset, compiled_line;
    bool operator==(const NodeKey&) const = default;
  };
  struct NodeHash {
    size_t operator()(const NodeKey& key) const {
      uint64_t h = (static_cast<uint64_t>(key.parent) << 32 | key.code) * 0x9e3779b97f4a7c15ull;
      h ^= h >> 29;
      h = (h ^ (static_cast<uint64_t>(key.offset) << 32 | key.compiled_line)) * 0xbf58476d1ce4e5b9ull;
      return h ^ (h >> 32);
    }
  };

  record::CaptureWriter& writer_;
  std::string root_;  ///< of source_file()
  uint32_t thread_count_ = 0;
  uint32_t task_count_ = 0;
  std::unordered_map<std::string, uint32_t> files_;
  std::map<CodeKey, uint32_t> codes_;
  std::vector<const CodeKey*> code_keys_;                    ///< by id
  std::vector<std::pair<uint32_t, uint32_t>> node_origins_;  ///< by id - 1: parent, code
  std::unordered_map<NodeKey, uint32_t, NodeHash> nodes_;
  std::map<std::pair<uint32_t, uint64_t>, uint32_t> native_functions_;
  std::unordered_map<uint64_t, uint32_t> mixed_;
};

}  // namespace hasten::collect
