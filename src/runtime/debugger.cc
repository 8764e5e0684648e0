// gdb's interface for just-in-time compilers: a list of object files in memory, and a function that does nothing, in which gdb
// puts a breakpoint.
#include <elf.h>

#include <cstring>
#include <memory>

#include "runtime/debugger.h"
#include "runtime/native_unit.h"

namespace hasten::runtime {
namespace {

constexpr uint32_t kRegister = 1, kUnregister = 2;

struct Told {
  jit_code_entry entry;
  std::unique_ptr<char[]> object;
};

void tell(uint32_t action, jit_code_entry* entry) {
  __jit_debug_descriptor.action_flag = action;
  __jit_debug_descriptor.relevant_entry = entry;
  __jit_debug_register_code();
}

}  // namespace

void* tell_debugger(const uint8_t* object, size_t bytes, const uint8_t* begin) {
  auto told = std::make_unique<Told>();
  told->object = std::make_unique<char[]>(bytes);
  std::memcpy(told->object.get(), object, bytes);
  const auto* head = reinterpret_cast<const Elf64_Ehdr*>(told->object.get());
  auto* sections = reinterpret_cast<Elf64_Shdr*>(told->object.get() + head->e_shoff);
  for (uint16_t k = 0; k < head->e_shnum; ++k) {
    if ((sections[k].sh_flags & SHF_ALLOC) && sections[k].sh_size > 0) {
      sections[k].sh_addr += reinterpret_cast<uintptr_t>(begin);
    }
  }
  jit_code_entry& entry = told->entry;
  entry = {__jit_debug_descriptor.first_entry, nullptr, told->object.get(), bytes};
  if (entry.next_entry) {
    entry.next_entry->prev_entry = &entry;
  }
  __jit_debug_descriptor.first_entry = &entry;
  tell(kRegister, &entry);
  return told.release();
}

void forget_debug_object(void* one) {
  const std::unique_ptr<Told> told(static_cast<Told*>(one));
  jit_code_entry& entry = told->entry;
  (entry.prev_entry ? entry.prev_entry->next_entry : __jit_debug_descriptor.first_entry) = entry.next_entry;
  if (entry.next_entry) {
    entry.next_entry->prev_entry = entry.prev_entry;
  }
  tell(kUnregister, &entry);
}

}  // namespace hasten::runtime
