#include "compile/lower/site_recorder.h"

#include <string_view>
#include <utility>

namespace hasten::compile {

using mir::Op;
using runtime::DeoptReason;
using runtime::Site;
using runtime::SiteClass;

namespace {

/// Functions that belong to leaving, to references and to guards: the operation itself is another matter.
bool is_bookkeeping(std::string_view name) {
  for (std::string_view one :
       {"hj_leave", "hj_traceback", "hj_dealloc", "hj_decref", "hj_recursion_error", "hj_guards_hold", "hj_guard_holds",
        "hj_poll", "hj_enter", "hj_counted_call", "hj_counted_call_with", "hj_enter_frame", "hj_leave_frame",
        "hj_innermost_frame", "hj_unbox_int", "hj_unbox_range_iter", "hj_unbox_list_iter", "hj_unbox_unsigned",
        "hj_unbox_wide"}) {
    if (name == one)
      return true;
  }
  return false;
}

Kinds kind_made(std::string_view name) {
  constexpr std::pair<std::string_view, Kinds> kMakers[] = {
      {"hj_box_int", kInt},         {"hj_box_unsigned", kInt}, {"hj_box_wide", kInt},    {"hj_box_float", kFloat},
      {"hj_box_complex", kComplex}, {"hj_box_range", kRange},  {"hj_box_tuple", kTuple}, {"hj_box_slice", kSlice},
  };
  for (const auto& [maker, kind] : kMakers) {
    if (name == maker)
      return kind;
  }
  return name.substr(0, 7) == "hj_box_" ? Kinds{kListIter} : Kinds{0};  // an iterator
}

SiteClass class_of(const Emitted& e, Op op) {
  if (e.calls)
    return SiteClass::PythonCall;
  // A float in a list or a cell is written in place where nobody else has it.
  const bool reuses = e.made == kFloat && (op == Op::SetItem || op == Op::StoreCell);
  if (e.boxed || (e.made && !reuses))
    return SiteClass::Boxed;
  return e.overflow || e.wide_overflow || e.other_type || e.rare_case || e.rarely_boxed || e.made || e.is_rare_call
             ? SiteClass::Checked
             : SiteClass::Native;
}

}  // namespace

void SiteRecorder::enter(mir::BlockId block) {
  is_reached_ = block == s_.flow.start();
  for (mir::BlockId from : s_.view.preds(block)) {
    const auto known = reached_.find(from);
    is_reached_ |= known != reached_.end() && known->second && !dead_edges_.contains({from, block});
  }
  reached_[block] = is_reached_;
}

void SiteRecorder::open(mir::ValueId v) {
  v_ = is_reached_ ? v : mir::kNone;
  emitted_ = {};
}

void SiteRecorder::close() {
  if (v_ == mir::kNone)
    return;
  const mir::Instr& i = s_.view.instr(v_);
  const SiteClass what = class_of(emitted_, i.op);
  if (what != SiteClass::Native) {
    const SiteWords words = site_words(unit_, s_, v_, emitted_, what);
    record_.sites.push_back(
        {v_, what, unit_record_.text_offset(words.why), unit_record_.text_offset(words.hint), emitted_.is_rare_call});
  } else if (i.op != Op::Param && i.op != Op::Unbound && i.op != Op::Jump && i.position.line != native_line_) {
    native_line_ = i.position.line;
    record_.sites.push_back({v_, what, 0, 0, false});
  }
  v_ = mir::kNone;
}

void SiteRecorder::leaves(DeoptReason reason) {
  if (v_ == mir::kNone)
    return;
  emitted_.overflow |= reason == DeoptReason::Overflow;
  emitted_.wide_overflow |= reason == DeoptReason::WideOverflow;
  emitted_.other_type |= reason == DeoptReason::Type || reason == DeoptReason::Result;
  emitted_.rare_case |= reason == DeoptReason::Generic;
}

void SiteRecorder::helper(const char* name, bool is_pure) {
  if (v_ == mir::kNone || silent_ > 0 || is_pure || is_bookkeeping(name))
    return;
  if (rare_ > 0 || is_rarely_called(name))
    emitted_.rarely_boxed = true;
  else if (const Kinds made = kind_made(name))
    emitted_.made |= made;
  else
    emitted_.boxed = true;
}

void SiteRecorder::call() {
  if (v_ != mir::kNone && silent_ == 0) {
    emitted_.calls |= rare_ == 0;
    emitted_.is_rare_call |= rare_ > 0;
  }
}

/// Functions for what the code before them does not know: a full list, a method of another class, a truth that is no bool.
bool SiteRecorder::is_rarely_called(std::string_view name) const {
  if (name == "hj_truth")
    return s_.view.instr(s_.view.args(v_)[0]).op == Op::Compare;
  return name == "hj_list_append" || name == "hj_load_method" || name == "hj_char" || name == "hj_char_case";
}

}  // namespace hasten::compile
