#include "compile/jit/optimize.h"

#include <algorithm>

#include <llvm/ADT/SmallPtrSet.h>
#include <llvm/Analysis/AliasAnalysis.h>
#include <llvm/Analysis/AssumptionCache.h>
#include <llvm/Analysis/BasicAliasAnalysis.h>
#include <llvm/Analysis/BlockFrequencyInfo.h>
#include <llvm/Analysis/BranchProbabilityInfo.h>
#include <llvm/Analysis/LazyValueInfo.h>
#include <llvm/Analysis/LoopAnalysisManager.h>
#include <llvm/Analysis/LoopInfo.h>
#include <llvm/Analysis/MemoryDependenceAnalysis.h>
#include <llvm/Analysis/MemorySSA.h>
#include <llvm/Analysis/OptimizationRemarkEmitter.h>
#include <llvm/Analysis/PostDominators.h>
#include <llvm/Analysis/ScalarEvolution.h>
#include <llvm/Analysis/ScopedNoAliasAA.h>
#include <llvm/Analysis/TargetLibraryInfo.h>
#include <llvm/Analysis/TargetTransformInfo.h>
#include <llvm/Analysis/TypeBasedAliasAnalysis.h>
#include <llvm/Analysis/ValueTracking.h>
#include <llvm/IR/CFG.h>
#include <llvm/IR/Dominators.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/IntrinsicInst.h>
#include <llvm/IR/Module.h>
#include <llvm/IR/PassManager.h>
#include <llvm/IR/ProfDataUtils.h>
#include <llvm/IR/Verifier.h>
#include <llvm/Support/raw_ostream.h>
#include <llvm/Target/TargetMachine.h>
#include <llvm/Transforms/InstCombine/InstCombine.h>
#include <llvm/Transforms/Scalar/DCE.h>
#include <llvm/Transforms/Scalar/DivRemPairs.h>
#include <llvm/Transforms/Scalar/EarlyCSE.h>
#include <llvm/Transforms/Scalar/GVN.h>
#include <llvm/Transforms/Scalar/IndVarSimplify.h>
#include <llvm/Transforms/Scalar/JumpThreading.h>
#include <llvm/Transforms/Scalar/LICM.h>
#include <llvm/Transforms/Scalar/LoopPassManager.h>
#include <llvm/Transforms/Scalar/LoopRotation.h>
#include <llvm/Transforms/Scalar/SROA.h>
#include <llvm/Transforms/Scalar/SimpleLoopUnswitch.h>
#include <llvm/Transforms/Scalar/SimplifyCFG.h>
#include <llvm/Transforms/Utils/BasicBlockUtils.h>
#include <llvm/Transforms/Utils/Cloning.h>

#include "compile/jit/constant_division.h"
#include "compile/jit/flag_checks.h"
#include "compile/jit/if_conversion.h"
#include "compile/jit/last_digit.h"
#include "compile/jit/recurrences.h"
#include "compile/jit/recursion.h"
#include "compile/jit/selections.h"
#include "compile/jit/short_loops.h"
#include "compile/jit/unchecked_rounds.h"

