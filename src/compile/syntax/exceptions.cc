// try, except, else and finally: which block an exception goes to, and what is done on the way out.
//
// An exception that is handled here goes to a handler block (mir::Block::handler). There the bytecode's PUSH_EXC_INFO
// stands as TakeRaised, Handled, SetHandled, and its POP_EXCEPT as SetHandled with what Handled gave. A `finally` is
// written out for each way that leads through it, as CPython's compiler does.
#include <utility>

#include "compile/syntax/translator.h"

namespace hasten::compile::syntax {

void Translator::try_statement(Node node) {
  if (node.list(Field::finalbody).empty()) {
    try_except(node);
    return;
  }
  BlockId outer = ssa_.handler();
  BlockId after = ssa_.new_block(), raised = ssa_.new_block(), in_cleanup = ssa_.new_block();
  enclosing_.push_back({.what = Enclosing::What::Finally, .statement = node, .outer = outer});
  ssa_.set_handler(raised);
  if (node.list(Field::handlers).empty()) {
    statements(node.list(Field::body));
  } else {
    try_except(node);
  }
  ssa_.set_handler(outer);
  enclosing_.pop_back();
  if (!ssa_.is_dead_end()) {
    statements(node.list(Field::finalbody));
    ssa_.jump(after);
  }

  auto [exception, handled] = enter_handler(raised, node.position());
  enclosing_.push_back({.what = Enclosing::What::Handler, .handled = handled, .outer = outer});
  ssa_.set_handler(in_cleanup);
  statements(node.list(Field::finalbody));
  ssa_.set_handler(outer);
  enclosing_.pop_back();
  if (!ssa_.is_dead_end()) {
    emit(Op::SetHandled, {handled}, node.position());
    emit(Op::Reraise, {exception}, node.position());
  }
  leave_handler_raising(in_cleanup, handled, nullptr);
  ssa_.seal(after);
  ssa_.enter(after);
}

void Translator::try_except(Node node) {
  BlockId outer = ssa_.handler();
  BlockId after = ssa_.new_block(), raised = ssa_.new_block(), in_clauses = ssa_.new_block();
  ssa_.set_handler(raised);
  statements(node.list(Field::body));
  ssa_.set_handler(planted_bug(Plant::ElseInTry) ? raised : outer);
  if (!ssa_.is_dead_end()) {
    statements(node.list(Field::orelse));
    ssa_.set_handler(outer);
    ssa_.jump(after);
  }

  auto [exception, handled] = enter_handler(raised, node.position());
  bool catches_all = false;
  for (Node handler : node.list(Field::handlers)) {
    Node type = handler[Field::type];
    catches_all = !type.present();  // only the last may be
    if (catches_all) {
      except_clause(handler, exception, handled, outer, after);
      break;
    }
    ssa_.set_handler(in_clauses);
    ValueId wanted = expression(type);
    ValueId matches = emit(Op::MatchException, {exception, wanted}, handler.position());
    BlockId mine = ssa_.new_block(), next = ssa_.new_block();
    ssa_.branch(Op::Branch, matches, mine, next, handler.position());
    ssa_.seal(mine);
    ssa_.seal(next);
    ssa_.enter(mine);
    except_clause(handler, exception, handled, outer, after);
    ssa_.enter(next);
  }
  ssa_.set_handler(outer);
  if (!catches_all) {
    emit(Op::SetHandled, {handled}, node.position());
    emit(Op::Reraise, {exception}, node.position());
  }
  leave_handler_raising(in_clauses, handled, nullptr);
  ssa_.seal(after);
  ssa_.enter(after);
}

void Translator::except_clause(Node handler, ValueId exception, ValueId handled, BlockId outer, BlockId after) {
  PyObject* name = handler.object(Field::name) == Py_None ? nullptr : handler.object(Field::name);
  BlockId in_body = ssa_.new_block(outer);
  ssa_.set_handler(in_body);
  if (name) {
    write_name(name, exception, handler.position());
  }
  enclosing_.push_back({.what = Enclosing::What::Handler, .handled = handled, .name = name, .outer = outer});
  statements(handler.list(Field::body));
  enclosing_.pop_back();
  ssa_.set_handler(outer);
  if (!ssa_.is_dead_end()) {
    if (!planted_bug(Plant::HandledKept))
      emit(Op::SetHandled, {handled}, handler.position());
    if (name && !planted_bug(Plant::ExceptNameKept)) {
      unbind_name(name, handler.position());
    }
    ssa_.jump(after);
  }
  leave_handler_raising(in_body, handled, name);
}

Translator::Caught Translator::enter_handler(BlockId block, Position position) {
  ssa_.seal(block);
  ssa_.enter(block);
  ValueId exception = emit(Op::TakeRaised, {}, position);
  ValueId handled = emit(Op::Handled, {}, position);
  if (!planted_bug(Plant::HandlerNotEntered))
    emit(Op::SetHandled, {exception}, position);
  return {exception, handled};
}

void Translator::leave_handler_raising(BlockId block, ValueId handled, PyObject* name) {
  ssa_.seal(block);
  ssa_.enter(block);
  ValueId exception = emit(Op::TakeRaised, {}, {});
  emit(Op::SetHandled, {handled}, {});
  if (name) {
    unbind_name(name, {});
  }
  emit(Op::Reraise, {exception}, {});
}

void Translator::leave_enclosing(size_t depth) {
  // What is left is around nothing while it is left: a return in a finally leaves only what is around that.
  std::vector<Enclosing> inner(enclosing_.begin() + static_cast<ptrdiff_t>(depth), enclosing_.end());
  for (size_t at = inner.size(); at-- > 0;) {
    enclosing_.resize(depth + at);
    const Enclosing& one = inner[at];
    switch (one.what) {
      case Enclosing::What::Loop:
        break;
      case Enclosing::What::Finally:
        ssa_.set_handler(one.outer);
        if (!planted_bug(Plant::FinallySkipped))
          statements(one.statement.list(Field::finalbody));
        break;
      case Enclosing::What::Handler:
        ssa_.set_handler(one.outer);
        emit(Op::SetHandled, {one.handled}, {});
        if (one.name) {
          unbind_name(one.name, {});
        }
        break;
    }
  }
  enclosing_.insert(enclosing_.end(), inner.begin(), inner.end());
}

}  // namespace hasten::compile::syntax
