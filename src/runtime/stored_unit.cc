#include "runtime/stored_unit.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <string>

#include "runtime/code_key.h"
#include "runtime/defaults.h"
#include "runtime/function_type.h"
#include "runtime/helpers.h"
#include "runtime/native_unit.h"
#include "runtime/object_layout.h"
#include "runtime/stored_mir.h"
#include "runtime/unit_cache.h"
#include "runtime/unit_recipe.h"

namespace hasten::runtime {
namespace {

/// Where a MIR function comes from.
enum class Origin : uint32_t {
  Root,      ///< it is the function that was called
  Guarded,   ///< guard `a` expects it
  Constant,  ///< the template consts[b] of MIR `a`
  Method,    ///< of the class that the root's globals have by the name at `a`, by the name at `b`
};

struct StoredFunction {
  Origin origin;
  uint32_t a, b;
  Fingerprint code;
  StoredMirFacts mir;
};

struct StoredGuard {
  Recipe holder, attribute;
  Part expected;  ///< see put_expected()
};

struct StoredFacts {
  Part unit;       ///< bytes: UnitFacts and what belongs to them
  Part recipes;    ///< of Recipe: one an address
  Part functions;  ///< of StoredFunction: one a MIR
  Part guards;     ///< of StoredGuard
  Part text;       ///< of char: names in recipes
};

/// "module\0name" of a function of a C module.
std::string c_function_name(PyObject* function) {
  const char* module = module_of(function);
  std::string name;
  if (module) {
    name.append(module).append(1, '\0').append(reinterpret_cast<PyCFunctionObject*>(function)->m_ml->ml_name);
  }
  return name;
}

/// The functions of a class that a global names, each with both names, until `look` says that it has seen enough.
template <class Look>
void each_method(PyObject* globals, Look look) {
  PyObject *class_name = nullptr, *value = nullptr, *name = nullptr, *method = nullptr;
  for (Py_ssize_t at = 0; PyDict_Next(globals, &at, &class_name, &value);) {
    if (!PyType_Check(value) || !PyUnicode_Check(class_name))
      continue;
    PyObject* const own = reinterpret_cast<PyTypeObject*>(value)->tp_dict;
    for (Py_ssize_t k = 0; own && PyDict_Next(own, &k, &name, &method);) {
      if (PyUnicode_Check(name) && look(class_name, name, method))
        return;
    }
  }
}

/// The text that begins at `at`; empty: there is none.
std::string_view text_at(std::string_view text, uint32_t at) {
  const size_t end = at < text.size() ? text.find('\0', at) : std::string_view::npos;
  return end == std::string_view::npos ? std::string_view() : text.substr(at, end - at);
}

bool is_text(PyObject* object, std::string_view text) {
  Py_ssize_t size = 0;
  const char* own = PyUnicode_AsUTF8AndSize(object, &size);
  if (!own)
    PyErr_Clear();
  return own && std::string_view(own, static_cast<size_t>(size)) == text;
}

std::string tagged(char letter, std::string_view rest) {
  std::string all(1, letter);
  all.append(rest);
  return all;
}

/// What a guard expects, as bytes that are compared: a letter and
///   V bytes         a constant, as marshal writes it
///   J index         the object around the MIR function with this index: it is compared by its code
///   C module name   a function of a C module
///   T name          a type of CPython's own
///   M name          a module
///   I name          this very object, exactly of a type of CPython's own of which the compiler takes nothing for granted
/// Empty: it cannot be told.
std::string expected_bytes(PyObject* object, const RecipeScope& scope) {
  if (PyLong_CheckExact(object) || PyFloat_CheckExact(object) || PyComplex_CheckExact(object) ||
      PyUnicode_CheckExact(object) || PyBytes_CheckExact(object) || PyBool_Check(object) || object == Py_None ||
      object == Py_Ellipsis) {
    std::string bytes;
    return append_marshalled(object, &bytes) ? tagged('V', bytes) : "";
  }
  if (compiled_function(object)) {
    const auto found = std::find(scope.wrappers.begin(), scope.wrappers.end(), object);
    return found == scope.wrappers.end() ? "" : tagged('J', std::to_string(found - scope.wrappers.begin()));
  }
  if (const std::string name = c_function_name(object); !name.empty()) {
    return tagged('C', name);
  }
  if (PyType_Check(object)) {
    const char* name = reinterpret_cast<PyTypeObject*>(object)->tp_name;
    return own_type(name) == reinterpret_cast<PyTypeObject*>(object) ? tagged('T', name) : "";
  }
  if (PyModule_CheckExact(object)) {
    const char* name = PyModule_GetName(object);
    PyErr_Clear();
    return name ? tagged('M', name) : "";
  }
  for (PyTypeObject* type : {&PyList_Type, &PyDict_Type, &PySet_Type, &PyFunction_Type}) {
    if (Py_IS_TYPE(object, type)) {
      return tagged('I', type->tp_name);
    }
  }
  return "";
}

// --- Storing --------------------------------------------------------------------------------------------------------

class Storing {
 public:
  explicit Storing(const UnitParts& parts)
      : parts_(parts), facts_(*reinterpret_cast<const UnitFacts*>(parts.facts)), writer_(sizeof(StoredFacts)) {}

