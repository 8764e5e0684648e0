#include "compile/syntax/ast_node.h"

#include <algorithm>
#include <iterator>
#include <string_view>
#include <unordered_map>

namespace hasten::compile::syntax {
namespace {

constexpr const char* kKindNames[] = {
#define X(name) #name,
    HASTEN_AST_KINDS(X)
#undef X
};
constexpr const char* kFieldNames[] = {
#define X(name) #name,
    HASTEN_AST_FIELDS(X)
#undef X
};

PyObject* field_names[std::size(kFieldNames)];
// A type is looked up by name once and by address from then on (the types of `ast` live as long as the interpreter).
std::unordered_map<PyTypeObject*, Kind>* kinds_by_type;

Kind kind_by_name(std::string_view name) {
  if (auto dot = name.rfind('.'); dot != std::string_view::npos) {
    name.remove_prefix(dot + 1);
  }
  for (size_t i = 0; i < std::size(kKindNames); ++i) {
    if (name == kKindNames[i]) {
      return static_cast<Kind>(i + 2);  // after None and Unknown
    }
  }
  return Kind::Unknown;
}

uint16_t clamp_column(long column) { return static_cast<uint16_t>(std::clamp(column, 0L, 0xffffL)); }

}  // namespace

bool prepare_ast_reader() {
  if (kinds_by_type) {
    return true;
  }
  for (size_t i = 0; i < std::size(kFieldNames); ++i) {
    field_names[i] = PyUnicode_InternFromString(kFieldNames[i]);
    if (!field_names[i]) {
      return false;
    }
  }
  kinds_by_type = new std::unordered_map<PyTypeObject*, Kind>;
  return true;
}

Kind Node::kind() const {
  if (!present()) {
    return Kind::None;
  }
  auto [found, is_new] = kinds_by_type->try_emplace(Py_TYPE(object_), Kind::Unknown);
  if (is_new) {
    found->second = kind_by_name(Py_TYPE(object_)->tp_name);
  }
  return found->second;
}

PyObject* Node::object(Field field) const {
  PyObject* value = PyObject_GetAttr(object_, field_names[static_cast<size_t>(field)]);
  if (!value) {
    PyErr_Clear();  // a field that this version's tree does not have
    return Py_None;
  }
  Py_DECREF(value);
  return value;
}

NodeList Node::list(Field field) const { return NodeList(object(field)); }

long Node::integer(Field field) const {
  PyObject* value = object(field);
  return PyLong_Check(value) ? PyLong_AsLong(value) : 0;
}

mir::Position Node::position() const {
  return {static_cast<uint32_t>(integer(Field::lineno)), static_cast<uint32_t>(integer(Field::end_lineno)),
          clamp_column(integer(Field::col_offset)), clamp_column(integer(Field::end_col_offset))};
}

}  // namespace hasten::compile::syntax
