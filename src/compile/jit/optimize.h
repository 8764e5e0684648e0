// The pass pipeline: what pays in code that was lowered from Python, no more (compile time is part of a first call).
#pragma once

#include <string>

namespace llvm {
class Module;
class TargetMachine;
}  // namespace llvm

namespace hasten::compile {

void optimize(llvm::Module& module, llvm::TargetMachine& machine);
/// What LLVM's verifier says against the module, our own bug; empty if nothing.
std::string defect_of(const llvm::Module& module);

}  // namespace hasten::compile
