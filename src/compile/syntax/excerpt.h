// Cuts one top-level statement out of a source text, so that a function in a long file costs a short parse.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace hasten::compile::syntax {

/// The text with every line blanked except the top-level statement around `line` (1-based) and the import lines, so
/// that positions stay. A guess by indentation: a string that spans lines can mislead it, so the caller must prove
/// the result (source.cc compares code objects) and fall back to the whole text. Nothing if cutting gains nothing, or
/// the text declares an encoding.
std::optional<std::string> excerpt_around(std::string_view text, uint32_t line);

}  // namespace hasten::compile::syntax
