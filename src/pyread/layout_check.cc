// Holds the tables against the headers of the Python that this build uses. No code comes out of it.
#define Py_BUILD_CORE 1
#include <Python.h>
#include <internal/pycore_frame.h>
#if PY_VERSION_HEX >= 0x030d0000
#include <internal/pycore_genobject.h>
#endif
#if PY_VERSION_HEX >= 0x030e0000
#include <internal/pycore_stackref.h>
#endif
#include <opcode.h>

#include <cstddef>

#include "pyread/layout.h"
#include "pyread/layout_opcodes.h"

#pragma GCC diagnostic ignored "-Winvalid-offsetof"

namespace hasten::pyread {
namespace {

// The same numbers as in layout.cc, which has no Python.h to check them with. layout_test.cc compares
// this list with find_layout().
#if PY_VERSION_HEX >> 16 == 0x030b
static_assert(offsetof(PyThreadState, cframe) == 56 && offsetof(PyThreadState, root_cframe) == 336);
static_assert(offsetof(PyThreadState, datastack_chunk) == 296 && offsetof(PyThreadState, native_thread_id) == 160);
static_assert(offsetof(_PyCFrame, current_frame) == 8 && offsetof(_PyCFrame, previous) == 16);
static_assert(offsetof(_PyInterpreterFrame, f_code) == 32 && offsetof(_PyInterpreterFrame, previous) == 48);
static_assert(offsetof(_PyInterpreterFrame, prev_instr) == 56 && offsetof(_PyInterpreterFrame, owner) == 69);
static_assert(offsetof(_PyInterpreterFrame, is_entry) == 68);
static_assert(offsetof(PyCodeObject, co_code_adaptive) == 184 && offsetof(PyCodeObject, co_firstlineno) == 72);
static_assert(sizeof(PyASCIIObject) == 48 && sizeof(PyCompactUnicodeObject) == 72);
#elif PY_VERSION_HEX >> 16 == 0x030c
static_assert(offsetof(PyThreadState, cframe) == 56 && offsetof(PyThreadState, root_cframe) == 272);
static_assert(offsetof(PyThreadState, datastack_chunk) == 232 && offsetof(PyThreadState, native_thread_id) == 144);
static_assert(offsetof(_PyCFrame, current_frame) == 0 && offsetof(_PyCFrame, previous) == 8);
static_assert(offsetof(_PyInterpreterFrame, f_code) == 0 && offsetof(_PyInterpreterFrame, previous) == 8);
static_assert(offsetof(_PyInterpreterFrame, prev_instr) == 56 && offsetof(_PyInterpreterFrame, owner) == 70);
static_assert(offsetof(PyCodeObject, co_code_adaptive) == 192 && offsetof(PyCodeObject, co_firstlineno) == 68);
static_assert(offsetof(PyCodeObject, co_version) == 92);
static_assert(sizeof(PyASCIIObject) == 40 && sizeof(PyCompactUnicodeObject) == 56);
static_assert(FRAME_OWNED_BY_CSTACK == 3);
#elif PY_VERSION_HEX >> 16 == 0x030d
static_assert(offsetof(PyThreadState, current_frame) == 72);
static_assert(offsetof(PyThreadState, datastack_chunk) == 232 && offsetof(PyThreadState, native_thread_id) == 160);
static_assert(offsetof(_PyInterpreterFrame, f_executable) == 0 && offsetof(_PyInterpreterFrame, previous) == 8);
static_assert(offsetof(_PyInterpreterFrame, instr_ptr) == 56 && offsetof(_PyInterpreterFrame, owner) == 70);
static_assert(offsetof(PyCodeObject, co_code_adaptive) == 200 && offsetof(PyCodeObject, co_firstlineno) == 68);
static_assert(offsetof(PyCodeObject, co_version) == 92);
static_assert(sizeof(PyASCIIObject) == 40 && sizeof(PyCompactUnicodeObject) == 56);
static_assert(FRAME_OWNED_BY_CSTACK == 3);
#elif PY_VERSION_HEX >> 16 >= 0x030e
static_assert(offsetof(PyThreadState, current_frame) == 72);
#if PY_VERSION_HEX >> 16 == 0x030e
static_assert(offsetof(PyThreadState, datastack_chunk) == 232 && offsetof(PyThreadState, native_thread_id) == 160);
#else
static_assert(offsetof(PyThreadState, datastack_chunk) == 256 && offsetof(PyThreadState, native_thread_id) == 184);
#endif
static_assert(offsetof(_PyInterpreterFrame, f_executable) == 0 && offsetof(_PyInterpreterFrame, previous) == 8);
static_assert(offsetof(_PyInterpreterFrame, instr_ptr) == 56 && offsetof(_PyInterpreterFrame, owner) == 74);
static_assert(offsetof(_PyInterpreterFrame, localsplus) == 80 && Py_TAG_BITS == 3);
static_assert(offsetof(PyCodeObject, co_code_adaptive) == 208 && offsetof(PyCodeObject, co_firstlineno) == 68);
static_assert(offsetof(PyCodeObject, co_version) == 92);
static_assert(sizeof(PyASCIIObject) == 40 && sizeof(PyCompactUnicodeObject) == 56);
static_assert(FRAME_OWNED_BY_INTERPRETER == 3);
#endif
static_assert(offsetof(PyThreadState, next) == 8);
static_assert(offsetof(_PyStackChunk, previous) == 0 && offsetof(_PyStackChunk, size) == 8);
static_assert(offsetof(_PyStackChunk, data) == 24);
static_assert(offsetof(PyCodeObject, co_flags) == 48 && offsetof(PyCodeObject, co_filename) == 112);
static_assert(offsetof(PyCodeObject, co_qualname) == 128 && offsetof(PyCodeObject, co_linetable) == 136);
static_assert(offsetof(PyVarObject, ob_size) == 16 && offsetof(PyObject, ob_type) == 8);
static_assert(offsetof(PyBytesObject, ob_sval) == 32);
static_assert(offsetof(PyASCIIObject, length) == 16 && offsetof(PyASCIIObject, state) == 32);
static_assert(sizeof(_PyInterpreterFrame) >= kFrameBytesMax && sizeof(PyCodeObject) >= kCodeBytes - 16);

// The same numbers as in coroutine.cc.
#if PY_VERSION_HEX >> 16 == 0x030b
static_assert(offsetof(PyCoroObject, cr_frame_state) == 75 && offsetof(PyCoroObject, cr_iframe) == 80);
#else
static_assert(offsetof(PyCoroObject, cr_frame_state) == 67 && offsetof(PyCoroObject, cr_iframe) == 72);
#endif
#if PY_VERSION_HEX >> 16 >= 0x030f
static_assert(FRAME_CREATED == 0 && FRAME_SUSPENDED == 1 && FRAME_SUSPENDED_YIELD_FROM == 2);
#elif PY_VERSION_HEX >> 16 >= 0x030d
static_assert(FRAME_CREATED == -3 && FRAME_SUSPENDED == -2 && FRAME_SUSPENDED_YIELD_FROM == -1);
#else
static_assert(FRAME_CREATED == -2 && FRAME_SUSPENDED == -1);
#endif
#if PY_VERSION_HEX >> 16 >= 0x030e
static_assert(offsetof(_PyInterpreterFrame, stackpointer) == 64 && sizeof(_PyStackRef) == 8);
#else
static_assert(offsetof(_PyInterpreterFrame, stacktop) == 64 && offsetof(_PyInterpreterFrame, localsplus) == 72);
#endif

// meaning_of_opcode(), for every opcode in its table.
template <class... Opcodes>
constexpr bool all_are(Instruction instruction, bool specialised, Opcodes... opcodes) {
  return (
      (meaning_of_opcode(PY_VERSION_HEX, static_cast<uint8_t>(opcodes)) == OpcodeMeaning{instruction, specialised}) &&
      ...);
}
constexpr Instruction kBinaryOp = Instruction::BinaryOp;
constexpr Instruction kLoadAttr = Instruction::LoadAttr;
static_assert(all_are(kBinaryOp, false, BINARY_OP) && all_are(kLoadAttr, false, LOAD_ATTR));
static_assert(all_are(kBinaryOp, true, BINARY_OP_ADD_FLOAT, BINARY_OP_ADD_INT, BINARY_OP_ADD_UNICODE,
                      BINARY_OP_INPLACE_ADD_UNICODE, BINARY_OP_MULTIPLY_FLOAT, BINARY_OP_MULTIPLY_INT,
                      BINARY_OP_SUBTRACT_FLOAT, BINARY_OP_SUBTRACT_INT));
static_assert(all_are(kLoadAttr, true, LOAD_ATTR_INSTANCE_VALUE, LOAD_ATTR_MODULE, LOAD_ATTR_SLOT,
                      LOAD_ATTR_WITH_HINT));
#if PY_VERSION_HEX >> 16 == 0x030b
static_assert(all_are(kBinaryOp, false, BINARY_OP_ADAPTIVE) && all_are(kLoadAttr, false, LOAD_ATTR_ADAPTIVE));
static_assert(all_are(Instruction::Other, false, COMPARE_OP, COMPARE_OP_ADAPTIVE, CALL, LOAD_METHOD, 0));
#else
static_assert(all_are(Instruction::CompareOp, false, COMPARE_OP));
static_assert(all_are(Instruction::CompareOp, true, COMPARE_OP_FLOAT, COMPARE_OP_INT, COMPARE_OP_STR));
static_assert(all_are(kLoadAttr, true, LOAD_ATTR_CLASS, LOAD_ATTR_GETATTRIBUTE_OVERRIDDEN, LOAD_ATTR_PROPERTY,
                      LOAD_ATTR_METHOD_LAZY_DICT, LOAD_ATTR_METHOD_NO_DICT, LOAD_ATTR_METHOD_WITH_VALUES));
static_assert(all_are(Instruction::Other, false, CALL, STORE_ATTR, 0));
#endif
#if PY_VERSION_HEX >> 16 >= 0x030d
static_assert(all_are(kLoadAttr, true, LOAD_ATTR_NONDESCRIPTOR_NO_DICT, LOAD_ATTR_NONDESCRIPTOR_WITH_VALUES));
#endif
#if PY_VERSION_HEX >> 16 >= 0x030e
static_assert(all_are(kBinaryOp, true, BINARY_OP_EXTEND, BINARY_OP_SUBSCR_DICT, BINARY_OP_SUBSCR_GETITEM,
                      BINARY_OP_SUBSCR_LIST_INT, BINARY_OP_SUBSCR_LIST_SLICE, BINARY_OP_SUBSCR_STR_INT,
                      BINARY_OP_SUBSCR_TUPLE_INT));
static_assert(all_are(kLoadAttr, true, LOAD_ATTR_CLASS_WITH_METACLASS_CHECK));
#endif
#if PY_VERSION_HEX >> 16 >= 0x030f
static_assert(all_are(kBinaryOp, true, BINARY_OP_SUBSCR_USTR_INT));
#endif

}  // namespace
}  // namespace hasten::pyread
