#include "runtime/constant_dicts.h"

#include <Python.h>

#include <unordered_map>
#include <vector>

#include "runtime/object_ref.h"
#include "runtime/support.h"
#include "runtime/unit_format.h"

namespace hasten::runtime {
namespace {

std::unordered_map<const mir::MirFunction*, std::unordered_map<uint32_t, ObjectRef>>& originals() {
  static auto* map = new std::unordered_map<const mir::MirFunction*, std::unordered_map<uint32_t, ObjectRef>>;
  return *map;
}

/// The dict that the instruction's constants give.
ObjectRef built(const mir::MirFunction& function, uint32_t index) {
  const mir::Instr& display = function.instrs[index];
  const mir::ValueId* args = function.operands + display.args_begin;
  const auto constant = [&](uint32_t k) { return function.consts[function.instrs[args[k]].aux]; };
  ObjectRef dict = ObjectRef::steal(PyDict_New());
  for (uint32_t k = 0; dict && k < display.arg_count; k += 2) {
    if (PyDict_SetItem(dict.get(), constant(k), constant(k + 1)) < 0) {
      return {};
    }
  }
  return dict;
}

extern "C" {

/// The display at `index`, whose keys and values are constants.
PyObject* hj_constant_dict(ConstantDict* known, const mir::MirFunction* function, uint32_t index) {
  if (!known->dict) {
    ObjectRef& original = originals()[function][index];
    if (!original) {
      original = built(*function, index);
    }
    known->dict = original.get();
  }
  return known->dict ? PyDict_Copy(known->dict) : nullptr;
}

}  // extern "C"

}  // namespace

void forget_constant_dicts(const mir::MirFunction* function) { originals().erase(function); }

std::span<const SupportSymbol> constant_dict_symbols() {
  static const SupportSymbol kSymbols[] = {{"hj_constant_dict", reinterpret_cast<void*>(&hj_constant_dict)}};
  return kSymbols;
}

}  // namespace hasten::runtime