namespace hasten::compile {

namespace {

constexpr unsigned kInlinedMost =
    48;  // instructions of a function that its callers take in, without those of its exits
constexpr unsigned kInlinedWhole = 240;  // and with them
// The same of a function that has a loop, which is taken in where a loop calls it: what a call costs is much beside short loops, and
// what is larger gains nothing by it.
constexpr unsigned kLoopInlinedMost = 56, kLoopInlinedWhole = 76;
constexpr unsigned kLoopInlinedCalls = 3;  // in all
// And of one that a loop gives mostly the same arguments.
constexpr unsigned kRepeatedMost = 200, kRepeatedWhole = 320, kRepeatedCalls = 2;

/// Whether it calls no function of the module, and has no more than one loop.
bool is_leaf(llvm::Function& function, llvm::FunctionAnalysisManager& functions) {
  for (const llvm::Instruction& instr : llvm::instructions(function)) {
    const auto* call = llvm::dyn_cast<llvm::CallBase>(&instr);
    if (call && call->getCalledFunction() && !call->getCalledFunction()->isDeclaration())
      return false;
  }
  const llvm::LoopInfo& loops = functions.getResult<llvm::LoopAnalysis>(function);
  return loops.empty() || (loops.getTopLevelLoops().size() == 1 && (*loops.begin())->isInnermost());
}

/// The blocks that lead to the function `leave` and nowhere else.
llvm::SmallPtrSet<const llvm::BasicBlock*, 16> exits_of(const llvm::Function& function, llvm::StringRef leave) {
  llvm::SmallPtrSet<const llvm::BasicBlock*, 16> exits;
  llvm::SmallVector<const llvm::BasicBlock*, 16> next;
  for (const llvm::BasicBlock& block : function) {
    for (const llvm::Instruction& instr : block) {
      const auto* call = llvm::dyn_cast<llvm::CallBase>(&instr);
      if (call && call->getCalledFunction() && call->getCalledFunction()->getName() == leave)
        next.push_back(&block);
    }
  }
  while (!next.empty()) {
    const llvm::BasicBlock* block = next.pop_back_val();
    if (!exits.insert(block).second)
      continue;
    for (const llvm::BasicBlock* before : llvm::predecessors(block)) {
      if (before->getSingleSuccessor())
        next.push_back(before);
    }
  }
  return exits;
}

/// Whether a caller that takes it in grows little. What leaves native code is not run, and little of what calls a helper.
bool is_small(const llvm::Function& function, bool has_loop) {
  unsigned usual = 0, whole = 0;
  const auto exits = exits_of(function, "hj_leave");
  for (const llvm::BasicBlock& block : function) {
    bool calls = exits.contains(&block);
    for (const llvm::Instruction& instr : block)
      calls |= llvm::isa<llvm::CallBase>(instr) && !llvm::isa<llvm::IntrinsicInst>(instr);
    const auto count = static_cast<unsigned>(block.size());
    whole += count;
    usual += calls ? 1 : count;
  }
  return has_loop ? usual <= kLoopInlinedMost && whole <= kLoopInlinedWhole
                  : usual <= kInlinedMost && whole <= kInlinedWhole;
}

unsigned without_exits(const llvm::Function& function) {
  unsigned count = 0;
  const auto exits = exits_of(function, "hj_leave");
  for (const llvm::BasicBlock& block : function)
    count += exits.contains(&block) ? 0 : static_cast<unsigned>(block.size());
  return count;
}

bool is_in_loop(llvm::CallBase& call, llvm::FunctionAnalysisManager& functions) {
  return functions.getResult<llvm::LoopAnalysis>(*call.getFunction()).getLoopFor(call.getParent()) != nullptr;
}

/// All code that knows of native lists says so by one scope (lower/native_lists.cc), of which taking functions in makes copies.
llvm::MDNode* native_lists_scope(const llvm::Module& module) {
  for (const llvm::Function& function : module) {
    for (const llvm::Instruction& instr : llvm::instructions(function)) {
      if (llvm::MDNode* scope = instr.getMetadata(llvm::LLVMContext::MD_noalias))
        return scope;
    }
  }
  return nullptr;
}

/// Whether it is given numbers, and makes no list: what leaves it in its midst does nothing to lists of its callers.
bool has_only_numbers(const llvm::Function& function) {
  return llvm::none_of(function.args(), [](const llvm::Argument& arg) { return arg.getType()->isPointerTy(); }) &&
         llvm::none_of(llvm::instructions(function), [](const llvm::Instruction& instr) {
           return instr.hasMetadata(llvm::LLVMContext::MD_alias_scope);
         });
}

/// What is counted down, from look to look at signals, where the block ends so; null: it does not.
llvm::StoreInst* counts_to_poll(llvm::BasicBlock& block) {
  auto* branch = llvm::dyn_cast<llvm::BranchInst>(block.getTerminator());
  auto* compare = branch && branch->isConditional() ? llvm::dyn_cast<llvm::ICmpInst>(branch->getCondition()) : nullptr;
  if (!compare || llvm::none_of(*branch->getSuccessor(0), [](const llvm::Instruction& instr) {
        const auto* call = llvm::dyn_cast<llvm::CallInst>(&instr);
        return call && call->getCalledFunction() && call->getCalledFunction()->getName() == "hj_poll";
      }))
    return nullptr;
  for (llvm::User* user : compare->getOperand(0)->users()) {
    auto* store = llvm::dyn_cast<llvm::StoreInst>(user);
    if (store && store->getParent() == &block)
      return store;
  }
  return nullptr;
}

/// The look at signals before a call that calls nothing in turn is one too many, once that is taken into a loop which looks in each
/// round: it was for loops that do not, and for recursions.
void drop_poll_before(llvm::CallBase& call, llvm::FunctionAnalysisManager& functions) {
  const llvm::LoopInfo& loops = functions.getResult<llvm::LoopAnalysis>(*call.getFunction());
  const llvm::Loop* loop = loops.getLoopFor(call.getParent());
  const auto polls_by_rounds = [&](llvm::BasicBlock* block) {
    const llvm::StoreInst* counts = loops.getLoopFor(block) == loop ? counts_to_poll(*block) : nullptr;
    return counts && llvm::isa<llvm::AllocaInst>(counts->getPointerOperand()) && block == loop->getHeader();
  };
  if (!loop || llvm::none_of(loop->blocks(), polls_by_rounds))
    return;
  constexpr int kChecksMost = 8;  // between the look and the call
  const auto calls = [&](const llvm::Instruction& instr) {
    return llvm::isa<llvm::CallBase>(instr) && !llvm::isa<llvm::IntrinsicInst>(instr) && &instr != &call;
  };
  llvm::BasicBlock* block = call.getParent();
  for (int checks = 0; checks < kChecksMost && llvm::none_of(*block, calls) && block->getSinglePredecessor(); ++checks)
    block = block->getSinglePredecessor();
  if (llvm::any_of(*block, calls))
    return;  // the look may be another call's
  for (llvm::BasicBlock* before : llvm::predecessors(block)) {
    llvm::StoreInst* counts = counts_to_poll(*before);
    if (!counts || !llvm::isa<llvm::GlobalVariable>(counts->getPointerOperand()))
      continue;
    counts->eraseFromParent();
    llvm::cast<llvm::BranchInst>(before->getTerminator())
        ->setCondition(llvm::ConstantInt::getFalse(block->getContext()));
    return;
  }
}

void take_in(llvm::CallBase& call, llvm::FunctionAnalysisManager& functions) {
  drop_poll_before(call, functions);
  llvm::Function& caller = *call.getFunction();
  llvm::MDNode* scope = native_lists_scope(*caller.getParent());
  const bool leaves_lists = scope && has_only_numbers(*call.getCalledFunction());
  llvm::InlineFunctionInfo info;
  llvm::InlineFunction(call, info);
  for (llvm::CallBase* made : info.InlinedCallSites) {
    if (leaves_lists || made->hasMetadata(llvm::LLVMContext::MD_noalias))
      made->setMetadata(llvm::LLVMContext::MD_noalias, scope);
  }
  for (llvm::Instruction& instr : llvm::instructions(caller)) {
    if (instr.hasMetadata(llvm::LLVMContext::MD_alias_scope))
      instr.setMetadata(llvm::LLVMContext::MD_alias_scope, scope);
  }
  functions.invalidate(caller, llvm::PreservedAnalyses::none());
}

/// The calls of `function` in other functions' bodies become its code. The entry, which runs once a call, keeps its call.
void take_in(llvm::Function& function, bool has_loop, llvm::FunctionAnalysisManager& functions) {
  llvm::SmallVector<llvm::CallBase*, 8> calls;
  for (llvm::User* user : function.users()) {
    auto* call = llvm::dyn_cast<llvm::CallBase>(user);
    if (call && call->getCalledFunction() == &function && call->getFunction()->hasHiddenVisibility() &&
        (!has_loop || is_in_loop(*call, functions)))
      calls.push_back(call);
  }
  if (has_loop && calls.size() > kLoopInlinedCalls)
    return;
  for (llvm::CallBase* call : calls) take_in(*call, functions);
}

/// Calls by loops that give most parameters the same in each round, where there are few: what is computed from these alone is
/// computed before the loop then.
void take_in_repeated(llvm::Function& function, llvm::FunctionAnalysisManager& functions) {
  if (function.getInstructionCount() > kRepeatedWhole || without_exits(function) > kRepeatedMost)
    return;
  llvm::SmallVector<llvm::CallBase*, 4> calls;
  for (llvm::User* user : function.users()) {
    auto* call = llvm::dyn_cast<llvm::CallBase>(user);
    if (!call || call->getCalledFunction() != &function || !call->getFunction()->hasHiddenVisibility())
      continue;
    llvm::Loop* loop = functions.getResult<llvm::LoopAnalysis>(*call->getFunction()).getLoopFor(call->getParent());
    const auto given = llvm::drop_begin(call->args(), 2);  // the first two are every function's
    const auto all = static_cast<size_t>(std::distance(given.begin(), given.end()));
    const auto same = static_cast<size_t>(
        llvm::count_if(given, [&](llvm::Use& argument) { return loop && loop->isLoopInvariant(argument); }));
    if (loop && 4 * same >= 3 * all && all > 0)
      calls.push_back(call);
  }
  if (calls.size() > kRepeatedCalls)
    return;
  for (llvm::CallBase* call : calls) take_in(*call, functions);
}

/// Of functions that only compute, those whose arguments stay the same in a loop are called once before it, where each round that
/// goes on would call them: a call that fails no check has no other effect than its value.
struct HoistCalls : llvm::PassInfoMixin<HoistCalls> {
  static llvm::PreservedAnalyses run(llvm::Loop& loop, llvm::LoopAnalysisManager& /*loops*/,
                                     llvm::LoopStandardAnalysisResults& results, llvm::LPMUpdater& /*updater*/) {
    llvm::BasicBlock* before = loop.getLoopPreheader();
    if (!before || !loop.getLoopLatch())
      return llvm::PreservedAnalyses::all();
    bool changed = false;
    llvm::SmallPtrSet<llvm::BasicBlock*, 16> seen;
    for (llvm::BasicBlock* block = loop.getHeader(); block && seen.insert(block).second;
         block = usual_next(*block, loop)) {
      for (llvm::Instruction& instr : llvm::make_early_inc_range(*block)) {
        const bool is_pure =
            is_pure_call(instr) || (changed && !llvm::isa<llvm::PHINode>(instr) && !instr.mayReadFromMemory() &&
                                    llvm::isSafeToSpeculativelyExecute(&instr));
        if (!is_pure || instr.isTerminator() || !loop.hasLoopInvariantOperands(&instr))
          continue;
        instr.moveBefore(before->getTerminator());
        instr.dropUBImplyingAttrsAndMetadata();
        results.SE.forgetValue(&instr);
        changed = true;
      }
    }
    if (!changed)
      return llvm::PreservedAnalyses::all();
    auto kept = llvm::getLoopPassPreservedAnalyses();
    kept.preserve<llvm::MemorySSAAnalysis>();
    return kept;
  }
  /// Where each round comes to that goes on and meets nothing rare; null: not always to the same.
  static llvm::BasicBlock* usual_next(llvm::BasicBlock& block, llvm::Loop& loop) {
    auto* branch = llvm::dyn_cast<llvm::BranchInst>(block.getTerminator());
    if (!branch)
      return nullptr;
    unsigned usual = 0;
    if (branch->isConditional()) {
      uint64_t first = 0, second = 0;
      const bool is_known = llvm::extractBranchWeights(*branch, first, second);
      if (!loop.contains(branch->getSuccessor(0)) || (is_known && first < second / 100))
        usual = 1;
      else if (loop.contains(branch->getSuccessor(1)) && !(is_known && second < first / 100))
        return nullptr;
    }
    llvm::BasicBlock* next = branch->getSuccessor(usual);
    return loop.contains(next) ? next : nullptr;
  }
  /// Of floats alone: what computes ints may rely on a check that went before, as of a divisor.
  static bool is_pure_call(const llvm::Instruction& instr) {
    const auto* call = llvm::dyn_cast<llvm::CallInst>(&instr);
    return call && !llvm::isa<llvm::IntrinsicInst>(instr) && call->doesNotAccessMemory() && call->doesNotThrow() &&
           call->willReturn() && call->getType()->isDoubleTy() &&
           llvm::all_of(call->args(), [](const llvm::Use& argument) { return argument->getType()->isDoubleTy(); });
  }
};

/// Rounds of a loop that end at several places meet in one block: else LLVM makes a loop within a loop of it by the values that some of
/// them leave as they are.
struct UniteRounds : llvm::PassInfoMixin<UniteRounds> {
  static llvm::PreservedAnalyses run(llvm::Function& function, llvm::FunctionAnalysisManager& functions) {
    auto& loops = functions.getResult<llvm::LoopAnalysis>(function);
    auto& dominators = functions.getResult<llvm::DominatorTreeAnalysis>(function);
    bool changed = false;
    for (llvm::Loop* loop : loops.getLoopsInPreorder()) {
      if (loop->getLoopLatch() || !loop->isInnermost())
        continue;
      llvm::SmallVector<llvm::BasicBlock*, 4> latches;
      loop->getLoopLatches(latches);
      changed |= llvm::SplitBlockPredecessors(loop->getHeader(), latches, "", &dominators, &loops) != nullptr;
    }
    return changed ? llvm::PreservedAnalyses::none() : llvm::PreservedAnalyses::all();
  }
};

/// Results of functions that were taken in come as structs, by phis: of their fields the other passes understand more.
struct SplitStructs : llvm::PassInfoMixin<SplitStructs> {
  static llvm::PreservedAnalyses run(llvm::Function& function, llvm::FunctionAnalysisManager& /*functions*/) {
    llvm::SmallVector<llvm::PHINode*, 8> phis;
    for (llvm::BasicBlock& block : function) {
      for (llvm::PHINode& phi : block.phis()) {
        if (phi.getType()->isStructTy() && only_extracted(phi))
          phis.push_back(&phi);
      }
    }
    for (llvm::PHINode* phi : phis) split(*phi);
    return phis.empty() ? llvm::PreservedAnalyses::all() : llvm::PreservedAnalyses::none();
  }
  static bool only_extracted(const llvm::PHINode& phi) {
    return llvm::all_of(phi.users(), [](const llvm::User* user) {
      const auto* extract = llvm::dyn_cast<llvm::ExtractValueInst>(user);
      return extract && extract->getNumIndices() == 1;
    });
  }
  static void split(llvm::PHINode& phi) {
    llvm::SmallVector<llvm::PHINode*, 4> fields(phi.getType()->getStructNumElements());
    for (llvm::User* user : llvm::make_early_inc_range(phi.users())) {
      auto* extract = llvm::cast<llvm::ExtractValueInst>(user);
      const unsigned index = extract->getIndices()[0];
      llvm::PHINode*& field = fields[index];
      if (!field) {
        field = llvm::PHINode::Create(extract->getType(), phi.getNumIncomingValues(), "", phi.getIterator());
        for (unsigned k = 0; k < phi.getNumIncomingValues(); ++k) {
          llvm::Value* whole = phi.getIncomingValue(k);
          llvm::BasicBlock* from = phi.getIncomingBlock(k);
          llvm::Value* part = llvm::FindInsertedValue(whole, {index});
          if (const int known = field->getBasicBlockIndex(from); !part && known >= 0)
            part = field->getIncomingValue(static_cast<unsigned>(known));
          if (!part)
            part = llvm::ExtractValueInst::Create(whole, {index}, "", from->getTerminator()->getIterator());
          field->addIncoming(part, from);
        }
      }
      extract->replaceAllUsesWith(field);
      extract->eraseFromParent();
    }
    phi.eraseFromParent();
  }
};

/// Lets the code generator keep the numbers of a twin's loops as they are: each level would get more of them, one for each distance
/// that is used in it, and for many levels in each other there are not enough registers.
struct KeepCounters : llvm::PassInfoMixin<KeepCounters> {
  static constexpr unsigned kLevelsLeast = 5;
  static llvm::PreservedAnalyses run(llvm::Function& function, llvm::FunctionAnalysisManager& functions) {
    const auto loops = functions.getResult<llvm::LoopAnalysis>(function).getLoopsInPreorder();
    if (llvm::all_of(loops, [](const llvm::Loop* loop) { return loop->getLoopDepth() < kLevelsLeast; }))
      return llvm::PreservedAnalyses::all();
    for (llvm::Loop* loop : loops) {
      for (llvm::PHINode& phi : loop->getHeader()->phis()) {
        for (unsigned k = 0; k < phi.getNumIncomingValues() && phi.getType()->isIntegerTy(); ++k) {
          auto* next = llvm::dyn_cast<llvm::BinaryOperator>(phi.getIncomingValue(k));
          auto end = phi.getIncomingBlock(k)->getTerminator()->getIterator();
          if (next && loop->contains(next))
            phi.setIncomingValue(k, new llvm::FreezeInst(next, "", end));  // nothing is known of it
        }
      }
    }
    llvm::PreservedAnalyses kept;
    kept.preserveSet<llvm::CFGAnalyses>();
    return kept;
  }
};

/// Just the analyses that these passes ask for. A PassBuilder knows all passes of LLVM: they would be linked, and each load of the
/// compiler would relocate them.
struct Managers {
  explicit Managers(llvm::TargetMachine& machine) {
    const auto add = [](auto& manager, auto analysis) { manager.registerPass([analysis] { return analysis; }); };
    add(loops, llvm::PassInstrumentationAnalysis());
    add(loops, llvm::ShouldRunExtraSimpleLoopUnswitch());  // IndVarSimplify tells it, where it has found something
    add(loops, llvm::FunctionAnalysisManagerLoopProxy(functions));
    add(modules, llvm::PassInstrumentationAnalysis());
    modules.registerPass([this] { return llvm::FunctionAnalysisManagerModuleProxy(functions); });
    add(functions, llvm::PassInstrumentationAnalysis());
    functions.registerPass([this] { return llvm::LoopAnalysisManagerFunctionProxy(loops); });
    functions.registerPass([this] { return llvm::ModuleAnalysisManagerFunctionProxy(modules); });
    add(functions, machine.getTargetIRAnalysis());
    add(functions, llvm::TargetLibraryAnalysis(llvm::TargetLibraryInfoImpl(machine.getTargetTriple())));
    add(functions, llvm::AssumptionAnalysis());
    add(functions, llvm::DominatorTreeAnalysis());
    add(functions, llvm::PostDominatorTreeAnalysis());
    add(functions, llvm::LoopAnalysis());
    add(functions, llvm::ScalarEvolutionAnalysis());
    add(functions, llvm::MemorySSAAnalysis());
    add(functions, llvm::MemoryDependenceAnalysis());
    add(functions, llvm::OptimizationRemarkEmitterAnalysis());
    add(functions, llvm::LazyValueAnalysis());
    add(functions, llvm::BranchProbabilityAnalysis());
    add(functions, llvm::BlockFrequencyAnalysis());
    add(functions, llvm::BasicAA());
    add(functions, llvm::ScopedNoAliasAA());
    add(functions, llvm::TypeBasedAA());
    functions.registerPass([] {
      llvm::AAManager aliases;
      aliases.registerFunctionAnalysis<llvm::BasicAA>();
      aliases.registerFunctionAnalysis<llvm::ScopedNoAliasAA>();
      aliases.registerFunctionAnalysis<llvm::TypeBasedAA>();
      return aliases;
    });
  }

  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::ModuleAnalysisManager modules;
};

}  // namespace

void optimize(llvm::Module& module, llvm::TargetMachine& machine) {
  Managers managers(machine);
  llvm::FunctionAnalysisManager& functions = managers.functions;
  llvm::FunctionPassManager passes;
  passes.addPass(llvm::SROAPass(llvm::SROAOptions::ModifyCFG));
  passes.addPass(llvm::SimplifyCFGPass());
  passes.addPass(llvm::EarlyCSEPass(true));
  passes.addPass(SplitStructs());
  passes.addPass(llvm::JumpThreadingPass());  // tags of unions that a branch has just decided
  passes.addPass(llvm::InstCombinePass());
  passes.addPass(llvm::SimplifyCFGPass());
  passes.addPass(ConvertChecked());
  passes.addPass(DropPolls());
  passes.addPass(llvm::SimplifyCFGPass());
  passes.addPass(UniteRounds());
  llvm::LoopPassManager in_loops;
  in_loops.addPass(llvm::LoopRotatePass());
  in_loops.addPass(llvm::LICMPass(llvm::LICMOptions()));
  in_loops.addPass(HoistCalls());
  in_loops.addPass(llvm::IndVarSimplifyPass());
  passes.addPass(llvm::createFunctionToLoopPassAdaptor(std::move(in_loops), /*UseMemorySSA=*/true));
  passes.addPass(CountBits());
  passes.addPass(llvm::GVNPass());
  passes.addPass(llvm::InstCombinePass());
  passes.addPass(llvm::SimplifyCFGPass());
  passes.addPass(CompareShifted());
  passes.addPass(llvm::DivRemPairsPass());  // n % 10 and n // 10 are one multiplication if they meet in one block
  llvm::FunctionPassManager of_twins;       // made of what is optimized already
  of_twins.addPass(SplitStructs());
  of_twins.addPass(llvm::EarlyCSEPass(false));
  of_twins.addPass(llvm::JumpThreadingPass());  // that what was taken in has not given up
  of_twins.addPass(llvm::InstCombinePass());
  of_twins.addPass(llvm::SimplifyCFGPass());
  of_twins.addPass(KeepCounters());
  // Leaves first: what is small in them is worked over once more as a part of its callers, which may be leaves then.
  llvm::SmallVector<llvm::Function*, 8> others;
  for (llvm::Function& function : module) {
    if (!function.isDeclaration())
      others.push_back(&function);
  }
  for (bool found = true; found;) {
    found = false;
    for (llvm::Function*& function : others) {
      if (!function || !function->hasHiddenVisibility() || !is_leaf(*function, functions))
        continue;
      passes.run(*function, functions);
      const bool has_loop = !functions.getResult<llvm::LoopAnalysis>(*function).empty();
      if (is_small(*function, has_loop))
        take_in(*function, has_loop, functions);
      else if (!has_loop)
        take_in_repeated(*function, functions);
      function = nullptr;
      found = true;
    }
  }
  others.erase(std::remove(others.begin(), others.end(), nullptr), others.end());
  for (llvm::Function* function : others) {
    functions.invalidate(*function, llvm::PreservedAnalyses::none());
    passes.run(*function, functions);
    if (llvm::Function* twin = add_recursion_twin(*function))
      of_twins.run(*twin, functions);
  }
  llvm::FunctionPassManager finish;  // what LLVM's passes would undo, or know less about
  finish.addPass(SpareLastDigit());
  finish.addPass(CheckByFlags());
  finish.addPass(RunUncheckedRounds());
  finish.addPass(ShortenRecurrences());
  finish.addPass(BranchOnSlow());
  finish.addPass(CompareOnce());
  finish.addPass(KeepSelections());
  finish.addPass(DivideWithoutSign());
  for (llvm::Function& function : module) {
    if (!function.isDeclaration() && function.hasHiddenVisibility())
      finish.run(function, functions);
  }
}

std::string defect_of(const llvm::Module& module) {
  std::string text;
  llvm::raw_string_ostream out(text);
  return llvm::verifyModule(module, &out) ? out.str() : std::string();
}

}  // namespace hasten::compile
