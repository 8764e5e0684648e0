// The pass pipeline: what pays in code that was lowered from Python, no more (compile time is part of a first call).
#pragma once

namespace llvm {
class Module;
class TargetMachine;
}  // namespace llvm

namespace hasten::compile {

void optimize(llvm::Module& module, llvm::TargetMachine& machine);
/// Ends the process with LLVM's message if the module is malformed: our own bug.
void check_module(llvm::Module& module, const char* when);

}  // namespace hasten::compile