  /// Empty: it cannot be stored.
  std::vector<uint8_t> bytes() {
    if (!find_scope()) {
      return {};
    }
    StoredFacts stored = {};
    std::vector<StoredFunction> functions;
    for (uint32_t k = 0; k < facts_.mir_count; ++k) {
      StoredFunction function = {};
      auto* code = reinterpret_cast<PyCodeObject*>(PyFunction_GET_CODE(scope_.mirs[k]->function));
      if (!find_origin(k, &function) || !fingerprint_of(code, &function.code) ||
          !store_mir(*scope_.mirs[k], &writer_, &function.mir)) {
        return {};
      }
      functions.push_back(function);
    }
    std::vector<StoredGuard> guards;
    for (uint32_t k = 0; k < facts_.guards.count; ++k) {
      const GuardFacts& guard = part<GuardFacts>(facts_.guards)[k];
      StoredGuard one = {};
      const std::string expected = guard.what == GuardFacts::What::FunctionCode
                                       ? std::string(1, 'F')  // the functions' codes are compared
                                       : expected_bytes(scope_.guarded[k], scope_);
      if (expected.empty() || !recipe_of_part(guard.holder, &one.holder) ||
          !recipe_of_part(guard.attribute, &one.attribute)) {
        return {};
      }
      one.expected = writer_.add(expected);
      guards.push_back(one);
    }
    std::vector<Recipe> recipes;
    for (uint32_t k = 0; k < facts_.addresses.count; ++k) {
      Recipe recipe;
      if (part<AddressFacts>(facts_.addresses)[k].kind == AddressKind::Object) {
        recipe = recipe_for(parts_.objects[k], scope_, &text_);
        if (recipe.what == Recipe::What::None && !is_only_guards(k)) {
          return {};
        }
      }
      recipes.push_back(recipe);
    }
    stored.unit = writer_.add(parts_.facts, parts_.facts_bytes);
    stored.recipes = writer_.add(recipes);
    stored.functions = writer_.add(functions);
    stored.guards = writer_.add(guards);
    stored.text = writer_.add(text_);
    writer_.put_head(stored);
    return std::move(writer_.bytes());
  }

 private:
  template <class T>
  const T* part(const Part& part) const {
    return reinterpret_cast<const T*>(parts_.facts + part.offset);
  }

  PyObject* object(uint32_t address) const {
    return address == kNoIndex ? nullptr : static_cast<PyObject*>(const_cast<void*>(parts_.objects[address]));
  }

  /// False: a function of the unit is not under hasten.jit any more.
  bool find_scope() {
    for (uint32_t k = 0; k < facts_.mir_count; ++k) {
      scope_.mirs.push_back(parts_.mirs[k]);
      CompiledFunction* function = CompiledFunction::of(parts_.mirs[k]);
      if (!function || !function->wrapper() || !function->is_current()) {
        return false;
      }
      scope_.wrappers.push_back(function->wrapper());
    }
    for (uint32_t k = 0; k < facts_.guards.count; ++k) {
      scope_.guarded.push_back(object(part<GuardFacts>(facts_.guards)[k].expected));
    }
    return facts_.mir_count > 0;
  }

  bool find_origin(uint32_t k, StoredFunction* function) {
    if (k == part<BodyFacts>(facts_.bodies)[0].mir) {
      function->origin = Origin::Root;
      return !scope_.mirs[k]->is_template;
    }
    for (uint32_t g = 0; g < scope_.guarded.size(); ++g) {
      if (scope_.guarded[g] == scope_.wrappers[k]) {
        function->origin = Origin::Guarded, function->a = g;
        return true;
      }
    }
    for (uint32_t m = 0; m < scope_.mirs.size(); ++m) {
      for (uint32_t c = 0; c < scope_.mirs[m]->const_count; ++c) {
        if (scope_.mirs[m]->consts[c] == scope_.wrappers[k]) {
          function->origin = Origin::Constant, function->a = m, function->b = c;
          return true;
        }
      }
    }
    return find_method(scope_.wrappers[k], function);
  }

