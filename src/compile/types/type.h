// What the compiler knows about a value: a set of kinds, with detail for some of them.
//
// The lattice is finite but for integer intervals, which inference widens. A value that may be a few scalar kinds
// is a union and stays unboxed (a tag and one payload per kind): `s = 0; for x in floats: s += x` is exact, and
// native. Anything else joins to Object, a PyObject*.
//
// List elements are a *prediction*: lists live in the open, anybody may put anything into them, so every load is
// checked. The prediction of all lists that may be the same one is kept in one site (SiteTable).
#pragma once

#include <Python.h>

#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <vector>

namespace hasten::compile {

__extension__ typedef __int128 Wide;

/// A set of Kind.
using Kinds = uint32_t;

/// Bits of Type::kinds. The bit's index is the tag of a union in native code.
enum Kind : Kinds {
  kUnbound = 1 << 0,  ///< a local without a value, an exhausted iterator
  kNoneType = 1 << 1,
  kBool = 1 << 2,
  kInt = 1 << 3,  ///< an int that fits int64
  kFloat = 1 << 4,
  kComplex = 1 << 5,
  kTuple = 1 << 6,  ///< of known length, kept as its items
  kList = 1 << 7,   ///< exactly `list`
  kRange = 1 << 8,  ///< a range object: start, stop, step
  kRangeIter = 1 << 9,
  kListIter = 1 << 10,
  kTupleIter = 1 << 11,  ///< over a kTuple whose items have one common type
  kEnumerate = 1 << 12,  ///< the iterator enumerate(...) returns
  kZip = 1 << 13,        ///< the iterator zip(...) returns
  kKnown = 1 << 14,      ///< one known object (a builtin, a module, a function, a str constant): no run-time part
  kMethod = 1 << 15,     ///< an attribute that is only called, see Type::loaded_method(); or the method `known` of its
                         ///< one item, the receiver, whose class is known
  kChar = 1 << 16,       ///< a str of one character: its code point
  kSlice = 1 << 17,      ///< a slice object that only indexes: start, stop, step
  kWide = 1 << 18,       ///< an int that fits 128 bits, and perhaps no int64. Never beside kInt: it covers it
  kReversed = 1 << 19,   ///< reversed(...) of what a kListIter walks: its item
};
inline constexpr unsigned kKindCount = 20;
inline constexpr Kinds kNumber = kBool | kInt | kFloat | kComplex;
inline constexpr Kinds kWhole = kBool | kInt | kWide;
inline constexpr Kinds kWithInterval = kInt | kRange | kRangeIter | kEnumerate;
inline constexpr Kinds kWithItems = kTuple | kTupleIter | kEnumerate | kZip | kReversed | kMethod | kSlice;
inline constexpr Kinds kIterators = kRangeIter | kListIter | kTupleIter | kEnumerate | kZip | kReversed;
inline constexpr Kinds kScalar = kUnbound | kNoneType | kNumber;

/// A closed interval of int64.
struct Interval {
  int64_t low = std::numeric_limits<int64_t>::min();
  int64_t high = std::numeric_limits<int64_t>::max();

  bool operator==(const Interval&) const = default;
  bool full() const { return *this == Interval{}; }
  bool is_constant() const { return low == high; }
  bool contains(int64_t v) const { return low <= v && v <= high; }
};

/// A closed interval of 128-bit integers.
struct WideInterval {
  static constexpr Wide kHighest = static_cast<Wide>(~static_cast<unsigned __int128>(0) >> 1);
  static constexpr Wide kLowest = -kHighest - 1;
  static constexpr Wide kUnsignedHighest = static_cast<Wide>(std::numeric_limits<uint64_t>::max());

  Wide low = kLowest;
  Wide high = kHighest;

