#include "runtime/scopes.h"

#include "runtime/function_type.h"
#include "runtime/object_layout.h"
#include "runtime/object_ref.h"
#include "runtime/planted.h"

namespace hasten::runtime {
namespace {

/// A NameError that knows its name, for "did you mean".
void raise_name_error(const char* format, PyObject* name) {
  ObjectRef message = ObjectRef::steal(PyUnicode_FromFormat(format, name));
  ObjectRef error = ObjectRef::steal(message ? PyObject_CallOneArg(PyExc_NameError, message.get()) : nullptr);
  if (error && PyObject_SetAttrString(error.get(), "name", name) == 0) {
    PyErr_SetObject(PyExc_NameError, error.get());
  }
}

void raise_unbound(PyObject* name, bool is_free) {
  if (is_free) {
    raise_name_error("cannot access free variable '%.200U' where it is not associated with a value in enclosing scope",
                     name);
  } else {
    PyErr_Format(PyExc_UnboundLocalError,
                 "cannot access local variable '%.200U' where it is not associated with a value", name);
  }
}

constexpr const char* kNotDefined = "name '%.200U' is not defined";

}  // namespace

PyObject* get_global(const mir::MirFunction& function, PyObject* name) {
  PyObject* value = PyDict_GetItemWithError(PyFunction_GET_GLOBALS(function.function), name);
  if (!value && !PyErr_Occurred()) {
    PyObject* builtins = function_builtins(function.function);
    if (PyDict_CheckExact(builtins)) {
      value = PyDict_GetItemWithError(builtins, name);
    } else {
      PyObject* found = PyObject_GetItem(builtins, name);
      if (found || !PyErr_ExceptionMatches(PyExc_KeyError)) {
        return found;
      }
      PyErr_Clear();
    }
  }
  if (value) {
    return Py_NewRef(value);
  }
  if (!PyErr_Occurred()) {
    raise_name_error(kNotDefined, name);
  }
  return nullptr;
}

bool store_global(const mir::MirFunction& function, PyObject* name, PyObject* value) {
  return PyDict_SetItem(PyFunction_GET_GLOBALS(function.function), name, value) == 0;
}

bool delete_global(const mir::MirFunction& function, PyObject* name) {
  if (PyDict_DelItem(PyFunction_GET_GLOBALS(function.function), name) == 0) {
    return true;
  }
  if (PyErr_ExceptionMatches(PyExc_KeyError)) {
    PyErr_Clear();
    raise_name_error(kNotDefined, name);
  }
  return false;
}

PyObject* get_free(const mir::MirFunction& function, uint32_t index) {
  PyObject* closure = PyFunction_GET_CLOSURE(function.function);
  PyObject* value = PyCell_GET(PyTuple_GET_ITEM(closure, index));
  if (value) {
    return Py_NewRef(value);
  }
  ObjectRef names =
      ObjectRef::steal(PyCode_GetFreevars(reinterpret_cast<PyCodeObject*>(PyFunction_GET_CODE(function.function))));
  if (names) {
    raise_unbound(PyTuple_GET_ITEM(names.get(), index), true);
  }
  return nullptr;
}

PyObject* check_bound(const mir::MirFunction& function, const mir::Instr& instr, PyObject* value) {
  if (!value) {
    raise_unbound(function.names[instr.aux], instr.sub != 0);
  }
  return Py_XNewRef(value);
}

PyObject* load_cell(const mir::MirFunction& function, const mir::Instr& instr, PyObject* cell) {
  return check_bound(function, instr, PyCell_GET(cell));
}

bool delete_cell(const mir::MirFunction& function, const mir::Instr& instr, PyObject* cell) {
  if (!PyCell_GET(cell)) {
    raise_unbound(function.names[instr.aux], instr.sub != 0);
    return false;
  }
  return PyCell_Set(cell, nullptr) == 0;
}

PyObject* make_function(const mir::MirFunction& function, const mir::Instr& instr, PyObject* const* parts) {
  PyObject* code = function.consts[instr.aux];
  if (CompiledFunction* of_code = compiled_function(code)) {
    code = PyFunction_GET_CODE(of_code->function());
  }
  PyObject* made = PyFunction_New(code, PyFunction_GET_GLOBALS(function.function));
  if (!made) {
    return nullptr;
  }
  auto* fields = reinterpret_cast<PyFunctionObject*>(made);
  if (instr.sub & mir::kDefaults) {
    fields->func_defaults = Py_NewRef(*parts++);
  }
  if (instr.sub & mir::kKwDefaults) {
    PyObject *names = parts[0], *values = parts[1];
    parts += 2;
    fields->func_kwdefaults = PyDict_New();
    for (Py_ssize_t i = 0; fields->func_kwdefaults && i < PyTuple_GET_SIZE(names); ++i) {
      if (PyDict_SetItem(fields->func_kwdefaults, PyTuple_GET_ITEM(names, i),
                         PyTuple_GET_ITEM(values, planted_bug(Plant::KwDefaultsFirst) ? 0 : i)) < 0) {
        Py_CLEAR(fields->func_kwdefaults);
      }
    }
    if (!fields->func_kwdefaults) {
      Py_DECREF(made);
      return nullptr;
    }
  }
  if (instr.sub & mir::kAnnotations) {
    fields->func_annotations = Py_NewRef(*parts++);  // a tuple: the function makes a dict of it when asked
  }
  if (instr.sub & mir::kClosure) {
    fields->func_closure = Py_NewRef(*parts);
  }
  return made;
}

}  // namespace hasten::runtime
