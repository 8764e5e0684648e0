// What instructions on names do: globals, cells, functions made with them. New references, null (or false): raised.
#pragma once

#include <Python.h>

#include "runtime/mir.h"

namespace hasten::runtime {

PyObject* get_global(const mir::MirFunction& function, PyObject* name);
bool store_global(const mir::MirFunction& function, PyObject* name, PyObject* value);
bool delete_global(const mir::MirFunction& function, PyObject* name);

PyObject* get_free(const mir::MirFunction& function, uint32_t index);
/// `value` itself, which is null if the local has none.
PyObject* check_bound(const mir::MirFunction& function, const mir::Instr& instr, PyObject* value);
PyObject* load_cell(const mir::MirFunction& function, const mir::Instr& instr, PyObject* cell);
bool delete_cell(const mir::MirFunction& function, const mir::Instr& instr, PyObject* cell);

/// MAKE_FUNCTION.
PyObject* make_function(const mir::MirFunction& function, const mir::Instr& instr, PyObject* const* parts);

}  // namespace hasten::runtime
