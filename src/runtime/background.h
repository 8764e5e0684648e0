// One thread, there while there is something to do, for work that needs neither the GIL nor Python objects, so that it cannot be in anybody's way: a fork and the end
// of the process wait until the task under way has ended (some milliseconds), and tasks that wait go on in a forked child.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <utility>

namespace hasten::runtime {

class BackgroundTask {
 public:
  explicit BackgroundTask(std::function<void()> work) : work_(std::move(work)) {}
  bool is_done() const { return is_done_.load(std::memory_order_acquire); }

 private:
  friend class BackgroundThread;
  std::function<void()> work_;
  std::atomic<bool> is_done_{false};
};

/// Does it after those that were posted before. Where no thread can be started, does it now; not at all after end_background().
std::shared_ptr<BackgroundTask> post(std::function<void()> work);

/// CPU time that tasks took.
double background_seconds();

/// Until it is done, or the background ends. REQUIRES: nobody withdraws it.
void wait_for(const BackgroundTask& task);

/// Afterwards it is done, or will never be begun. Waits if it is under way.
void withdraw(const std::shared_ptr<BackgroundTask>& task);

/// The end of the process: waits for the task under way, and no other is begun. exit() does it too, but later than libraries that
/// were loaded or used for the first time meanwhile have ended.
void end_background();

}  // namespace hasten::runtime
