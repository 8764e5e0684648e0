#include "runtime/building.h"

#include <cmath>
#include <cstring>
#include <string>

#include "runtime/object_layout.h"
#include "runtime/object_ref.h"
#include "runtime/planted.h"

namespace hasten::runtime {
namespace {

/// How CPython names a callee in messages: "module.name()", "name()" of a built-in one.
PyObject* callee_text(PyObject* callee) {
  auto attribute = [callee](const char* name) {
    ObjectRef value = ObjectRef::steal(PyObject_GetAttrString(callee, name));
    if (!value && PyErr_ExceptionMatches(PyExc_AttributeError)) {
      PyErr_Clear();
    }
    return value;
  };
  ObjectRef name = attribute("__qualname__");
  if (!name) {
    return PyErr_Occurred() ? nullptr : PyObject_Str(callee);
  }
  ObjectRef module = attribute("__module__");
  if (module && module.get() != Py_None) {
    ObjectRef builtins = ObjectRef::steal(PyUnicode_FromString("builtins"));
    int differs = builtins ? PyObject_RichCompareBool(module.get(), builtins.get(), Py_NE) : -1;
    if (differs != 0) {
      return differs < 0 ? nullptr : PyUnicode_FromFormat("%S.%S()", module.get(), name.get());
    }
  }
  return PyErr_Occurred() ? nullptr : PyUnicode_FromFormat("%S()", name.get());
}

bool is_iterable(PyObject* object) { return Py_TYPE(object)->tp_iter || PySequence_Check(object); }

/// Runs `text` in a namespace of its own, for what only CPython's own instructions do exactly: their errors come out
/// of here without the entry of that text. Returns the namespace's `found`.
PyObject* run_text(const std::string& text, PyObject* names) {
  ObjectRef code = ObjectRef::steal(Py_CompileString(text.c_str(), "<hasten>", Py_file_input));
  ObjectRef done = ObjectRef::steal(code ? PyEval_EvalCode(code.get(), names, names) : nullptr);
  if (done) {
    PyObject* found = PyDict_GetItemString(names, "found");
    return Py_XNewRef(found);
  }
  PyObject *type, *value, *trace;
  PyErr_Fetch(&type, &value, &trace);
  PyErr_NormalizeException(&type, &value, &trace);
  auto* entry = reinterpret_cast<PyTracebackObject*>(trace);
  PyObject* inner = entry ? Py_XNewRef(reinterpret_cast<PyObject*>(entry->tb_next)) : nullptr;
  if (value) {
    PyException_SetTraceback(value, inner ? inner : Py_None);
  }
  Py_XDECREF(trace);
  PyErr_Restore(type, value, inner);
  return nullptr;
}

PyObject* give_self(PyObject* self, PyObject*) { return Py_NewRef(self); }
PyObject* give_keywords(PyObject*, PyObject*, PyObject* keywords) {
  return keywords ? Py_NewRef(keywords) : PyDict_New();
}

PyMethodDef give_self_method = {"__import__", give_self, METH_VARARGS, nullptr};
PyMethodDef give_keywords_method = {"take", reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(&give_keywords)),
                                    METH_VARARGS | METH_KEYWORDS, nullptr};

/// "take() got ..." becomes "f() got ...".
void name_callee(PyObject* callee) {
  constexpr const char* kOurs = "take() ";
  PyObject *type, *value, *trace;
  PyErr_Fetch(&type, &value, &trace);
  ObjectRef text = ObjectRef::steal(value ? PyObject_Str(value) : nullptr);
  const char* message = text ? PyUnicode_AsUTF8(text.get()) : nullptr;
  if (message && type == PyExc_TypeError && std::strncmp(message, kOurs, std::strlen(kOurs)) == 0) {
    ObjectRef name = ObjectRef::steal(callee_text(callee));
    ObjectRef better =
        ObjectRef::steal(name ? PyUnicode_FromFormat("%U %s", name.get(), message + std::strlen(kOurs)) : nullptr);
    ObjectRef args = ObjectRef::steal(better ? PyTuple_Pack(1, better.get()) : nullptr);
    if (args && PyObject_SetAttrString(value, "args", args.get()) == 0) {
      PyErr_Restore(type, value, trace);
      return;
    }
    if (PyErr_Occurred()) {  // raised by the name of the callee: CPython lets that out, too
      Py_XDECREF(type);
      Py_XDECREF(value);
      Py_XDECREF(trace);
      return;
    }
  }
  PyErr_Clear();
  PyErr_Restore(type, value, trace);
}

/// Whether both are exact dicts without a key in common; -1 with an exception.
int are_disjoint(PyObject* dict, PyObject* other) {
  PyObject *key, *value;
  for (Py_ssize_t at = 0; PyDict_Next(other, &at, &key, &value);) {
    if (!PyUnicode_CheckExact(key)) {
      return 0;
    }
    int is_there = PyDict_Contains(dict, key);
    if (is_there != 0) {
      return is_there < 0 ? -1 : 0;
    }
  }
  return 1;
}

/// The value of an int (or bool) that fits a C long.
bool fits_long(PyObject* object, long* value) {
  int overflow = 0;
  *value = PyLong_AsLongAndOverflow(object, &overflow);
  return overflow == 0;
}

/// Whether sum() stays with C longs.
bool adds_as_long(PyObject* total, PyObject* item, long* sum) {
  long a = 0, b = 0;
  return (PyLong_CheckExact(item) || PyBool_Check(item)) && fits_long(total, &a) && fits_long(item, &b) &&
         !__builtin_add_overflow(a, b, sum);
}

double with_carry(double total, double carry) { return carry != 0.0 && std::isfinite(carry) ? total + carry : total; }

}  // namespace

