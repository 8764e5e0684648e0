// Lowering of one specialization to one LLVM function.
//
// A MIR value becomes a handful of LLVM values, its parts (layout() below): an int is an i64, a float a double, a
// union a tag and the parts of its alternatives, a tuple the parts of its items, an object a pointer.
//
// Three rules keep it simple and exact:
//  - Whatever is rare leaves: the live values are stored to slots, and the MIR interpreter goes on, before the
//    instruction (it then also raises whatever Python raises there) or after it with a result of an unforeseen type.
//  - A value that has references owns them, from its definition to its last use, on every path; parameters,
//    constants and short-lived list rows are borrowed. The exits drop what is owned, by table.
//  - Nothing about a list is remembered across instructions: LLVM hoists what it can prove.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include <llvm/ADT/SmallVector.h>
#include <llvm/IR/DIBuilder.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/Module.h>

#include "compile/lower/image.h"
#include "compile/lower/site_recorder.h"
#include "compile/types/buffers.h"
#include "compile/types/infer.h"
#include "runtime/planted.h"

namespace hasten::compile {

/// Whether the StoreCell `v` puts a number where a number is: it then runs nobody's code.
bool stores_plain_cell(Unit& unit, Specialization& s, mir::ValueId v);

/// A MIR value in native code.
struct Value {
  Type type;
  llvm::SmallVector<llvm::Value*, 4> parts;
  PyObject* constant = nullptr;        ///< the object it is, if it is one fixed object
  mir::ValueId deferred = mir::kNone;  ///< what it is of where it is put off (types/deferred.h): not the number itself
  llvm::AllocaInst* twin = nullptr;    ///< where the object is kept that has been made of it; null there: none yet

  bool is_union() const { return type.is_union(); }
};

/// What every body of a module shares: types, helpers, the runtime's symbols.
class ModuleContext {
 public:
  ModuleContext(llvm::Module& m, Unit& u, UnitRecord& r, const runtime::ObjectLayout& l);

  llvm::LLVMContext& context;
  llvm::Module& module;
  Unit& unit;
  UnitRecord& record;
  const runtime::ObjectLayout& layout;
  llvm::Type *i1, *i8, *i32, *i64, *i128, *f64, *ptr, *void_type;
  std::string defect;                      ///< why the module must not be used, if it must not
  std::unique_ptr<llvm::DIBuilder> debug;  ///< where lines are wanted
  /// The function of the source that `f` is, with which `function` starts; null where no lines are wanted.
  llvm::DISubprogram* subprogram(const mir::MirFunction& f, llvm::Function& function);
  const uint64_t* (*dict_version)(PyObject* dict) = nullptr;  ///< see RuntimeTable
  SiteRecorder* recorder = nullptr;                           ///< of the body that is being lowered
  std::function<void(const char* name)> before_helper;  ///< told of each helper that may do anything, before its call
  const runtime::FrameShape* (*frame_shape)(const mir::MirFunction* function) = nullptr;  ///< likewise
  const runtime::FramePlace* (*frame_place)(const mir::MirFunction* function, uint32_t instr) = nullptr;

  /// Where in an object a load or store goes: different places never alias.
  enum class Place {
    Refcount,
    TypePointer,
    Size,
    ItemsPointer,
    Item,
    Number,
    Slot,
    Text,
    // Of native lists alone.
    ListSize,
    ListItems,
    ListInt,
    ListFloat,
    ListRow,
    // Of a bytearray, an array, a memoryview.
    BufferItem
  };
  /// Tells LLVM that what native code keeps in lists of its own is changed by its own functions alone.
  void separate_native_lists();
  llvm::MDNode* alias_tag(Place place) const { return alias_tags_[static_cast<size_t>(place)]; }
  llvm::MDNode* unlikely() const { return unlikely_; }  ///< for a branch that is taken rarely