  bool find_method(PyObject* wrapper, StoredFunction* function) {
    bool found = false;
    each_method(PyFunction_GET_GLOBALS(scope_.mirs[part<BodyFacts>(facts_.bodies)[0].mir]->function),
                [&](PyObject* class_name, PyObject* name, PyObject* method) {
                  if (method != wrapper)
                    return false;
                  function->origin = Origin::Method;
                  found = add_text(class_name, &function->a) && add_text(name, &function->b);
                  return true;
                });
    return found;
  }

  bool add_text(PyObject* text, uint32_t* at) {
    *at = static_cast<uint32_t>(text_.size());
    Py_ssize_t size = 0;
    const char* utf8 = PyUnicode_AsUTF8AndSize(text, &size);
    if (!utf8 || std::strlen(utf8) != static_cast<size_t>(size)) {
      PyErr_Clear();
      return false;
    }
    text_.append(utf8).append(1, '\0');
    return true;
  }

  bool recipe_of_part(uint32_t address, Recipe* recipe) {
    if (address == kNoIndex) {
      return true;
    }
    *recipe = recipe_for(parts_.objects[address], scope_, &text_);
    if (recipe->what == Recipe::What::None && PyModule_CheckExact(object(address))) {
      const char* name = PyModule_GetName(object(address));
      PyErr_Clear();
      if (name) {
        *recipe = {Recipe::What::Module, static_cast<uint32_t>(text_.size())};
        text_.append(name).append(1, '\0');
      }
    }
    return recipe->what != Recipe::What::None;
  }

  /// Whether the code itself does not name this address.
  bool is_only_guards(uint32_t address) const {
    const uint32_t* slots = part<uint32_t>(facts_.slots);
    const uint32_t* kept = part<uint32_t>(facts_.kept);
    return std::find(slots, slots + facts_.slots.count, address) == slots + facts_.slots.count &&
           std::find(kept, kept + facts_.kept.count, address) == kept + facts_.kept.count;
  }

  const UnitParts& parts_;
  const UnitFacts& facts_;
  RecipeScope scope_;
  PartWriter writer_;
  std::string text_;
};

// --- Loading --------------------------------------------------------------------------------------------------------

class Loading {
 public:
  Loading(const CachedFile& file, CompiledFunction* root, PyObject* wrapper)
      : file_(file),
        reader_(file.facts().data()),
        stored_(reader_.head<StoredFacts>()),
        unit_(reader_.items<uint8_t>(stored_.unit)),
        facts_(unit_.head<UnitFacts>()) {
    scope_.mirs.resize(facts_.mir_count);
    scope_.wrappers.resize(facts_.mir_count);
    scope_.guarded.resize(facts_.guards.count);
    is_looked_at_.resize(facts_.guards.count);
    is_sought_.resize(facts_.mir_count);
    root_ = root, root_wrapper_ = wrapper;
  }

  /// Null: it does not fit this process.
  NativeVersion* version() {
    for (uint32_t k = 0; k < facts_.mir_count; ++k) {
      if (!find_mir(k)) {
        return nullptr;
      }
    }
    for (uint32_t k = 0; k < facts_.guards.count; ++k) {
      if (!find_guarded(k)) {
        return nullptr;
      }
    }
    if (!find_objects()) {
      return nullptr;
    }
    auto unit = std::make_unique<NativeUnit>();
    const auto* begin = reader_.items<uint8_t>(stored_.unit);
    unit->own_facts.assign(begin, begin + stored_.unit.count);
    unit->facts_begin = unit->own_facts.data();
    auto loaded =
        load_unit(std::move(unit), {nullptr, file_.file(), file_.code_offset()}, objects_.data(), scope_.mirs.data());
    return loaded ? loaded.value() : nullptr;
  }

 private:
  const StoredFunction& function(uint32_t k) const { return reader_.items<StoredFunction>(stored_.functions)[k]; }
  std::string_view text() const { return reader_.text(stored_.text); }

