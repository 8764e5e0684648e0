#include "probe/tasks.h"

#include <dlfcn.h>
#include <errno.h>
#include <sys/mman.h>

#include <cstring>

#include "probe/await_draw.h"
#include "probe/code_table.h"
#include "probe/own_memory.h"
#include "probe/own_stack.h"
#include "probe/pending.h"
#include "probe/sys.h"
#include "pyread/coroutine.h"

namespace hasten::probe {

/// Of one thread that runs an event loop. Zero bytes are a thread that has just begun.
struct LoopWatch {
  bool runs;
  bool idle;
  uint64_t coroutine;      ///< of the running step; 0: none
  uint64_t task;           ///< whose step it is, as far as asyncio told
  uint64_t told_task;      ///< the one told last
  uint64_t last_event_ns;  ///< when something last began or ended
  uint64_t accounted_ns;   ///< up to where the slot's figures reach
  uint64_t idle_since_ns;
  uint64_t steps;
  uint64_t step_began_ns;   ///< of the running step
  uint32_t awaiting_tasks;  ///< that awaited at least once
  uint64_t labelled_step;   ///< `label` is of this step
  uint32_t label;
  uint32_t label_count;
  PendingTable pending;
  AwaitDraw draw;

  static constexpr uint32_t kLabels = 4096;
  struct Label {
    uint64_t key;
    uint32_t id;
  } labels[kLabels];
};

namespace {

struct Reading {
  pyread::CoroutineLayout layout;
  pyread::CoroutineTypes types;
  uint64_t text_type = 0;
  uint32_t task_coroutine = 0;  ///< where a task holds its coroutine; 0: not known yet
  uint32_t task_name = 0;
};
Reading g_reading;

/// Beyond so many groups names that differ in their digits are one; beyond twice as many all names are.
constexpr uint32_t kExactNamesMax = 512;
constexpr uint32_t kNameBytesMax = 256;

/// Objects that are alive: a step, or the GIL, holds them.
struct LiveMemory {
  bool read(uint64_t address, void* to, uint32_t bytes) const {
    std::memcpy(to, reinterpret_cast<const void*>(address), bytes);
    return true;
  }
};

/// In the handler, where another thread may have the GIL.
struct ForeignMemory {
  bool read(uint64_t address, void* to, uint32_t bytes) const { return OwnMemory::read_foreign(address, to, bytes); }
};

uint64_t load_word(uint64_t address) {
  uint64_t value;
  std::memcpy(&value, reinterpret_cast<const void*>(address), sizeof value);
  return value;
}

LoopWatch* loop_of(Watch& watch) {
  if (watch.loop == nullptr) {
    void* memory = ::mmap(nullptr, sizeof(LoopWatch), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    watch.loop = memory == MAP_FAILED ? nullptr : static_cast<LoopWatch*>(memory);
  }
  return watch.loop;
}

/// The ring and the watch's frames are ours alone while this lives.
class Writing {
 public:
  explicit Writing(Watch& watch) : watch_(watch), saved_errno_(errno) {
    watch_.writing.store(true, std::memory_order_relaxed);
    std::atomic_signal_fence(std::memory_order_seq_cst);
  }
  ~Writing() {
    std::atomic_signal_fence(std::memory_order_seq_cst);
    watch_.writing.store(false, std::memory_order_relaxed);
    errno = saved_errno_;
  }
  Writing(const Writing&) = delete;
  Writing& operator=(const Writing&) = delete;

 private:
  Watch& watch_;
  int saved_errno_;
};

/// A task's name as it is written: bytes of its units.
struct Name {
  record::TextRef ref{1, 0};
  uint8_t bytes[kNameBytesMax];
  uint32_t byte_count() const { return ref.length * ref.unit_bytes; }
};

/// Task-12: asyncio's own numbering.
bool is_given_by_asyncio(const Name& name) {
  constexpr char kPrefix[] = "Task-";
  constexpr uint32_t kPrefixBytes = sizeof kPrefix - 1;
  if (name.ref.unit_bytes != 1 || name.ref.length <= kPrefixBytes ||
      std::memcmp(name.bytes, kPrefix, kPrefixBytes) != 0) {
    return false;
  }
  for (uint32_t i = kPrefixBytes; i < name.ref.length; ++i) {
    if (name.bytes[i] < '0' || name.bytes[i] > '9') {
      return false;
    }
  }
  return true;
}

/// Reads the name of a task; empty if it has none of its own (a number, since 3.12), or one that cannot be read.
template <class Memory>
void read_name(uint64_t task, const Memory& memory, Name* name) {
  const pyread::PythonLayout& layout = g_process.layout;
  uint64_t text = 0;
  uint8_t head[40];
  if (task == 0 || g_reading.task_coroutine == 0 || !memory.read(task + g_reading.task_name, &text, 8) || text == 0 ||
      !memory.read(text, head, sizeof head)) {
    return;
  }
  uint64_t type = 0;
  uint64_t length = 0;
  uint32_t state = 0;
  std::memcpy(&type, head + layout.object_type, 8);
  std::memcpy(&length, head + layout.text_length, 8);
  std::memcpy(&state, head + layout.text_state, 4);
  const uint32_t unit_bytes = (state & layout.text_kind_mask) >> 2;
  if (type != g_reading.text_type || (unit_bytes != 1 && unit_bytes != 2 && unit_bytes != 4) ||
      (state & layout.text_compact_mask) == 0) {
    return;
  }
  const uint32_t length_max = kNameBytesMax / unit_bytes;
  name->ref = {unit_bytes, length < length_max ? static_cast<uint32_t>(length) : length_max};
  const bool ascii = (state & layout.text_ascii_mask) != 0;
  if (!memory.read(text + (ascii ? layout.text_ascii_data : layout.text_compact_data), name->bytes,
                   name->byte_count()) ||
      is_given_by_asyncio(*name)) {
    name->ref = {1, 0};
  }
}

/// Every run of digits becomes one #.
void drop_digits(Name* name) {
  if (name->ref.unit_bytes != 1) {
    return;
  }
  uint32_t kept = 0;
  for (uint32_t i = 0; i < name->ref.length; ++i) {
    const bool digit = name->bytes[i] >= '0' && name->bytes[i] <= '9';
    if (!digit) {
      name->bytes[kept++] = name->bytes[i];
    } else if (kept == 0 || name->bytes[kept - 1] != '#') {
      name->bytes[kept++] = '#';
    }
  }
  name->ref.length = kept;
}

uint64_t key_of(const Name& name, uint32_t code_id) {
  uint64_t h = 0xcbf29ce484222325ull ^ code_id;
  h *= 0x9e3779b97f4a7c15ull;
  for (uint32_t i = 0; i < name.byte_count(); ++i) {
    h = (h ^ name.bytes[i]) * 0x100000001b3ull;
  }
  return h | 1;
}

bool describe_label(Watch& watch, uint32_t id, uint32_t code_id, const Name& name) {
  const uint32_t bytes = static_cast<uint32_t>(sizeof(record::TaskRecord)) + record::pad8(name.byte_count());
  record::RingWriter ring(&watch.slot->ring, watch.ring_memory, record::kThreadRingBytes);
  uint8_t* to = ring.reserve(bytes);
  if (to == nullptr) {
    return false;
  }
  const record::TaskRecord record{{bytes, static_cast<uint32_t>(record::RingRecord::Task)}, id, code_id, name.ref};
  std::memcpy(to, &record, sizeof record);
  std::memcpy(to + sizeof record, name.bytes, name.byte_count());
  ring.commit(bytes);
  return true;
}

/// The group of the task whose step it is, or is about to be.
template <class Memory>
uint32_t label_of(Watch& watch, const Memory& memory, uint64_t coroutine, uint64_t task) {
  LoopWatch& loop = *watch.loop;
  if (loop.labelled_step == loop.steps && loop.label != 0) {
    return loop.label;
  }
  LiveMemory live;  // the step holds its coroutine, which holds its code
  pyread::AwaitWalk walk(g_process.layout, g_reading.layout, g_reading.types, live);
  pyread::AwaitFrame frame;
  const uint32_t code_id = walk.frame_of(coroutine, &frame) ? find_code(frame.code, true, watch).id : 0;
  Name name;
  if (task != 0 && loop.label_count < 2 * kExactNamesMax) {
    read_name(task, memory, &name);
    if (loop.label_count >= kExactNamesMax) {
      drop_digits(&name);
    }
  }
  const uint64_t key = key_of(name, code_id);
  uint32_t at = static_cast<uint32_t>(key >> 20) % LoopWatch::kLabels;
  for (uint32_t i = 0; i < 64; ++i, at = (at + 1) % LoopWatch::kLabels) {
    LoopWatch::Label& label = loop.labels[at];
    if (label.key == 0) {
      if (!describe_label(watch, loop.label_count + 1, code_id, name)) {
        return 0;
      }
      label = {key, ++loop.label_count};
    }
    if (label.key == key) {
      loop.labelled_step = loop.steps;
      loop.label = label.id;
      return label.id;
    }
  }
  return 0;
}

__attribute__((noinline)) void write_await(Watch& watch, const PendingTable::Entry& pending, uint64_t duration_ns,
                                           uint64_t weight_ns) {
  const Writing writing(watch);
  LiveMemory memory;
  pyread::AwaitWalk walk(g_process.layout, g_reading.layout, g_reading.types, memory);
  pyread::AwaitFrame frames[kAwaitFramesMax];
  const uint32_t count = name_awaits(watch, frames, walk.walk(pending.coroutine, frames, kAwaitFramesMax));
  record::AwaitRecord await{};
  await.task = label_of(watch, memory, pending.coroutine, watch.loop->task);
  const uint32_t frame_bytes = count * static_cast<uint32_t>(sizeof(record::FrameRef));
  const uint32_t bytes = static_cast<uint32_t>(sizeof await) + frame_bytes;
  await.head = {bytes, static_cast<uint32_t>(record::RingRecord::Await)};
  await.mono_ns = pending.since_ns;
  await.duration_ns = duration_ns;
  await.weight_ns = weight_ns;
  await.step_ns = pending.step_ns;
  await.task_number = pending.number;
  await.frame_count = count;
  record::RingWriter ring(&watch.slot->ring, watch.ring_memory, record::kThreadRingBytes);
  uint8_t* to = ring.reserve(bytes);
  if (to != nullptr && await.task != 0) {
    std::memcpy(to, &await, sizeof await);
    std::memcpy(to + sizeof await, watch.refs, frame_bytes);
    ring.commit(bytes);
  }
}

__attribute__((noinline)) void write_block(Watch& watch, uint64_t now_ns) {
  const LoopWatch& loop = *watch.loop;
  const Writing writing(watch);
  record::LoopBlockRecord block{};
  block.head = {sizeof block, static_cast<uint32_t>(record::RingRecord::LoopBlock)};
  block.mono_ns = loop.last_event_ns;
  block.duration_ns = now_ns - loop.last_event_ns;
  block.task = loop.coroutine != 0 ? label_of(watch, LiveMemory{}, loop.coroutine, loop.task) : 0;
  record::RingWriter ring(&watch.slot->ring, watch.ring_memory, record::kThreadRingBytes);
  uint8_t* to = ring.reserve(sizeof block);
  if (to != nullptr) {
    std::memcpy(to, &block, sizeof block);
    ring.commit(sizeof block);
  }
}

/// Something of the loop ends or begins.
void note_event(Watch& watch, uint64_t now_ns) {
  LoopWatch& loop = *watch.loop;
  if (now_ns - loop.last_event_ns >= kBlockNs && loop.last_event_ns != 0 && loop.runs) {
    write_block(watch, now_ns);
  }
  loop.last_event_ns = now_ns;
}

void add(std::atomic<uint64_t>& sum, uint64_t by) {
  sum.store(sum.load(std::memory_order_relaxed) + by, std::memory_order_relaxed);
}

void account(Watch& watch, uint64_t now_ns) {
  LoopWatch& loop = *watch.loop;
  add(watch.slot->loop_run_ns, now_ns - loop.accounted_ns);
  loop.accounted_ns = now_ns;
  watch.slot->loop_steps.store(loop.steps, std::memory_order_relaxed);
}

/// Finds where a task holds its coroutine: `task` is the one whose step begins, if it holds it at all.
void find_task_coroutine(uint64_t task, uint64_t coroutine) {
  constexpr uint64_t kTypeBasicSize = 32;
  uint64_t size = load_word(load_word(task + g_process.layout.object_type) + kTypeBasicSize);
  size = size < 512 ? size : 512;
  for (uint32_t at = 16; at + 16 <= size; at += 8) {
    if (load_word(task + at) == coroutine) {
      g_reading.task_name = at + 8;
      g_reading.task_coroutine = at;
      return;
    }
  }
}

bool is_task_of(uint64_t task, uint64_t coroutine) {
  return task != 0 && g_reading.task_coroutine != 0 && load_word(task + g_reading.task_coroutine) == coroutine;
}

}  // namespace

bool set_up_tasks(const pyread::TaskLayout* published) {
  const pyread::CoroutineLayout* layout = pyread::find_coroutine_layout(g_process.python.version_hex);
  const auto type = [](const char* name) { return reinterpret_cast<uint64_t>(dlsym(RTLD_DEFAULT, name)); };
  g_reading.types.coroutine = type("PyCoro_Type");
  g_reading.types.generator = type("PyGen_Type");
  g_reading.types.async_generator = type("PyAsyncGen_Type");
  g_reading.text_type = type("PyUnicode_Type");
  if (layout == nullptr || g_reading.types.coroutine == 0 || g_reading.types.generator == 0) {
    return false;
  }
  g_reading.layout = *layout;
  if (published != nullptr) {
    g_reading.task_coroutine = published->coroutine;
    g_reading.task_name = published->name;
  }
  const auto* runtime = reinterpret_cast<const uint8_t*>(g_process.python.runtime_address);
  return !g_process.layout.publishes_offsets() || pyread::apply_debug_offsets(runtime, &g_reading.layout);
}

Interruption begin_step(uint64_t coroutine) {
  Watch* watch = own_watch();
  if (watch == nullptr || !g_process.active.load(std::memory_order_relaxed) || loop_of(*watch) == nullptr) {
    return {};
  }
  LoopWatch& loop = *watch->loop;
  const Interruption interrupted{watch, loop.coroutine, loop.task, loop.step_began_ns};
  const uint64_t now_ns = mono_ns();
  note_event(*watch, now_ns);
  ++loop.steps;
  loop.step_began_ns = now_ns;
  if (g_reading.task_coroutine == 0 && loop.told_task != 0) {
    find_task_coroutine(loop.told_task, coroutine);
  }
  loop.task = is_task_of(loop.told_task, coroutine) ? loop.told_task : 0;
  loop.told_task = 0;
  loop.coroutine = coroutine;
  PendingTable::Entry* entry = loop.pending.find(coroutine);
  if (entry != nullptr && entry->since_ns != 0) {
    LiveMemory memory;
    pyread::AwaitWalk walk(g_process.layout, g_reading.layout, g_reading.types, memory);
    const PendingTable::Entry pending = *entry;
    entry->since_ns = 0;
    const uint64_t duration_ns = now_ns > pending.since_ns ? now_ns - pending.since_ns : 0;
    if (walk.is_new(coroutine)) {
      entry->number = ++loop.awaiting_tasks;
    } else {
      const uint64_t weight_ns = loop.draw.weight(duration_ns, now_ns, &watch->wait_random_state);
      if (weight_ns != 0) {
        write_await(*watch, pending, duration_ns, weight_ns);
      }
    }
  }
  return interrupted;
}

void end_step(const Interruption& interrupted, uint64_t coroutine, bool suspended) {
  Watch* watch = own_watch();
  if (watch == nullptr || watch != interrupted.watch || watch->loop == nullptr) {
    return;  // not watched, or the child of a fork
  }
  LoopWatch& loop = *watch->loop;
  const uint64_t now_ns = mono_ns();
  note_event(*watch, now_ns);
  PendingTable::Entry* entry = loop.pending.find(coroutine);
  const uint64_t step_ns = now_ns - loop.step_began_ns;
  if (suspended && entry != nullptr) {
    entry->since_ns = now_ns;
    entry->step_ns = step_ns;
  } else if (suspended) {
    loop.pending.add({coroutine, now_ns, step_ns, ++loop.awaiting_tasks});
  } else if (entry != nullptr) {
    loop.pending.remove(entry);
  }
  loop.label = 0;
  loop.coroutine = interrupted.coroutine;
  loop.task = interrupted.task;
  loop.step_began_ns = interrupted.began_ns;
}

void note_task(uint64_t task) {
  Watch* watch = own_watch();
  if (watch != nullptr && watch->loop == nullptr && g_process.arrived) {
    note_running_loop(true);  // it ran before we came
  }
  if (watch != nullptr && watch->loop != nullptr) {
    watch->loop->told_task = task;
  }
}

void note_running_loop(bool runs) {
  Watch* watch = own_watch();
  if (watch == nullptr || !g_process.active.load(std::memory_order_relaxed) || loop_of(*watch) == nullptr) {
    return;
  }
  LoopWatch& loop = *watch->loop;
  const uint64_t now_ns = mono_ns();
  note_event(*watch, now_ns);
  if (loop.runs) {
    account(*watch, now_ns);
  }
  loop.accounted_ns = now_ns;
  loop.runs = runs;
}

bool begin_idle(Watch& watch, uint64_t now_ns) {
  LoopWatch* loop = watch.loop;
  if (loop == nullptr || !loop->runs || loop->coroutine != 0) {
    return false;
  }
  note_event(watch, now_ns);
  loop->idle_since_ns = now_ns;
  loop->idle = true;
  return true;
}

void end_idle(Watch& watch, uint64_t now_ns) {
  LoopWatch& loop = *watch.loop;
  loop.idle = false;
  add(watch.slot->loop_idle_ns, now_ns - loop.idle_since_ns);
  account(watch, now_ns);
  loop.last_event_ns = now_ns;
}

bool holds_up_loop(const Watch& watch) { return watch.loop != nullptr && watch.loop->runs && !watch.loop->idle; }

uint32_t running_task(Watch& watch) {
  const LoopWatch* loop = watch.loop;
  return loop == nullptr || loop->coroutine == 0 ? 0 : label_of(watch, ForeignMemory{}, loop->coroutine, loop->task);
}

void forget_loop(Watch& watch) {
  if (watch.loop != nullptr) {
    watch.loop->pending.unmap();
    ::munmap(watch.loop, sizeof(LoopWatch));
    watch.loop = nullptr;
  }
}

}  // namespace hasten::probe
