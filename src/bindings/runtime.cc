// The module hasten._runtime: the type of compiled functions, and the C table for the compiler. Raw C API, because
// the function type needs it and nothing else here would gain from a binding library.
#include <Python.h>

#include <new>

#include "runtime/background.h"
#include "runtime/debugger.h"
#include "runtime/experience.h"
#include "runtime/frames.h"
#include "runtime/function_type.h"
#include "runtime/hot.h"
#include "runtime/mir_text.h"
#include "runtime/native_list.h"
#include "runtime/native_unit.h"
#include "runtime/object_layout.h"
#include "runtime/support.h"

extern "C" {
__attribute__((used)) jit_descriptor __jit_debug_descriptor = {1, 0, nullptr, nullptr};
__attribute__((used, noinline)) void __jit_debug_register_code() { asm volatile("" ::: "memory"); }
}

namespace {

using hasten::runtime::compiled_function;
using hasten::runtime::CompiledFunction;

/// Unmodified code knows plain functions only: native code of it calls their companions.
const hasten::mir::MirFunction* mir_of(PyObject* callable) {
  if (PyFunction_Check(callable)) {
    callable = CompiledFunction::is_compiling_unseen() ? hasten::runtime::companion_of(callable) : nullptr;
  }
  CompiledFunction* function = callable ? compiled_function(callable) : nullptr;
  if (!function || !function->is_current()) {
    return nullptr;
  }
  const hasten::mir::MirFunction* mir = function->mir();
  if (!mir) {
    PyErr_Clear();
  }
  return mir;
}

hasten::runtime::NativeVersion* load_unit(const hasten::runtime::UnitParts& parts, PyObject** reason) {
  try {
    auto loaded = hasten::runtime::load_unit(parts);
    if (loaded) {
      return loaded.value();
    }
    *reason = PyUnicode_FromString(loaded.error().line().c_str());
  } catch (const std::bad_alloc&) {
    *reason = PyUnicode_FromString("no memory for compiled code");
  }
  return nullptr;
}

hasten::runtime::RuntimeTable runtime_table;

PyObject* make_function(PyObject*, PyObject* const* args, Py_ssize_t count) {
  if (count != 3 || !PyFunction_Check(args[0])) {
    PyErr_SetString(PyExc_TypeError, "expected a Python function, an error maker or None, and a bool");
    return nullptr;
  }
  bool strict = args[1] != Py_None;
  PyObject* made = hasten::runtime::new_function(args[0], strict ? args[1] : nullptr);
  if (made && args[2] == Py_True) {
    compiled_function(made)->set_in_background();
  }
  if (made && strict && !compiled_function(made)->check_strict()) {
    Py_CLEAR(made);
  }
  return made;
}

PyObject* text_of_mir(PyObject*, PyObject* object) {
  CompiledFunction* function = compiled_function(object);
  if (!function) {
    PyErr_SetString(PyExc_TypeError, "expected a function that hasten.jit has made");
    return nullptr;
  }
  const hasten::mir::MirFunction* mir = function->mir();
  if (!mir) {
    if (!PyErr_Occurred()) {
      Py_RETURN_NONE;
    }
    return nullptr;
  }
  return PyUnicode_FromString(hasten::runtime::mir_text(*mir).c_str());
}

/// For a function whose calls come through a trampoline.
PyObject* make_unseen(PyObject*, PyObject* args) {
  PyObject* function = nullptr;
  int in_background = 0;
  if (!PyArg_ParseTuple(args, "O!p", &PyFunction_Type, &function, &in_background)) {
    return nullptr;
  }
  PyObject* made = hasten::runtime::new_function(function, nullptr);
  if (made) {
    compiled_function(made)->set_behind_trampoline();
    if (in_background) {
      compiled_function(made)->set_in_background();
    }
  }
  return made;
}

PyObject* watch_hot(PyObject*, PyObject* args) {
  PyObject *decide = nullptr, *lost = nullptr, *traced = nullptr, *companion = nullptr;
  unsigned threshold = 0;
  if (!PyArg_ParseTuple(args, "OOOOI", &decide, &lost, &traced, &companion, &threshold)) {
    return nullptr;
  }
  hasten::runtime::hide_trampolines();
  hasten::runtime::hear_tracing(traced);
  return PyBool_FromLong(hasten::runtime::watch_hot_functions(decide, lost, companion, threshold));
}

PyObject* hear_of(PyObject*, PyObject* args) {
  PyObject* callable = nullptr;
  int is_tracing = 0;
  return PyArg_ParseTuple(args, "Op", &callable, &is_tracing)
             ? PyBool_FromLong(hasten::runtime::hear_of(callable, is_tracing != 0))
             : nullptr;
}

PyObject* stop_watching(PyObject*, PyObject*) {
  hasten::runtime::stop_watching();
  Py_RETURN_NONE;
}

PyObject* was_looked_at(PyObject*, PyObject* code) { return PyBool_FromLong(hasten::runtime::was_looked_at(code)); }

PyObject* is_trampoline(PyObject*, PyObject* function) {
  return PyBool_FromLong(PyFunction_Check(function) &&
                         hasten::runtime::original_of_trampoline(PyFunction_GET_CODE(function)) != nullptr);
}

PyObject* compile_seconds(PyObject*, PyObject*) {
  return Py_BuildValue("(dd)", CompiledFunction::compile_seconds(), hasten::runtime::background_seconds());
}

PyObject* is_compiler_near(PyObject*, PyObject*) { return PyBool_FromLong(hasten::runtime::is_compiler_near()); }

PyMethodDef methods[] = {
    {"make_function", reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(make_function)), METH_FASTCALL,
     "make_function(function, strict_error, background) -> Function"},
    {"make_unseen", make_unseen, METH_VARARGS,
     "make_unseen(function, background) -> Function: for calls that come through a trampoline"},
    {"is_compiler_near", is_compiler_near, METH_NOARGS,
     "whether importing the compiler takes no time; if not, begins to read it in the background"},
    {"watch_hot", watch_hot, METH_VARARGS,
     "watch_hot(decide, lost, traced, threshold) -> bool: see runtime/hot.h; False without the probe"},
    {"hear_of", hear_of, METH_VARARGS, "hear_of(callable, is_tracing) -> bool: see runtime/hot.h"},
    {"stop_watching", stop_watching, METH_NOARGS, nullptr},
    {"was_looked_at", was_looked_at, METH_O, "whether code was on the stack when something looked at frames"},
    {"is_trampoline", is_trampoline, METH_O, "whether calls of a Python function go through a trampoline"},
    {"compile_seconds", compile_seconds, METH_NOARGS,
     "CPU time of all compilations: that of the program's threads, and in the background"},
    {"mir_text", text_of_mir, METH_O, "mir_text(function) -> str or None: the MIR, for people and tests"},
    {nullptr, nullptr, 0, nullptr}};

PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "hasten._runtime", nullptr, -1, methods, nullptr, nullptr, nullptr, nullptr};

bool fill_table() {
  runtime_table.abi_version = hasten::runtime::kRuntimeAbiVersion;
  runtime_table.layout = hasten::runtime::measure_object_layout();
  runtime_table.set_compiler = hasten::runtime::set_compiler;
  runtime_table.mir_of = mir_of;
  runtime_table.frame_shape = [](const hasten::mir::MirFunction* function) {
    CompiledFunction* compiled = CompiledFunction::of(function);
    return compiled && !compiled->frames().is_hidden() ? &compiled->frames().shape() : nullptr;
  };
  runtime_table.frame_place = [](const hasten::mir::MirFunction* function, uint32_t instr) {
    return &CompiledFunction::of(function)->frames().place(instr);
  };
  runtime_table.new_template = [](PyObject* function) {
    return hasten::runtime::new_function(function, nullptr, true);
  };
  runtime_table.load_unit = load_unit;
  runtime_table.lessons = hasten::runtime::lessons;
  runtime_table.dict_version = hasten::runtime::dict_version;
  runtime_table.wants_lines = hasten::runtime::wants_lines();
  runtime_table.wants_debug_object = hasten::runtime::wants_debug_object();
  if (runtime_table.layout) {
    hasten::runtime::set_layout(*runtime_table.layout);
  }
  return runtime_table.layout != nullptr;
}

}  // namespace

PyMODINIT_FUNC PyInit__runtime() {
  PyTypeObject* type = hasten::runtime::function_type();
  if (!type || !fill_table() || !hasten::runtime::prepare_native_lists()) {
    return nullptr;
  }
  Py_AtExit(hasten::runtime::end_background);
  PyObject* module = PyModule_Create(&definition);
  PyObject* capsule = module ? PyCapsule_New(&runtime_table, "hasten._runtime._table", nullptr) : nullptr;
  if (!capsule || PyModule_AddObjectRef(module, "Function", reinterpret_cast<PyObject*>(type)) < 0 ||
      PyModule_AddObject(module, "_table", capsule) < 0) {
    Py_XDECREF(module);
    return nullptr;
  }
  return module;
}
