#include "probe/sys.h"

#include <errno.h>
#include <sys/uio.h>

#include "probe/watch.h"

namespace hasten::probe {

bool sys_read_own_memory(uint64_t address, void* to, uint32_t bytes) {
  const iovec local{to, bytes};
  const iovec remote{reinterpret_cast<void*>(address), bytes};
  const long got = sys_call(__NR_process_vm_readv, sys_call(__NR_getpid), reinterpret_cast<long>(&local), 1,
                            reinterpret_cast<long>(&remote), 1, 0);
  if (got == -ENOSYS || got == -EPERM) {
    // A container's filter. Frames outside the data stack cannot be read then; their stacks count as broken.
    g_process.foreign_reads.store(false, std::memory_order_relaxed);
  }
  return got == static_cast<long>(bytes);
}

}  // namespace hasten::probe
