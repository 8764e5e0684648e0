// What a round of a loop hands to the next is waited for by it: `running = running + value - shift` takes two operations from round to
// round, and `running + (value - shift)` one. Exact sums are the same in any order; where one of this order's overflows, the loop
// goes the way that the program says.
#pragma once

#include <llvm/IR/PassManager.h>

namespace hasten::compile {

/// Adds up what is there early before what the round before hands on, in checked sums of three.
struct ShortenRecurrences : llvm::PassInfoMixin<ShortenRecurrences> {
  static llvm::PreservedAnalyses run(llvm::Function& function, llvm::FunctionAnalysisManager& functions);
};

}  // namespace hasten::compile
