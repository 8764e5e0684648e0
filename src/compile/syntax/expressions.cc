// Expressions, one function each. Every one returns the value's number.
#include <algorithm>
#include <array>
#include <string_view>

#include "compile/syntax/folding.h"
#include "compile/syntax/operators.h"
#include "compile/syntax/translator.h"

namespace hasten::compile::syntax {
std::vector<ValueId> Translator::expressions(NodeList list) {
  std::vector<ValueId> values;
  for (Node node : list) {
    values.push_back(expression(node));
  }
  return values;
}

ValueId Translator::expression(Node node) {
  if (failed()) {
    return none();
  }
  Position position = node.position();
  switch (node.kind()) {
    case Kind::Constant:
      return constant(node.object(Field::value));
    case Kind::Name:
      return name_load(node);
    case Kind::BinOp:
      return binary(node);
    case Kind::UnaryOp: {
      mir::UnaryOp op = mir::UnaryOp::Not;
      switch (node[Field::op].kind()) {
        case Kind::USub:
          op = mir::UnaryOp::Neg;
          break;
        case Kind::UAdd:
          op = mir::UnaryOp::Pos;
          break;
        case Kind::Invert:
          op = mir::UnaryOp::Invert;
          break;
        default:
          break;
      }
      ValueId operand = expression(node[Field::operand]);
      PyObject* known = constant_object(operand);
      if (PyObject* folded = known ? fold_unary(op, known) : nullptr) {
        return new_constant(folded);
      }
      return emit(Op::Unary, {operand}, position, kNone, static_cast<uint8_t>(op));
    }
    case Kind::BoolOp:
      return bool_op(node);
    case Kind::Compare:
      return compare(node);
    case Kind::IfExp:
      return if_expression(node);
    case Kind::Call:
      return call(node);
    case Kind::Attribute:
      return attribute(node, false);
    case Kind::Subscript: {
      ValueId container = expression(node[Field::value]);
      ValueId key = subscript_key(node[Field::slice]);
      return emit(Op::GetItem, {container, key}, position);
    }
    case Kind::Slice:
      return subscript_key(node);
    case Kind::List:
    case Kind::Tuple:
      return sequence_display(node);
    case Kind::Set:
      return set_display(node);
    case Kind::Dict:
      return dict_display(node);
    case Kind::ListComp:
    case Kind::SetComp:
    case Kind::DictComp:
      return comprehension(node);
    case Kind::GeneratorExp:
      return generator_expression(node);
    case Kind::NamedExpr: {
      ValueId value = expression(node[Field::value]);
      if (!planted_bug(Plant::WalrusLost))
        write_name(node[Field::target].object(Field::id), value, node[Field::target].position());
      return value;
    }
    case Kind::JoinedStr:
      return formatted_text(node);
    case Kind::FormattedValue:
      return formatted_value(node);
    case Kind::Starred:
      return refuse("C111", node, "a starred expression is not compiled here", "write the items out");
    case Kind::Lambda:
      return lambda(node);
    case Kind::Yield:
    case Kind::YieldFrom:
    case Kind::Await:
      return refuse("C113", node, "generators and async functions are not compiled");
    default:
      return refuse("C111", node, std::string("the expression ") + node.kind_name() + " is not compiled yet");
  }
}

ValueId Translator::attribute(Node node, bool is_called) {
  ValueId object = expression(node[Field::value]);
  return emit(Op::GetAttr, {object}, attribute_position(node), name_index(mangled(node.object(Field::attr))),
              is_called ? 1 : 0);
}

ValueId Translator::new_constant(PyObject* object) {
  ValueId value = constant(object);
  Py_DECREF(object);  // the constant keeps it
  return value;
}

ValueId Translator::binary(Node node) {
  ValueId left = expression(node[Field::left]);
  ValueId right = expression(node[Field::right]);
  mir::BinaryOp op = binary_op(node[Field::op].kind());
  PyObject *a = constant_object(left), *b = constant_object(right);
  if (PyObject* folded = a && b ? fold_binary(op, a, b) : nullptr) {
    return new_constant(folded);
  }
  return emit(Op::Binary, {left, right}, node.position(), kNone, static_cast<uint8_t>(op));
}

ValueId Translator::truth(ValueId value, Position position) {
  return ssa_.is_exact_bool(value) ? value : emit(Op::Truth, {value}, position);
}

ValueId Translator::bool_op(Node node) {
  bool is_and = node[Field::op].kind() == Kind::And;
  NodeList values = node.list(Field::values);
  VariableId result = ssa_.new_variable();
  BlockId after = ssa_.new_block();
  for (Py_ssize_t i = 0; i < values.size(); ++i) {
    ValueId value = expression(values[i]);
    ssa_.write(result, value);
    if (i + 1 == values.size()) {
      ssa_.write(result, planted_bug(Plant::BoolOpGivesTruth) ? truth(value, values[i].position()) : value);
      ssa_.jump(after);
      break;
    }
    BlockId more = ssa_.new_block();
    ValueId test = truth(value, values[i].position());
    ssa_.branch(Op::Branch, test, is_and ? more : after, is_and ? after : more, values[i].position());
    ssa_.seal(more);
    ssa_.enter(more);
  }
  ssa_.seal(after);
  ssa_.enter(after);
  return ssa_.read(result);
}

ValueId Translator::compare_pair(Kind op, ValueId left, ValueId right, Position position) {
  mir::CompareOp code = mir::CompareOp::Lt;
  switch (op) {
    case Kind::Lt:
      code = mir::CompareOp::Lt;
      break;
    case Kind::LtE:
      code = mir::CompareOp::Le;
      break;
    case Kind::Eq:
      code = mir::CompareOp::Eq;
      break;
    case Kind::NotEq:
      code = mir::CompareOp::Ne;
      break;
    case Kind::Gt:
      code = mir::CompareOp::Gt;
      break;
    case Kind::GtE:
      code = mir::CompareOp::Ge;
      break;
    case Kind::Is:
      code = mir::CompareOp::Is;
      break;
    case Kind::IsNot:
      code = mir::CompareOp::IsNot;
      break;
    case Kind::In:
      code = mir::CompareOp::In;
      break;
    default:
      code = mir::CompareOp::NotIn;
      break;
  }
  return emit(Op::Compare, {left, right}, position, kNone, static_cast<uint8_t>(code));
}

ValueId Translator::comparator(NodeList ops, NodeList comparators, Py_ssize_t index) {
  const Kind op = ops[index].kind();
  // In a chain the next comparison sees the value too, as what it was written: `a in [1] == [1]`.
  if ((op == Kind::In || op == Kind::NotIn) && index + 1 == ops.size()) {
    if (PyObject* folded = fold_container(comparators[index])) {
      return new_constant(folded);
    }
  }
  return expression(comparators[index]);
}

ValueId Translator::compare(Node node) {
  NodeList ops = node.list(Field::ops), comparators = node.list(Field::comparators);
  Position position = node.position();
  ValueId left = expression(node[Field::left]);
  if (ops.size() == 1) {
    ValueId right = comparator(ops, comparators, 0);
    return compare_pair(ops[0].kind(), left, right, position);
  }
  // a < b < c is `a < b and b < c` with b evaluated once.
  VariableId result = ssa_.new_variable();
  BlockId after = ssa_.new_block();
  for (Py_ssize_t i = 0; i < ops.size(); ++i) {
    ValueId right = comparator(ops, comparators, i);
    ValueId value = compare_pair(ops[i].kind(), left, right, position);
    ssa_.write(result, value);
    if (i + 1 == ops.size()) {
      ssa_.jump(after);
      break;
    }
    BlockId more = ssa_.new_block();
    ssa_.branch(Op::Branch, truth(value, position), more, after, position);
    ssa_.seal(more);
    ssa_.enter(more);
    left = planted_bug(Plant::ChainKeepsFirst) ? left : right;
  }
  ssa_.seal(after);
  ssa_.enter(after);
  return ssa_.read(result);
}

ValueId Translator::if_expression(Node node) {
  VariableId result = ssa_.new_variable();
  BlockId then = ssa_.new_block(), otherwise = ssa_.new_block(), after = ssa_.new_block();
  condition(node[Field::test], then, otherwise);
  ssa_.seal(then);
  ssa_.seal(otherwise);
  ssa_.enter(then);
  ssa_.write(result, expression(node[Field::body]));
  ssa_.jump(after);
  ssa_.enter(otherwise);
  ssa_.write(result, expression(node[Field::orelse]));
  ssa_.jump(after);
  ssa_.seal(after);
  ssa_.enter(after);
  return ssa_.read(result);
}

void Translator::condition(Node node, BlockId if_true, BlockId if_false) {
  switch (node.kind()) {
    case Kind::BoolOp: {
      bool is_and = node[Field::op].kind() == Kind::And;
      NodeList values = node.list(Field::values);
      for (Py_ssize_t i = 0; i + 1 < values.size(); ++i) {
        BlockId more = ssa_.new_block();
        condition(values[i], is_and ? more : if_true, is_and ? if_false : more);
        ssa_.seal(more);
        ssa_.enter(more);
      }
      condition(values[values.size() - 1], if_true, if_false);
      return;
    }
    case Kind::UnaryOp:
      if (node[Field::op].kind() == Kind::Not) {
        condition(node[Field::operand], if_false, if_true);
        return;
      }
      break;
    case Kind::Compare: {
      NodeList ops = node.list(Field::ops), comparators = node.list(Field::comparators);
      ValueId left = expression(node[Field::left]);
      Position position = node.position();
      for (Py_ssize_t i = 0; i < ops.size(); ++i) {
        ValueId right = comparator(ops, comparators, i);
        ValueId test = truth(compare_pair(ops[i].kind(), left, right, position), position);
        bool is_last = i + 1 == ops.size();
        BlockId more = is_last ? if_true : ssa_.new_block();
        ssa_.branch(Op::Branch, test, more, if_false, position);
        if (!is_last) {
          ssa_.seal(more);
          ssa_.enter(more);
        }
        left = planted_bug(Plant::ChainKeepsFirst) ? left : right;
      }
      return;
    }
    case Kind::Constant: {
      int is_true = PyObject_IsTrue(node.object(Field::value));
      ssa_.jump(is_true > 0 ? if_true : if_false);
      return;
    }
    case Kind::Name:
      if (PyUnicode_CompareWithASCIIString(node.object(Field::id), "__debug__") == 0) {
        ssa_.jump(asserts_are_on() ? if_true : if_false);
        return;
      }
      break;
    default:
      break;
  }
  Position position = node.position();
  ValueId test = truth(expression(node), position);
  ssa_.branch(Op::Branch, test, if_true, if_false, position);
}

ValueId Translator::subscript_key(Node node) {
  if (node.kind() != Kind::Slice) {
    return expression(node);
  }
  std::vector<ValueId> parts;
  for (Field field : {Field::lower, Field::upper, Field::step}) {
    const bool drops = planted_bug(Plant::SliceStepDropped) && field == Field::step;
    parts.push_back(node[field].present() && !drops ? expression(node[field]) : none());
  }
  return emit(Op::BuildSlice, std::move(parts), node.position());
}

ValueId Translator::formatted_value(Node node) {
  std::vector<ValueId> args{expression(node[Field::value])};
  if (Node spec = node[Field::format_spec]; spec.present()) {
    args.push_back(expression(spec));
  }
  const long conversion =
      planted_bug(Plant::ConversionLost) ? 0 : std::max(node.integer(Field::conversion), 0L);  // -1: none
  return emit(Op::FormatValue, std::move(args), node.position(), kNone, static_cast<uint8_t>(conversion));
}

ValueId Translator::formatted_text(Node node) {
  NodeList parts = node.list(Field::values);
  return parts.size() == 1 ? expression(parts[0]) : emit(Op::BuildText, expressions(parts), node.position());
}

}  // namespace hasten::compile::syntax
