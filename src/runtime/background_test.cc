// Tasks are done in their order, in another thread, and where the process forks while they wait, in both processes.
#include "runtime/background.h"

#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <thread>
#include <vector>

namespace hasten::runtime {
namespace {

TEST(Background, TasksAreDoneInTheirOrderByAnotherThread) {
  std::vector<int> order;
  std::thread::id worker;
  auto first = post([&] {
    worker = std::this_thread::get_id();
    order.push_back(1);
  });
  auto second = post([&] { order.push_back(2); });
  wait_for(*second);
  EXPECT_TRUE(first->is_done());
  EXPECT_EQ(order, (std::vector<int>{1, 2}));
  EXPECT_NE(worker, std::this_thread::get_id());
}

TEST(Background, WhatIsWithdrawnIsNotBegun) {
  std::promise<void> go;
  auto blocker = post([&] { go.get_future().wait(); });
  bool was_begun = false;
  auto task = post([&] { was_begun = true; });
  withdraw(task);  // does not wait for another
  go.set_value();
  wait_for(*blocker);
  wait_for(*post([] {}));
  EXPECT_FALSE(was_begun);
  EXPECT_FALSE(task->is_done());
}

#if !defined(__SANITIZE_THREAD__)  // it does not follow a child that starts threads
TEST(Background, AForkWaitsForTheTaskUnderWayAndTheOthersGoOnInBoth) {
  std::promise<void> begun, go;
  auto under_way = post([&] {
    begun.set_value();
    go.get_future().wait();
  });
  int done = 0;
  auto waiting = post([&] { ++done; });
  begun.get_future().wait();
  std::thread opener([&] { go.set_value(); });
  const pid_t child = fork();
  if (child == 0) {
    const bool was_done = under_way->is_done();
    wait_for(*waiting);
    int more = 0;
    wait_for(*post([&] { more = 5; }));
    _exit(was_done && done == 1 && more == 5 ? 0 : 1);
  }
  opener.join();
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  wait_for(*waiting);
  EXPECT_EQ(done, 1);
}
#endif

}  // namespace
}  // namespace hasten::runtime
