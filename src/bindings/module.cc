// _core: captures, the model and the collector. Everything that `import hasten` and `hasten run` need,
// and nothing that links LLVM.
#include <nanobind/nanobind.h>

#include "bindings/core.h"

NB_MODULE(_core, m) {
  m.doc() = "Hasten's core: reading captures, the model of a run, the collector.";
  m.attr("version") = HASTEN_VERSION;
  hasten::bindings::bind_machine(m);
  hasten::bindings::bind_profile(m);
  hasten::bindings::bind_fix(m);
  hasten::bindings::bind_collect(m);
}
