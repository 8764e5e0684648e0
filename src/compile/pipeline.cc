#include "compile/pipeline.h"

#include <cstdio>
#include <cstdlib>

#include <llvm/IR/Module.h>

#include "compile/jit/code.h"
#include "compile/lower/module.h"
#include "compile/syntax/build_mir.h"
#include "compile/types/sample.h"
#include "compile/types/worth.h"
#include "compile/unit_facts.h"
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
        const Type of_walked = type_of_argument(walked, sites);
        t = Type::of(kListIter);
        if (PyList_CheckExact(walked))
          t.site = of_walked.site;
        else
          t.cls = Py_TYPE(walked);
        Py_DECREF(walked);
      }
    }
    if (t.object && args[k] && mir_of(args[k]))
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

void set_up(const runtime::RuntimeTable& table) {
  runtime_table = table;
  syntax::set_template_maker(table.new_template);
}

runtime::NativeVersion* compile(const mir::MirFunction* function, PyObject* const* args, uint32_t arg_count,
                                mir::BlockId osr_block, bool is_quick, double gain_wanted, PyObject** reason) {
  static const bool show_times = std::getenv("HASTEN_JIT_TIMES") != nullptr;
  using Clock = ThreadClock;
  const auto start = Clock::now();
  Unit unit(mir_of, experience_of);
  const bool osr = osr_block != mir::kNone;
  Specialization& root = unit.make(*function, argument_types(args, arg_count, osr, unit.sites), osr_block);
  for (uint32_t k = 0; osr && k < arg_count; ++k) {  // cells that the code before the loop has made
    if (args[k] && PyCell_Check(args[k]))
      root.fresh_sites[root.osr_values[k]] = unit.cell_site(args[k]);
  }
  unit.infer();  // every value has a type from here on
  double gain = 1;
  auto why = why_not_exact(unit);
  if (!why)
    why = why_not_worth(unit, args, gain_wanted, &gain);
  if (why) {
    *reason = PyUnicode_FromString(why->c_str());
    return nullptr;
  }
  const auto typed = Clock::now();

  UnitRecord record;
  CompileTimes times;
  auto code = compile_module(
      [&](llvm::LLVMContext& context) -> Result<std::unique_ptr<llvm::Module>> {
        std::string defect;
        auto module = lower_unit(context, unit, record, runtime_table, defect);
        if (!defect.empty())
          return internal_error(defect);
        return module;
      },
      is_quick, runtime_table.wants_lines, &times);
  const auto refused = [&](const Error& error) {
    *reason = PyUnicode_FromString(error.line().c_str());
    return nullptr;
  };
  if (!code)
    return refused(code.error());
  const auto bytes = unit_bytes(unit, record, code.value(), static_cast<float>(gain), is_quick);
  if (!bytes)
    return refused(bytes.error());
  runtime::NativeVersion* version = runtime_table.load_unit(
      {bytes.value().facts.data(), static_cast<uint32_t>(bytes.value().facts.size()), code.value().bytes.data(),
       bytes.value().objects.data(), record.mirs.data(),
       runtime_table.wants_debug_object ? reinterpret_cast<const uint8_t*>(code.value().debug_object.data()) : nullptr,
       code.value().debug_object.size()},
      reason);
  if (show_times) {
    // tidy: printf: a developer's switch, asked for by an environment variable.
    std::fprintf(stderr, "hasten compile (CPU time): types %.2f ms, verify %.2f, optimize %.2f, emit %.2f, all %.2f\n",
                 typed - start, times.verify_ms, times.optimize_ms, times.emit_ms, Clock::now() - start);
  }
  return version;
}

}  // namespace hasten::compile
