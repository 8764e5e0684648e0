// Counters of loops are compared with several things in each round: the end, the lengths of lists, the time to look at signals. For how
// many rounds all of this is known beforehand is the least of some differences; so many rounds run in a copy of the loop that has
// one counter and none of these comparisons. Whatever comes then, the loop itself meets, and after a look at signals it enters the copy anew.
#pragma once

#include <llvm/IR/PassManager.h>

namespace hasten::compile {

/// Gives innermost loops such a copy where it saves comparisons.
struct RunUncheckedRounds : llvm::PassInfoMixin<RunUncheckedRounds> {
  static llvm::PreservedAnalyses run(llvm::Function& function, llvm::FunctionAnalysisManager& functions);
};

}  // namespace hasten::compile
