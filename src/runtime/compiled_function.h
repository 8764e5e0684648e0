// One function under hasten.jit: its MIR, its native versions, what has been learnt about it, and how a call finds
// its way among them. The Python object around it is in function_type.h.
//
// Order of a call: the native versions (each checks its arguments' types itself), else compile one for these
// arguments, else the original Python function. Nothing here changes what the call means. A version that turns out
// slower than Python is dropped (dropping.cc).
#pragma once

#include <Python.h>

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "runtime/contest.h"
#include "runtime/expected_names.h"
#include "runtime/hasten_runtime.h"
#include "runtime/interpreter.h"
#include "runtime/object_ref.h"
#include "runtime/stored_mir.h"

namespace hasten::runtime {

class BackgroundTask;
class FramePool;

enum class Tier : uint8_t {
  Native,  ///< the default
  Quick,   ///< always code without optimization (HASTEN_JIT_TIER=quick, for tests that compile far more than they run)
  Optimized,    ///< never (HASTEN_JIT_TIER=optimized)
  Changing,     ///< quick first, and optimized as soon as may be (HASTEN_JIT_TIER=changing, for tests)
  Interpreter,  ///< always the MIR interpreter (HASTEN_JIT_TIER=interpreter, for tests)
  Python,       ///< always the original (HASTEN_JIT_TIER=python)
};

/// From the environment, read once.
Tier tier_from_environment();

/// Where code is generated, by HASTEN_JIT_BACKGROUND, read once.
enum class Background : uint8_t {
  Asked,     ///< in the background for functions that ask for it
  Always,    ///< "1"
  WaitedFor  ///< "wait", for tests: always, and each call waits for it
};
Background background_of_process();

/// Given by _compile when it is loaded; null before.
void set_compiler(const CompileTable* table);
/// Loads _compile if need be. Null with an exception set, or with a reason in *why if it is not installed.
const CompileTable* load_compiler(std::string* why);
bool is_compiler_loaded();
/// Whether that takes no time now. If not, begins to read its library in the background.
bool is_compiler_near();
/// Until it does.
void wait_for_compiler();

class CompiledFunction {
 public:
  CompiledFunction(PyObject* function, PyObject* strict_error, bool is_template);
  ~CompiledFunction();
  CompiledFunction(const CompiledFunction&) = delete;
  CompiledFunction& operator=(const CompiledFunction&) = delete;

  /// The call with all that a vectorcall can carry.
  PyObject* call(PyObject* const* args, size_t nargsf, PyObject* keyword_names);

  /// The MIR, built at the first use; null if the source is not covered (report() says why) or on an exception.
  const mir::MirFunction* mir();
  /// Null if there is none yet.
  const mir::MirFunction* mir_if_made() const { return mir_; }
  /// The MIR out of the cache. False: there is one.
  bool take_mir(std::unique_ptr<StoredMir> made);
  /// strict: raises if the source is not covered. Otherwise true.
  bool check_strict();

  /// Native code of this function has left: finishes the call, or hands the values to the interpreter that entered the
  /// code. Steals `result` (may be null).
  PyObject* land(NativeVersion* version, uint32_t point, const uint64_t* slots, std::span<const uint16_t> owned,
                 PyObject* result);

  /// What hasten.jit.report() shows, as a new dict.
  PyObject* report() const;
  /// {"bodies": what was compiled of this function, entered itself or from others, a dict each; "lines": those on which it
  /// computes something}. Functions that are defined within it, whose codes the tuple names, belong to it.
  PyObject* line_facts(PyObject* nested_codes) const;

  /// The frames that callees see of its activations. REQUIRES: it has a MIR.
  FramePool& frames();
  PyObject* function() const { return function_; }
  /// The Python object around this (borrowed), once it is set.
  PyObject* wrapper() const { return wrapper_; }
  void set_wrapper(PyObject* wrapper) { wrapper_ = wrapper; }
  void count_stored() { ++stored_count_; }
  bool is_template() const { return is_template_; }
  /// A function of an unmodified program (hot.h): the frame of a trampoline has been counted as the call already, and code
  /// that is not sure to be faster is not made.
  void set_behind_trampoline() { is_behind_trampoline_ = true; }
  bool is_behind_trampoline() const { return is_behind_trampoline_; }
  /// Whether a function of an unmodified program is being compiled.
  static bool is_compiling_unseen() { return is_compiling_unseen_; }
  /// Code is generated in a thread of its own; calls run as Python until it is there. See also background_of_process().
  void set_in_background();
  /// Takes in what has been made in the background. False: an exception is set.
  bool take_finished();
  /// Until all is made that was asked for so far.
  void wait_for_background();
  /// CPU time that all compilations of this process took.
  static double compile_seconds() { return compile_seconds_; }
  /// Whether the MIR is still that of the function's code (a program may assign to __code__).
  bool is_current() const;
  int traverse(visitproc visit, void* arg) const;

