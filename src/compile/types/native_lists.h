// Which lists native code keeps for itself: those that it makes, and that nobody else ever sees. Their items need no
// objects (runtime/native_list.h), and what is predicted of them is a promise.
//
// The question is asked of sites (type.h), since lists of one site may be the same list: a site's lists are native if
// every instruction of the unit that makes, passes on or uses one is of those below, and every item can be kept without an
// object. A list of native lists is native itself, and where it is not, its items are not.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "compile/types/infer.h"

namespace hasten::compile {

/// Decides it for all sites of the unit, whose types are known. Cost: a few sweeps over its instructions.
void find_native_lists(Unit& unit);

/// Bounds the ints in native lists by what is put in. REQUIRES: find_native_lists. Whether anything is known now that was not.
bool bound_native_items(Unit& unit);

/// Whether it is a list, or an iterator over one, that native code keeps for itself.
inline bool is_native_list(const Type& t, const SiteTable& sites) {
  return !t.object && (t.kinds & (kList | kListIter)) != 0 && t.site != kNoSite && sites.is_native(t.site);
}
/// Whether there is one in it: an alternative, an item of a tuple, what an iterator walks, whose method it is.
bool holds_native_list(const Type& t, const SiteTable& sites);

/// Whether the end of such a value runs nobody's code and ends no other object: then no variable needs to hold it as an object.
/// That of a native list does; `is_native` tells which those are.
bool dies_quietly(const Type& t, SiteTable& sites, const std::function<bool(const Type&)>& is_native, int depth = 0);

/// runtime::ItemShape of items of this type; nothing if they cannot be kept without objects.
std::optional<uint64_t> item_shape(const Type& item, SiteTable& sites);

/// What a slice of constant step 1 between numbers is, or `::-1`.
bool is_plain_slice(const Type& slice);
/// `::-1`
bool is_backwards(const Type& slice);

}  // namespace hasten::compile
