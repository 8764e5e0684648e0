// Types of objects that are at hand: actual arguments, constants, the types seen when a prediction failed.
#pragma once

#include "compile/types/type.h"

namespace hasten::compile {

/// The type of an actual argument; lists are looked into (a few items, a few levels deep). Null is Unbound.
Type type_of_argument(PyObject* object, SiteTable& sites);
/// The type of a constant: numbers with their value, anything that is not a number is the known object itself.
Type type_of_constant(PyObject* object, SiteTable& sites);
/// The type that values of the class `type_object` have when nothing else is known.
Type type_of_class(PyObject* type_object, SiteTable& sites);

}  // namespace hasten::compile