  void append_layout(const Type& t, llvm::SmallVectorImpl<llvm::Type*>& parts) const;
  llvm::SmallVector<llvm::Type*, 4> parts_of(const Type& t) const;
  bool has_layout(llvm::ArrayRef<llvm::Value*> parts, const Type& t) const;
  /// What the code names by address lies in slots that the runtime fills: a Python object, a type, or another thing that is
  /// in this process before the unit and after it.
  llvm::Constant* address(const void* object);
  llvm::Constant* unit_address() { return slot({runtime::AddressKind::Unit}); }
  llvm::Constant* body_address(const BodyRecord& body) { return slot({runtime::AddressKind::Body, body.index}); }
  llvm::Constant* mir_address(const mir::MirFunction& f) {
    return slot({runtime::AddressKind::Mir, record.mir_index(&f)});
  }
  llvm::Constant* code_address(const mir::MirFunction& f) {
    return slot({runtime::AddressKind::Code, record.mir_index(&f)});
  }
  /// Where calls through CPython at `v` of `f` are counted...
  llvm::Constant* call_site(const mir::MirFunction& f, mir::ValueId v) {
    return slot({runtime::AddressKind::CallSite, record.mir_index(&f), v});
  }
  /// ...and those of which nobody takes the time.
  llvm::Constant* uncounted(const mir::MirFunction& f, mir::ValueId v) {
    return slot({runtime::AddressKind::Uncounted, record.mir_index(&f), v});
  }
  llvm::Constant* data_address(uint32_t offset) { return slot({runtime::AddressKind::Data, offset}); }
  /// The version tag of a dict that the guard looks at.
  llvm::Constant* dict_count(uint32_t guard, uint32_t which) {
    return slot({runtime::AddressKind::DictCount, guard, which});
  }
  /// An external helper. `effects`: Pure (no memory), Reads (changes none), Allocates (only memory nobody sees), Own (changes
  /// what is native code's own), Any.
  enum class Effects { Pure, Reads, Allocates, Own, Any };
  llvm::FunctionCallee helper(const char* name, llvm::Type* result, llvm::ArrayRef<llvm::Type*> parameters,
                              Effects effects);
  llvm::Function* body_function(const Specialization& s);
  llvm::StructType* result_struct(const Specialization& s) const;

 private:
  llvm::DICompileUnit* debug_unit_ = nullptr;
  llvm::Constant* slot(const runtime::AddressFacts& facts, const void* object = nullptr);

  std::map<std::tuple<runtime::AddressKind, uint32_t, uint32_t, const void*>, llvm::GlobalVariable*> slots_;
  llvm::StructType* thing_;  ///< of unknown size: whatever lies at an address
  llvm::MDNode* alias_tags_[14];
  llvm::MDNode* unlikely_;
};

class BodyLowering {
 public:
  BodyLowering(ModuleContext& module, Specialization& s, BodyRecord& record);
  /// Emits the body, result_struct(s) body(i64 calls left, i64 lowest stack address, parameter parts...).
  void lower();

  /// Emits PyObject* entry(NativeVersion*, PyObject* const* args): guards, unboxing, the body, boxing of its result.
  void lower_entry(const char* symbol);

  // values.cc. Also used by the entry (entry.cc), on values that no MIR instruction defines.
  Value from_parts(const Type& t, llvm::ArrayRef<llvm::Value*> parts) const;
  Value poison(const Type& t) const;
  /// The compiler contradicts itself: the module is refused.
  Value mistyped(const Value& v, const Type& to);
  /// The items of a value of one kind that has them.
  llvm::SmallVector<Value, 4> items_of(const Value& v) const;
  /// The same with other items, as `to`.
  Value with_items(const Value& v, const Type& to, llvm::ArrayRef<Value> items) const;
  Value constant_value(PyObject* object);
  /// The same value in a wider (or equal) type; neither boxes nor copies references. REQUIRES: !must_box(v.type, to).
  Value widen_to(const Value& v, const Type& to);
  /// One alternative, or a sub-union, of a value that is known to be in it.
  Value narrow_to(const Value& v, const Type& to);
  /// In type `to` with references of its own; boxes what is an object in `to`, itself or its items.
  Value own_as(const Value& v, const Type& to);
  /// A pointer to an object; `*owned` tells whether it is a new reference. REQUIRES: not unbound.
  llvm::Value* box(const Value& v, bool* owned);
  llvm::Value* box_owned(const Value& v);
  /// Reads `object` as `t`; goes to `fail` if it is of another type. References are borrowed from `object`.
  Value unbox(llvm::Value* object, const Type& t, llvm::BasicBlock* fail);
  void expect_class(llvm::Value* object, const Type& t, llvm::BasicBlock* fail);
  void retain(const Value& v) {
    for_references(v, [&](llvm::Value* p, bool maybe_null, bool) { incref(p, maybe_null); });
  }
  void release(const Value& v) {
    for_references(v, [&](llvm::Value* p, bool maybe_null, bool native) { decref(p, maybe_null, native); });
  }
  void incref(llvm::Value* object, bool maybe_null = false);
  void decref(llvm::Value* object, bool maybe_null = false, bool is_native_list = false);
  /// f(pointer, whether it may be null, whether it is a native list)
  void for_references(const Value& v, const std::function<void(llvm::Value*, bool, bool)>& f);
  static bool has_references(const Type& t);
  /// f for each alternative of v in a block of its own, joined as `result`.
  Value each_alternative(const Value& v, const Type& result, const std::function<Value(const Value&)>& f);
  Value choose(llvm::Value* condition, const Type& result, const std::function<Value()>& if_true,
               const std::function<Value()>& if_false, bool false_is_unlikely);
  /// Both of one type, which it keeps.
  Value select(llvm::Value* condition, const Value& if_true, const Value& if_false);
  llvm::Value* as_int(const Value& v);
  llvm::Value* as_double(const Value& v);
  // wide.cc
  llvm::ConstantInt* wide_constant(Wide value) const;
  llvm::Value* as_wide(const Value& v);                 ///< of an int or bool of one kind
  llvm::Value* lower_half(const Value& v);              ///< its lower 64 bits
  Value whole_value(const Type& t, llvm::Value* wide);  ///< the part that `t` (Type::whole) has of an i128
  Value whole_as(const Value& v, const Type& to);       ///< another of the forms of the same int
  llvm::Value* box_wide(const Value& v);
  llvm::Value* box_deferred(mir::ValueId v);
  Value unbox_wide(llvm::Value* object, const Type& t, llvm::BasicBlock* fail);
  llvm::Value* truth(const Value& v);  ///< of one alternative, native kinds only
  llvm::Value* has_kind(const Value& v, Kinds kind);

