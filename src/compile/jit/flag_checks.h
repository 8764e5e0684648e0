// Checks that the processor's flags tell of an instruction which is needed anyway.
#pragma once

#include <llvm/IR/PassManager.h>

namespace hasten::compile {

/// `n & -n` overflows where it is negative, and `n << 1` where n + n does. LLVM's passes know more about the forms that these had:
/// it comes after them.
struct CheckByFlags : llvm::PassInfoMixin<CheckByFlags> {
  static llvm::PreservedAnalyses run(llvm::Function& function, llvm::FunctionAnalysisManager& functions);
};

}  // namespace hasten::compile
