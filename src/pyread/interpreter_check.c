// Holds the tables of pending.cc and thread_name.h, and where the GIL is, against the headers of the Python that this build
// uses. No code comes out of it.
#define Py_BUILD_CORE 1
#include <Python.h>
#include <internal/pycore_dict.h>
#include <internal/pycore_gil.h>
#include <internal/pycore_interp.h>
#include <internal/pycore_runtime.h>
#include <stddef.h>

#define CALLS offsetof(PyInterpreterState, ceval.pending)
#define IS(what, value) _Static_assert((what) == (value), #what)

#if PY_VERSION_HEX >> 16 == 0x030b
IS(offsetof(_PyRuntimeState, interpreters.main), 48);
IS(CALLS, 112);
IS(offsetof(struct _pending_calls, calls), 16);
IS(offsetof(struct _pending_calls, first), 528);
IS(offsetof(struct _pending_calls, last), 532);
IS(offsetof(struct _pending_calls, calls_to_do), 8);
IS(offsetof(PyInterpreterState, ceval.eval_breaker), 100);
IS(offsetof(PyInterpreterState, threads.head), 16);
#elif PY_VERSION_HEX >> 16 == 0x030c
IS(offsetof(_PyRuntimeState, interpreters.main), 48);
IS(CALLS, 400);
IS(offsetof(struct _pending_calls, calls), 24);
IS(offsetof(struct _pending_calls, first), 536);
IS(offsetof(struct _pending_calls, last), 540);
IS(offsetof(struct _pending_calls, calls_to_do), 16);
IS(offsetof(PyInterpreterState, ceval.eval_breaker), 368);
IS(offsetof(PyInterpreterState, threads.head), 72);
#else
#include <internal/pycore_ceval.h>
#if PY_VERSION_HEX >> 16 == 0x030d
IS(offsetof(_PyRuntimeState, interpreters.main), 640);
#elif PY_VERSION_HEX >> 16 == 0x030e
IS(offsetof(_PyRuntimeState, interpreters.main), 816);
#elif PY_VERSION_HEX >> 16 == 0x030f
IS(offsetof(_PyRuntimeState, interpreters.main), 944);
#endif
IS(CALLS, 32);
IS(offsetof(struct _pending_calls, calls), 24);
IS(offsetof(struct _pending_calls, first), 7224);
IS(offsetof(struct _pending_calls, next), 7228);
IS(offsetof(struct _pending_calls, npending), 12);
IS(offsetof(struct _pending_calls, max), 16);
IS(offsetof(PyThreadState, eval_breaker), 24);
IS(offsetof(PyInterpreterState, threads.head), PY_VERSION_HEX >> 16 == 0x030f ? 7336 : 7344);
IS(_PY_CALLS_TO_DO_BIT, 4);
#endif

#if PY_VERSION_HEX >> 16 < 0x030d
IS(sizeof(struct _pending_calls), CALLS == 112 ? 536 : 544);
IS(NPENDINGCALLS, 32);
#else
IS(sizeof(struct _pending_call), 24);
IS(PENDINGCALLSARRAYSIZE, 300);
#endif
IS(offsetof(PyThreadState, next), 8);
#if PY_VERSION_HEX >> 16 < 0x030e
IS(offsetof(PyTypeObject, tp_basicsize), 32);
IS(offsetof(PyTypeObject, tp_flags), 168);
IS(Py_TPFLAGS_MANAGED_DICT, 1 << 4);
IS(Py_TPFLAGS_HEAPTYPE, 1 << 9);
IS(offsetof(PyHeapTypeObject, ht_cached_keys), PY_VERSION_HEX >> 16 == 0x030b ? 872 : 880);
IS(offsetof(PyDictObject, ma_keys), 32);
IS(offsetof(PyDictObject, ma_values), 40);
IS(offsetof(PyDictKeysObject, dk_log2_index_bytes), 9);
IS(offsetof(PyDictKeysObject, dk_kind), 10);
IS(offsetof(PyDictKeysObject, dk_nentries), 24);
IS(offsetof(PyDictKeysObject, dk_indices), 32);
IS(DICT_KEYS_GENERAL, 0);
IS(offsetof(PyDictValues, values), PY_VERSION_HEX >> 16 == 0x030d ? 8 : 0);
#endif
#if PY_VERSION_HEX >> 16 == 0x030d
IS(Py_TPFLAGS_INLINE_VALUES, 1 << 2);
#endif
// What arrival.cc takes for granted.
IS(offsetof(PyThreadState, native_thread_id) - offsetof(PyThreadState, thread_id), 8);
// PythonLayout::gil_locked.
IS(offsetof(struct _gil_runtime_state, cond) - offsetof(struct _gil_runtime_state, locked), 16);
IS(sizeof(((struct _gil_runtime_state*)0)->locked), 4);
