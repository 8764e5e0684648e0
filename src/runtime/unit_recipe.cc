#include "runtime/unit_recipe.h"

#include <cstring>
#include <unordered_map>
#include <unordered_set>

#include "runtime/object_layout.h"
#include "runtime/object_ref.h"

namespace hasten::runtime {
namespace {

using What = Recipe::What;

const std::vector<PyObject*>& singletons() {
  static const std::vector<PyObject*> all{Py_None, Py_True, Py_False, Py_Ellipsis, Py_NotImplemented};
  return all;
}

/// Static types, which nobody can change, and those of extension modules that native code knows.
class OwnTypes {
 public:
  OwnTypes() {
    add_with_subclasses(&PyBaseObject_Type);
    for (const auto& [of, one] :
         {std::pair{"_collections", "deque"}, {"_collections", "defaultdict"}, {"array", "array"}}) {
      ObjectRef name = ObjectRef::steal(PyUnicode_FromString(of));
      ObjectRef module = ObjectRef::steal(name ? PyImport_GetModule(name.get()) : nullptr);
      ObjectRef type = ObjectRef::steal(module ? PyObject_GetAttrString(module.get(), one) : nullptr);
      if (type && PyType_Check(type.get())) {
        add(reinterpret_cast<PyTypeObject*>(type.get()));
      }
    }
    PyErr_Clear();
  }
  PyTypeObject* find(std::string_view name) const {
    const auto found = by_name_.find(name);
    return found == by_name_.end() ? nullptr : found->second;
  }

  bool name_of(const void* type, std::string_view* name) const {
    for (const auto& [one, known] : by_name_) {
      if (known && known == type) {
        *name = one;
        return true;
      }
    }
    return false;
  }

 private:
  void add(PyTypeObject* type) {
    const auto [known, is_new] = by_name_.try_emplace(type->tp_name, type);
    if (!is_new && known->second != type) {
      known->second = nullptr;  // two of one name
    }
  }
  void add_with_subclasses(PyTypeObject* type) {
    if ((type->tp_flags & Py_TPFLAGS_HEAPTYPE) || !seen_.insert(type).second) {
      return;
    }
    add(type);
    ObjectRef list = ObjectRef::steal(PyObject_CallMethod(reinterpret_cast<PyObject*>(&PyType_Type), "__subclasses__",
                                                          "O", reinterpret_cast<PyObject*>(type)));
    for (Py_ssize_t i = 0; list && i < PyList_GET_SIZE(list.get()); ++i) {
      add_with_subclasses(reinterpret_cast<PyTypeObject*>(PyList_GET_ITEM(list.get(), i)));
    }
  }

