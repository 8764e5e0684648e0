// Keeps account of what is emitted for each MIR instruction, for the report: whether it may leave, which C function it
// calls, what it makes objects of. BodyLowering opens and closes instructions; leave_before() and its like, and
// ModuleContext::helper(), tell what happens in between. The words are in site_words.cc.
#pragma once

#include <deque>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "compile/lower/image.h"
#include "compile/types/infer.h"

namespace hasten::compile {

/// What was emitted for one instruction.
struct Emitted {
  bool overflow = false, wide_overflow = false, other_type = false, rare_case = false;  ///< why it may leave
  bool rarely_boxed = false;                 ///< in rare cases it is an operation on objects, which goes on natively
  bool boxed = false;                        ///< a C function does it on objects
  Kinds made = 0;                            ///< kinds of which it makes objects
  bool calls = false, is_rare_call = false;  ///< a callable through CPython, always or in rare cases
};

/// The reason and, where one is known, the rewrite that would help. Either may be empty.
struct SiteWords {
  std::string why, hint;
};
/// REQUIRES: `what` is not Native.
SiteWords site_words(Unit& unit, const Specialization& s, mir::ValueId v, const Emitted& emitted,
                     runtime::SiteClass what);

class SiteRecorder {
 public:
  SiteRecorder(Unit& unit, UnitRecord& unit_record, const Specialization& s, BodyRecord& record)
      : unit_(unit), unit_record_(unit_record), s_(s), record_(record) {}

  /// Blocks are entered in the order of the flow. Nothing is told of one that only edges lead to which are never taken: code
  /// for the case that `sum` is not the built-in function, where a guard knows that it is.
  void enter(mir::BlockId block);
  void never_taken(mir::BlockId from, mir::BlockId to) { dead_edges_.insert({from, to}); }

  void open(mir::ValueId v);
  void close();
  void leaves(runtime::DeoptReason reason);
  /// A C function is called; `is_pure`: it has no effect, and looks at numbers and texts alone.
  void helper(const char* name, bool is_pure);
  /// A callable is called through CPython.
  void call();

  /// What is emitted while this lives is reached in rare cases only...
  class Rare {
   public:
    explicit Rare(SiteRecorder& recorder, bool holds = true) : level_(recorder.rare_), holds_(holds) {
      level_ += holds;
    }
    ~Rare() { level_ -= holds_; }
    Rare(const Rare&) = delete;
    Rare& operator=(const Rare&) = delete;

   private:
    int& level_;
    bool holds_;
  };
  /// ...or belongs to an exit, which was counted when it was named.
  class Silent {
   public:
    explicit Silent(SiteRecorder& recorder) : level_(recorder.silent_) { ++level_; }
    ~Silent() { --level_; }
    Silent(const Silent&) = delete;
    Silent& operator=(const Silent&) = delete;

   private:
    int& level_;
  };

 private:
  bool is_rarely_called(std::string_view helper) const;

  Unit& unit_;
  UnitRecord& unit_record_;
  const Specialization& s_;
  BodyRecord& record_;
  std::set<std::pair<mir::BlockId, mir::BlockId>> dead_edges_;
  std::map<mir::BlockId, bool> reached_;
  bool is_reached_ = true;
  mir::ValueId v_ = mir::kNone;
  Emitted emitted_;
  uint32_t native_line_ = 0;  ///< the last line for which a native instruction was told
  int rare_ = 0, silent_ = 0;
};

}  // namespace hasten::compile