  bool find_mir(uint32_t k) {
    if (scope_.mirs[k] || is_sought_[k]) {
      return scope_.mirs[k] != nullptr;
    }
    is_sought_[k] = true;
    const StoredFunction& from = function(k);
    CompiledFunction* found = nullptr;
    PyObject* wrapper = nullptr;
    if (from.origin == Origin::Root) {
      found = root_, wrapper = root_wrapper_;
    } else if (from.origin == Origin::Guarded) {
      wrapper = from.a < scope_.guarded.size() ? look_up(from.a) : nullptr;
    } else if (from.origin == Origin::Constant && from.a < facts_.mir_count && find_mir(from.a) &&
               from.b < scope_.mirs[from.a]->const_count) {
      wrapper = scope_.mirs[from.a]->consts[from.b];
    } else if (from.origin == Origin::Method) {
      each_method(
          PyFunction_GET_GLOBALS(root_->function()), [&](PyObject* class_name, PyObject* name, PyObject* method) {
            const bool is_it = is_text(class_name, text_at(text(), from.a)) && is_text(name, text_at(text(), from.b));
            wrapper = is_it ? method : wrapper;
            return is_it;
          });
    }
    found = found ? found : wrapper ? compiled_function(wrapper) : nullptr;
    Fingerprint code = {};
    if (!found || !found->is_current() ||
        !fingerprint_of(reinterpret_cast<PyCodeObject*>(PyFunction_GET_CODE(found->function())), &code) ||
        code != from.code) {
      return false;
    }
    if (const mir::MirFunction* known = found->mir_if_made()) {
      if (!StoredMir::is_same(from.mir, reader_, *known)) {
        return false;
      }
    } else {
      auto made = StoredMir::read(from.mir, reader_, found->function());
      if (!made || !found->take_mir(std::move(made))) {
        return false;
      }
    }
    scope_.mirs[k] = found->mir_if_made();
    scope_.wrappers[k] = wrapper;
    return true;
  }

  /// What the thing that guard `g` watches is now (borrowed).
  PyObject* look_up(uint32_t g) {
    if (is_looked_at_[g]) {
      return scope_.guarded[g];
    }
    is_looked_at_[g] = true;
    const GuardFacts& guard = unit_.items<GuardFacts>(facts_.guards)[g];
    const StoredGuard& stored = reader_.items<StoredGuard>(stored_.guards)[g];
    PyObject* now = nullptr;
    if (guard.what == GuardFacts::What::Global) {
      if (guard.mir < facts_.mir_count && find_mir(guard.mir) && guard.name < scope_.mirs[guard.mir]->name_count) {
        now = hrt_peek_global(scope_.mirs[guard.mir], guard.name);
      }
    } else if (guard.what == GuardFacts::What::Default) {
      if (guard.mir < facts_.mir_count && find_mir(guard.mir)) {
        now = default_of(scope_.mirs[guard.mir]->function, guard.name);
      }
    } else if (auto* holder = static_cast<PyObject*>(made(stored.holder))) {
      if (guard.what == GuardFacts::What::FunctionCode) {
        now = PyFunction_Check(holder) ? PyFunction_GET_CODE(holder) : nullptr;
      } else if (auto* name = static_cast<PyObject*>(made(stored.attribute)); name && PyModule_CheckExact(holder)) {
        now = PyDict_GetItemWithError(PyModule_GetDict(holder), name);
        PyErr_Clear();
      }
    }
    return scope_.guarded[g] = now;
  }

  bool find_guarded(uint32_t g) {
    PyObject* now = look_up(g);
    const GuardFacts& guard = unit_.items<GuardFacts>(facts_.guards)[g];
    if (!now) {
      return false;
    }
    if (guard.what == GuardFacts::What::FunctionCode) {
      return true;
    }
    const std::string_view expected = reader_.text(reader_.items<StoredGuard>(stored_.guards)[g].expected);
    return !expected.empty() && expected_bytes(now, scope_) == expected;
  }

  /// What a recipe makes, once what it refers to is known.
  void* made(const Recipe& recipe) {
    using What = Recipe::What;
    switch (recipe.what) {
      case What::Constant:
      case What::Name:
      case What::Function:
      case What::Wrapper:
      case What::Code:
      case What::Globals:
      case What::Cell:
        if (recipe.a >= facts_.mir_count || !find_mir(recipe.a)) {
          return nullptr;
        }
        break;
      case What::Guarded:
        if (recipe.a >= facts_.guards.count || !look_up(recipe.a)) {
          return nullptr;
        }
        break;
      default:
        break;
    }
    return const_cast<void*>(made_by(recipe, scope_, text()));
  }

