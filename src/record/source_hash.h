// The fingerprint of a source file's text, as it stands in SourceFile::hash.
#pragma once

#include <string>
#include <string_view>

namespace hasten::record {

/// XXH3-128, 32 hexadecimal digits.
std::string source_hash(std::string_view text);

}  // namespace hasten::record
