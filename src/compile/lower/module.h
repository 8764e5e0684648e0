// From an inferred unit to one LLVM module.
#pragma once

#include <memory>
#include <string>

#include "compile/lower/image.h"

namespace llvm {
class LLVMContext;
class Module;
}  // namespace llvm

namespace hasten::compile {

inline constexpr const char* kEntrySymbol = "hasten_entry";

/// Emits every specialization of `unit` and the boxed entry of its root; fills `record` (bodies, guards). With a
/// `defect` the module must not be used.
std::unique_ptr<llvm::Module> lower_unit(llvm::LLVMContext& context, Unit& unit, UnitRecord& record,
                                         const runtime::RuntimeTable& runtime, std::string& defect);

/// Whether any of the unit's code can run Python code that is not compiled with it.
bool runs_foreign_code(Unit& unit);

}  // namespace hasten::compile
