#include "compile/lower/body.h"

#include <algorithm>

#include "compile/types/short_loops.h"

namespace hasten::compile {

using mir::BlockId;
using mir::Instr;
using mir::Op;
using mir::ValueId;
using runtime::DeoptReason;

BodyLowering::BodyLowering(ModuleContext& module, Specialization& s, BodyRecord& record)
    : b(module.context), m_(module), s_(s), record_(record), sites_(module.unit, module.record, s, record) {
  module.recorder = &sites_;
  module.before_helper = [this](const char* name) { before_helper(name); };
}

void BodyLowering::open_function() {
  entry_block_ = new_block("entry");
  b.SetInsertPoint(entry_block_);
  subprogram_ = m_.subprogram(s_.view.function(), *function_);
  if (subprogram_)
    stand_at(subprogram_->getLine());
  slots_ = b.CreateAlloca(m_.i64, b.getInt64(1), "slots");
  scratch_ = b.CreateAlloca(m_.i64, b.getInt64(1), "scratch");
}

void BodyLowering::stand_at(uint32_t line) {
  if (subprogram_ && line != 0)
    b.SetCurrentDebugLocation(llvm::DILocation::get(m_.context, line, 0, subprogram_));
}

void BodyLowering::lower() {
  function_ = m_.body_function(s_);
  open_function();
  depth_ = function_->getArg(0);
  stack_low_ = function_->getArg(1);
  // The C stack is asked once for all calls: none is made where there is no room.
  llvm::Value* frame =
      b.CreatePtrToInt(b.CreateIntrinsic(llvm::Intrinsic::frameaddress, {b.getPtrTy()}, {b.getInt32(0)}), m_.i64);
  calls_allowed_ = b.CreateSelect(b.CreateICmpULT(frame, stack_low_), b.getInt64(0), depth_);
  prepare_polls();
  enter_frame();
  values_.resize(s_.view.instr_count());
  defined_.assign(s_.view.instr_count(), 0);
  block_of_.assign(s_.view.block_count(), nullptr);
  for (BlockId block : s_.flow.order()) block_of_[block] = new_block("block");
  prepare_values();
  if (s_.osr_block != mir::kNone)
    enter_osr();
  prepare_held();
  prepare_twins();
  stand_within(place_at_start(s_.flow.start()));
  b.CreateBr(block_of_[s_.flow.start()]);
  find_loops();
  for (BlockId block : s_.flow.order()) lower_block(block);
  finish_exits();
}

/// Values that live in memory until SROA: iterators, whose state changes, and what an OSR entry brings along.
void BodyLowering::prepare_values() {
  const auto give_home = [&](ValueId v) {
    auto& home = homes_[v];
    for (llvm::Type* part : m_.parts_of(s_.types[v])) home.push_back(b.CreateAlloca(part));
  };
  for (BlockId block : s_.flow.order()) {
    for (ValueId v = s_.view.first(block); v < s_.view.end(block); ++v) {
      if (s_.types[v].within(kIterators))
        give_home(v);
    }
  }
  for (ValueId v : s_.osr_values) {
    if (!homes_.contains(v))
      give_home(v);
  }
  llvm::IRBuilder<>::InsertPointGuard guard(b);
  for (BlockId block : s_.flow.order()) {
    b.SetInsertPoint(block_of_[block]);
    for (ValueId v = s_.view.first(block); instr(v).op == Op::Phi; ++v) {
      if (homes_.contains(v))
        continue;  // the edges store it
      Value phi;
      phi.type = s_.types[v];
      for (llvm::Type* part : m_.parts_of(phi.type)) phi.parts.push_back(b.CreatePHI(part, 2));
      values_[v] = std::move(phi);
      defined_[v] = 1;
    }
  }
}

void BodyLowering::enter_osr() {
  size_t arg = 2;
  bool plant = planted_bug(Plant::OsrLosesValue);
  for (size_t k = 0; k < s_.osr_values.size(); ++k) {
    Value v;
    v.type = s_.parameters[k];
    for ([[maybe_unused]] llvm::Type* part : m_.parts_of(v.type))
      v.parts.push_back(function_->getArg(static_cast<unsigned>(arg++)));
    if (plant && v.type.only(kInt)) {
      v.parts[0] = b.getInt64(0);
      plant = false;
    }
    const ValueId id = s_.osr_values[k];
    const Value wide = own_as(v, s_.types[id]);
    for (size_t p = 0; p < wide.parts.size(); ++p) b.CreateStore(wide.parts[p], homes_[id][p]);
  }
}

void BodyLowering::define(ValueId v, Value value) {
  if (must_box(value.type, s_.types[v])) {  // the value of an operation that was an object elsewhere
    const Value boxed = own_as(value, s_.types[v]);
    release(value);
    value = boxed;
  }
  value = widen_to(value, s_.types[v]);
  if (!m_.has_layout(value.parts, value.type))
    value = mistyped(value, s_.types[v]);
  const auto home = homes_.find(v);
  if (home != homes_.end()) {
    for (size_t k = 0; k < home->second.size(); ++k) b.CreateStore(value.parts[k], home->second[k]);
    return;
  }
  if (const auto twin = twins_.find(v); twin != twins_.end()) {
    b.CreateStore(llvm::ConstantPointerNull::get(b.getPtrTy()), twin->second);
    value.twin = value.constant ? nullptr : twin->second;
  }
  if (s_.deferred.contains(v))
    value.deferred = v;
  values_[v] = std::move(value);
  defined_[v] = 1;
}

Value BodyLowering::get(ValueId v) {
  const auto home = homes_.find(v);
  if (home != homes_.end()) {
    Value value;
    value.type = s_.types[v];
    for (llvm::AllocaInst* part : home->second) value.parts.push_back(b.CreateLoad(part->getAllocatedType(), part));
    return value;
  }
  const Instr& i = instr(v);
  if (i.op == Op::Const)
    return constant_value(s_.view.function().consts[i.aux]);
  if (i.op == Op::Unbound)
    return from_parts(Type::of(kUnbound), {});
  if (waiting_.contains(v))
    return magnitude(v);
  if (!defined_[v]) {
    Value nothing = poison(s_.types[v]);
    if (s_.deferred.contains(v))
      nothing.deferred = v;
    return nothing;
  }
  return values_[v];
}

Value BodyLowering::use(ValueId v, size_t arg) {
  const ValueId operand = s_.view.args(v)[arg];
  return narrow_to(get(operand), s_.type_at(operand, instr(v).block));
}

/// Whether the value drops its references when it dies.
bool BodyLowering::owns(ValueId v) {
  const Type& t = s_.types[v];
  if (!has_references(t))
    return false;
  if (homes_.contains(v))
    return true;
  const Instr& i = instr(v);
  if (i.op == Op::Param || i.op == Op::Const)
    return false;
  if (s_.guards.contains(v) && i.op != Op::CallMethod)
    return false;  // the guard keeps the object
  return !borrowable(v);
}

/// A list row that is only indexed, soon after it was loaded, needs no reference of its own.
bool BodyLowering::borrowable(ValueId v) {
  const Instr& i = instr(v);
  if (i.op != Op::GetItem || !s_.types[v].only(kList))
    return false;
  if (!s_.types[s_.view.args(v)[0]].only(kList))
    return false;
  if (s_.liveness.live_out(i.block, v))
    return false;
  ValueId last = v;
  for (ValueId at = v + 1; at < s_.view.end(i.block); ++at) {
    for (ValueId arg : s_.view.args(at)) {
      if (arg == v)
        last = at;
    }
  }
  for (ValueId at = v + 1; at <= last; ++at) {
    const Instr& between = instr(at);
    const Type& t = s_.types[at];
    // Where another value dies meanwhile, its items' end may run code that takes the row out of its list. (Of one that came later and
    // is borrowed itself nothing dies.)
    for (ValueId arg : s_.view.args(at)) {
      if (at != last && arg != v && has_references(s_.types[arg]) && !is_used_after(arg, at) && (arg < v || owns(arg)))
        return false;
    }
    const bool uses_it = std::count(s_.view.args(at).begin(), s_.view.args(at).end(), v) > 0;
    switch (between.op) {
      case Op::Const:
      case Op::CheckBound:
        if (uses_it)
          return false;
        break;
      case Op::GetItem:
        // Reading a list of plain numbers or lists runs nothing; as the key, v would be compared.
        if (!s_.types[s_.view.args(at)[0]].only(kList) || !type_of_arg(at, 1).only(kInt))
          return false;
        break;
      case Op::SetItem:
        if (at != last || s_.view.args(at)[0] != v || s_.view.args(at)[2] == v || !type_of_arg(at, 1).only(kInt))
          return false;
        break;
      case Op::Unary:
      case Op::Binary:
      case Op::Inplace:
      case Op::Compare: {
        if (uses_it)
          return false;
        if (!t.within(kScalar))
          return false;
        for (size_t k = 0; k < between.arg_count; ++k) {
          if (!type_of_arg(at, k).within(kScalar))
            return false;
        }
        break;
      }
      default:
        return false;
    }
  }
  return outlives(s_.view.args(v)[0], last);
}

/// Whether the value is somebody else's, or read again after `at`, which reads it.
bool BodyLowering::is_used_after(ValueId v, ValueId at) {
  const Op op = instr(v).op;
  if (op == Op::Param || op == Op::Const || s_.guards.contains(v) || s_.liveness.live_out(instr(at).block, v))
    return true;
  for (ValueId later = at + 1; later < s_.view.end(instr(at).block); ++later) {
    const auto args = s_.view.args(later);
    if (std::find(args.begin(), args.end(), v) != args.end())
      return true;
  }
  return false;
}

/// Whether the list `v` is held by somebody until `last`, in the same block, is done.
bool BodyLowering::outlives(ValueId v, ValueId last) {
  if (!owns(v)) {
    const Instr& i = instr(v);  // a parameter, a constant or a guarded global; or a row borrowed from another list
    return i.op != Op::GetItem || s_.guards.contains(v) || outlives(s_.view.args(v)[0], last);
  }
  const BlockId block = instr(last).block;
  if (s_.liveness.live_out(block, v))
    return true;
  for (ValueId at = last; at < s_.view.end(block); ++at) {
    if (std::count(s_.view.args(at).begin(), s_.view.args(at).end(), v) > 0)
      return true;
  }
  return false;
}

void BodyLowering::compute_live(BlockId block) {
  const ValueId first = s_.view.first(block), end = s_.view.end(block);
  const size_t words = (s_.view.instr_count() + 63) / 64;
  live_.assign(end - first, std::vector<uint64_t>(words));
  std::vector<uint64_t> row(words);
  for (ValueId v = 0; v < s_.view.instr_count(); ++v) {
    if (s_.liveness.live_out(block, v))
      row[v / 64] |= uint64_t{1} << (v % 64);
  }
  for (ValueId at = end; at-- > first;) {
    live_[at - first] = row;
    if (instr(at).op == Op::Phi)
      continue;
    row[at / 64] &= ~(uint64_t{1} << (at % 64));
    for (ValueId arg : s_.view.args(at)) row[arg / 64] |= uint64_t{1} << (arg % 64);
  }
}

bool BodyLowering::live_after(ValueId at, ValueId v) const {
  return (live_[at - s_.view.first(current_)][v / 64] >> (v % 64)) & 1;
}

void BodyLowering::release_dead(ValueId v) {
  const auto args = s_.view.args(v);
  for (size_t k = 0; k < args.size(); ++k) {
    const bool seen = std::find(args.begin(), args.begin() + static_cast<ptrdiff_t>(k), args[k]) !=
                      args.begin() + static_cast<ptrdiff_t>(k);
    if (seen || live_after(v, args[k]))
      continue;
    if (owns(args[k]) && args[k] != given_away_)
      release(get(args[k]));
    drop_twin(args[k]);
  }
  if (!live_after(v, v) && owns(v) && (defined_[v] || homes_.contains(v)))
    release(get(v));
}

/// Blocks between the head of a loop and its back edges, which takes in a little more than the loop.
void BodyLowering::find_loops() {
  const auto& order = s_.flow.order();
  in_loop_.assign(s_.view.block_count(), 0);
  for (size_t from = 0; from < order.size(); ++from) {
    for (BlockId to : s_.view.succs(order[from])) {
      if (!s_.flow.back_edge(order[from], to))
        continue;
      has_loops_ = true;
      for (size_t k = from + 1; k-- > 0;) {
        in_loop_[order[k]] = 1;
        if (order[k] == to)
          break;
      }
    }
  }
}

void BodyLowering::lower_block(BlockId block) {
  current_ = block;
  is_rare_ = has_loops_ && !in_loop_[block];
  b.SetInsertPoint(block_of_[block]);
  compute_live(block);
  sites_.enter(block);
  within_ = place_at_start(block);
  ValueId v = s_.view.first_after_phis(block);
  current_instr_ = v;
  if (s_.view.block(block).loop_header && !is_short_loop(s_, block))
    poll(block);
  for (; v < s_.view.end(block); ++v) {
    current_instr_ = v;
    stand_at(instr(v).position.line);
    sites_.open(v);
    stand_at_instr(v);
    if (v == s_.view.terminator(block)) {
      lower_terminator(v);
    } else {
      given_away_ = mir::kNone;
      lower_instr(v);
      release_dead(v);
    }
    sites_.close();
  }
}

void BodyLowering::lower_instr(ValueId v) {
  const Instr& i = instr(v);
  for (ValueId arg : s_.view.args(v)) {
    if (s_.types[arg].never()) {  // an operand that cannot be: nobody gets here
      b.CreateUnreachable();
      b.SetInsertPoint(new_block("dead"));
      define(v, poison(s_.types[v]));
      return;
    }
    if (s_.type_at(arg, i.block).never())
      return define(v, leaves(v, DeoptReason::Generic));  // a branch rules it out
  }
  switch (i.op) {
    case Op::Const:
    case Op::Unbound:
      return;
    case Op::Param: {
      Value p;
      p.type = s_.parameters[i.aux];
      unsigned arg = 2;
      for (uint32_t k = 0; k < i.aux; ++k) arg += static_cast<unsigned>(m_.parts_of(s_.parameters[k]).size());
      for ([[maybe_unused]] llvm::Type* part : m_.parts_of(s_.parameters[i.aux]))
        p.parts.push_back(function_->getArg(arg++));
      define(v, std::move(p));
      return;
    }
    case Op::CheckBound: {
      const Value operand = get(s_.view.args(v)[0]);
      const Type refined = s_.type_at(s_.view.args(v)[0], i.block);
      if (refined.may_be_unbound() && !planted_bug(Plant::UnboundUnchecked)) {
        if (refined.only(kUnbound))
          return define(v, leaves(v, DeoptReason::Generic));
        go_if(has_kind(operand, kUnbound), fails_at(v));
      }
      if (refined.only(kUnbound))
        return define(v, leaves(v, DeoptReason::Generic));
      return define(v, own_as(narrow_to(operand, refined.without(kUnbound)), s_.types[v]));
    }
    case Op::GetGlobal:
      return define(v, lower_global(v));
    case Op::Unary:
      return define(v, s_.types[v].object ? boxed_instr(v) : lower_unary(v));
    case Op::Binary:
    case Op::Inplace: {
      // A list changes in place; the result then is the list itself.
      if (s_.types[v].object || s_.types[v].only(kList)) {
        const Value left = use(v, 0);
        if (const auto made = native_binary(v, static_cast<mir::BinaryOp>(i.sub), left, use(v, 1)))
          return define(v, *made);
        const bool adds = static_cast<mir::BinaryOp>(i.sub) == mir::BinaryOp::Add;
        if (adds && s_.types[v].object && left.type.object && dies_in(v, 0) &&
            (!left.type.cls || left.type.cls == &PyUnicode_Type))
          return define(v, concatenate(v, left, use(v, 1)));
        if (adds && i.op == Op::Binary && left.type.only(kList) && use(v, 1).type.only(kList) && dies_in(v, 0)) {
          llvm::Value* sum = call_table("hj_list_join", m_.ptr, {left.parts[0], use(v, 1).parts[0]});
          checked_object(v, sum);
          given_away_ = s_.view.args(v)[0];
          return define(v, boxed_result(v, sum));
        }
        return define(v, boxed_instr(v));
      }
      if (is_deferred(v, Deferral::Product))
        return;  // its one use does it
      return define(v, lower_binary(v, static_cast<mir::BinaryOp>(i.sub), number_operand(v, 0), number_operand(v, 1)));
    }
    case Op::Compare:
      return define(v, s_.types[v].object ? boxed_instr(v) : lower_compare(v));
    case Op::Truth:
      return define(v, lower_truth(v));
    case Op::GetAttr: {
      if (s_.guards.contains(v))
        return define(v, lower_global(v));
      const Value base = use(v, 0);
      if (s_.types[v].is_loaded_method())
        return define(v, load_method(v, base));
      if (s_.types[v].only(kMethod)) {
        const Value receiver = own_as(base, s_.types[v].items->front());
        return define(v, from_parts(s_.types[v], receiver.parts));
      }
      if (base.type.only(kComplex) && s_.types[v].only(kFloat)) {
        const bool real = PyUnicode_CompareWithASCIIString(s_.view.function().names[i.aux], "real") == 0;
        return define(v, from_parts(s_.types[v], {base.parts[real ? 0 : 1]}));
      }
      return define(v, boxed_instr(v));
    }
    case Op::GetItem:
      return define(v, lower_get_item(v));
    case Op::SetItem:
      return lower_set_item(v);
    case Op::BuildSlice:
    case Op::BuildTuple: {
      if (!s_.types[v].within(kTuple | kSlice))
        return define(v, boxed_instr(v));
      Value tuple;
      tuple.type = s_.types[v];
      for (size_t k = 0; k < i.arg_count; ++k) {
        const Value item = own_as(use(v, k), (*s_.types[v].items)[k]);
        tuple.parts.append(item.parts.begin(), item.parts.end());
      }
      return define(v, std::move(tuple));
    }
    case Op::FreeCell:
      return define(v, lower_free_cell(v));
    case Op::GetFree:
    case Op::LoadCell:
      return define(v, lower_load_cell(v));
    case Op::StoreCell:
      return lower_store_cell(v);
    case Op::Hold:
      return lower_hold(v);
    case Op::StoreGlobal:
      return lower_store_global(v);
    case Op::SumAdd:
    case Op::SumCarry:
    case Op::SumEnd:
      return define(v, s_.types[v].object ? boxed_instr(v) : lower_sum(v));
    case Op::FormatValue:
      return define(v, lower_format(v));
    case Op::ListExtend:
      if (is_native(s_.types[s_.view.args(v)[0]]))
        return native_extend(v, use(v, 0), use(v, 1));
      return define(v, boxed_instr(v));
    case Op::DelItem:
      if (is_native(s_.types[s_.view.args(v)[0]]))
        return native_delete_item(v, use(v, 0), use(v, 1));
      return define(v, boxed_instr(v));
    case Op::BuildList:
    case Op::BuildDict:
      if (is_native(s_.types[v]))
        return define(v, native_build(v, all_uses(v)));
      if (is_empty_default(v))
        return define(v, from_parts(s_.types[v], {llvm::ConstantPointerNull::get(b.getPtrTy())}));
      return define(v, boxed_instr(v));
    case Op::SetAdd:
      return add_to_set(v, use(v, 0), use(v, 1));
    case Op::DictInsert:
      return set_dict_item(v, use(v, 0), use(v, 1), use(v, 2));
    case Op::ListAppend:
      return list_append(v, use(v, 0), use(v, 1));
    case Op::Unpack:
      return define(v, lower_unpack(v));
    case Op::Extract: {
      const Value tuple = use(v, 0);
      if (!tuple.type.only(kTuple))
        return define(v, boxed_instr(v));
      return define(v, own_as(items_of(tuple)[i.aux], s_.types[v]));
    }
    case Op::Call:
    case Op::CallMethod:
      return define(v, lower_call(v));
    case Op::GetIter:
      return define(v, lower_get_iter(v));
    case Op::IterNext:
      return define(v, lower_iter_next(v));
    default:
      return define(v, boxed_instr(v));
  }
}

void BodyLowering::lower_terminator(ValueId v) {
  const Instr& i = instr(v);
  for (ValueId arg : s_.view.args(v)) {
    if (s_.types[arg].never()) {
      b.CreateUnreachable();
      return;
    }
  }
  switch (i.op) {
    case Op::Jump:
      lower_edge(current_, 0);
      return;
    case Op::Branch:
    case Op::BranchBound: {
      llvm::Value* condition;
      if (i.op == Op::BranchBound) {
        condition = b.CreateNot(has_kind(get(s_.view.args(v)[0]), kUnbound));
      } else {
        const Value operand = use(v, 0);
        if (operand.type.object) {
          condition = b.CreateICmpEQ(operand.parts[0], m_.address(m_.layout.true_object));
        } else {
          condition = truth(operand);
        }
      }
      if (const auto* fixed = llvm::dyn_cast<llvm::ConstantInt>(condition))
        sites_.never_taken(current_, s_.view.succs(current_)[fixed->isZero() ? 0 : 1]);
      llvm::BasicBlock *yes = new_block("edge"), *no = new_block("edge");
      b.CreateCondBr(condition, yes, no);
      b.SetInsertPoint(yes);
      lower_edge(current_, 0);
      b.SetInsertPoint(no);
      lower_edge(current_, 1);
      return;
    }
    case Op::Return: {
      const Value result = own_as(use(v, 0), s_.result);
      const auto args = s_.view.args(v);
      for (size_t k = 0; k < args.size(); ++k) {
        if (owns(args[k]))
          release(get(args[k]));
        if (std::find(args.begin(), args.begin() + static_cast<ptrdiff_t>(k), args[k]) ==
            args.begin() + static_cast<ptrdiff_t>(k))
          drop_twin(args[k]);
      }
      release_held();
      leave_frame();
      llvm::Value* returned = llvm::PoisonValue::get(function_->getReturnType());
      returned = b.CreateInsertValue(returned, llvm::ConstantPointerNull::get(b.getPtrTy()), 0);
      for (size_t k = 0; k < result.parts.size(); ++k) {
        returned = b.CreateInsertValue(returned, result.parts[k], static_cast<unsigned>(k + 1));
      }
      b.CreateRet(returned);
      return;
    }
    default:  // Raise, Reraise
      raise_natively(v);
      return;
  }
}

/// The way from the end of `from` to a successor: phis get their operands, what dies on the way is dropped.
void BodyLowering::lower_edge(BlockId from, size_t succ_index) {
  const BlockId to = s_.view.succs(from)[succ_index];
  const auto preds = s_.view.preds(to);
  // A branch with both arms to one block has two edges: the n-th edge of this block is the n-th such predecessor.
  size_t pred_index = 0, nth = 0;
  for (size_t k = 0; k < succ_index; ++k) nth += s_.view.succs(from)[k] == to;
  for (size_t k = 0; k < preds.size(); ++k) {
    if (preds[k] == from && nth-- == 0) {
      pred_index = k;
      break;
    }
  }
  std::vector<std::pair<ValueId, Value>> arrivals;
  std::vector<ValueId> moved;
  for (ValueId phi = s_.view.first(to); instr(phi).op == Op::Phi; ++phi) {
    const ValueId operand = s_.view.args(phi)[pred_index];
    if (!s_.liveness.live_in(to, phi)) {  // unused: its parts only must exist
      arrivals.emplace_back(phi, poison(s_.types[phi]));
      continue;
    }
    const Value value = narrow_to(get(operand), s_.type_at(operand, from));
    if (value.type.never()) {
      arrivals.emplace_back(phi, poison(s_.types[phi]));
      continue;
    }
    // A value that dies here and feeds one phi hands its references over.
    const bool dies = !s_.liveness.live_in(to, operand) && owns(operand) &&
                      std::find(moved.begin(), moved.end(), operand) == moved.end();
    const bool same_form = s_.types[phi].object == value.type.object && !s_.types[phi].items;
    if (dies && same_form) {
      moved.push_back(operand);
      arrivals.emplace_back(phi, widen_to(value, s_.types[phi]));
    } else {
      arrivals.emplace_back(phi, own_as(value, s_.types[phi]));
    }
  }
  const ValueId end = s_.view.terminator(from);
  for (ValueId v = 0; v < s_.view.instr_count(); ++v) {
    const bool held =
        s_.liveness.live_out(from, v) || std::count(s_.view.args(end).begin(), s_.view.args(end).end(), v) > 0;
    if (!held || !(owns(v) || twins_.contains(v)))
      continue;
    const bool phi_here = instr(v).op == Op::Phi && instr(v).block == to;
    if (s_.liveness.live_in(to, v) && !phi_here)
      continue;
    drop_twin(v);
    if (!owns(v))
      continue;
    if (std::find(moved.begin(), moved.end(), v) != moved.end())
      continue;
    if (phi_here && !(s_.liveness.live_out(from, v)))
      continue;
    if (!planted_bug(Plant::LeakOnEdge))
      release(get(v));
  }
  const runtime::FramePlace* const here = within_;
  stand_within(place_at_start(to));
  within_ = here;
  for (auto& [phi, value] : arrivals) arrive(phi, value);
  b.CreateBr(block_of_[to]);
}

void BodyLowering::arrive(ValueId phi, const Value& value) {
  const auto home = homes_.find(phi);
  for (size_t k = 0; k < value.parts.size(); ++k) {
    if (home != homes_.end())
      b.CreateStore(value.parts[k], home->second[k]);
    else
      llvm::cast<llvm::PHINode>(values_[phi].parts[k])->addIncoming(value.parts[k], b.GetInsertBlock());
  }
}

}  // namespace hasten::compile
