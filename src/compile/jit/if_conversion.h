// Little branches that the processor cannot guess become selections, as LLVM does it, also where their arithmetic is checked:
// `n = n // 2 if n % 2 == 0 else 3 * n + 1`. The arithmetic is done before the branch, and its overflow counts if the branch
// would have led there.
#pragma once

#include <llvm/IR/PassManager.h>

namespace hasten::compile {

/// Moves what two short arms compute before their branch. LLVM makes selections of what is left of it.
struct ConvertChecked : llvm::PassInfoMixin<ConvertChecked> {
  static llvm::PreservedAnalyses run(llvm::Function& function, llvm::FunctionAnalysisManager& functions);
};

}  // namespace hasten::compile
