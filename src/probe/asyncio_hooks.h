#pragma once

namespace hasten::probe {

/// Puts us between asyncio's C module and the interpreter, if that module is loaded by now. Costs a walk over the loaded
/// objects until it was found, nothing afterwards. Not for the handler.
void hook_asyncio();

}  // namespace hasten::probe
