// The module hasten._compile: offers the compiler to hasten._runtime when it is imported.
#include <Python.h>

#include "compile/pipeline.h"
#include "compile/syntax/build_mir.h"
#include "runtime/hasten_runtime.h"

namespace {

const hasten::runtime::CompileTable compile_table = {hasten::runtime::kRuntimeAbiVersion,
                                                     hasten::compile::syntax::build_mir,
                                                     hasten::compile::syntax::release_mir,
                                                     hasten::compile::prepare,
                                                     hasten::compile::generate,
                                                     hasten::compile::finish,
                                                     hasten::compile::discard};

PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "hasten._compile", nullptr, -1, nullptr, nullptr, nullptr, nullptr, nullptr};

}  // namespace

PyMODINIT_FUNC PyInit__compile() {
  auto* runtime = static_cast<hasten::runtime::RuntimeTable*>(PyCapsule_Import("hasten._runtime._table", 0));
  if (!runtime) {
    return nullptr;
  }
  if (runtime->abi_version != hasten::runtime::kRuntimeAbiVersion) {
    PyErr_SetString(PyExc_ImportError,
                    "hasten._compile and hasten._runtime are of different versions; reinstall hasten");
    return nullptr;
  }
  hasten::compile::set_up(*runtime);
  PyObject* module = PyModule_Create(&definition);
  if (module) {
    runtime->set_compiler(&compile_table);
  }
  return module;
}
