// Finds the tree of one function: reads its file, locates the definition, and proves that it is the code that runs.
#pragma once

#include <optional>

#include "compile/syntax/ast_node.h"
#include "compile/syntax/refusal.h"
#include "runtime/object_ref.h"

namespace hasten::compile::syntax {

struct Definition {
  runtime::ObjectRef tree;         ///< keeps the nodes alive
  Node node;                       ///< the FunctionDef
  PyObject* class_name = nullptr;  ///< of the innermost class around it (for private names), borrowed from the tree
};

/// The definition of `function` (a Python function). On failure either *refusal is filled in, or a Python exception
/// is set (out of memory, Ctrl-C) and *refusal is left empty. Files are parsed once and kept while they do not change.
std::optional<Definition> find_definition(PyObject* function, std::optional<Refusal>* refusal);

}  // namespace hasten::compile::syntax
