// The object of a number or tuple that is wanted more than once: it is made at the first use, and kept until the value
// dies. Python has made one object, which all lists and dicts share that it is put into; several would need more memory,
// and be compared item by item where one is known at a glance.
#include <algorithm>

#include "compile/lower/body.h"

namespace hasten::compile {

using mir::BlockId;
using mir::Op;
using mir::ValueId;

/// How many objects would be made of the value where it is used; a use in an inner loop counts for two.
int BodyLowering::object_uses(ValueId v) {
  const auto depth = [&](ValueId at) { return s_.view.block(instr(at).block).loop_depth; };
  int sure = 0, as_key = 0, deep_keys = 0;
  for (BlockId block : s_.flow.order()) {
    for (ValueId user = s_.view.first(block); user < s_.view.end(block); ++user) {
      const auto args = s_.view.args(user);
      const auto found = std::find(args.begin(), args.end(), v);
      if (found == args.end())
        continue;
      const auto arg = static_cast<size_t>(found - args.begin());
      const bool is_deep = depth(user) > depth(v);
      bool is_kept = false, is_key = false;
      const auto plan = s_.calls.find(user);
      switch (instr(user).op) {
        case Op::ListAppend:
          is_kept = arg == 1;
          break;
        case Op::SetItem:
          is_kept = arg == 2 && s_.types[args[0]].only(kList);
          is_key = arg == 1 && s_.types[args[0]].is_dict();
          break;
        case Op::SetAdd:
          is_key = arg == 1;
          break;
        case Op::DictInsert:
          is_key = arg == 1;
          is_kept = arg == 2 && !s_.types[v].only(kInt);
          break;
        case Op::Call:
          if (arg == 0 || plan == s_.calls.end())
            break;
          is_key = plan->second.how == CallPlan::How::Method && plan->second.method.id == MethodId::SetAdd;
          is_kept = plan->second.how == CallPlan::How::ListAppend ||
                    (plan->second.how == CallPlan::How::Method && plan->second.method.id == MethodId::Other);
          break;
        default:
          break;
      }
      sure += is_kept ? 1 + is_deep : 0;
      as_key += is_key;
      deep_keys += is_key && is_deep;
    }
  }
  return sure > 0 ? sure + as_key : 2 * deep_keys;
}

void BodyLowering::prepare_twins() {
  for (BlockId block : s_.flow.order()) {
    for (ValueId v = s_.view.first_after_phis(block); v < s_.view.end(block); ++v) {
      const Op op = instr(v).op;
      if ((s_.types[v].only(kInt) || s_.types[v].only(kTuple)) && !homes_.contains(v) && op != Op::Const &&
          op != Op::Param && !s_.guards.contains(v) && object_uses(v) > 1)
        b.CreateStore(llvm::ConstantPointerNull::get(b.getPtrTy()),
                      twins_[v] = b.CreateAlloca(m_.ptr, nullptr, "twin"));
    }
  }
}

/// Where the value dies.
void BodyLowering::drop_twin(ValueId v) {
  if (const auto twin = twins_.find(v); twin != twins_.end())
    decref(b.CreateLoad(m_.ptr, twin->second), true);
}

/// The object, borrowed.
llvm::Value* BodyLowering::box_by_twin(const Value& v) {
  llvm::BasicBlock *make = new_block(""), *done = new_block("");
  llvm::Value* known = b.CreateLoad(m_.ptr, v.twin);
  llvm::BasicBlock* start = b.GetInsertBlock();
  b.CreateCondBr(b.CreateIsNull(known), make, done);
  b.SetInsertPoint(make);
  Value plain = v;
  plain.twin = nullptr;
  llvm::Value* made = box_owned(plain);
  b.CreateStore(made, v.twin);
  llvm::BasicBlock* make_end = b.GetInsertBlock();
  b.CreateBr(done);
  b.SetInsertPoint(done);
  auto* object = b.CreatePHI(m_.ptr, 2);
  object->addIncoming(known, start);
  object->addIncoming(made, make_end);
  return object;
}

}  // namespace hasten::compile