  std::unordered_map<std::string_view, PyTypeObject*> by_name_;  // their names are the types' own
  std::unordered_set<PyTypeObject*> seen_;
};

/// Those that most code needs, without a look at all others.
PyTypeObject* common_type(std::string_view name) {
  for (PyTypeObject* type : {&PyLong_Type, &PyFloat_Type, &PyComplex_Type, &PyBool_Type, &PyList_Type, &PyTuple_Type,
                             &PyRange_Type, &PyUnicode_Type, &PyDict_Type, &PySet_Type, &PyBytes_Type, &PyFunction_Type,
                             &PyListIter_Type, &PyCFunction_Type, &PyType_Type, &PyBaseObject_Type}) {
    if (name == type->tp_name) {
      return type;
    }
  }
  return nullptr;
}

const OwnTypes& own_types() {
  static const auto* types = new OwnTypes;  // __subclasses__ of static types runs no Python code
  return *types;
}

uint32_t put_text(std::string* text, std::string_view words) {
  const auto at = static_cast<uint32_t>(text->size());
  text->append(words);
  *text += '\0';
  return at;
}

PyMethodDef* method_named(PyTypeObject* type, std::string_view name) {
  for (PyMethodDef* one = type ? type->tp_methods : nullptr; one && one->ml_name; ++one) {
    if (name == one->ml_name) {
      return one;
    }
  }
  return nullptr;
}

/// The method of one of the types that have methods which native code calls.
bool find_method(const void* function, std::string_view* type, const char** method) {
  std::vector<PyTypeObject*> types{&PyUnicode_Type, &PyList_Type,  &PyDict_Type,      &PySet_Type,
                                   &PyBytes_Type,   &PyTuple_Type, &PyByteArray_Type, &PyFrozenSet_Type,
                                   &PyLong_Type,    &PyFloat_Type, &PyComplex_Type,   &PyRange_Type};
  for (const char* name : {"collections.deque", "collections.defaultdict", "array.array"}) {
    if (PyTypeObject* found = own_types().find(name)) {
      types.push_back(found);
    }
  }
  for (PyTypeObject* one : types) {
    for (PyMethodDef* m = one->tp_methods; m && m->ml_name; ++m) {
      if (reinterpret_cast<const void*>(m->ml_meth) == function) {
        *type = one->tp_name;
        *method = m->ml_name;
        return true;
      }
    }
  }
  return false;
}

}  // namespace

PyTypeObject* own_type(std::string_view name) {
  PyTypeObject* common = common_type(name);
  return common ? common : own_types().find(name);
}

const char* module_of(PyObject* function) {
  PyObject* self = PyCFunction_CheckExact(function) ? PyCFunction_GET_SELF(function) : nullptr;
  const PyModuleDef* definition = self && PyModule_CheckExact(self) ? PyModule_GetDef(self) : nullptr;
  return definition ? definition->m_name : nullptr;
}

Recipe recipe_for(const void* thing, const RecipeScope& scope, std::string* text) {
  for (size_t i = 0; i < singletons().size(); ++i) {
    if (thing == singletons()[i]) {
      return {What::Singleton, static_cast<uint32_t>(i)};
    }
  }
  const ObjectLayout& layout = object_layout();
  if (thing == layout.small_ints) {
    return {What::SmallInts};
  }
  if (thing == layout.characters) {
    return {What::CharacterTable};
  }
  for (uint32_t c = 0; layout.characters && c < 256; ++c) {
    if (thing == layout.characters[c]) {
      return {What::Character, c};
    }
  }
  for (uint32_t k = 0; k < scope.mirs.size(); ++k) {
    const mir::MirFunction& f = *scope.mirs[k];
    if (thing == f.function) {
      return {What::Function, k};
    }
    if (thing == scope.wrappers[k]) {
      return {What::Wrapper, k};
    }
    if (thing == PyFunction_GET_CODE(f.function)) {
      return {What::Code, k};
    }
    if (thing == PyFunction_GET_GLOBALS(f.function)) {
      return {What::Globals, k};
    }
    for (uint32_t i = 0; i < f.name_count; ++i) {
      if (thing == f.names[i]) {
        return {What::Name, k, i};
      }
    }
    for (uint32_t i = 0; i < f.const_count; ++i) {
      if (thing == f.consts[i]) {
        return {What::Constant, k, i};
      }
    }
    PyObject* closure = PyFunction_GET_CLOSURE(f.function);
    for (Py_ssize_t i = 0; closure && i < PyTuple_GET_SIZE(closure); ++i) {
      if (thing == PyTuple_GET_ITEM(closure, i)) {
        return {What::Cell, k, static_cast<uint32_t>(i)};
      }
    }
  }
  for (uint32_t k = 0; k < scope.guarded.size(); ++k) {
    if (thing == scope.guarded[k]) {
      return {What::Guarded, k};
    }
  }
  std::string_view type;
  if (own_types().name_of(thing, &type)) {
    return {What::Type, put_text(text, type)};
  }
  const char* method = nullptr;
  if (find_method(thing, &type, &method)) {
    const uint32_t type_at = put_text(text, type);
    return {What::Method, type_at, put_text(text, method)};
  }
  return {};
}

const void* made_by(const Recipe& recipe, const RecipeScope& scope, std::string_view text) {
  const auto words = [&](uint32_t at) { return std::string_view(text.data() + at); };
  const auto mir = [&]() -> const mir::MirFunction* {
    return recipe.a < scope.mirs.size() ? scope.mirs[recipe.a] : nullptr;
  };
  const ObjectLayout& layout = object_layout();
  switch (recipe.what) {
    case What::None:
      return nullptr;
    case What::Constant:
      return mir() && recipe.b < mir()->const_count ? mir()->consts[recipe.b] : nullptr;
    case What::Name:
      return mir() && recipe.b < mir()->name_count ? mir()->names[recipe.b] : nullptr;
    case What::Function:
      return mir() ? mir()->function : nullptr;
    case What::Wrapper:
      return mir() ? scope.wrappers[recipe.a] : nullptr;
    case What::Code:
      return mir() ? PyFunction_GET_CODE(mir()->function) : nullptr;
    case What::Globals:
      return mir() ? PyFunction_GET_GLOBALS(mir()->function) : nullptr;
    case What::Cell: {
      PyObject* closure = mir() ? PyFunction_GET_CLOSURE(mir()->function) : nullptr;
      return closure && recipe.b < static_cast<size_t>(PyTuple_GET_SIZE(closure)) ? PyTuple_GET_ITEM(closure, recipe.b)
                                                                                  : nullptr;
    }
    case What::Guarded:
      return recipe.a < scope.guarded.size() ? scope.guarded[recipe.a] : nullptr;
    case What::Type:
      return own_type(words(recipe.a));
    case What::Method: {
      const PyMethodDef* method = method_named(own_type(words(recipe.a)), words(recipe.b));
      return method ? reinterpret_cast<const void*>(method->ml_meth) : nullptr;
    }
    case What::Singleton:
      return recipe.a < singletons().size() ? singletons()[recipe.a] : nullptr;
    case What::SmallInts:
      return layout.small_ints;
    case What::Character:
      return layout.characters && recipe.a < 256 ? layout.characters[recipe.a] : nullptr;
    case What::CharacterTable:
      return layout.characters;
    case What::Module: {
      ObjectRef name = ObjectRef::steal(PyUnicode_FromString(text.data() + recipe.a));
      PyObject* modules = PyImport_GetModuleDict();
      PyObject* module = name && PyDict_CheckExact(modules) ? PyDict_GetItemWithError(modules, name.get()) : nullptr;
      PyErr_Clear();
      return module && PyModule_CheckExact(module) ? module : nullptr;
    }
  }
  return nullptr;
}

}  // namespace hasten::runtime
