// Calls: builtins and math on unboxed numbers, native calls of other functions, and everything else through CPython.
#include <cstddef>

#include <llvm/IR/Intrinsics.h>

#include "compile/lower/body.h"
#include "compile/types/interval.h"
#include "compile/types/native_lists.h"
#include "compile/types/short_loops.h"
#include "compile/types/transfer.h"
#include "runtime/native_list.h"

namespace hasten::compile {

using mir::BinaryOp;
using mir::CompareOp;
using mir::Op;
using mir::ValueId;
using runtime::DeoptReason;

namespace {

constexpr Kinds kIntegral = kBool | kInt;

}  // namespace

Value BodyLowering::lower_call(ValueId v) {
  const auto found = s_.calls.find(v);
  if (found == s_.calls.end())
    return boxed_instr(v);
  const CallPlan& plan = found->second;
  if (s_.guards.contains(v))
    check_guard(v);  // a method of a module
  auto operands = all_uses(v);
  const llvm::ArrayRef<Value> args = llvm::ArrayRef(operands).drop_front();
  switch (plan.how) {
    case CallPlan::How::ListAppend: {
      list_append(v,
                  from_parts(operands[0].type.only(kMethod) ? operands[0].type.items->front() : operands[0].type,
                             operands[0].parts),
                  args[0]);
      return from_parts(Type::of(kNoneType), {});
    }
    case CallPlan::How::Method:
      return method_call(v, plan, operands);
    case CallPlan::How::Direct:
      return direct_call(v, plan, passed(plan, operands));
    case CallPlan::How::Predicted:
      return predicted_call(v, plan, operands);
    case CallPlan::How::Instance:
      return new_instance(v, plan, operands);
    case CallPlan::How::Native:
      if (s_.types[v].object && plan.known != Known::Str)
        return boxed_instr(v);
      if (plan.known == Known::Abs && abs_is_fused(v)) {
        waiting_.insert(v);
        return poison(s_.types[v]);
      }
      return native_call(v, plan.known, args);
    case CallPlan::How::Boxed:
      if (args.size() == 1 && args[0].type.only(kList) && is_native(args[0].type))
        return native_call_of_list(v, plan.known, args[0]);
      if (plan.known == Known::List && is_native(s_.types[v]))
        return args[0].type.only(kReversed) ? native_reversed(v, args[0]) : native_range(v, args[0]);
      if ((plan.known == Known::Str || plan.known == Known::Bin) && args.size() == 1 && args[0].type.only(kInt) &&
          !args[0].constant && instr(v).aux == mir::kNone)
        return text_of_int(v, plan.known == Known::Str ? "hj_int_text" : "hj_int_binary", args[0]);
      if (const auto ordered = ordering_call(v, plan.known, args))
        return *ordered;
      if (const auto folded = fold_call(v, plan.known, operands))
        return *folded;
      if (const auto made =
              operands[0].type.only(kKnown) ? constructor_call(v, operands[0].type.known, args) : std::nullopt)
        return *made;
      if (plan.known == Known::Divmod && args.size() == 2 && instr(v).aux == mir::kNone) {
        llvm::SmallVector<llvm::Value*, 4> temporaries, objects;
        for (const Value& arg : args) objects.push_back(boxed_operand(arg, temporaries));
        llvm::Value* both =
            b.CreateCall(m_.helper("hj_divmod", m_.ptr, {m_.ptr, m_.ptr}, ModuleContext::Effects::Any), objects);
        for (llvm::Value* temporary : temporaries) decref(temporary, true);
        return boxed_result(v, checked_object(v, both));
      }
      if (plan.known == Known::Str && args.size() == 1 && instr(v).aux == mir::kNone) {
        llvm::SmallVector<llvm::Value*, 4> temporaries;
        llvm::Value* object = boxed_operand(args[0], temporaries);
        llvm::Value* text = b.CreateCall(m_.helper("hj_str", m_.ptr, {m_.ptr}, ModuleContext::Effects::Any), {object});
        for (llvm::Value* temporary : temporaries) decref(temporary, true);
        return boxed_result(v, checked_object(v, text));
      }
      return boxed_instr(v);
  }
  return boxed_instr(v);
}

/// Whether a call of it is no more than a few operations: the next loop, or call of another function, looks at signals early enough.
bool BodyLowering::ends_soon(const Specialization& s) {
  for (const auto& [call, plan] : s.calls) {
    if (plan.target)
      return false;
  }
  bool has_loop = false;
  for (mir::BlockId block : s.flow.order()) {
    if (!s.view.block(block).loop_header)
      continue;
    if (has_loop || !is_short_loop(s, block))
      return false;
    has_loop = true;
  }
  return true;
}

/// What the parameters get: operands, and defaults.
llvm::SmallVector<Value, 8> BodyLowering::passed(const CallPlan& plan, llvm::ArrayRef<Value> operands) {
  llvm::SmallVector<Value, 8> args;
  for (const CallPlan::Source& source : plan.sources) {
    if (source.guard == kNoGuard) {
      args.push_back(source.packed == mir::kNone ? operands[source.operand]
                                                 : packed(operands.slice(source.operand, source.packed)));
      continue;
    }
    const Guard& guard = m_.unit.guards[source.guard];
    const bool is_object = guard.type.object || guard.type.only(kList);
    args.push_back(is_object ? from_parts(guard.type, {m_.address(guard.expected)}) : constant_value(guard.expected));
  }
  return args;
}

/// Whether the function is another by now than the one that the call was planned for: it has other code, or other defaults.
/// They are looked at when all arguments are there, as CPython does. A code that is checked already is not asked for here.
void BodyLowering::check_callee(const CallPlan& plan, llvm::BasicBlock* otherwise) {
  using Place = ModuleContext::Place;
  const mir::MirFunction& f = plan.target->view.function();
  PyObject* const function =
      plan.code_guard == kNoGuard ? f.function : m_.unit.guards[plan.code_guard].holder;  // not its companion's copy
  const auto of_function = [&](size_t offset) {
    return load(m_.ptr, m_.address(function), static_cast<uint32_t>(offset), Place::Item);
  };
  const auto must_hold = [&](uint32_t guard) {
    llvm::Value* holds =
        b.CreateCall(m_.helper("hj_guard_holds", m_.i32, {m_.ptr, m_.i32}, ModuleContext::Effects::Any),
                     {m_.unit_address(), b.getInt32(guard)});
    go_if(b.CreateICmpEQ(holds, b.getInt32(0)), otherwise);
  };
  if (plan.code_guard != kNoGuard) {
    llvm::Value* code = of_function(offsetof(PyFunctionObject, func_code));
    llvm::Value* is_other = b.CreateICmpNE(code, m_.address(PyFunction_GET_CODE(f.function)));
    if (function == f.function) {
      go_if(is_other, otherwise);
    } else {  // it may be a trampoline to the companion
      llvm::BasicBlock *look = new_block("code"), *go_on = new_block("");
      b.CreateCondBr(is_other, look, go_on);
      b.SetInsertPoint(look);
      must_hold(plan.code_guard);
      b.CreateBr(go_on);
      b.SetInsertPoint(go_on);
    }
  }
  const auto positional =
      static_cast<uint32_t>(reinterpret_cast<PyCodeObject*>(PyFunction_GET_CODE(f.function))->co_argcount);
  llvm::Value* defaults = nullptr;
  for (uint32_t k = 0; k < plan.sources.size(); ++k) {
    const uint32_t guard = plan.sources[k].guard;
    if (guard == kNoGuard)
      continue;
    if (k >= positional) {  // in a dict
      must_hold(guard);
      continue;
    }
    const auto count = static_cast<uint32_t>(PyTuple_GET_SIZE(PyFunction_GET_DEFAULTS(function)));
    if (!defaults) {
      defaults = of_function(offsetof(PyFunctionObject, func_defaults));
      go_if(b.CreateIsNull(defaults), otherwise);
      go_if(b.CreateICmpNE(load(m_.i64, defaults, m_.layout.var_size, Place::Size), b.getInt64(count)), otherwise);
    }
    llvm::Value* item = load(m_.ptr, defaults, m_.layout.tuple_items + 8 * (count - positional + k), Place::Item);
    go_if(b.CreateICmpNE(item, m_.address(m_.unit.guards[guard].expected)), otherwise);
  }
}

/// Python's recursion limit and the C stack, checked as a Python call would.
void BodyLowering::check_depth(ValueId v) {
  // Comprehensions (CPython 3.11) and generator expressions around it are calls in Python.
  const uint64_t around = instr(v).scope & ~mir::kInCall;
  llvm::Value* allowed = around ? b.CreateSub(calls_allowed_, b.getInt64(around)) : calls_allowed_;
  llvm::BasicBlock* overflow = new_block("deep");
  go_if(b.CreateICmpSLE(allowed, b.getInt64(0)), overflow);
  llvm::IRBuilder<>::InsertPointGuard guard(b);
  b.SetInsertPoint(overflow);
  b.CreateCall(m_.helper("hj_recursion_error", m_.void_type, {m_.ptr, m_.i32}, ModuleContext::Effects::Any),
               {m_.mir_address(s_.view.function()), b.getInt32(v)});
  b.CreateBr(raise_at(v));
}

/// Runs the body of the target: {its status, the parts of its result}.
llvm::Value* BodyLowering::call_body(ValueId v, const Specialization& target, llvm::ArrayRef<Value> args) {
  const uint64_t around = instr(v).scope & ~mir::kInCall;
  llvm::Value* left = around ? b.CreateSub(depth_, b.getInt64(around)) : depth_;
  llvm::SmallVector<llvm::Value*, 8> operands{b.CreateSub(left, b.getInt64(1)), stack_low_};
  llvm::SmallVector<Value, 4> temporaries;
  for (size_t k = 0; k < args.size(); ++k) {
    const Type& to = target.parameters[k];
    // The callee borrows; what must be boxed for it is dropped afterwards.
    const bool boxes = must_box(args[k].type, to);
    Value arg = boxes ? own_as(args[k], to) : widen_to(args[k], to);
    if (boxes)
      temporaries.push_back(arg);
    operands.append(arg.parts.begin(), arg.parts.end());
  }
  show_position(v);
  llvm::Value* returned = b.CreateCall(m_.body_function(target), operands);
  for (const Value& temporary : temporaries) release(temporary);
  return returned;
}

Value BodyLowering::direct_call(ValueId v, const CallPlan& plan, llvm::ArrayRef<Value> args) {
  const Specialization& target = *plan.target;
  if (!ends_soon(target))
    poll_call(v);
  if (m_.record.unit_runs_foreign_code && plan.how == CallPlan::How::Direct)
    check_callee(plan, leave_before(v, DeoptReason::Generic));
  check_depth(v);
  llvm::Value* returned = call_body(v, target, args);
  llvm::Value* status = b.CreateExtractValue(returned, 0);
  Value plain;
  plain.type = target.result;
  for (size_t k = 0; k < m_.parts_of(target.result).size(); ++k) {
    plain.parts.push_back(b.CreateExtractValue(returned, static_cast<unsigned>(k + 1)));
  }
  const Type& t = s_.types[v];
  llvm::BasicBlock *odd = new_block("odd"), *normal = new_block(""), *done = new_block("");
  b.CreateCondBr(b.CreateIsNotNull(status), odd, normal, m_.unlikely());
  b.SetInsertPoint(normal);
  if (target.result.only(kList) && is_native(target.result)) {
    llvm::Value *one = plain.parts[0], *bytes = b.getInt64(sizeof(runtime::NativeList));
    b.CreateAssumption(
        b.getTrue(),
        {llvm::OperandBundleDef("nonnull", one),
         llvm::OperandBundleDef("align", llvm::ArrayRef<llvm::Value*>{one, b.getInt64(alignof(runtime::NativeList))}),
         llvm::OperandBundleDef("dereferenceable", llvm::ArrayRef<llvm::Value*>{one, bytes})});
  }
  Value usual;
  if (target.result.never()) {
    b.CreateUnreachable();
    normal = nullptr;
  } else {
    const bool boxes = must_box(target.result, t);
    usual = boxes ? own_as(plain, t) : widen_to(plain, t);
    if (boxes)
      release(plain);
    normal = b.GetInsertBlock();
    b.CreateBr(done);
  }
  b.SetInsertPoint(odd);
  // 1, or an object. Not compared with 1: LLVM would make a switch of both tests, which it cannot decide where a callee that
  // it has taken in gives null.
  llvm::Value* is_raised = b.CreateAnd(b.CreatePtrToInt(status, m_.i64), b.getInt64(1));
  go_if(b.CreateICmpNE(is_raised, b.getInt64(0)), traced_raise(v));
  // The callee left native code; its result is an object, and guarded globals may have changed meanwhile. So may lists
  // of ours that it was given: they are objects from now on.
  if (has_native_operand(v) || holds_native_list(t, m_.unit.sites)) {
    leave_after(v, status, DeoptReason::Generic, true);
    b.SetInsertPoint(done);
    return normal ? usual : poison(t);
  }
  llvm::BasicBlock* changed = new_block("changed");
  go_if(guards_have_changed(), changed);
  const Value boxed = boxed_result(v, status);
  llvm::BasicBlock* odd_end = b.GetInsertBlock();
  b.CreateBr(done);
  b.SetInsertPoint(changed);
  leave_after(v, status, DeoptReason::Generic, true);
  b.SetInsertPoint(done);
  Value r;
  r.type = t;
  const auto types = m_.parts_of(t);
  for (size_t k = 0; k < types.size(); ++k) {
    auto* phi = b.CreatePHI(types[k], 2);
    if (normal)
      phi->addIncoming(usual.parts[k], normal);
    phi->addIncoming(boxed.parts[k], odd_end);
    r.parts.push_back(phi);
  }
  return r;
}

/// Calls natively if the callee is what it was predicted to be, else as any object.
Value BodyLowering::predicted_call(ValueId v, const CallPlan& plan, llvm::ArrayRef<Value> operands) {
  using Place = ModuleContext::Place;
  const mir::MirFunction& f = plan.target->view.function();
  llvm::Value* callee = operands[0].parts[0];
  const bool is_method = operands[0].type.is_loaded_method();
  const auto field = [&](size_t offset) { return load(m_.ptr, callee, static_cast<uint32_t>(offset), Place::Item); };
  llvm::BasicBlock *is_function = new_block(""), *direct = new_block(""), *other = new_block("other"),
                   *done = new_block("");
  if (f.is_template) {  // any function of the same code and globals: what else differs is in its closure
    b.CreateCondBr(type_is(callee, reinterpret_cast<PyObject*>(&PyFunction_Type)), is_function, other);
    b.SetInsertPoint(is_function);
    llvm::Value* same_code =
        b.CreateICmpEQ(field(offsetof(PyFunctionObject, func_code)), m_.address(PyFunction_GET_CODE(f.function)));
    llvm::Value* same_globals =
        b.CreateICmpEQ(field(offsetof(PyFunctionObject, func_globals)), m_.address(PyFunction_GET_GLOBALS(f.function)));
    b.CreateCondBr(b.CreateAnd(planted_bug(Plant::PredictedCode) ? b.getTrue() : same_code, same_globals), direct,
                   other);
  } else if (is_method) {
    b.CreateBr(is_function);
    b.SetInsertPoint(is_function);
    llvm::Value* is_predicted = b.CreateICmpEQ(callee, m_.address(plan.predicted));
    b.CreateCondBr(b.CreateAnd(is_predicted, b.CreateIsNotNull(operands[0].parts[1])), direct, other);
  } else {
    b.CreateBr(is_function);
    b.SetInsertPoint(is_function);
    llvm::Value* same_code =
        b.CreateICmpEQ(load(m_.ptr, m_.address(f.function), offsetof(PyFunctionObject, func_code), Place::Item),
                       m_.address(PyFunction_GET_CODE(f.function)));
    b.CreateCondBr(b.CreateAnd(b.CreateICmpEQ(callee, m_.address(plan.predicted)), same_code), direct, other);
  }
  b.SetInsertPoint(direct);
  check_callee(plan, other);
  llvm::SmallVector<Value, 8> given(operands.begin(), operands.end());
  if (is_method)
    given.insert(given.begin() + 1, from_parts(Type::any(), {operands[0].parts[1]}));
  llvm::SmallVector<Value, 8> args = passed(plan, given);
  if (args.size() < plan.args.size()) {
    llvm::Value* closure = field(offsetof(PyFunctionObject, func_closure));
    for (uint32_t k = 0; args.size() < plan.args.size(); ++k)
      args.push_back(
          from_parts(plan.args[args.size()], {load(m_.ptr, closure, m_.layout.tuple_items + 8 * k, Place::Item)}));
  }
  const Value usual = direct_call(v, plan, args);
  llvm::BasicBlock* direct_end = b.GetInsertBlock();
  b.CreateBr(done);

  b.SetInsertPoint(other);
  const SiteRecorder::Rare rare(sites_);
  llvm::Value* result = raw_object_call(v, operands);
  llvm::BasicBlock* changed = new_block("changed");
  go_if(guards_have_changed(), changed);
  const Value boxed = boxed_result(v, result);
  llvm::BasicBlock* other_end = b.GetInsertBlock();
  b.CreateBr(done);
  b.SetInsertPoint(changed);
  leave_after(v, result, DeoptReason::Generic, true);

  b.SetInsertPoint(done);
  Value r;
  r.type = s_.types[v];
  const auto types = m_.parts_of(r.type);
  for (size_t k = 0; k < types.size(); ++k) {
    auto* phi = b.CreatePHI(types[k], 2);
    phi->addIncoming(usual.parts[k], direct_end);
    phi->addIncoming(boxed.parts[k], other_end);
    r.parts.push_back(phi);
  }
  return r;
}

/// A finite double with an integral value, as an int; leaves if it is not finite or does not fit.
Value BodyLowering::float_to_int(ValueId v, llvm::Value* rounded) {
  llvm::Value* fits = b.CreateAnd(b.CreateFCmpOGE(rounded, llvm::ConstantFP::get(m_.f64, -0x1p63)),
                                  b.CreateFCmpOLT(rounded, llvm::ConstantFP::get(m_.f64, 0x1p63)));
  if (!planted_bug(Plant::FloatToIntWide))
    go_if(b.CreateNot(fits), leave_before(v, DeoptReason::Overflow));
  return from_parts(Type::of(kInt), {b.CreateFPToSI(rounded, m_.i64)});
}

Value BodyLowering::math_unary(ValueId v, Known known, const Value& arg) {
  llvm::Value* x = as_double(arg);
  if (known == Known::Sqrt)
    return from_parts(Type::of(kFloat), {root(v, x)});
  static constexpr const char* kNames[] = {"sqrt",     "hj_sin",  "hj_cos",   "hj_tan",  "hj_asin",  "hj_acos",
                                           "hj_atan",  "hj_sinh", "hj_cosh",  "hj_tanh", "hj_asinh", "hj_acosh",
                                           "hj_atanh", "hj_exp",  "hj_expm1", "hj_log",  "hj_log2",  "hj_log10",
                                           "hj_log1p", "hj_exp2", "hj_cbrt",  "hj_erf",  "hj_erfc"};
  const char* name = kNames[static_cast<size_t>(known) - static_cast<size_t>(Known::Sqrt)];
  llvm::Value* r = b.CreateCall(m_.helper(name, m_.f64, {m_.f64}, ModuleContext::Effects::Pure), {x});
  // math's own checks: a NaN or an infinity from a finite argument is an error, which the interpreter raises.
  llvm::Value* infinity = llvm::ConstantFP::getInfinity(m_.f64);
  const auto finite = [&](llvm::Value* value) {
    return b.CreateFCmpOLT(b.CreateUnaryIntrinsic(llvm::Intrinsic::fabs, value), infinity);
  };
  // Nearly always it is finite, and that is all there is to ask.
  llvm::BasicBlock *odd = new_block("odd"), *fine = new_block("");
  b.CreateCondBr(b.CreateNot(finite(r)), odd, fine, m_.unlikely());
  b.SetInsertPoint(odd);
  llvm::Value* bad_nan = b.CreateAnd(b.CreateFCmpUNO(r, r), b.CreateFCmpORD(x, x));
  llvm::Value* bad_infinity =
      b.CreateAnd(b.CreateFCmpOEQ(b.CreateUnaryIntrinsic(llvm::Intrinsic::fabs, r), infinity), finite(x));
  go_if(planted_bug(Plant::DomainUnchecked) ? bad_infinity : b.CreateOr(bad_nan, bad_infinity), fails_at(v));
  b.CreateBr(fine);
  b.SetInsertPoint(fine);
  return from_parts(Type::of(kFloat), {r});
}

/// The first of equal values, as CPython: a later item must be strictly less (greater).
Value BodyLowering::min_max(ValueId v, bool min, llvm::ArrayRef<Value> args) {
  // The interval of the result is narrower than that of each candidate: the comparisons must not believe it.
  Type t = s_.types[v];
  t.interval = {};
  const Type boolean = Type::of(kBool);
  Value best = widen_to(args[0], t);
  best.constant = nullptr;
  for (const Value& next : args.drop_front()) {
    llvm::Value* better = each_alternative(next, boolean, [&](const Value& x) {
                            return each_alternative(best, boolean, [&](const Value& y) -> Value {
                              // Widened types hold kinds that this argument never has.
                              if (!x.type.within(kNumber) || !y.type.within(kNumber))
                                return from_parts(boolean, {b.getFalse()});
                              CompareOp op = min ? CompareOp::Lt : CompareOp::Gt;
                              if (planted_bug(Plant::MinMaxTies))
                                op = min ? CompareOp::Le : CompareOp::Ge;
                              return from_parts(boolean, {compare_one(v, op, x, y)});
                            });
                          }).parts[0];
    best = select(better, widen_to(next, t), best);
  }
  return best;
}

Value BodyLowering::native_call(ValueId v, Known known, llvm::ArrayRef<Value> args) {
  const Type& t = s_.types[v];
  const auto number = [&](llvm::Value* x) { return from_parts(Type::of(kFloat), {x}); };
  const auto integer = [&](llvm::Value* x) { return from_parts(Type::of(kInt), {x}); };
  const auto each = [&](const std::function<Value(const Value&)>& f) { return each_alternative(args[0], t, f); };
  const auto whole = [&](const Value& x) {  // bool or int, whichever it is
    return each_alternative(x, Type::of(kInt), [&](const Value& one) { return integer(as_int(one)); }).parts[0];
  };
  switch (known) {
    case Known::Abs:
      return each([&](const Value& x) -> Value {
        if (x.type.only(kFloat))
          return number(b.CreateUnaryIntrinsic(llvm::Intrinsic::fabs, x.parts[0]));
        if (x.type.only(kComplex)) {
          llvm::Value* magnitude = hypot(x);
          go_if(overflows(x, magnitude), fails_at(v));
          return number(magnitude);
        }
        if (x.type.only(kWide)) {
          const Type wide = abs_type(x.type);
          if (x.type.is_unsigned_wide())
            return x;
          llvm::Value* i = as_wide(x);
          if (x.type.wide.low == WideInterval::kLowest)
            go_if(b.CreateICmpEQ(i, wide_constant(WideInterval::kLowest)), leave_before(v, DeoptReason::WideOverflow));
          return whole_value(wide, b.CreateSelect(b.CreateICmpSLT(i, wide_constant(0)), b.CreateNeg(i), i));
        }
        llvm::Value* i = as_int(x);
        if (!x.type.only(kBool) && x.type.interval.low < 0) {
          if (x.type.interval.low == Interval{}.low && !planted_bug(Plant::AbsLowest)) {
            go_if(b.CreateICmpEQ(i, b.getInt64(static_cast<uint64_t>(Interval{}.low))),
                  leave_before(v, DeoptReason::Overflow));
          }
          i = b.CreateSelect(b.CreateICmpSLT(i, b.getInt64(0)), b.CreateSub(b.getInt64(0), i), i);
        }
        return from_parts(abs_type(x.type), {i});
      });
    case Known::Min:
    case Known::Max:
      return min_max(v, known == Known::Min,
                     args[0].type.only(kTuple) ? items_of(args[0]) : llvm::SmallVector<Value, 4>(args));
    case Known::Sum:
      return sum_of_items(v, items_of(args[0]));
    case Known::Any:
    case Known::All:
      return truth_of_items(known == Known::Any, items_of(args[0]));
    case Known::Ord:
      return integer(b.CreateZExt(args[0].parts[0], m_.i64));
    case Known::Chr: {
      llvm::Value* code = as_int(args[0]);
      go_if(b.CreateICmpUGT(code, b.getInt64(0x10ffff)), fails_at(v));
      return from_parts(t, {b.CreateTrunc(code, m_.i32)});
    }
    case Known::Str:
      return own_as(args[0], t);
    case Known::Len:
      if (llvm::Value* size = size_of(args[0]))
        return integer(size);
      if (args[0].type.object) {
        llvm::Value* size =
            b.CreateCall(m_.helper("hj_length", m_.i64, {m_.ptr}, ModuleContext::Effects::Any), {args[0].parts[0]});
        go_if(b.CreateICmpSLT(size, b.getInt64(0)), traced_raise(v));
        return integer(size);
      }
      if (!args[0].type.only(kTuple))
        return boxed_instr(v);  // what was any object when the call was planned turned out to be a number
      return integer(b.getInt64(args[0].type.items->size()));
    case Known::Range: {
      llvm::Value* one = b.getInt64(1);
      llvm::Value* first = whole(args[0]);
      Value r;
      r.type = t;
      if (args.size() == 1) {
        r.parts.append({b.getInt64(0), first, one});
      } else {
        r.parts.append({first, whole(args[1]), args.size() == 3 ? whole(args[2]) : one});
        if (args.size() == 3 && ((args[2].type.kinds & kBool) || args[2].type.interval.contains(0))) {
          go_if(b.CreateICmpEQ(r.parts[2], b.getInt64(0)), fails_at(v));
        }
      }
      return r;
    }
    case Known::Enumerate: {
      Value inner = make_iterator(v, args[0], t.items->front());
      inner.parts.push_back(args.size() == 2 && !planted_bug(Plant::EnumerateStart) ? whole(args[1]) : b.getInt64(0));
      inner.type = t;
      return inner;
    }
    case Known::Reversed:
      return make_reversed(v, args[0], t);
    case Known::Zip: {
      Value r;
      r.type = t;
      for (size_t k = 0; k < args.size(); ++k) {
        const Value inner = make_iterator(v, args[k], (*t.items)[k]);
        r.parts.append(inner.parts.begin(), inner.parts.end());
      }
      return r;
    }
    case Known::Int:
      if (args[0].type.only(kChar)) {
        llvm::Value* digit = b.CreateSub(args[0].parts[0], b.getInt32('0'));
        go_if(b.CreateICmpUGT(digit, b.getInt32(9)), fails_at(v));
        return integer(b.CreateZExt(digit, m_.i64));
      }
      if (is_text(args[0].type))
        return number_of_text(v, args[0]);
      [[fallthrough]];
    case Known::Trunc:
      return each([&](const Value& x) -> Value {
        if (x.type.only(kWide))
          return x;
        if (!x.type.only(kFloat))
          return integer(as_int(x));
        return float_to_int(v, b.CreateUnaryIntrinsic(llvm::Intrinsic::trunc, x.parts[0]));
      });
    case Known::Floor:
    case Known::Ceil:
      return each([&](const Value& x) -> Value {
        if (!x.type.only(kFloat))
          return integer(as_int(x));
        return float_to_int(v, b.CreateUnaryIntrinsic(
                                   known == Known::Floor ? llvm::Intrinsic::floor : llvm::Intrinsic::ceil, x.parts[0]));
      });
    case Known::Round:
      return each([&](const Value& x) -> Value {
        if (!x.type.only(kFloat))
          return integer(as_int(x));
        return float_to_int(
            v, b.CreateUnaryIntrinsic(
                   planted_bug(Plant::RoundHalfUp) ? llvm::Intrinsic::round : llvm::Intrinsic::roundeven, x.parts[0]));
      });
    case Known::Float:
      if (is_text(args[0].type))
        return number_of_text(v, args[0]);
      return each([&](const Value& x) { return number(as_double(x)); });
    case Known::Bool:
      return each([&](const Value& x) -> Value {
        if (x.type.only(kUnbound))
          return leaves(v, DeoptReason::Generic);
        return from_parts(Type::of(kBool), {truth(x)});
      });
    case Known::Complex: {
      llvm::Value* zero = llvm::ConstantFP::get(m_.f64, 0.0);
      const Type real = Type::of(kFloat);
      llvm::Value* re = each_alternative(args[0], real, [&](const Value& x) { return number(as_double(x)); }).parts[0];
      llvm::Value* im = args.size() == 1 ? zero : each_alternative(args[1], real, [&](const Value& x) {
                                                    return number(as_double(x));
                                                  }).parts[0];
      return from_parts(Type::of(kComplex), {re, im});
    }
    case Known::Divmod: {
      const Value q = binary_one(v, BinaryOp::FloorDiv, args[0], args[1]);
      const Value r = binary_one(v, BinaryOp::Mod, args[0], args[1]);
      return from_parts(Type::with_items(kTuple, {q.type, r.type}), {q.parts[0], r.parts[0]});
    }
    case Known::Pow:
      return each_alternative(args[0], t, [&](const Value& x) {
        return each_alternative(args[1], t, [&](const Value& y) { return binary_one(v, BinaryOp::Pow, x, y); });
      });
    case Known::Fabs:
      return each([&](const Value& x) { return number(b.CreateUnaryIntrinsic(llvm::Intrinsic::fabs, as_double(x))); });
    case Known::Degrees:
    case Known::Radians: {
      constexpr double kPi = 3.141592653589793238462643383279502884197;
      const double factor = known == Known::Degrees ? 180.0 / kPi : kPi / 180.0;
      return each(
          [&](const Value& x) { return number(b.CreateFMul(as_double(x), llvm::ConstantFP::get(m_.f64, factor))); });
    }
    case Known::Atan2:
    case Known::Copysign: {
      const Type real = Type::of(kFloat);
      llvm::Value* y = each_alternative(args[0], real, [&](const Value& x) { return number(as_double(x)); }).parts[0];
      llvm::Value* x = each_alternative(args[1], real, [&](const Value& z) { return number(as_double(z)); }).parts[0];
      if (known == Known::Copysign)
        return number(b.CreateBinaryIntrinsic(llvm::Intrinsic::copysign, y, x));
      return number(
          b.CreateCall(m_.helper("hj_atan2", m_.f64, {m_.f64, m_.f64}, ModuleContext::Effects::Pure), {y, x}));
    }
    case Known::Isnan:
    case Known::Isinf:
    case Known::Isfinite:
      return each([&](const Value& one) {
        llvm::Value* x = as_double(one);
        llvm::Value* infinity = llvm::ConstantFP::getInfinity(m_.f64);
        llvm::Value* magnitude = b.CreateUnaryIntrinsic(llvm::Intrinsic::fabs, x);
        llvm::Value* holds = known == Known::Isnan   ? b.CreateFCmpUNO(x, x)
                             : known == Known::Isinf ? b.CreateFCmpOEQ(magnitude, infinity)
                                                     : b.CreateFCmpOLT(magnitude, infinity);
        return from_parts(Type::of(kBool), {holds});
      });
    default:
      if (Known::MathUnaryFirst < known && known < Known::MathUnaryLast) {
        return each([&](const Value& x) { return math_unary(v, known, x); });
      }
      return boxed_instr(v);
  }
}

}  // namespace hasten::compile
