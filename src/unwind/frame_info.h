// Call frame information of one ELF file (.eh_frame): for an instruction, where its caller's registers are.
// Every compiler writes it for every function, frame pointer or not, because exceptions need it; hand-written assembler
// may lack it. Bytes are trusted in nothing: a damaged table gives fewer frames, never a read outside.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "unwind/registers.h"

namespace hasten::unwind {

/// Where one register of the caller is.
struct Rule {
  enum Kind : uint8_t {
    Unknown,       ///< not saved, or not told
    Same,          ///< still in the register
    AtOffset,      ///< in memory, at the frame address + offset
    IsOffset,      ///< it is the frame address + offset
    InRegister,    ///< in register `offset`
    AtExpression,  ///< in memory, where the expression says
    IsExpression,  ///< what the expression says
  };
  Kind kind = Same;
  int32_t offset = 0;
  uint32_t expression = 0;  ///< place in the table's bytes, and its length
  uint32_t expression_bytes = 0;
};

/// How to get from a frame to its caller, at one instruction.
struct Row {
  Rule frame_address{Rule::Unknown, 0, 0, 0};  ///< IsOffset: of register `base`; IsExpression
  uint32_t base = kRsp;
  std::array<Rule, kRegisterCount> rules{};
  bool signal_frame = false;  ///< the caller was interrupted: its pc is no return address
  bool outermost = false;     ///< there is no caller
};

/// The function that an instruction belongs to, as the table has it.
struct Extent {
  uint64_t begin = 0;
  uint64_t end = 0;
};

class FrameInfo {
 public:
  /// A file that cannot be read, or has no such table, gives one that knows nothing.
  static FrameInfo read(const std::string& path);
  /// The same of an image in memory (the vdso).
  static FrameInfo of_image(std::span<const uint8_t> image);

  bool empty() const { return functions_.empty(); }
  /// Addresses here and below are link-time addresses of the file.
  std::optional<Extent> extent_of(uint64_t address) const;
  /// nullptr: nothing is known there. Valid until the next call.
  const Row* row_at(uint64_t address);
  /// What to subtract from a run-time address in the executable mapping whose first byte stands at `file_offset`.
  uint64_t bias(uint64_t begin, uint64_t file_offset) const;

  /// The caller's registers, from a frame's; nothing if they are not all to be found. `bias`: link-time to run-time.
  std::optional<Registers> step(const Row& row, const Registers& frame, const StackPiece& stack) const;

 private:
  friend class FrameInfoReader;
  struct Cie {
    uint64_t code_align = 1;
    int64_t data_align = 1;
    uint32_t return_register = kReturnAddress;
    uint8_t pointer_encoding = 0;
    bool has_augmentation = false;
    bool signal_frame = false;
    uint32_t instructions = 0;  ///< place in bytes_
    uint32_t instructions_end = 0;
  };
  struct Function {
    uint64_t begin;
    uint64_t end;
    uint32_t cie;  ///< index into cies_
    uint32_t instructions;
    uint32_t instructions_end;
  };
  struct Segment {
    uint64_t address;
    uint64_t file_offset;
    uint64_t file_bytes;
    bool executable;
  };
  const Function* function_of(uint64_t address) const;
  bool run(const Function& function, uint64_t address, Row* row) const;
  std::optional<uint64_t> evaluate(const Rule& rule, const Registers& frame, const StackPiece& stack,
                                   std::optional<uint64_t> first) const;

  std::vector<uint8_t> bytes_;  ///< of .eh_frame
  uint64_t bytes_address_ = 0;
  std::vector<Cie> cies_;
  std::vector<Function> functions_;  ///< ascending
  std::vector<Segment> segments_;
  std::unordered_map<uint64_t, std::optional<Row>> rows_;  ///< return addresses come again and again
};

}  // namespace hasten::unwind
