// List, set and dict comprehensions, and the loops that generator expressions share with them.
#include "compile/syntax/iterate.h"
#include "compile/syntax/translator.h"

namespace hasten::compile::syntax {

/// The first iterable belongs to the scope outside.
ValueId Translator::first_iterator(Node node) {
  NodeList generators = node.list(Field::generators);
  for (Node generator : generators) {
    if (generator.integer(Field::is_async)) {
      return refuse("C113", node, "async comprehensions are not compiled");
    }
  }
  Node first = generators[0][Field::iter];
  return emit(Op::GetIter, {expression(first)}, first.position());
}

ValueId Translator::comprehension(Node node) {
  ValueId iterator = first_iterator(node);
  Position position = node.position();
  Kind kind = node.kind();
  ValueId result = emit(kind == Kind::ListComp  ? Op::BuildList
                        : kind == Kind::SetComp ? Op::BuildSet
                                                : Op::BuildDict,
                        {}, position);
  comprehension_loops(node, iterator, comprehension_has_code_, [&] {
    if (kind == Kind::DictComp) {
      Node key = node[Field::key], value = node[Field::value];
      Position pair = key.position();
      pair.end_line = value.position().end_line;
      pair.end_column = value.position().end_column;
      ValueId key_value = expression(key);
      emit(Op::DictInsert, {result, key_value, expression(value)}, comprehension_has_code_ ? position : pair);
    } else {
      Node item = node[Field::elt];
      ValueId value = expression(item);
      emit(kind == Kind::ListComp ? Op::ListAppend : Op::SetAdd, {result, value},
           comprehension_has_code_ ? position : item.position());
    }
  });
  return result;
}

void Translator::comprehension_loops(Node node, ValueId iterator, bool own_code, const std::function<void()>& body) {
  NodeList generators = node.list(Field::generators);
  Scope scope;
  for (Node generator : generators) {
    collect_targets(generator[Field::target], &scope);
  }
  own_code_depth_ = static_cast<uint8_t>(own_code_depth_ + (own_code ? 1 : 0));
  enter_comprehension(node, std::move(scope), own_code);
  comprehension_level(generators, 0, iterator, body);
  leave_comprehension();
  own_code_depth_ = static_cast<uint8_t>(own_code_depth_ - (own_code ? 1 : 0));
}

void Translator::comprehension_level(NodeList generators, Py_ssize_t level, ValueId iterator,
                                     const std::function<void()>& body) {
  Node generator = generators[level];
  Node iterable = generator[Field::iter];
  if (level > 0) {
    iterator = emit(Op::GetIter, {expression(iterable)}, iterable.position());
  }
  BlockId exhausted = ssa_.new_block();
  iterate(iterator, generator[Field::target], iterable.position(), exhausted, [&](BlockId header) {
    for (Node test : generator.list(Field::ifs)) {
      BlockId pass = ssa_.new_block();
      condition(test, pass, header);
      ssa_.seal(pass);
      ssa_.enter(pass);
      if (planted_bug(Plant::SecondIfDropped))
        break;
    }
    if (level + 1 < generators.size()) {
      comprehension_level(generators, level + 1, kNone, body);
    } else {
      body();
    }
  });
  ssa_.seal(exhausted);
  ssa_.enter(exhausted);
}

}  // namespace hasten::compile::syntax
