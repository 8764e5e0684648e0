#include "runtime/operations.h"

#include "runtime/building.h"
#include "runtime/object_layout.h"
#include "runtime/object_ref.h"
#include "runtime/planted.h"
#include "runtime/scopes.h"
#include "runtime/text.h"

namespace hasten::runtime {
namespace {

using mir::BinaryOp;
using mir::CompareOp;
using mir::Instr;
using mir::Op;
using mir::UnaryOp;

PyObject* binary(BinaryOp op, PyObject* a, PyObject* b) {
  switch (op) {
    case BinaryOp::Add:
      return PyNumber_Add(a, b);
    case BinaryOp::Sub:
      return PyNumber_Subtract(a, b);
    case BinaryOp::Mul:
      return PyNumber_Multiply(a, b);
    case BinaryOp::TrueDiv:
      return PyNumber_TrueDivide(a, b);
    case BinaryOp::FloorDiv:
      return PyNumber_FloorDivide(a, b);
    case BinaryOp::Mod:
      return PyNumber_Remainder(a, b);
    case BinaryOp::Pow:
      return PyNumber_Power(a, b, Py_None);
    case BinaryOp::LShift:
      return PyNumber_Lshift(a, b);
    case BinaryOp::RShift:
      return PyNumber_Rshift(a, b);
    case BinaryOp::And:
      return PyNumber_And(a, b);
    case BinaryOp::Or:
      return PyNumber_Or(a, b);
    case BinaryOp::Xor:
      return PyNumber_Xor(a, b);
    case BinaryOp::MatMul:
      return PyNumber_MatrixMultiply(a, b);
  }
  return nullptr;
}

PyObject* inplace(BinaryOp op, PyObject* a, PyObject* b) {
  switch (op) {
    case BinaryOp::Add:
      return PyNumber_InPlaceAdd(a, b);
    case BinaryOp::Sub:
      return PyNumber_InPlaceSubtract(a, b);
    case BinaryOp::Mul:
      return PyNumber_InPlaceMultiply(a, b);
    case BinaryOp::TrueDiv:
      return PyNumber_InPlaceTrueDivide(a, b);
    case BinaryOp::FloorDiv:
      return PyNumber_InPlaceFloorDivide(a, b);
    case BinaryOp::Mod:
      return PyNumber_InPlaceRemainder(a, b);
    case BinaryOp::Pow:
      return PyNumber_InPlacePower(a, b, Py_None);
    case BinaryOp::LShift:
      return PyNumber_InPlaceLshift(a, b);
    case BinaryOp::RShift:
      return PyNumber_InPlaceRshift(a, b);
    case BinaryOp::And:
      return PyNumber_InPlaceAnd(a, b);
    case BinaryOp::Or:
      return PyNumber_InPlaceOr(a, b);
    case BinaryOp::Xor:
      return PyNumber_InPlaceXor(a, b);
    case BinaryOp::MatMul:
      return PyNumber_InPlaceMatrixMultiply(a, b);
  }
  return nullptr;
}

PyObject* from_truth(int truth) { return truth < 0 ? nullptr : PyBool_FromLong(truth); }

PyObject* unary(UnaryOp op, PyObject* v) {
  switch (op) {
    case UnaryOp::Neg:
      return PyNumber_Negative(v);
    case UnaryOp::Pos:
      return PyNumber_Positive(v);
    case UnaryOp::Invert:
      return PyNumber_Invert(v);
    case UnaryOp::Not:
      break;
  }
  int truth = PyObject_IsTrue(v);
  return truth < 0 ? nullptr : PyBool_FromLong(!truth);
}

PyObject* compare(CompareOp op, PyObject* a, PyObject* b) {
  switch (op) {
    case CompareOp::Lt:
      return PyObject_RichCompare(a, b, Py_LT);
    case CompareOp::Le:
      return PyObject_RichCompare(a, b, Py_LE);
    case CompareOp::Eq:
      return PyObject_RichCompare(a, b, Py_EQ);
    case CompareOp::Ne:
      return PyObject_RichCompare(a, b, Py_NE);
    case CompareOp::Gt:
      return PyObject_RichCompare(a, b, Py_GT);
    case CompareOp::Ge:
      return PyObject_RichCompare(a, b, planted_bug(Plant::InterpreterGe) ? Py_GT : Py_GE);
    case CompareOp::Is:
      return PyBool_FromLong(a == b);
    case CompareOp::IsNot:
      return PyBool_FromLong(a != b);
    case CompareOp::In:
      return from_truth(PySequence_Contains(b, a));
    case CompareOp::NotIn:
      break;
  }
  int truth = PySequence_Contains(b, a);
  return truth < 0 ? nullptr : PyBool_FromLong(!truth);
}

/// CHECK_EXC_MATCH, with its message.
PyObject* match_exception(PyObject* exception, PyObject* wanted) {
  bool is_class = true;
  if (planted_bug(Plant::MatchFirstOnly) && PyTuple_Check(wanted) && PyTuple_GET_SIZE(wanted) > 0)
    wanted = PyTuple_GET_ITEM(wanted, 0);
  if (PyTuple_Check(wanted)) {
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(wanted); ++i) {
      is_class = is_class && PyExceptionClass_Check(PyTuple_GET_ITEM(wanted, i));
    }
  } else {
    is_class = PyExceptionClass_Check(wanted);
  }
  if (!is_class) {
    PyErr_SetString(PyExc_TypeError, "catching classes that do not inherit from BaseException is not allowed");
    return nullptr;
  }
  return PyBool_FromLong(PyErr_GivenExceptionMatches(exception, wanted));
}

/// UNPACK_SEQUENCE, with its messages. `sequence` may be any iterable.
PyObject* unpack(PyObject* sequence, Py_ssize_t count) {
  if (PyTuple_CheckExact(sequence) && PyTuple_GET_SIZE(sequence) == count) {
    return Py_NewRef(sequence);
  }
  if (PyList_CheckExact(sequence) &&
      (planted_bug(Plant::UnpackTooMany) ? PyList_GET_SIZE(sequence) >= count : PyList_GET_SIZE(sequence) == count)) {
    return PyList_AsTuple(sequence);
  }
  ObjectRef result = ObjectRef::steal(PyTuple_New(count));
  ObjectRef iterator = ObjectRef::steal(result ? PyObject_GetIter(sequence) : nullptr);
  if (!iterator) {
    if (result && PyErr_ExceptionMatches(PyExc_TypeError) && !Py_TYPE(sequence)->tp_iter &&
        !PySequence_Check(sequence)) {
      PyErr_Format(PyExc_TypeError, "cannot unpack non-iterable %.200s object", Py_TYPE(sequence)->tp_name);
    }
    return nullptr;
  }
  for (Py_ssize_t i = 0; i < count; ++i) {
    PyObject* item = PyIter_Next(iterator.get());
    if (!item) {
      if (!PyErr_Occurred()) {
        PyErr_Format(PyExc_ValueError, "not enough values to unpack (expected %zd, got %zd)", count, i);
      }
      return nullptr;
    }
    PyTuple_SET_ITEM(result.get(), i, item);
  }
  ObjectRef extra = ObjectRef::steal(PyIter_Next(iterator.get()));
  if (extra) {
    raise_too_many_values(sequence, count);
    return nullptr;
  }
  return PyErr_Occurred() ? nullptr : result.release();
}

PyObject* call_method(PyObject* name, PyObject* const* operands, uint32_t count) {
  return PyObject_VectorcallMethod(name, operands, count, nullptr);
}

PyObject* next_item(PyObject* iterator, bool* failed) {
  PyObject* item = (*Py_TYPE(iterator)->tp_iternext)(iterator);
  if (!item && PyErr_Occurred()) {
    *failed = !PyErr_ExceptionMatches(PyExc_StopIteration);
    if (!*failed) {
      PyErr_Clear();
    }
  }
  return item;
}

PyObject* build_list(PyObject* const* operands, uint32_t count) {
  PyObject* list = PyList_New(count);
  for (uint32_t i = 0; list && i < count; ++i) {
    PyList_SET_ITEM(list, i, Py_NewRef(operands[i]));
  }
  return list;
}

PyObject* build_tuple(PyObject* const* operands, uint32_t count) {
  PyObject* tuple = PyTuple_New(count);
  for (uint32_t i = 0; tuple && i < count; ++i) {
    PyTuple_SET_ITEM(tuple, i, Py_NewRef(operands[i]));
  }
  return tuple;
}

}  // namespace

