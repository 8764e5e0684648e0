// Typing of calls: which builtins are done natively for which arguments, which functions are called directly.
#pragma once

#include <functional>

#include "compile/types/infer.h"

namespace hasten::compile {

/// The result's type of the Call or CallMethod `v` whose operands have the types `args` (callee or receiver
/// first), and how it is done. `fresh` gives the site of a list that the call makes.
Type plan_call(Unit& unit, Specialization& s, mir::ValueId v, const std::vector<Type>& args,
               const std::function<SiteId()>& fresh, CallPlan& plan);

/// The object bound under global `name` now (globals, then builtins); borrowed, null if there is none.
PyObject* find_global(const mir::MirFunction& f, uint32_t name);

}  // namespace hasten::compile
