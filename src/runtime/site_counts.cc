#include "runtime/site_counts.h"

#include <deque>
#include <unordered_map>

namespace hasten::runtime {
namespace {

struct Account {
  std::deque<CallSite> calls;
  std::deque<LeftCount> left;
};

std::unordered_map<const mir::MirFunction*, Account>& accounts() {
  static auto* map = new std::unordered_map<const mir::MirFunction*, Account>;
  return *map;
}

}  // namespace

CallSite* call_site(const mir::MirFunction* function, mir::ValueId v) {
  Account& account = accounts()[function];
  for (CallSite& known : account.calls) {
    if (known.instr == v)
      return &known;
  }
  const CallSite* first = account.calls.empty() ? nullptr : &account.calls.back();
  CallSite& made = account.calls.emplace_back();
  made.instr = v;
  made.next = first;
  return &made;
}

LeftCount* left_count(const mir::MirFunction* function, const DeoptPoint& point) {
  Account& account = accounts()[function];
  const mir::ValueId instr = point.result != mir::kNone ? point.result : point.resume;
  const auto reason = static_cast<uint8_t>(point.reason);
  for (LeftCount& known : account.left) {
    if (known.instr == instr && known.reason == reason)
      return &known;
  }
  const LeftCount* first = account.left.empty() ? nullptr : &account.left.back();
  return &account.left.emplace_back(LeftCount{instr, reason, 0, first});
}

SiteCounts counts_of(const mir::MirFunction* function) {
  const auto found = accounts().find(function);
  if (found == accounts().end())
    return {};
  const Account& account = found->second;
  return {account.calls.empty() ? nullptr : &account.calls.back(),
          account.left.empty() ? nullptr : &account.left.back()};
}

void forget_counts(const mir::MirFunction* function) { accounts().erase(function); }

}  // namespace hasten::runtime
