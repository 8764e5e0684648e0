// What a function under hasten.jit takes for granted of names: that `sum` and the like are the built-in functions, where it loops
// in place over what would be a generator. If the program has bound one to something else, which could keep the generator and
// see how the variables in it change, the function runs as Python.
#pragma once

#include <Python.h>

#include <cstdint>
#include <utility>
#include <vector>

#include "runtime/mir.h"

namespace hasten::runtime {

class ExpectedNames {
 public:
  ExpectedNames() = default;
  explicit ExpectedNames(const mir::MirFunction& function);

  /// Whether all names mean what they are expected to.
  bool hold() { return names_.empty() || (is_unchanged() && held_) || look(); }

 private:
  bool is_unchanged() const {
    return globals_version_ && builtins_version_ && *globals_version_ == globals_seen_ &&
           *builtins_version_ == builtins_seen_;
  }
  bool look();

  const mir::MirFunction* function_ = nullptr;
  std::vector<std::pair<PyObject*, PyObject*>> names_;  ///< name, what it means; both are the MIR's
  const uint64_t *globals_version_ = nullptr, *builtins_version_ = nullptr;
  uint64_t globals_seen_ = 0, builtins_seen_ = 0;
  bool held_ = false;
};

}  // namespace hasten::runtime
