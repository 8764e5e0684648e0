// hasten._core: Machine, Cache and detect_machine(), which python/hasten/machine.py offers to users.
#include "machine/machine.h"

#include <nanobind/nanobind.h>
#include <nanobind/stl/vector.h>

#include "bindings/core.h"

namespace hasten::bindings {
namespace nb = nanobind;
using namespace nb::literals;

namespace {

const char* kind_name(const machine::Cache& cache) {
  switch (cache.kind) {
    case machine::CacheKind::Data:
      return "data";
    case machine::CacheKind::Instruction:
      return "instruction";
    case machine::CacheKind::Unified:
      return "unified";
  }
  return "";
}

}  // namespace

void bind_machine(nb::module_& m) {
  using machine::Cache;
  using machine::Machine;
  nb::class_<Cache>(m, "Cache", "One level of cache as the first CPU sees it; 0 means unknown.")
      .def_ro("level", &Cache::level, "1 is nearest to the core.")
      .def_prop_ro("kind", &kind_name, "'data', 'instruction' or 'unified'.")
      .def_ro("size_bytes", &Cache::size_bytes, "Of the whole cache, not of one CPU's share.")
      .def_ro("line_bytes", &Cache::line_bytes)
      .def_ro("sharing_cpu_count", &Cache::sharing_cpu_count, "Logical CPUs that share it.");
  nb::class_<Machine>(m, "Machine", "What the kernel says of this machine; 0 and '' mean unknown.")
      .def_ro("architecture", &Machine::architecture)
      .def_ro("kernel_release", &Machine::kernel_release)
      .def_ro("cpu_model", &Machine::cpu_model)
      .def_ro("logical_cpu_count", &Machine::logical_cpu_count, "CPUs that are online.")
      .def_ro("physical_core_count", &Machine::physical_core_count)
      .def_ro("usable_cpu_count", &Machine::usable_cpu_count, "By this process's affinity.")
      .def_ro("cpu_limit", &Machine::cpu_limit, "CPUs' worth of time by the control group; 0: no limit found.")
      .def_ro("simd", &Machine::simd, "The kernel's names of the vector extensions, smallest first.")
      .def_ro("caches", &Machine::caches, "Nearest first.")
      .def_ro("memory_bytes", &Machine::memory_bytes)
      .def_ro("memory_available_bytes", &Machine::memory_available_bytes)
      .def_ro("memory_limit_bytes", &Machine::memory_limit_bytes, "By the control group; 0: no limit found.")
      .def_ro("is_virtual", &Machine::is_virtual, "The CPU says that it runs under a hypervisor.");
  m.def("detect_machine", [] { return machine::detect(); }, "Reads what the kernel says of this machine.");
}

}  // namespace hasten::bindings
