// Which threads are watched: every one that begins while we are here (pthread_create is ours), and the main
// thread. A thread's watch ends in the destructor of a pthread key, which runs however the thread ends.
#include <errno.h>
#include <linux/perf_event.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "probe/clock.h"
#include "probe/invitation.h"
#include "probe/numbers.h"
#include "probe/own_stack.h"
#include "probe/signals.h"
#include "probe/sys.h"
#include "probe/tasks.h"
#include "probe/threads.h"
#include "probe/watch.h"
#include "probe/watch_memory.h"

namespace hasten::probe {

__thread Watch* t_watch __attribute__((tls_model("initial-exec"))) = nullptr;
std::atomic<uint32_t> g_unmet_count{0};
std::atomic<uint32_t> g_visit{0};

namespace {

std::atomic<Watch*> g_watches[record::kSlotCount];
pthread_key_t g_end_key;

/// Watches that their threads have not met.
std::atomic<Watch*> g_unmet[record::kSlotCount];
std::atomic<uint32_t> g_prepared_count{0};
/// Those of the visit before. A thread may have been about to meet one: they are taken apart a visit later.
Watch* g_missed[record::kSlotCount];
/// Keys up to here have their places in the thread itself: setting one does not allocate.
constexpr pthread_key_t kPlainKeyCount = 32;

/// The stack of a thread, from pthread.
void find_stack(Watch& watch, pthread_t thread) {
  pthread_attr_t attributes;
  void* low = nullptr;
  size_t bytes = 0;
  if (thread != 0 && pthread_getattr_np(thread, &attributes) == 0) {
    pthread_attr_getstack(&attributes, &low, &bytes);
    pthread_attr_destroy(&attributes);
  }
  watch.stack_low = reinterpret_cast<uint64_t>(low);
  watch.stack_high = watch.stack_low + bytes;
}

uint32_t own_word(record::SlotState state) { return record::slot_word(state, g_process.process_idx); }

/// A free slot of the region, taken for the calling thread; kSlotCount if there is none.
uint32_t take_slot() {
  record::Region& region = *g_process.region;
  for (uint32_t i = 0; i < record::kSlotCount; ++i) {
    uint32_t free_word = 0;
    if (region.slots[i].word.load() == 0 &&
        region.slots[i].word.compare_exchange_strong(free_word, own_word(record::SlotState::Taken))) {
      raise_to(region.slots_used, i + 1);
      return i;
    }
  }
  return record::kSlotCount;
}

void add_cost(record::ThreadSlot& slot, uint64_t cpu_ns) {
  slot.watch_ns.store(slot.watch_ns.load(std::memory_order_relaxed) + cpu_ns, std::memory_order_relaxed);
}

void publish_end(record::ThreadSlot& slot, uint64_t cpu_ns) {
  slot.end_mono_ns = mono_ns();
  slot.end_cpu_ns = cpu_ns;
  slot.word.store(own_word(record::SlotState::Ended), std::memory_order_release);
}

void on_thread_end(void*) { end_watch(); }

struct Start {
  void* (*routine)(void*);
  void* argument;
  Origin origin;
};

std::atomic<uint32_t> g_next_creation_id{1};
/// The two looks at the CPU clock cost as much as what they measure: one creation in so many is measured, and stands for all.
constexpr uint32_t kMeasuredCreation = 16;

/// Notes where the calling thread starts another one. A thread that runs no Python starts its helpers on behalf of
/// the line that started it. Returns the id of the note, 0 if there is none.
__attribute__((noinline)) uint32_t note_creation(Watch& watch) {
  watch.writing.store(true, std::memory_order_relaxed);
  std::atomic_signal_fence(std::memory_order_seq_cst);
  uint32_t id = watch.creation_id;
  const OwnStack stack = read_own_stack(watch, reinterpret_cast<uint64_t>(__builtin_frame_address(0)));
  if (stack.frame_count != 0) {
    const uint32_t frame_bytes = stack.frame_count * static_cast<uint32_t>(sizeof(record::FrameRef));
    record::CreationRecord creation{};
    const uint32_t bytes = static_cast<uint32_t>(sizeof creation) + frame_bytes;
    creation.head = {bytes, static_cast<uint32_t>(record::RingRecord::Creation)};
    creation.creation_id = g_next_creation_id.fetch_add(1, std::memory_order_relaxed);
    creation.frame_count = stack.frame_count;
    record::RingWriter ring(&watch.slot->ring, watch.ring_memory, record::kThreadRingBytes);
    uint8_t* to = ring.reserve(bytes);
    id = 0;
    if (to != nullptr) {
      memcpy(to, &creation, sizeof creation);
      memcpy(to + sizeof creation, watch.refs, frame_bytes);
      ring.commit(bytes);
      id = creation.creation_id;
    }
  }
  std::atomic_signal_fence(std::memory_order_seq_cst);
  watch.writing.store(false, std::memory_order_relaxed);
  return id;
}

void* run_watched(void* raw) {
  const Start start = *static_cast<Start*>(raw);
  ::free(raw);
  begin_watch(start.origin);
  return start.routine(start.argument);
}

}  // namespace

uint8_t* map_ring(uint64_t offset, uint32_t bytes) {
  const int fd = open_region();
  if (fd < 0) {
    return nullptr;
  }
  const long memory = sys_call(__NR_mmap, 0, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, static_cast<long>(offset));
  sys_call(__NR_close, fd);
  return memory > 0 ? reinterpret_cast<uint8_t*>(memory) : nullptr;
}

void set_up_threads() {
  set_up_watch_memory();
  if (g_visit.load() <= 1) {
    pthread_key_create(&g_end_key, on_thread_end);
  }
}

namespace {

/// The watch over a thread, published, without a clock. Null if there is no room: that is counted. `cpu_ns`: the thread's
/// CPU clock.
Watch* new_watch(uint32_t tid, pthread_t thread, const Origin& origin, uint64_t cpu_ns) {
  std::atomic<uint64_t>& unsampled_threads = g_process.self->unsampled_threads;
  const uint32_t slot_idx = take_slot();
  if (slot_idx == record::kSlotCount) {
    unsampled_threads.fetch_add(1);
    return nullptr;
  }
  record::ThreadSlot& slot = g_process.region->slots[slot_idx];
  Watch* const watch = take_watch_memory(slot_idx);
  if (watch == nullptr) {
    slot.word.store(0);
    unsampled_threads.fetch_add(1);
    return nullptr;
  }
  watch->slot = &slot;
  watch->tid = tid;
  watch->visit = g_visit.load();
  watch->fd = -1;
  watch->random_state = (mono_ns() ^ (static_cast<uint64_t>(watch->tid) << 32)) | 1;
  watch->wait_random_state = watch->random_state * 0x9e3779b97f4a7c15ull | 1;
  find_stack(*watch, thread);
  watch->creation_id = origin.creation_id;
  slot.tid = collectors_tid(tid);
  slot.creation_id = origin.creation_id;
  slot.creator_tid = origin.creator_tid;
  slot.routine = origin.routine;
  slot.start_mono_ns = mono_ns();
  slot.start_cpu_ns = cpu_ns;
  slot.waiting_kind.store(0);  // who had it before may have died in a wait
  slot.word.store(own_word(record::SlotState::Live), std::memory_order_release);
  g_watches[slot_idx].store(watch);
  return watch;
}

}  // namespace

void begin_watch(const Origin& origin) {
  if (own_watch() != nullptr || !still_read(mono_ns())) {
    return;
  }
  const uint64_t begin_ns = thread_cpu_ns();
  Watch* watch = new_watch(static_cast<uint32_t>(sys_call(__NR_gettid)), pthread_self(), origin, begin_ns);
  if (watch == nullptr) {
    return;
  }
  pthread_setspecific(g_end_key, watch);
  t_watch = watch;
  // A process's first thread has no routine.
  if (open_clock(*watch, origin.routine == 0 ? Hold::Now : Hold::AtFirstSample)) {
    add_cost(*watch->slot, watch->armed_cpu_ns - begin_ns);
  } else {
    g_process.self->unsampled_threads.fetch_add(1);
    end_watch();
  }
}

void prepare_watch(uint32_t tid, uint64_t handle) {
  const uint32_t place = g_prepared_count.load();
  Watch* watch =
      place < record::kSlotCount ? new_watch(tid, static_cast<pthread_t>(handle), {}, thread_cpu_ns(tid)) : nullptr;
  if (watch == nullptr) {
    return;
  }
  g_unmet[place].store(watch);
  g_prepared_count.store(place + 1);
  g_unmet_count.fetch_add(1);
  if (!open_clock(*watch, Hold::Now)) {
    g_process.self->unsampled_threads.fetch_add(1);
  }
}

Watch* meet_watch() {
  const auto tid = static_cast<uint32_t>(sys_call(__NR_gettid));
  const uint32_t count = g_prepared_count.load();
  for (uint32_t i = 0; i < count; ++i) {
    Watch* watch = g_unmet[i].load();
    if (watch == nullptr || watch->tid != tid) {
      continue;
    }
    if (g_unmet[i].exchange(nullptr) == nullptr) {
      return t_watch;  // the handler has come in between
    }
    g_unmet_count.fetch_sub(1);
    watch->previous = t_watch;
    t_watch = watch;
    if (g_end_key < kPlainKeyCount) {
      pthread_setspecific(g_end_key, watch);
    }
    return watch;
  }
  return nullptr;
}

namespace {

void take_apart(Watch* watch) {
  close_clock(*watch);
  forget_loop(*watch);
  unmap_watch_memory(watch);
}

}  // namespace

void end_watch() {
  Watch* watch = t_watch;
  if (watch == nullptr) {
    return;
  }
  drop_previous(*watch);
  tell_rest_of_calls(*watch);
  t_watch = nullptr;  // from here on a signal that is still under way finds nothing to do
  if (watch->visit != g_visit.load()) {
    take_apart(watch);
    return;
  }
  g_watches[watch->slot_idx].store(nullptr);
  const uint64_t begin_ns = thread_cpu_ns();
  if (!close_clock(*watch)) {
    g_process.self->unsampled_threads.fetch_add(1);
  }
  forget_loop(*watch);
  record::ThreadSlot& slot = *watch->slot;
  leave_watch_memory(watch);
  const uint64_t end_ns = thread_cpu_ns();
  add_cost(slot, end_ns - begin_ns);
  publish_end(slot, end_ns);
}

void drop_previous(Watch& watch) {
  Watch* previous = watch.previous;
  watch.previous = nullptr;
  while (previous != nullptr) {
    Watch* const before = previous->previous;
    take_apart(previous);
    previous = before;
  }
}

void begin_visit() {
  g_visit.fetch_add(1);
  g_unmet_count.store(0);
  g_prepared_count.store(0);
  for (uint32_t i = 0; i < record::kSlotCount; ++i) {
    if (g_missed[i] != nullptr) {
      take_apart(g_missed[i]);
    }
    g_missed[i] = g_unmet[i].exchange(nullptr);
  }
  for (std::atomic<Watch*>& entry : g_watches) {
    entry.store(nullptr);
  }
  drop_watch_memory();
  if (t_watch != nullptr) {
    drop_previous(*t_watch);
    Watch* const own = t_watch;
    t_watch = nullptr;
    take_apart(own);
  }
}

void forget_all_watches() {
  t_watch = nullptr;
  g_prepared_count.store(0);
  g_unmet_count.store(0);
  for (std::atomic<Watch*>& entry : g_watches) {
    Watch* watch = entry.exchange(nullptr);
    if (watch != nullptr && watch->fd >= 0 && perf_event_id(watch->fd) == watch->event_id) {
      sys_call(__NR_close, watch->fd);  // our copy only: the parent's event stays
    }
    if (watch != nullptr && watch->kernel.fault_fd >= 0 &&
        perf_event_id(watch->kernel.fault_fd) == watch->kernel.fault_id) {
      sys_call(__NR_close, watch->kernel.fault_fd);
    }
  }
}

}  // namespace hasten::probe

