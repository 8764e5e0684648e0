// Displays and calls, with what `*` and `**` unpack into them: in the order, and at the instruction, in which CPython's
// compiler puts them (Python/compile.c: starunpack_helper, compiler_dict, compiler_call_helper).
#include "compile/syntax/folding.h"
#include "compile/syntax/nested_code.h"
#include "compile/syntax/operators.h"
#include "compile/syntax/translator.h"

namespace hasten::compile::syntax {
namespace {

/// STACK_USE_GUIDELINE: with more items on the stack than this, the bytecode builds while it evaluates.
constexpr Py_ssize_t kStackItemsMax = 30;

bool has_star(NodeList items) {
  for (Node item : items) {
    if (item.kind() == Kind::Starred) {
      return true;
    }
  }
  return false;
}

bool look_constant(NodeList items);

/// Whether CPython may have folded it, though folding.h does not.
bool looks_constant(Node node) {
  switch (node.kind()) {
    case Kind::Constant:
      return true;
    case Kind::Name:
      return PyUnicode_CompareWithASCIIString(node.object(Field::id), "__debug__") == 0;
    case Kind::UnaryOp:
      return looks_constant(node[Field::operand]);
    case Kind::BinOp:
      return looks_constant(node[Field::left]) && looks_constant(node[Field::right]);
    case Kind::Subscript:
      return looks_constant(node[Field::value]);
    case Kind::Tuple:
      return look_constant(node.list(Field::elts));
    default:
      return false;
  }
}

bool look_constant(NodeList items) {
  for (Node item : items) {
    if (!looks_constant(item)) {
      return false;
    }
  }
  return true;
}

/// All of them are there, and constants.
bool are_constants(NodeList items) {
  for (Node item : items) {
    if (!item.present() || item.kind() != Kind::Constant) {
      return false;
    }
  }
  return true;
}

/// Whether both have the same items, of the same types.
bool are_same_constants(PyObject* a, PyObject* b) {
  if (PyObject_RichCompareBool(a, b, Py_EQ) != 1) {
    PyErr_Clear();
    return false;
  }
  PyObject* texts[2] = {nullptr, nullptr};  // 1, 1.0 and True are equal: their texts tell them apart
  for (int i = 0; i < 2; ++i) {
    PyObject* items = PySequence_List(i ? b : a);
    for (Py_ssize_t k = 0; items && k < PyList_GET_SIZE(items); ++k) {
      PyObject* text = PyObject_Repr(PyList_GET_ITEM(items, k));
      if (text) {
        PyList_SetItem(items, k, text);
      }
    }
    if (items && PyList_Sort(items) < 0) {
      Py_CLEAR(items);
    }
    texts[i] = items;
  }
  const bool same = texts[0] && texts[1] && PyObject_RichCompareBool(texts[0], texts[1], Py_EQ) == 1;
  Py_XDECREF(texts[0]);
  Py_XDECREF(texts[1]);
  PyErr_Clear();
  return same;
}

/// The frozenset that CPython's compiler made of these constants, in its order (borrowed), or null.
PyObject* compiled_set(PyCodeObject* code, PyObject* items) {
  for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(code->co_consts); ++i) {
    PyObject* item = PyTuple_GET_ITEM(code->co_consts, i);
    if (PyFrozenSet_CheckExact(item) && are_same_constants(item, items)) {
      return item;
    }
    if (PyObject* found = PyCode_Check(item) ? compiled_set(reinterpret_cast<PyCodeObject*>(item), items) : nullptr) {
      return found;
    }
  }
  return nullptr;
}

PyObject* first_frozenset(PyCodeObject* code) {
  for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(code->co_consts); ++i) {
    if (PyFrozenSet_CheckExact(PyTuple_GET_ITEM(code->co_consts, i))) {
      return PyTuple_GET_ITEM(code->co_consts, i);
    }
  }
  return nullptr;
}

}  // namespace

ValueId Translator::starred_list(NodeList items, Position position) {
  std::vector<ValueId> head;  // what stands before the first star is evaluated before the list is made
  ValueId list = kNone;
  for (Node item : items) {
    bool is_star = item.kind() == Kind::Starred;
    if (is_star && list == kNone) {
      list = emit(Op::BuildList, head, position);
    }
    ValueId value = expression(is_star ? item[Field::value] : item);
    if (list == kNone) {
      head.push_back(value);
    } else {
      emit(is_star ? Op::ListExtend : Op::ListAppend, {list, value}, position);
    }
  }
  return list == kNone ? emit(Op::BuildList, std::move(head), position) : list;
}

