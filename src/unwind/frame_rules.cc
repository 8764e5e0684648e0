// The two small machines of call frame information: one that says at each instruction where registers are saved, and one
// that computes an address (gcc needs it for PLTs and signal frames only).
#include <vector>

#include "unwind/cursor.h"
#include "unwind/frame_info.h"

namespace hasten::unwind {
namespace {

enum Instruction : uint8_t {
  kAdvance = 0x40,  // the upper two bits; the lower six are the operand
  kOffset = 0x80,
  kRestore = 0xc0,
  kNop = 0x00,
  kSetLocation = 0x01,
  kAdvance1 = 0x02,
  kAdvance2 = 0x03,
  kAdvance4 = 0x04,
  kOffsetExtended = 0x05,
  kRestoreExtended = 0x06,
  kUndefined = 0x07,
  kSameValue = 0x08,
  kRegister = 0x09,
  kRememberState = 0x0a,
  kRestoreState = 0x0b,
  kDefCfa = 0x0c,
  kDefCfaRegister = 0x0d,
  kDefCfaOffset = 0x0e,
  kDefCfaExpression = 0x0f,
  kExpression = 0x10,
  kOffsetExtendedSigned = 0x11,
  kDefCfaSigned = 0x12,
  kDefCfaOffsetSigned = 0x13,
  kValueOffset = 0x14,
  kValueOffsetSigned = 0x15,
  kValueExpression = 0x16,
  kGnuArgsSize = 0x2e,
};

constexpr size_t kStatesMax = 64;
constexpr int kStepsMax = 1000;

}  // namespace

bool FrameInfo::run(const Function& function, uint64_t address, Row* row) const {
  const Cie& cie = cies_[function.cie];
  row->signal_frame = cie.signal_frame;
  Row initial;
  std::vector<Row> states;
  uint64_t location = function.begin;
  const auto set = [row](uint64_t number, Rule rule) {
    if (number < kRegisterCount) {
      row->rules[number] = rule;
    }
  };
  const auto expression = [](Cursor& cursor, Rule::Kind kind) {
    Rule rule{kind, 0, 0, 0};
    rule.expression_bytes = static_cast<uint32_t>(cursor.get_unsigned());
    rule.expression = static_cast<uint32_t>(cursor.at());
    cursor.skip(rule.expression_bytes);
    return rule;
  };
  // True: the rules at `address` are complete.
  const auto play = [&](Cursor cursor, bool* good) {
    while (!cursor.at_end()) {
      const auto code = cursor.get<uint8_t>();
      const uint8_t operand = code & 0x3f;
      uint64_t advance = 0;
      switch (code & 0xc0) {
        case kAdvance:
          advance = operand;
          break;
        case kOffset:
          set(operand, {Rule::AtOffset,
                        static_cast<int32_t>(static_cast<int64_t>(cursor.get_unsigned()) * cie.data_align), 0, 0});
          continue;
        case kRestore:
          set(operand, operand < kRegisterCount ? initial.rules[operand] : Rule{});
          continue;
        default:
          switch (code) {
            case kNop:
              continue;
            case kSetLocation:
              location = cursor.get_encoded(cie.pointer_encoding, bytes_address_);
              if (location > address) {
                return true;
              }
              continue;
            case kAdvance1:
              advance = cursor.get<uint8_t>();
              break;
            case kAdvance2:
              advance = cursor.get<uint16_t>();
              break;
            case kAdvance4:
              advance = cursor.get<uint32_t>();
              break;
            case kOffsetExtended: {
              const uint64_t number = cursor.get_unsigned();
              set(number, {Rule::AtOffset,
                           static_cast<int32_t>(static_cast<int64_t>(cursor.get_unsigned()) * cie.data_align), 0, 0});
              continue;
            }
            case kRestoreExtended: {
              const uint64_t number = cursor.get_unsigned();
              set(number, number < kRegisterCount ? initial.rules[number] : Rule{});
              continue;
            }
            case kUndefined: {
              const uint64_t number = cursor.get_unsigned();
              set(number, {Rule::Unknown, 0, 0, 0});
              row->outermost = row->outermost || number == kReturnAddress;
              continue;
            }
            case kSameValue:
              set(cursor.get_unsigned(), {Rule::Same, 0, 0, 0});
              continue;
            case kRegister: {
              const uint64_t number = cursor.get_unsigned();
              set(number, {Rule::InRegister, static_cast<int32_t>(cursor.get_unsigned()), 0, 0});
              continue;
            }
            case kRememberState:
              if (states.size() == kStatesMax) {
                *good = false;
                return true;
              }
              states.push_back(*row);
              continue;
            case kRestoreState:
              if (states.empty()) {
                *good = false;
                return true;
              }
              *row = states.back();
              states.pop_back();
              continue;
            case kDefCfa:
              row->base = static_cast<uint32_t>(cursor.get_unsigned());
              row->frame_address = {Rule::IsOffset, static_cast<int32_t>(cursor.get_unsigned()), 0, 0};
              continue;
            case kDefCfaSigned:
              row->base = static_cast<uint32_t>(cursor.get_unsigned());
              row->frame_address = {Rule::IsOffset, static_cast<int32_t>(cursor.get_signed() * cie.data_align), 0, 0};
              continue;
            case kDefCfaRegister:
              row->base = static_cast<uint32_t>(cursor.get_unsigned());
              continue;
            case kDefCfaOffset:
              row->frame_address = {Rule::IsOffset, static_cast<int32_t>(cursor.get_unsigned()), 0, 0};
              continue;
            case kDefCfaOffsetSigned:
              row->frame_address = {Rule::IsOffset, static_cast<int32_t>(cursor.get_signed() * cie.data_align), 0, 0};
              continue;
            case kDefCfaExpression:
              row->frame_address = expression(cursor, Rule::IsExpression);
              continue;
            case kExpression: {
              const uint64_t number = cursor.get_unsigned();
              set(number, expression(cursor, Rule::AtExpression));
              continue;
            }
            case kValueExpression: {
              const uint64_t number = cursor.get_unsigned();
              set(number, expression(cursor, Rule::IsExpression));
              continue;
            }
            case kOffsetExtendedSigned:
            case kValueOffset:
            case kValueOffsetSigned: {
              const uint64_t number = cursor.get_unsigned();
              const int64_t factored =
                  code == kValueOffset ? static_cast<int64_t>(cursor.get_unsigned()) : cursor.get_signed();
              set(number, {code == kOffsetExtendedSigned ? Rule::AtOffset : Rule::IsOffset,
                           static_cast<int32_t>(factored * cie.data_align), 0, 0});
              continue;
            }
            case kGnuArgsSize:
              cursor.get_unsigned();
              continue;
            default:
              *good = false;  // an instruction of another machine, or damage
              return true;
          }
      }
      location += advance * cie.code_align;
      if (location > address) {
        return true;
      }
    }
    *good = *good && cursor.ok();
    return false;
  };
  bool good = true;
  play(Cursor(bytes_, cie.instructions, cie.instructions_end), &good);
  initial = *row;
  if (good) {
    play(Cursor(bytes_, function.instructions, function.instructions_end), &good);
  }
  return good;
}

std::optional<uint64_t> FrameInfo::evaluate(const Rule& rule, const Registers& frame, const StackPiece& stack,
                                            std::optional<uint64_t> first) const {
  Cursor cursor(bytes_, rule.expression, size_t{rule.expression} + rule.expression_bytes);
  uint64_t values[32];
  size_t depth = 0;
  const auto push = [&](uint64_t value) {
    if (depth == std::size(values)) {
      return false;
    }
    values[depth++] = value;
    return true;
  };
  if (first) {
    push(*first);
  }
  for (int steps = 0; !cursor.at_end(); ++steps) {
    const auto code = cursor.get<uint8_t>();
    bool good = steps < kStepsMax;
    if (code >= 0x30 && code <= 0x4f) {  // lit0 ... lit31
      good = good && push(code - 0x30u);
    } else if (code >= 0x70 && code <= 0x8f) {  // breg0 ... breg31
      const uint32_t number = code - 0x70u;
      good = good && frame.knows(number) && push(frame.value[number] + static_cast<uint64_t>(cursor.get_signed()));
    } else if (code == 0x06) {  // deref
      uint64_t word = 0;
      good = good && depth > 0 && stack.read(values[depth - 1], &word);
      if (good) {
        values[depth - 1] = word;
      }
    } else if (code == 0x08) {
      good = good && push(cursor.get<uint8_t>());
    } else if (code == 0x09) {
      good = good && push(static_cast<uint64_t>(static_cast<int64_t>(cursor.get<int8_t>())));
    } else if (code == 0x0a) {
      good = good && push(cursor.get<uint16_t>());
    } else if (code == 0x0c) {
      good = good && push(cursor.get<uint32_t>());
    } else if (code == 0x10) {
      good = good && push(cursor.get_unsigned());
    } else if (code == 0x11) {
      good = good && push(static_cast<uint64_t>(cursor.get_signed()));
    } else if (code == 0x12) {  // dup
      good = good && depth > 0 && push(values[depth - 1]);
    } else if (code == 0x23) {  // plus_uconst
      good = good && depth > 0;
      if (good) {
        values[depth - 1] += cursor.get_unsigned();
      }
    } else if (good && depth >= 2) {
      const uint64_t b = values[--depth];
      uint64_t& a = values[depth - 1];
      switch (code) {
        case 0x1a:
          a &= b;
          break;
        case 0x1c:
          a -= b;
          break;
        case 0x21:
          a |= b;
          break;
        case 0x22:
          a += b;
          break;
        case 0x24:
          a = b < 64 ? a << b : 0;
          break;
        case 0x25:
          a = b < 64 ? a >> b : 0;
          break;
        case 0x2a:
          a = static_cast<int64_t>(a) >= static_cast<int64_t>(b) ? 1 : 0;
          break;
        default:
          good = false;
      }
    } else {
      good = false;
    }
    if (!good || !cursor.ok()) {
      return std::nullopt;
    }
  }
  return depth > 0 ? std::optional(values[depth - 1]) : std::nullopt;
}

std::optional<Registers> FrameInfo::step(const Row& row, const Registers& frame, const StackPiece& stack) const {
  uint64_t frame_address = 0;
  if (row.frame_address.kind == Rule::IsOffset && frame.knows(row.base)) {
    frame_address = frame.value[row.base] + static_cast<uint64_t>(static_cast<int64_t>(row.frame_address.offset));
  } else if (row.frame_address.kind == Rule::IsExpression) {
    const std::optional<uint64_t> value = evaluate(row.frame_address, frame, stack, std::nullopt);
    if (!value) {
      return std::nullopt;
    }
    frame_address = *value;
  } else {
    return std::nullopt;
  }
  Registers caller;
  for (uint32_t number = 0; number < kRegisterCount; ++number) {
    const Rule& rule = row.rules[number];
    const uint64_t beside = frame_address + static_cast<uint64_t>(static_cast<int64_t>(rule.offset));
    uint64_t word = 0;
    switch (rule.kind) {
      case Rule::Unknown:
        break;
      case Rule::Same:
        if (number == kRsp) {
          caller.set(kRsp, frame_address);  // by definition
        } else if (frame.knows(number) && number != kReturnAddress) {
          caller.set(number, frame.value[number]);
        }
        break;
      case Rule::AtOffset:
        if (stack.read(beside, &word)) {
          caller.set(number, word);
        }
        break;
      case Rule::IsOffset:
        caller.set(number, beside);
        break;
      case Rule::InRegister:
        if (frame.knows(static_cast<uint32_t>(rule.offset))) {
          caller.set(number, frame.value[static_cast<uint32_t>(rule.offset)]);
        }
        break;
      case Rule::AtExpression:
      case Rule::IsExpression: {
        const std::optional<uint64_t> value = evaluate(rule, frame, stack, frame_address);
        if (value && rule.kind == Rule::IsExpression) {
          caller.set(number, *value);
        } else if (value && stack.read(*value, &word)) {
          caller.set(number, word);
        }
        break;
      }
    }
  }
  const bool outwards = caller.knows(kRsp) && (caller.sp() > frame.sp() || row.signal_frame);
  return outwards && caller.knows(kReturnAddress) ? std::optional(caller) : std::nullopt;
}

}  // namespace hasten::unwind