extern "C" __attribute__((visibility("default"))) int pthread_create(pthread_t* thread,
                                                                     const pthread_attr_t* attributes,
                                                                     void* (*routine)(void*), void* argument) noexcept {
  using namespace hasten::probe;
  using Create = int (*)(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*);
  static std::atomic<void*> cache;
  void* real = cache.load(std::memory_order_acquire);
  if (real == nullptr) {
    real = next_symbol("pthread_create");
    cache.store(real, std::memory_order_release);
  }
  const auto create = reinterpret_cast<Create>(real);
  Start* start = g_process.active.load() ? static_cast<Start*>(::malloc(sizeof(Start))) : nullptr;
  if (start == nullptr) {
    return create(thread, attributes, routine, argument);
  }
  *start = {routine, argument, {0, 0, reinterpret_cast<uint64_t>(routine)}};
  if (Watch* watch = own_watch()) {
    const bool measured = g_next_creation_id.load(std::memory_order_relaxed) % kMeasuredCreation == 1;
    const uint64_t begin_ns = measured ? thread_cpu_ns() : 0;
    start->origin.creation_id = note_creation(*watch);
    start->origin.creator_tid = watch->slot->tid;
    if (measured) {
      add_cost(*watch->slot, kMeasuredCreation * (thread_cpu_ns() - begin_ns));
    }
  }
  const int result = create(thread, attributes, run_watched, start);
  if (result != 0) {
    ::free(start);
  }
  return result;
}
