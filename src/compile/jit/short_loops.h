// Loops that clear or shift the bits of a number: so few rounds that they need not look at signals, or none at all.
#pragma once

#include <llvm/IR/PassManager.h>

namespace hasten::compile {

/// `while n: n &= n - 1; count += 1` counts the bits of n: one instruction, where n is not negative.
struct CountBits : llvm::PassInfoMixin<CountBits> {
  static llvm::PreservedAnalyses run(llvm::Function& function, llvm::FunctionAnalysisManager& functions);
};

/// Takes the looks at signals out of innermost loops that only compute, for no more rounds than an int64 has bits. What types know
/// of a function alone has done that in part (types/short_loops.h); this knows what its callers know that have taken it in.
struct DropPolls : llvm::PassInfoMixin<DropPolls> {
  static llvm::PreservedAnalyses run(llvm::Function& function, llvm::FunctionAnalysisManager& functions);
};

/// Where a loop ends when `n >> 1` is 0, LLVM asks whether n is below 2: of a number that it needs no more but for that. The shift has
/// told it already.
struct CompareShifted : llvm::PassInfoMixin<CompareShifted> {
  static llvm::PreservedAnalyses run(llvm::Function& function, llvm::FunctionAnalysisManager& functions);
};

}  // namespace hasten::compile