/// `raise exception from cause`; `cause` may be null.
static void raise_exception(PyObject* exception, PyObject* cause) {
  ObjectRef value;
  PyObject* type = nullptr;
  if (PyExceptionClass_Check(exception)) {
    type = exception;
    value = ObjectRef::steal(PyObject_CallNoArgs(exception));
    if (!value) {
      return;
    }
    if (!PyExceptionInstance_Check(value.get())) {
      PyErr_Format(PyExc_TypeError, "calling %R should have returned an instance of BaseException, not %R", type,
                   Py_TYPE(value.get()));
      return;
    }
  } else if (PyExceptionInstance_Check(exception)) {
    value = ObjectRef::share(exception);
    type = PyExceptionInstance_Class(exception);
  } else {
    PyErr_SetString(PyExc_TypeError, "exceptions must derive from BaseException");
    return;
  }
  if (cause && !(planted_bug(Plant::SuppressLost) && cause == Py_None)) {
    PyObject* fixed_cause = nullptr;
    if (PyExceptionClass_Check(cause)) {
      fixed_cause = PyObject_CallNoArgs(cause);
      if (!fixed_cause) {
        return;
      }
    } else if (PyExceptionInstance_Check(cause)) {
      fixed_cause = Py_NewRef(cause);
    } else if (cause != Py_None) {
      PyErr_SetString(PyExc_TypeError, "exception causes must derive from BaseException");
      return;
    }
    PyException_SetCause(value.get(), fixed_cause);
  }
  PyErr_SetObject(type, value.get());
}

