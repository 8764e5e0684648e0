// The registers of one frame, and the piece of stack that was copied when it was interrupted.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <span>

namespace hasten::unwind {

/// Numbers of x86-64 registers in call frame information.
enum Register : uint32_t { kRbx = 3, kRbp = 6, kRsp = 7, kReturnAddress = 16 };
inline constexpr uint32_t kRegisterCount = 17;

/// What the registers of a frame held. An unknown one was not saved where it can be found.
struct Registers {
  std::array<uint64_t, kRegisterCount> value{};
  uint32_t known = 0;  ///< a bit each

  bool knows(uint32_t number) const { return number < kRegisterCount && (known >> number & 1) != 0; }
  void set(uint32_t number, uint64_t to) {
    value[number] = to;
    known |= 1u << number;
  }
  uint64_t pc() const { return value[kReturnAddress]; }
  uint64_t sp() const { return value[kRsp]; }
};

/// Bytes that stood on a thread's stack from `begin` upwards.
struct StackPiece {
  uint64_t begin = 0;
  std::span<const uint8_t> bytes;

  bool read(uint64_t address, uint64_t* word) const {
    if (address < begin || bytes.size() < 8 || address - begin > bytes.size() - 8) {
      return false;
    }
    std::memcpy(word, bytes.data() + (address - begin), 8);
    return true;
  }
};

}  // namespace hasten::unwind