PyObject* build_set(PyObject* const* items, uint32_t count) {
  ObjectRef set = ObjectRef::steal(PySet_New(nullptr));
  for (uint32_t i = 0; set && i < count; ++i) {
    if (PySet_Add(set.get(), items[i]) < 0) {
      return nullptr;
    }
  }
  return set.release();
}

PyObject* build_dict(PyObject* const* pairs, uint32_t count) {
  ObjectRef dict = ObjectRef::steal(PyDict_New());
  for (uint32_t i = 0; dict && i < count; i += 2) {
    if (PyDict_SetItem(dict.get(), pairs[i], pairs[i + 1]) < 0) {
      return nullptr;
    }
  }
  return dict.release();
}

bool list_extend(PyObject* list, PyObject* iterable) {
  PyObject* same = PySequence_InPlaceConcat(list, iterable);  // list.extend
  if (same) {
    Py_DECREF(same);
    return true;
  }
  if (PyErr_ExceptionMatches(PyExc_TypeError) && !is_iterable(iterable)) {
    PyErr_Clear();
    PyErr_Format(PyExc_TypeError, "Value after * must be an iterable, not %.200s", Py_TYPE(iterable)->tp_name);
  }
  return false;
}

bool set_update(PyObject* set, PyObject* iterable) {
  ObjectRef done = ObjectRef::steal(PyObject_CallMethod(set, "update", "(O)", iterable));
  return static_cast<bool>(done);
}

bool dict_update(PyObject* dict, PyObject* mapping) {
  if (PyDict_Merge(dict, mapping, planted_bug(Plant::DictUpdateKeeps) ? 0 : 1) == 0) {
    return true;
  }
  if (PyErr_ExceptionMatches(PyExc_AttributeError)) {
    PyErr_Clear();
    PyErr_Format(PyExc_TypeError, "'%.200s' object is not a mapping", Py_TYPE(mapping)->tp_name);
  }
  return false;
}

bool dict_merge(PyObject* dict, PyObject* mapping, PyObject* callee) {
  if (PyDict_CheckExact(mapping)) {
    int disjoint = PyDict_GET_SIZE(dict) == 0 ? 1 : are_disjoint(dict, mapping);
    if (disjoint != 0) {
      return disjoint > 0 && PyDict_Update(dict, mapping) == 0;
    }
  }
  ObjectRef take = ObjectRef::steal(PyCFunction_New(&give_keywords_method, nullptr));
  ObjectRef names = ObjectRef::steal(
      take ? Py_BuildValue("{sOsOsO}", "take", take.get(), "first", dict, "second", mapping) : nullptr);
  ObjectRef merged = ObjectRef::steal(names ? run_text("found = take(**first, **second)", names.get()) : nullptr);
  if (!merged) {
    name_callee(callee);
    return false;
  }
  return PyDict_Update(dict, merged.get()) == 0;
}

