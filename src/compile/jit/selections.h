// Where a loop chooses between two values, LLVM makes selections, and its code generator makes branches of some of them again. Three
// sorts are known better here.
#pragma once

#include <llvm/IR/PassManager.h>

namespace hasten::compile {

/// `if values[middle] < wanted: low = middle + 1 else: high = middle`: what is looked at next depends on what was found, which is
/// anybody's guess. A branch would be guessed wrong every other time; a selection, which waits for the load, is faster.
struct KeepSelections : llvm::PassInfoMixin<KeepSelections> {
  static llvm::PreservedAnalyses run(llvm::Function& function, llvm::FunctionAnalysisManager& functions);
};

/// `if price(middle) < wanted: low = middle else: high = middle`: the condition takes so long that the next round is better begun by a
/// guess. Even if every other guess is wrong, half of the rounds need not wait.
struct BranchOnSlow : llvm::PassInfoMixin<BranchOnSlow> {
  static llvm::PreservedAnalyses run(llvm::Function& function, llvm::FunctionAnalysisManager& functions);
};

/// `if 0.0 < distance < nearest: nearest = distance`: what does not depend on the last selection is selected by before it, so that
/// one comparison alone waits for it.
struct CompareOnce : llvm::PassInfoMixin<CompareOnce> {
  static llvm::PreservedAnalyses run(llvm::Function& function, llvm::FunctionAnalysisManager& functions);
};

}  // namespace hasten::compile
