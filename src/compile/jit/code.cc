#include "compile/jit/code.h"

#include <cstdlib>
#include <ctime>
#include <iterator>

#include <llvm/ADT/SmallVector.h>
#include <llvm/IR/LegacyPassManager.h>
#include <llvm/IR/Module.h>
#include <llvm/MC/TargetRegistry.h>
#include <llvm/Support/CommandLine.h>
#include <llvm/Support/TargetSelect.h>
#include <llvm/Support/raw_ostream.h>
#include <llvm/Target/TargetMachine.h>
#include <llvm/TargetParser/Host.h>
#include <llvm/TargetParser/SubtargetFeature.h>

#include "compile/jit/optimize.h"

namespace hasten::compile {
namespace {

// About a second of compiling; ordinary functions have some hundreds to 5 000.
constexpr uint32_t kInstructionsMax = 40'000;

/// A conversion from int to float writes half of a register and so waits for whoever wrote the register before. LLVM takes one
/// that the function has not written lately; libm has: each call of sin() waited for the one before. Zeroing it first is free.
constexpr const char* kUndefRegClearance = "-undef-reg-clearance=1000000000";

/// Steps of code generation that cost more than they bring here: scheduling after register allocation (a tenth of the time,
/// for processors that do it themselves), merging the stores of exits, which are rarely run, and steps that look for what is not
/// there: without each of them alone the 35 benchmark programs of one function became the same machine code.
void leave_out_steps() {
  const char* options[] = {"hasten", "-disable-post-ra", "-combiner-store-merging=false", "-disable-early-ifcvt",
                           "-disable-mergeicmps", "-disable-partial-libcall-inlining", "-disable-postra-machine-licm",
                           "-disable-x86-domain-reassignment", "-disable-x86-lea-opt", "-enable-shrink-wrap=false",
                           "-fixup-byte-word-insts=0", "-no-stack-coloring", kUndefRegClearance,
                           // What only rare blocks of a loop need, as addresses of their helpers, stays in them.
                           "-disable-hoisting-to-hotter-blocks=all", "-block-freq-ratio-threshold=20"};
  llvm::cl::ParseCommandLineOptions(static_cast<int>(std::size(options)), options, "", &llvm::nulls());
}

bool is_set(const char* variable) {
  const char* text = std::getenv(variable);
  return text && *text && *text != '0';
}

void set_up_llvm() {
  leave_out_steps();
  llvm::InitializeNativeTarget();
  llvm::InitializeNativeTargetAsmPrinter();
}

/// For this processor.
Result<llvm::TargetMachine*> make_machine(llvm::CodeGenOptLevel level) {
  const std::string triple = llvm::sys::getProcessTriple();
  std::string problem;
  const llvm::Target* target = llvm::TargetRegistry::lookupTarget(triple, problem);
  if (!target)
    return Error{"compile.llvm", "LLVM does not know this machine: " + problem, "please report it"};
  llvm::SubtargetFeatures features;
  const auto host = llvm::sys::getHostCPUFeatures();
  for (const auto& [name, has] : host) features.AddFeature(name, has);
  // Processors that divide 64 bits nearly as fast as 32 (Intel's since Ice Lake, AMD's since Zen 3) all have this: for them a
  // branch to the shorter division costs more than it saves, if only where it is mispredicted.
  if (host.lookup("vaes"))
    features.AddFeature("idivq-to-divl", false);
  llvm::TargetOptions options;
  options.AllowFPOpFusion = llvm::FPOpFusion::Strict;  // a * b + c rounds twice, as in CPython
  auto* machine = target->createTargetMachine(triple, llvm::sys::getHostCPUName(), features.getString(), options,
                                              llvm::Reloc::PIC_, llvm::CodeModel::Small, level);
  if (!machine)
    return Error{"compile.llvm", "LLVM cannot make code for this machine", "please report it"};
  return machine;  // lives as long as the process
}

/// Each is made once, and never destroyed: it may be in use when the process ends. A machine serves one thread at a time: those in the foreground take turns, the background has its own.
Result<llvm::TargetMachine*> machine(const CodeWanted& wanted) {
  [[maybe_unused]] static const bool ready = (set_up_llvm(), true);
  if (wanted.is_quick && !wanted.is_in_background) {
    static auto* const quick = new Result<llvm::TargetMachine*>(make_machine(llvm::CodeGenOptLevel::None));
    return *quick;
  }
  if (wanted.is_in_background) {
    static auto* const behind = new Result<llvm::TargetMachine*>(make_machine(llvm::CodeGenOptLevel::Default));
    return *behind;
  }
  static auto* const optimizing = new Result<llvm::TargetMachine*>(make_machine(llvm::CodeGenOptLevel::Default));
  return *optimizing;
}

}  // namespace

Error internal_error(const std::string& defect) {
  return {"compile.internal", "the compiler contradicts itself: " + defect.substr(0, defect.find('\n')),
          "please report it with the function"};
}

double ThreadClock::now() {
  timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) * 1e3 + static_cast<double>(t.tv_nsec) * 1e-6;
}

Result<LinkedCode> compile_module(llvm::Module& module, const CodeWanted& wanted, CompileTimes* times) {
  auto known = machine(wanted);
  if (!known)
    return known.error();
  llvm::TargetMachine& machine = *known.value();
  module.setDataLayout(machine.createDataLayout());
  module.setTargetTriple(machine.getTargetTriple().str());
  module.setPICLevel(llvm::PICLevel::SmallPIC);
  for (llvm::Function& function : module) {
    if (function.isDeclaration()) {
      function.addFnAttr(llvm::Attribute::NonLazyBind);  // calls go through its slot, not through a jump
      continue;
    }
    function.addFnAttr("target-cpu", machine.getTargetCPU());
    function.addFnAttr("target-features", machine.getTargetFeatureString());
    function.addFnAttr("frame-pointer", "all");  // profilers walk through
    function.setUWTableKind(llvm::UWTableKind::Async);
  }
  // The passes and the register allocator take time that grows faster than the code does.
  const uint32_t instructions = module.getInstructionCount();
  if (instructions > kInstructionsMax) {
    return Error{"compile.size",
                 "for these types the function becomes too large (" + std::to_string(instructions) + " instructions)",
                 "split it, or let each variable keep one type"};
  }
  static const bool verify = is_set("HASTEN_JIT_VERIFY"), dump = is_set("HASTEN_JIT_DUMP");
  if (dump)
    module.print(llvm::errs(), nullptr);
  const double verify_start = ThreadClock::now();
  // Code generation takes what it gets: from a malformed module it makes wrong code or ends the process.
  if (const std::string defect = defect_of(module); !defect.empty())
    return internal_error(defect);
  const double start = ThreadClock::now();
  times->verify_ms = start - verify_start;
  if (!wanted.is_quick)
    optimize(module, machine);
  times->optimize_ms = ThreadClock::now() - start;
  if (const std::string defect = verify ? defect_of(module) : ""; !defect.empty())
    return internal_error("after optimization: " + defect);
  if (dump)
    module.print(llvm::errs(), nullptr);

  const double emit_start = ThreadClock::now();
  llvm::SmallVector<char, 0> object;
  {
    llvm::raw_svector_ostream out(object);
    llvm::legacy::PassManager passes;
    llvm::MCContext* codes = nullptr;
    if (machine.addPassesToEmitMC(passes, codes, out, true))
      return internal_error("LLVM cannot write object files for this machine");
    passes.run(module);
  }
  auto linked = link({object.data(), object.size()}, wanted.has_lines);
  times->emit_ms = ThreadClock::now() - emit_start;
  return linked;
}

}  // namespace hasten::compile