ValueId Translator::sequence_display(Node node) {
  NodeList items = node.list(Field::elts);
  bool is_list = node.kind() == Kind::List;
  if (has_star(items)) {
    ValueId list = starred_list(items, node.position());
    return is_list ? list : emit(Op::ListToTuple, {list}, node.position());
  }
  return is_list ? emit(Op::BuildList, expressions(items), node.position())
                 : tuple_of(expressions(items), node.position());
}

ValueId Translator::set_display(Node node) {
  NodeList items = node.list(Field::elts);
  Position position = node.position();
  // The order of a set depends on how it was filled: three constants or more come as a frozenset.
  if (items.size() > 2) {
    PyObject* folded = fold_container(node);
    PyObject* known = folded ? compiled_set(code_, folded) : nullptr;
    Py_XDECREF(folded);
    const auto set_of = [&](PyObject* constants) {
      ValueId set = emit(Op::BuildSet, {}, position);
      emit(Op::SetUpdate, {set, constant(constants)}, position);
      return set;
    };
    if (known) {
      return set_of(known);
    }
    if (look_constant(items)) {  // CPython folds more than folding.h does: its compiler tells what became of this one
      PyObject* alone = code_alone(node, code_->co_filename);
      PyObject* set_alone = alone ? first_frozenset(reinterpret_cast<PyCodeObject*>(alone)) : nullptr;
      known = set_alone ? compiled_set(code_, set_alone) : nullptr;
      const bool is_known = alone && (known || !set_alone);
      Py_XDECREF(alone);
      if (!is_known) {
        return refuse("C111", node, "a set display of such constants is not compiled", "write their values");
      }
      if (known) {
        return set_of(known);
      }
    }
  }
  std::vector<ValueId> head;
  ValueId set = items.size() > kStackItemsMax ? emit(Op::BuildSet, {}, position) : kNone;
  for (Node item : items) {
    bool is_star = item.kind() == Kind::Starred;
    if (is_star && set == kNone) {
      set = emit(Op::BuildSet, head, position);
    }
    ValueId value = expression(is_star ? item[Field::value] : item);
    if (set == kNone) {
      head.push_back(value);
    } else {
      emit(is_star ? Op::SetUpdate : Op::SetAdd, {set, value}, position);
    }
  }
  return set == kNone ? emit(Op::BuildSet, std::move(head), position) : set;
}

ValueId Translator::dict_display(Node node) {
  NodeList keys = node.list(Field::keys), values = node.list(Field::values);
  Position position = node.position();
  ValueId dict = kNone;
  constexpr Py_ssize_t kConstantPairsMax = 200;
  if (keys.size() <= kConstantPairsMax && are_constants(keys) && are_constants(values)) {
    // Whether it is built in pieces is not seen: native code copies such a dict.
    std::vector<ValueId> pairs;
    for (Py_ssize_t i = 0; i < keys.size(); ++i) {
      const ValueId key = expression(keys[i]), value = expression(values[i]);
      pairs.insert(planted_bug(Plant::DictDisplayOrder) ? pairs.begin() : pairs.end(), {key, value});
    }
    return emit(Op::BuildDict, std::move(pairs), position);
  }
  auto add = [&](ValueId more) {
    if (dict == kNone) {
      dict = more;
    } else {
      emit(Op::DictUpdate, {dict, more}, position);
    }
  };
  auto add_pairs = [&](Py_ssize_t begin, Py_ssize_t end) {
    bool is_big = (end - begin) * 2 > kStackItemsMax;
    std::vector<ValueId> pairs;
    ValueId part = is_big ? emit(Op::BuildDict, {}, position) : kNone;
    for (Py_ssize_t i = begin; i < end; ++i) {
      ValueId key = expression(keys[i]), value = expression(values[i]);
      if (is_big) {
        emit(Op::DictInsert, {part, key, value}, position);
      } else {
        pairs.insert(planted_bug(Plant::DictDisplayOrder) ? pairs.begin() : pairs.end(), {key, value});
      }
    }
    add(is_big ? part : emit(Op::BuildDict, std::move(pairs), position));
  };
  Py_ssize_t waiting = 0, count = values.size();
  for (Py_ssize_t i = 0; i < count; ++i) {
    if (!keys[i].present()) {  // **mapping
      if (waiting) {
        add_pairs(i - waiting, i);
        waiting = 0;
      }
      if (dict == kNone) {
        dict = emit(Op::BuildDict, {}, position);
      }
      add(expression(values[i]));
    } else if (waiting * 2 > kStackItemsMax) {
      add_pairs(i - waiting, i + 1);
      waiting = 0;
    } else {
      ++waiting;
    }
  }
  if (waiting) {
    add_pairs(count - waiting, count);
  }
  return dict == kNone ? emit(Op::BuildDict, {}, position) : dict;
}