PyObject* call_unpacked(PyObject* callee, PyObject* args, PyObject* keywords) {
  ObjectRef tuple;
  if (PyTuple_CheckExact(args)) {
    tuple = ObjectRef::share(args);
  } else if (!is_iterable(args)) {
    ObjectRef name = ObjectRef::steal(callee_text(callee));
    if (name) {
      PyErr_Format(PyExc_TypeError, "%U argument after * must be an iterable, not %.200s", name.get(),
                   Py_TYPE(args)->tp_name);
    }
    return nullptr;
  } else {
    tuple = ObjectRef::steal(PySequence_Tuple(args));
  }
  return tuple ? PyObject_Call(callee, tuple.get(), keywords) : nullptr;
}

PyObject* unpack_star(PyObject* sequence, Py_ssize_t before, Py_ssize_t after) {
  if (PyTuple_CheckExact(sequence) || PyList_CheckExact(sequence)) {  // the same without an iterator
    const Py_ssize_t count = PySequence_Fast_GET_SIZE(sequence);
    ObjectRef parts = ObjectRef::steal(count >= before + after ? PyTuple_New(before + 1 + after) : nullptr);
    ObjectRef list = ObjectRef::steal(parts ? PyList_New(count - before - after) : nullptr);
    if (list) {
      PyObject** items = PySequence_Fast_ITEMS(sequence);
      for (Py_ssize_t i = 0; i < count; ++i) {
        PyObject* item = Py_NewRef(items[i]);
        if (i < before) {
          PyTuple_SET_ITEM(parts.get(), i, item);
        } else if (i < count - after) {
          PyList_SET_ITEM(list.get(), i - before, item);
        } else {
          PyTuple_SET_ITEM(parts.get(), before + 1 + i - (count - after), item);
        }
      }
      PyTuple_SET_ITEM(parts.get(), before, list.release());
      return parts.release();
    }
    if (PyErr_Occurred()) {
      return nullptr;
    }
  }
  ObjectRef result = ObjectRef::steal(PyTuple_New(before + 1 + after));
  ObjectRef iterator = ObjectRef::steal(result ? PyObject_GetIter(sequence) : nullptr);
  if (!iterator) {
    if (result && PyErr_ExceptionMatches(PyExc_TypeError) && !is_iterable(sequence)) {
      PyErr_Format(PyExc_TypeError, "cannot unpack non-iterable %.200s object", Py_TYPE(sequence)->tp_name);
    }
    return nullptr;
  }
  for (Py_ssize_t i = 0; i < before; ++i) {
    PyObject* item = PyIter_Next(iterator.get());
    if (!item) {
      if (!PyErr_Occurred()) {
        PyErr_Format(PyExc_ValueError, "not enough values to unpack (expected at least %zd, got %zd)", before + after,
                     i);
      }
      return nullptr;
    }
    PyTuple_SET_ITEM(result.get(), i, item);
  }
  PyObject* middle = PySequence_List(iterator.get());
  if (!middle) {
    return nullptr;
  }
  PyTuple_SET_ITEM(result.get(), before, middle);
  Py_ssize_t count = PyList_GET_SIZE(middle);
  if (count < after) {
    PyErr_Format(PyExc_ValueError, "not enough values to unpack (expected at least %zd, got %zd)", before + after,
                 before + count);
    return nullptr;
  }
  for (Py_ssize_t i = 0; i < after; ++i) {
    PyTuple_SET_ITEM(result.get(), before + 1 + i, PyList_GET_ITEM(middle, count - after + i));
  }
  Py_SET_SIZE(middle, count - after);  // the last ones have moved
  return result.release();
}

PyObject* import_name(const mir::MirFunction& function, PyObject* name, PyObject* level, PyObject* wanted) {
  PyObject* builtins = function_builtins(function.function);
  ObjectRef key = ObjectRef::steal(PyUnicode_InternFromString("__import__"));
  if (!key) {
    return nullptr;
  }
  ObjectRef import;
  if (PyDict_Check(builtins)) {
    import = ObjectRef::share(PyDict_GetItemWithError(builtins, key.get()));
  } else {
    import = ObjectRef::steal(PyObject_GetItem(builtins, key.get()));
    if (!import && PyErr_ExceptionMatches(PyExc_KeyError)) {
      PyErr_Clear();
    }
  }
  if (!import) {
    if (!PyErr_Occurred()) {
      PyErr_SetString(PyExc_ImportError, "__import__ not found");
    }
    return nullptr;
  }
  PyObject* args[] = {name, PyFunction_GET_GLOBALS(function.function), Py_None, wanted, level};
  return PyObject_Vectorcall(import.get(), args, std::size(args), nullptr);
}

