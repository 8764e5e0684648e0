// A strong reference to a Python object, for code that uses the C API directly.
#pragma once

#include <Python.h>

#include <utility>

namespace hasten::runtime {

/// Owns one reference, or nothing. All operations need the GIL.
class ObjectRef {
 public:
  ObjectRef() = default;
  static ObjectRef steal(PyObject* object) { return ObjectRef(object); }
  static ObjectRef share(PyObject* object) {
    Py_XINCREF(object);
    return ObjectRef(object);
  }
  ObjectRef(ObjectRef&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
  ObjectRef(const ObjectRef& other) : object_(other.object_) { Py_XINCREF(object_); }
  ObjectRef& operator=(ObjectRef other) noexcept {
    std::swap(object_, other.object_);
    return *this;
  }
  ~ObjectRef() { Py_XDECREF(object_); }

  PyObject* get() const { return object_; }
  PyObject* release() { return std::exchange(object_, nullptr); }
  explicit operator bool() const { return object_ != nullptr; }

 private:
  explicit ObjectRef(PyObject* object) : object_(object) {}
  PyObject* object_ = nullptr;
};

}  // namespace hasten::runtime
