// Where native code ends before its time: deoptimisation (the interpreter goes on) and exceptions that pass through.
// Exits are cold blocks: they store the live values to slots, call the runtime, and return what that gives.
#include <algorithm>
#include <utility>

#include "compile/lower/body.h"
#include "compile/types/native_lists.h"

namespace hasten::compile {

using mir::BlockId;
using mir::Op;
using mir::ValueId;
using runtime::DeoptReason;
using runtime::LiveValue;
using runtime::SlotKind;

namespace {

/// Kinds whose raw form the runtime cannot read: they are boxed on the way out.
constexpr Kinds kBoxedOnExit = kRange | kTupleIter | kEnumerate | kZip | kReversed | kChar | kSlice | kWide;

bool needs_boxing(const Type& t, bool top) {
  if (t.object)
    return false;
  if (t.kinds & kBoxedOnExit)
    return true;
  if ((t.kinds & kMethod) &&
      (!top || t.is_loaded_method() || !(t.items->front().object || t.items->front().only(kList))))
    return true;
  if (t.items && (t.kinds & kTuple)) {
    for (const Type& item : *t.items) {
      if (needs_boxing(item, false))
        return true;
    }
  }
  return false;
}

/// Writes values into the slot array and describes them.
class SlotWriter {
 public:
  SlotWriter(BodyLowering& body, llvm::AllocaInst* slots, uint16_t first, std::vector<LiveValue>& live,
             std::vector<uint16_t>& owned_slots)
      : body_(body), slots_(slots), live_(live), owned_slots_(owned_slots), next_(first) {}

  void value(ValueId v, const Value& value, bool owned, bool method_name_known) {
    if (value.deferred != mir::kNone || needs_boxing(value.type, method_name_known)) {
      bool is_new = false;
      llvm::Value* object = body_.box(value, &is_new);
      live_.push_back({v, SlotKind::Object, 0, next_});
      if (is_new)
        owned_slots_.push_back(next_);
      put(object);
      if (owned)
        references(value);
      return;
    }
    entry(v, value, owned);
  }

  /// What a local variable holds; null: nothing.
  void held(ValueId id, llvm::Value* object) {
    live_.push_back({id, SlotKind::Object, 0, next_});
    pointer(object, true);
  }

  /// An object that must be dropped; null: nothing.
  void owned(llvm::Value* object) {
    owned_slots_.push_back(next_);
    put(object);
  }

  /// Only what must be dropped.
  void references(const Value& value) {
    body_.for_references(value, [&](llvm::Value* pointer, bool, bool) {
      owned_slots_.push_back(next_);
      put(pointer);
    });
  }

  uint16_t used() const { return next_; }

 private:
  bool is_native(const Type& t) const { return is_native_list(t, body_.m_.unit.sites); }

  void put(llvm::Value* part) {
    llvm::IRBuilder<>& b = body_.b;
    if (part->getType()->isIntegerTy() && !part->getType()->isIntegerTy(64))
      part = b.CreateZExt(part, body_.m_.i64);
    body_.store(part, b.CreateConstInBoundsGEP1_64(body_.m_.i64, slots_, next_), 0, ModuleContext::Place::Slot);
    ++next_;
  }

  void pointer(llvm::Value* part, bool owned) {
    if (owned)
      owned_slots_.push_back(next_);
    put(part);
  }

