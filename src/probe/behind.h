// The function of libc that one of ours stands in front of.
#pragma once

#include <atomic>

#include "probe/signals.h"

namespace hasten::probe {

/// Looks it up once. Some changed their layout once: then the version matters.
template <class Function>
Function behind(const char* name, std::atomic<void*>& cache, const char* version = nullptr) {
  void* found = cache.load(std::memory_order_acquire);
  if (found == nullptr) {
    found = version != nullptr ? next_symbol(name, version) : nullptr;
    found = found != nullptr ? found : next_symbol(name);
    cache.store(found, std::memory_order_release);
  }
  return reinterpret_cast<Function>(found);
}

}  // namespace hasten::probe
