#include "compile/syntax/ssa_builder.h"

#include <algorithm>
#include <utility>

namespace hasten::compile::syntax {
SsaBuilder::SsaBuilder() {
  new_block();
  blocks_[0].sealed = true;
}

BlockId SsaBuilder::new_block(BlockId handler) {
  blocks_.emplace_back();
  blocks_.back().loop_depth = loop_depth_;
  blocks_.back().handler = handler;
  return static_cast<BlockId>(blocks_.size() - 1);
}

ValueId SsaBuilder::new_draft(Op op, BlockId block, Position position, uint32_t aux, uint8_t sub,
                              std::vector<ValueId> args) {
  drafts_.push_back(Draft{op, sub, 0, aux, block, position, std::move(args)});
  replacement_.push_back(kNone);
  return static_cast<ValueId>(drafts_.size() - 1);
}

void SsaBuilder::open_block() {
  if (blocks_[current_].terminated) {
    // Code after return, break or raise: it goes to a block without predecessors, which finish() drops.
    current_ = new_block();
    blocks_[current_].sealed = true;
  }
}

ValueId SsaBuilder::emit(Op op, std::vector<ValueId> args, Position position, uint32_t aux, uint8_t sub,
                         uint8_t scope) {
  open_block();
  ValueId value = new_draft(op, current_, position, aux, sub, std::move(args));
  drafts_[value].scope = scope;
  blocks_[current_].body.push_back(value);
  if (mir::is_terminator(op)) {
    blocks_[current_].terminated = true;
    if (op == Op::Return || op == Op::Raise || op == Op::Reraise) {
      add_handler_edge();
    }
  }
  return value;
}

void SsaBuilder::hold(VariableId variable, ValueId value) {
  const auto [slot, is_new] = held_slots_.try_emplace(variable, static_cast<uint32_t>(held_slots_.size()));
  if (value == kNone && is_new) {
    held_slots_.erase(slot);  // it never held anything
    return;
  }
  emit(Op::Hold, value == kNone ? std::vector<ValueId>{} : std::vector{value}, {}, slot->second);
}

bool SsaBuilder::is_exact_bool(ValueId value) const {
  const Draft& draft = drafts_[value];
  return draft.op == Op::Truth || (draft.op == Op::Unary && draft.sub == static_cast<uint8_t>(mir::UnaryOp::Not)) ||
         (draft.op == Op::Compare && draft.sub >= static_cast<uint8_t>(mir::CompareOp::Is));
}

ValueId SsaBuilder::constant(uint32_t const_index) {
  auto [found, is_new] = constants_.try_emplace(const_index, kNone);
  if (is_new) {
    found->second = new_draft(Op::Const, 0, {}, const_index, 0, {});
    head_.push_back(found->second);
  }
  return found->second;
}

ValueId SsaBuilder::unbound() {
  if (unbound_ == kNone) {
    unbound_ = new_draft(Op::Unbound, 0, {}, kNone, 0, {});
    head_.push_back(unbound_);
  }
  return unbound_;
}

void SsaBuilder::add_edge(BlockId from, BlockId to) {
  blocks_[from].succs.push_back(to);
  blocks_[to].preds.push_back(from);
}

void SsaBuilder::add_handler_edge() {
  if (BlockId handler = blocks_[current_].handler; handler != kNone) {
    add_edge(current_, handler);
  }
}

void SsaBuilder::set_handler(BlockId handler) {
  handler_ = handler;
  if (!blocks_[current_].terminated && blocks_[current_].handler != handler) {
    continue_in_new_block();
  }
}

void SsaBuilder::continue_in_new_block() {
  BlockId next = new_block();
  jump(next);
  seal(next);
  enter(next);
}

void SsaBuilder::write(VariableId variable, ValueId value) {
  open_block();
  if (blocks_[current_].handler != kNone && !blocks_[current_].body.empty()) {
    continue_in_new_block();
  }
  blocks_[current_].definitions[variable] = value;
}

void SsaBuilder::jump(BlockId target) {
  if (blocks_[current_].terminated) {
    return;  // unreachable: the jump would never be taken
  }
  emit(Op::Jump, {}, {});
  add_edge(current_, target);
  add_handler_edge();
}

void SsaBuilder::branch(Op op, ValueId condition, BlockId if_true, BlockId if_false, Position position) {
  emit(op, {condition}, position);
  add_edge(current_, if_true);
  add_edge(current_, if_false);
  add_handler_edge();
}

void SsaBuilder::seal(BlockId block) {
  blocks_[block].sealed = true;
  auto incomplete = std::move(blocks_[block].incomplete);
  blocks_[block].incomplete.clear();
  for (auto [variable, phi] : incomplete) {
    complete_phi(variable, phi);
  }
}

ValueId SsaBuilder::read_in(VariableId variable, BlockId block) {
  // Straight chains are walked without recursion: a long function has thousands of blocks.
  std::vector<BlockId> chain;
  ValueId value = kNone;
  for (;;) {
    DraftBlock& here = blocks_[block];
    if (auto found = here.definitions.find(variable); found != here.definitions.end()) {
      value = found->second;
      break;
    }
    chain.push_back(block);
    if (!here.sealed) {
      value = new_draft(Op::Phi, block, {}, kNone, 0, {});
      here.phis.push_back(value);
      here.incomplete.emplace_back(variable, value);
      break;
    }
    if (here.preds.empty()) {
      value = unbound();
      break;
    }
    if (here.preds.size() > 1) {
      value = new_draft(Op::Phi, block, {}, kNone, 0, {});
      here.phis.push_back(value);
      here.definitions[variable] = value;  // ends the search when a loop leads back here
      complete_phi(variable, value);
      break;
    }
    block = here.preds[0];
  }
  for (BlockId passed : chain) {
    blocks_[passed].definitions[variable] = value;
  }
  return value;
}

void SsaBuilder::complete_phi(VariableId variable, ValueId phi) {
  std::vector<ValueId> args;
  BlockId block = drafts_[phi].block;
  for (size_t k = 0; k < blocks_[block].preds.size(); ++k) {
    args.push_back(read_in(variable, blocks_[block].preds[k]));
  }
  drafts_[phi].args = std::move(args);
}

ValueId SsaBuilder::resolve(ValueId value) {
  ValueId root = value;
  while (replacement_[root] != kNone) {
    root = replacement_[root];
  }
  while (replacement_[value] != kNone) {
    value = std::exchange(replacement_[value], root);
  }
  return root;
}

std::vector<BlockId> SsaBuilder::reverse_post_order(std::vector<uint8_t>* loop_header) const {
  enum State : uint8_t { New, Open, Done };
  std::vector<uint8_t> state(blocks_.size(), New);
  loop_header->assign(blocks_.size(), 0);
  std::vector<std::pair<BlockId, size_t>> stack{{0, 0}};
  std::vector<BlockId> order;
  state[0] = Open;
  while (!stack.empty()) {
    auto& [block, visited] = stack.back();
    const auto& succs = blocks_[block].succs;
    if (visited == succs.size()) {
      state[block] = Done;
      order.push_back(block);
      stack.pop_back();
      continue;
    }
    BlockId next = succs[succs.size() - 1 - visited++];  // the last first, so that succs[0] comes first in the order
    if (state[next] == New) {
      state[next] = Open;
      stack.emplace_back(next, 0);
    } else if (state[next] == Open) {
      (*loop_header)[next] = 1;
    }
  }
  std::reverse(order.begin(), order.end());
  return order;
}

void SsaBuilder::drop_unreachable(const std::vector<BlockId>& order) {
  std::vector<uint8_t> reachable(blocks_.size(), 0);
  for (BlockId block : order) {
    reachable[block] = 1;
  }
  for (BlockId block : order) {
    DraftBlock& here = blocks_[block];
    std::vector<BlockId> kept;
    for (size_t k = 0; k < here.preds.size(); ++k) {
      if (reachable[here.preds[k]]) {
        for (ValueId phi : here.phis) {
          drafts_[phi].args[kept.size()] = drafts_[phi].args[k];
        }
        kept.push_back(here.preds[k]);
      }
    }
    for (ValueId phi : here.phis) {
      drafts_[phi].args.resize(kept.size());
    }
    here.preds = std::move(kept);
  }
}

void SsaBuilder::drop_needless_checks(const std::vector<BlockId>& order) {
  std::vector<uint8_t> may_be_unbound(drafts_.size(), 0);
  if (unbound_ != kNone) {
    may_be_unbound[unbound_] = 1;
  }
  for (ValueId value = 0; value < drafts_.size(); ++value) {
    may_be_unbound[value] |= drafts_[value].op == Op::ReadCell;
  }
  for (bool changed = true; changed;) {
    changed = false;
    for (BlockId block : order) {
      for (ValueId phi : blocks_[block].phis) {
        const auto& args = drafts_[phi].args;
        if (!may_be_unbound[phi] &&
            std::any_of(args.begin(), args.end(), [&](ValueId arg) { return may_be_unbound[arg] != 0; })) {
          may_be_unbound[phi] = 1;
          changed = true;
        }
      }
    }
  }
  for (BlockId block : order) {
    for (ValueId value : blocks_[block].body) {
      if (drafts_[value].op == Op::CheckBound && !may_be_unbound[drafts_[value].args[0]]) {
        replacement_[value] = drafts_[value].args[0];
      }
    }
  }
}

void SsaBuilder::drop_trivial_phis(const std::vector<BlockId>& order) {
  for (bool changed = true; changed;) {
    changed = false;
    for (BlockId block : order) {
      for (ValueId phi : blocks_[block].phis) {
        if (replacement_[phi] != kNone) {
          continue;
        }
        ValueId only = kNone;
        bool trivial = true;
        for (ValueId arg : drafts_[phi].args) {
          ValueId value = resolve(arg);
          if (value == phi || value == only) {
            continue;
          }
          trivial = only == kNone;
          if (!trivial) {
            break;
          }
          only = value;
        }
        if (trivial && only != kNone) {
          replacement_[phi] = only;
          changed = true;
        }
      }
    }
  }
}

std::vector<uint8_t> SsaBuilder::find_needed(const std::vector<BlockId>& order) {
  std::vector<uint8_t> needed(drafts_.size(), 0);
  std::vector<ValueId> work;
  auto need = [&](ValueId value) {
    value = resolve(value);
    if (!needed[value]) {
      needed[value] = 1;
      work.push_back(value);
    }
  };
  for (BlockId block : order) {
    for (ValueId value : blocks_[block].body) {
      if (replacement_[value] == kNone) {
        need(value);
      }
    }
  }
  while (!work.empty()) {
    ValueId value = work.back();
    work.pop_back();
    for (ValueId arg : drafts_[value].args) {
      need(arg);
    }
  }
  return needed;
}

namespace {

/// The memory behind a MirFunction.
struct OwnedFunction : mir::MirFunction {
  std::vector<mir::Instr> instr_store;
  std::vector<mir::Block> block_store;
  std::vector<ValueId> operand_store;
  std::vector<BlockId> block_id_store;
  std::vector<PyObject*> const_store, name_store;