  void entry(ValueId v, const Value& value, bool owned) {
    const Type& t = value.type;
    llvm::IRBuilder<>& b = body_.b;
    if (t.object) {
      live_.push_back({v, SlotKind::Object, 0, next_});
      pointer(value.parts[0], owned);
      return;
    }
    if (t.is_union()) {
      const auto alternatives = t.alternatives();
      live_.push_back({v, SlotKind::Union, static_cast<uint8_t>(alternatives.size()), next_});
      // The tag is a bit's index; the runtime wants the alternative's: how many bits are set below it.
      llvm::Value* below =
          b.CreateSub(b.CreateShl(b.getInt32(1), b.CreateZExt(value.parts[0], body_.m_.i32)), b.getInt32(1));
      put(b.CreateUnaryIntrinsic(llvm::Intrinsic::ctpop, b.CreateAnd(below, b.getInt32(t.kinds))));
      size_t at = 1;
      for (const Type& one : alternatives) {
        const size_t count = body_.m_.parts_of(one).size();
        entry(mir::kNone, body_.from_parts(one, llvm::ArrayRef(value.parts).slice(at, count)), owned);
        at += count;
      }
      return;
    }
    const auto simple = [&](SlotKind kind) {
      live_.push_back({v, kind, 0, next_});
      for (llvm::Value* part : value.parts) put(part);
    };
    switch (t.kinds) {
      case kNoneType:
        simple(SlotKind::None);
        break;
      case kBool:
        simple(SlotKind::Bool);
        break;
      case kInt:
        simple(SlotKind::Int);
        break;
      case kFloat:
        simple(SlotKind::Float);
        break;
      case kComplex:
        simple(SlotKind::Complex);
        break;
      case kRangeIter:
        simple(SlotKind::RangeIter);
        break;
      case kList:
        live_.push_back({v, is_native(t) ? SlotKind::NativeList : SlotKind::Object, 0, next_});
        pointer(value.parts[0], owned);
        break;
      case kMethod:
        live_.push_back({v, is_native(t.items->front()) ? SlotKind::NativeMethod : SlotKind::Method, 0, next_});
        pointer(value.parts[0], owned);
        break;
      case kListIter:
        live_.push_back({v, is_native(t) ? SlotKind::NativeListIter : SlotKind::ListIter, 0, next_});
        pointer(value.parts[0], owned);
        put(value.parts[1]);
        break;
      case kKnown:
        live_.push_back({v, SlotKind::Object, 0, next_});
        put(body_.m_.address(t.known));
        break;
      case kTuple: {
        live_.push_back({v, SlotKind::Tuple, static_cast<uint8_t>(t.items->size()), next_});
        size_t at = 0;
        for (const Type& item : *t.items) {
          const size_t count = body_.m_.parts_of(item).size();
          entry(mir::kNone, body_.from_parts(item, llvm::ArrayRef(value.parts).slice(at, count)), owned);
          at += count;
        }
        break;
      }
      default:
        live_.push_back({v, SlotKind::Unbound, 0, next_});
        break;  // unbound, or never
    }
  }

