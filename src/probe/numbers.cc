#include "probe/numbers.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "probe/watch.h"

namespace hasten::probe {

uint32_t pid_namespace() {
  const int fd = ::open("/proc/self/ns/pid", O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    return 0;
  }
  struct stat status;
  const bool known = ::fstat(fd, &status) == 0;
  ::close(fd);
  if (!known) {
    return 0;
  }
  const auto inode = static_cast<uint32_t>(status.st_ino);
  return inode == g_process.region->pid_namespace ? 0 : inode;
}

uint64_t status_figure(const char* path, const char* label) {
  char text[4096];
  const int fd = ::open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    return 0;
  }
  const ssize_t length = ::read(fd, text, sizeof text - 1);
  ::close(fd);
  if (length <= 0) {
    return 0;
  }
  text[length] = '\0';
  const char* mark = strstr(text, label);
  return mark == nullptr ? 0 : strtoull(mark + strlen(label), nullptr, 10);
}

uint32_t collectors_tid(uint32_t own_tid) {
  return g_process.has_own_numbers ? static_cast<uint32_t>(status_figure("/proc/thread-self/status", "\nPid:"))
                                   : own_tid;
}

}  // namespace hasten::probe
