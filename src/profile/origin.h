// Whose code a file is: the user's own, an installed package, the standard library, or generated.
// Decided from the path alone, so that it also holds for a capture from another machine.
#pragma once

#include <string>
#include <string_view>

namespace hasten::profile {

enum class OriginKind : unsigned char { Own, Package, Standard, Generated };

struct Origin {
  OriginKind kind = OriginKind::Own;
  std::string name;  ///< import name of the package or standard module; empty for own code

  friend bool operator==(const Origin&, const Origin&) = default;
};

/// `file` is co_filename: a path, or "<...>" for code that no file holds. "<string>" is the user's under
/// `python -c` (`string_is_own`); else something that called exec, as dataclasses and .pth files do.
Origin origin_of(std::string_view file, bool string_is_own = false);

/// "own", "package", "standard library" or "generated".
std::string_view to_text(OriginKind kind);

}  // namespace hasten::profile