  // text.cc
  llvm::Value* load_fixed(llvm::Type* type, llvm::Value* at);
  llvm::Value* text_length(llvm::Value* text);
  llvm::Value* text_char(llvm::Value* text, llvm::Value* index);
  llvm::Value* box_char(llvm::Value* c, bool* owned);
  Value unbox_char(llvm::Value* object, llvm::BasicBlock* fail);

  llvm::BasicBlock* new_block(const char* name) { return llvm::BasicBlock::Create(m_.context, name, function_); }
  void go_if(llvm::Value* condition, llvm::BasicBlock* unlikely_target);
  llvm::Value* load(llvm::Type* type, llvm::Value* base, uint32_t offset, ModuleContext::Place place);
  void store(llvm::Value* value, llvm::Value* base, uint32_t offset, ModuleContext::Place place);
  llvm::Value* type_is(llvm::Value* object, PyObject* type);

  llvm::IRBuilder<> b;
  llvm::Function* function_ = nullptr;
  ModuleContext& m_;

 private:
  using ValueId = mir::ValueId;
  using BlockId = mir::BlockId;

  // body.cc
  void open_function();
  void prepare_values();
  void lower_block(BlockId block);
  void find_loops();
  void lower_instr(ValueId v);
  void lower_terminator(ValueId v);
  void lower_edge(BlockId from, size_t succ_index);
  /// `phi` gets `value` on the edge that is being emitted.
  void arrive(ValueId phi, const Value& value);
  void enter_osr();
  void define(ValueId v, Value value);
  Value get(ValueId v);
  Value use(ValueId v, size_t arg);
  Type type_of_arg(ValueId v, size_t arg) const { return s_.type_at(s_.view.args(v)[arg], instr(v).block); }
  bool owns(ValueId v);
  bool borrowable(ValueId v);
  bool outlives(ValueId v, ValueId last);
  bool is_used_after(ValueId v, ValueId at);
  void compute_live(BlockId block);
  bool live_after(ValueId at, ValueId v) const;
  void release_dead(ValueId v);
  const mir::Instr& instr(ValueId v) const { return s_.view.instr(v); }

