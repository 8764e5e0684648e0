// Which opcodes of a version are the general form of an instruction, and which are what the adaptive interpreter makes
// of it where its operands allow. Only instructions that the causes speak of. layout_check.cc holds the table of the
// build's Python against its headers.
#pragma once

#include <algorithm>
#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <span>

namespace hasten::pyread {

enum class Instruction : uint8_t { Other, BinaryOp, CompareOp, LoadAttr };

struct OpcodeMeaning {
  Instruction instruction = Instruction::Other;
  bool specialised = false;

  friend auto operator<=>(const OpcodeMeaning&, const OpcodeMeaning&) = default;
};

namespace layout_opcodes {

inline constexpr size_t kFormsMax = 16;

/// The general forms and the specialised ones of one instruction.
struct Family {
  Instruction instruction;
  std::array<uint8_t, 2> general;        ///< 3.11 has two: as compiled, and counting towards its next try
  std::array<uint8_t, kFormsMax> forms;  ///< 0 is no opcode that could be sampled
};

// COMPARE_OP of 3.11 is missing: it is specialised only before a jump, which an opcode alone does not show.
inline constexpr std::array<Family, 2> kFamilies311{{
    {Instruction::BinaryOp, {122, 3}, {4, 5, 6, 7, 8, 13, 14, 16}},
    {Instruction::LoadAttr, {106, 39}, {40, 41, 42, 43}},
}};
inline constexpr std::array<Family, 3> kFamilies312{{
    {Instruction::BinaryOp, {122}, {6, 7, 8, 10, 13, 14, 16, 18}},
    {Instruction::CompareOp, {107}, {57, 58, 59}},
    {Instruction::LoadAttr, {106}, {70, 72, 73, 76, 77, 78, 79, 80, 81, 82}},
}};
inline constexpr std::array<Family, 3> kFamilies313{{
    {Instruction::BinaryOp, {45}, {3, 150, 151, 152, 153, 154, 155, 156}},
    {Instruction::CompareOp, {58}, {182, 183, 184}},
    {Instruction::LoadAttr, {82}, {191, 192, 193, 194, 195, 196, 197, 198, 199, 200, 201, 202}},
}};
// From 3.14 on, a subscript is a BINARY_OP too.
inline constexpr std::array<Family, 3> kFamilies314{{
    {Instruction::BinaryOp, {44}, {3, 129, 130, 131, 132, 133, 134, 135, 136, 137, 138, 139, 140, 141, 142}},
    {Instruction::CompareOp, {56}, {166, 167, 168}},
    {Instruction::LoadAttr, {80}, {177, 178, 179, 180, 181, 182, 183, 184, 185, 186, 187, 188, 189}},
}};
inline constexpr std::array<Family, 3> kFamilies315{{
    {Instruction::BinaryOp, {42}, {3, 129, 130, 131, 132, 133, 134, 135, 136, 137, 138, 139, 140, 141, 142, 143}},
    {Instruction::CompareOp, {54}, {169, 170, 171}},
    {Instruction::LoadAttr, {79}, {183, 184, 185, 186, 187, 188, 189, 190, 191, 192, 193, 194, 195}},
}};

constexpr std::span<const Family> families_of(uint32_t python_hex) {
  switch (python_hex >> 16) {
    case 0x030b:
      return kFamilies311;
    case 0x030c:
      return kFamilies312;
    case 0x030d:
      return kFamilies313;
    case 0x030e:
      return kFamilies314;
    case 0x030f:
      return kFamilies315;
    default:
      return {};
  }
}

template <size_t kCount>
constexpr bool has(const std::array<uint8_t, kCount>& opcodes, uint8_t opcode) {
  return std::find(opcodes.begin(), opcodes.end(), opcode) != opcodes.end();
}

}  // namespace layout_opcodes

/// `python_hex` is Py_Version (0x030b07f0). Other for an opcode, or a version, that is not in the tables.
constexpr OpcodeMeaning meaning_of_opcode(uint32_t python_hex, uint8_t opcode) {
  if (opcode == 0) {
    return {};
  }
  for (const layout_opcodes::Family& family : layout_opcodes::families_of(python_hex)) {
    if (layout_opcodes::has(family.general, opcode)) {
      return {family.instruction, false};
    }
    if (layout_opcodes::has(family.forms, opcode)) {
      return {family.instruction, true};
    }
  }
  return {};
}

}  // namespace hasten::pyread
