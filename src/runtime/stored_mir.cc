// A constant is a letter and what follows:
//   M bytes            as marshal writes them (version 2: the same object gives the same bytes each time)
//   C count index...   a code object: where it stands in co_consts of the function's code, then in co_consts of that...
//   F count index...   the template of a function with that code
//   ( count item...    a tuple of such, each after its length
//   B name             a function or type of the module builtins
#include "runtime/stored_mir.h"

#include <marshal.h>

#include <algorithm>
#include <cstring>
#include <tuple>

#include "runtime/function_type.h"
#include "runtime/unit_recipe.h"

namespace hasten::runtime {
namespace {

void put_u32(std::string* out, uint32_t value) { out->append(reinterpret_cast<const char*>(&value), sizeof value); }

bool take_u32(std::string_view* in, uint32_t* value) {
  if (in->size() < sizeof *value) {
    return false;
  }
  std::memcpy(value, in->data(), sizeof *value);
  in->remove_prefix(sizeof *value);
  return true;
}

/// The way to `wanted` through the constants of code objects.
bool find_code(PyObject* code, PyObject* wanted, std::vector<uint32_t>* way) {
  if (code == wanted) {
    return true;
  }
  PyObject* consts = reinterpret_cast<PyCodeObject*>(code)->co_consts;
  for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(consts); ++i) {
    PyObject* item = PyTuple_GET_ITEM(consts, i);
    if (!PyCode_Check(item)) {
      continue;
    }
    way->push_back(static_cast<uint32_t>(i));
    if (find_code(item, wanted, way)) {
      return true;
    }
    way->pop_back();
  }
  return false;
}

bool is_plain(PyObject* object) {
  if (PyTuple_CheckExact(object)) {
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(object); ++i) {
      if (!is_plain(PyTuple_GET_ITEM(object, i))) {
        return false;
      }
    }
    return true;
  }
  return object == Py_None || object == Py_Ellipsis || PyBool_Check(object) || PyLong_CheckExact(object) ||
         PyFloat_CheckExact(object) || PyComplex_CheckExact(object) || PyUnicode_CheckExact(object) ||
         PyBytes_CheckExact(object);
}

/// A function or type of builtins that is there under its own name.
const char* builtin_name(PyObject* object) {
  PyObject* builtins = PyEval_GetBuiltins();
  const char* name = nullptr;
  if (PyCFunction_CheckExact(object) && module_of(object) && std::strcmp(module_of(object), "builtins") == 0) {
    name = reinterpret_cast<PyCFunctionObject*>(object)->m_ml->ml_name;
  } else if (PyType_Check(object) &&
             own_type(reinterpret_cast<PyTypeObject*>(object)->tp_name) == reinterpret_cast<PyTypeObject*>(object)) {
    name = reinterpret_cast<PyTypeObject*>(object)->tp_name;
  }
  return name && PyDict_GetItemString(builtins, name) == object ? name : nullptr;
}

bool put_constant(PyObject* object, PyObject* function, std::string* out) {
  PyObject* const code = PyFunction_GET_CODE(function);
  const auto put_way = [&](char letter, PyObject* wanted) {
    std::vector<uint32_t> way;
    if (!find_code(code, wanted, &way)) {
      return false;
    }
    *out += letter;
    put_u32(out, static_cast<uint32_t>(way.size()));
    for (const uint32_t index : way) {
      put_u32(out, index);
    }
    return true;
  };
  if (PyCode_Check(object)) {
    return put_way('C', object);
  }
  if (CompiledFunction* made = compiled_function(object)) {
    return made->is_template() && put_way('F', PyFunction_GET_CODE(made->function()));
  }
  if (is_plain(object) || PyFrozenSet_CheckExact(object)) {
    *out += 'M';
    return append_marshalled(object, out);
  }
  if (PyTuple_CheckExact(object)) {
    *out += '(';
    put_u32(out, static_cast<uint32_t>(PyTuple_GET_SIZE(object)));
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(object); ++i) {
      std::string item;
      if (!put_constant(PyTuple_GET_ITEM(object, i), function, &item)) {
        return false;
      }
      put_u32(out, static_cast<uint32_t>(item.size()));
      *out += item;
    }
    return true;
  }
  if (const char* name = builtin_name(object)) {
    *out += 'B';
    *out += name;
    return true;
  }
  return false;
}

