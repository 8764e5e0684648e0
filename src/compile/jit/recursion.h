// Recursion without the work of its calls. A function that only computes and calls itself may be given up anywhere and run
// again: nobody sees the difference. So it gets a twin which looks at signals, the stack and the recursion limit once for
// many calls, in which calls at the end are loops, and which has its own calls taken in, some levels deep. Whatever is rare
// in it (an overflow, the last levels of the recursion limit, a guard that broke) gives the twin's run up, all of it, and the
// function itself runs in its place. See docs/decisions/0019-recursion.md. Where a parameter bounds the depth (each call makes it less,
// and there is none below some constant), the limit is looked at before the first call alone: a call that it does not allow as
// deep as it may come runs without a twin, though it need not come so deep.
#pragma once

namespace llvm {
class Function;
}  // namespace llvm

namespace hasten::compile {

inline constexpr const char* kTwinSuffix = ".twin";     ///< of its symbol, behind that of the function
inline constexpr const char* kChoiceSuffix = ".calls";  ///< of what the function calls in place of itself

/// The twin of `function`, which is optimized; null: it does more than compute and call itself. The function's calls go to the
/// twin afterwards; the twin is not optimized yet. Cost: linear in the function.
llvm::Function* add_recursion_twin(llvm::Function& function);

}  // namespace hasten::compile