  // exits.cc
  llvm::BasicBlock* leave_before(ValueId v, runtime::DeoptReason reason);
  /// `owned`: the exit drops our reference to `result`.
  void leave_after(ValueId v, llvm::Value* result, runtime::DeoptReason reason, bool owned);
  /// An exception passes through; its traceback has our entry already, or (traced_raise) gets it here.
  llvm::BasicBlock* raise_at(ValueId v);
  /// Where `v` goes that is about to raise: where a handler waits for it, it is done on boxed operands there and then.
  llvm::BasicBlock* fails_at(ValueId v);
  llvm::BasicBlock* raise_to_handler(ValueId v, BlockId handler);
  void raise_natively(ValueId v);
  BlockId handler_of(ValueId v) const { return s_.view.block(instr(v).block).handler; }
  llvm::BasicBlock* traced_raise(ValueId v);
  void finish_exits();
  /// Where an instruction leaves: `block` is where the live values begin to be stored. Why, and with which result, has been.
  struct Exit {
    llvm::BasicBlock* block = nullptr;
    uint32_t live_begin = 0, live_count = 0, owned_index = 0;
    std::map<std::pair<bool, int>, uint32_t> points;  ///< (after, reason) -> index
    std::map<int, llvm::BasicBlock*> ways;            ///< reason, or -1 or -2 for an exception -> block that goes there
  };
  /// What exits have in common they share: a block stores one value and goes on to that of the value before it, in one order
  /// for all exits. The first one calls the runtime.
  struct StoredValue {
    llvm::BasicBlock* block = nullptr;
    uint16_t slots_used = 0;  ///< by it and those before it
    std::vector<runtime::LiveValue> live;
    std::vector<uint16_t> owned_slots;
    std::map<std::pair<ValueId, bool>, size_t>
        next;  ///< (value, whether it is defined) -> which one stores it after this one
  };
  void make_last_exit();
  size_t store_after(size_t before, ValueId v, bool* plant);
  std::vector<ValueId> in_storing_order(std::vector<ValueId> values);
  Exit& exit_of(ValueId v);
  uint32_t point_of(Exit& exit, ValueId v, bool after, runtime::DeoptReason reason);
  void go_out(Exit& exit, uint32_t selector, llvm::Value* result);
  void go_out(Exit& exit, llvm::Value* selector, llvm::Value* result);
  llvm::BasicBlock* raise_out(ValueId v, bool traced);
  llvm::BasicBlock* leave_or_raise(ValueId v, llvm::Value* raises);
  Value never_returns(ValueId v) {  ///< after an exit without condition: code that nobody reaches
    b.SetInsertPoint(new_block("dead"));
    return poison(s_.types[v]);
  }
  Value leaves(ValueId v, runtime::DeoptReason reason) {
    b.CreateBr(leave_before(v, reason));
    return never_returns(v);
  }

  // arith.cc, compare.cc
  Value lower_unary(ValueId v);
  Value lower_binary(ValueId v, mir::BinaryOp op, const Value& a, const Value& c);
  Value binary_one(ValueId v, mir::BinaryOp op, const Value& a, const Value& c);
  Value int_binary(ValueId v, mir::BinaryOp op, const Value& a, const Value& c);
  llvm::Value* unsigned_division(ValueId v, bool floor, llvm::Value* l, llvm::Value* r);
  llvm::Value* signed_division(mir::ValueId v, bool floor, llvm::Value* l, llvm::Value* r, Interval x, Interval y);
  Value float_binary(ValueId v, mir::BinaryOp op, llvm::Value* a, llvm::Value* c);
  llvm::Value* root(ValueId v, llvm::Value* x);
  bool comes_from_itself(ValueId v) const;
  Value complex_quotient(ValueId v, llvm::Value* ar, llvm::Value* ai, llvm::Value* cr, llvm::Value* ci);
  Value complex_binary(ValueId v, mir::BinaryOp op, const Value& a, const Value& c);
  llvm::Value* little_multiple(ValueId v, llvm::Value* number, Interval times);
  llvm::Value* checked(ValueId v, llvm::Intrinsic::ID id, llvm::Value* a, llvm::Value* c);

  // powers.cc
  Value float_pow(ValueId v, llvm::Value* a, llvm::Value* c);
  Value called_pow(ValueId v, llvm::Value* a, llvm::Value* c);
  struct SurePower {
    llvm::Value* value;
    llvm::Value* is_same;  ///< whether pow() is sure to give it
    llvm::Value* of_zero;  ///< what it is of a zero, of which it is not sure
  };
  std::optional<SurePower> power_by_products(llvm::Value* a, llvm::Value* c);

  // wide.cc
  Value wide_binary(ValueId v, mir::BinaryOp op, const Value& a, const Value& c);
  Value wide_unary(ValueId v, mir::UnaryOp op, const Value& a);
  Value lower_bits(ValueId v, mir::BinaryOp op, llvm::Value* l, llvm::Value* r);
  Value wide_division(ValueId v, mir::BinaryOp op, const Value& a, const Value& c);
  Value wide_shift_left(ValueId v, const Value& a, const Value& c);
  Value product_modulo(ValueId v, ValueId product, const Value& divisor);
  bool is_deferred(ValueId v, Deferral how) const {
    const auto found = s_.deferred.find(v);
    return found != s_.deferred.end() && found->second == how;
  }