PyObject* code_at(std::string_view in, PyObject* code) {
  uint32_t count = 0;
  if (!take_u32(&in, &count)) {
    return nullptr;
  }
  for (uint32_t i = 0, index = 0; i < count; ++i) {
    PyObject* consts = reinterpret_cast<PyCodeObject*>(code)->co_consts;
    if (!take_u32(&in, &index) || index >= static_cast<size_t>(PyTuple_GET_SIZE(consts)) ||
        !PyCode_Check(PyTuple_GET_ITEM(consts, index))) {
      return nullptr;
    }
    code = PyTuple_GET_ITEM(consts, index);
  }
  return code;
}

/// As the front end makes it: with empty cells, which nobody reads.
PyObject* new_template(PyObject* code, PyObject* globals) {
  ObjectRef function = ObjectRef::steal(PyFunction_New(code, globals));
  const Py_ssize_t count = reinterpret_cast<PyCodeObject*>(code)->co_nfreevars;
  ObjectRef cells = ObjectRef::steal(count > 0 ? PyTuple_New(count) : nullptr);
  for (Py_ssize_t i = 0; cells && i < count; ++i) {
    PyTuple_SET_ITEM(cells.get(), i, PyCell_New(nullptr));
  }
  if (!function || (count > 0 && (!cells || PyFunction_SetClosure(function.get(), cells.get()) < 0))) {
    return nullptr;
  }
  return new_function(function.get(), nullptr, true);
}

/// A new reference; null without an exception.
ObjectRef take_constant(std::string_view in, PyObject* function) {
  if (in.empty()) {
    return {};
  }
  const char letter = in.front();
  in.remove_prefix(1);
  ObjectRef made;
  if (letter == 'M') {
    made = ObjectRef::steal(PyMarshal_ReadObjectFromString(in.data(), static_cast<Py_ssize_t>(in.size())));
  } else if (letter == 'C') {
    made = ObjectRef::share(code_at(in, PyFunction_GET_CODE(function)));
  } else if (letter == 'F') {
    PyObject* code = code_at(in, PyFunction_GET_CODE(function));
    made = ObjectRef::steal(code ? new_template(code, PyFunction_GET_GLOBALS(function)) : nullptr);
  } else if (letter == '(') {
    uint32_t count = 0;
    ObjectRef tuple = ObjectRef::steal(take_u32(&in, &count) && count <= in.size() ? PyTuple_New(count) : nullptr);
    for (uint32_t i = 0, bytes = 0; tuple && i < count; ++i) {
      ObjectRef item =
          take_u32(&in, &bytes) && bytes <= in.size() ? take_constant(in.substr(0, bytes), function) : ObjectRef();
      if (!item) {
        return {};
      }
      in.remove_prefix(bytes);
      PyTuple_SET_ITEM(tuple.get(), i, item.release());
    }
    made = tuple;
  } else if (letter == 'B') {
    PyObject* found = PyDict_GetItemString(PyEval_GetBuiltins(), std::string(in).c_str());
    const char* name = found ? builtin_name(found) : nullptr;
    made = ObjectRef::share(name && in == name ? found : nullptr);
  }
  PyErr_Clear();
  return made;
}

/// There is a gap between its fields.
bool is_same_block(const mir::Block& a, const mir::Block& b) {
  const auto fields = [](const mir::Block& x) {
    return std::tuple(x.first, x.count, x.preds_begin, x.pred_count, x.succs_begin, x.succ_count, x.loop_header,
                      x.loop_depth, x.handler);
  };
  return fields(a) == fields(b);
}

template <class T>
bool is_same_array(const Part& part, const PartReader& bytes, const T* items, uint32_t count) {
  // memcmp() takes no null pointer, which an empty array may be.
  return part.count == count && (count == 0 || std::memcmp(bytes.items<T>(part), items, count * sizeof(T)) == 0);
}

}  // namespace

bool append_marshalled(PyObject* object, std::string* out) {
  constexpr int kVersion = 2;  // later ones write what depends on reference counts
  ObjectRef bytes = ObjectRef::steal(PyMarshal_WriteObjectToString(object, kVersion));
  if (!bytes) {
    PyErr_Clear();
    return false;
  }
  out->append(PyBytes_AS_STRING(bytes.get()), static_cast<size_t>(PyBytes_GET_SIZE(bytes.get())));
  return true;
}

