#include "compile/jit/code.h"

#include <cstdlib>
#include <ctime>

#include <llvm/ExecutionEngine/JITLink/JITLink.h>
#include <llvm/ExecutionEngine/Orc/LLJIT.h>
#include <llvm/ExecutionEngine/Orc/ObjectLinkingLayer.h>
#include <llvm/IR/Module.h>
#include <llvm/Support/TargetSelect.h>
#include <llvm/Support/raw_ostream.h>
#include <llvm/Target/TargetMachine.h>

#include "compile/jit/optimize.h"

namespace hasten::compile {
namespace {

// About a second of compiling; ordinary functions have some hundreds to 5 000.
constexpr uint32_t kInstructionsMax = 40'000;

Error from_llvm(llvm::Error error) {
  return {"compile.llvm", "LLVM could not load the compiled code: " + llvm::toString(std::move(error)),
          "please report it"};
}

/// Remembers where functions came to lie: LLVM's symbol tables know addresses, only the link graph knows sizes.
class RangeRecorder : public llvm::orc::ObjectLinkingLayer::Plugin {
 public:
  void modifyPassConfig(llvm::orc::MaterializationResponsibility&, llvm::jitlink::LinkGraph&,
                        llvm::jitlink::PassConfiguration& config) override {
    config.PostFixupPasses.push_back([this](llvm::jitlink::LinkGraph& graph) {
      for (llvm::jitlink::Symbol* symbol : graph.defined_symbols()) {
        if (!symbol->hasName() || !symbol->isCallable())
          continue;
        ranges.push_back({symbol->getName().str(), symbol->getAddress().toPtr<const char*>(), symbol->getSize()});
      }
      return llvm::Error::success();
    });
  }
  llvm::Error notifyFailed(llvm::orc::MaterializationResponsibility&) override { return llvm::Error::success(); }
  llvm::Error notifyRemovingResources(llvm::orc::JITDylib&, llvm::orc::ResourceKey) override {
    return llvm::Error::success();
  }
  void notifyTransferringResources(llvm::orc::JITDylib&, llvm::orc::ResourceKey, llvm::orc::ResourceKey) override {}

  std::vector<CodeRange> ranges;  ///< of the module being loaded; the caller holds the GIL, one at a time
};

struct Jit {
  std::unique_ptr<llvm::orc::LLJIT> lljit;
  std::unique_ptr<llvm::TargetMachine> machine;
  llvm::orc::JITDylib* externals = nullptr;
  std::shared_ptr<RangeRecorder> recorder = std::make_shared<RangeRecorder>();
  uint64_t next_name = 0;
};

Result<Jit*> make_jit(const std::vector<NamedAddress>& externals) {
  llvm::InitializeNativeTarget();
  llvm::InitializeNativeTargetAsmPrinter();
  auto host = llvm::orc::JITTargetMachineBuilder::detectHost();
  if (!host)
    return from_llvm(host.takeError());
  host->setCodeGenOptLevel(llvm::CodeGenOptLevel::Default);
  host->getOptions().AllowFPOpFusion = llvm::FPOpFusion::Strict;  // a * b + c rounds twice, as in CPython
  host->setRelocationModel(llvm::Reloc::PIC_);
  auto jit = std::make_unique<Jit>();
  auto machine = host->createTargetMachine();
  if (!machine)
    return from_llvm(machine.takeError());
  jit->machine = std::move(*machine);
  auto lljit = llvm::orc::LLJITBuilder()
                   .setJITTargetMachineBuilder(std::move(*host))
                   .setLinkProcessSymbolsByDefault(false)
                   .setPlatformSetUp(llvm::orc::setUpInactivePlatform)
                   .create();
  if (!lljit)
    return from_llvm(lljit.takeError());
  jit->lljit = std::move(*lljit);
  if (auto* layer = llvm::dyn_cast<llvm::orc::ObjectLinkingLayer>(&jit->lljit->getObjLinkingLayer())) {
    layer->addPlugin(jit->recorder);
  }
  auto dylib = jit->lljit->createJITDylib("hasten runtime");
  if (!dylib)
    return from_llvm(dylib.takeError());
  jit->externals = &*dylib;
  llvm::orc::SymbolMap symbols;
  for (const NamedAddress& one : externals) {
    symbols[jit->lljit->mangleAndIntern(one.name)] = {llvm::orc::ExecutorAddr::fromPtr(one.address),
                                                      llvm::JITSymbolFlags::Exported | llvm::JITSymbolFlags::Callable};
  }
  if (auto error = jit->externals->define(llvm::orc::absoluteSymbols(std::move(symbols))))
    return from_llvm(std::move(error));
  return jit.release();  // lives as long as the process: code may be running until its end
}

class LoadedImage final : public CodeImage {
 public:
  LoadedImage(Jit& jit, llvm::orc::JITDylib& dylib) : jit_(jit), dylib_(dylib) {}
  ~LoadedImage() override { llvm::consumeError(jit_.lljit->getExecutionSession().removeJITDylib(dylib_)); }
  void* find(const std::string& symbol) const override {
    auto found = jit_.lljit->lookup(dylib_, symbol);
    if (found)
      return found->toPtr<void*>();
    llvm::consumeError(found.takeError());
    return nullptr;
  }
  const std::vector<CodeRange>& ranges() const override { return ranges_; }

