// `while n: digit = n % 10; ...; n //= 10` divides also in its last round, where the number is its own digit and the quotient 0.
// Whether a round is the last is known at its begin: that one runs in a copy of the round that does not divide, and what
// comes after the loop waits some ten cycles less.
#pragma once

#include <llvm/IR/PassManager.h>

namespace hasten::compile {

/// Gives little loops over the digits of a number such a last round.
struct SpareLastDigit : llvm::PassInfoMixin<SpareLastDigit> {
  static llvm::PreservedAnalyses run(llvm::Function& function, llvm::FunctionAnalysisManager& functions);
};

}  // namespace hasten::compile