  Value lower_sum(ValueId v);
  llvm::Value* carried(llvm::Value* carry, llvm::Value* x, llvm::Value* y, llvm::Value* sum);
  llvm::Value* with_carry(llvm::Value* total, llvm::Value* carry);
  Value sum_of_items(ValueId v, llvm::ArrayRef<Value> items);
  Value truth_of_items(bool any, llvm::ArrayRef<Value> items);
  Value packed(llvm::ArrayRef<Value> items);
  Value lower_compare(ValueId v);
  Value contains(ValueId v, bool wanted, const Value& item, const Value& container);
  llvm::Value* compare_one(ValueId v, mir::CompareOp op, const Value& a, const Value& c);
  llvm::Value* compare_int_float(mir::CompareOp op, llvm::Value* i, Interval interval, llvm::Value* f);
  llvm::Value* same_object(const Value& a, const Value& c);
  bool fuse_abs(ValueId compare, Value& result);
  bool abs_is_fused(ValueId call);
  bool may_wait(ValueId call);
  Value magnitude(ValueId call);
  llvm::Value* hypot(const Value& z);
  llvm::Value* overflows(const Value& z, llvm::Value* magnitude);

  // objects.cc
  /// The operand, as the number that it is taken for where that is a guess.
  Value number_operand(ValueId v, size_t arg);
  /// An instruction that one C function does. *done: whether this is one.
  Value direct_instr(ValueId v, llvm::ArrayRef<Value> operands, bool* done);
  llvm::Value* checked_object(ValueId v, llvm::Value* object);
  Value concatenate(ValueId v, const Value& left, const Value& right);
  Value object_truth(ValueId v, const Value& operand, bool negated);
  bool dies_in(ValueId v, size_t arg);
  llvm::Value* execute_call(ValueId v, llvm::ArrayRef<llvm::Value*> objects);
  /// The instruction as the interpreter does it, on boxed operands; the result is checked to be of the inferred type.
  Value boxed_instr(ValueId v) { return boxed_instr(v, all_uses(v)); }
  Value boxed_instr(ValueId v, llvm::ArrayRef<Value> operands);
  llvm::SmallVector<Value, 4> all_uses(ValueId v);
  /// An attribute that is only called: found but not bound (LOAD_METHOD).
  Value load_method(ValueId v, const Value& base);
  /// A call of an object, `operands` from the callee on.
  Value object_call(ValueId v, llvm::ArrayRef<Value> operands);
  /// The operand as an object; if that is a new reference, it is to be dropped after the use.
  llvm::Value* boxed_operand(const Value& operand, llvm::SmallVectorImpl<llvm::Value*>& temporaries);
  /// `object` (a new reference) as the inferred type of v; leaves with it if it is of another type.
  Value boxed_result(ValueId v, llvm::Value* object);
  llvm::Value* array_of(llvm::ArrayRef<llvm::Value*> objects);
  /// {its result or null, 1 if it worked}
  llvm::Value* execute_boxed(ValueId v, llvm::ArrayRef<Value> operands);
  Value lower_get_item(ValueId v);
  void overwrite_int(llvm::Value* object, llvm::Value* value, llvm::BasicBlock* otherwise);
  void lower_set_item(ValueId v);
  /// `dropped`: a new object that nobody gets if the index is out of range, or null.
  llvm::Value* checked_index(ValueId v, llvm::Value* list, const Value& key, llvm::Value* dropped = nullptr);
  llvm::Value* checked_index_in(ValueId v, llvm::Value* size, const Value& key, llvm::Value* dropped = nullptr);
  llvm::Value* ends_quietly(llvm::Value* object);
  llvm::Value* guards_have_changed();
  void drop_replaced(ValueId v, llvm::Value* old);
  void list_append(ValueId v, const Value& list, const Value& item);
  Value lower_unpack(ValueId v);
  const Guard& check_guard(ValueId v);
  uint32_t counted_dicts(const Guard& guard) const;
  Value lower_global(ValueId v);
  Value lower_truth(ValueId v);
  llvm::Value* list_size(llvm::Value* list);
  llvm::Value* bounded_size(llvm::Value* size);
  llvm::Value* list_items(llvm::Value* list);

  // text.cc
  llvm::Value* text_is_char(llvm::Value* text, llvm::Value* c);
  llvm::Value* texts_equal(llvm::Value* x, llvm::Value* y);
  static bool compares_as_text(const Type& t);
  llvm::Value* compare_texts(mir::CompareOp op, const Value& a, const Value& c);
  Value compare_with_texts(ValueId v, mir::CompareOp op, const Value& a, const Value& c);
  llvm::Value* in_ascii_set(llvm::Value* c, uint64_t low, uint64_t high);
  llvm::Value* char_in_text(const Value& item, const Value& container);
  llvm::Value* in_items(ValueId v, const Value& item, const Value& container);
  Value char_test(const char* name, llvm::Value* c);
  Value char_case(ValueId v, bool upper, llvm::Value* c);

