#include <algorithm>

#include <llvm/IR/DerivedTypes.h>
#include <llvm/IR/MDBuilder.h>

#include "compile/jit/link.h"
#include "compile/lower/body.h"
#include "compile/types/native_lists.h"
#include "runtime/native_list.h"

namespace hasten::compile {

ModuleContext::ModuleContext(llvm::Module& mod, Unit& u, UnitRecord& r, const runtime::ObjectLayout& l)
    : context(mod.getContext()), module(mod), unit(u), record(r), layout(l) {
  i1 = llvm::Type::getInt1Ty(context);
  i8 = llvm::Type::getInt8Ty(context);
  i32 = llvm::Type::getInt32Ty(context);
  i64 = llvm::Type::getInt64Ty(context);
  i128 = llvm::Type::getInt128Ty(context);
  f64 = llvm::Type::getDoubleTy(context);
  ptr = llvm::PointerType::get(context, 0);
  void_type = llvm::Type::getVoidTy(context);
  llvm::MDBuilder metadata(context);
  llvm::MDNode* root = metadata.createTBAARoot("CPython objects");
  const char* names[] = {"refcount", "type",       "size",     "items pointer", "item",
                         "number",   "slot",       "text",     "list size",     "list items",
                         "list int", "list float", "list row", "buffer item"};
  for (size_t k = 0; k < std::size(names); ++k) {
    llvm::MDNode* scalar = metadata.createTBAAScalarTypeNode(names[k], root);
    alias_tags_[k] = metadata.createTBAAStructTagNode(scalar, scalar, 0);
  }
  thing_ = llvm::StructType::create(context, "thing");
  unlikely_ = metadata.createBranchWeights(1, 2000);
}

void ModuleContext::append_layout(const Type& t, llvm::SmallVectorImpl<llvm::Type*>& parts) const {
  if (t.object) {
    parts.push_back(ptr);
    return;
  }
  if (t.is_union()) {
    parts.push_back(i8);
    for (const Type& one : t.alternatives()) append_layout(one, parts);
    return;
  }
  switch (t.kinds) {
    case kChar:
      parts.push_back(i32);
      break;
    case kBool:
      parts.push_back(i1);
      break;
    case kInt:
      parts.push_back(i64);
      break;
    case kWide:
      parts.push_back(t.is_unsigned_wide() ? i64 : i128);
      break;
    case kFloat:
      parts.push_back(f64);
      break;
    case kComplex:
      parts.append({f64, f64});
      break;
    case kList:
      parts.push_back(ptr);
      break;
    case kRange:
    case kRangeIter:
      parts.append({i64, i64, i64});
      break;
    case kListIter:
      parts.append({ptr, i64});
      break;
    case kTuple:
    case kZip:
    case kReversed:
    case kSlice:
    case kMethod:
      for (const Type& item : *t.items) append_layout(item, parts);
      break;
    case kTupleIter:
    case kEnumerate:
      for (const Type& item : *t.items) append_layout(item, parts);
      parts.push_back(i64);
      break;
    default:
      break;  // unbound, None, a known object: nothing to keep
  }
}

llvm::SmallVector<llvm::Type*, 4> ModuleContext::parts_of(const Type& t) const {
  llvm::SmallVector<llvm::Type*, 4> parts;
  append_layout(t, parts);
  return parts;
}

bool ModuleContext::has_layout(llvm::ArrayRef<llvm::Value*> parts, const Type& t) const {
  const auto types = parts_of(t);
  return std::equal(parts.begin(), parts.end(), types.begin(), types.end(),
                    [](const llvm::Value* part, const llvm::Type* type) { return part->getType() == type; });
}

llvm::Constant* ModuleContext::address(const void* object) {
  // Small ints are found by their value as well: LLVM takes things with names of their own for different ones.
  const auto first = reinterpret_cast<uintptr_t>(layout.small_ints), here = reinterpret_cast<uintptr_t>(object);
  const uintptr_t range =
      uintptr_t{layout.small_int_stride} * static_cast<uintptr_t>(layout.small_int_max - layout.small_int_min + 1);
  if (here > first && here < first + range)
    return llvm::ConstantExpr::getGetElementPtr(i8, slot({runtime::AddressKind::Object}, layout.small_ints),
                                                llvm::ConstantInt::get(i64, here - first));
  return slot({runtime::AddressKind::Object}, object);
}

llvm::DISubprogram* ModuleContext::subprogram(const mir::MirFunction& f, llvm::Function& function) {
  if (!debug)
    return nullptr;
  const auto* code = reinterpret_cast<PyCodeObject*>(PyFunction_GET_CODE(f.function));
  const auto text = [](PyObject* object) {
    const char* words = PyUnicode_AsUTF8(object);
    PyErr_Clear();
    return words ? words : "?";
  };
  llvm::DIFile* file = debug->createFile(text(code->co_filename), "");
  if (!debug_unit_)
    debug_unit_ = debug->createCompileUnit(llvm::dwarf::DW_LANG_Python, file, "hasten", true, "", 0);
  const auto line = static_cast<unsigned>(code->co_firstlineno);
  auto* type = debug->createSubroutineType(debug->getOrCreateTypeArray({}));
  auto* made = debug->createFunction(file, text(code->co_qualname), "", file, line, type, line, llvm::DINode::FlagZero,
                                     llvm::DISubprogram::SPFlagDefinition);
  function.setSubprogram(made);
  return made;
}

llvm::Constant* ModuleContext::slot(const runtime::AddressFacts& facts, const void* object) {
  llvm::GlobalVariable*& known = slots_[{facts.kind, facts.a, facts.b, object}];
  if (!known) {
    const uint32_t index = facts.kind == runtime::AddressKind::Object ? record.object_index(object)
                                                                      : static_cast<uint32_t>(record.addresses.size());
    if (index == record.addresses.size())
      record.addresses.push_back({facts, nullptr});
    known = new llvm::GlobalVariable(module, thing_, false, llvm::GlobalValue::ExternalLinkage, nullptr,
                                     kAddressPrefix + std::to_string(index));
  }
  return known;
}

uint32_t UnitRecord::mir_index(const mir::MirFunction* function) {
  const auto found = std::find(mirs.begin(), mirs.end(), function);
  if (found == mirs.end())
    return mirs.push_back(function), static_cast<uint32_t>(mirs.size() - 1);
  return static_cast<uint32_t>(found - mirs.begin());
}

uint32_t UnitRecord::object_index(const void* object) {
  const auto [known, is_new] = objects_.try_emplace(object, static_cast<uint32_t>(addresses.size()));
  if (is_new)
    addresses.push_back({{runtime::AddressKind::Object}, object});
  return known->second;
}

uint32_t UnitRecord::text_offset(const std::string& words) {
  if (words.empty())
    return 0;
  const auto [known, is_new] = texts_.try_emplace(words, static_cast<uint32_t>(text.size()));
  if (is_new)
    text.append(words.c_str(), words.size() + 1);
  return known->second;
}

llvm::FunctionCallee ModuleContext::helper(const char* name, llvm::Type* result, llvm::ArrayRef<llvm::Type*> parameters,
                                           Effects effects) {
  if (effects == Effects::Any && before_helper)
    before_helper(name);
  if (recorder)
    recorder->helper(name, effects == Effects::Pure || effects == Effects::Reads || effects == Effects::Own);
  llvm::FunctionCallee callee = module.getOrInsertFunction(name, llvm::FunctionType::get(result, parameters, false));
  auto* f = llvm::cast<llvm::Function>(callee.getCallee());
  if (!f->doesNotThrow()) {
    f->setDoesNotThrow();
    if (effects != Effects::Any)
      f->addFnAttr(llvm::Attribute::WillReturn);
    if (effects == Effects::Reads)
      f->setOnlyReadsMemory();
    if (effects == Effects::Pure)
      f->setDoesNotAccessMemory();
    if (effects == Effects::Allocates)
      f->setOnlyAccessesInaccessibleMemory();
    // LLVM must not take them for the C library's functions and rewrite them: pow(x, 2) is not always x * x.
    f->addFnAttr(llvm::Attribute::NoBuiltin);
  }
  return callee;
}

llvm::StructType* ModuleContext::result_struct(const Specialization& s) const {
  llvm::SmallVector<llvm::Type*, 4> fields{ptr};  // null: the value follows; 1: exception; else the boxed result
  append_layout(s.result, fields);
  return llvm::StructType::get(context, fields);
}

llvm::Function* ModuleContext::body_function(const Specialization& s) {
  if (llvm::Function* known = module.getFunction(s.symbol))
    return known;
  llvm::SmallVector<llvm::Type*, 8> parameters{i64, i64};
  for (const Type& t : s.parameters) append_layout(t, parameters);
  auto* f = llvm::Function::Create(llvm::FunctionType::get(result_struct(s), parameters, false),
                                   llvm::Function::ExternalLinkage, s.symbol, module);
  f->setVisibility(llvm::GlobalValue::HiddenVisibility);  // internal functions lose their names on the way
  f->setDoesNotThrow();
  const llvm::ConstantRange not_negative(llvm::APInt(64, 0), llvm::APInt::getSignedMinValue(64));
  unsigned first = 2;
  for (const Type& t : s.parameters) {
    if (t.only(kList) && is_native_list(t, unit.sites)) {
      f->addParamAttr(first, llvm::Attribute::NonNull);
      f->addParamAttr(first, llvm::Attribute::getWithAlignment(context, llvm::Align(alignof(runtime::NativeList))));
      f->addDereferenceableParamAttr(first, sizeof(runtime::NativeList));
    }
    if (t.only(kInt) && t.interval.low == 0)
      f->addParamAttr(first, llvm::Attribute::get(context, llvm::Attribute::Range, not_negative));
    first += static_cast<unsigned>(parts_of(t).size());
  }
  return f;
}

}  // namespace hasten::compile
