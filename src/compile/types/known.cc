#include "compile/types/known.h"

#include <cstring>
#include <memory>
#include <unordered_map>

namespace hasten::compile {
namespace {

struct Entry {
  const char* name;
  Known known;
};

constexpr Entry kBuiltins[] = {
    {"abs", Known::Abs},       {"min", Known::Min},
    {"max", Known::Max},       {"sum", Known::Sum},
    {"round", Known::Round},   {"divmod", Known::Divmod},
    {"pow", Known::Pow},       {"len", Known::Len},
    {"range", Known::Range},   {"enumerate", Known::Enumerate},
    {"zip", Known::Zip},       {"reversed", Known::Reversed},
    {"int", Known::Int},       {"float", Known::Float},
    {"bool", Known::Bool},     {"complex", Known::Complex},
    {"list", Known::List},     {"tuple", Known::Tuple},
    {"sorted", Known::Sorted}, {"isinstance", Known::Isinstance},
    {"any", Known::Any},       {"all", Known::All},
    {"ord", Known::Ord},       {"chr", Known::Chr},
    {"bin", Known::Bin},       {"hex", Known::ToText},
    {"oct", Known::ToText},    {"repr", Known::ToText},
    {"ascii", Known::ToText},  {"str", Known::Str},
};

constexpr Entry kMath[] = {
    {"sqrt", Known::Sqrt},
    {"sin", Known::Sin},
    {"cos", Known::Cos},
    {"tan", Known::Tan},
    {"asin", Known::Asin},
    {"acos", Known::Acos},
    {"atan", Known::Atan},
    {"sinh", Known::Sinh},
    {"cosh", Known::Cosh},
    {"tanh", Known::Tanh},
    {"asinh", Known::Asinh},
    {"acosh", Known::Acosh},
    {"atanh", Known::Atanh},
    {"exp", Known::Exp},
    {"expm1", Known::Expm1},
    {"log", Known::Log},
    {"log2", Known::Log2},
    {"log10", Known::Log10},
    {"log1p", Known::Log1p},
    {"fabs", Known::Fabs},
    {"floor", Known::Floor},
    {"ceil", Known::Ceil},
    {"trunc", Known::Trunc},
    {"atan2", Known::Atan2},
    {"copysign", Known::Copysign},
    {"isnan", Known::Isnan},
    {"isinf", Known::Isinf},
    {"isfinite", Known::Isfinite},
    {"degrees", Known::Degrees},
    {"radians", Known::Radians},
    {"pow", Known::MathFloat},
    {"fmod", Known::MathFloat},
    {"hypot", Known::MathFloat},
    {"dist", Known::MathFloat},
    {"gamma", Known::MathFloat},
    {"lgamma", Known::MathFloat},
    {"erf", Known::Erf},
    {"erfc", Known::Erfc},
    {"cbrt", Known::Cbrt},
    {"exp2", Known::Exp2},
    {"fsum", Known::MathFloat},
    {"ldexp", Known::MathFloat},
    {"remainder", Known::MathFloat},
    {"ulp", Known::MathFloat},
    {"nextafter", Known::MathFloat},
    {"fma", Known::MathFloat},
    {"gcd", Known::MathInt},
    {"lcm", Known::MathInt},
    {"factorial", Known::MathInt},
    {"isqrt", Known::MathInt},
    {"comb", Known::MathInt},
    {"perm", Known::MathInt},
    {"isclose", Known::MathBool},
};

constexpr Entry kCmath[] = {
    {"sqrt", Known::CmathComplex}, {"exp", Known::CmathComplex},   {"log", Known::CmathComplex},
    {"sin", Known::CmathComplex},  {"cos", Known::CmathComplex},   {"tan", Known::CmathComplex},
    {"sinh", Known::CmathComplex}, {"cosh", Known::CmathComplex},  {"tanh", Known::CmathComplex},
    {"asin", Known::CmathComplex}, {"acos", Known::CmathComplex},  {"atan", Known::CmathComplex},
    {"rect", Known::CmathComplex}, {"log10", Known::CmathComplex}, {"phase", Known::MathFloat},
    {"isnan", Known::MathBool},    {"isinf", Known::MathBool},     {"isfinite", Known::MathBool},
    {"isclose", Known::MathBool},
};

/// Whether this is the function or type that CPython made under that name: a program may have patched the module
/// (`math.sqrt = math.sin`) before we look.
bool is_original(PyObject* object, const char* name) {
  if (PyCFunction_CheckExact(object)) {
    return std::strcmp(reinterpret_cast<PyCFunctionObject*>(object)->m_ml->ml_name, name) == 0;
  }
  return PyType_Check(object) && std::strcmp(reinterpret_cast<PyTypeObject*>(object)->tp_name, name) == 0;
}

template <size_t N>
void read_module(const char* module_name, const Entry (&entries)[N], std::unordered_map<PyObject*, Known>& table) {
  PyObject* module = PyImport_ImportModule(module_name);
  if (!module) {
    PyErr_Clear();
    return;
  }
  for (const Entry& entry : entries) {
    // The reference is kept for ever: an object of the table must never be freed and its address used again.
    if (PyObject* object = PyObject_GetAttrString(module, entry.name)) {
      if (is_original(object, entry.name))
        table.emplace(object, entry.known);
    } else {
      PyErr_Clear();  // a newer function than this Python has
    }
  }
  Py_DECREF(module);
}

/// Importing runs Python code, which may hand the GIL to a thread that asks for the table too: the guard of a
/// static with an initialiser would then make that thread wait with the GIL in its hand, for ever.
std::unordered_map<PyObject*, Known>& table() {
  static std::unordered_map<PyObject*, Known>* known = nullptr;  // read and written under the GIL
  if (!known) {
    auto made = std::make_unique<std::unordered_map<PyObject*, Known>>();
    read_module("builtins", kBuiltins, *made);
    read_module("math", kMath, *made);
    read_module("cmath", kCmath, *made);
    if (!known)
      known = made.release();  // else another thread was faster
  }
  return *known;
}

}  // namespace

namespace {

/// The module may be imported at any time, or never: it is asked, and not imported.
Known heap_function(PyObject* object) {
  if (!PyCFunction_CheckExact(object))
    return Known::Other;
  const char* name = reinterpret_cast<PyCFunctionObject*>(object)->m_ml->ml_name;
  const Known known = std::strcmp(name, "heappush") == 0  ? Known::HeapPush
                      : std::strcmp(name, "heappop") == 0 ? Known::HeapPop
                                                          : Known::Other;
  PyObject* self = PyCFunction_GET_SELF(object);
  if (known == Known::Other || !self || !PyModule_CheckExact(self))
    return Known::Other;
  const char* module = PyModule_GetName(self);
  if (!module)
    PyErr_Clear();
  return module && std::strcmp(module, "_heapq") == 0 ? known : Known::Other;
}

}  // namespace

Known known_of(PyObject* object) {
  const auto found = table().find(object);
  return found == table().end() ? heap_function(object) : found->second;
}

bool is_module(PyObject* object) { return PyModule_CheckExact(object); }

}  // namespace hasten::compile
