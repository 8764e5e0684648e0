// gdb's interface for just-in-time compilers. The names, and what stands where, are gdb's; it looks for both in the dynamic
// symbols of the library, so they are defined in bindings/runtime.cc: symbols of archives are hidden.
#pragma once

#include <cstdint>

extern "C" {

struct jit_code_entry {
  jit_code_entry *next_entry, *prev_entry;
  const char* symfile_addr;
  uint64_t symfile_size;
};

struct jit_descriptor {
  uint32_t version;
  uint32_t action_flag;
  jit_code_entry *relevant_entry, *first_entry;
};

extern __attribute__((visibility("protected"))) jit_descriptor __jit_debug_descriptor;
__attribute__((visibility("protected"))) void __jit_debug_register_code();

}  // extern "C"
