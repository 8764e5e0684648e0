// A MIR function as bytes, and back.
#pragma once

#include <Python.h>

#include <memory>
#include <string>
#include <vector>

#include "runtime/mir.h"
#include "runtime/object_ref.h"
#include "runtime/part_writer.h"

namespace hasten::runtime {

struct StoredMirFacts {
  uint32_t param_count, is_template, held_count;
  Part instrs, blocks, operands, block_ids;  ///< as they are
  Part names;                                ///< of Part: UTF-8
  Part consts;                               ///< of Part: see stored_mir.cc
};

/// A constant as marshal writes it: the same object gives the same bytes each time. False: it cannot.
bool append_marshalled(PyObject* object, std::string* out);
/// False: it has a constant that cannot be stored.
bool store_mir(const mir::MirFunction& function, PartWriter* writer, StoredMirFacts* facts);

/// A MirFunction that owns all that it points to.
class StoredMir : public mir::MirFunction {
 public:
  /// `function`: the Python function that it is of. Null if the bytes do not fit it; no exception is set.
  static std::unique_ptr<StoredMir> read(const StoredMirFacts& facts, const PartReader& bytes, PyObject* function);
  /// Whether `other`, of a function with the same code, is the same.
  static bool is_same(const StoredMirFacts& facts, const PartReader& bytes, const mir::MirFunction& other);

 private:
  bool read_objects(const StoredMirFacts& facts, const PartReader& bytes);

  std::vector<mir::Instr> instr_store_;
  std::vector<mir::Block> block_store_;
  std::vector<mir::ValueId> operand_store_;
  std::vector<mir::BlockId> block_id_store_;
  std::vector<ObjectRef> objects_;
  std::vector<PyObject*> const_store_, name_store_;
  ObjectRef function_;
};

}  // namespace hasten::runtime
