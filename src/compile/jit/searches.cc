#include "compile/jit/searches.h"

#include <llvm/ADT/SmallPtrSet.h>
#include <llvm/Analysis/LoopInfo.h>
#include <llvm/IR/Instructions.h>

namespace hasten::compile {

namespace {

using llvm::Instruction;
using llvm::Value;

using Instructions = llvm::SmallPtrSet<const Instruction*, 16>;

/// All that `value` is computed from in this round, loads included; `crossed_load`: only what loads' addresses are computed from.
class Origins {
 public:
  explicit Origins(const llvm::Loop& loop) : loop_(loop) {}

  void add(const Value* value, bool crossed_load) {
    const auto* instr = llvm::dyn_cast<Instruction>(value);
    if (!instr || !loop_.contains(instr) || !(crossed_load ? of_addresses_ : direct_).insert(instr).second)
      return;
    if (llvm::isa<llvm::PHINode>(instr) && instr->getParent() == loop_.getHeader())
      return;
    for (const Value* operand : instr->operands()) add(operand, crossed_load || llvm::isa<llvm::LoadInst>(instr));
  }
  /// Whether a load's address comes from `instr`.
  bool by_address(const Instruction& instr) const { return of_addresses_.contains(&instr); }
  bool directly(const Instruction& instr) const { return direct_.contains(&instr); }

 private:
  const llvm::Loop& loop_;
  Instructions direct_, of_addresses_;
};

/// Whether the selection decides which address the next round's condition is loaded from.
bool decides_next(const llvm::SelectInst& select, const llvm::Loop& loop) {
  Origins condition(loop);
  condition.add(select.getCondition(), false);
  return llvm::any_of(loop.getHeader()->phis(), [&](const llvm::PHINode& phi) {
    if (!condition.by_address(phi))
      return false;
    Origins next(loop);
    next.add(phi.getIncomingValueForBlock(loop.getLoopLatch()), false);
    return next.directly(select);
  });
}

}  // namespace

llvm::PreservedAnalyses KeepSelections::run(llvm::Function& function, llvm::FunctionAnalysisManager& functions) {
  for (const llvm::Loop* loop : functions.getResult<llvm::LoopAnalysis>(function).getLoopsInPreorder()) {
    if (!loop->isInnermost() || !loop->getLoopLatch())
      continue;
    for (llvm::BasicBlock* block : loop->blocks()) {
      for (Instruction& instr : *block) {
        if (auto* select = llvm::dyn_cast<llvm::SelectInst>(&instr); select && decides_next(*select, *loop))
          select->setMetadata(llvm::LLVMContext::MD_unpredictable, llvm::MDNode::get(function.getContext(), {}));
      }
    }
  }
  return llvm::PreservedAnalyses::all();
}

}  // namespace hasten::compile
