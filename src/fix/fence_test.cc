#include "fix/fence.h"

#include <fcntl.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <functional>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "fix/system_calls.h"

namespace hasten::fix {
namespace {

constexpr int kAnswerFd = 90;
constexpr int kFirstFd = 100;

/// How a process ends that puts the killing filter up and then acts: its exit code, or minus the signal.
int outcome_of(const std::function<int()>& act) {
  const pid_t pid = fork();
  if (pid == 0) {
    Fence fence = make_fence(Stop::kKill);
    for (const size_t hole : fence.answer_holes) {
      fence.program[hole].k = kAnswerFd;
    }
    for (const size_t hole : fence.first_holes) {
      fence.program[hole].k = kFirstFd;
    }
    const sock_fprog program{static_cast<unsigned short>(fence.program.size()), fence.program.data()};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) {
      _exit(99);
    }
    _exit(act());
  }
  int status = 0;
  waitpid(pid, &status, 0);
  return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

class Fenced : public ::testing::Test {
 protected:
  void SetUp() override {
    if (make_fence(Stop::kAsk).program.empty()) {
      GTEST_SKIP() << "no filter for this machine";
    }
    if (outcome_of([] { return 7; }) == 99) {
      GTEST_SKIP() << "this kernel or container refuses filters";
    }
    path_ = std::string(::testing::TempDir()) + "fence_test." + std::to_string(getpid());
    file_ = open(path_.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    ASSERT_GE(file_, 0);
    ASSERT_EQ(write(file_, "kept", 4), 4);
  }
  void TearDown() override {
    if (file_ >= 0) {
      close(file_);
      unlink(path_.c_str());
    }
  }

  void expect_stopped(const std::function<int()>& act) const { EXPECT_EQ(outcome_of(act), -SIGSYS); }
  void expect_zero(const std::function<int()>& act) const { EXPECT_EQ(outcome_of(act), 0); }

  std::string path_;
  int file_ = -1;
};

TEST_F(Fenced, ADescriptorFromBeforeIsNeitherReadNorWrittenNorDoubled) {
  expect_stopped([&] { return static_cast<int>(write(file_, "x", 1)); });
  expect_stopped([&] { return static_cast<int>(lseek(file_, 0, SEEK_SET)); });
  expect_stopped([&] { return dup(file_); });
  expect_stopped([&] { return fcntl(file_, F_DUPFD_CLOEXEC, 200); });
  expect_stopped([&] { return fcntl(file_, F_SETFL, O_APPEND); });
  expect_stopped([&] { return mmap(nullptr, 4, PROT_READ, MAP_SHARED, file_, 0) == MAP_FAILED; });
  expect_zero([&] { return mmap(nullptr, 4, PROT_READ, MAP_PRIVATE, file_, 0) == MAP_FAILED; });
  expect_zero([&] { return fcntl(file_, F_GETFL) < 0; });
}

TEST_F(Fenced, ItsOwnDescriptorsAndTheOneOfTheAnswerGoThrough) {
  ASSERT_EQ(dup2(file_, kAnswerFd), kAnswerFd);
  ASSERT_EQ(dup2(file_, kFirstFd), kFirstFd);
  expect_zero([] { return write(kAnswerFd, "a", 1) != 1; });
  expect_zero([] { return write(kFirstFd, "b", 1) != 1; });
  expect_zero([] { return write(-1, "c", 1) != -1 || errno != EBADF; });
  close(kAnswerFd);
  close(kFirstFd);
}

TEST_F(Fenced, PathsAreReadAndNotChanged) {
  expect_zero([&] { return open(path_.c_str(), O_RDONLY | O_CLOEXEC) < 0; });
  expect_stopped([&] { return open(path_.c_str(), O_WRONLY | O_CLOEXEC); });
  expect_stopped([&] { return open(path_.c_str(), O_RDONLY | O_TRUNC | O_CLOEXEC); });
  expect_stopped([&] { return unlink(path_.c_str()); });
  expect_stopped([&] { return rename(path_.c_str(), (path_ + "x").c_str()); });
  EXPECT_EQ(access(path_.c_str(), F_OK), 0);
}

TEST_F(Fenced, NoOtherProcessAndNoNetworkIsReached) {
  expect_stopped([] { return fork(); });
  expect_stopped([] { return kill(getppid(), 0); });
  expect_stopped([] { return socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0); });
  expect_zero([] {
    std::array<int, 2> ends{};
    return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data());
  });
}

#if defined(__x86_64__)
TEST_F(Fenced, OtherTablesOfNumbersAndUnknownOnesStop) {
  expect_stopped([] { return static_cast<int>(syscall(0x40000000 | SYS_getpid)); });
  expect_stopped([] { return static_cast<int>(syscall(2000)); });
}
#endif

TEST(SystemCalls, EachNumberStandsOnceAndWhatStopsHasAReason) {
  std::set<int> numbers;
  for (const SystemCall& call : system_calls()) {
    EXPECT_TRUE(numbers.insert(call.number).second) << call.name;
    EXPECT_TRUE(call.arguments[0] == '\0' || call.reason[0] != '\0') << call.name;
  }
}

TEST(Fence, NoJumpLeadsBehindItsEnd) {
  for (const Stop stop : {Stop::kAsk, Stop::kKill}) {
    const Fence fence = make_fence(stop);
    EXPECT_LE(fence.program.size(), size_t{BPF_MAXINSNS});
    for (size_t i = 0; i < fence.program.size(); ++i) {
      if (BPF_CLASS(fence.program[i].code) == BPF_JMP) {
        EXPECT_LT(i + fence.program[i].jt + 1, fence.program.size());
        EXPECT_LT(i + fence.program[i].jf + 1, fence.program.size());
      }
    }
  }
}

}  // namespace
}  // namespace hasten::fix
