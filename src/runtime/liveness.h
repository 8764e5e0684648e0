// Liveness of MIR values: which values a point of the function still needs.
//
// One definition for everybody who speaks of live values, so that they agree on the set and on its order:
// the interpreter (what it hands to native code at a loop header), the compiler (what native code hands back).
#pragma once

#include <cstddef>
#include <vector>

#include "runtime/mir.h"

namespace hasten::mir {

/// Bit sets of values at block borders. A phi's operand is live at the end of the predecessor it comes from,
/// not at the start of the phi's block; the phi itself is live at the start of its block if it is used.
class Liveness {
 public:
  explicit Liveness(const MirFunction& function);

  /// Live at the start of `b`, its own used phis included.
  bool live_in(BlockId b, ValueId v) const { return test(in_, b, v); }
  /// Live after the last instruction of `b`, phi operands of its successors included.
  bool live_out(BlockId b, ValueId v) const { return test(out_, b, v); }
  /// The values of live_in(b), ascending, without Const and Unbound (everybody can make those).
  std::vector<ValueId> live_in_values(BlockId b) const;
  /// The values that the instruction `v` and those after it need, ascending, without Const and Unbound.
  std::vector<ValueId> live_before(ValueId v) const;

 private:
  std::vector<ValueId> list(const uint64_t* row) const;
  bool test(const std::vector<uint64_t>& bits, BlockId b, ValueId v) const {
    return (bits[b * words_ + v / 64] >> (v % 64)) & 1;
  }
  const MirFunction* function_;
  size_t words_;
  std::vector<uint64_t> in_, out_;
};

/// The values that `block` needs when it is entered from outside the native code (OSR), ascending: its own used
/// phis (already evaluated) included, Const and Unbound left out.
inline std::vector<ValueId> live_into(const MirFunction& function, BlockId block) {
  return Liveness(function).live_in_values(block);
}

}  // namespace hasten::mir
