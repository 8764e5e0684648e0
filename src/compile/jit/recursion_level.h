// One level of a recursion on its way to a twin (recursion.h): a copy of the function, whose calls of itself the twin will
// take in. Its parts are made by usual_course.cc, recursion_bound.cc, last_calls.cc and
// carried_sums.cc, in this order.
#pragma once

#include <array>

#include <llvm/ADT/DenseMap.h>
#include <llvm/ADT/SmallVector.h>
#include <llvm/IR/Constants.h>
#include <llvm/IR/Function.h>
#include <llvm/IR/GlobalVariable.h>
#include <llvm/IR/Instructions.h>
#include <llvm/IR/Intrinsics.h>

namespace hasten::compile {

/// Calls that the recursion limit must allow beyond; more than the levels that a twin takes in.
inline constexpr int64_t kTwinMargin = 16;

// What a twin gives in place of the null of a result: an exception is set (a signal's handler), or it gave up. That by
// different numbers, or LLVM makes one test of two of them, which is slower.
inline constexpr uint64_t kRaised = 1, kGaveUp = 2, kTooDeep = 3;

struct RecursionLevel {
  llvm::Function* function;                 ///< the copy
  llvm::Function* self;                     ///< what those calls name that are the function's of itself
  bool has_rounds = false;                  ///< last calls are rounds of a loop: its header follows the first block
  llvm::Function* inner = nullptr;          ///< what its calls take in, if that is another copy: one without rounds
  llvm::Function* again = nullptr;          ///< what the last calls of that name
  llvm::ConstantInt* first_sum = nullptr;   ///< if its last parameter is a sum so far: what that begins with
  unsigned decreasing = 0;                  ///< the parameter that bounds the depth; 0: none does
  int64_t least = 0;                        ///< where that is less, there are no calls
  llvm::GlobalVariable* counter = nullptr;  ///< of calls until the next poll
  llvm::Function* poll = nullptr;
  llvm::SmallVector<llvm::Value*, 3> poll_args;  ///< of one of the function's own
  std::array<llvm::BasicBlock*, kTooDeep + 1> endings{};

  llvm::CallInst* own_call(llvm::Instruction& instr) const;
  llvm::SmallVector<llvm::CallInst*, 8> own_calls(llvm::Function& in) const;
  /// The parameter, if there is a first_sum.
  llvm::Argument* sum() const;
  /// The block that ends the twin with this status.
  llvm::BasicBlock* ending(uint64_t status);
};

/// Returns `status`, and no value.
void return_status(llvm::Value* status, llvm::BasicBlock* block);
/// Ends the twin, out of whatever level: until all are taken in, by a call of a function that is none.
void end_twin_with(llvm::Value* status, llvm::BasicBlock* block);
/// Lets all such blocks of `twin` return.
void return_from_ends(llvm::Function& twin);
/// Takes away what end_twin_with() has brought into the module.
void forget_ends(llvm::Module& module);
/// Gives the copy a parameter for the sum so far: each call of itself passes first_sum. What the calls have become is told.
llvm::DenseMap<llvm::CallInst*, llvm::CallInst*> add_sum_parameter(RecursionLevel& level);
/// Lets the block return the sum of what it returns and `sum`, or end the twin where that does not fit.
void return_joined(RecursionLevel& level, llvm::BasicBlock& block, llvm::Intrinsic::ID joins, llvm::Value* sum);
/// The value that the block returns with a status of null; null: it returns something else.
llvm::Value* returned(llvm::BasicBlock& block);
/// Each place that returns has its own end.
void split_returns(llvm::Function& function);
/// Branch weights: hardly ever.
llvm::MDNode* unlikely(llvm::LLVMContext& context);

/// Leaves what the copy does in its usual course; for all else the twin gives up. False: it does more than compute, or too much.
bool keep_usual_course(RecursionLevel& level);
/// Finds a parameter that each call makes less, down to a bound: from its value n on, no more than n - least + 1 calls are in each
/// other. Where the recursion limit allows those, none of them needs to be counted.
void bound_depth(RecursionLevel& level);
/// Where the function is a sum of what its calls give, lets each add to the sum so far: all levels have one then.
void carry_sums(RecursionLevel& level);
/// Makes a loop of calls after which the function does nothing but return what they give, or its sum (product) with something.
void loop_last_calls(RecursionLevel& level);
/// Of numbers to which each level adds the same constant, one check goes for all the levels that `twin` has taken in.
void check_steps_at_once(const RecursionLevel& level, llvm::Function& twin);

}  // namespace hasten::compile
