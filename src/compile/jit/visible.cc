#include "compile/jit/visible.h"

#include <Python.h>

#include <dlfcn.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>

namespace hasten::compile {
namespace {

// As in probe/hasten_probe.h; the library is loaded only under `hasten run`, so it is found by name.
struct ProbeLine {
  uint32_t offset;
  uint32_t line;
};
using RegisterCode = int (*)(const void* begin, const void* end, const char* file, const char* function,
                             uint32_t first_line, const ProbeLine* lines, size_t line_count);

struct PythonName {
  std::string file, function;
  uint32_t first_line = 0;
};

PythonName name_of(const mir::MirFunction& f) {
  PythonName name;
  auto* code = reinterpret_cast<PyCodeObject*>(PyFunction_GET_CODE(f.function));
  const char* file = PyUnicode_AsUTF8(code->co_filename);
  const char* function = PyUnicode_AsUTF8(code->co_qualname);
  if (file)
    name.file = file;
  if (function)
    name.function = function;
  PyErr_Clear();
  name.first_line = static_cast<uint32_t>(code->co_firstlineno);
  return name;
}

std::FILE* perf_map() {
  static std::FILE* const file = []() -> std::FILE* {
    const char* wanted = std::getenv("HASTEN_PERF_MAP");
    if (!wanted || *wanted == '0' || !*wanted)
      return nullptr;
    return std::fopen(("/tmp/perf-" + std::to_string(getpid()) + ".map").c_str(), "a");
  }();
  return file;
}

}  // namespace

void announce(const CodeImage& image, const UnitRecord& unit) {
  static const auto register_code = reinterpret_cast<RegisterCode>(dlsym(RTLD_DEFAULT, "hasten_probe_register_code"));
  std::FILE* const map = perf_map();
  if (!register_code && !map)
    return;
  for (const CodeRange& range : image.ranges()) {
    const BodyRecord* body = unit.bodies.front().get();  // the entry belongs to the root
    for (const auto& one : unit.bodies) {
      if (one->symbol == range.symbol)
        body = one.get();
    }
    const PythonName name = name_of(*body->version.function);
    if (register_code) {
      const ProbeLine start{0, name.first_line};
      register_code(range.begin, range.begin + range.bytes, name.file.c_str(), name.function.c_str(), name.first_line,
                    &start, 1);
    }
    if (map) {
      // tidy: printf: perf's own text format, appended to a FILE that stays open.
      std::fprintf(map, "%lx %zx hasten:%s (%s:%u)\n", reinterpret_cast<unsigned long>(range.begin), range.bytes,
                   name.function.c_str(), name.file.c_str(), name.first_line);
      std::fflush(map);
    }
  }
}

}  // namespace hasten::compile
