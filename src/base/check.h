// CHECK states what must hold in our own code; it ends the process with place and values if it does not.
// Input from outside is never CHECKed: it is a Result.
#pragma once

#include <string>

#include <fmt/format.h>

namespace hasten {
[[noreturn]] void check_failed(const char* file, int line, const char* condition, const std::string& message);
}  // namespace hasten

#define CHECK(condition, ...)                                                             \
  do {                                                                                    \
    if (!(condition)) [[unlikely]] {                                                      \
      ::hasten::check_failed(__FILE__, __LINE__, #condition, ::fmt::format(__VA_ARGS__)); \
    }                                                                                     \
  } while (false)
