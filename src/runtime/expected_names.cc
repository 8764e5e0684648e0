#include "runtime/expected_names.h"

#include <algorithm>

#include "runtime/object_layout.h"

namespace hasten::runtime {

using mir::Op;

ExpectedNames::ExpectedNames(const mir::MirFunction& function) : function_(&function) {
  const mir::Instr* const end = function.instrs + function.instr_count;
  if (std::none_of(function.instrs, end, [](const mir::Instr& one) { return one.op == Op::MakeGenerator; })) {
    return;
  }
  for (const mir::Instr* one = function.instrs; one != end; ++one) {
    if (one->op != Op::Compare || static_cast<mir::CompareOp>(one->sub) != mir::CompareOp::Is) {
      continue;
    }
    const mir::Instr& name = function.instrs[function.operands[one->args_begin]];
    const mir::Instr& meant = function.instrs[function.operands[one->args_begin + 1]];
    if (name.op != Op::GetGlobal || meant.op != Op::Const) {
      continue;
    }
    PyObject* object = function.consts[meant.aux];
    if (PyCFunction_Check(object) || PyType_Check(object)) {  // no constant of the program's
      names_.emplace_back(function.names[name.aux], object);
    }
  }
}

bool ExpectedNames::look() {
  PyObject* globals = PyFunction_GET_GLOBALS(function_->function);
  PyObject* builtins = function_builtins(function_->function);
  held_ = PyDict_Check(builtins);
  for (const auto& [name, object] : names_) {
    PyObject* now = held_ ? PyDict_GetItemWithError(globals, name) : nullptr;
    if (held_ && !now && !PyErr_Occurred()) {
      now = PyDict_GetItemWithError(builtins, name);
    }
    PyErr_Clear();
    held_ = held_ && now == object;
  }
  globals_version_ = dict_version(globals);
  builtins_version_ = dict_version(builtins);
  globals_seen_ = globals_version_ ? *globals_version_ : 0;
  builtins_seen_ = builtins_version_ ? *builtins_version_ : 0;
  return held_;
}

}  // namespace hasten::runtime