  // buffers.cc
  /// Goes to `fail` if the items of the object, which is of the type's class, are not of the type's format.
  void expect_item_code(llvm::Value* object, const Type& t, llvm::BasicBlock* fail);
  llvm::Value* buffer_size(ValueId v, const Value& buffer);  ///< leaves if it is a memoryview that was released
  llvm::Value* buffer_items(const Value& buffer);            ///< where they lie
  Value load_number(const ItemFormat& format, llvm::Value* items, llvm::Value* index);
  Value buffer_item(ValueId v, const Value& buffer, const Value& key);
  /// The item as it lies in memory; leaves where it does not fit. Null: it is of a type that CPython has to look at.
  llvm::Value* stored_number(ValueId v, const ItemFormat& format, const Value& item);
  /// False: the item is of such a type.
  bool set_buffer_item(ValueId v, const Value& buffer, const Value& key, const Value& item);
  bool append_to_buffer(ValueId v, const Method& method, const Value& buffer, const Value& item);

  // containers.cc
  /// How much is in it, by a load; null: its class is not known.
  llvm::Value* size_of(const Value& v);
  /// The object that an object or a constant is, borrowed.
  llvm::Value* pointer_of(const Value& v) { return v.type.object ? v.parts[0] : m_.address(v.type.known); }
  bool indexes_in_place(const Type& container, const Type& key) const;
  Value item_in_place(ValueId v, const Value& container, const Value& key);
  /// The bounds of a slice of step 1 in a sequence of `size`; false: it is another slice.
  bool slice_bounds(const Value& slice, llvm::Value* size, llvm::Value** low, llvm::Value** high);
  Value borrowed_result(ValueId v, llvm::Value* object);
  Value next_object(ValueId v);
  Value next_dict_item(ValueId v, llvm::Value* iterator);
  Value unpack_object(ValueId v, llvm::Value* tuple);
  Value list_pop(ValueId v, llvm::Value* list);

  // tables.cc
  std::string pass_key(const char* name, const Value& key, llvm::SmallVectorImpl<llvm::Value*>& args,
                       llvm::SmallVectorImpl<llvm::Value*>& temporaries, bool puts_in = false);
  llvm::Value* call_table(const std::string& helper, llvm::Type* result, llvm::ArrayRef<llvm::Value*> args);
  llvm::Value* find_in_dict(ValueId v, const Value& dict, const Value& key, llvm::Value** status,
                            bool subscripts = false);
  Value dict_item(ValueId v, const Value& dict, const Value& key);
  Value dict_get(ValueId v, const Value& dict, const Value& key, const Value& otherwise);
  void set_dict_item(ValueId v, const Value& dict, const Value& key, const Value& item);
  bool is_empty_default(ValueId v);
  Value set_default(ValueId v, const Value& dict, const Value& key, ValueId otherwise);
  void add_to_set(ValueId v, const Value& set, const Value& item);
  llvm::Value* in_table(ValueId v, const Value& item, const Value& container);

  // formatting.cc
  Value lower_format(ValueId v);
  Value text_of_int(ValueId v, const char* helper, const Value& value);
  Value number_of_text(ValueId v, const Value& text);
  bool stride_bounds(const Value& slice, llvm::SmallVectorImpl<llvm::Value*>& bounds);

  // methods.cc
  bool is_joined_at_once(ValueId v);
  Value join_sorted(ValueId v, const CallPlan& plan, const Value& receiver, const Value& sorted);
  Value method_call(ValueId v, const CallPlan& plan, llvm::ArrayRef<Value> operands);
  llvm::Value* call_method(ValueId v, const Method& method, const Value& receiver, llvm::ArrayRef<Value> args);

  // twins.cc
  void prepare_twins();
  int object_uses(ValueId v);
  void drop_twin(ValueId v);
  llvm::Value* box_by_twin(const Value& v);

  // frames.cc
  void enter_frame();
  void leave_frame();
  void show_position(ValueId v);
  void before_helper(const char* name);
  llvm::Value* at_offset(uint32_t level, uint32_t offset);
  void stand_within(const runtime::FramePlace* place);
  void stand_at_instr(ValueId v);
  const runtime::FramePlace* place_at_start(BlockId block) const;

  // polls.cc
  void prepare_polls();
  void poll(BlockId header);
  void poll_call(ValueId v);
  void poll_now(ValueId at);

  // held.cc
  bool dies_quietly(const Type& t) const;
  bool needs_slot(ValueId hold);
  bool is_kept_otherwise(ValueId v);
  void prepare_held();
  void lower_hold(ValueId v);
  void let_text_go(ValueId v, llvm::Value* text);
  void release_held();

