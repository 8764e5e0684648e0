#include "runtime/background.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <time.h>

#include <condition_variable>
#include <cstdlib>
#include <deque>
#include <mutex>
#include <new>
#include <utility>

namespace hasten::runtime {

class BackgroundThread {
 public:
  /// Lives as long as the process: the thread may still wait in it at the end.
  static BackgroundThread& get() {
    static auto* one = new BackgroundThread;
    return *one;
  }

  std::shared_ptr<BackgroundTask> post(std::function<void()> work) {
    auto task = std::make_shared<BackgroundTask>(std::move(work));
    // The first tasks bring libraries along, which end before those who registered earlier than they did.
    if (registered_ends_ < kEndsMax) {
      ++registered_ends_;
      std::atexit(end_background);
    }
    std::unique_lock lock(queue_lock_);
    if (is_ending_) {
      return task;
    }
    waiting_.push_back(task);
    if (start()) {
      return task;
    }
    waiting_.pop_back();
    lock.unlock();
    const std::lock_guard running(run_lock_);
    run(*task);
    return task;
  }

  double taken_s() {
    const std::lock_guard lock(queue_lock_);
    return taken_s_;
  }

  void wait_for(const BackgroundTask& task) {
    std::unique_lock lock(queue_lock_);
    done_.wait(lock, [&] { return task.is_done() || is_ending_; });
  }

  void withdraw(const std::shared_ptr<BackgroundTask>& task) {
    std::unique_lock lock(queue_lock_);
    std::erase(waiting_, task);
    done_.wait(lock, [&] { return under_way_ != task.get(); });
  }

  void end() {
    {
      const std::lock_guard lock(queue_lock_);
      is_ending_ = true;
      waiting_.clear();
    }
    done_.notify_all();
    lock_both();
    join_if_idle();
    unlock_both();
  }

 private:
  static constexpr int kEndsMax = 8;
  static constexpr size_t kStackBytes = 16 << 20;  // LLVM's passes recurse over deep expressions

  BackgroundThread() {
    pthread_atfork([] { get().before_fork(); }, [] { get().unlock_both(); }, [] { get().after_fork_in_child(); });
  }

  static double cpu_seconds() {
    timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
  }

  /// REQUIRES: the lock of what runs.
  void run(BackgroundTask& task) {
    const double begin_s = cpu_seconds();
    task.work_();
    task.work_ = nullptr;
    {
      const std::lock_guard lock(queue_lock_);
      task.is_done_.store(true, std::memory_order_release);
      under_way_ = nullptr;
      taken_s_ += cpu_seconds() - begin_s;
    }
    done_.notify_all();
  }

  /// REQUIRES: the queue's lock.
  bool start() {
    if (is_started_) {
      return true;
    }
    // Signals are for the program's threads.
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, kStackBytes);
    join();
    is_started_ = pthread_create(
                      &thread_, &attributes,
                      [](void* self) -> void* {
                        pthread_setname_np(pthread_self(), "hasten-compile");
                        static_cast<BackgroundThread*>(self)->serve();
                        return nullptr;
                      },
                      this) == 0;
    is_joinable_ = is_started_;
    pthread_attr_destroy(&attributes);
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    return is_started_;
  }

  /// Until nothing waits: a program that is done with compiling has no thread more than it knows of.
  void serve() {
    while (true) {
      // Taken out under both locks: who holds them knows where each task is.
      const std::lock_guard running(run_lock_);
      std::shared_ptr<BackgroundTask> task;
      {
        const std::lock_guard lock(queue_lock_);
        if (waiting_.empty()) {
          is_started_ = false;
          return;
        }
        task = std::move(waiting_.front());
        waiting_.pop_front();
        under_way_ = task.get();
      }
      run(*task);
    }
  }

  /// REQUIRES: the queue's lock; it has nothing more to do.
  void join() {
    if (is_joinable_) {
      pthread_join(thread_, nullptr);
      is_joinable_ = false;
    }
  }

  void lock_both() {
    run_lock_.lock();
    queue_lock_.lock();
  }

  void unlock_both() {
    queue_lock_.unlock();
    run_lock_.unlock();
  }

  /// REQUIRES: both locks.
  void join_if_idle() {
    while (is_started_ && waiting_.empty()) {  // it is about to end
      unlock_both();
      sched_yield();
      lock_both();
    }
    if (!is_started_) {
      join();
    }
  }

  void before_fork() {
    lock_both();
    join_if_idle();
  }

  void after_fork_in_child() {
    unlock_both();
    new (&done_) std::condition_variable;  // who waited is not here
    is_started_ = is_joinable_ = false;
    const std::lock_guard lock(queue_lock_);
    if (!waiting_.empty()) {
      start();
    }
  }

  std::mutex run_lock_;    ///< held while a task is under way; taken before the other
  std::mutex queue_lock_;  ///< guards what follows
  std::condition_variable done_;
  std::deque<std::shared_ptr<BackgroundTask>> waiting_;
  const BackgroundTask* under_way_ = nullptr;
  double taken_s_ = 0;
  pthread_t thread_;
  bool is_started_ = false, is_joinable_ = false, is_ending_ = false;
  int registered_ends_ = 0;
};

std::shared_ptr<BackgroundTask> post(std::function<void()> work) {
  return BackgroundThread::get().post(std::move(work));
}

void wait_for(const BackgroundTask& task) { BackgroundThread::get().wait_for(task); }

double background_seconds() { return BackgroundThread::get().taken_s(); }

void withdraw(const std::shared_ptr<BackgroundTask>& task) { BackgroundThread::get().withdraw(task); }

void end_background() { BackgroundThread::get().end(); }

}  // namespace hasten::runtime
