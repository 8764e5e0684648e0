// `running = running + value - shift`: what a round adds is known long before the sum of the rounds before it, on which each round
// waits. So it is summed up first, and one addition is left to wait for. If that overflows on the way, native code leaves before
// the first of the additions, which may not overflow in their own order: the interpreter does them.
#pragma once

#include <llvm/IR/PassManager.h>

namespace hasten::compile {

/// Sums up first what innermost loops add, checked, to what they carry along.
struct ShortenSums : llvm::PassInfoMixin<ShortenSums> {
  static llvm::PreservedAnalyses run(llvm::Function& function, llvm::FunctionAnalysisManager& functions);
};

}  // namespace hasten::compile
