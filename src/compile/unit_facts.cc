#include "compile/unit_facts.h"

#include <algorithm>
#include <charconv>
#include <cstring>

#include "compile/jit/code.h"
#include "compile/jit/recursion.h"
#include "compile/lower/module.h"

namespace hasten::compile {
namespace {

using namespace runtime;

/// Arrays one after the other.
class Writer {
 public:
  explicit Writer(size_t head_bytes) : bytes_(head_bytes) {}

  template <class T>
  Part add(const std::vector<T>& items) {
    return add(items.data(), items.size());
  }
  template <class T>
  Part add(const T* items, size_t count) {
    bytes_.resize((bytes_.size() + 7) / 8 * 8);
    const Part part{static_cast<uint32_t>(bytes_.size()), static_cast<uint32_t>(count)};
    const auto* begin = reinterpret_cast<const uint8_t*>(items);
    bytes_.insert(bytes_.end(), begin, begin + count * sizeof(T));
    return part;
  }
  std::vector<uint8_t>& bytes() { return bytes_; }

 private:
  std::vector<uint8_t> bytes_;
};

GuardFacts guard_facts(const Guard& guard, UnitRecord& record) {
  const auto object = [&](PyObject* one) { return one ? record.object_index(one) : kNoIndex; };
  GuardFacts facts = {};
  facts.what = guard.what;
  if (guard.what == Guard::What::Global || guard.what == Guard::What::Default) {
    facts.mir = record.mir_index(guard.function);
    facts.name = guard.name;
  } else {
    facts.mir = kNoIndex;
  }
  facts.holder = object(guard.holder);
  facts.attribute = guard.what == Guard::What::ModuleAttribute ? object(guard.attribute) : kNoIndex;
  facts.expected = object(guard.expected);
  return facts;
}

BodyFacts body_facts(const BodyRecord& body, UnitRecord& record, const LinkedCode& code, Writer& writer) {
  BodyFacts facts = {};
  facts.mir = record.mir_index(body.function);
  facts.osr_block = body.osr_block;
  facts.osr_values = writer.add(body.osr_values);
  facts.points = writer.add(body.points);
  facts.live = writer.add(body.live);
  std::vector<OwnedSlots> ranges, of_points;
  std::vector<uint16_t> slots;
  for (const auto& exit : body.owned_slots) {
    ranges.push_back({static_cast<uint32_t>(slots.size()), static_cast<uint32_t>(exit.size())});
    slots.insert(slots.end(), exit.begin(), exit.end());
  }
  for (const uint32_t exit : body.owned_of_point) of_points.push_back(ranges[exit]);
  facts.owned = writer.add(of_points);
  facts.owned_slots = writer.add(slots);
  facts.sites = writer.add(body.sites);
  facts.parameter_types = record.text_offset(body.parameter_types);
  facts.shows_frame = body.shows_frame ? 1 : 0;
  if (const CodeRange* range = code.find(body.symbol)) {
    facts.code_offset = range->begin;
    facts.code_bytes = range->bytes;
    for (const char* suffix : {kTwinSuffix, kChoiceSuffix}) {  // they lie behind it
      if (const CodeRange* more = code.find(body.symbol + suffix))
        facts.code_bytes = std::max(facts.code_bytes, more->begin + more->bytes - range->begin);
    }
    std::vector<CodeLine> lines;
    for (const LineAt& at : code.lines) {
      const bool is_inside = at.offset >= range->begin && at.offset - range->begin < facts.code_bytes;
      if (is_inside && (lines.empty() || lines.back().line != at.line))
        lines.push_back({at.offset - range->begin, at.line});
    }
    facts.lines = writer.add(lines);
  }
  return facts;
}

}  // namespace

Result<UnitBytes> unit_bytes(const Unit& unit, UnitRecord& record, const LinkedCode& code, float expected_gain,
                             bool is_quick) {
  const CodeRange* entry = code.find(kEntrySymbol);
  if (!entry)
    return internal_error("the code has no entry");
  Writer writer(sizeof(UnitFacts));
  UnitFacts facts = {};
  std::vector<BodyFacts> bodies;
  for (const auto& body : record.bodies) bodies.push_back(body_facts(*body, record, code, writer));
  facts.bodies = writer.add(bodies);
  std::vector<GuardFacts> guards;
  for (const Guard& guard : unit.guards) guards.push_back(guard_facts(guard, record));
  facts.guards = writer.add(guards);
  std::vector<uint32_t> kept, slots;
  for (PyObject* object : unit.kept) kept.push_back(record.object_index(object));
  facts.kept = writer.add(kept);
  for (const std::string& name : code.slots) {
    uint32_t index = 0;
    constexpr std::string_view kPrefix = kAddressPrefix;
    if (name.starts_with(kPrefix)) {
      std::from_chars(name.data() + kPrefix.size(), name.data() + name.size(), index);
    } else {
      index = static_cast<uint32_t>(record.addresses.size());
      record.addresses.push_back({{AddressKind::Function, record.text_offset(name), 0}, nullptr});
    }
    slots.push_back(index);
  }
  facts.slots = writer.add(slots);
  UnitBytes made;
  std::vector<AddressFacts> addresses;
  for (const Address& one : record.addresses) {
    addresses.push_back(one.facts);
    made.objects.push_back(one.object);
  }
  facts.addresses = writer.add(addresses);
  facts.data = writer.add(record.data);
  facts.text = writer.add(record.text.data(), record.text.size());
  facts.mir_count = static_cast<uint32_t>(record.mirs.size());
  facts.text_bytes = code.text_bytes;
  facts.code_bytes = static_cast<uint32_t>(code.bytes.size());
  facts.entry = entry->begin;
  facts.entry_bytes = entry->bytes;
  facts.unwind = code.unwind;
  facts.unwind_bytes = code.unwind_bytes;
  facts.expected_gain = expected_gain;
  facts.is_quick = is_quick ? 1 : 0;
  std::memcpy(writer.bytes().data(), &facts, sizeof facts);
  made.facts = std::move(writer.bytes());
  return made;
}

}  // namespace hasten::compile
