// What the functions that compiled code calls (support.h) have in common with the rest of the runtime. All need the GIL.
//
// How compiled code raises: it does not. When an operation is about to fail (zero division, index, domain, overflow of
// a float result, a wrong type), it leaves through hrt_deopt with reason Generic and `resume` at that instruction: the
// interpreter does it again on boxed values and raises what CPython raises, traceback entry included. Only after a
// helper or a direct native call has returned a failure does compiled code return nullptr itself, after
// hrt_traceback for its own level where the helper's line below says so.
//
// Status results: kOk; kFailed: a Python exception is set (return nullptr); kLeave: nothing has happened, hrt_deopt.
#pragma once

#include <Python.h>

#include <cstdint>

#include "runtime/hasten_runtime.h"

namespace hasten::runtime {

inline constexpr int32_t kOk = 0, kFailed = 1, kLeave = 2;

extern "C" {

// --- Leaving and boxed execution -------------------------------------------------------------------------------

/// Goes on in the interpreter at version->points[point] and returns the call's result (new reference), or nullptr with
/// exception and traceback set: return it as it is. Steals `result` (the point's `result` value, or null) and the
/// references in the `owned_count` slots numbered `owned` (null: none); what is not live is dropped before it goes on.
/// What is returned need not be an object: return it as it is, and keep an exception that is set.
PyObject* hrt_deopt(NativeVersion* version, uint32_t point, const uint64_t* slots, const uint16_t* owned,
                    size_t owned_count, PyObject* result);

/// Executes one computing instruction (not Phi, not a terminator) on boxed operands (borrowed; null = Unbound), as
/// the interpreter does. kOk: *result is a new reference, or null if the instruction defines nothing or an IterNext
/// is exhausted. kFailed: exception set and traceback entry added.
int32_t hrt_execute(const mir::MirFunction* function, uint32_t instr, PyObject* const* operands, PyObject** result);

/// What a method's site remembers: with the type's version tag, `callable` is the method, unbound (borrowed).
struct MethodCache {
  uint32_t version = 0xffffffffu;  ///< no type's
  PyObject* callable = nullptr;
  /// Likewise of a type whose instances keep values without a dict, as long as so many names of values are known: none is the method's.
  uint32_t version_with_values = 0xffffffffu;
  uint32_t value_count = 0;
};

/// LOAD_METHOD: the attribute `name` of `object` (new reference, null = raised, no traceback entry added), which wants
/// `object` as its first argument if *is_unbound. Fills `cache` if the next object of the type can do without this.
PyObject* hrt_load_method(MethodCache* cache, PyObject* object, PyObject* name, int32_t* is_unbound);

/// Does the Raise or Reraise `instr` (exception and cause may be null): an exception is set then, traceback entry included.
void hrt_raise(const mir::MirFunction* function, uint32_t instr, PyObject* exception, PyObject* cause);

/// Adds the traceback entry of `function` at `instr` to the exception that is set.
void hrt_traceback(const mir::MirFunction* function, uint32_t instr);

/// Every few thousand iterations of a loop: runs signal handlers, lets other threads have the GIL. kOk or kFailed
/// (exception and traceback entry set). It may run any Python code: nothing that was read from an object before is
/// still known afterwards.
int32_t hrt_poll(const mir::MirFunction* function, uint32_t instr);

// --- Calls between compiled functions ---------------------------------------------------------------------------

/// For this thread: *budget is the number of Python calls left, *stack_low the lowest stack address allowed. A direct
/// native call does `--**budget`, calls, `++**budget`; if **budget <= 0 before it, or the stack pointer is below
/// *stack_low, it calls hrt_recursion_error instead. (The boxed entry has been counted by the dispatcher.)
void hrt_call_limits(int32_t** budget, uintptr_t* stack_low);

/// Code that was entered at a loop header has references of its own to the values it was given: the interpreter's are dropped.
/// Returns where the interpreter keeps what local variables hold.
PyObject** hrt_take_over();
/// Sets RecursionError and adds the traceback entry of the caller at its Call instruction.
void hrt_recursion_error(const mir::MirFunction* caller, uint32_t instr);

// --- Boxes and references ---------------------------------------------------------------------------------------

// --- Globals ------------------------------------------------------------------------------------------------------

/// What GetGlobal of name index `name` would find now (borrowed), or null if it would raise (no exception is set).
/// Compiled code that assumed a value compares at its entry, and after whatever may run Python code.
PyObject* hrt_peek_global(const mir::MirFunction* function, uint32_t name);

// --- Lists --------------------------------------------------------------------------------------------------------

/// list.append of an exact list. Steals `item`. kOk or kFailed (no traceback entry added).
int32_t hrt_list_append(PyObject* list, PyObject* item);

// --- Exact arithmetic ---------------------------------------------------------------------------------------------
// Bit-equal to CPython on this interpreter. kLeave where CPython raises or the result has another type.

int32_t hrt_int_pow(int64_t base, int64_t exponent, int64_t* out);  ///< exponent < 0 or overflow: kLeave
int32_t hrt_float_floor_divide(double a, double b, double* out);
int32_t hrt_float_remainder(double a, double b, double* out);
int32_t hrt_float_pow(double a, double b, double* out);  ///< `**`; complex result: kLeave
double hrt_int_true_divide(int64_t a, int64_t b);        ///< correctly rounded. REQUIRES: b != 0
/// -1, 0, 1 as a < b, a == b, a > b, exactly (no rounding of the int); 2 if b is nan.
int32_t hrt_compare_int_float(int64_t a, double b);
// Complex numbers are {real, imag}. Products and sums are left to compiled code (without fused multiply-add).
int32_t hrt_complex_divide(const double* a, const double* b, double* out);

}  // extern "C"

}  // namespace hasten::runtime
