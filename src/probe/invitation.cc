#include "probe/invitation.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "probe/sys.h"
#include "probe/watch.h"

namespace hasten::probe {
namespace {

/// So long the collector may be busy writing to a slow disk before somebody looks whether it is there.
constexpr uint64_t kUnheardNs = 2'000'000'000;
constexpr uint64_t kAskGapNs = 1'000'000'000;

constexpr size_t kPathBytesMax = 4096;
constexpr char kPreload[] = "LD_PRELOAD=";
constexpr size_t kPreloadBytes = sizeof kPreload - 1;
constexpr size_t kProbeNameBytes = sizeof record::kProbeVariable - 1;

uint32_t g_collector_pid = 0;       ///< 0: not invited
char g_library[kPathBytesMax];      ///< our own path, as LD_PRELOAD had it
char g_summons[64];                 ///< "HASTEN_PROBE=VERSION:PID:FD:", to which the program's LD_PRELOAD is added
char g_region_path[64];             ///< "/proc/PID/fd/FD"
char g_own_preload[kPathBytesMax];  ///< what the program's LD_PRELOAD was when we were loaded

dev_t g_region_device;  ///< what region_path led to when it was mapped: a pid may come again
ino_t g_region_inode;
std::atomic<uint64_t> g_asked_ns{0};  ///< when it was last looked whether the collector is there

char* put_bytes(char* to, const char* bytes, size_t count) {
  memcpy(to, bytes, count);
  return to + count;
}

char* put_text(char* to, const char* text) { return put_bytes(to, text, strlen(text)); }

char* put_number(char* to, uint64_t number) {
  char digits[20];
  int count = 0;
  do {
    digits[count++] = static_cast<char>('0' + number % 10);
    number /= 10;
  } while (number != 0);
  while (count > 0) {
    *to++ = digits[--count];
  }
  return to;
}

bool is_summons(const char* entry) {
  return strncmp(entry, record::kProbeVariable, kProbeNameBytes) == 0 && entry[kProbeNameBytes] == '=';
}

bool is_closed() { return g_process.region != nullptr && g_process.region->closed.load() != 0; }

/// Descriptors end with their process, even if nobody has waited for it yet. What cannot be told is no.
bool collector_is_gone() {
  const int fd = open_region();
  if (fd < 0) {
    return fd == -ENOENT || fd == -ESRCH;
  }
  struct stat status;
  const bool same = ::fstat(fd, &status) == 0 && status.st_dev == g_region_device && status.st_ino == g_region_inode;
  sys_call(__NR_close, fd);
  return !same;
}

/// What an environment holds, as far as it concerns us.
struct Look {
  size_t entry_count = 0;
  const char* preload = "";  ///< the value of its LD_PRELOAD
  bool is_invited = false;
};

Look look_at(char* const* environment) {
  Look look;
  for (; environment != nullptr && environment[look.entry_count] != nullptr; ++look.entry_count) {
    const char* entry = environment[look.entry_count];
    if (is_summons(entry)) {
      look.is_invited = true;
    } else if (strncmp(entry, kPreload, kPreloadBytes) == 0) {
      look.preload = entry + kPreloadBytes;
    }
  }
  return look;
}

/// "VERSION:PID:FD:" and more. Remembers it with the library of that length; `rest` is what follows.
bool remember(const char* text, const char* library, size_t library_bytes, const char** more) {
  char* rest = nullptr;
  const unsigned long version = strtoul(text, &rest, 10);
  if (version != record::kRegionVersion || *rest != ':') {
    return false;
  }
  const unsigned long pid = strtoul(rest + 1, &rest, 10);
  if (*rest != ':' || pid == 0 || pid > 1u << 30) {
    return false;
  }
  const unsigned long fd = strtoul(rest + 1, &rest, 10);
  if (*rest != ':' || fd > 1u << 30 || library_bytes >= kPathBytesMax || strlen(rest + 1) >= kPathBytesMax) {
    return false;
  }
  *more = rest + 1;
  // Each is ended: a longer one of an earlier visit may stand there.
  *put_bytes(g_library, library, library_bytes) = '\0';
  char* to = put_text(g_summons, record::kProbeVariable);
  *to++ = '=';
  to = put_number(to, version);
  *to++ = ':';
  to = put_number(to, pid);
  *to++ = ':';
  to = put_number(to, fd);
  *to++ = ':';
  *to = '\0';
  *put_number(put_text(put_number(put_text(g_region_path, "/proc/"), pid), "/fd/"), fd) = '\0';
  g_collector_pid = static_cast<uint32_t>(pid);
  return true;
}

}  // namespace

bool read_invitation() {
  const char* text = getenv(record::kProbeVariable);
  const char* preload = getenv("LD_PRELOAD");
  const char* own_preload = nullptr;
  if (text == nullptr || preload == nullptr || !remember(text, preload, strcspn(preload, ":"), &own_preload)) {
    return false;
  }
  put_text(g_own_preload, own_preload);
  return true;
}

bool take_invitation(const char* text) {
  const char* library = text;
  for (int i = 0; i < 3 && library != nullptr; ++i) {
    library = strchr(library, ':');
    library = library != nullptr ? library + 1 : nullptr;
  }
  const char* more = nullptr;
  return library != nullptr && remember(text, library, strlen(library), &more);
}

void hide_invitation() {
  char* ours = getenv("LD_PRELOAD");
  if (ours != nullptr) {
    if (*g_own_preload == '\0') {
      unsetenv("LD_PRELOAD");
    } else {
      memmove(ours, g_own_preload, strlen(g_own_preload) + 1);  // shorter: it was appended to ours
    }
  }
  unsetenv(record::kProbeVariable);
}

int open_region() {
  return static_cast<int>(sys_call(__NR_openat, AT_FDCWD, reinterpret_cast<long>(g_region_path), O_RDWR | O_CLOEXEC));
}

bool map_region() {
  if (g_collector_pid == 0) {
    return false;
  }
  const int fd = open_region();
  if (fd < 0) {
    g_collector_pid = 0;  // not here: there is no use in trying again
    return false;
  }
  struct stat status;
  long memory = 0;
  if (::fstat(fd, &status) == 0 && static_cast<uint64_t>(status.st_size) == record::kRegionBytes) {
    g_region_device = status.st_dev;
    g_region_inode = status.st_ino;
    memory = sys_call(__NR_mmap, 0, record::kRegionHeadBytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  }
  sys_call(__NR_close, fd);
  if (memory <= 0) {
    return false;
  }
  g_asked_ns.store(0);
  auto* region = reinterpret_cast<record::Region*>(memory);
  if (region->magic != record::kRegionMagic || region->version != record::kRegionVersion ||
      region->closed.load() != 0) {
    sys_call(__NR_munmap, memory, record::kRegionHeadBytes);
    return false;
  }
  // A thread may be about to look at the region of the visit before: the one before that is given back.
  static record::Region* before = nullptr;
  if (before != nullptr) {
    sys_call(__NR_munmap, reinterpret_cast<long>(before), record::kRegionHeadBytes);
  }
  before = g_process.region;
  g_process.region = region;
  return true;
}

bool still_read(uint64_t now_mono_ns) {
  if (!g_process.active.load(std::memory_order_relaxed)) {
    return false;
  }
  const uint64_t heard_ns = g_process.region->heard_mono_ns.load(std::memory_order_relaxed);
  bool gone = g_process.region->closed.load(std::memory_order_relaxed) != 0;
  if (!gone && now_mono_ns > heard_ns + kUnheardNs) {
    uint64_t asked_ns = g_asked_ns.load(std::memory_order_relaxed);
    gone = now_mono_ns > asked_ns + kAskGapNs && g_asked_ns.compare_exchange_strong(asked_ns, now_mono_ns) &&
           collector_is_gone();
  }
  if (gone) {
    g_process.active.store(false);
  }
  return !gone;
}

bool is_deserted() { return is_closed() || collector_is_gone(); }

size_t invitation_bytes(char* const* environment) {
  if (g_collector_pid == 0 || is_closed()) {
    return 0;
  }
  const Look look = look_at(environment);
  if (look.is_invited) {
    return 0;
  }
  const size_t text_bytes = sizeof g_summons + kPreloadBytes + strlen(g_library) + 2 * strlen(look.preload) + 4;
  return (look.entry_count + 3) * sizeof(char*) + text_bytes;
}

char** with_invitation(char* const* environment, void* memory) {
  if (memory == nullptr || invitation_bytes(environment) == 0) {
    return const_cast<char**>(environment);
  }
  const Look look = look_at(environment);
  char** const entries = static_cast<char**>(memory);
  char* text = reinterpret_cast<char*>(entries + look.entry_count + 3);
  size_t count = 0;
  for (size_t i = 0; i < look.entry_count; ++i) {
    if (strncmp(environment[i], kPreload, kPreloadBytes) != 0) {
      entries[count++] = environment[i];
    }
  }
  entries[count++] = text;
  text = put_text(put_text(text, kPreload), g_library);
  if (*look.preload != '\0') {
    *text++ = ':';
    text = put_text(text, look.preload);
  }
  *text++ = '\0';
  entries[count++] = text;
  text = put_text(put_text(text, g_summons), look.preload);
  *text = '\0';
  entries[count] = nullptr;
  return entries;
}

}  // namespace hasten::probe
