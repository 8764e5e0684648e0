// Calls in which the kernel works and seldom waits: files by name, directories, memory, copies that stay in the kernel. Only their
// time is of interest, to know whose the kernel's time is (kernel_time.h). Most take a microsecond or two: of those every eighth or so
// is timed, at random, and stands for as many. Those that may take long are timed each time.
#include <dirent.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "probe/behind.h"
#include "probe/calls.h"
#include "probe/gaps.h"
#include "probe/kernel_time.h"
#include "probe/sys.h"
#include "probe/watch.h"

namespace hasten::probe {
namespace {

/// Short calls that took longer have waited for a disk, or lost the processor.
constexpr uint64_t kLongNs = 100'000;

Watch* watch_for_calls() {
  if (g_process.engine != record::Engine::PerfClock || !g_process.active.load(std::memory_order_relaxed)) {
    return nullptr;
  }
  Watch* watch = own_watch();
  return watch != nullptr && !is_within_another(*watch) ? watch : nullptr;
}

/// The part of it in which it computed, where nobody looked at the CPU clock before.
uint64_t computed_in(const Watch& watch, uint64_t taken_ns) {
  if (taken_ns < kLongNs) {
    return taken_ns;
  }
  const uint64_t least_ns = computed_at_least(watch, taken_ns);
  return least_ns < kLongNs ? kLongNs : least_ns;
}

template <class Call>
auto timed_at_times(const Call& call) {
  Watch* watch = watch_for_calls();
  if (watch == nullptr || watch->kernel.untimed_left-- != 0) {
    return call();
  }
  // As many are left out as a random number of 0 to 14 says: one in eight is timed.
  watch->kernel.untimed_left = static_cast<uint32_t>(next_random(&watch->wait_random_state) >> 32) % 15;
  const uint64_t begin_ns = mono_ns();
  const auto result = call();
  const uint64_t taken_ns = mono_ns() - begin_ns;
  if (own_watch() == watch) {
    note_call(*watch, 8 * computed_in(*watch, taken_ns));
  }
  return result;
}

/// The CPU clock is a system call away: it is read where one of the last calls of this function was long.
template <uint32_t function, class Call>
auto timed_always(const Call& call) {
  static_assert(function < kCallCount);
  Watch* watch = watch_for_calls();
  if (watch == nullptr) {
    return call();
  }
  const bool is_measured = watch->last_call_ns[function] >= kLongNs;
  const uint64_t begin_ns = mono_ns();
  const uint64_t begin_cpu_ns = is_measured ? thread_cpu_ns() : 0;
  const auto result = call();
  const uint64_t computed_ns = is_measured ? thread_cpu_ns() - begin_cpu_ns : 0;
  const uint64_t taken_ns = mono_ns() - begin_ns;
  if (own_watch() == watch) {
    remember_call(*watch, function, taken_ns);
    note_call(*watch, is_measured ? computed_ns : computed_in(*watch, taken_ns));
  }
  return result;
}

/// Whether the directory has an entry in its buffer: glibc's DIR holds descriptor and lock, the buffer's size, how much of it is filled,
/// and where the next entry is. Were it another, only the timing would be off.
bool has_entry(const DIR* directory) {
  size_t parts[4];
  memcpy(parts, directory, sizeof parts);
  return parts[3] < parts[2];
}

/// The mode that follows the flags where a file may be made.
mode_t mode_of(int flags, va_list& rest) {
  return (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE ? static_cast<mode_t>(va_arg(rest, int)) : 0;
}

}  // namespace
}  // namespace hasten::probe

using hasten::probe::behind;
using hasten::probe::has_entry;
using hasten::probe::mode_of;
using hasten::probe::timed_always;
using hasten::probe::timed_at_times;

// Every function that is ours here: how it is timed, its result, name, parameters and arguments.
#define HASTEN_CALLS(SHORT, LONG)                                                                                    \
  SHORT(int, stat, (const char* path, struct stat* to), (path, to))                                                  \
  SHORT(int, lstat, (const char* path, struct stat* to), (path, to))                                                 \
  SHORT(int, fstat, (int fd, struct stat* to), (fd, to))                                                             \
  SHORT(int, fstatat, (int at, const char* path, struct stat* to, int flags), (at, path, to, flags))                 \
  SHORT(int, stat64, (const char* path, struct stat64* to), (path, to))                                              \
  SHORT(int, lstat64, (const char* path, struct stat64* to), (path, to))                                             \
  SHORT(int, fstat64, (int fd, struct stat64* to), (fd, to))                                                         \
  SHORT(int, fstatat64, (int at, const char* path, struct stat64* to, int flags), (at, path, to, flags))             \
  SHORT(int, access, (const char* path, int mode), (path, mode))                                                     \
  SHORT(ssize_t, readlink, (const char* path, char* to, size_t bytes), (path, to, bytes))                            \
  LONG(int, unlink, (const char* path), (path))                                                                      \
  LONG(int, unlinkat, (int at, const char* path, int flags), (at, path, flags))                                      \
  LONG(int, rename, (const char* from, const char* to), (from, to))                                                  \
  SHORT(int, mkdir, (const char* path, mode_t mode), (path, mode))                                                   \
  LONG(int, rmdir, (const char* path), (path))                                                                       \
  LONG(int, close, (int fd), (fd))                                                                                   \
  SHORT(DIR*, opendir, (const char* path), (path))                                                                   \
  SHORT(DIR*, fdopendir, (int fd), (fd))                                                                             \
  SHORT(int, closedir, (DIR * directory), (directory))                                                               \
  SHORT(int, socket, (int domain, int type, int protocol), (domain, type, protocol))                                 \
  LONG(ssize_t, sendfile, (int to, int from, off_t* at, size_t bytes), (to, from, at, bytes))                        \
  LONG(ssize_t, sendfile64, (int to, int from, off64_t* at, size_t bytes), (to, from, at, bytes))                    \
  LONG(ssize_t, copy_file_range, (int from, off64_t* from_at, int to, off64_t* to_at, size_t bytes, unsigned flags), \
       (from, from_at, to, to_at, bytes, flags))                                                                     \
  LONG(ssize_t, splice, (int from, off64_t* from_at, int to, off64_t* to_at, size_t bytes, unsigned flags),          \
       (from, from_at, to, to_at, bytes, flags))                                                                     \
  LONG(int, posix_fallocate, (int fd, off_t at, off_t bytes), (fd, at, bytes))                                       \
  LONG(int, posix_fallocate64, (int fd, off64_t at, off64_t bytes), (fd, at, bytes))                                 \
  LONG(int, truncate, (const char* path, off_t bytes), (path, bytes))                                                \
  LONG(int, truncate64, (const char* path, off64_t bytes), (path, bytes))                                            \
  LONG(ssize_t, getrandom, (void* to, size_t bytes, unsigned flags), (to, bytes, flags))                             \
  LONG(int, msync, (void* begin, size_t bytes, int flags), (begin, bytes, flags))                                    \
  SHORT(int, symlink, (const char* to, const char* path), (to, path))                                                \
  SHORT(int, link, (const char* to, const char* path), (to, path))                                                   \
  SHORT(int, chmod, (const char* path, mode_t mode), (path, mode))                                                   \
  SHORT(int, fchmod, (int fd, mode_t mode), (fd, mode))                                                              \
  SHORT(int, fchmodat, (int at, const char* path, mode_t mode, int flags), (at, path, mode, flags))                  \
  SHORT(int, utimensat, (int at, const char* path, const timespec* times, int flags), (at, path, times, flags))      \
  SHORT(int, futimens, (int fd, const timespec* times), (fd, times))                                                 \
  SHORT(void*, mmap, (void* begin, size_t bytes, int rights, int flags, int fd, off_t at),                           \
        (begin, bytes, rights, flags, fd, at))                                                                       \
  SHORT(void*, mmap64, (void* begin, size_t bytes, int rights, int flags, int fd, off64_t at),                       \
        (begin, bytes, rights, flags, fd, at))                                                                       \
  LONG(int, munmap, (void* begin, size_t bytes), (begin, bytes))                                                     \
  LONG(pid_t, fork, (), ())                                                                                          \
  LONG(int, ftruncate, (int fd, off_t bytes), (fd, bytes))                                                           \
  LONG(int, ftruncate64, (int fd, off64_t bytes), (fd, bytes))

// madvise stands apart: huge pages are asked for there.
#define HASTEN_ADVISES(ADVISE) ADVISE(int, madvise, (void* begin, size_t bytes, int advice), (begin, bytes, advice))

// The next entry of a directory, which mostly stands in memory already.
#define HASTEN_READS_DIRECTORIES(ENTRY) \
  ENTRY(readdir, struct dirent)         \
  ENTRY(readdir64, struct dirent64)

// Those that make files take a mode only then.
#define HASTEN_OPENS(OPEN)                                                          \
  OPEN(open, (const char* path, int flags, ...), (path, flags, mode))               \
  OPEN(open64, (const char* path, int flags, ...), (path, flags, mode))             \
  OPEN(openat, (int at, const char* path, int flags, ...), (at, path, flags, mode)) \
  OPEN(openat64, (int at, const char* path, int flags, ...), (at, path, flags, mode))

#define HASTEN_BEHIND(result, name, parameters, arguments) std::atomic<void*> behind_##name;
#define HASTEN_BEHIND_ENTRY(name, entry) std::atomic<void*> behind_##name;
#define HASTEN_BEHIND_OPEN(name, parameters, arguments) std::atomic<void*> behind_##name;
namespace {
HASTEN_CALLS(HASTEN_BEHIND, HASTEN_BEHIND)
HASTEN_ADVISES(HASTEN_BEHIND)
HASTEN_READS_DIRECTORIES(HASTEN_BEHIND_ENTRY)
HASTEN_OPENS(HASTEN_BEHIND_OPEN)
}  // namespace

#define HASTEN_LOOK_UP(result, name, parameters, arguments) behind<void*>(#name, behind_##name);
#define HASTEN_LOOK_UP_ENTRY(name, entry) behind<void*>(#name, behind_##name);
#define HASTEN_LOOK_UP_OPEN(name, parameters, arguments) behind<void*>(#name, behind_##name);
void hasten::probe::set_up_calls() {
  HASTEN_CALLS(HASTEN_LOOK_UP, HASTEN_LOOK_UP)
  HASTEN_ADVISES(HASTEN_LOOK_UP)
  HASTEN_READS_DIRECTORIES(HASTEN_LOOK_UP_ENTRY)
  HASTEN_OPENS(HASTEN_LOOK_UP_OPEN)
}

#define HASTEN_AT_TIMES(result, name, parameters, arguments)                                             \
  __attribute__((visibility("default"))) result name parameters {                                        \
    return timed_at_times([&] { return behind<result(*) parameters>(#name, behind_##name) arguments; }); \
  }
#define HASTEN_ALWAYS(result, name, parameters, arguments)                             \
  __attribute__((visibility("default"))) result name parameters {                      \
    return timed_always<hasten::probe::kFirstKernelCall + __COUNTER__>(                \
        [&] { return behind<result(*) parameters>(#name, behind_##name) arguments; }); \
  }
#define HASTEN_ADVISE(result, name, parameters, arguments)                             \
  __attribute__((visibility("default"))) result name parameters {                      \
    if (advice == MADV_HUGEPAGE) {                                                     \
      hasten::probe::note_huge_pages();                                                \
    }                                                                                  \
    return timed_always<hasten::probe::kFirstKernelCall + __COUNTER__>(                \
        [&] { return behind<result(*) parameters>(#name, behind_##name) arguments; }); \
  }
#define HASTEN_ENTRY(name, entry)                                                                             \
  __attribute__((visibility("default"))) entry* name(DIR* directory) {                                        \
    const auto call = [&] { return behind<entry* (*)(DIR*)>(#name, behind_##name)(directory); };              \
    return has_entry(directory) ? call() : timed_always<hasten::probe::kFirstKernelCall + __COUNTER__>(call); \
  }
#define HASTEN_OPEN(name, parameters, arguments)                                                      \
  __attribute__((visibility("default"))) int name parameters {                                        \
    va_list rest;                                                                                     \
    va_start(rest, flags);                                                                            \
    const mode_t mode = mode_of(flags, rest);                                                         \
    va_end(rest);                                                                                     \
    const auto call = [&] { return behind<int(*) parameters>(#name, behind_##name) arguments; };      \
    return (flags & O_TRUNC) != 0 ? timed_always<hasten::probe::kFirstKernelCall + __COUNTER__>(call) \
                                  : timed_at_times(call);                                             \
  }
extern "C" {
HASTEN_CALLS(HASTEN_AT_TIMES, HASTEN_ALWAYS)
HASTEN_ADVISES(HASTEN_ADVISE)
HASTEN_READS_DIRECTORIES(HASTEN_ENTRY)
HASTEN_OPENS(HASTEN_OPEN)
}
