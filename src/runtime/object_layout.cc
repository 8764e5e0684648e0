#include "runtime/object_layout.h"

#include <cstddef>
#include <cstring>

#include "runtime/object_ref.h"
#include "runtime/table_probe.h"

// Exported by every CPython from 3.11 on; 3.13 declares it in an internal header.
extern "C" PyAPI_FUNC(int) _PyObject_GetMethod(PyObject* object, PyObject* name, PyObject** method);

namespace hasten::runtime {
namespace {

// PyFrameObject is private, but this field has stood at the same place from 3.11 to 3.13:
// {PyObject_HEAD, f_back, f_frame, f_trace, int f_lineno, ...}. set_frame_line() tests it on its first frame.
constexpr size_t kFrameLineOffset = sizeof(PyObject) + 3 * sizeof(void*);

// And the interpreter's own frame, which f_frame points to: where its code and its variables stand.
constexpr size_t kFrameOffset = sizeof(PyObject) + sizeof(void*);
#if PY_VERSION_HEX >= 0x030C0000
constexpr size_t kFrameCodeOffset = 0;
constexpr size_t kFrameAroundOffset = sizeof(void*);
constexpr size_t kFrameFunctionOffset = 2 * sizeof(void*);
#else
constexpr size_t kFrameFunctionOffset = 0;
constexpr size_t kFrameCodeOffset = 4 * sizeof(void*);
constexpr size_t kFrameAroundOffset = 6 * sizeof(void*);
#endif
constexpr size_t kFrameVariablesOffset = 9 * sizeof(void*);

template <class T>
T read_at(const void* object, size_t offset) {
  T value;
  std::memcpy(&value, static_cast<const char*>(object) + offset, sizeof value);
  return value;
}

void fill_offsets(ObjectLayout* layout) {
  layout->refcount = offsetof(PyObject, ob_refcnt);
  layout->type = offsetof(PyObject, ob_type);
  layout->float_value = offsetof(PyFloatObject, ob_fval);
  layout->complex_real = offsetof(PyComplexObject, cval) + offsetof(Py_complex, real);
  layout->complex_imag = offsetof(PyComplexObject, cval) + offsetof(Py_complex, imag);
  layout->type_version = offsetof(PyTypeObject, tp_version_tag);
  layout->var_size = offsetof(PyVarObject, ob_size);
  layout->list_items = offsetof(PyListObject, ob_item);
  layout->tuple_items = offsetof(PyTupleObject, ob_item);
  layout->sum_compensates = sum_compensates() ? 1 : 0;
#if PY_VERSION_HEX >= 0x030C0000
  layout->immortal_refcounts = 1;
  layout->long_is_tagged = 1;
  layout->long_size_or_tag = offsetof(PyLongObject, long_value.lv_tag);
  layout->long_digits = offsetof(PyLongObject, long_value.ob_digit);
#else
  layout->immortal_refcounts = 0;
  layout->long_is_tagged = 0;
  layout->long_size_or_tag = offsetof(PyVarObject, ob_size);
  layout->long_digits = offsetof(PyLongObject, ob_digit);
#endif
}

constexpr int kCharacterCount = 256;

/// CPython keeps the texts of one latin-1 character; false if there is more than one of a kind after all.
bool find_characters(ObjectLayout* layout) {
  static PyObject* characters[kCharacterCount];
  layout->characters = characters;
  ObjectRef all = ObjectRef::steal(PyUnicode_New(kCharacterCount, kCharacterCount - 1));
  for (int c = 0; c < kCharacterCount; ++c) {
    if (!characters[c]) {
      characters[c] = PyUnicode_FromOrdinal(c);  // kept for ever
    }
    if (!all || !characters[c]) {
      return false;
    }
    PyUnicode_WriteChar(all.get(), c, static_cast<Py_UCS4>(c));
  }
  for (int c = 0; c < kCharacterCount; ++c) {
    ObjectRef again = ObjectRef::steal(PySequence_GetItem(all.get(), c));
    if (again.get() != characters[c]) {
      return false;
    }
  }
  return true;
}

/// The bits of a text's state, as the C compiler lays them out.
template <class Set>
uint32_t text_state(Set set) {
  PyASCIIObject text;
  std::memset(&text, 0, sizeof text);
  set(&text);
  uint32_t state = 0;
  std::memcpy(&state, &text.state, sizeof state);
  return state;
}

void fill_text_offsets(ObjectLayout* layout) {
  layout->text_type = reinterpret_cast<PyObject*>(&PyUnicode_Type);
  layout->text_length = offsetof(PyASCIIObject, length);
  layout->text_state = offsetof(PyASCIIObject, state);
  layout->text_latin_mask = text_state([](PyASCIIObject* t) { t->state.kind = 7, t->state.compact = 1; });
  layout->text_latin = text_state([](PyASCIIObject* t) { t->state.kind = PyUnicode_1BYTE_KIND, t->state.compact = 1; });
  layout->text_ascii = text_state([](PyASCIIObject* t) { t->state.ascii = 1; });
  layout->text_ascii_head = sizeof(PyASCIIObject);
  layout->text_latin_head = sizeof(PyCompactUnicodeObject);
  layout->bytes_head = offsetof(PyBytesObject, ob_sval);
  layout->dict_used = offsetof(PyDictObject, ma_used);
  layout->set_used = offsetof(PySetObject, used);
#if PY_VERSION_HEX < 0x030E0000
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
  layout->dict_version = offsetof(PyDictObject, ma_version_tag);
#pragma GCC diagnostic pop
  layout->dict_watch_mask = PY_VERSION_HEX >= 0x030C0000 ? 0xfff : 0;
  layout->probes_dicts = layout->probes_sets = tables_are_known() ? 1 : 0;
  layout->steps_items = item_iterators_are_known() ? 1 : 0;
#endif
}

/// Reads a text of `length` times the character `c` as compiled code will.
bool text_layout_holds(const ObjectLayout& layout, Py_UCS4 c, Py_ssize_t length) {
  ObjectRef text = ObjectRef::steal(PyUnicode_New(length, c));
  if (!text || PyUnicode_Fill(text.get(), 0, length, c) < 0) {
    return false;
  }
  auto state = read_at<uint32_t>(text.get(), layout.text_state);
  const bool latin = (state & layout.text_latin_mask) == layout.text_latin;
  const bool ascii = (state & layout.text_ascii) != 0;
  if (read_at<Py_ssize_t>(text.get(), layout.text_length) != length || latin != (c < 256) || ascii != (c < 128)) {
    return false;
  }
  const uint32_t head = ascii ? layout.text_ascii_head : layout.text_latin_head;
  return !latin || read_at<uint8_t>(text.get(), head + static_cast<size_t>(length) - 1) == c;
}

bool container_layout_holds(const ObjectLayout& layout) {
  ObjectRef bytes = ObjectRef::steal(PyBytes_FromString("ab"));
  ObjectRef dict = ObjectRef::steal(Py_BuildValue("{iOiO}", 1, Py_None, 2, Py_True));
  ObjectRef set = ObjectRef::steal(dict ? PySet_New(dict.get()) : nullptr);
  return bytes && dict && set && read_at<Py_ssize_t>(bytes.get(), layout.var_size) == 2 &&
         read_at<char>(bytes.get(), layout.bytes_head + 1) == 'b' &&
         read_at<Py_ssize_t>(dict.get(), layout.dict_used) == 2 && read_at<Py_ssize_t>(set.get(), layout.set_used) == 2;
}

/// CPython keeps the ints from -5 to 256 in one array; true if they really lie there with equal distances.
void find_small_ints(ObjectLayout* layout) {
  layout->small_int_min = -5;
  layout->small_int_max = 256;
  layout->small_int_stride = 0;
  // The references are given back at once: small ints live as long as the interpreter.
  auto address = [](long value) {
    PyObject* object = PyLong_FromLong(value);
    Py_XDECREF(object);
    return reinterpret_cast<char*>(object);
  };
  char* first = address(layout->small_int_min);
  ptrdiff_t stride = address(layout->small_int_min + 1) - first;
  layout->small_ints = reinterpret_cast<PyObject*>(first);
  if (stride < static_cast<ptrdiff_t>(sizeof(PyObject)) || stride > 256) {
    return;
  }
  for (int value = layout->small_int_min; value <= layout->small_int_max; ++value) {
    if (address(value) != first + stride * (value - layout->small_int_min)) {
      return;
    }
  }
  layout->small_int_stride = static_cast<uint32_t>(stride);
}

/// Reads an int as compiled code will.
bool int_layout_holds(const ObjectLayout& layout, long long value) {
  ObjectRef object = ObjectRef::steal(PyLong_FromLongLong(value));
  if (!object) {
    return false;
  }
  unsigned long long magnitude =
      value < 0 ? 0ULL - static_cast<unsigned long long>(value) : static_cast<unsigned long long>(value);
  uint64_t digit_count = 0;
  bool negative = false;
  if (layout.long_is_tagged) {
    auto tag = read_at<uint64_t>(object.get(), layout.long_size_or_tag);
    digit_count = tag >> 3;
    negative = (tag & 3) == 2;
    if (((tag & 3) == 1) != (value == 0)) {
      return false;
    }
  } else {
    auto size = read_at<int64_t>(object.get(), layout.long_size_or_tag);
    negative = size < 0;
    digit_count = static_cast<uint64_t>(size < 0 ? -size : size);
  }
  unsigned long long seen = 0;
  for (uint64_t i = 0; i < digit_count; ++i) {
    seen |= static_cast<unsigned long long>(read_at<uint32_t>(object.get(), layout.long_digits + 4 * i)) << (30 * i);
  }
  return seen == magnitude && negative == (value < 0);
}

bool layout_holds(ObjectLayout& layout) {
  ObjectRef number = ObjectRef::steal(PyFloat_FromDouble(0.125));
  ObjectRef complex = ObjectRef::steal(PyComplex_FromDoubles(3.5, -0.0625));
  ObjectRef list = ObjectRef::steal(Py_BuildValue("[OO]", Py_True, Py_None));
  ObjectRef tuple = ObjectRef::steal(Py_BuildValue("(OOO)", Py_None, Py_False, Py_True));
  if (!number || !complex || !list || !tuple) {
    return false;
  }
  for (long long value : {0LL, 1LL, -1LL, 255LL, 1LL << 30, -(1LL << 30), (1LL << 60) + 7, -(1LL << 62) - 12345}) {
    if (!int_layout_holds(layout, value)) {
      return false;
    }
  }
  if (!find_characters(&layout) || !container_layout_holds(layout)) {
    return false;
  }
  for (Py_UCS4 c : {0x61U, 0x7fU, 0xe9U, 0xffU, 0x100U, 0x20acU, 0x1f600U}) {
    if (!text_layout_holds(layout, c, 1) || !text_layout_holds(layout, c, 5)) {
      return false;
    }
  }
  auto** items = read_at<PyObject**>(list.get(), layout.list_items);
  return read_at<PyTypeObject*>(number.get(), layout.type) == &PyFloat_Type &&
         read_at<double>(number.get(), layout.float_value) == 0.125 &&
         read_at<double>(complex.get(), layout.complex_real) == 3.5 &&
         read_at<double>(complex.get(), layout.complex_imag) == -0.0625 &&
         read_at<Py_ssize_t>(list.get(), layout.var_size) == 2 && items[1] == Py_None &&
         read_at<Py_ssize_t>(tuple.get(), layout.var_size) == 3 &&
         read_at<PyObject*>(tuple.get(), layout.tuple_items + sizeof(void*)) == Py_False;
}

ObjectLayout measured = {};

}  // namespace

const ObjectLayout& object_layout() { return measured; }

const ObjectLayout* measure_object_layout() {
  ObjectLayout& layout = measured;
  fill_offsets(&layout);
  fill_text_offsets(&layout);
  find_small_ints(&layout);
  layout.true_object = Py_True, layout.false_object = Py_False, layout.none_object = Py_None;
  auto object = [](PyTypeObject& type) { return reinterpret_cast<PyObject*>(&type); };
  layout.long_type = object(PyLong_Type), layout.float_type = object(PyFloat_Type);
  layout.complex_type = object(PyComplex_Type), layout.bool_type = object(PyBool_Type);
  layout.list_type = object(PyList_Type), layout.tuple_type = object(PyTuple_Type);
  layout.range_type = object(PyRange_Type);
  if (!layout_holds(layout)) {
    if (!PyErr_Occurred()) {
      PyErr_SetString(PyExc_ImportError,
                      "hasten._runtime was built for another CPython: its objects lie differently "
                      "in memory. Reinstall hasten with this interpreter");
    }
    return nullptr;
  }
  return &layout;
}

PyObject* function_builtins(PyObject* function) { return reinterpret_cast<PyFunctionObject*>(function)->func_builtins; }

PyObject* handled_exception() {
  PyObject* value = PyThreadState_Get()->exc_info->exc_value;
  return Py_NewRef(value ? value : Py_None);
}

void set_handled_exception(PyObject* exception) {
  Py_XSETREF(PyThreadState_Get()->exc_info->exc_value, Py_NewRef(exception));
}

PyObject* load_method(PyObject* object, PyObject* name, bool* is_unbound) {
  PyObject* method = nullptr;
  *is_unbound = _PyObject_GetMethod(object, name, &method) == 1;
  return method;
}

PyObject* load_method_object(PyObject* object, PyObject* name) {
  bool is_unbound = false;
  ObjectRef method = ObjectRef::steal(load_method(object, name, &is_unbound));
  return is_unbound ? PyMethod_New(method.get(), object) : method.release();
}

uint32_t type_version(const PyTypeObject* type) {
#if PY_VERSION_HEX >= 0x030C0000
  return type->tp_version_tag;
#else
  return type->tp_flags & Py_TPFLAGS_VALID_VERSION_TAG ? type->tp_version_tag : 0;
#endif
}

uint32_t method_version(PyObject* object) {
  const PyTypeObject* type = Py_TYPE(object);
  bool has_dict = type->tp_dictoffset != 0;
#if PY_VERSION_HEX >= 0x030C0000
  has_dict = has_dict || (type->tp_flags & Py_TPFLAGS_MANAGED_DICT);
#endif
  return has_dict || type->tp_getattro != PyObject_GenericGetAttr ? 0 : type_version(type);
}

void raise_too_many_values(PyObject* sequence, Py_ssize_t expected) {
#if PY_VERSION_HEX >= 0x030E0000
  if (PyList_CheckExact(sequence) || PyTuple_CheckExact(sequence) || PyDict_CheckExact(sequence)) {
    PyErr_Format(PyExc_ValueError, "too many values to unpack (expected %zd, got %zd)", expected,
                 PyObject_Size(sequence));
    return;
  }
#endif
  (void)sequence;
  PyErr_Format(PyExc_ValueError, "too many values to unpack (expected %zd)", expected);
}

int* python_call_budget(PyThreadState* thread) {
#if PY_VERSION_HEX >= 0x030C0000
  return &thread->py_recursion_remaining;
#else
  return &thread->recursion_remaining;
#endif
}

void raise_recursion_error() {
#if PY_VERSION_HEX >= 0x030C0000
  PyErr_SetString(PyExc_RecursionError, "maximum recursion depth exceeded");
#else
  // Making the exception takes calls too: CPython grants itself some headroom.
  PyThreadState* thread = PyThreadState_Get();
  thread->recursion_headroom++;
  PyErr_SetString(PyExc_RecursionError, "maximum recursion depth exceeded");
  thread->recursion_headroom--;
#endif
}

void credit_trampoline(PyThreadState* thread, int sign) {
  *python_call_budget(thread) += sign;
#if PY_VERSION_HEX >= 0x030C0000
  constexpr int kCCalls = 2;  // the evaluation loop was entered from C, and left to C
  thread->c_recursion_remaining += sign * kCCalls;
#endif
}

const void* innermost_own_frame(PyThreadState* thread) {
#if PY_VERSION_HEX >= 0x030D0000
  return thread->current_frame;
#else
  return thread->cframe->current_frame;
#endif
}

const void* own_frame_around(const void* frame) { return read_at<const void*>(frame, kFrameAroundOffset); }

PyObject* own_frame_code(const void* frame) { return read_at<PyObject*>(frame, kFrameCodeOffset); }

PyObject* frame_function(PyFrameObject* frame) {
  auto* inner = read_at<PyObject*>(reinterpret_cast<PyObject*>(frame), kFrameOffset);
  PyCodeObject* code = PyFrame_GetCode(frame);
  PyObject* function = nullptr;
  if (inner && read_at<PyCodeObject*>(inner, kFrameCodeOffset) == code) {
    function = read_at<PyObject*>(inner, kFrameFunctionOffset);
  }
  const bool is_one = function && PyFunction_Check(function) && (code->co_flags & CO_OPTIMIZED) &&
                      PyFunction_GET_CODE(function) == reinterpret_cast<PyObject*>(code);
  Py_DECREF(code);
  return is_one ? function : nullptr;
}

bool is_traced(PyThreadState* thread) { return thread->c_tracefunc || thread->c_profilefunc; }

bool sum_compensates() { return PY_VERSION_HEX >= 0x030C0000; }

const uint64_t* dict_version(PyObject* dict) {
#if PY_VERSION_HEX < 0x030E0000
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
  constexpr size_t kOffset = offsetof(PyDictObject, ma_version_tag);
#pragma GCC diagnostic pop
  auto tag_of = [](PyObject* object) {
    return reinterpret_cast<const uint64_t*>(reinterpret_cast<char*>(object) + kOffset);
  };
  static const bool kept = [tag_of] {
    ObjectRef probe = ObjectRef::steal(PyDict_New());
    uint64_t seen[4] = {};
    for (int i = 0; probe && i < 3; ++i) {  // a new key, another value, a removal
      seen[i] = *tag_of(probe.get());
      PyObject* value = i == 0 ? Py_None : Py_True;
      if (i == 2 ? PyDict_DelItemString(probe.get(), "x") : PyDict_SetItemString(probe.get(), "x", value)) {
        PyErr_Clear();
        return false;
      }
    }
    seen[3] = probe ? *tag_of(probe.get()) : seen[2];
    return seen[0] != seen[1] && seen[1] != seen[2] && seen[2] != seen[3];
  }();
  return kept && PyDict_CheckExact(dict) ? tag_of(dict) : nullptr;
#else
  (void)dict;
  return nullptr;
#endif
}

void set_frame_line(PyFrameObject* frame, int line) {
  static const bool known = [frame] {
    int saved = read_at<int>(reinterpret_cast<PyObject*>(frame), kFrameLineOffset);
    int probe = 1'234'567;
    std::memcpy(reinterpret_cast<char*>(frame) + kFrameLineOffset, &probe, sizeof probe);
    bool holds = PyFrame_GetLineNumber(frame) == probe;
    std::memcpy(reinterpret_cast<char*>(frame) + kFrameLineOffset, &saved, sizeof saved);
    return holds;
  }();
  if (known) {
    std::memcpy(reinterpret_cast<char*>(frame) + kFrameLineOffset, &line, sizeof line);
  }
}

void set_frame_closure(PyFrameObject* frame, PyCodeObject* code, PyObject* closure) {
  auto* inner = read_at<PyObject*>(reinterpret_cast<PyObject*>(frame), kFrameOffset);
  if (!inner || read_at<PyCodeObject*>(inner, kFrameCodeOffset) != code) {
    return;
  }
  auto* variables = reinterpret_cast<PyObject**>(reinterpret_cast<char*>(inner) + kFrameVariablesOffset);
  PyObject** free = variables + code->co_nlocalsplus - code->co_nfreevars;
  for (int i = 0; i < code->co_nfreevars; ++i) {
    if (!free[i]) {
      free[i] =
          closure && i < PyTuple_GET_SIZE(closure) ? Py_NewRef(PyTuple_GET_ITEM(closure, i)) : PyCell_New(nullptr);
    }
  }
}

}  // namespace hasten::runtime
