// Type inference: a forward fixpoint over the SSA values of one function, for one set of argument types, and of
// the Python functions that it calls (one Specialization each, found again by function and argument types).
//
// Method: sweep the blocks in reverse post-order, join at phis, until nothing changes; integer intervals are
// widened after a few sweeps and narrowed again at the end. A use is refined by the branches that dominate it
// (`i < n`, `x is None`, the end of a for loop). List elements are predictions shared by site (type.h).
// Wrong predictions are not errors: native code checks and leaves, what it saw comes back in Experience.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "compile/types/flow.h"
#include "compile/types/known.h"
#include "compile/types/methods.h"
#include "compile/types/type.h"
#include "runtime/hasten_runtime.h"
#include "runtime/liveness.h"
#include "runtime/mir_view.h"
#include "runtime/unit_format.h"

namespace hasten::compile {

/// What native code learned about the values of one function when predictions failed.
struct Experience {
  struct Seen {
    uint32_t overflowed = 0;         ///< 1: left int64; 2: and 128 bits, stays boxed from now on
    uint32_t misses = 0;             ///< how often an operand was no number as had been guessed
    std::vector<PyObject*> classes;  ///< of results that were not predicted; of tuples, tuples of what their items are
  };
  std::map<mir::ValueId, Seen> values;
  /// Name index -> how often a guarded global had changed; runtime::default_key().
  std::map<uint32_t, uint32_t> global_changes;
  std::map<uint32_t, PyObject*> usual_functions;  ///< name index -> the function under hasten.jit that it was at first
};

/// Something that the code assumes about the world: `holder`'s `name` is `expected`.
struct Guard {
  using What = runtime::GuardFacts::What;
  What what;
  const mir::MirFunction* function;  ///< Global: whose globals and builtins; Default: whose parameter
  uint32_t name;                     ///< Global: index into names; Default: which parameter
  PyObject* holder;     ///< ModuleAttribute: the module; FunctionCode: the function; Default: a plain function, or null
  PyObject* attribute;  ///< ModuleAttribute: its name
  PyObject* expected;
  Type type;  ///< of `expected`
};
inline constexpr uint32_t kNoGuard = 0xffffffffu;

struct Specialization;

/// How a Call or CallMethod is done.
struct CallPlan {
  enum class How : uint8_t {
    Boxed,      ///< through CPython; the result's type may be predicted
    Native,     ///< the builtin `known`, emitted or by helper
    Direct,     ///< native call of `target`
    Predicted,  ///< the same, if the callee turns out to be what it is predicted to be
    Instance,   ///< of a plain class: it is made here, and `target` is its __init__
    ListAppend,
    Method,  ///< the C function of a method of CPython's own
  } how = How::Boxed;
  Known known = Known::Other;
  Method method;  ///< of Method
  Specialization* target = nullptr;
  PyObject* predicted = nullptr;   ///< of Predicted: the callee, or a template of it; of Instance: __init__
  uint32_t code_guard = kNoGuard;  ///< that pins the code of the function called, where no look at it is enough
  std::vector<Type> args;          ///< of Direct: what the target takes
  /// What a parameter of the target gets.
  struct Source {
    uint32_t operand;              ///< of the call, the callee's being 0, and a method's receiver then 1
    uint32_t guard = kNoGuard;     ///< or: the default that Unit::guards[guard] pins
    uint32_t packed = mir::kNone;  ///< or: a tuple of so many operands, this one the first

    bool takes(size_t one) const {
      return guard == kNoGuard && operand <= one && one < operand + (packed == mir::kNone ? 1 : packed);
    }
  };
  std::vector<Source> sources;  ///< of Direct, Predicted and Instance: for each parameter that is no cell of a closure
};

/// How a value is put off, see deferred.h.
enum class Deferral : uint8_t { None, LowBits, Product };

/// One function for one set of argument types.
struct Specialization {
  Specialization(const mir::MirFunction& f, std::vector<Type> parameter_types, mir::BlockId osr);

