// Our signal, and its absence as far as the program can see: whatever the program does with that signal
// number goes to a shadow, and it can neither block it nor find it taken.
#pragma once

#include <signal.h>

namespace hasten::probe {

using SignalHandler = void (*)(int, siginfo_t*, void*);

/// Installs `handler` for `signal` if nobody else uses that signal.
bool claim_signal(int signal, SignalHandler handler);

/// Does with a signal of our number what the program asked for.
void pass_to_program(siginfo_t* info, void* context);

/// The functions of libc that this library stands in front of in the next library.
void* next_symbol(const char* name, const char* version = nullptr);

}  // namespace hasten::probe
