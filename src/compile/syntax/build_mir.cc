#include "compile/syntax/build_mir.h"

#include <optional>

#include "compile/syntax/source.h"
#include "compile/syntax/ssa_builder.h"
#include "compile/syntax/translator.h"

namespace hasten::compile::syntax {

mir::MirFunction* build_mir(PyObject* function, bool is_template, PyObject** reason) {
  *reason = nullptr;
  if (!PyFunction_Check(function)) {
    PyErr_Format(PyExc_TypeError, "expected a Python function, not %.200s", Py_TYPE(function)->tp_name);
    return nullptr;
  }
  if (!prepare_ast_reader()) {
    return nullptr;
  }
  auto* code = reinterpret_cast<PyCodeObject*>(PyFunction_GET_CODE(function));
  std::optional<Refusal> refusal;
  mir::MirFunction* made = nullptr;
  if (auto definition = find_definition(function, &refusal)) {
    made = Translator(function, definition->node, definition->class_name, is_template).translate(&refusal);
  }
  if (!made && refusal && !PyErr_Occurred()) {
    *reason = refusal->text(code->co_filename, static_cast<uint32_t>(code->co_firstlineno));
  }
  return made;
}

void release_mir(mir::MirFunction* function) { release_function(function); }

}  // namespace hasten::compile::syntax
