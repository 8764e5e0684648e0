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

}  // namespace

bool restart_interrupted_call(ucontext_t& context) {
  greg_t* registers = context.uc_mcontext.gregs;
  if (registers[REG_RAX] != -EINTR) {
    return false;
  }
  constexpr uint32_t kCallBytes = 2;    // 0f 05
  constexpr uint32_t kNumberBytes = 5;  // b8 and the number: mov $number, %eax
  uint8_t code[48];
  const auto next = static_cast<uint64_t>(registers[REG_RIP]);
  if (!OwnMemory::read_foreign(next - sizeof code, code, sizeof code)) {
    return false;
  }
  uint32_t at = sizeof code - kCallBytes;
  if (code[at] != 0x0f || code[at + 1] != 0x05) {
    return false;
  }
  for (at -= kNumberBytes; at != 0; --at) {
    uint32_t number;
    memcpy(&number, code + at + 1, sizeof number);
    if (code[at] == 0xb8 && is_never_restarted(number)) {
      registers[REG_RAX] = number;
      registers[REG_RIP] -= kCallBytes;
      return true;
    }
  }
  return false;
}

}  // namespace hasten::probe
