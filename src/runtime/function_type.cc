#include "runtime/function_type.h"

#include <array>
#include <cstddef>
#include <string_view>
#include <utility>

namespace hasten::runtime {
namespace {

/// A raw vectorcall type: a binding library's call costs twice as much, and 30 ns matter here.
struct FunctionObject {
  PyObject_HEAD vectorcallfunc vectorcall;
  PyObject* function;      ///< the original
  PyObject* strict_error;  ///< or null
  PyObject* dict;
  PyObject* weak_references;
  CompiledFunction* compiled;
};

FunctionObject* cast(PyObject* object) { return reinterpret_cast<FunctionObject*>(object); }

/// Attributes that live on the original: reading and assigning them means the function.
constexpr std::array<std::string_view, 13> kForwarded = {
    "__name__",    "__qualname__",    "__module__",      "__doc__",     "__defaults__", "__kwdefaults__", "__code__",
    "__globals__", "__annotations__", "__type_params__", "__closure__", "__builtins__", "__annotate__"};

bool is_forwarded(PyObject* name) {
  Py_ssize_t size = 0;
  const char* text = PyUnicode_AsUTF8AndSize(name, &size);
  if (!text) {
    PyErr_Clear();
    return false;
  }
  for (std::string_view known : kForwarded) {
    if (known == std::string_view(text, static_cast<size_t>(size))) {
      return true;
    }
  }
  return false;
}

PyObject* call(PyObject* self, PyObject* const* args, size_t nargsf, PyObject* keyword_names) {
  return cast(self)->compiled->call(args, nargsf, keyword_names);
}

PyObject* get_attribute(PyObject* self, PyObject* name) {
  if (is_forwarded(name)) {
    return PyObject_GetAttr(cast(self)->function, name);
  }
  return PyObject_GenericGetAttr(self, name);
}

int set_attribute(PyObject* self, PyObject* name, PyObject* value) {
  if (is_forwarded(name)) {
    return PyObject_SetAttr(cast(self)->function, name, value);
  }
  return PyObject_GenericSetAttr(self, name, value);
}

PyObject* bind_to(PyObject* self, PyObject* instance, PyObject*) {
  return instance && instance != Py_None ? PyMethod_New(self, instance) : Py_NewRef(self);
}

PyObject* represent(PyObject* self) {
  ObjectRef name = ObjectRef::steal(PyObject_GetAttrString(cast(self)->function, "__qualname__"));
  return name ? PyUnicode_FromFormat("<hasten.jit function %U at %p>", name.get(), self) : nullptr;
}

PyObject* reduce(PyObject* self, PyObject*) {
  return PyObject_GetAttrString(cast(self)->function, "__qualname__");  // pickles by name, like any function
}

PyObject* report(PyObject* self, PyObject*) {
  return cast(self)->compiled->take_finished() ? cast(self)->compiled->report() : nullptr;
}

PyObject* wait(PyObject* self, PyObject*) {
  ObjectRef alive = ObjectRef::share(self);
  cast(self)->compiled->wait_for_background();
  if (!cast(self)->compiled->take_finished()) {
    return nullptr;
  }
  Py_RETURN_NONE;
}

PyObject* line_facts(PyObject* self, PyObject* nested_codes) {
  if (!PyTuple_Check(nested_codes)) {
    PyErr_SetString(PyExc_TypeError, "expected a tuple of code objects");
    return nullptr;
  }
  return cast(self)->compiled->line_facts(nested_codes);
}

/// What draws it is Python, which is loaded when somebody asks.
PyObject* line_report(PyObject* self, void*) {
  ObjectRef room = ObjectRef::steal(PyImport_ImportModule("hasten.jit.line_report"));
  return room ? PyObject_CallMethod(room.get(), "LineReport", "O", self) : nullptr;
}

PyObject* wrapped(PyObject* self, void*) { return Py_NewRef(cast(self)->function); }

int traverse(PyObject* self, visitproc visit, void* arg) {
  FunctionObject* object = cast(self);
  Py_VISIT(object->function);
  Py_VISIT(object->strict_error);
  Py_VISIT(object->dict);
  return object->compiled ? object->compiled->traverse(visit, arg) : 0;
}

PyObject* call_after_clear(PyObject*, PyObject* const*, size_t, PyObject*) {
  PyErr_SetString(PyExc_RuntimeError, "a hasten.jit function was called after the collector had taken it apart");
  return nullptr;
}

int clear(PyObject* self) {
  FunctionObject* object = cast(self);
  object->vectorcall = call_after_clear;
  delete std::exchange(object->compiled, nullptr);
  Py_CLEAR(object->function);
  Py_CLEAR(object->strict_error);
  Py_CLEAR(object->dict);
  return 0;
}

void deallocate(PyObject* self) {
  PyObject_GC_UnTrack(self);
  if (cast(self)->weak_references) {
    PyObject_ClearWeakRefs(self);
  }
  clear(self);
  PyObject_GC_Del(self);
}

PyMethodDef methods[] = {
    {"report", report, METH_NOARGS,
     "report() -> dict. How calls of this function ran: `tier` (native, python, interpreter), the native `versions`\n"
     "with their calls and landings, the `reasons` why something stayed Python ('FILE:LINE:COLUMN: CODE why'), and\n"
     "the `landings` seen: line, why, the type seen, how often."},
    {"wait", wait, METH_NOARGS, "wait() -> None. Returns when what calls have asked for in the background is made."},
    {"_line_facts", line_facts, METH_O, "_line_facts(nested_codes) -> dict, for hasten.jit.line_report"},
    {"__reduce__", reduce, METH_NOARGS, nullptr},
    {nullptr, nullptr, 0, nullptr}};

PyGetSetDef attributes[] = {{"__wrapped__", wrapped, nullptr, "the original function", nullptr},
                            {"hasten", line_report, nullptr,
                             "What became of each line: report() -> dict, listing() -> str, html() -> str", nullptr},
                            {"__dict__", PyObject_GenericGetDict, PyObject_GenericSetDict, nullptr, nullptr},
                            {nullptr, nullptr, nullptr, nullptr, nullptr}};

PyTypeObject type = [] {
  PyTypeObject made{};
  made.ob_base = PyVarObject{PyObject_HEAD_INIT(nullptr) 0};
  made.tp_name = "hasten.jit.Function";
  made.tp_basicsize = sizeof(FunctionObject);
  made.tp_dealloc = deallocate;
  made.tp_vectorcall_offset = offsetof(FunctionObject, vectorcall);
  made.tp_repr = represent;
  made.tp_call = PyVectorcall_Call;
  made.tp_getattro = get_attribute;
  made.tp_setattro = set_attribute;
  made.tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_HAVE_VECTORCALL | Py_TPFLAGS_METHOD_DESCRIPTOR;
  made.tp_doc = "A Python function that hasten.jit compiles when it is called.";
  made.tp_traverse = traverse;
  made.tp_clear = clear;
  made.tp_weaklistoffset = offsetof(FunctionObject, weak_references);
  made.tp_methods = methods;
  made.tp_getset = attributes;
  made.tp_descr_get = bind_to;
  made.tp_dictoffset = offsetof(FunctionObject, dict);
  return made;
}();

}  // namespace

PyTypeObject* function_type() { return PyType_Ready(&type) == 0 ? &type : nullptr; }

PyObject* new_function(PyObject* function, PyObject* strict_error, bool is_template) {
  auto* self = PyObject_GC_New(FunctionObject, &type);
  if (!self) {
    return nullptr;
  }
  self->vectorcall = call;
  self->function = Py_NewRef(function);
  self->strict_error = Py_XNewRef(strict_error);
  self->dict = nullptr;
  self->weak_references = nullptr;
  self->compiled = new CompiledFunction(function, strict_error, is_template);
  auto* object = reinterpret_cast<PyObject*>(self);
  self->compiled->set_wrapper(object);
  PyObject_GC_Track(object);
  // As functools.wraps: what other decorators have put on the function stays visible.
  ObjectRef attributes_there = ObjectRef::steal(PyObject_GetAttrString(function, "__dict__"));
  if (!attributes_there) {
    Py_DECREF(object);
    return nullptr;
  }
  if (PyDict_GET_SIZE(attributes_there.get()) > 0) {
    self->dict = PyDict_Copy(attributes_there.get());
    if (!self->dict) {
      Py_DECREF(object);
      return nullptr;
    }
  }
  return object;
}

CompiledFunction* compiled_function(PyObject* object) {
  return Py_IS_TYPE(object, &type) ? cast(object)->compiled : nullptr;
}

}  // namespace hasten::runtime
