#include "compile/pipeline.h"

#include <cstdio>
#include <cstdlib>

#include <llvm/IR/Module.h>

#include "compile/jit/code.h"
#include "compile/jit/visible.h"
#include "compile/lower/module.h"
#include "compile/lower/site_counts.h"
#include "compile/lower/support.h"
#include "compile/syntax/build_mir.h"
#include "compile/types/sample.h"
#include "compile/types/worth.h"

namespace hasten::compile {
namespace {

runtime::RuntimeTable runtime_table;

/// What a NativeVersion belongs to.
struct LoadedUnit {
  UnitRecord record;
  std::unique_ptr<CodeImage> image;
  ~LoadedUnit() {
    image.reset();
    for (PyObject* object : record.references) Py_DECREF(object);
  }
};

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
      if (PyObject* walked = walked_by(args[k])) {
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

void take_in(const mir::MirFunction* function, const runtime::Feedback* feedback, uint32_t count) {
  for (uint32_t k = 0; k < count; ++k) {
    Experience::Seen& seen = experience_for(function).values[feedback[k].value];
    if (feedback[k].reason == runtime::DeoptReason::Overflow)
      seen.overflowed = true;
    else if (feedback[k].seen)
      add_seen_class(seen, feedback[k].seen);
  }
}

void keep(UnitRecord& record, PyObject* object) {
  if (object)
    record.references.push_back(Py_NewRef(object));
}

std::vector<NamedAddress> externals() {
  std::vector<NamedAddress> all;
  for (const SupportSymbol& symbol : support_symbols()) all.push_back({symbol.name, symbol.address});
  for (const SupportSymbol& symbol : container_symbols()) all.push_back({symbol.name, symbol.address});
  for (const SupportSymbol& symbol : number_symbols()) all.push_back({symbol.name, symbol.address});
  for (const SupportSymbol& symbol : box_symbols()) all.push_back({symbol.name, symbol.address});
  for (const SupportSymbol& symbol : ordering_symbols()) all.push_back({symbol.name, symbol.address});
  for (const SupportSymbol& symbol : table_symbols()) all.push_back({symbol.name, symbol.address});
  return all;
}

}  // namespace

bool set_up(const runtime::RuntimeTable& table) {
  runtime_table = table;
  syntax::set_template_maker(table.new_template);
  set_layout(*table.layout);
  if (connect_runtime(table))
    return true;
  PyErr_SetString(PyExc_ImportError, "hasten._compile and hasten._runtime are of different versions; reinstall hasten");
  return false;
}

void learn(const mir::MirFunction* function, const runtime::Feedback* feedback, uint32_t count) {
  for (uint32_t k = 0; k < count; ++k) {
    if (feedback[k].reason == runtime::DeoptReason::Type)
      ++experience_for(function).values[feedback[k].value].misses;
  }
  take_in(function, feedback, count);
}

runtime::NativeVersion* compile(const mir::MirFunction* function, PyObject* const* args, uint32_t arg_count,
                                mir::BlockId osr_block, const runtime::Feedback* feedback, uint32_t feedback_count,
                                double gain_wanted, PyObject** reason) {
  static const bool show_times = std::getenv("HASTEN_JIT_TIMES") != nullptr;
  using Clock = ThreadClock;
  const auto start = Clock::now();
  take_in(function, feedback, feedback_count);
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

  auto loaded = std::make_unique<LoadedUnit>();
  for (const Guard& guard : unit.guards) {
    keep(loaded->record, guard.expected);
    keep(loaded->record, guard.holder);
  }
  for (PyObject* object : unit.kept) keep(loaded->record, object);
  CompileTimes times;
  auto image = load_module(
      [&](llvm::LLVMContext& context) -> Result<std::unique_ptr<llvm::Module>> {
        std::string defect;
        auto module = lower_unit(context, unit, loaded->record, *runtime_table.layout, defect);
        if (!defect.empty())
          return internal_error(defect);
        return module;
      },
      kEntrySymbol, externals(), &times);
  if (!image) {
    *reason = PyUnicode_FromString(image.error().line().c_str());
    return nullptr;
  }
  loaded->image = std::move(image).value();
  runtime::NativeVersion& version = loaded->record.bodies.front()->version;
  version.entry = reinterpret_cast<runtime::NativeEntry>(loaded->image->find(kEntrySymbol));
  version.expected_gain = static_cast<float>(gain);
  for (const CodeRange& range : loaded->image->ranges()) {
    const char* end = range.begin + range.bytes;
    if (!version.code_begin || range.begin < version.code_begin)
      version.code_begin = range.begin;
    if (!version.code_end || end > version.code_end)
      version.code_end = end;
  }
  announce(*loaded->image, loaded->record);
  if (show_times) {
    // tidy: printf: a developer's switch, asked for by an environment variable.
    std::fprintf(stderr, "hasten compile (CPU time): types %.2f ms, verify %.2f, optimize %.2f, emit %.2f, all %.2f\n",
                 typed - start, times.verify_ms, times.optimize_ms, times.emit_ms, Clock::now() - start);
  }
  version.owner = loaded.release();
  return &version;
}

void release(runtime::NativeVersion* version) { delete static_cast<LoadedUnit*>(version->owner); }

void release_mir(mir::MirFunction* function) {
  forget_experience(function);
  forget_counts(function);
  syntax::release_mir(function);
}

}  // namespace hasten::compile
