#include "compile/types/buffers.h"

#include <cstring>
#include <limits>
#include <string_view>

namespace hasten::compile {
namespace {

std::optional<ItemFormat> format_of(char code) {
  switch (code) {
    case 'b':
      return ItemFormat{sizeof(char), false, true};
    case 'B':
      return ItemFormat{sizeof(char), false, false};
    case 'h':
      return ItemFormat{sizeof(short), false, true};
    case 'H':
      return ItemFormat{sizeof(short), false, false};
    case 'i':
      return ItemFormat{sizeof(int), false, true};
    case 'I':
      return ItemFormat{sizeof(int), false, false};
    case 'l':
      return ItemFormat{sizeof(long), false, true};
    case 'L':
      return ItemFormat{sizeof(long), false, false};
    case 'q':
      return ItemFormat{sizeof(long long), false, true};
    case 'Q':
      return ItemFormat{sizeof(long long), false, false};
    case 'f':
      return ItemFormat{sizeof(float), true, true};
    case 'd':
      return ItemFormat{sizeof(double), true, true};
    default:
      return {};
  }
}

template <class T>
T read_at(const void* object, size_t offset) {
  T value;
  std::memcpy(&value, static_cast<const char*>(object) + offset, sizeof value);
  return value;
}

/// Whether an array of two shorts is laid out as native code takes it.
bool is_as_expected(PyTypeObject* cls) {
  PyObject* array = PyObject_CallFunction(reinterpret_cast<PyObject*>(cls), "s[ii]", "h", 1, -2);
  Py_buffer view{};
  bool ok = array && Py_TYPE(array) == cls && PyObject_GetBuffer(array, &view, PyBUF_FORMAT | PyBUF_ND) == 0;
  if (ok) {
    const auto* const items = read_at<const char*>(array, kArrayItems);
    const auto* const description = read_at<const char*>(array, kArrayDescription);
    ok = Py_SIZE(array) == 2 && items == view.buf && read_at<short>(items, sizeof(short)) == -2 && description &&
         read_at<char>(description, kDescriptionCode) == 'h' && read_at<Py_ssize_t>(array, kArrayAllocated) == 2 &&
         read_at<Py_ssize_t>(array, kArrayExports) == 1;
    PyBuffer_Release(&view);
    ok = ok && read_at<Py_ssize_t>(array, kArrayExports) == 0;
  }
  Py_XDECREF(array);
  PyErr_Clear();
  return ok;
}

}  // namespace

WideInterval ItemFormat::range() const {
  const Wide values = Wide{1} << (8 * bytes);
  return is_signed ? WideInterval{-(values / 2), values / 2 - 1} : WideInterval{0, values - 1};
}

Type ItemFormat::type() const { return is_float ? Type::of(kFloat) : Type::whole(range()); }

PyTypeObject* array_class() {
  static PyTypeObject* known = nullptr;
  static bool is_refused = false;
  if (known || is_refused)
    return known;
  PyObject* name = PyUnicode_FromString("array");
  PyObject* module = name ? PyImport_GetModule(name) : nullptr;
  PyObject* found = module ? PyObject_GetAttrString(module, "array") : nullptr;
  Py_XDECREF(name);
  Py_XDECREF(module);
  PyErr_Clear();
  if (found && PyType_Check(found) &&
      std::string_view(reinterpret_cast<PyTypeObject*>(found)->tp_name) == "array.array") {
    is_refused = !is_as_expected(reinterpret_cast<PyTypeObject*>(found));
    if (!is_refused)
      return known = reinterpret_cast<PyTypeObject*>(found);  // kept for ever
  }
  Py_XDECREF(found);
  return nullptr;
}

bool is_array(const PyTypeObject* cls) {
  return cls && std::string_view(cls->tp_name) == "array.array" && cls == array_class();
}

bool is_memory_view(const PyTypeObject* cls) { return cls == &PyMemoryView_Type; }

char item_code_of(PyObject* object) {
  if (is_array(Py_TYPE(object))) {
    const char code = read_at<char>(read_at<const char*>(object, kArrayDescription), kDescriptionCode);
    return format_of(code) ? code : '\0';
  }
  if (!is_memory_view(Py_TYPE(object)))
    return '\0';
  const auto* view = reinterpret_cast<PyMemoryViewObject*>(object);
  if (view->view.ndim != 1 || !(view->flags & _Py_MEMORYVIEW_C) || !view->view.format || view->view.format[1] != '\0')
    return '\0';
  const auto format = format_of(view->view.format[0]);
  return format && static_cast<Py_ssize_t>(format->bytes) == view->view.itemsize ? view->view.format[0] : '\0';
}

std::optional<ItemFormat> item_format(const Type& t) {
  if (!t.object || t.may_be_unbound())
    return {};
  return format_of(t.cls == &PyByteArray_Type ? 'B' : t.code);
}

Type made_buffer(PyTypeObject* made, const Type* first) {
  Type t = Type::exact(followed_class(made));
  if (is_array(made) && first && first->only(kKnown) && PyUnicode_CheckExact(first->known) &&
      PyUnicode_GET_LENGTH(first->known) == 1) {
    const Py_UCS4 code = PyUnicode_READ_CHAR(first->known, 0);
    t.code = code < 128 && format_of(static_cast<char>(code)) ? static_cast<char>(code) : '\0';
  }
  if (is_memory_view(made) && first && !first->may_be_unbound()) {
    PyTypeObject* const cls = class_of(*first);
    t.code = cls == &PyBytes_Type || cls == &PyByteArray_Type ? 'B' : first->object ? first->code : '\0';
  }
  return t;
}

}  // namespace hasten::compile
