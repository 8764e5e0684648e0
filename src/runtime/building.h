// What displays, calls with `*` and `**`, imports and generator expressions are made of: each function as the bytecode
// instruction of that name does it, with its messages. All return a new reference, or null (false) with an exception.
#pragma once

#include <Python.h>

#include "runtime/mir.h"

namespace hasten::runtime {

PyObject* build_set(PyObject* const* items, uint32_t count);
PyObject* build_dict(PyObject* const* pairs, uint32_t count);  ///< key, value, key, value...
bool list_extend(PyObject* list, PyObject* iterable);
bool set_update(PyObject* set, PyObject* iterable);
bool dict_update(PyObject* dict, PyObject* mapping);
/// `**mapping` in a call of `callee`: an argument that is there already is an error.
bool dict_merge(PyObject* dict, PyObject* mapping, PyObject* callee);
/// `keywords` may be null.
PyObject* call_unpacked(PyObject* callee, PyObject* args, PyObject* keywords);
/// A tuple: `before` items, the list of those in the middle, `after` items.
PyObject* unpack_star(PyObject* sequence, Py_ssize_t before, Py_ssize_t after);

PyObject* import_name(const mir::MirFunction& function, PyObject* name, PyObject* level, PyObject* wanted);
PyObject* import_from(PyObject* module, PyObject* name);

/// `made_of`: see Op::MakeGenerator.
PyObject* make_generator(const mir::MirFunction& function, PyObject* made_of, PyObject* iterator,
                         PyObject* const* cells);

PyObject* sum_add(PyObject* total, PyObject* carry, PyObject* item);
PyObject* sum_carry(PyObject* total, PyObject* carry, PyObject* item, PyObject* next);
PyObject* sum_end(PyObject* total, PyObject* carry);

}  // namespace hasten::runtime
