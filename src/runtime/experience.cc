#include "runtime/experience.h"

#include <algorithm>
#include <unordered_map>

namespace hasten::runtime {
namespace {

std::unordered_map<const mir::MirFunction*, Experience>& experiences() {
  static auto* map = new std::unordered_map<const mir::MirFunction*, Experience>;
  return *map;
}

}  // namespace

Experience& experience_of(const mir::MirFunction* function) { return experiences()[function]; }

void add_seen_class(Experience::Seen& seen, PyObject* cls) {
  if (std::find(seen.classes.begin(), seen.classes.end(), cls) == seen.classes.end()) {
    seen.classes.push_back(Py_NewRef(cls));
  }
}

void learn(const mir::MirFunction* function, const Feedback& feedback) {
  Experience::Seen& seen = experience_of(function).values[feedback.value];
  if (feedback.reason == DeoptReason::Type) {
    ++seen.misses;
  }
  if (feedback.reason == DeoptReason::Overflow) {
    seen.overflowed = true;
  } else if (feedback.seen) {
    add_seen_class(seen, feedback.seen);
  }
}

void forget_experience(const mir::MirFunction* function) {
  const auto found = experiences().find(function);
  if (found == experiences().end()) {
    return;
  }
  for (auto& [value, seen] : found->second.values) {
    for (PyObject* cls : seen.classes) {
      Py_DECREF(cls);
    }
  }
  experiences().erase(found);
}

void lessons(const mir::MirFunction* function, void* taker, void (*take)(void* taker, const Lesson& lesson)) {
  const auto found = experiences().find(function);
  if (found == experiences().end()) {
    return;
  }
  for (const auto& [value, seen] : found->second.values) {
    take(taker, {value, mir::kNone, seen.overflowed, seen.misses, seen.classes.data(),
                 static_cast<uint32_t>(seen.classes.size())});
  }
  for (const auto& [name, changes] : found->second.global_changes) {
    take(taker, {mir::kNone, name, false, changes, nullptr, 0});
  }
}

}  // namespace hasten::runtime