  // cells.cc
  llvm::Value* cell_of(ValueId v);
  Value lower_free_cell(ValueId v);
  Value checked_content(ValueId v, llvm::Value* item);
  Value lower_load_cell(ValueId v);
  Value lower_changing_global(ValueId v);
  void lower_store_cell(ValueId v);
  void lower_store_global(ValueId v);

  // native_lists.cc
  bool is_native(const Type& t) const;  ///< a list, or an iterator over one, that native code keeps for itself
  const Type& item_of(const Type& list);
  uint64_t item_bytes(const Type& item) const;
  llvm::Value* native_size(llvm::Value* list);
  llvm::Value* native_items(llvm::Value* list);
  llvm::Value* item_place(const Type& item, llvm::Value* items, llvm::Value* index);
  void is_there(llvm::LoadInst* list);
  Value load_item(const Type& item, llvm::Value* place);
  void store_item(const Value& value, llvm::Value* place);
  llvm::Value* call_native(const char* name, llvm::Type* result, llvm::ArrayRef<llvm::Value*> args);
  llvm::Value* call_maker(const char* name, llvm::ArrayRef<llvm::Value*> args);
  llvm::Value* made_native(ValueId v, llvm::Value* list);
  llvm::Value* new_native_list(ValueId v, const Type& list, llvm::Value* size);
  bool have_one_shape(const Type& a, const Type& c);
  void repeat(llvm::Value* count, const std::function<void(llvm::Value*)>& body);
  void copy_items(const Type& from, llvm::Value* from_items, llvm::Value* first, llvm::Value* count, const Type& to,
                  llvm::Value* to_items, llvm::Value* at);
  llvm::Value* native_part(ValueId v, const Value& list, llvm::Value* low, llvm::Value* high, const Type& to);
  Value native_build(ValueId v, llvm::ArrayRef<Value> items);
  Value native_get_item(ValueId v, const Value& list, const Value& key);
  void native_set_item(ValueId v, const Value& list, const Value& key, const Value& value);
  void native_delete_item(ValueId v, const Value& list, const Value& key);
  void native_grow(ValueId v, llvm::Value* list, llvm::Value* more);
  void native_append(ValueId v, const Value& list, const Value& value);
  void native_extend(ValueId v, const Value& list, const Value& by);
  std::optional<Value> native_binary(ValueId v, mir::BinaryOp op, const Value& a, const Value& c);
  Value native_unpack(ValueId v, const Value& list);
  Value taken_item(ValueId v, const Type& item, llvm::Value* place);
  Value native_method(ValueId v, PyObject* method, const Value& list, llvm::ArrayRef<Value> args);
  Value native_call_of_list(ValueId v, Known known, const Value& list);
  Value native_range(ValueId v, const Value& range);
  bool has_native_operand(ValueId v) const;

  // iterate.cc
  Value lower_get_iter(ValueId v);
  Value lower_iter_next(ValueId v);
  Value as_predicted(const Value& item, const Type& to, llvm::BasicBlock* surprise);
  Value make_iterator(ValueId v, const Value& iterable, const Type& to);
  Value native_reversed(ValueId v, const Value& iterator);
  Value native_backwards(ValueId v, const Value& list, llvm::Value* count);
  Value make_reversed(ValueId v, const Value& sequence, const Type& to);
  llvm::Value* walked_size(const Type& iterator, llvm::Value* walked);
  Value walked_item(const Type& iterator, llvm::Value* walked, llvm::Value* index);
  /// Emits the step of `iterator` (owned in place): returns the item in its type, goes to `exhausted` if none.
  Value step_iterator(ValueId v, ValueId iterator_value, const Value& iterator,
                      llvm::SmallVectorImpl<llvm::Value*>& next_state, llvm::BasicBlock* exhausted);

