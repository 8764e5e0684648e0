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

/// Puts an exception that is set aside while other objects are made or dropped: running Python with one set is an error.
class KeepError {
 public:
  KeepError() { PyErr_Fetch(&type_, &value_, &traceback_); }
  ~KeepError() {
    if (type_) {
      PyErr_Restore(type_, value_, traceback_);
    }
  }
  KeepError(const KeepError&) = delete;
  KeepError& operator=(const KeepError&) = delete;

 private:
  PyObject *type_, *value_, *traceback_;
};

}  // namespace hasten::runtime