  mir::MirView view;
  std::vector<Type> parameters;  ///< or, for OSR, the types of osr_values
  mir::BlockId osr_block;        ///< kNone: a normal entry
  std::vector<mir::ValueId> osr_values;
  Flow flow;
  std::optional<Flow> before;  ///< for OSR: of the whole function, by which the entry was reached
  mir::Liveness liveness;
  std::vector<Type> types;  ///< of every value
  Type result;
  std::unordered_map<mir::ValueId, CallPlan> calls;
  std::unordered_map<mir::ValueId, uint32_t> guards;  ///< value -> Unit::guards
  /// Arithmetic and comparisons of an object with a number: the kinds of number that the object is taken for. Another
  /// one makes the code leave, and the next version knows better.
  std::unordered_map<mir::ValueId, Kinds> guesses;
  std::unordered_map<mir::ValueId, Deferral> deferred;
  std::unordered_map<mir::ValueId, Interval> counters;   ///< bounds of what grows by little steps
  std::unordered_map<mir::ValueId, SiteId> fresh_sites;  ///< of lists that an instruction makes
  /// What a value has been seen to be (of Experience::Seen::classes): made once, so that lists in it have one site.
  std::map<std::pair<mir::ValueId, PyObject*>, Type> seen_types;
  std::vector<PyObject*> written_globals;  ///< names that it binds or unbinds
  std::string symbol;
  uint32_t index = 0;

  /// The type of `v` where `block` uses it: narrowed by the branches that lead there.
  Type type_at(mir::ValueId v, mir::BlockId block) const;
};

/// Gives the MIR of a Python function; null if its language is not covered.
using MirProvider = const mir::MirFunction* (*)(PyObject* function);
using ExperienceOf = Experience (*)(const mir::MirFunction* function);

/// One root call with everything it calls natively: becomes one LLVM module.
class Unit {
 public:
  Unit(MirProvider mir, ExperienceOf experience_of) : mir_of_(mir), experience_of_(experience_of) {}

  /// The first specialization made is the root.
  Specialization& make(const mir::MirFunction& f, std::vector<Type> parameters, mir::BlockId osr_block);
  /// The specialization of `function` for `args` (found or made); null if it cannot be compiled here.
  Specialization* callee(PyObject* function, std::vector<Type> args);
  /// The MIR of a function under hasten.jit, or null.
  const mir::MirFunction* mir_of(PyObject* function) const {
    return PyFunction_Check(function) ? nullptr : mir_of_(function);
  }
  /// Also, where an unmodified program is compiled, that of a plain function which is known to be what is called.
  const mir::MirFunction* mir_of_callee(PyObject* function) const { return mir_of_(function); }
  /// The function that is a method of this name of a class among the globals of `f` (borrowed); null: there is none, or more.
  PyObject* likely_method(const mir::MirFunction& f, PyObject* name);
  void infer();

  bool predicts_methods = true;  ///< calls of methods by their names, new instances in place
  bool has_predicted_methods = false;
  SiteTable sites;
  std::vector<std::unique_ptr<Specialization>> specializations;
  std::vector<Guard> guards;
  std::vector<PyObject*> kept;  ///< what code of this unit names and nothing else is known to keep (borrowed)

  /// What is predicted of the content of the cell that `v` of `s` is (a MakeCell, or a Const).
  SiteId cell_site(Specialization& s, mir::ValueId v);
  SiteId cell_site(PyObject* cell);
  /// The same for a global that `f` means by `name`.
  SiteId global_site(const mir::MirFunction& f, uint32_t name);
  /// Whether native code of this unit binds or unbinds the global that `f` means by `name`: it is then no constant.
  bool writes_global(const mir::MirFunction& f, uint32_t name) const;

  const Experience* experience(const mir::MirFunction& f) {
    const auto [known, is_new] = experiences_.try_emplace(&f);
    if (is_new)
      known->second = experience_of_(&f);
    return &known->second;
  }
  uint32_t add_guard(const Guard& guard);

 private:
  void take(Specialization& s, const std::vector<Type>& args);
  void narrow();
  void drop_guards_of_written_globals();

  std::unordered_map<PyObject*, SiteId> cell_sites_;
  std::map<std::pair<PyObject*, PyObject*>, SiteId> global_sites_;       ///< (the dict, the name)
  std::map<std::pair<PyObject*, PyObject*>, PyObject*> likely_methods_;  ///< likewise
  MirProvider mir_of_;
  ExperienceOf experience_of_;
  std::map<const mir::MirFunction*, Experience> experiences_;
  bool has_wider_parameters_ = false;  ///< since the last sweep over all specializations
};

/// The type of the iterator that iter(t) gives, or Object.
Type iterator_type(const Type& t, SiteTable& sites);
/// What reversed() of it is, where that is no object.
std::optional<Type> reversed_type(const Type& t, SiteTable& sites);
/// What next() of an iterator gives; Unbound (exhausted) is not part of it.
Type item_type(const Type& iterator, SiteTable& sites);
/// The constant that `v` is, as an object: a Const, or a global or attribute that a guard pins. Else null.
PyObject* constant_object(const Specialization& s, const Unit& unit, mir::ValueId v);

}  // namespace hasten::compile
