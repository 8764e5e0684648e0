// A pool's threads are often started where the library is loaded and work ever after for whoever calls it. So two lines
// are looked for, and the report says which of them it is:
//
// - InCall: a Python thread was inside the same library at that moment. Either its own samples right before and
//   after stand in a module that this thread runs too, or it waits, in the line where it started this thread. A sample
//   on one side only tells for a short while.
// - Started: the line that called pthread_create. All that is left where nobody is seen in a call.
//
// libc and libm tell nothing: everybody is in them. Wrong when: two threads are inside one library at the same time
// (the nearer sample in time wins), or a library works on in the background after its call has returned.
#include "profile/native_threads.h"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>

#include "profile/origin.h"

namespace hasten::profile {
namespace {

/// A sample of a Python thread tells for so long that the thread was in that call, if the one on the other side does not.
constexpr int64_t kNearNs = 20'000'000;

/// Hasten's own module whose thread generates code: no line's work, and not there without Hasten.
constexpr std::string_view kCompilersModule = "_runtime.cpython-";

bool is_everybodys(const std::string& path) {
  const std::string name = path.substr(path.rfind('/') + 1);
  for (const char* library :
       {"libc.so", "libc-", "libm.so", "libm-", "libpthread", "ld-linux", "libstdc++", "libgcc_s"}) {
    if (name.starts_with(library)) {
      return true;
    }
  }
  return path.empty() || path.front() != '/';
}

class Charger {
 public:
  Charger(const record::Capture& capture, NativeNames& names, Recording* recording)
      : capture_(capture), names_(names), recording_(*recording), threads_(capture.threads.size()) {}

  void charge() {
    find_ranges();
    find_helpers();
    for (uint32_t thread = 0; thread < threads_.size(); ++thread) {
      if (threads_[thread].helper) {
        charge_thread(thread);
      }
    }
  }

 private:
  struct ThreadView {
    size_t first = 0;  ///< its samples in the recording
    size_t last = 0;
    int64_t start_ns = 0;
    bool has_python = false;
    bool helper = false;
    std::set<std::string> modules;  ///< that only a call into them runs
    std::vector<const Wait*> waits;
  };

  bool runs_python(uint32_t stack_idx) const { return !recording_.stacks[stack_idx].empty(); }

  void find_ranges() {
    for (size_t i = 0; i < recording_.samples.size(); ++i) {
      const Sample& sample = recording_.samples[i];
      if (sample.thread_idx >= threads_.size()) {
        continue;
      }
      ThreadView& view = threads_[sample.thread_idx];
      if (view.last == 0) {
        view.first = i;
      }
      view.last = i + 1;
      view.has_python = view.has_python || runs_python(sample.stack_idx);
    }
    for (const Wait& wait : recording_.waits) {
      if (wait.thread_idx >= threads_.size()) {
        continue;
      }
      threads_[wait.thread_idx].waits.push_back(&wait);
      threads_[wait.thread_idx].has_python = threads_[wait.thread_idx].has_python || runs_python(wait.stack_idx);
    }
    for (ThreadView& view : threads_) {
      std::sort(view.waits.begin(), view.waits.end(),
                [](const Wait* a, const Wait* b) { return a->begin_ns < b->begin_ns; });
    }
  }

  /// Whether Python itself started this thread: then what it does without a frame is its own set-up.
  bool started_by_python(uint32_t thread) const {
    const record::Thread& facts = capture_.threads[thread];
    if (facts.routine == 0) {
      return true;  // a process's first thread
    }
    const record::Module* module = names_.module_of(facts.process, facts.routine);
    return module == nullptr ? threads_[thread].has_python : module->kind == record::ModuleKind::Python;
  }

  bool is_compilers(const record::Thread& thread) const {
    const record::Module* module = names_.module_of(thread.process, thread.routine);
    return module != nullptr && module->path.substr(module->path.rfind('/') + 1).starts_with(kCompilersModule);
  }

  void find_helpers() {
    for (uint32_t thread = 0; thread < threads_.size(); ++thread) {
      ThreadView& view = threads_[thread];
      const record::Thread& facts = capture_.threads[thread];
      if (facts.process >= capture_.processes.size()) {
        continue;
      }
      view.start_ns = static_cast<int64_t>(capture_.processes[facts.process].start_mono_ns + facts.start_ns);
      view.helper = view.last != 0 && !started_by_python(thread) && !is_compilers(facts);
      if (!view.helper) {
        continue;
      }
      note_module(view, facts.process, facts.routine);
      for (size_t i = view.first; i < view.last; ++i) {
        note_module(view, facts.process, recording_.samples[i].rip);
      }
    }
  }

  void note_module(ThreadView& view, uint32_t process, uint64_t address) const {
    const record::Module* module = names_.module_of(process, address);
    if (module != nullptr && module->kind != record::ModuleKind::Python && !is_everybodys(module->path)) {
      view.modules.insert(module->path);
    }
  }

  bool is_in_one_of(const std::set<std::string>& modules, const Sample& sample) const {
    const record::Module* module = names_.module_of(capture_.threads[sample.thread_idx].process, sample.rip);
    return module != nullptr && modules.contains(module->path) && runs_python(sample.stack_idx);
  }

  bool same_leaf(uint32_t a, uint32_t b) const {
    const auto& first = recording_.stacks[a];
    const auto& second = recording_.stacks[b];
    return !first.empty() && !second.empty() && first.front().function_idx == second.front().function_idx &&
           first.front().position.line == second.front().position.line;
  }