  /// The CompiledFunction whose MIR this is; null if it is gone.
  static CompiledFunction* of(const mir::MirFunction* function);
  static std::vector<CompiledFunction*> all();  ///< those that have a MIR

 private:
  friend class OsrEntry;

  struct Version {
    NativeVersion* native;
    uint64_t
        shape;  ///< shape_of() the arguments that it was compiled for; kAnyShape: it came out of the cache, and took no call yet
    uint64_t calls = 0;
    uint64_t landings = 0;
    uint64_t contest_at = kContestFirst;  ///< the call at which its contest begins or goes on
    uint64_t compile_ticks = 0;
    uint64_t calls_before = 0;  ///< of them, before a version was last freed
    std::unique_ptr<Contest> contest = nullptr;
  };
  static constexpr uint64_t kContestFirst = 8, kNoContest = UINT64_MAX;
  static constexpr uint64_t kAnyShape = 0;
  /// Arguments of this shape go to Python: native code has lost.
  struct Dropped {
    uint64_t shape;
    uint64_t longest_ticks;  ///< of the calls that were compared
  };
  /// Why a call runs as Python though native code would take it; not at all by default.
  struct PythonTurn {
    NativeVersion* contestant = nullptr;  ///< to be compared with this
    bool is_dropped = false;
    bool is_within = false;  ///< of a call that is compared
    uint64_t shape = 0;
    explicit operator bool() const { return contestant || is_dropped || is_within; }
  };
  /// In the background.
  struct Compilation {
    PreparedUnit* unit;
    std::shared_ptr<BackgroundTask> task;
    uint64_t shape;  ///< kAnyShape: a loop's
    mir::BlockId osr_block;
    NativeVersion* replaces;  ///< or null
    uint64_t ticks;           ///< that its foreground has taken
  };
  struct Learnt {
    mir::ValueId value;
    DeoptReason reason;
    ObjectRef seen;  ///< a type, or nothing
    uint64_t count = 1;
  };

  /// kGuardMiss: run it as Python, for the reason in *turn if that has one.
  PyObject* call_bound(PyObject* const* args, PythonTurn* turn);
  PyObject* call_counted(PyObject* const* args, size_t nargsf, PyObject* keyword_names);
  PyObject* run_original(PyObject* const* args, size_t nargsf, PyObject* keyword_names);
  PyObject* call_original(PyObject* const* args, size_t nargsf, PyObject* keyword_names);
  PyObject* call_interpreter(PyObject* const* args);
  /// Orders arguments as the parameters are. False: not possible (no exception set; the original will raise).
  /// What *args and **kwargs get is kept by the two references.
  bool bind(PyObject* const* args, size_t nargs, PyObject* keyword_names, PyObject** bound, ObjectRef* more_positional,
            ObjectRef* more_keywords) const;
  /// Compiles for these arguments (or for OSR). Null: not possible; an exception may be set.
  NativeVersion* compile(PyObject* const* args, uint32_t count, mir::BlockId osr_block, bool is_quick);
  // compilation.cc
  PreparedUnit* prepare(PyObject* const* args, uint32_t count, mir::BlockId osr_block, bool is_quick);
  NativeVersion* finish(PreparedUnit* unit, mir::BlockId osr_block);
  /// Why there is no code: `reason` (stolen) or, if that is null, `why`; no more if an exception is set.
  void note_refusal(PyObject* reason, const std::string& why, mir::BlockId osr_block);
  /// Puts a version, or null, in the place of `old` (which may be null).
  void settle(NativeVersion* native, uint64_t shape, NativeVersion* old);
  void refuse(uint64_t shape);
  /// Whether calls run as Python while there is no code. Not deep in a recursion of such calls, which takes C stack.
  bool leaves_it_to_the_background() const;
  /// Whether there is nothing to do for this call but to wait for the compiler.
  bool waits_for_compiler();
  /// False: not possible; an exception may be set.
  bool compile_in_background(PyObject* const* args, uint32_t count, uint64_t shape, mir::BlockId osr_block,
                             NativeVersion* replaces);
  const Compilation* under_way(uint64_t shape, mir::BlockId osr_block) const;
  void discard_under_way();
  /// Whether the first code for these arguments is made without optimization.
  bool begins_quickly(PyObject* const* args) const;
  /// A number for what the arguments look like: their types, and those of the first items of lists, two levels deep.
  /// *is_vague: an empty list is among them, which says nothing of its items.
  uint64_t shape_of(PyObject* const* args, bool* is_vague) const;
  /// Takes the versions that the cache has, once. Whether there were any.
  bool load_cached();
  void publish_mir(mir::MirFunction* made);
  void release_mir();
  const InterpreterPlan& plan();
  /// Tries the versions (only those of this shape, or only the others). kGuardMiss if none took the call.
  PyObject* try_versions(PyObject* const* args, uint64_t shape, bool same_shape, PythonTurn* turn);
  bool was_refused(uint64_t shape) const;
  /// Replaces a version of this shape that lands often by a wider one, and one that was made quickly and has run for long by an
  /// optimized one. False: an exception is set.
  bool replace_version(PyObject* const* args, uint64_t shape);
  /// False: enough was compiled, and versions stay however often they land.
  bool may_replace_narrow() const;
  static bool lands_often(const Version& version);
  /// A prediction failed in `native`, or in a function that it calls natively.
  void note_landing(NativeVersion* native);
  PyObject* enter(NativeVersion* native, PyObject* const* args);
  void learn(const DeoptPoint& point, PyObject* object);
  void add_reason(PyObject* reason);
  // dropping.cc
  /// Whether Python has the turn without a look at the versions.
  bool python_has_the_turn(uint64_t shape, PythonTurn* turn) const;
  PyObject* enter_in_contest(size_t index, PyObject* const* args, PythonTurn* turn);
  PyObject* call_in_turn(const PythonTurn& turn, PyObject* const* args, size_t nargsf, PyObject* keyword_names);
  Version* version_of(const NativeVersion* native);
  void after_turn(Version* version);
  void drop(Version* version);
  /// Its code is freed when no call runs it any more.
  void retire(NativeVersion* native);
  void free_retired();
  GainWanted gain_wanted() const;
  /// Whether all calls that came so far run as Python, and are as short as what they call.
  bool stays_python() const;
  /// Makes room for one more version. False: too many were compiled for too few calls.
  bool may_compile();
  bool can_afford_another() const;
  bool raise_strict(PyObject* reason);

