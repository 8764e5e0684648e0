#include "base/check.h"

#include <cstdio>
#include <cstdlib>

namespace hasten {

void check_failed(const char* file, int line, const char* condition, const std::string& message) {
  // tidy: printf: the process is about to abort, and its heap may be what is broken.
  std::fprintf(stderr, "hasten: a bug in Hasten at %s:%d: %s does not hold: %s\n", file, line, condition,
               message.c_str());
  std::abort();
}

}  // namespace hasten
