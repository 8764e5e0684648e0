// Result types of single operations on single kinds: the table of Python's arithmetic.
// "never" means that the operation raises for these kinds (lowering leaves to the interpreter, which raises).
#pragma once

#include <span>

#include "compile/types/known.h"
#include "compile/types/type.h"
#include "runtime/mir.h"

namespace hasten::compile {

/// REQUIRES: a and b have one alternative each (Type::alternatives). Lists: `fresh` is the site of a new list.
Type binary_type(mir::BinaryOp op, const Type& a, const Type& b, SiteTable& sites, SiteId fresh);
Type unary_type(mir::UnaryOp op, const Type& a);
Type compare_type(mir::CompareOp op, const Type& a, const Type& b);
/// abs(a), for one alternative.
Type abs_type(const Type& a);
/// What a call of `known` gives for arguments that are not handled natively: its result is checked.
Type called_result(Known known, std::span<const Type> args, SiteTable& sites, SiteId fresh);

/// f over all pairs of alternatives, joined.
template <class F>
Type over_pairs(const Type& a, const Type& b, SiteTable& sites, F f) {
  Type result;
  for (const Type& x : a.alternatives()) {
    for (const Type& y : b.alternatives()) result = join(result, f(x, y), sites);
  }
  return result;
}

template <class F>
Type over_alternatives(const Type& a, SiteTable& sites, F f) {
  Type result;
  for (const Type& x : a.alternatives()) result = join(result, f(x), sites);
  return result;
}

}  // namespace hasten::compile
