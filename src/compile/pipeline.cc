#include "compile/pipeline.h"

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <llvm/IR/LLVMContext.h>
#include <llvm/IR/Module.h>

#include "compile/jit/code.h"
#include "compile/lower/module.h"
#include "compile/syntax/build_mir.h"
#include "compile/types/sample.h"
#include "compile/types/worth.h"
#include "compile/unit_facts.h"
#include "runtime/object_ref.h"
#include "runtime/walked_by.h"

namespace hasten::compile {
namespace {

runtime::RuntimeTable runtime_table;

const mir::MirFunction* mir_of(PyObject* callable) {
  return runtime_table.mir_of ? runtime_table.mir_of(callable) : nullptr;
}

/// Types of the arguments, or of the values that an entry in mid-loop brings along.
std::vector<Type> argument_types(PyObject* const* args, uint32_t count, bool osr, SiteTable& sites) {
  std::vector<Type> types;
  for (uint32_t k = 0; k < count; ++k) {
    Type t = type_of_argument(args[k], sites);
    // Iterators that only the interpreter's value table knows become native iterators.
    if (osr && args[k] && Py_REFCNT(args[k]) == 1) {
      if (Py_TYPE(args[k]) == &PyRangeIter_Type)
        t = Type::of(kRangeIter);
      if (PyObject* walked = runtime::walked_by(args[k])) {
        const Type it = iterator_type(type_of_argument(walked, sites), sites);
        if (it.only(kListIter) || PyTuple_CheckExact(walked)) {
          t = Type::of(kListIter);
          t.site = PyList_CheckExact(walked) ? it.site : kNoSite;
          t.cls = PyList_CheckExact(walked) ? nullptr : Py_TYPE(walked);
          t.code = it.code;
        }
        Py_DECREF(walked);
        if (t.only(kListIter) && runtime::walks_back(args[k]))
          t = Type::with_items(kReversed, {t});
      }
    }
    if (t.object && args[k] && !PyFunction_Check(args[k]) && mir_of(args[k]))
      t = Type::function(args[k], {});
    types.push_back(std::move(t));
  }
  return types;
}

/// What the runtime has learnt of a function.
Experience experience_of(const mir::MirFunction* function) {
  Experience all;
  runtime_table.lessons(function, &all, [](void* taker, const runtime::Lesson& lesson) {
    auto& experience = *static_cast<Experience*>(taker);
    if (lesson.value == mir::kNone) {
      experience.global_changes[lesson.name] = lesson.misses;
      if (lesson.class_count > 0)
        experience.usual_functions[lesson.name] = lesson.classes[0];
    } else {
      experience.values[lesson.value] = {
          lesson.overflowed, lesson.misses, {lesson.classes, lesson.classes + lesson.class_count}};
    }
  });
  return all;
}

}  // namespace
}  // namespace hasten::compile

/// What one compilation works on. Code generation uses the context, the module, and what follows them.
struct hasten::runtime::PreparedUnit {
  compile::Unit unit{compile::mir_of, compile::experience_of};
  compile::UnitRecord record;
  double gain = 1;
  std::vector<ObjectRef> kept;  ///< what the code names, until it is loaded
  llvm::LLVMContext context;
  std::unique_ptr<llvm::Module> module;
  compile::CodeWanted wanted;
  compile::CompileTimes times;
  std::optional<Result<compile::LinkedCode>> code;

  void keep_alive() {
    for (PyObject* object : unit.kept) kept.push_back(ObjectRef::share(object));
    for (const compile::Guard& guard : unit.guards) {
      for (PyObject* object : {guard.expected, guard.holder, guard.attribute}) {
        if (object)
          kept.push_back(ObjectRef::share(object));
      }
    }
  }
};

