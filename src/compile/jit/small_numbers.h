// Remainders stay below their divisor: in `x = x * x % m` no number gets larger than m, if x and m are small and not negative at
// first. Loops over such numbers get a copy, which runs where all of them are below 2**31 at the begin: there no product overflows,
// and no sign has to be looked at.
#pragma once

#include <llvm/IR/PassManager.h>

namespace hasten::compile {

/// Gives innermost loops such a copy where it decides branches.
struct RunSmallNumbers : llvm::PassInfoMixin<RunSmallNumbers> {
  static llvm::PreservedAnalyses run(llvm::Function& function, llvm::FunctionAnalysisManager& functions);
};

}  // namespace hasten::compile
