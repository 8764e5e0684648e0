// Everything in this room that depends on the version of CPython; the only file here that names versions.
#pragma once

#include <Python.h>

#include "runtime/hasten_runtime.h"
#include "runtime/planted.h"

namespace hasten::runtime {

/// Offsets into CPython's objects, checked against live objects. Null with ImportError set if they are wrong.
const ObjectLayout* measure_object_layout();
/// What it has found.
const ObjectLayout& object_layout();

/// The mapping that global names fall back to (borrowed).
PyObject* function_builtins(PyObject* function);

/// What PUSH_EXC_INFO saves: the exception that this function's caller, or the coroutine that runs, is handling (new
/// reference), or None.
PyObject* handled_exception();
/// POP_EXCEPT: puts back what handled_exception() gave, or makes `exception` the one that is being handled.
void set_handled_exception(PyObject* exception);

/// LOAD_METHOD: the attribute `name` of `object` (new reference, null = raised). *is_unbound: it is a function of the type
/// that wants `object` as its first argument, exactly as the attribute bound to `object` would be called.
PyObject* load_method(PyObject* object, PyObject* name, bool* is_unbound);
/// The same in one object, which is only to be called: an unbound method is a method object of the two.
PyObject* load_method_object(PyObject* object, PyObject* name);
/// The tag that the type has for as long as it and its bases stay as they are; 0: it has none.
uint32_t type_version(const PyTypeObject* type);
/// The tag of `object`'s type for as long as load_method finds the same function for every object of that type, which
/// has unbound methods alone to offer (no dict of its own, no __getattr__); 0 if there is no such promise.
/// REQUIRES: load_method has just found an unbound function.
uint32_t method_version(PyObject* object);

/// Where an exact int keeps its digits, and what stands before: {the size with its sign} or {a tag}, as this CPython has it.
template <class Long>
auto* digits_of(Long* number) {
  if constexpr (requires { number->long_value.lv_tag; }) {
    return number->long_value.ob_digit;
  } else {
    return number->ob_digit;
  }
}
template <class Long>
bool read_one_digit(Long* number, int64_t* value) {
  if constexpr (requires { number->long_value.lv_tag; }) {
    constexpr uintptr_t kTwoDigits = uintptr_t{2} << 3, kSign = 3;
    const uintptr_t tag = number->long_value.lv_tag;
    *value = (1 - static_cast<int64_t>(tag & kSign)) * static_cast<int64_t>(*digits_of(number));
    return tag < kTwoDigits;
  } else {
    const Py_ssize_t size = Py_SIZE(number);
    *value = size * static_cast<int64_t>(*digits_of(number));
    return size >= -1 && size <= 1;
  }
}

/// How many digits an exact int has, below zero for a number below zero.
template <class Long>
Py_ssize_t signed_size_of(Long* number) {
  if constexpr (requires { number->long_value.lv_tag; }) {
    const uintptr_t tag = number->long_value.lv_tag;
    return (1 - static_cast<Py_ssize_t>(tag & 3)) * static_cast<Py_ssize_t>(tag >> 3);
  } else {
    return Py_SIZE(number);
  }
}
/// The same of one that nobody else has seen. REQUIRES: not 0.
template <class Long>
void set_signed_size(Long* number, Py_ssize_t size) {
  if constexpr (requires { number->long_value.lv_tag; }) {
    number->long_value.lv_tag = size < 0 ? static_cast<uintptr_t>(-size) << 3 | 2 : static_cast<uintptr_t>(size) << 3;
  } else {
    Py_SET_SIZE(number, size);
  }
}

/// Whether the exact int `object` has one digit at most; then *value.
inline bool read_small_int(PyObject* object, int64_t* value) {
  return read_one_digit(reinterpret_cast<PyLongObject*>(object), value);
}

/// Makes an int of one digit that nobody else knows another one; false: it is not, or CPython keeps one of this value.
inline bool overwrite_small_int(PyObject* object, int64_t value) {
  constexpr int64_t kKeptMax = 256, kDigitMax = (int64_t{1} << PyLong_SHIFT) - 1;
  int64_t old = 0;
  if (value <= kKeptMax || value > kDigitMax || (Py_REFCNT(object) != 1 && !planted_bug(Plant::IntOverwritesShared)) ||
      !PyLong_CheckExact(object) || !read_small_int(object, &old) || old <= kKeptMax) {
    return false;
  }
  *digits_of(reinterpret_cast<PyLongObject*>(object)) = static_cast<digit>(value);
  return true;
}

/// UNPACK_SEQUENCE's error for a sequence that is too long.
void raise_too_many_values(PyObject* sequence, Py_ssize_t expected);

/// The thread's budget of Python calls; it falls by one for each active call and is never to become negative.
int* python_call_budget(PyThreadState* thread);
/// Raises RecursionError as CPython does when the budget is used up.
void raise_recursion_error();

/// For a call that came through a trampoline's frame: takes that frame, and what C calls lie between, off the thread's
/// account (sign 1), or puts them back (sign -1).
void credit_trampoline(PyThreadState* thread, int sign);

/// The interpreter's own frames, without an object made for each: the thread's innermost, and the one around another; null: none.
const void* innermost_own_frame(PyThreadState* thread);
const void* own_frame_around(const void* frame);
/// What it runs (borrowed): a code object, or what stands there for calls from C.
PyObject* own_frame_code(const void* frame);

/// The function that `frame` runs (borrowed), or null if it runs none (a module, a class).
PyObject* frame_function(PyFrameObject* frame);

/// Whether a trace or profile function is told of what runs on this thread.
bool is_traced(PyThreadState* thread);

/// A counter that changes with every change of `dict`, or null if this CPython does not keep one.
const uint64_t* dict_version(PyObject* dict);

/// Whether sum() keeps account of what additions of floats lose (from 3.12 on).
bool sum_compensates();

/// Makes `frame.f_lineno` say `line` (frames made for tracebacks never ran).
void set_frame_line(PyFrameObject* frame, int line);

/// Gives `frame`, which PyFrame_New made for `code`, the cells of its free variables, or empty ones: CPython's f_locals
/// reads them without asking whether they are there. `closure` may be null.
void set_frame_closure(PyFrameObject* frame, PyCodeObject* code, PyObject* closure);

}  // namespace hasten::runtime