namespace hasten::compile {

void set_up(const runtime::RuntimeTable& table) {
  runtime_table = table;
  syntax::set_template_maker(table.new_template);
}

namespace {

/// A unit in which every value has a type.
std::unique_ptr<runtime::PreparedUnit> typed(const mir::MirFunction& function, PyObject* const* args,
                                             uint32_t arg_count, mir::BlockId osr_block, bool predicts_methods) {
  auto prepared = std::make_unique<runtime::PreparedUnit>();
  Unit& unit = prepared->unit;
  unit.predicts_methods = predicts_methods;
  const bool osr = osr_block != mir::kNone;
  Specialization& root = unit.make(function, argument_types(args, arg_count, osr, unit.sites), osr_block);
  for (uint32_t k = 0; osr && k < arg_count; ++k) {  // cells that the code before the loop has made
    if (args[k] && PyCell_Check(args[k]))
      root.fresh_sites[root.osr_values[k]] = unit.cell_site(args[k]);
  }
  unit.infer();
  return prepared;
}

}  // namespace

runtime::PreparedUnit* prepare(const mir::MirFunction* function, PyObject* const* args, uint32_t arg_count,
                               mir::BlockId osr_block, bool is_quick, runtime::GainWanted gain_wanted,
                               PyObject** reason) {
  const auto start = ThreadClock::now();
  auto prepared = typed(*function, args, arg_count, osr_block, true);
  auto why = why_not_exact(prepared->unit);
  if (why && prepared->unit.has_predicted_methods) {  // numbers that they give would have stayed objects
    prepared = typed(*function, args, arg_count, osr_block, false);
    why = why_not_exact(prepared->unit);
  }
  Unit& unit = prepared->unit;
  if (!why)
    why = why_not_worth(unit, args, gain_wanted, &prepared->gain);
  prepared->times.types_ms = ThreadClock::now() - start;
  if (!why) {
    std::string defect;
    prepared->module = lower_unit(prepared->context, unit, prepared->record, runtime_table, defect);
    if (!defect.empty())
      why = internal_error(defect).line();
  }
  if (why) {
    *reason = PyUnicode_FromString(why->c_str());
    return nullptr;
  }
  prepared->keep_alive();
  prepared->wanted.is_quick = is_quick;
  prepared->wanted.has_lines = runtime_table.wants_lines != 0;
  prepared->times.all_ms = ThreadClock::now() - start;
  return prepared.release();
}

void generate(runtime::PreparedUnit* prepared, bool is_in_background) {
  const auto start = ThreadClock::now();
  prepared->wanted.is_in_background = is_in_background;
  prepared->code = compile_module(*prepared->module, prepared->wanted, &prepared->times);
  prepared->module.reset();  // it may take megabytes
  prepared->times.all_ms += ThreadClock::now() - start;
}

runtime::NativeVersion* finish(runtime::PreparedUnit* made, PyObject** reason) {
  static const bool show_times = std::getenv("HASTEN_JIT_TIMES") != nullptr;
  const std::unique_ptr<runtime::PreparedUnit> prepared(made);
  const auto start = ThreadClock::now();
  const auto refused = [&](const Error& error) {
    *reason = PyUnicode_FromString(error.line().c_str());
    return nullptr;
  };
  const Result<LinkedCode>& code = *prepared->code;
  if (!code)
    return refused(code.error());
  UnitRecord& record = prepared->record;
  const auto bytes =
      unit_bytes(prepared->unit, record, code.value(), static_cast<float>(prepared->gain), prepared->wanted.is_quick);
  if (!bytes)
    return refused(bytes.error());
  runtime::NativeVersion* version = runtime_table.load_unit(
      {bytes.value().facts.data(), static_cast<uint32_t>(bytes.value().facts.size()), code.value().bytes.data(),
       bytes.value().objects.data(), record.mirs.data(),
       runtime_table.wants_debug_object ? reinterpret_cast<const uint8_t*>(code.value().debug_object.data()) : nullptr,
       code.value().debug_object.size()},
      reason);
  if (show_times) {
    const CompileTimes& times = prepared->times;
    // tidy: printf: a developer's switch, asked for by an environment variable.
    std::fprintf(stderr, "hasten compile (CPU time): types %.2f ms, verify %.2f, optimize %.2f, emit %.2f, all %.2f\n",
                 times.types_ms, times.verify_ms, times.optimize_ms, times.emit_ms,
                 times.all_ms + ThreadClock::now() - start);
  }
  return version;
}

void discard(runtime::PreparedUnit* prepared) { delete prepared; }

}  // namespace hasten::compile
