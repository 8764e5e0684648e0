#include "fix/fence.h"

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <initializer_list>

#include "fix/system_calls.h"

#if defined(__x86_64__)
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#endif

namespace hasten::fix {

#if defined(__x86_64__)
namespace {

constexpr std::uint32_t kWritingFlags = O_WRONLY | O_RDWR | O_CREAT | O_TRUNC;
constexpr std::uint32_t kLastStandardFd = 2;
constexpr std::uint32_t kX32Bit = 0x40000000;

// Where a step leads: so many steps on, or to one of the ends.
constexpr int kNext = 0;
constexpr int kStop = -1;
constexpr int kAllow = -2;
enum class Hole : std::uint8_t { kNone, kAnswer, kFirst };

struct Step {
  std::uint16_t code;
  std::uint32_t k;
  int then = kNext;
  int otherwise = kNext;
  Hole hole = Hole::kNone;
};

/// The lower half of an argument: descriptors, flags and commands are ints, and the kernel cuts off the rest as well.
Step load_argument(std::size_t number) {
  return {BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(offsetof(seccomp_data, args) + 8 * number)};
}
Step load_argument_top(std::size_t number) {
  return {BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(offsetof(seccomp_data, args) + 8 * number + 4)};
}
Step if_equal(std::uint32_t k, int then, int otherwise = kNext) {
  return {BPF_JMP | BPF_JEQ | BPF_K, k, then, otherwise};
}
Step if_any_bit(std::uint32_t k, int then, int otherwise) { return {BPF_JMP | BPF_JSET | BPF_K, k, then, otherwise}; }
Step if_above(std::uint32_t k, int then, int otherwise) { return {BPF_JMP | BPF_JGT | BPF_K, k, then, otherwise}; }
Step if_opened_here(int then, int otherwise = kNext) {  // a descriptor below 0 is large here, and no descriptor at all
  return {BPF_JMP | BPF_JGE | BPF_K, 0, then, otherwise, Hole::kFirst};
}
Step if_answer(int then) { return {BPF_JMP | BPF_JEQ | BPF_K, 0, then, kNext, Hole::kAnswer}; }

void add(std::vector<Step>& steps, std::initializer_list<Step> more) { steps.insert(steps.end(), more); }

/// The accumulator holds a descriptor.
void add_own(std::vector<Step>& steps) { add(steps, {if_answer(kAllow), if_above(kLastStandardFd, kStop, kAllow)}); }
void add_descriptor(std::vector<Step>& steps) {
  add(steps, {if_opened_here(kAllow)});
  add_own(steps);
}

std::vector<Step> steps_of(Rule rule, Stop stop) {
  std::vector<Step> steps;
  switch (rule) {
    case Rule::kDescriptor:
      add(steps, {load_argument(0)});
      add_descriptor(steps);
      break;
    case Rule::kOwn:
      add(steps, {load_argument(0)});
      add_own(steps);
      break;
    case Rule::kSend:
      add(steps, {load_argument(4), if_equal(0, kNext, kStop), load_argument_top(4), if_equal(0, kNext, kStop),
                  load_argument(0)});
      add_descriptor(steps);
      break;
    case Rule::kMap:
      add(steps,
          {load_argument(3), if_any_bit(MAP_SHARED, kNext, kAllow), load_argument(4), if_opened_here(kAllow, kStop)});
      break;
    case Rule::kControl:
      // Locks are seen by others, owners and leases make signals: they stop with the rest.
      add(steps,
          {load_argument(1), if_equal(F_GETFD, kAllow), if_equal(F_SETFD, kAllow), if_equal(F_GETFL, kAllow),
           if_equal(F_DUPFD, 2), if_equal(F_DUPFD_CLOEXEC, 1), if_equal(F_SETFL, kNext, kStop), load_argument(0)});
      add_descriptor(steps);
      break;
    case Rule::kOpen:
    case Rule::kOpenAt:
      if (stop == Stop::kKill) {
        add(steps, {load_argument(rule == Rule::kOpen ? 1 : 2), if_any_bit(kWritingFlags, kStop, kAllow)});
      }
      break;
    case Rule::kLimit:
      add(steps, {load_argument(0), if_equal(0, kNext, kStop), load_argument(2), if_equal(0, kNext, kStop),
                  load_argument_top(2), if_equal(0, kAllow, kStop)});
      break;
    case Rule::kClone:
      add(steps, {load_argument(0), if_any_bit(CLONE_THREAD, kAllow, kStop)});
      break;
    case Rule::kAllow:
    case Rule::kNotThere:
    case Rule::kStop:
      break;
  }
  return steps;
}

/// Takes the block of one call: its steps, then the two ends.
void add_block(Fence& fence, const SystemCall& call, Stop stop, const sock_filter& stopped) {
  const sock_filter allowed = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
  const sock_filter not_there = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS);
  const auto number = static_cast<std::uint32_t>(call.number);
  const std::vector<Step> steps = steps_of(call.rule, stop);
  std::vector<sock_filter>& program = fence.program;
  if (steps.empty()) {
    program.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1));
    program.push_back(call.rule == Rule::kAllow ? allowed : call.rule == Rule::kNotThere ? not_there : stopped);
    return;
  }
  program.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, static_cast<std::uint8_t>(steps.size() + 2)));
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const Step& step = steps[i];
    const auto distance = [&](int to) {
      const std::size_t stop_distance = steps.size() - i - 1;
      return static_cast<std::uint8_t>(to == kStop    ? stop_distance
                                       : to == kAllow ? stop_distance + 1
                                                      : static_cast<std::size_t>(to));
    };
    if (step.hole != Hole::kNone) {
      (step.hole == Hole::kAnswer ? fence.answer_holes : fence.first_holes).push_back(program.size());
    }
    const bool jumps = BPF_CLASS(step.code) == BPF_JMP;
    program.push_back({step.code, jumps ? distance(step.then) : std::uint8_t{0},
                       jumps ? distance(step.otherwise) : std::uint8_t{0}, step.k});
  }
  program.push_back(stopped);
  program.push_back(allowed);
}

}  // namespace

Fence make_fence(Stop stop) {
  const sock_filter killed = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
  const sock_filter asked = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF);
  const sock_filter& stopped = stop == Stop::kAsk ? asked : killed;
  Fence fence;
  // Numbers mean other calls on another architecture: 32-bit code, and x32 by a bit of the number.
  fence.program = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, arch)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 1, 0),
      killed,
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, kX32Bit, 0, 1),
      killed,
  };
  for (const SystemCall& call : system_calls()) {
    if (call.rule != Rule::kStop) {  // which is what becomes of all others
      add_block(fence, call, stop, stopped);
    }
  }
  fence.program.push_back(stopped);
  return fence;
}
#else
Fence make_fence(Stop) { return {}; }
#endif

}  // namespace hasten::fix