  bool operator==(const WideInterval&) const = default;
  bool is_constant() const { return low == high; }
  bool contains(Wide v) const { return low <= v && v <= high; }
  bool within(const WideInterval& other) const { return other.low <= low && high <= other.high; }
  bool fits() const;  ///< int64
  /// 64 bits hold it, taken as unsigned.
  bool is_unsigned() const { return low >= 0 && high <= kUnsignedHighest; }
  /// The part inside int64 (the values that do not deoptimise).
  Interval clamped() const;
};

using SiteId = uint32_t;
inline constexpr SiteId kNoSite = 0xffffffffu;

struct Type {
  Kinds kinds = 0;        ///< none and not object: no value can get here ("never")
  bool object = false;    ///< any Python object, boxed; then `kinds` is only kUnbound or nothing
  Interval interval;      ///< of kInt; of the items of kRange, kRangeIter; of the count of kEnumerate
  WideInterval wide;      ///< of kWide; its form in native code depends on it (is_unsigned_wide)
  SiteId site = kNoSite;  ///< of kList, kListIter; of an object: holder(), or a cell's content
  /// Of an object: it is exactly of this class (see followed_class()), or anything (null). Of kListIter: the class of
  /// what it walks, null: list.
  PyTypeObject* cls = nullptr;
  char code = '\0';  ///< of an array or memoryview, or kListIter over one: the format of its items, if it is known
  PyObject* known = nullptr;  ///< of kKnown (borrowed: the MIR or a guard keeps it); the name of kMethod; or function()
  std::shared_ptr<const std::vector<Type>>
      items;  ///< of kTuple, kTupleIter, kZip, kEnumerate (one), kReversed (one), kMethod

  static Type of(Kinds kind) {
    Type t;
    t.kinds = kind;
    return t;
  }
  static Type integer(int64_t low, int64_t high) {
    Type t = of(kInt);
    t.interval = {low, high};
    return t;
  }
  /// An int of 128 bits, or where they suffice of 64.
  static Type whole(WideInterval interval) {
    Type t = of(interval.fits() ? kInt : kWide);
    if (t.kinds == kInt)
      t.interval = interval.clamped();
    else
      t.wide = interval;
    return t;
  }
  /// Of up to 64 bits without a sign.
  static Type unsigned_wide() {
    Type t = of(kWide);
    t.wide = {0, WideInterval::kUnsignedHighest};
    return t;
  }
  static Type constant(int64_t v) { return integer(v, v); }
  static Type any() {
    Type t;
    t.object = true;
    return t;
  }
  /// Exactly of class `cls`, which followed_class() has given.
  static Type exact(PyTypeObject* cls) {
    Type t = any();
    t.cls = cls;
    return t;
  }
  /// A dict, whose keys and values `site` predicts; a tuple, a set, or an iterator over it, whose items it predicts.
  static Type holder(PyTypeObject* cls, SiteId site) {
    Type t = exact(cls);
    t.site = site;
    return t;
  }
  static Type dict(SiteId site) { return holder(&PyDict_Type, site); }
  static Type list(SiteId site) {
    Type t = of(kList);
    t.site = site;
    return t;
  }
  static Type with_items(Kinds kind, std::vector<Type> items) {
    Type t = of(kind);
    t.items = std::make_shared<const std::vector<Type>>(std::move(items));
    return t;
  }
  /// As LOAD_METHOD leaves it: a callable, and the object that it wants as its first argument (null: none).
  static Type loaded_method() {
    Type receiver = any();
    receiver.kinds = kUnbound;
    return with_items(kMethod, {any(), receiver});
  }
  /// A cell, whose content `site` predicts.
  static Type cell(SiteId site) {
    Type t = any();
    t.site = site;
    return t;
  }
  /// An object that is predicted to be a function under hasten.jit or, if that is a template, one made from its code,
  /// with a closure of such cells. Whoever calls it looks.
  static Type function(PyObject* jitted, std::vector<Type> cells) {
    Type t = any();
    t.known = jitted;
    t.items = std::make_shared<const std::vector<Type>>(std::move(cells));
    return t;
  }
  static Type known_object(PyObject* object) {
    Type t = of(kKnown);
    t.known = object;
    return t;
  }