  void publish() {
    abi_version = mir::kMirAbiVersion;
    auto size = [](const auto& store) { return static_cast<uint32_t>(store.size()); };
    instr_count = size(instr_store), instrs = instr_store.data();
    block_count = size(block_store), blocks = block_store.data();
    operand_count = size(operand_store), operands = operand_store.data();
    block_id_count = size(block_id_store), block_ids = block_id_store.data();
    const_count = size(const_store), consts = const_store.data();
    name_count = size(name_store), names = name_store.data();
  }
};

}  // namespace

mir::MirFunction* SsaBuilder::finish(std::vector<PyObject*> consts, std::vector<PyObject*> names, PyObject* function,
                                     uint32_t param_count) {
  std::vector<uint8_t> loop_header;
  std::vector<BlockId> order = reverse_post_order(&loop_header);
  drop_unreachable(order);
  drop_needless_checks(order);
  drop_trivial_phis(order);
  std::vector<uint8_t> needed = find_needed(order);

  // The entry block begins with the parameters, then the constants.
  auto& entry = blocks_[0].body;
  entry.insert(entry.begin() + param_count, head_.begin(), head_.end());

  std::vector<BlockId> new_block_id(blocks_.size(), kNone);
  std::vector<ValueId> new_value_id(drafts_.size(), kNone);
  std::vector<std::vector<ValueId>> layout;
  ValueId next_value = 0;
  for (BlockId block : order) {
    new_block_id[block] = static_cast<BlockId>(layout.size());
    auto& list = layout.emplace_back();
    for (const auto* part : {&blocks_[block].phis, &blocks_[block].body}) {
      for (ValueId value : *part) {
        if (replacement_[value] == kNone && needed[value]) {
          new_value_id[value] = next_value++;
          list.push_back(value);
        }
      }
    }
  }

  auto* made = new OwnedFunction;
  for (size_t i = 0; i < order.size(); ++i) {
    const DraftBlock& from = blocks_[order[i]];
    mir::Block to;
    to.first = static_cast<uint32_t>(made->instr_store.size());
    to.count = static_cast<uint32_t>(layout[i].size());
    to.loop_header = loop_header[order[i]];
    to.loop_depth = from.loop_depth;
    to.handler = from.handler == kNone ? kNone : new_block_id[from.handler];
    auto add_ids = [&](const std::vector<BlockId>& ids, uint32_t* begin, uint32_t* count) {
      *begin = static_cast<uint32_t>(made->block_id_store.size());
      *count = static_cast<uint32_t>(ids.size());
      for (BlockId id : ids) {
        made->block_id_store.push_back(new_block_id[id]);
      }
    };
    add_ids(from.preds, &to.preds_begin, &to.pred_count);
    add_ids(from.succs, &to.succs_begin, &to.succ_count);
    made->block_store.push_back(to);
    for (ValueId value : layout[i]) {
      const Draft& draft = drafts_[value];
      mir::Instr instr{draft.op,
                       draft.sub,
                       draft.scope,
                       draft.aux,
                       static_cast<uint32_t>(made->operand_store.size()),
                       static_cast<uint32_t>(draft.args.size()),
                       static_cast<BlockId>(i),
                       draft.position};
      for (ValueId arg : draft.args) {
        made->operand_store.push_back(new_value_id[resolve(arg)]);
      }
      made->instr_store.push_back(instr);
    }
  }
  made->const_store = std::move(consts);
  made->name_store = std::move(names);
  made->function = function;
  made->param_count = param_count;
  made->held_count = static_cast<uint32_t>(held_slots_.size());
  made->publish();
  return made;
}

void release_function(mir::MirFunction* function) {
  auto* owned = static_cast<OwnedFunction*>(function);
  for (PyObject* object : owned->const_store) {
    Py_DECREF(object);
  }
  for (PyObject* object : owned->name_store) {
    Py_DECREF(object);
  }
  Py_XDECREF(owned->function);
  delete owned;
}

}  // namespace hasten::compile::syntax