  BodyLowering& body_;
  llvm::AllocaInst* slots_;
  std::vector<LiveValue>& live_;
  std::vector<uint16_t>& owned_slots_;
  uint16_t next_;
};

}  // namespace

/// The values lie in their slots: what remains is the same for all exits.
void BodyLowering::make_last_exit() {
  stored_.emplace_back();
  stored_.front().block = new_block("out");
  stored_.front().slots_used = runtime::kFirstLiveSlot;
  slots_max_ = std::max(slots_max_, runtime::kFirstLiveSlot);
  b.SetInsertPoint(stored_.front().block);
  llvm::Value* status =
      b.CreateCall(m_.helper("hj_leave", m_.ptr, {m_.ptr, m_.ptr, m_.i64}, ModuleContext::Effects::Any),
                   {m_.body_address(record_), slots_, depth_});
  leave_frame();
  llvm::Value* returned = llvm::PoisonValue::get(function_->getReturnType());
  b.CreateRet(b.CreateInsertValue(returned, status, 0));
}

/// What lives long comes first, as it is common to many exits: parameters, then values in the order of their blocks.
std::vector<ValueId> BodyLowering::in_storing_order(std::vector<ValueId> values) {
  if (storing_order_.empty()) {
    storing_order_.assign(s_.view.instr_count(), 0);
    uint32_t next = 1;
    for (BlockId block : s_.flow.order()) {
      for (ValueId v = s_.view.first(block); v < s_.view.end(block); ++v) storing_order_[v] = next++;
    }
  }
  std::stable_sort(values.begin(), values.end(),
                   [&](ValueId x, ValueId y) { return storing_order_[x] < storing_order_[y]; });
  return values;
}

size_t BodyLowering::store_after(size_t before, ValueId v, bool* plant) {
  const bool is_held = v >= s_.view.instr_count();
  const std::pair<ValueId, bool> key{v, is_held || defined_[v]};
  if (const auto known = stored_[before].next.find(key); known != stored_[before].next.end())
    return known->second;
  StoredValue made;
  made.block = new_block("exit");
  b.SetInsertPoint(made.block);
  SlotWriter writer(*this, slots_, stored_[before].slots_used, made.live, made.owned_slots);
  if (is_held) {
    writer.held(v, b.CreateLoad(m_.ptr, held_[v - s_.view.instr_count()]));
  } else {
    Value value = get(v);
    if (*plant && instr(v).op == Op::Phi && value.type.only(kInt)) {
      value.parts[0] = b.CreateSub(value.parts[0], b.getInt64(1));
      *plant = false;
    }
    value.twin = nullptr;
    writer.value(v, value, owns(v), instr(v).op == Op::GetAttr);
    if (const auto twin = twins_.find(v); twin != twins_.end())
      writer.owned(b.CreateLoad(m_.ptr, twin->second));
  }
  b.CreateBr(stored_[before].block);
  made.slots_used = writer.used();
  slots_max_ = std::max<uint32_t>(slots_max_, writer.used());
  const size_t index = stored_.size();
  stored_.push_back(std::move(made));
  stored_[before].next[key] = index;
  return index;
}

BodyLowering::Exit& BodyLowering::exit_of(ValueId v) {
  Exit& exit = exits_[v];
  if (exit.block)
    return exit;
  const SiteRecorder::Silent silent(sites_);
  const BoxesLists boxes(*this, ListBoxing::Final);
  llvm::IRBuilder<>::InsertPointGuard guard(b);
  const ValueId here = std::exchange(current_instr_, mir::kNone);  // what exits share is at no instruction
  if (stored_.empty())
    make_last_exit();
  std::vector<ValueId> values;
  if (s_.osr_block == mir::kNone) {
    for (uint32_t slot = 0; slot < held_.size(); ++slot) {
      if (held_[slot])
        values.push_back(s_.view.instr_count() + slot);
    }
  }
  const auto live = s_.liveness.live_before(v);
  const std::vector<ValueId> ordered = in_storing_order({live.begin(), live.end()});
  values.insert(values.end(), ordered.begin(), ordered.end());
  bool plant = planted_bug(Plant::DeoptLosesPhi);
  exit.live_begin = static_cast<uint32_t>(record_.live.size());
  // An exception ends what the variables hold last, one variable after the other, as a frame does.
  std::vector<uint16_t> owned_slots, owned_by_variables;
  size_t at = 0;
  for (ValueId one : values) {
    at = store_after(at, one, &plant);
    record_.live.insert(record_.live.end(), stored_[at].live.begin(), stored_[at].live.end());
    auto& owned = one >= s_.view.instr_count() ? owned_by_variables : owned_slots;
    owned.insert(owned.end(), stored_[at].owned_slots.begin(), stored_[at].owned_slots.end());
  }
  owned_slots.insert(owned_slots.end(), owned_by_variables.begin(), owned_by_variables.end());
  exit.block = stored_[at].block;
  exit.live_count = static_cast<uint32_t>(record_.live.size()) - exit.live_begin;
  exit.owned_index = static_cast<uint32_t>(record_.owned_slots.size());
  record_.owned_slots.push_back(std::move(owned_slots));
  current_instr_ = here;
  return exit;
}

/// The point before `v`, or after it with its result: both know the values that live before it (of those that die
/// in it the interpreter just gets more than it asks for).
uint32_t BodyLowering::point_of(Exit& exit, ValueId v, bool after, DeoptReason reason) {
  const auto [found, is_new] =
      exit.points.try_emplace({after, static_cast<int>(reason)}, static_cast<uint32_t>(record_.points.size()));
  if (is_new) {
    record_.points.push_back({after ? v + 1 : v, after ? v : mir::kNone, reason, exit.live_begin, exit.live_count});
    record_.owned_of_point.push_back(exit.owned_index);
  }
  return found->second;
}

void BodyLowering::go_out(Exit& exit, uint32_t selector, llvm::Value* result) {
  go_out(exit, b.getInt32(selector), result);
}

void BodyLowering::go_out(Exit& exit, llvm::Value* selector, llvm::Value* result) {
  const auto slot = [&](uint32_t index) { return b.CreateConstInBoundsGEP1_64(m_.i64, slots_, index); };
  store(selector, slot(runtime::kSelectorSlot), 0, ModuleContext::Place::Slot);
  if (result)
    store(result, slot(runtime::kResultSlot), 0, ModuleContext::Place::Slot);
  b.CreateBr(exit.block);
}

llvm::BasicBlock* BodyLowering::leave_before(ValueId v, DeoptReason reason) {
  sites_.leaves(reason);
  Exit& exit = exit_of(v);
  llvm::BasicBlock*& way = exit.ways[static_cast<int>(reason)];
  if (!way) {
    way = new_block("leave");
    llvm::IRBuilder<>::InsertPointGuard guard(b);
    b.SetInsertPoint(way);
    go_out(exit, point_of(exit, v, false, reason), nullptr);
  }
  return way;
}

void BodyLowering::leave_after(ValueId v, llvm::Value* result, DeoptReason reason, bool owned) {
  sites_.leaves(reason);
  Exit& exit = exit_of(v);
  go_out(exit, point_of(exit, v, true, reason) | (owned ? kDropResult : 0), result);
}

llvm::BasicBlock* BodyLowering::raise_at(ValueId v) {
  if (const BlockId handler = handler_of(v); handler != mir::kNone)
    return raise_to_handler(v, handler);
  return raise_out(v, false);
}

llvm::BasicBlock* BodyLowering::raise_out(ValueId v, bool traced) {
  Exit& exit = exit_of(v);
  llvm::BasicBlock*& way = exit.ways[traced ? -2 : -1];
  if (!way) {
    way = new_block("raise");
    llvm::IRBuilder<>::InsertPointGuard guard(b);
    b.SetInsertPoint(way);
    go_out(exit, point_of(exit, v, false, DeoptReason::Generic) | kRaises | (traced ? kTraces : 0), nullptr);
  }
  return way;
}

/// Both in one block. REQUIRES: no handler waits.
llvm::BasicBlock* BodyLowering::leave_or_raise(ValueId v, llvm::Value* raises) {
  sites_.leaves(DeoptReason::Generic);
  Exit& exit = exit_of(v);
  llvm::BasicBlock* way = new_block("leave");
  llvm::IRBuilder<>::InsertPointGuard guard(b);
  b.SetInsertPoint(way);
  const uint32_t point = point_of(exit, v, false, DeoptReason::Generic);
  go_out(exit, b.CreateSelect(raises, b.getInt32(point | kRaises), b.getInt32(point)), nullptr);
  return way;
}

/// The way from the middle of a block to its handler, as lower_edge is from its end: nothing that a variable of the
/// handler is changes within the block.
llvm::BasicBlock* BodyLowering::raise_to_handler(ValueId v, BlockId handler) {
  llvm::BasicBlock*& way = ways_to_handler_[v];
  if (way)
    return way;
  const SiteRecorder::Silent silent(sites_);
  way = new_block("raise");
  llvm::IRBuilder<>::InsertPointGuard guard(b);
  b.SetInsertPoint(way);
  const BlockId from = instr(v).block;
  const auto preds = s_.view.preds(handler);
  const auto pred_index = static_cast<size_t>(std::find(preds.begin(), preds.end(), from) - preds.begin());
  std::vector<std::pair<ValueId, Value>> arrivals;
  for (ValueId phi = s_.view.first(handler); instr(phi).op == Op::Phi; ++phi) {
    const ValueId operand = s_.view.args(phi)[pred_index];
    Value value = poison(s_.types[phi]);
    if (s_.liveness.live_in(handler, phi)) {
      if (const Value here = narrow_to(get(operand), s_.type_at(operand, from)); !here.type.never())
        value = own_as(here, s_.types[phi]);
    }
    arrivals.emplace_back(phi, std::move(value));
  }
  for (ValueId one : s_.liveness.live_before(v)) {
    const bool phi_there = instr(one).op == Op::Phi && instr(one).block == handler;
    if (!phi_there && s_.liveness.live_in(handler, one))
      continue;
    if (owns(one))
      release(get(one));
    drop_twin(one);
  }
  for (auto& [phi, value] : arrivals) {
    if (planted_bug(Plant::HandlerLosesPhi) && value.type.only(kInt))
      value.parts[0] = b.getInt64(0);
    arrive(phi, value);
  }
  const runtime::FramePlace* const here = within_;
  stand_within(place_at_start(handler));
  within_ = here;
  b.CreateBr(block_of_[handler]);
  return way;
}

llvm::BasicBlock* BodyLowering::fails_at(ValueId v) {
  if (handler_of(v) == mir::kNone)
    return leave_before(v, DeoptReason::Generic);
  llvm::BasicBlock*& way = failures_[v];
  sites_.leaves(DeoptReason::Generic);
  if (!way) {
    const SiteRecorder::Silent silent(sites_);
    way = new_block("fail");
    llvm::IRBuilder<>::InsertPointGuard guard(b);
    b.SetInsertPoint(way);
    const bool native = has_native_operand(v);
    const BoxesLists boxes(*this, native ? ListBoxing::Copy : list_boxing_);
    llvm::Value* both = execute_boxed(v, all_uses(v));
    llvm::Value* result = b.CreateExtractValue(both, 0);
    go_if(b.CreateICmpEQ(b.CreateExtractValue(both, 1), b.getInt64(0)), raise_at(v));
    if (native) {  // it does not raise after all, but what it has done to a copy is lost
      decref(result, true);
      b.CreateBr(leave_before(v, DeoptReason::Generic));
    } else {
      leave_after(v, result, DeoptReason::Generic, true);
    }
  }
  return way;
}

/// Raise and Reraise.
void BodyLowering::raise_natively(ValueId v) {
  llvm::SmallVector<llvm::Value*, 2> objects, temporaries;
  for (const Value& operand : all_uses(v)) objects.push_back(boxed_operand(operand, temporaries));
  objects.resize(2, llvm::ConstantPointerNull::get(b.getPtrTy()));
  b.CreateCall(m_.helper("hj_raise", m_.void_type, {m_.ptr, m_.i32, m_.ptr, m_.ptr}, ModuleContext::Effects::Any),
               {m_.mir_address(s_.view.function()), b.getInt32(v), objects[0], objects[1]});
  for (llvm::Value* temporary : temporaries) decref(temporary, true);
  b.CreateBr(raise_at(v));
}

llvm::BasicBlock* BodyLowering::traced_raise(ValueId v) {
  if (handler_of(v) == mir::kNone)
    return raise_out(v, true);
  llvm::BasicBlock* block = new_block("raise");
  llvm::IRBuilder<>::InsertPointGuard guard(b);
  b.SetInsertPoint(block);
  b.CreateCall(m_.helper("hj_traceback", m_.void_type, {m_.ptr, m_.i32}, ModuleContext::Effects::Any),
               {m_.mir_address(s_.view.function()), b.getInt32(v)});
  b.CreateBr(raise_at(v));
  return block;
}

void BodyLowering::finish_exits() {
  slots_->setOperand(0, llvm::ConstantInt::get(m_.i64, slots_max_));
  scratch_->setOperand(0, llvm::ConstantInt::get(m_.i64, scratch_max_));
  slots_->setAlignment(llvm::Align(8));
  scratch_->setAlignment(llvm::Align(8));
}

}  // namespace hasten::compile
