#pragma once

#include "probe/loaded_object.h"

namespace hasten::probe {

/// Puts us where a coroutine is sent to and thrown into, for Python 3.14 and later. `module`: what holds asyncio's C module.
/// False if its tasks cannot be seen. As hook_asyncio().
bool replace_slots(const LoadedObject& module);

}  // namespace hasten::probe