ValueId Translator::call(Node node) {
  NodeList positional = node.list(Field::args), keywords = node.list(Field::keywords);
  if (Node generator = consumed_generator(node); generator.present()) {
    return call_of_generator(node, generator);
  }
  bool unpacks = has_star(positional);
  for (Node keyword : keywords) {
    unpacks |= keyword.object(Field::arg) == Py_None;
  }
  if (unpacks) {
    return unpacking_call(node);
  }
  // With as many arguments as CPython's compiler keeps on the stack, a method is looked up without being bound.
  const Py_ssize_t on_stack = positional.size() + keywords.size() + (keywords.empty() ? 0 : 1);
  Node func = node[Field::func];
  const bool is_method = func.kind() == Kind::Attribute && on_stack < kStackItemsMax;
  std::vector<ValueId> args{is_method ? attribute(func, true) : expression(func)};
  for (Node arg : positional) {
    args.push_back(expression(arg));
  }
  uint32_t names = kNone;
  if (!keywords.empty() && !failed()) {
    PyObject* tuple = PyTuple_New(keywords.size());
    for (Py_ssize_t i = 0; tuple && i < keywords.size(); ++i) {
      PyObject* key = PyUnicode_InternFromString(mangled(keywords[i].object(Field::arg)).c_str());
      if (!key) {
        Py_CLEAR(tuple);
        break;
      }
      PyTuple_SET_ITEM(tuple, i, key);
    }
    if (!tuple) {
      return none();
    }
    names = const_index(tuple);
    Py_DECREF(tuple);  // const_index keeps it
    for (Node keyword : keywords) {
      args.push_back(expression(keyword[Field::value]));
    }
    if (planted_bug(Plant::KeywordsSwapped) && keywords.size() > 1)
      std::swap(args[args.size() - 1], args[args.size() - 2]);
  }
  return emit(Op::Call, std::move(args), call_position(node), names);
}

/// CALL_FUNCTION_EX: a tuple (or, of a lone `*args`, any iterable) and a dict.
ValueId Translator::unpacking_call(Node node) {
  NodeList positional = node.list(Field::args), keywords = node.list(Field::keywords);
  Position position = node.position();
  ValueId callee = expression(node[Field::func]);
  std::vector<ValueId> args{callee};
  if (positional.size() == 1 && has_star(positional)) {
    args.push_back(expression(positional[0][Field::value]));
  } else if (has_star(positional)) {
    args.push_back(emit(Op::ListToTuple, {starred_list(positional, position)}, position));
  } else {
    args.push_back(emit(Op::BuildTuple, expressions(positional), position));
  }
  if (!keywords.empty()) {
    args.push_back(keyword_dict(keywords, callee, position));
  }
  return emit(Op::CallUnpacked, std::move(args), position);
}

ValueId Translator::keyword_dict(NodeList keywords, ValueId callee, Position position) {
  ValueId dict = kNone;
  std::vector<ValueId> named;
  auto merge = [&](ValueId more) {
    if (dict == kNone) {
      dict = more;
    } else {
      emit(Op::DictMerge, {dict, more, callee}, position);
    }
  };
  auto merge_named = [&] {
    if (!named.empty()) {
      merge(emit(Op::BuildDict, std::move(named), position));
      named.clear();
    }
  };
  for (Node keyword : keywords) {
    PyObject* name = keyword.object(Field::arg);
    if (name == Py_None) {
      merge_named();
      if (dict == kNone) {
        dict = emit(Op::BuildDict, {}, position);
      }
      merge(expression(keyword[Field::value]));
      continue;
    }
    PyObject* key = PyUnicode_InternFromString(mangled(name).c_str());
    if (!key) {
      return none();
    }
    ValueId key_value = new_constant(key);
    named.insert(named.end(), {key_value, expression(keyword[Field::value])});
  }
  merge_named();
  return dict;
}

}  // namespace hasten::compile::syntax
