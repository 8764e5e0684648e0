#include "runtime/native_code.h"

#include <sys/mman.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "runtime/unit_format.h"

extern "C" {
// libgcc's: .eh_frame that no file has.
void __register_frame(void* begin);
void __deregister_frame(void* begin);
}

namespace hasten::runtime {
namespace {

size_t whole_pages(size_t bytes) { return (bytes + kPage - 1) / kPage * kPage; }

Error no_memory(const char* what) {
  return {"runtime.code_memory", std::string("no memory for compiled code: ") + what + ": " + std::strerror(errno),
          "the function runs as Python; see vm.max_map_count and the memory limits of this process"};
}

}  // namespace

NativeCode::~NativeCode() {
  if (unwind_) {
    __deregister_frame(unwind_);
  }
  if (begin_) {
    munmap(begin_, bytes_);
  }
}

Result<std::unique_ptr<NativeCode>> NativeCode::reserve(size_t text_bytes, size_t code_bytes, size_t slots) {
  auto code = std::make_unique<NativeCode>();
  code->text_bytes_ = text_bytes;
  code->slots_at_ = whole_pages(code_bytes);
  code->bytes_ = code->slots_at_ + whole_pages(slots * sizeof(void*));
  void* begin = mmap(nullptr, code->bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (begin == MAP_FAILED) {
    return no_memory("mmap");
  }
  code->begin_ = static_cast<uint8_t*>(begin);
  return code;
}

Result<std::unique_ptr<NativeCode>> NativeCode::copy(const uint8_t* code, size_t text_bytes, size_t code_bytes,
                                                     size_t slots) {
  auto made = reserve(text_bytes, code_bytes, slots);
  if (made) {
    std::memcpy(made.value()->begin_, code, code_bytes);
  }
  return made;
}

Result<std::unique_ptr<NativeCode>> NativeCode::map(int file, size_t offset, size_t text_bytes, size_t code_bytes,
                                                    size_t slots) {
  auto made = reserve(text_bytes, code_bytes, slots);
  if (!made) {
    return made;
  }
  NativeCode& code = *made.value();
  code.is_file_ = true;
  if (mmap(code.begin_, code.slots_at_, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_FIXED, file,
           static_cast<off_t>(offset)) == MAP_FAILED) {
    return no_memory("mmap of the file");
  }
  return made;
}

Result<void> NativeCode::seal(size_t unwind, size_t unwind_bytes) {
  if (!is_file_ && mprotect(begin_, text_bytes_, PROT_READ | PROT_EXEC) != 0) {
    return no_memory("mprotect");
  }
  uint8_t* const rest = begin_ + (is_file_ ? slots_at_ : text_bytes_);
  const size_t rest_bytes = bytes_ - static_cast<size_t>(rest - begin_);
  if (rest_bytes > 0 && mprotect(rest, rest_bytes, PROT_READ) != 0) {
    return no_memory("mprotect");
  }
  if (unwind_bytes > 0) {
    unwind_ = begin_ + unwind;
    __register_frame(unwind_);
  }
  return {};
}

}  // namespace hasten::runtime