bool store_mir(const mir::MirFunction& f, PartWriter* writer, StoredMirFacts* facts) {
  facts->param_count = f.param_count;
  facts->is_template = f.is_template;
  facts->held_count = f.held_count;
  facts->instrs = writer->add(f.instrs, f.instr_count);
  facts->blocks = writer->add(f.blocks, f.block_count);
  facts->operands = writer->add(f.operands, f.operand_count);
  facts->block_ids = writer->add(f.block_ids, f.block_id_count);
  std::vector<Part> names, consts;
  for (uint32_t i = 0; i < f.name_count; ++i) {
    Py_ssize_t size = 0;
    const char* text = PyUnicode_AsUTF8AndSize(f.names[i], &size);
    if (!text) {
      PyErr_Clear();
      return false;
    }
    names.push_back(writer->add(text, static_cast<size_t>(size)));
  }
  for (uint32_t i = 0; i < f.const_count; ++i) {
    std::string bytes;
    if (!put_constant(f.consts[i], f.function, &bytes)) {
      return false;
    }
    consts.push_back(writer->add(bytes));
  }
  facts->names = writer->add(names);
  facts->consts = writer->add(consts);
  return true;
}

std::unique_ptr<StoredMir> StoredMir::read(const StoredMirFacts& facts, const PartReader& bytes, PyObject* function) {
  auto made = std::make_unique<StoredMir>();
  const auto copy = [&]<class T>(const Part& part, std::vector<T>* store) {
    store->assign(bytes.items<T>(part), bytes.items<T>(part) + part.count);
  };
  copy(facts.instrs, &made->instr_store_);
  copy(facts.blocks, &made->block_store_);
  copy(facts.operands, &made->operand_store_);
  copy(facts.block_ids, &made->block_id_store_);
  made->function_ = ObjectRef::share(function);
  made->function = function;
  if (!made->read_objects(facts, bytes)) {
    return nullptr;
  }
  made->abi_version = mir::kMirAbiVersion;
  made->param_count = facts.param_count;
  made->is_template = facts.is_template;
  made->held_count = facts.held_count;
  made->instr_count = facts.instrs.count, made->instrs = made->instr_store_.data();
  made->block_count = facts.blocks.count, made->blocks = made->block_store_.data();
  made->operand_count = facts.operands.count, made->operands = made->operand_store_.data();
  made->block_id_count = facts.block_ids.count, made->block_ids = made->block_id_store_.data();
  made->const_count = facts.consts.count, made->consts = made->const_store_.data();
  made->name_count = facts.names.count, made->names = made->name_store_.data();
  return made;
}

bool StoredMir::read_objects(const StoredMirFacts& facts, const PartReader& bytes) {
  for (uint32_t i = 0; i < facts.names.count; ++i) {
    const std::string_view text = bytes.text(bytes.items<Part>(facts.names)[i]);
    PyObject* name = PyUnicode_FromStringAndSize(text.data(), static_cast<Py_ssize_t>(text.size()));
    if (!name) {
      PyErr_Clear();
      return false;
    }
    PyUnicode_InternInPlace(&name);
    objects_.push_back(ObjectRef::steal(name));
    name_store_.push_back(name);
  }
  for (uint32_t i = 0; i < facts.consts.count; ++i) {
    ObjectRef object = take_constant(bytes.text(bytes.items<Part>(facts.consts)[i]), function);
    if (!object) {
      return false;
    }
    const_store_.push_back(object.get());
    objects_.push_back(std::move(object));
  }
  return true;
}

bool StoredMir::is_same(const StoredMirFacts& facts, const PartReader& bytes, const mir::MirFunction& other) {
  if (facts.param_count != other.param_count || facts.is_template != other.is_template ||
      facts.held_count != other.held_count || facts.names.count != other.name_count ||
      facts.consts.count != other.const_count) {
    return false;
  }
  PartWriter writer(0);
  StoredMirFacts again = {};
  if (!store_mir(other, &writer, &again)) {
    return false;
  }
  const PartReader read(writer.bytes().data());
  for (uint32_t i = 0; i < facts.names.count; ++i) {
    if (bytes.text(bytes.items<Part>(facts.names)[i]) != read.text(read.items<Part>(again.names)[i])) {
      return false;
    }
  }
  for (uint32_t i = 0; i < facts.consts.count; ++i) {
    if (bytes.text(bytes.items<Part>(facts.consts)[i]) != read.text(read.items<Part>(again.consts)[i])) {
      return false;
    }
  }
  return is_same_array(facts.instrs, bytes, other.instrs, other.instr_count) &&
         std::equal(bytes.items<mir::Block>(facts.blocks), bytes.items<mir::Block>(facts.blocks) + facts.blocks.count,
                    other.blocks, other.blocks + other.block_count, is_same_block) &&
         is_same_array(facts.operands, bytes, other.operands, other.operand_count) &&
         is_same_array(facts.block_ids, bytes, other.block_ids, other.block_id_count);
}

}  // namespace hasten::runtime
