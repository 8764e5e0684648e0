#include "runtime/quick_tier.h"

#include <algorithm>

#include "runtime/compiled_function.h"
#include "runtime/ticks.h"

namespace hasten::runtime {
namespace {

// Some 6 ms: half of what optimized code of a kernel takes to make.
constexpr uint64_t kQuickTicks = 15'000'000;
// Rounds of a loop over which the slower code loses less than its making saves.
constexpr uint64_t kLittleWork = 2'000;

}  // namespace

bool is_little_work(PyObject* const* args, uint32_t count) {
  return count > 0 &&
         std::all_of(args, args + count, [](PyObject* arg) { return size_of_argument(arg) < kLittleWork; });
}

uint64_t size_of_argument(PyObject* object) {
  if (PyLong_CheckExact(object)) {
    int overflow = 0;
    const long long value = PyLong_AsLongLongAndOverflow(object, &overflow);
    return overflow != 0 ? UINT64_MAX / 4 : static_cast<uint64_t>(value < 0 ? -(value + 1) : value);
  }
  if (PyList_CheckExact(object) || PyTuple_CheckExact(object)) {
    const Py_ssize_t size = Py_SIZE(object);
    PyObject* first = size == 0                   ? nullptr
                      : PyList_CheckExact(object) ? PyList_GET_ITEM(object, 0)
                                                  : PyTuple_GET_ITEM(object, 0);
    const bool has_rows = first && (PyList_CheckExact(first) || PyTuple_CheckExact(first));
    return static_cast<uint64_t>(size) * static_cast<uint64_t>(has_rows ? Py_SIZE(first) + 1 : 1);
  }
  if (PyUnicode_CheckExact(object)) {
    return static_cast<uint64_t>(PyUnicode_GET_LENGTH(object));
  }
  if (PyBytes_CheckExact(object)) {
    return static_cast<uint64_t>(PyBytes_GET_SIZE(object));
  }
  if (PyDict_CheckExact(object)) {
    return static_cast<uint64_t>(PyDict_GET_SIZE(object));
  }
  return PyAnySet_CheckExact(object) ? static_cast<uint64_t>(PySet_GET_SIZE(object)) : 0;
}

bool has_been_quick_enough(const NativeVersion& version) {
  if (!version.is_quick || tier_from_environment() == Tier::Quick) {
    return false;
  }
  const uint64_t running = version.active > 0 ? ticks() - version.entered_ticks : 0;
  return version.spent_ticks + running > (tier_from_environment() == Tier::Changing ? 0 : kQuickTicks);
}

QuickRun::QuickRun(NativeVersion* version) : version_(version->is_quick && version->active == 0 ? version : nullptr) {
  if (version_) {
    version_->entered_ticks = ticks();
  }
}

QuickRun::~QuickRun() {
  if (version_) {
    version_->spent_ticks += ticks() - version_->entered_ticks;
  }
}

}  // namespace hasten::runtime