  PyObject* function_;  ///< borrowed: the Python object around us owns it
  PyObject* code_;      ///< the code object that the MIR is of, borrowed from the MIR's function while it is current
  PyObject* strict_error_;
  bool is_template_;  ///< see mir.h
  bool is_behind_trampoline_ = false;
  static inline bool is_compiling_unseen_ = false;
  uint32_t trampoline_depth_ = 0;  ///< calls that came through it and are active
  bool is_in_background_;
  std::vector<Compilation> under_way_;
  uint32_t original_depth_ = 0;  ///< calls that run as Python for want of code and are active
  PyObject* wrapper_ = nullptr;
  bool cache_tried_ = false;
  uint64_t loaded_count_ = 0, stored_count_ = 0;  ///< versions out of the cache and into it
  mir::MirFunction* mir_ = nullptr;
  std::unique_ptr<StoredMir> stored_mir_;  ///< owns it if it came out of the cache
  std::unique_ptr<InterpreterPlan> plan_;
  ExpectedNames expected_names_;
  std::unique_ptr<FramePool> frames_;
  uint32_t param_count_ = 0;
  bool mir_tried_ = false;
  bool compiling_ = false;
  std::vector<Version> versions_;  ///< tried in this order
  std::vector<NativeVersion*> osr_versions_, retired_;
  std::vector<Dropped> dropped_;
  PyThreadState* timed_thread_ = nullptr;  ///< runs a call that is compared
  bool timed_as_python_ = false;
  uint32_t python_depth_ = 0;  ///< calls in the turn of Python that are active
  uint64_t misses_ = 0;        ///< calls that found no version, since the last compilation
  uint64_t last_compile_ticks_ = 0;
  double last_compile_s_ = 0;
  uint64_t retired_count_ = 0, contest_calls_ = 0;
  inline static uint64_t compiles_everywhere_ = 0;
  inline static double compile_seconds_ = 0;
  std::vector<uint64_t> refused_;  ///< shapes that could not be compiled
  uint32_t plain_calls_ = 0;       ///< so many more calls run as Python at once
  std::vector<Learnt> learnt_;
  std::vector<ObjectRef> reasons_;
  uint32_t compile_count_ = 0, osr_compile_count_ = 0;  ///< without those in place of quick ones
  uint32_t landing_depth_ = 0;
  std::vector<uint32_t> visits_after_exception_;  ///< of each block
  uint64_t original_calls_ = 0, interpreter_calls_ = 0, osr_entries_ = 0;
};

}  // namespace hasten::runtime
