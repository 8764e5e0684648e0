#include "probe/restart.h"

#include <errno.h>
#include <string.h>
#include <sys/syscall.h>

#include <cstdint>

#include "probe/own_memory.h"

namespace hasten::probe {
namespace {

/// What signal(7) lists as never restarted, plus what is only restarted without a time limit of the socket.
bool is_never_restarted(uint32_t number) {
  switch (number) {
    case SYS_poll:
    case SYS_ppoll:
    case SYS_select:
    case SYS_pselect6:
    case SYS_epoll_wait:
    case SYS_epoll_pwait:
    case SYS_epoll_pwait2:
    case SYS_nanosleep:
    case SYS_clock_nanosleep:
    case SYS_futex:
    case SYS_recvfrom:
    case SYS_recvmsg:
    case SYS_recvmmsg:
    case SYS_read:
    case SYS_readv:
    case SYS_accept:
    case SYS_accept4:
    case SYS_sendto:
    case SYS_sendmsg:
    case SYS_write:
    case SYS_rt_sigtimedwait:
    case SYS_semop:
    case SYS_semtimedop:
    case SYS_msgrcv:
    case SYS_msgsnd:
    case SYS_io_getevents:
      return true;
    default:
      return false;
  }
}

constexpr uint32_t kCallBytes = 2;    // 0f 05: syscall
constexpr uint32_t kNumberBytes = 5;  // an opcode and the number
constexpr uint32_t kCodeBytes = 48;
constexpr uint32_t kNoNumber = ~0u;

/// The call's number where it is made in place: mov $number, %eax.
uint32_t number_before_call(const uint8_t* code) {
  for (uint32_t at = kCodeBytes - kCallBytes - kNumberBytes; at != 0; --at) {
    uint32_t number;
    memcpy(&number, code + at + 1, sizeof number);
    if (code[at] == 0xb8 && is_never_restarted(number)) {
      return number;
    }
  }
  return kNoNumber;
}

/// Whether code that ends with a call has pushed this number as its last argument.
bool pushes(const uint8_t* code, uint64_t number) {
  constexpr uint32_t kNear = kCodeBytes - 5;  // e8 and where to
  if (code[kNear] != 0xe8) {
    return false;
  }
  for (uint32_t at = 0; at + 2 <= kNear; ++at) {
    uint32_t wide;
    memcpy(&wide, code + at + 1, sizeof wide);
    if ((code[at] == 0x6a && code[at + 1] == number) || (code[at] == 0x68 && wide == number)) {
      return true;
    }
  }
  return false;
}

/// The call's number where glibc makes every call that can be cancelled in one place (2.41+): the seventh argument, and
/// so on the stack above a return address, whose own code says the number again.
uint32_t number_on_stack(uint64_t stack_pointer) {
  uint64_t words[33];
  if (!OwnMemory::read_foreign(stack_pointer, words, sizeof words)) {
    return kNoNumber;
  }
  for (uint32_t i = 0; i + 1 < sizeof words / sizeof *words; ++i) {
    uint8_t code[kCodeBytes];
    if (words[i + 1] < 1024 && is_never_restarted(static_cast<uint32_t>(words[i + 1])) &&
        OwnMemory::read_foreign(words[i] - sizeof code, code, sizeof code) && pushes(code, words[i + 1])) {
      return static_cast<uint32_t>(words[i + 1]);
    }
  }
  return kNoNumber;
}

}  // namespace

bool restart_interrupted_call(ucontext_t& context) {
  greg_t* registers = context.uc_mcontext.gregs;
  if (registers[REG_RAX] != -EINTR) {
    return false;
  }
  uint8_t code[kCodeBytes];
  const auto next = static_cast<uint64_t>(registers[REG_RIP]);
  if (!OwnMemory::read_foreign(next - sizeof code, code, sizeof code) || code[kCodeBytes - 2] != 0x0f ||
      code[kCodeBytes - 1] != 0x05) {
    return false;
  }
  uint32_t number = number_before_call(code);
  number = number != kNoNumber ? number : number_on_stack(static_cast<uint64_t>(registers[REG_RSP]));
  if (number == kNoNumber) {
    return false;
  }
  registers[REG_RAX] = number;
  registers[REG_RIP] -= kCallBytes;
  return true;
}

}  // namespace hasten::probe