  // calls.cc
  Value lower_call(ValueId v);
  static bool ends_soon(const Specialization& s);
  Value direct_call(ValueId v, const CallPlan& plan, llvm::ArrayRef<Value> args);
  void check_depth(ValueId v);
  llvm::Value* call_body(ValueId v, const Specialization& target, llvm::ArrayRef<Value> args);
  Value new_instance(ValueId v, const CallPlan& plan, llvm::ArrayRef<Value> operands);
  llvm::SmallVector<Value, 8> passed(const CallPlan& plan, llvm::ArrayRef<Value> operands);
  void check_callee(const CallPlan& plan, llvm::BasicBlock* otherwise);
  /// heappush, heappop, sorted; nothing if it is not such a call.
  std::optional<Value> constructor_call(ValueId v, PyObject* made, llvm::ArrayRef<Value> args);
  std::optional<Value> fold_call(ValueId v, Known known, llvm::ArrayRef<Value> operands);
  std::optional<Value> text_search(ValueId v, const Method& method, const Value& receiver, llvm::ArrayRef<Value> args);
  std::optional<Value> ordering_call(ValueId v, Known known, llvm::ArrayRef<Value> args);
  Value predicted_call(ValueId v, const CallPlan& plan, llvm::ArrayRef<Value> operands);
  /// object_call up to its result: checked, a new reference.
  llvm::Value* raw_object_call(ValueId v, llvm::ArrayRef<Value> operands, llvm::Value* made = nullptr);
  /// Tells that a callable is called through CPython, and where the code counts it.
  llvm::Constant* counted_call(ValueId v);
  Value native_call(ValueId v, Known known, llvm::ArrayRef<Value> args);
  Value math_unary(ValueId v, Known known, const Value& arg);
  Value float_to_int(ValueId v, llvm::Value* rounded);
  Value min_max(ValueId v, bool min, llvm::ArrayRef<Value> args);

  /// Whether a native list may be made an object: never, as nothing would see what changes afterwards; for code that goes
  /// on with the object; or for an operation on it that raises, after which native code goes on.
  enum class ListBoxing : uint8_t { Never, Final, Copy } list_boxing_ = ListBoxing::Never;
  class BoxesLists {
   public:
    BoxesLists(BodyLowering& body, ListBoxing how) : body_(body), before_(body.list_boxing_) {
      body.list_boxing_ = how;
    }
    ~BoxesLists() { body_.list_boxing_ = before_; }
    BoxesLists(const BoxesLists&) = delete;
    BoxesLists& operator=(const BoxesLists&) = delete;

   private:
    BodyLowering& body_;
    ListBoxing before_;
  };
  friend class BoxesLists;

  Specialization& s_;
  BodyRecord& record_;
  SiteRecorder sites_;
  bool unboxes_out_of_line_ = false;  ///< once a call, not in a loop: small code rather than fast
  std::vector<Value> values_;
  std::unordered_set<ValueId> waiting_;  ///< see abs_is_fused(); computed where they are needed
  std::vector<char> defined_;
  std::unordered_map<ValueId, llvm::SmallVector<llvm::AllocaInst*, 4>>
      homes_;  ///< values kept in memory (SROA lifts them)
  std::unordered_map<ValueId, llvm::AllocaInst*> twins_;
  std::vector<llvm::BasicBlock*> block_of_;  ///< where each MIR block begins
  std::vector<std::vector<uint64_t>> live_;  ///< of the current block: live after its k-th instruction
  BlockId current_ = 0;
  std::vector<char> in_loop_;
  bool has_loops_ = false;
  bool is_rare_ = false;  ///< `current_` is run once a call, in a function whose time is in loops
  ValueId current_instr_ = mir::kNone;
  llvm::DISubprogram* subprogram_ = nullptr;
  void stand_at(uint32_t line);      ///< what is emitted from here on is of this line
  ValueId given_away_ = mir::kNone;  ///< an operand whose reference the instruction has taken over
  std::unordered_map<ValueId, Exit> exits_;
  std::unordered_map<ValueId, llvm::BasicBlock*> ways_to_handler_, failures_;
  std::vector<StoredValue> stored_;      ///< by exits
  std::vector<uint32_t> storing_order_;  ///< of each value
  llvm::AllocaInst* slots_ = nullptr;
  llvm::AllocaInst* scratch_ = nullptr;  ///< argument arrays of boxed calls
  uint32_t slots_max_ = 1, scratch_max_ = 1;
  llvm::Value *depth_ = nullptr, *stack_low_ = nullptr;
  llvm::Value* calls_allowed_ = nullptr;  ///< depth_, or 0 where the C stack has no room
  llvm::AllocaInst* poll_budget_ = nullptr;
  std::vector<llvm::Value*> held_;                      ///< by slot: where its reference lies, null where it needs none
  std::map<ValueId, llvm::AllocaInst*> planted_sizes_;  ///< Plant::ListLengthStale
  llvm::BasicBlock* entry_block_ = nullptr;
  const runtime::FrameShape* frame_shape_ = nullptr;
  llvm::Value* frame_ = nullptr;                 ///< that callees see; null: there is none
  const runtime::FramePlace* within_ = nullptr;  ///< whose frames are on the thread's stack, if there may be several
  llvm::BasicBlock* shown_in_ = nullptr;         ///< where the position was stored last, and which
  ValueId shown_ = mir::kNone;
};

}  // namespace hasten::compile
