// What the lowering writes down besides the code: one BodyRecord for each compiled function body, and what the code names
// by address. unit_facts.h makes of it what the runtime loads.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "compile/types/infer.h"
#include "runtime/hasten_runtime.h"
#include "runtime/helpers.h"
#include "runtime/support.h"
#include "runtime/unit_format.h"

namespace hasten::compile {

using runtime::kDropResult;
using runtime::kRaises;
using runtime::kTraces;

/// Deopt points of one body, in the form that the runtime reads, and which slots hold references to drop.
struct BodyRecord {
  const mir::MirFunction* function = nullptr;
  mir::BlockId osr_block = mir::kNone;
  std::vector<runtime::DeoptPoint> points;
  std::vector<runtime::LiveValue> live;
  std::vector<std::vector<uint16_t>> owned_slots;  ///< per exit: PyObject* slots that the body owned (may be null)
  std::vector<uint32_t> owned_of_point;            ///< index into owned_slots
  std::vector<mir::ValueId> osr_values;
  std::vector<runtime::Site> sites;  ///< for the report
  uint32_t index = 0;                ///< among the unit's bodies
  bool shows_frame = false;          ///< see NativeVersion
  std::string symbol, parameter_types;
};

/// Something that the code names by address.
struct Address {
  runtime::AddressFacts facts;
  const void* object = nullptr;  ///< of AddressKind::Object
};

/// Everything that one module needs at run time.
struct UnitRecord {
  std::vector<std::unique_ptr<BodyRecord>> bodies;  ///< the first is the root
  std::vector<const mir::MirFunction*> mirs;        ///< that the addresses mean
  std::vector<Address> addresses;
  std::vector<uint8_t> data;                ///< what the unit's own data begins as
  std::string text = std::string(1, '\0');  ///< what the sites say, each with its end
  bool unit_runs_foreign_code = false;      ///< then guards are checked where they are used, not only at entry

  /// Index of a function in `mirs`.
  uint32_t mir_index(const mir::MirFunction* function);
  /// Index of an address of kind Object.
  uint32_t object_index(const void* object);
  /// Offset of `words` in `text`.
  uint32_t text_offset(const std::string& words);
  /// Room in the unit's own data, which begins as `value`: its offset.
  template <class T>
  uint32_t add_data(const T& value) {
    const auto at = static_cast<uint32_t>(data.size());
    const auto* bytes = reinterpret_cast<const uint8_t*>(&value);
    static_assert(sizeof(T) % sizeof(uint64_t) == 0);
    data.insert(data.end(), bytes, bytes + sizeof(T));
    return at;
  }
  uint32_t guard_cache(uint32_t guard) const {
    return static_cast<uint32_t>(sizeof(runtime::UnitData) + guard * sizeof(runtime::GuardCache));
  }

 private:
  std::unordered_map<const void*, uint32_t> objects_;
  std::unordered_map<std::string, uint32_t> texts_;
};

}  // namespace hasten::compile
