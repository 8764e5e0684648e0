// Methods of CPython's own classes: found when the receiver's class is known, and called without a look-up. These
// classes cannot be changed, so the method that is there now is there for ever.
#pragma once

#include <Python.h>

#include <functional>
#include <optional>
#include <span>

#include "compile/types/type.h"

namespace hasten::compile {

/// The methods that native code has an own way for.
enum class MethodId : uint8_t {
  Other,  ///< calls the C function
  ListAppend,
  ListPop,
  ListSort,
  DictGet,
  DictSetDefault,
  SetAdd,
  BufferAppend,  ///< of a bytearray, of an array
  TextSearch,    ///< find, index, count, startswith and their like, of a text
  CharTest,      ///< isalpha and its like, of one character
  CharCase,      ///< lower and upper of one character
};

struct Method {
  MethodId id = MethodId::Other;
  PyMethodDef* definition = nullptr;
};

/// What an item of `t` is predicted to be, whatever `t` is.
Type element_of(const Type& t, SiteTable& sites);

/// The method `name` that all objects of exactly `cls` have; nothing if that is no plain method of a C type.
std::optional<Method> method_of(const Type& receiver, PyObject* name);

/// What a call of it gives, and what it does to what is predicted of the receiver. `fresh`: the site of a new list.
Type method_result(PyTypeObject* cls, const char* name, const Type& receiver, std::span<const Type> operands,
                   SiteTable& sites, const std::function<SiteId()>& fresh);

}  // namespace hasten::compile