PyObject* take_raised() {
  PyObject *type, *value, *trace;
  PyErr_Fetch(&type, &value, &trace);
  PyErr_NormalizeException(&type, &value, &trace);
  if (trace) {
    PyException_SetTraceback(value, trace);
  }
  Py_XDECREF(type);
  Py_XDECREF(trace);
  return value;
}

/// With the traceback that it has.
static void reraise(PyObject* exception) {
  PyErr_Restore(Py_NewRef(Py_TYPE(exception)), Py_NewRef(exception),
                planted_bug(Plant::ReraiseLosesTraceback) ? nullptr : PyException_GetTraceback(exception));
}

bool raise(Op op, PyObject* exception, PyObject* cause) {
  if (op == Op::Raise) {
    raise_exception(exception, cause);
    return true;
  }
  ObjectRef handled = exception ? ObjectRef::share(exception) : ObjectRef::steal(PyErr_GetHandledException());
  if (!handled || handled.get() == Py_None) {
    PyErr_SetString(PyExc_RuntimeError, "No active exception to reraise");
    return true;
  }
  reraise(handled.get());
  return false;
}

bool execute(const mir::MirFunction& function, uint32_t index, PyObject* const* operands, PyObject** result) {
  const Instr& instr = function.instrs[index];
  uint32_t count = instr.arg_count;
  PyObject* value = nullptr;
  switch (instr.op) {
    case Op::Const:
      value = Py_NewRef(function.consts[instr.aux]);
      break;
    case Op::CheckBound:
      value = check_bound(function, instr, operands[0]);
      break;
    case Op::GetGlobal:
      value = get_global(function, function.names[instr.aux]);
      break;
    case Op::GetFree:
      value = get_free(function, instr.aux);
      break;
    case Op::Unary:
      value = unary(static_cast<UnaryOp>(instr.sub), operands[0]);
      break;
    case Op::Binary:
      value = binary(static_cast<BinaryOp>(instr.sub), operands[0], operands[1]);
      break;
    case Op::Inplace:
      value = inplace(static_cast<BinaryOp>(instr.sub), operands[0], operands[1]);
      break;
    case Op::Compare:
      value = compare(static_cast<CompareOp>(instr.sub), operands[0], operands[1]);
      break;
    case Op::Truth:
      value = from_truth(PyObject_IsTrue(operands[0]));
      break;
    case Op::GetAttr:
      value = instr.sub ? load_method_object(operands[0], function.names[instr.aux])
                        : PyObject_GetAttr(operands[0], function.names[instr.aux]);
      break;
    case Op::GetItem:
      value = PyObject_GetItem(operands[0], operands[1]);
      break;
    case Op::SetItem:
      *result = nullptr;
      return PyObject_SetItem(operands[0], operands[1], operands[2]) == 0;
    case Op::DelItem:
      *result = nullptr;
      return PyObject_DelItem(operands[0], operands[1]) == 0;
    case Op::SetAttr:
      *result = nullptr;
      return PyObject_SetAttr(operands[0], function.names[instr.aux], operands[1]) == 0;
    case Op::TakeRaised:
      value = take_raised();
      break;
    case Op::Handled:
      value = handled_exception();
      break;
    case Op::SetHandled:
      *result = nullptr;
      set_handled_exception(operands[0]);
      return true;
    case Op::MatchException:
      value = match_exception(operands[0], operands[1]);
      break;
    case Op::StoreGlobal:
      *result = nullptr;
      return store_global(function, function.names[instr.aux], operands[0]);
    case Op::DelGlobal:
      *result = nullptr;
      return delete_global(function, function.names[instr.aux]);
    case Op::MakeFunction:
      value = make_function(function, instr, operands);
      break;
    case Op::FreeCell:
      value = Py_NewRef(PyTuple_GET_ITEM(PyFunction_GET_CLOSURE(function.function), instr.aux));
      break;
    case Op::MakeCell:
      value = PyCell_New(count > 0 ? operands[0] : nullptr);
      break;
    case Op::LoadCell:
      value = load_cell(function, instr, operands[0]);
      break;
    case Op::StoreCell:
      *result = nullptr;
      return PyCell_Set(operands[0], operands[1]) == 0;
    case Op::DelCell:
      *result = nullptr;
      return delete_cell(function, instr, operands[0]);
    case Op::ListAppend:
      *result = nullptr;
      return PyList_Append(operands[0], operands[1]) == 0;
    case Op::BuildList:
      value = build_list(operands, count);
      break;
    case Op::BuildTuple:
      value = build_tuple(operands, count);
      break;
    case Op::BuildSlice:
      value = PySlice_New(operands[0], operands[1], operands[2]);
      break;
    case Op::Unpack:
      value = unpack(operands[0], instr.aux);
      break;
    case Op::Extract:
      value = Py_NewRef(PyTuple_GET_ITEM(operands[0], instr.aux));
      break;
    case Op::Call: {
      PyObject* names = instr.aux == mir::kNone ? nullptr : function.consts[instr.aux];
      size_t positional = count - 1 - (names ? static_cast<size_t>(PyTuple_GET_SIZE(names)) : 0);
      value = PyObject_Vectorcall(operands[0], operands + 1, positional, names);
      break;
    }
    case Op::CallMethod:
      value = call_method(function.names[instr.aux], operands, count);
      break;
    case Op::GetIter:
      value = PyObject_GetIter(operands[0]);
      break;
    case Op::IterNext: {
      bool failed = false;
      *result = next_item(operands[0], &failed);
      return !failed;
    }
    case Op::DelAttr:
      *result = nullptr;
      return PyObject_SetAttr(operands[0], function.names[instr.aux], nullptr) == 0;
    case Op::BuildSet:
      value = build_set(operands, count);
      break;
    case Op::BuildDict:
      value = build_dict(operands, count);
      break;
    case Op::SetAdd:
      *result = nullptr;
      return PySet_Add(operands[0], operands[1]) == 0;
    case Op::DictInsert:
      *result = nullptr;
      return PyDict_SetItem(operands[0], operands[1], operands[2]) == 0;
    case Op::ListExtend:
      *result = nullptr;
      return list_extend(operands[0], operands[1]);
    case Op::SetUpdate:
      *result = nullptr;
      return set_update(operands[0], operands[1]);
    case Op::DictUpdate:
      *result = nullptr;
      return dict_update(operands[0], operands[1]);
    case Op::DictMerge:
      *result = nullptr;
      return dict_merge(operands[0], operands[1], operands[2]);
    case Op::ListToTuple:
      value = PyList_AsTuple(operands[0]);
      break;
    case Op::CallUnpacked:
      value = call_unpacked(operands[0], operands[1], count > 2 ? operands[2] : nullptr);
      break;
    case Op::UnpackStar:
      value = unpack_star(operands[0], instr.aux & 0xff, instr.aux >> 8);
      break;
    case Op::ImportName:
      value = import_name(function, function.names[instr.aux], operands[0], operands[1]);
      break;
    case Op::ImportFrom:
      value = import_from(operands[0], function.names[instr.aux]);
      break;
    case Op::NewCell:
      value = PyCell_New(count > 0 ? operands[0] : nullptr);
      break;
    case Op::ReadCell:
      *result = PyCell_Get(operands[0]);
      return true;
    case Op::MakeGenerator:
      value = make_generator(function, function.consts[instr.aux], operands[0], operands + 1);
      break;
    case Op::FormatValue:
      value = format_value(operands[0], count > 1 ? operands[1] : nullptr, instr.sub);
      break;
    case Op::BuildText:
      value = build_text(operands, count);
      break;
    case Op::SumAdd:
      value = sum_add(operands[0], operands[1], operands[2]);
      break;
    case Op::SumCarry:
      value = sum_carry(operands[0], operands[1], operands[2], operands[3]);
      break;
    case Op::SumEnd:
      value = sum_end(operands[0], operands[1]);
      break;
    default:
      PyErr_Format(PyExc_SystemError, "hasten: MIR instruction %d cannot be executed alone",
                   static_cast<int>(instr.op));
      break;
  }
  *result = value;
  return value != nullptr;
}

}  // namespace hasten::runtime
