// The loop that `for` and the list comprehension share.
#pragma once

#include "compile/syntax/translator.h"

namespace hasten::compile::syntax {

template <class Body>
void Translator::iterate(ValueId iterator, Node target, Position position, BlockId exhausted, Body body) {
  ssa_.set_loop_depth(++loop_depth_);
  BlockId header = ssa_.new_block();
  BlockId body_block = ssa_.new_block();
  ssa_.jump(header);
  ssa_.enter(header);
  ValueId item = emit(Op::IterNext, {iterator}, position);
  ssa_.branch(Op::BranchBound, item, body_block, exhausted, position);
  ssa_.seal(body_block);
  ssa_.enter(body_block);
  assign(target, item);
  body(header);
  ssa_.jump(header);
  ssa_.seal(header);
  ssa_.set_loop_depth(--loop_depth_);
}

}  // namespace hasten::compile::syntax
