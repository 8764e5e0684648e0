// What is mapped executable in the target, and whose code a given instruction is.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "record/format.h"
#include "record/region.h"

namespace hasten::collect {

/// Executable mappings of one process, and the ranges that are known more closely.
class ModuleMap {
 public:
  /// Where the evaluation loop is.
  void set_eval_loop(const record::PythonPlace& python);
  void add_compiled(uint64_t begin, uint64_t end);

  /// Reads /proc/PID/maps again. Returns the mappings that were not known before.
  std::vector<record::Module> refresh(uint32_t pid);

  /// Unknown if nothing known is mapped there: refresh, and ask again.
  record::CodeClass classify(uint64_t rip) const;

  /// What is mapped there, as far as it is known; or null.
  const record::Module* module_at(uint64_t address) const;
  /// The registered range that holds an address.
  std::optional<std::pair<uint64_t, uint64_t>> compiled_at(uint64_t address) const;

  /// All that is mapped, as far as it is known.
  const std::vector<record::Module>& known() const { return modules_; }

  /// Parses one text in the form of /proc/PID/maps; for refresh() and its test.
  std::vector<record::Module> parse(const std::string& maps) const;

 private:
  record::ModuleKind kind_of(const std::string& path, uint64_t begin, uint64_t end) const;

  record::PythonPlace python_;
  std::vector<record::Module> modules_;  ///< by begin
  std::vector<std::pair<uint64_t, uint64_t>> compiled_;
};

/// Whether a shared library is a Python extension module: it exports PyInit_*.
bool is_extension_module(const std::string& path);

}  // namespace hasten::collect