  /// The wait of a thread that covers this instant, or null.
  static const Wait* wait_at(const ThreadView& view, int64_t time_ns) {
    auto after = std::upper_bound(view.waits.begin(), view.waits.end(), time_ns,
                                  [](int64_t at, const Wait* wait) { return at < wait->begin_ns; });
    // Waits of less than a quarter of a second are added up and do not lie in order: look at a few.
    for (int steps = 0; after != view.waits.begin() && steps < 4; ++steps) {
      --after;
      if (time_ns < (*after)->begin_ns + (*after)->duration_ns) {
        return *after;
      }
    }
    return nullptr;
  }

  struct Found {
    uint32_t stack_idx = 0;
    int64_t distance_ns = 0;
    bool any = false;
  };

  /// Where `caller` was in a call into one of the modules at that time.
  Found call_of(const ThreadView& caller, const ThreadView& helper, int64_t time_ns) const {
    const std::set<std::string>& modules = helper.modules;
    const auto begin = recording_.samples.begin() + static_cast<std::ptrdiff_t>(caller.first);
    const auto end = recording_.samples.begin() + static_cast<std::ptrdiff_t>(caller.last);
    const auto after = std::upper_bound(begin, end, time_ns, [](int64_t at, const Sample& s) { return at < s.end_ns; });
    // A call from before the thread was started is another one.
    const bool before_in =
        after != begin && std::prev(after)->end_ns >= helper.start_ns && is_in_one_of(modules, *std::prev(after));
    const bool after_in = after != end && is_in_one_of(modules, *after);
    const int64_t to_before_ns = after != begin ? time_ns - std::prev(after)->end_ns : 0;
    const int64_t to_after_ns = after != end ? after->end_ns - time_ns : 0;
    const Wait* wait = wait_at(caller, time_ns);
    const auto holds = [&](const Sample& sample, int64_t distance_ns) {
      return distance_ns <= kNearNs || (wait != nullptr && same_leaf(wait->stack_idx, sample.stack_idx));
    };
    if (before_in && after_in && same_leaf(std::prev(after)->stack_idx, after->stack_idx)) {
      return {std::prev(after)->stack_idx, std::min(to_before_ns, to_after_ns), true};
    }
    if (before_in && (!after_in || to_before_ns <= to_after_ns) && holds(*std::prev(after), to_before_ns)) {
      return {std::prev(after)->stack_idx, to_before_ns, true};
    }
    if (after_in && holds(*after, to_after_ns)) {
      return {after->stack_idx, to_after_ns, true};
    }
    return {};
  }

  void charge_thread(uint32_t thread) {
    const ThreadView& view = threads_[thread];
    const record::Thread& facts = capture_.threads[thread];
    const uint32_t started = recording_.creator_stack_of_thread[thread];
    const ThreadView* creator = nullptr;
    std::vector<const ThreadView*> callers;
    for (uint32_t other = 0; other < threads_.size(); ++other) {
      if (other != thread && capture_.threads[other].process == facts.process && threads_[other].has_python) {
        callers.push_back(&threads_[other]);
        if (capture_.threads[other].tid == facts.creator_tid) {
          creator = &threads_[other];
        }
      }
    }
    for (size_t i = view.first; i < view.last; ++i) {
      Sample& sample = recording_.samples[i];
      if (runs_python(sample.stack_idx)) {
        continue;  // it was called back into Python: that frame's own time
      }
      Found best;
      const Wait* wait = creator != nullptr ? wait_at(*creator, sample.end_ns) : nullptr;
      if (wait != nullptr && same_leaf(wait->stack_idx, started)) {
        best = {wait->stack_idx, 0, true};
      }
      for (const ThreadView* caller : callers) {
        const Found found = call_of(*caller, view, sample.end_ns);
        if (found.any && (!best.any || found.distance_ns < best.distance_ns)) {
          best = found;
        }
      }
      if (best.any) {
        sample.stack_idx = best.stack_idx;
        sample.charge = Charge::InCall;
      } else if (!recording_.stacks[started].empty()) {
        sample.stack_idx = started;
        sample.charge = Charge::Started;
      } else {
        continue;
      }
      sample.side = Side::NativeThreads;
      sample.opcode = {};
    }
  }

  const record::Capture& capture_;
  NativeNames& names_;
  Recording& recording_;
  std::vector<ThreadView> threads_;
};

}  // namespace

void charge_native_threads(const record::Capture& capture, NativeNames& names, Recording* recording) {
  Charger(capture, names, recording).charge();
}

std::vector<ThreadOrigin> thread_origins(const record::Capture& capture, const Recording& recording) {
  std::vector<ThreadOrigin> origins(capture.threads.size());
  for (size_t t = 0; t < origins.size() && t < recording.creator_stack_of_thread.size(); ++t) {
    const std::vector<Frame>& stack = recording.stacks[recording.creator_stack_of_thread[t]];
    if (stack.empty()) {
      continue;
    }
    const auto own = std::find_if(stack.begin(), stack.end(), [&](const Frame& frame) {
      const std::string& file = recording.functions[frame.function_idx].file;
      return origin_of(file, recording.string_is_own).kind == OriginKind::Own;
    });
    const Frame& frame = own == stack.end() ? stack.front() : *own;
    const int32_t first_line = recording.functions[frame.function_idx].first_line;
    origins[t].known = true;
    origins[t].function_idx = frame.function_idx;
    origins[t].line = frame.position.line >= 0 ? frame.position.line : first_line;
    origins[t].creator_tid = capture.threads[t].creator_tid;
  }
  for (const Sample& sample : recording.samples) {
    if (sample.charge != Charge::Own && sample.thread_idx < origins.size()) {
      ThreadOrigin& origin = origins[sample.thread_idx];
      const double cpu_s = static_cast<double>(sample.cpu_ns()) * 1e-9;
      (sample.charge == Charge::InCall ? origin.in_call_s : origin.started_s) += cpu_s;
    }
  }
  return origins;
}

}  // namespace hasten::profile
