// What the lowering has written down, as the plain bytes that the runtime loads (runtime/unit_format.h).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "compile/jit/link.h"
#include "compile/lower/image.h"

namespace hasten::compile {

struct UnitBytes {
  std::vector<uint8_t> facts;
  std::vector<const void*> objects;  ///< one an address
};

Result<UnitBytes> unit_bytes(const Unit& unit, UnitRecord& record, const LinkedCode& code, float expected_gain,
                             bool is_quick);

}  // namespace hasten::compile
