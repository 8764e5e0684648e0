// Divisions by a constant that LLVM's code generator makes multiplications of, made so before it, where more is known.
#pragma once

#include <llvm/IR/PassManager.h>

namespace hasten::compile {

/// Marks a division, or remainder, of what is known not to be negative.
void mark_without_sign(llvm::Value* division);

/// `total = (total * 31 + value) % 1000003`: for a dividend of 64 bits the multiplier has 65, and three operations make up for the last
/// one. A dividend without a sign has 63, of which the code generator learns nothing across blocks and checks.
struct DivideWithoutSign : llvm::PassInfoMixin<DivideWithoutSign> {
  static llvm::PreservedAnalyses run(llvm::Function& function, llvm::FunctionAnalysisManager& functions);
};

}  // namespace hasten::compile