  std::vector<CodeRange> ranges_;

 private:
  Jit& jit_;
  llvm::orc::JITDylib& dylib_;
};

bool is_set(const char* variable) {
  const char* text = std::getenv(variable);
  return text && *text && *text != '0';
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

Result<std::unique_ptr<CodeImage>> load_module(
    const std::function<Result<std::unique_ptr<llvm::Module>>(llvm::LLVMContext&)>& make, const std::string& entry,
    const std::vector<NamedAddress>& externals, CompileTimes* times) {
  static Result<Jit*> shared = make_jit(externals);
  if (!shared)
    return shared.error();
  Jit& jit = *shared.value();
  auto context = std::make_unique<llvm::LLVMContext>();
  auto made = make(*context);
  if (!made)
    return made.error();
  std::unique_ptr<llvm::Module> module = std::move(made).value();
  module->setDataLayout(jit.lljit->getDataLayout());
  module->setTargetTriple(jit.machine->getTargetTriple().str());
  for (llvm::Function& function : *module) {
    if (function.isDeclaration())
      continue;
    function.addFnAttr("target-cpu", jit.machine->getTargetCPU());
    function.addFnAttr("target-features", jit.machine->getTargetFeatureString());
    function.addFnAttr("frame-pointer", "all");  // profilers walk through
    function.setUWTableKind(llvm::UWTableKind::Async);
  }
  // The passes and the register allocator take time that grows faster than the code does.
  const uint32_t instructions = module->getInstructionCount();
  if (instructions > kInstructionsMax) {
    return Error{"compile.size",
                 "for these types the function becomes too large (" + std::to_string(instructions) + " instructions)",
                 "split it, or let each variable keep one type"};
  }
  static const bool verify = is_set("HASTEN_JIT_VERIFY"), dump = is_set("HASTEN_JIT_DUMP");
  if (dump)
    module->print(llvm::errs(), nullptr);
  const double verify_start = ThreadClock::now();
  // Code generation takes what it gets: from a malformed module it makes wrong code or ends the process.
  if (const std::string defect = defect_of(*module); !defect.empty())
    return internal_error(defect);
  const double start = ThreadClock::now();
  times->verify_ms = start - verify_start;
  optimize(*module, *jit.machine);
  times->optimize_ms = ThreadClock::now() - start;
  if (const std::string defect = verify ? defect_of(*module) : ""; !defect.empty())
    return internal_error("after optimization: " + defect);
  if (dump)
    module->print(llvm::errs(), nullptr);

  const double emit_start = ThreadClock::now();
  auto dylib = jit.lljit->createJITDylib("hasten " + std::to_string(jit.next_name++));
  if (!dylib)
    return from_llvm(dylib.takeError());
  dylib->addToLinkOrder(*jit.externals);
  auto image = std::make_unique<LoadedImage>(jit, *dylib);
  jit.recorder->ranges.clear();
  llvm::orc::ThreadSafeModule safe(std::move(module), std::move(context));
  if (auto error = jit.lljit->addIRModule(*dylib, std::move(safe)))
    return from_llvm(std::move(error));
  auto found = jit.lljit->lookup(*dylib, entry);
  if (!found)
    return from_llvm(found.takeError());
  times->emit_ms = ThreadClock::now() - emit_start;
  image->ranges_ = std::move(jit.recorder->ranges);
  jit.recorder->ranges.clear();
  return std::unique_ptr<CodeImage>(std::move(image));
}

}  // namespace hasten::compile