  /// The compiler took things at different addresses for different things, and one thing for one.
  bool find_objects() {
    const auto* addresses = unit_.items<AddressFacts>(facts_.addresses);
    const auto* recipes = reader_.items<Recipe>(stored_.recipes);
    objects_.resize(facts_.addresses.count);
    std::vector<const void*> all;
    for (uint32_t k = 0; k < facts_.addresses.count; ++k) {
      if (addresses[k].kind != AddressKind::Object) {
        continue;
      }
      if (recipes[k].what == Recipe::What::None) {
        continue;  // a guard's alone
      }
      objects_[k] = made(recipes[k]);
      if (!objects_[k]) {
        return false;
      }
      all.push_back(objects_[k]);
    }
    const auto* guards = unit_.items<GuardFacts>(facts_.guards);
    for (uint32_t k = 0; k < facts_.guards.count; ++k) {
      const StoredGuard& stored = reader_.items<StoredGuard>(stored_.guards)[k];
      const auto put = [&](uint32_t address, const void* object) {
        if (address == kNoIndex) {
          return true;
        }
        if (!objects_[address]) {
          objects_[address] = object;
          all.push_back(object);
        }
        return objects_[address] == object;
      };
      if (!put(guards[k].expected, scope_.guarded[k]) || !put(guards[k].holder, made(stored.holder)) ||
          !put(guards[k].attribute, made(stored.attribute))) {
        return false;
      }
    }
    std::sort(all.begin(), all.end());
    return std::adjacent_find(all.begin(), all.end()) == all.end();
  }

  const CachedFile& file_;
  PartReader reader_;
  const StoredFacts& stored_;
  PartReader unit_;
  const UnitFacts& facts_;
  RecipeScope scope_;
  std::vector<bool> is_looked_at_, is_sought_;
  std::vector<const void*> objects_;
  CompiledFunction* root_ = nullptr;
  PyObject* root_wrapper_ = nullptr;
};

std::optional<Fingerprint> key_of(CompiledFunction* function) {
  Fingerprint code = {};
  if (!fingerprint_of(reinterpret_cast<PyCodeObject*>(PyFunction_GET_CODE(function->function())), &code)) {
    return std::nullopt;
  }
  std::string key = process_key();
  key.append(reinterpret_cast<const char*>(code.data()), sizeof code);
  return fingerprint_of(key);
}

/// Where code is kept that was made quickly for the same types of arguments.
std::optional<uint32_t> quick_slot(const UnitCache& cache, const Fingerprint& key, std::string_view types) {
  for (uint32_t slot = 0; slot < UnitCache::kSlots; ++slot) {
    const auto file = cache.find(key, slot);
    if (!file) {
      break;
    }
    const PartReader reader(file->facts().data());
    const PartReader unit(reader.items<uint8_t>(reader.head<StoredFacts>().unit));
    const auto& facts = unit.head<UnitFacts>();
    if (facts.is_quick &&
        types == unit.items<char>(facts.text) + unit.items<BodyFacts>(facts.bodies)->parameter_types) {
      return slot;
    }
  }
  return std::nullopt;
}

}  // namespace

void store_unit(const UnitParts& parts) {
  UnitCache* cache = UnitCache::of_process();
  const auto& facts = *reinterpret_cast<const UnitFacts*>(parts.facts);
  const auto& root = *reinterpret_cast<const BodyFacts*>(parts.facts + facts.bodies.offset);
  CompiledFunction* function = cache ? CompiledFunction::of(parts.mirs[root.mir]) : nullptr;
  if (!function || root.osr_block != mir::kNone || function->is_behind_trampoline()) {
    return;
  }
  const KeepError keep;
  const auto key = key_of(function);
  const std::vector<uint8_t> bytes = key ? Storing(parts).bytes() : std::vector<uint8_t>();
  if (!bytes.empty()) {
    const auto slot =
        facts.is_quick
            ? std::nullopt
            : quick_slot(*cache, *key,
                         reinterpret_cast<const char*>(parts.facts + facts.text.offset) + root.parameter_types);
    cache->store(*key, slot, bytes, parts.code, facts.code_bytes);
    function->count_stored();
  }
}

bool is_cached(CompiledFunction* function) {
  UnitCache* cache = UnitCache::of_process();
  const auto key = cache ? key_of(function) : std::nullopt;
  return key && cache->find(*key, 0);
}

std::vector<NativeVersion*> cached_units(CompiledFunction* function, PyObject* wrapper) {
  std::vector<NativeVersion*> found;
  UnitCache* cache = function->is_behind_trampoline() || function->is_template() ? nullptr : UnitCache::of_process();
  const auto key = cache ? key_of(function) : std::nullopt;
  for (uint32_t slot = 0; key && slot < UnitCache::kSlots; ++slot) {
    const auto file = cache->find(*key, slot);
    if (!file) {
      break;
    }
    if (NativeVersion* version = Loading(*file, function, wrapper).version()) {
      found.insert(found.begin(), version);
    }
  }
  return found;
}

}  // namespace hasten::runtime