  bool is_exactly(PyTypeObject* one) const { return cls == one && object && !may_be_unbound(); }
  bool is_set() const { return is_exactly(&PySet_Type) || is_exactly(&PyFrozenSet_Type); }
  bool is_dict() const;  ///< or a defaultdict
  bool never() const { return kinds == 0 && !object; }
  bool only(Kinds kind) const { return !object && kinds == kind; }
  /// Some of `kinds`, nothing else.
  bool within(Kinds mask) const { return !object && kinds != 0 && (kinds & ~mask) == 0; }
  bool may_be_unbound() const { return (kinds & kUnbound) != 0; }
  bool is_loaded_method() const { return only(kMethod) && items->size() == 2; }
  /// More than one kind, kept with a tag.
  bool is_union() const { return !object && (kinds & (kinds - 1)) != 0; }
  bool is_constant() const { return only(kInt) && interval.is_constant(); }
  /// Whether a kWide lies in 64 bits, without a sign, rather than in 128.
  bool is_unsigned_wide() const { return wide.is_unsigned(); }
  /// What an int or bool of one kind can be.
  WideInterval whole_interval() const {
    return only(kBool) ? WideInterval{0, 1} : only(kInt) ? WideInterval{interval.low, interval.high} : wide;
  }
  bool is_whole() const { return only(kInt) || only(kWide) || only(kBool); }
  /// The same without the kinds in `mask`.
  Type without(Kinds mask) const;
  /// Its alternatives, each of one kind, in the order of their bits. An object is one alternative.
  std::vector<Type> alternatives() const;
  /// This type restricted to one of its kinds.
  Type alternative(Kinds kind) const;
};

bool operator==(const Type& a, const Type& b);

/// `cls` if objects of exactly this class are known as such to the compiler, else null. It then lives for ever.
PyTypeObject* followed_class(PyTypeObject* cls);
/// dict or defaultdict: what is in it is found alike.
bool is_mapping(const PyTypeObject* cls);
/// collections.defaultdict and deque, if the program has them.
bool is_default_dict(const PyTypeObject* cls);
bool is_deque(const PyTypeObject* cls);
PyTypeObject* deque_class();  ///< or null
/// The class that every value of the type is of exactly, where it has a value at all; null: not known, or several.
PyTypeObject* class_of(const Type& t);
inline bool is_text(const Type& t) { return !t.may_be_unbound() && class_of(t) == &PyUnicode_Type; }
/// The code point of a str constant of one character; -1: it is something else.
int64_t char_of(const Type& t);

/// Which predictions lists share. Sites merge when two lists may be the same list.
class SiteTable {
 public:
  SiteId make(Type element);
  /// The element type predicted for lists of `site`.
  const Type& element(SiteId site) { return elements_[find(site)]; }
  /// Makes the prediction wide enough for `element`. Returns whether it changed.
  bool widen(SiteId site, const Type& element);
  /// The same of the keys, where `site` is of dicts.
  const Type& key(SiteId site) { return keys_[find(site)]; }
  bool widen_key(SiteId site, const Type& key);
  SiteId unify(SiteId a, SiteId b);
  SiteId find(SiteId site);
  /// Grows with every change: inference is done when a sweep leaves it alone.
  uint64_t version() const { return version_; }

  /// Once inference is done: whether lists of `site` are native code's own (native_lists.h).
  bool is_native(SiteId site) const { return site < native_.size() && native_[site]; }
  void set_native(std::vector<char> of_sites) { native_ = std::move(of_sites); }
  /// What numbers native lists of `site` hold at most: everything that is ever put in is known.
  void bound_items(SiteId site, Interval interval) { elements_[find(site)].interval = interval; }
  size_t count() const { return parents_.size(); }

 private:
  std::vector<SiteId> parents_;
  bool widen_in(std::vector<Type> SiteTable::* predictions, SiteId site, const Type& type);

  std::vector<Type> elements_, keys_;
  std::vector<char> native_;  ///< of every site, not only those that stand for others
  uint64_t version_ = 0;
};

/// The least type that covers both.
Type join(const Type& a, const Type& b, SiteTable& sites);
/// `next`, but with intervals that grew since `before` opened to the end of int64.
Type widen(const Type& before, const Type& next);
/// Whether a value of type `from` must become an object, as a whole or an item of it, to be a `to`. Then the result
/// has references of its own, which the value has not.
bool must_box(const Type& from, const Type& to);
/// Without what is known of numbers, at any depth of tuples.
Type without_intervals(Type t);
/// "int", "float | None", "list of float", for reports.
std::string describe(const Type& type, SiteTable& sites);

}  // namespace hasten::compile
