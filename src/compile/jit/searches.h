// Loops whose next step depends on what they found: `if values[middle] < wanted: low = middle + 1 else: high = middle`. What is found
// is anybody's guess there, so a branch would be guessed wrong every other time: a selection, which waits for the load, is faster.
#pragma once

#include <llvm/IR/PassManager.h>

namespace hasten::compile {

/// Tells the code generator, which would make branches of such selections, that they cannot be predicted.
struct KeepSelections : llvm::PassInfoMixin<KeepSelections> {
  static llvm::PreservedAnalyses run(llvm::Function& function, llvm::FunctionAnalysisManager& functions);
};

}  // namespace hasten::compile
