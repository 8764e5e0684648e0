// Text: exact str objects read in place, and single characters, which are code points here.
#include <algorithm>
#include <string_view>

#include "compile/lower/body.h"
#include "compile/types/transfer.h"

namespace hasten::compile {

using Effects = ModuleContext::Effects;
using Place = ModuleContext::Place;
using mir::CompareOp;
using mir::ValueId;
using runtime::DeoptReason;

namespace {

constexpr unsigned kCharactersMade = 256;  // of ObjectLayout::characters

/// The code point that the value is: a character, or a constant of one.
llvm::Value* as_char(BodyLowering& body, const Value& v) {
  if (v.type.only(kChar))
    return v.parts[0];
  if (v.type.only(kKnown) && PyUnicode_CheckExact(v.type.known) && PyUnicode_GET_LENGTH(v.type.known) == 1)
    return body.b.getInt32(PyUnicode_READ_CHAR(v.type.known, 0));
  return nullptr;
}

llvm::CmpInst::Predicate predicate(CompareOp op, bool is_signed) {
  switch (op) {
    case CompareOp::Lt:
      return is_signed ? llvm::CmpInst::ICMP_SLT : llvm::CmpInst::ICMP_ULT;
    case CompareOp::Le:
      return is_signed ? llvm::CmpInst::ICMP_SLE : llvm::CmpInst::ICMP_ULE;
    case CompareOp::Eq:
      return llvm::CmpInst::ICMP_EQ;
    case CompareOp::Ne:
      return llvm::CmpInst::ICMP_NE;
    case CompareOp::Gt:
      return is_signed ? llvm::CmpInst::ICMP_SGT : llvm::CmpInst::ICMP_UGT;
    default:
      return is_signed ? llvm::CmpInst::ICMP_SGE : llvm::CmpInst::ICMP_UGE;
  }
}

}  // namespace

/// Of a text: nothing changes it while somebody can see it.
llvm::Value* BodyLowering::load_fixed(llvm::Type* type, llvm::Value* at) {
  auto* loaded = b.CreateLoad(type, at);
  loaded->setMetadata(llvm::LLVMContext::MD_tbaa, m_.alias_tag(Place::Text));
  return loaded;
}

llvm::Value* BodyLowering::text_length(llvm::Value* text) {
  return load_fixed(m_.i64, b.CreateConstInBoundsGEP1_64(m_.i8, text, m_.layout.text_length));
}

/// REQUIRES: index is within the text.
llvm::Value* BodyLowering::text_char(llvm::Value* text, llvm::Value* index) {
  const runtime::ObjectLayout& l = m_.layout;
  llvm::BasicBlock *latin = new_block(""), *wide = new_block(""), *done = new_block("");
  llvm::Value* state = load_fixed(m_.i32, b.CreateConstInBoundsGEP1_64(m_.i8, text, l.text_state));
  llvm::Value* is_latin = b.CreateICmpEQ(b.CreateAnd(state, b.getInt32(l.text_latin_mask)), b.getInt32(l.text_latin));
  b.CreateCondBr(b.CreateNot(is_latin), wide, latin, m_.unlikely());
  b.SetInsertPoint(latin);
  llvm::Value* is_ascii = b.CreateICmpNE(b.CreateAnd(state, b.getInt32(l.text_ascii)), b.getInt32(0));
  llvm::Value* head = b.CreateSelect(is_ascii, b.getInt64(l.text_ascii_head), b.getInt64(l.text_latin_head));
  llvm::Value* near_char =
      b.CreateZExt(load_fixed(m_.i8, b.CreateInBoundsGEP(m_.i8, text, b.CreateAdd(head, index))), m_.i32);
  b.CreateBr(done);
  b.SetInsertPoint(wide);
  llvm::Value* far_char =
      b.CreateCall(m_.helper("hj_text_char", m_.i32, {m_.ptr, m_.i64}, Effects::Reads), {text, index});
  b.CreateBr(done);
  b.SetInsertPoint(done);
  auto* phi = b.CreatePHI(m_.i32, 2);
  phi->addIncoming(near_char, latin);
  phi->addIncoming(far_char, wide);
  return phi;
}

/// The str of the character; a new reference, unless it is a constant.
llvm::Value* BodyLowering::box_char(llvm::Value* c, bool* owned) {
  if (auto* constant = llvm::dyn_cast<llvm::ConstantInt>(c); constant && constant->getZExtValue() < kCharactersMade) {
    *owned = false;
    return m_.address(m_.layout.characters[constant->getZExtValue()]);
  }
  *owned = true;
  llvm::BasicBlock *made = new_block(""), *other = new_block(""), *done = new_block("");
  b.CreateCondBr(b.CreateICmpUGE(c, b.getInt32(kCharactersMade)), other, made, m_.unlikely());
  b.SetInsertPoint(made);
  llvm::Value* one =
      load_fixed(m_.ptr, b.CreateInBoundsGEP(m_.ptr, m_.address(m_.layout.characters), b.CreateZExt(c, m_.i64)));
  incref(one);
  llvm::BasicBlock* made_end = b.GetInsertBlock();
  b.CreateBr(done);
  b.SetInsertPoint(other);
  llvm::Value* fresh = b.CreateCall(m_.helper("hj_char", m_.ptr, {m_.i32}, Effects::Any), {c});
  b.CreateBr(done);
  b.SetInsertPoint(done);
  auto* phi = b.CreatePHI(m_.ptr, 2);
  phi->addIncoming(one, made_end);
  phi->addIncoming(fresh, other);
  return phi;
}

/// Reads a str of one character.
Value BodyLowering::unbox_char(llvm::Value* object, llvm::BasicBlock* fail) {
  go_if(b.CreateNot(type_is(object, m_.layout.text_type)), fail);
  go_if(b.CreateICmpNE(text_length(object), b.getInt64(1)), fail);
  return from_parts(Type::of(kChar), {text_char(object, b.getInt64(0))});
}

llvm::Value* BodyLowering::text_is_char(llvm::Value* text, llvm::Value* c) {
  llvm::BasicBlock *one = new_block(""), *done = new_block(""), *start = b.GetInsertBlock();
  b.CreateCondBr(b.CreateICmpEQ(text_length(text), b.getInt64(1)), one, done);
  b.SetInsertPoint(one);
  llvm::Value* same = b.CreateICmpEQ(text_char(text, b.getInt64(0)), c);
  llvm::BasicBlock* one_end = b.GetInsertBlock();
  b.CreateBr(done);
  b.SetInsertPoint(done);
  auto* phi = b.CreatePHI(m_.i1, 2);
  phi->addIncoming(b.getFalse(), start);
  phi->addIncoming(same, one_end);
  return phi;
}

llvm::Value* BodyLowering::texts_equal(llvm::Value* x, llvm::Value* y) {
  llvm::BasicBlock *differ = new_block(""), *read = new_block(""), *done = new_block(""), *start = b.GetInsertBlock();
  b.CreateCondBr(b.CreateICmpEQ(x, y), done, differ);
  b.SetInsertPoint(differ);
  b.CreateCondBr(b.CreateICmpEQ(text_length(x), text_length(y)), read, done);
  b.SetInsertPoint(read);
  llvm::Value* same = b.CreateICmpNE(
      b.CreateCall(m_.helper("hj_texts_equal", m_.i32, {m_.ptr, m_.ptr}, Effects::Reads), {x, y}), b.getInt32(0));
  b.CreateBr(done);
  b.SetInsertPoint(done);
  auto* phi = b.CreatePHI(m_.i1, 3);
  phi->addIncoming(b.getTrue(), start);
  phi->addIncoming(b.getFalse(), differ);
  phi->addIncoming(same, read);
  return phi;
}

/// Whether values of this type are numbers, None and exact texts only.
bool BodyLowering::compares_as_text(const Type& t) {
  if (t.object)
    return is_text(t);
  return t.within(kScalar | kChar | kKnown) && (!(t.kinds & kKnown) || PyUnicode_CheckExact(t.known));
}

/// Both are texts.
llvm::Value* BodyLowering::compare_texts(CompareOp op, const Value& a, const Value& c) {
  llvm::Value *x = as_char(*this, a), *y = as_char(*this, c);
  if (x && y)
    return b.CreateICmp(predicate(op, false), x, y);
  llvm::SmallVector<llvm::Value*, 4> temporaries;
  llvm::Value* result;
  if (op == CompareOp::Eq || op == CompareOp::Ne) {
    if (x || y) {
      const Value& text = x ? c : a;
      if (text.type.only(kKnown))  // not of one character
        result = b.getFalse();
      else
        result = text_is_char(text.parts[0], x ? x : y);
    } else {
      result = texts_equal(boxed_operand(a, temporaries), boxed_operand(c, temporaries));
    }
    return op == CompareOp::Eq ? result : b.CreateNot(result);
  }
  llvm::Value *left = boxed_operand(a, temporaries), *right = boxed_operand(c, temporaries);
  llvm::Value* order =
      b.CreateCall(m_.helper("hj_compare_texts", m_.i32, {m_.ptr, m_.ptr}, Effects::Reads), {left, right});
  for (llvm::Value* temporary : temporaries) decref(temporary, true);
  return b.CreateICmp(predicate(op, true), order, b.getInt32(0));
}

/// Texts with texts, or with numbers or None.
Value BodyLowering::compare_with_texts(ValueId v, CompareOp op, const Value& a, const Value& c) {
  const Type boolean = Type::of(kBool);
  return each_alternative(a, boolean, [&](const Value& x) {
    return each_alternative(c, boolean, [&](const Value& y) -> Value {
      if (x.type.only(kUnbound) || y.type.only(kUnbound))
        return leaves(v, DeoptReason::Generic);
      if (is_text(x.type) && is_text(y.type))
        return from_parts(boolean, {compare_texts(op, x, y)});
      if (!is_text(x.type) && !is_text(y.type)) {
        if (compare_type(op, x.type, y.type).never())
          return leaves(v, DeoptReason::Generic);
        return from_parts(boolean, {compare_one(v, op, x, y)});
      }
      if (op != CompareOp::Eq && op != CompareOp::Ne)
        return leaves(v, DeoptReason::Generic);
      return from_parts(boolean, {b.getInt1(op == CompareOp::Ne)});
    });
  });
}

/// Whether `c` is one of the characters below 128 whose bits are set; false for others.
llvm::Value* BodyLowering::in_ascii_set(llvm::Value* c, uint64_t low, uint64_t high) {
  llvm::Value* word = low == high
                          ? static_cast<llvm::Value*>(b.getInt64(low))
                          : b.CreateSelect(b.CreateICmpULT(c, b.getInt32(64)), b.getInt64(low), b.getInt64(high));
  if (planted_bug(Plant::CharSetWord))
    word = b.getInt64(low);
  llvm::Value* shift = b.CreateZExt(b.CreateAnd(c, b.getInt32(63)), m_.i64);
  llvm::Value* bit = b.CreateTrunc(b.CreateLShr(word, shift), m_.i1);
  return b.CreateAnd(b.CreateICmpULT(c, b.getInt32(128)), bit);
}

/// `item in text`, where that is seen at a glance; null: it is not.
llvm::Value* BodyLowering::char_in_text(const Value& item, const Value& container) {
  llvm::Value* c = as_char(*this, item);
  if (!c || !is_text(container.type))
    return nullptr;
  if (llvm::Value* other = as_char(*this, container))
    return b.CreateICmpEQ(c, other);
  if (!container.type.only(kKnown)) {
    llvm::Value* found =
        b.CreateCall(m_.helper("hj_text_has", m_.i32, {m_.ptr, m_.i32}, Effects::Reads), {container.parts[0], c});
    return b.CreateICmpNE(found, b.getInt32(0));
  }
  PyObject* text = container.type.known;
  uint64_t words[2] = {0, 0};
  llvm::Value* found = b.getFalse();
  for (Py_ssize_t k = 0; k < PyUnicode_GET_LENGTH(text); ++k) {
    const Py_UCS4 one = PyUnicode_READ_CHAR(text, k);
    if (one < 128)
      words[one / 64] |= uint64_t{1} << (one % 64);
    else
      found = b.CreateOr(found, b.CreateICmpEQ(c, b.getInt32(one)));
  }
  return b.CreateOr(found, in_ascii_set(c, words[0], words[1]));
}

/// `item in (a, b, c)`, the items being texts, whole numbers and None; null: it must be asked as Python asks.
llvm::Value* BodyLowering::in_items(ValueId v, const Value& item, const Value& container) {
  constexpr size_t kItemsMax = 8;
  const auto plain = [](const Type& t) {
    return compares_as_text(t) && !t.is_union() && !(t.kinds & (kFloat | kComplex | kUnbound));
  };
  if (!container.type.only(kTuple) || container.type.items->size() > kItemsMax || !plain(item.type) ||
      !std::all_of(container.type.items->begin(), container.type.items->end(), plain))
    return nullptr;
  llvm::Value* found = b.getFalse();
  llvm::SmallVector<Value, 4> items = items_of(container);
  llvm::BasicBlock* done = new_block("");
  llvm::SmallVector<llvm::BasicBlock*, 8> hits;
  for (const Value& one : items) {
    llvm::Value* same = compare_with_texts(v, CompareOp::Eq, item, one).parts[0];
    llvm::BasicBlock* next = new_block("");
    hits.push_back(b.GetInsertBlock());
    b.CreateCondBr(same, done, next);
    b.SetInsertPoint(next);
  }
  llvm::BasicBlock* last = b.GetInsertBlock();
  b.CreateBr(done);
  b.SetInsertPoint(done);
  auto* phi = b.CreatePHI(m_.i1, static_cast<unsigned>(hits.size() + 1));
  for (llvm::BasicBlock* hit : hits) phi->addIncoming(b.getTrue(), hit);
  phi->addIncoming(found, last);
  return phi;
}

/// isalpha and its like.
Value BodyLowering::char_test(const char* name, llvm::Value* c) {
  using Test = int (*)(Py_UCS4);
  struct Named {
    const char* name;
    Test test;
  };
  static constexpr Named kTests[] = {
      {"isalpha", [](Py_UCS4 x) -> int { return Py_UNICODE_ISALPHA(x); }},
      {"isdigit", [](Py_UCS4 x) -> int { return Py_UNICODE_ISDIGIT(x); }},
      {"isalnum", [](Py_UCS4 x) -> int { return Py_UNICODE_ISALNUM(x); }},
      {"isspace", [](Py_UCS4 x) -> int { return Py_UNICODE_ISSPACE(x); }},
      {"isupper", [](Py_UCS4 x) -> int { return Py_UNICODE_ISUPPER(x); }},
      {"islower", [](Py_UCS4 x) -> int { return Py_UNICODE_ISLOWER(x); }},
      {"isdecimal", [](Py_UCS4 x) -> int { return Py_UNICODE_ISDECIMAL(x); }},
      {"isnumeric", [](Py_UCS4 x) -> int { return Py_UNICODE_ISNUMERIC(x); }},
  };
  const auto* found = std::find_if(std::begin(kTests), std::end(kTests),
                                   [&](const Named& n) { return std::string_view(n.name) == name; });
  uint64_t words[2] = {0, 0};
  for (Py_UCS4 x = 0; x < 128; ++x) {
    if (found->test(x))
      words[x / 64] |= uint64_t{1} << (x % 64);
  }
  llvm::BasicBlock *wide = new_block(""), *done = new_block("");
  llvm::Value* holds = in_ascii_set(c, words[0], words[1]);
  llvm::BasicBlock* start = b.GetInsertBlock();
  b.CreateCondBr(b.CreateICmpUGE(c, b.getInt32(128)), wide, done, m_.unlikely());
  b.SetInsertPoint(wide);
  auto* asked =
      b.CreateCall(m_.helper((std::string("hj_") + name).c_str(), m_.i32, {m_.i32}, ModuleContext::Effects::Pure), {c});
  llvm::Value* answer = b.CreateICmpNE(asked, b.getInt32(0));
  b.CreateBr(done);
  b.SetInsertPoint(done);
  auto* phi = b.CreatePHI(m_.i1, 2);
  phi->addIncoming(holds, start);
  phi->addIncoming(answer, wide);
  return from_parts(Type::of(kBool), {phi});
}

/// lower and upper; leaves where that is more than one character.
Value BodyLowering::char_case(ValueId v, bool upper, llvm::Value* c) {
  llvm::BasicBlock *wide = new_block(""), *done = new_block("");
  const unsigned first = upper ? 'a' : 'A';
  llvm::Value* changes =
      b.CreateICmpULT(b.CreateSub(c, b.getInt32(first)), b.getInt32(planted_bug(Plant::CharCaseEdge) ? 27 : 26));
  llvm::Value* changed = b.CreateSelect(changes, b.CreateXor(c, b.getInt32(0x20)), c);
  llvm::BasicBlock* start = b.GetInsertBlock();
  b.CreateCondBr(b.CreateICmpUGE(c, b.getInt32(128)), wide, done, m_.unlikely());
  b.SetInsertPoint(wide);
  llvm::Value* other =
      b.CreateCall(m_.helper("hj_char_case", m_.i32, {m_.i32, m_.i32}, Effects::Any), {c, b.getInt32(upper)});
  go_if(b.CreateICmpSLT(other, b.getInt32(0)), leave_before(v, DeoptReason::Generic));
  llvm::BasicBlock* wide_end = b.GetInsertBlock();
  b.CreateBr(done);
  b.SetInsertPoint(done);
  auto* phi = b.CreatePHI(m_.i32, 2);
  phi->addIncoming(changed, start);
  phi->addIncoming(other, wide_end);
  return from_parts(Type::of(kChar), {phi});
}

}  // namespace hasten::compile