PyObject* import_from(PyObject* module, PyObject* name) {
  const char* text = PyUnicode_AsUTF8(name);
  if (!text) {
    return nullptr;
  }
  if (PyModule_CheckExact(module) && std::strncmp(text, "__", 2) != 0) {
    PyObject* value = PyDict_GetItemWithError(PyModule_GetDict(module), name);
    if (value || PyErr_Occurred()) {
      return Py_XNewRef(value);
    }
  }
  // The submodule that is there without being an attribute, a module's __getattr__, and the many words of the error.
  ObjectRef import = ObjectRef::steal(PyCFunction_New(&give_self_method, module));
  ObjectRef names =
      ObjectRef::steal(import ? Py_BuildValue("{s{sO}}", "__builtins__", "__import__", import.get()) : nullptr);
  return names ? run_text(std::string("from module import ") + text + " as found", names.get()) : nullptr;
}

PyObject* make_generator(const mir::MirFunction& function, PyObject* made_of, PyObject* iterator,
                         PyObject* const* cells) {
  ObjectRef maker =
      ObjectRef::steal(PyFunction_New(PyTuple_GET_ITEM(made_of, 0), PyFunction_GET_GLOBALS(function.function)));
  Py_ssize_t count = PyTuple_GET_SIZE(made_of) - 1;
  if (maker && count > 0) {
    ObjectRef closure = ObjectRef::steal(PyTuple_New(count));
    for (Py_ssize_t i = 0; closure && i < count; ++i) {
      long own = PyLong_AsLong(PyTuple_GET_ITEM(made_of, 1 + i));
      PyObject* cell = own < 0 ? *cells++ : PyTuple_GET_ITEM(PyFunction_GET_CLOSURE(function.function), own);
      PyTuple_SET_ITEM(closure.get(), i, Py_NewRef(cell));
    }
    if (!closure || PyFunction_SetClosure(maker.get(), closure.get()) < 0) {
      return nullptr;
    }
  }
  return maker ? PyObject_CallOneArg(maker.get(), iterator) : nullptr;
}

PyObject* sum_add(PyObject* total, PyObject* carry, PyObject* item) {
  if (carry == Py_None) {
    return PyNumber_Add(total, item);
  }
  if (PyLong_CheckExact(total)) {
    long sum = 0;
    return adds_as_long(total, item, &sum) ? PyLong_FromLong(sum) : PyNumber_Add(total, item);
  }
  double so_far = PyFloat_AS_DOUBLE(total);
  long whole = 0;
  if (PyFloat_CheckExact(item)) {
    return PyFloat_FromDouble(so_far + PyFloat_AS_DOUBLE(item));
  }
  if (PyLong_Check(item) && fits_long(item, &whole)) {
    return PyFloat_FromDouble(so_far + static_cast<double>(whole));
  }
  ObjectRef all = ObjectRef::steal(PyFloat_FromDouble(with_carry(so_far, PyFloat_AS_DOUBLE(carry))));
  return all ? PyNumber_Add(all.get(), item) : nullptr;
}

PyObject* sum_carry(PyObject* total, PyObject* carry, PyObject* item, PyObject* next) {
  if (carry == Py_None) {
    return Py_NewRef(carry);
  }
  long whole = 0;
  if (PyLong_CheckExact(total)) {
    if (adds_as_long(total, item, &whole)) {
      return Py_NewRef(carry);
    }
    return PyFloat_CheckExact(next) ? PyFloat_FromDouble(0.0) : Py_NewRef(Py_None);
  }
  if (PyFloat_CheckExact(item)) {
    if (!sum_compensates()) {
      return Py_NewRef(carry);
    }
    double a = PyFloat_AS_DOUBLE(total), b = PyFloat_AS_DOUBLE(item), sum = PyFloat_AS_DOUBLE(next);
    double lost = std::fabs(a) >= std::fabs(b) ? (a - sum) + b : (b - sum) + a;
    return PyFloat_FromDouble(PyFloat_AS_DOUBLE(carry) + lost);
  }
  return Py_NewRef(PyLong_Check(item) && fits_long(item, &whole) ? carry : Py_None);
}

PyObject* sum_end(PyObject* total, PyObject* carry) {
  if (carry == Py_None || !PyFloat_CheckExact(total)) {
    return Py_NewRef(total);
  }
  double lost = PyFloat_AS_DOUBLE(carry), so_far = PyFloat_AS_DOUBLE(total);
  double sum = with_carry(so_far, lost);
  return sum == so_far && lost == 0.0 ? Py_NewRef(total) : PyFloat_FromDouble(sum);
}

}  // namespace hasten::runtime
